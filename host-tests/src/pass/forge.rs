//! Passes as an attacker or a careless library makes them: built by hand from any header and claims text.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::sign;
use jsonwebtoken::{Algorithm, EncodingKey};

use super::Pass;
use crate::keys::Key;

/// The header of an honest pass.
pub const HEADER: &str = r#"{"alg":"HS256","typ":"tap+jwt","kid":"pass-1"}"#;

/// A compact JWS over exactly these texts, signed with HS256 whatever its header says.
///
/// # Panics
/// If the library cannot sign.
#[must_use]
pub fn compact(header: &str, claims: &str, key: &Key) -> String {
    sign_parts(&URL_SAFE_NO_PAD.encode(header), &URL_SAFE_NO_PAD.encode(claims), key)
}

/// A compact JWS over parts that are already encoded, well or badly.
///
/// # Panics
/// If the library cannot sign.
#[must_use]
pub fn sign_parts(header: &str, claims: &str, key: &Key) -> String {
    let message = format!("{header}.{claims}");
    let key = EncodingKey::from_secret(key.bytes());
    let signature = sign(message.as_bytes(), &key, Algorithm::HS256).expect("a signature");
    format!("{message}.{signature}")
}

/// Passes that are not passes, each with what is wrong with it. All are signed with the right key, where they are signed
/// at all, so that it is the named fault that must be seen.
#[must_use]
pub fn all(pass: &Pass, stranger: &Key) -> Vec<(&'static str, String)> {
    let key = pass.key();
    let claims = pass.claims().to_string();
    let honest = compact(HEADER, &claims, key);
    let (message, signature) = honest.rsplit_once('.').expect("a signature");
    let (header, payload) = message.split_once('.').expect("claims");
    let open = claims.trim_end_matches('}');
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    vec![
        ("signed by a stranger", compact(HEADER, &claims, stranger)),
        (
            "alg none, no signature",
            format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"tap+jwt","kid":"pass-1"}"#)),
        ),
        ("alg none, signed", compact(r#"{"alg":"none","typ":"tap+jwt","kid":"pass-1"}"#, &claims, key)),
        ("alg RS256", compact(r#"{"alg":"RS256","typ":"tap+jwt","kid":"pass-1"}"#, &claims, key)),
        ("alg HS512", compact(r#"{"alg":"HS512","typ":"tap+jwt","kid":"pass-1"}"#, &claims, key)),
        ("unknown kid", compact(r#"{"alg":"HS256","typ":"tap+jwt","kid":"pass-2"}"#, &claims, key)),
        ("no kid", compact(r#"{"alg":"HS256","typ":"tap+jwt"}"#, &claims, key)),
        ("kid of another purpose", compact(r#"{"alg":"HS256","typ":"tap+jwt","kid":"up-1"}"#, &claims, key)),
        ("typ of a receipt", compact(r#"{"alg":"HS256","typ":"tap-receipt+jwt","kid":"pass-1"}"#, &claims, key)),
        ("no typ", compact(r#"{"alg":"HS256","kid":"pass-1"}"#, &claims, key)),
        ("crit", compact(r#"{"alg":"HS256","typ":"tap+jwt","kid":"pass-1","crit":["exp"]}"#, &claims, key)),
        ("header twice alg", compact(r#"{"alg":"HS256","alg":"HS256","typ":"tap+jwt","kid":"pass-1"}"#, &claims, key)),
        ("header as an array", compact(r#"["HS256","tap+jwt","pass-1"]"#, &claims, key)),
        ("truncated", honest[..honest.len() - 10].to_owned()),
        ("no signature", message.to_owned()),
        ("empty signature", format!("{message}.")),
        ("signature changed", format!("{message}.{flipped}{}", &signature[1..])),
        (
            "claims changed",
            format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(claims.replace("\"exp\"", "\"exq\""))),
        ),
        ("claims twice sub", compact(HEADER, &format!(r#"{open},"sub":"mallory"}}"#), key)),
        ("claims twice deep down", compact(HEADER, &format!(r#"{open},"x":{{"a":1,"a":2}}}}"#), key)),
        ("claims as an array", compact(HEADER, &format!("[{claims}]"), key)),
        ("claims as a string", compact(HEADER, "\"claims\"", key)),
        ("claims too deep", compact(HEADER, &format!(r#"{open},"x":[[[[[1]]]]]}}"#), key)),
        ("claims with null", compact(HEADER, &format!(r#"{open},"x":null}}"#), key)),
        ("claims with more behind", compact(HEADER, &format!("{claims} {{}}"), key)),
        ("sub as an array", compact(HEADER, &pass.clone().claim("sub", vec!["alice"]).claims().to_string(), key)),
        (
            "aud of two",
            compact(HEADER, &pass.clone().claim("aud", vec!["gate.example.com", "x"]).claims().to_string(), key),
        ),
        ("exp with a fraction", compact(HEADER, &pass.clone().claim("exp", 4e9 + 0.5).claims().to_string(), key)),
        ("exp as a string", compact(HEADER, &pass.clone().claim("exp", "4000000000").claims().to_string(), key)),
        ("exp negative", compact(HEADER, &pass.clone().claim("exp", -1).claims().to_string(), key)),
        ("exp before nbf", compact(HEADER, &pass.clone().claim("exp", 1).claims().to_string(), key)),
        ("exp beyond any clock", compact(HEADER, &claims.replace("\"exp\":", "\"exp\":9999999999"), key)),
        ("no jti", compact(HEADER, &pass.clone().without("jti").claims().to_string(), key)),
        ("jti with a slash", compact(HEADER, &pass.clone().claim("jti", "a/b").claims().to_string(), key)),
        ("once as a number", compact(HEADER, &pass.clone().claim("once", 1).claims().to_string(), key)),
        ("sub with a space", compact(HEADER, &pass.clone().claim("sub", "al ice").claims().to_string(), key)),
        (
            "issuer of another",
            compact(HEADER, &pass.clone().claim("iss", "https://evil.example").claims().to_string(), key),
        ),
        ("audience of another", compact(HEADER, &pass.clone().claim("aud", "evil.example").claims().to_string(), key)),
        ("padded base64", sign_parts(&format!("{header}="), payload, key)),
        ("standard base64", sign_parts(header, &payload_with_standard_alphabet(pass), key)),
        ("stray bits in the header", sign_parts(&stray(header), payload, key)),
        ("stray bits in the signature", format!("{message}.{}", stray(signature))),
        ("newline inside", format!("{message}\n.{signature}")),
        ("four parts", format!("{honest}.x")),
        ("five parts", "a.b.c.d.e".to_owned()),
        ("only dots", "..".to_owned()),
        ("oversized", compact(HEADER, &format!(r#"{open},"x":"{}"}}"#, "y".repeat(4096)), key)),
        ("not a JWS at all", "abc.def".to_owned()),
    ]
}

/// Claims whose encoding needs the two letters in which the alphabets differ, in the wrong alphabet.
fn payload_with_standard_alphabet(pass: &Pass) -> String {
    let claims = pass.clone().claim("x", "???>>>~~~").claims().to_string();
    let encoded = URL_SAFE_NO_PAD.encode(claims).replace('-', "+").replace('_', "/");
    assert!(encoded.contains(['+', '/']), "the alphabets differ here");
    encoded
}

/// The same bytes in another spelling: the last letter carries bits that decode to nothing.
fn stray(encoded: &str) -> String {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    assert!(!encoded.len().is_multiple_of(4), "a last letter with bits to spare");
    let last = encoded.chars().last().and_then(|letter| alphabet.find(letter)).expect("a letter");
    let other = alphabet.chars().nth(last + 1).expect("a letter with a stray bit");
    format!("{}{other}", &encoded[..encoded.len() - 1])
}

//! Passes as no honest mint makes them: any header, any claims, with a good signature.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};

use crate::support::KEY_BYTES;

pub(crate) const HEADER: &str = r#"{"alg":"HS256","typ":"tap+jwt","kid":"pass-1"}"#;

/// Claims of a pass that is good for an hour from [`crate::support::NOW`].
pub(crate) const CLAIMS: &str = r#"{"iss":"https://gate.example.com","aud":"gate.example.com","sub":"alice@example.com","jti":"id-1","iat":1795500473,"nbf":1795500473,"exp":1795504073}"#;

pub(crate) fn base64url(text: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// Signs two segments as they are.
pub(crate) fn sign(segments: &str) -> String {
    let signature = crypto::sign(segments.as_bytes(), &EncodingKey::from_secret(&KEY_BYTES), Algorithm::HS256);
    format!("{segments}.{}", signature.unwrap())
}

/// Signs header and claims as they are.
pub(crate) fn pass(header: &str, claims: impl AsRef<[u8]>) -> String {
    sign(&format!("{}.{}", base64url(header), base64url(claims)))
}

//! Strict compact JWS (RFC 7515) with HS256 and nothing else; RFC 8725 is the baseline (3.1, 3.2).
//!
//! The algorithm comes from the key, never from the token. The signature is checked before any claim is looked at,
//! and only one spelling of a token is accepted. What the claims mean is for others to say.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use crate::json::{self, Json, Object};
use crate::key::{KeyRing, Purpose};

/// The longest token that is looked at, in bytes (3.2).
pub const MOST_BYTES: usize = 4096;

/// What kind of token this is: its `typ` header member. One key may sign several kinds; none passes for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Typ(&'static str);

impl Typ {
    /// A signed pass.
    pub const PASS: Self = Self("tap+jwt");
    /// What the application is told of a session (6.1).
    pub const ASSERTION: Self = Self("tap-assertion+jwt");
    /// The application's word that a method is registered (5.5).
    pub const RECEIPT: Self = Self("tap-receipt+jwt");
    /// An administrator's token (RFC 9068).
    pub const ADMIN: Self = Self("at+jwt");
    /// A session cookie.
    pub const SESSION: Self = Self("tap-session+jwt");

    /// The header member's value.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

/// Why a token was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwsError {
    /// Not the one form that is accepted: length, segments, base64url, JSON, `alg`, `typ`, `crit`.
    Malformed,
    /// No key of the ring has this `kid`.
    UnknownKey,
    /// The signature is not that key's.
    BadSignature,
}

impl fmt::Display for JwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "not a compact JWS of this kind in canonical form",
            Self::UnknownKey => "signed with a key that is not known here",
            Self::BadSignature => "the signature does not match",
        })
    }
}

impl std::error::Error for JwsError {}

/// Signs `claims` with the ring's first key. `None` only if the claims do not serialize.
pub(crate) fn sign<P: Purpose>(ring: &KeyRing<P>, typ: Typ, claims: &impl Serialize) -> Option<String> {
    let claims = serde_json::to_string(claims).ok()?;
    // A key id needs no escaping (`KeyId`), nor does a `typ`.
    let header = format!(r#"{{"alg":"HS256","typ":"{}","kid":"{}"}}"#, typ.0, ring.signing_id());
    Some(sign_as_written(ring, &header, &claims))
}

/// Signs a header and claims exactly as they are written, whatever they say: what another library makes, or somebody who
/// has the key and means no good. For tools and tests; nothing that the rules hand out is made here.
#[must_use]
pub fn sign_as_written<P: Purpose>(ring: &KeyRing<P>, header: &str, claims: &str) -> String {
    let mut token = URL_SAFE_NO_PAD.encode(header);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(claims, &mut token);
    let signature = ring.sign(token.as_bytes());
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    token
}

/// Verifies a token of kind `typ` and gives back its claims, strictly read.
///
/// # Errors
/// [`JwsError`]; claims that are no strict JSON object are [`JwsError::Malformed`] even though authentic.
pub(crate) fn verify<P: Purpose>(ring: &KeyRing<P>, typ: Typ, token: &[u8]) -> Result<Object, JwsError> {
    let parts = Parts::split(token)?;
    let header = parts.header()?;
    if header.get("alg") != Some(&Json::String("HS256".into()))
        || header.get("typ") != Some(&Json::String(typ.0.into()))
        || header.get("crit").is_some()
    {
        return Err(JwsError::Malformed);
    }
    let Some(Json::String(kid)) = header.get("kid") else { return Err(JwsError::Malformed) };
    let signature = decode(parts.signature)?;
    match ring.verify(kid, parts.signed, &signature) {
        None => Err(JwsError::UnknownKey),
        Some(false) => Err(JwsError::BadSignature),
        Some(true) => parts.claims(),
    }
}

/// A token taken apart without any trust in it: for people who want to look inside.
#[derive(Clone, Debug, PartialEq)]
pub struct Unverified {
    /// The header's members.
    pub header: Object,
    /// The claims.
    pub claims: Object,
}

/// Takes a token apart **without verifying it**. Never decide anything by what comes back.
///
/// # Errors
/// [`JwsError::Malformed`] if it is not in the strict form.
pub fn decode_unverified(token: &[u8]) -> Result<Unverified, JwsError> {
    let parts = Parts::split(token)?;
    decode(parts.signature)?;
    Ok(Unverified { header: parts.header()?, claims: parts.claims()? })
}

/// The three segments of a token, still encoded.
struct Parts<'a> {
    header: &'a [u8],
    claims: &'a [u8],
    signature: &'a [u8],
    /// Header and claims with the dot between them: what the signature is over.
    signed: &'a [u8],
}

impl<'a> Parts<'a> {
    fn split(token: &'a [u8]) -> Result<Self, JwsError> {
        if token.len() > MOST_BYTES {
            return Err(JwsError::Malformed);
        }
        let mut segments = token.split(|byte| *byte == b'.');
        let (Some(header), Some(claims), Some(signature), None) =
            (segments.next(), segments.next(), segments.next(), segments.next())
        else {
            return Err(JwsError::Malformed);
        };
        let dots_and_signature = signature.len().saturating_add(1);
        let signed = token.get(..token.len().saturating_sub(dots_and_signature)).ok_or(JwsError::Malformed)?;
        Ok(Self { header, claims, signature, signed })
    }

    fn header(&self) -> Result<Object, JwsError> {
        json::strict(&decode(self.header)?).map_err(|_| JwsError::Malformed)
    }

    fn claims(&self) -> Result<Object, JwsError> {
        json::strict(&decode(self.claims)?).map_err(|_| JwsError::Malformed)
    }
}

/// The engine refuses padding, foreign characters and stray bits.
fn decode(segment: &[u8]) -> Result<Vec<u8>, JwsError> {
    URL_SAFE_NO_PAD.decode(segment).map_err(|_| JwsError::Malformed)
}

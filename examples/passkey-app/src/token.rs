//! Random tokens, and the digests by which they are kept: whoever reads the database can sign in with nothing that they find.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};

/// 32 random bytes as text that fits into a cookie.
///
/// # Errors
/// If the system has no randomness to give.
pub(crate) fn random() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// SHA-256 of a token. A token has 256 random bits, so this need not be slow.
pub(crate) fn kept(token: &str) -> Vec<u8> {
    digest(&SHA256, token.as_bytes()).as_ref().to_vec()
}

/// 32 bytes that are always the same for a text, and that nobody can tell from random ones without the secret. The text goes in by its
/// digest, so that no text is a continuation of another.
pub(crate) fn derived(secret: &[u8], text: &str) -> Vec<u8> {
    digest(&SHA256, &[secret, &kept(text)].concat()).as_ref().to_vec()
}

/// Bytes as text.
pub(crate) fn text(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

//! Keys for requests that may be made again (`Idempotency-Key`).

use crate::digest;

/// A key that tells what these parts name from everything else, and is always the same for them: 64 visible characters.
#[must_use]
pub fn request_key(parts: &[&str]) -> String {
    let parts = parts.iter().map(|part| part.as_bytes());
    let fields: Vec<&[u8]> = std::iter::once(&b"tapgate-request-1"[..]).chain(parts).collect();
    digest::hex(&digest::sha256(&fields))
}

//! SHA-256 over several fields, each with its length before it, so that no two lists of fields read alike (2.5); and comparing in
//! constant time.

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// The fields one after another, each behind its length as four bytes, big end first.
pub(crate) fn length_prefixed(fields: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for field in fields {
        // No field that reaches this function is anywhere near 4 GiB.
        let length = u32::try_from(field.len()).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(field);
    }
    bytes
}

/// SHA-256 of the length-prefixed fields.
pub(crate) fn sha256(fields: &[&[u8]]) -> [u8; 32] {
    Sha256::digest(length_prefixed(fields)).into()
}

/// SHA-256 of bytes as they are: for formats that others define.
pub(crate) fn sha256_plain(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The first eight bytes of a length-prefixed SHA-256: a tag for names that only trusted people choose.
pub(crate) fn tag(fields: &[&[u8]]) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..] = sha256(fields);
    [a, b, c, d, e, f, g, h]
}

/// Whether two secrets are the same, in a time that tells nothing of where they differ.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_field_ends_matters() {
        assert_ne!(sha256(&[b"ab", b"c"]), sha256(&[b"a", b"bc"]));
        assert_ne!(sha256(&[b"ab"]), sha256(&[b"ab", b""]));
    }

    #[test]
    fn hex_is_lower_case_and_padded() {
        assert_eq!(hex(&[0x00, 0xAF]), "00af");
    }
}

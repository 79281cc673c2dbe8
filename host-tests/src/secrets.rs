//! What must never stand in a log: every pass, cookie, key and assertion that the harness has met.
//!
//! Clients, applications and minters note what passes through their hands; each Envoy's log is held against it all when
//! that Envoy stops. A value counts as leaked as soon as a telling part of it is found, so that a line cut to 128 bytes is
//! still caught.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// The shortest value that is taken for a secret: anything shorter turns up in a log by chance.
const SHORTEST: usize = 16;

/// How much of a part tells it apart. Longer parts count as found when their beginning is.
const TELLING: usize = 40;

/// A shared registry of secrets.
#[derive(Clone, Default)]
pub struct Secrets(Arc<Mutex<BTreeSet<Vec<u8>>>>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({})", self.len())
    }
}

impl Secrets {
    /// Notes a secret. Of a JWS the header is left out, which is public and the same for all.
    pub fn note(&self, secret: impl AsRef<[u8]>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let parts = secret.as_ref().split(|byte| *byte == b'.');
        let telling = parts
            .filter(|part| part.len() >= SHORTEST && !part.starts_with(b"eyJ0eXAi") && !part.starts_with(b"eyJhbGci"))
            .map(|part| part[..part.len().min(TELLING)].to_vec());
        known.extend(telling);
    }

    /// How many telling parts are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether nothing has been noted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The parts of secrets that stand in `text`, each with its line.
    #[must_use]
    pub fn found_in(&self, text: &[u8]) -> Vec<String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // One look per byte, whatever the number of secrets: only where a beginning fits is the rest compared.
        let beginnings: HashSet<&[u8]> = known.iter().map(|part| &part[..SHORTEST]).collect();
        text.split(|byte| *byte == b'\n')
            .filter(|line| {
                (0..line.len().saturating_sub(SHORTEST - 1)).any(|at| {
                    let rest = &line[at..];
                    beginnings.contains(&rest[..SHORTEST]) && known.iter().any(|part| rest.starts_with(part))
                })
            })
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect()
    }
}

/// Where a typed code stands in something, by any spelling: as it is or in lower case, whole or in groups as it is shown and typed, or
/// in base64 of either. It is too short to be [noted](Secrets::note) beside what stands in a log by chance.
#[must_use]
pub fn codes_found<'a>(codes: &'a [String], text: &[u8]) -> Vec<&'a str> {
    let holds = |part: &[u8]| text.windows(part.len()).any(|window| window == part);
    let found = |code: &&String| {
        let groups: Vec<String> =
            code.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group).into_owned()).collect();
        let written = [(*code).clone(), groups.join("-"), groups.join(" ")];
        written.iter().flat_map(|code| [code.clone(), code.to_lowercase()]).any(|code| {
            let encoded = [STANDARD_NO_PAD.encode(&code), URL_SAFE_NO_PAD.encode(&code)];
            holds(code.as_bytes()) || encoded.iter().any(|code| holds(code.as_bytes()))
        })
    };
    codes.iter().filter(found).map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_wherever_it_stands() {
        let secrets = Secrets::default();
        secrets.note("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9abcdefgh.c2lnbmF0dXJlc2lnbmF0dXJl");
        assert_eq!(secrets.found_in(b"one\ntwo c2lnbmF0dXJlc2lnbmF0dXJl\n"), ["two c2lnbmF0dXJlc2lnbmF0dXJl"]);
        assert_eq!(secrets.found_in(b"x=eyJzdWIiOiJhbGljZSJ9abcdefgh.").len(), 1);
    }

    #[test]
    fn a_cut_secret_is_found_by_its_beginning() {
        let secrets = Secrets::default();
        secrets.note("s".repeat(300));
        assert_eq!(secrets.found_in("s".repeat(TELLING).as_bytes()).len(), 1);
    }

    #[test]
    fn a_code_is_found_however_it_is_spelled() {
        let codes = ["7KQ2M9XA".to_owned(), "AAAAAAAA".to_owned()];
        for spelled in ["7KQ2M9XA", "7kq2m9xa", "7KQ2-M9XA", "7kq2 m9xa", "N0tRMk05WEE=", "N0tRMi1NOVhB"] {
            assert_eq!(codes_found(&codes, format!("x {spelled} y").as_bytes()), ["7KQ2M9XA"], "{spelled}");
        }
        assert_eq!(codes_found(&codes, b"7KQ2 and M9XA"), [""; 0]);
    }

    #[test]
    fn headers_of_a_jws_and_short_values_are_no_secrets() {
        let secrets = Secrets::default();
        secrets.note("eyJhbGciOiJIUzI1NiJ9eyJhbGciOiJIUzI1NiJ9.short.1");
        assert!(secrets.is_empty());
    }
}

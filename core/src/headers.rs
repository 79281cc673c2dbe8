//! Header names as an application may read them, and edits of headers: what to remove, then what to set. A header that
//! says who somebody is is never added beside another (6.1).

/// A borrowed header: name and value, as bytes.
pub type Header<'a> = (&'a [u8], &'a [u8]);

/// Changes to a header map. All removals come first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderEdits {
    /// Names whose every occurrence goes.
    pub remove: Vec<Vec<u8>>,
    /// Headers that are added once the removals are done.
    pub add: Vec<(Vec<u8>, Vec<u8>)>,
}

impl HeaderEdits {
    /// Removes every header of this name.
    pub fn remove(&mut self, name: &[u8]) {
        if !self.remove.iter().any(|known| known == name) {
            self.remove.push(name.to_owned());
        }
    }

    /// Adds a header beside those of its name.
    pub fn add(&mut self, name: &[u8], value: impl Into<Vec<u8>>) {
        self.add.push((name.to_owned(), value.into()));
    }

    /// Puts one header in place of all of its name.
    pub fn set(&mut self, name: &[u8], value: impl Into<Vec<u8>>) {
        self.remove(name);
        self.add(name, value);
    }
}

/// A byte of a header name as the least careful application reads it: lower-cased, and all but letters and digits alike.
/// `Tapgate_User` and `tapgate-user` reach a CGI-like application as the same variable.
fn folded(byte: u8) -> u8 {
    if byte.is_ascii_alphanumeric() { byte.to_ascii_lowercase() } else { b'-' }
}

fn folds_to(name: &[u8], folded_name: &[u8]) -> bool {
    name.len() == folded_name.len() && name.iter().zip(folded_name).all(|(byte, wanted)| folded(*byte) == *wanted)
}

fn folds_to_prefix(name: &[u8], folded_prefix: &[u8]) -> bool {
    name.get(..folded_prefix.len()).is_some_and(|start| folds_to(start, folded_prefix))
}

/// The names that only the plugin may use towards an application: `tapgate-*` and every tenant's user header (6.1).
#[derive(Clone, Debug, Default)]
pub struct ReservedNames {
    user_headers: Vec<Vec<u8>>,
}

impl ReservedNames {
    /// Reserves a tenant's user header besides `tapgate-*`.
    pub fn reserve(&mut self, user_header: &str) {
        let name: Vec<u8> = user_header.bytes().map(folded).collect();
        if !self.user_headers.contains(&name) {
            self.user_headers.push(name);
        }
    }

    /// Whether a header of this name, in whatever spelling, is reserved.
    #[must_use]
    pub fn contains(&self, name: &[u8]) -> bool {
        is_own(name) || self.user_headers.iter().any(|reserved| folds_to(name, reserved))
    }

    /// The reserved names among these headers, in their own spelling, for removal.
    pub fn removals<'a>(&self, headers: &[Header<'a>]) -> impl Iterator<Item = &'a [u8]> {
        headers.iter().map(|(name, _)| *name).filter(|name| self.contains(name))
    }
}

/// Whether this is, in whatever spelling, a `tapgate-*` name.
#[must_use]
pub fn is_own(name: &[u8]) -> bool {
    folds_to_prefix(name, b"tapgate-")
}

/// Whether a header could make an application behind the gate believe in another path or method than the one that was
/// judged (5.1); removed from requests of registering sessions.
#[must_use]
pub fn redirects_meaning(name: &[u8]) -> bool {
    const PREFIXES: [&[u8]; 3] = [b"x-original-", b"x-rewrite-", b"x-envoy-original-"];
    const NAMES: [&[u8]; 3] = [b"x-http-method", b"x-http-method-override", b"x-method-override"];
    PREFIXES.iter().any(|prefix| folds_to_prefix(name, prefix)) || NAMES.iter().any(|known| folds_to(name, known))
}

/// Whether a policy may use this name as its `userHeader`: one with a meaning of its own would break requests (2.3).
#[must_use]
pub fn is_fit_for_identity(name: &str) -> bool {
    const TAKEN: [&str; 31] = [
        "accept",
        "authorization",
        "connection",
        "cookie",
        "date",
        "expect",
        "forwarded",
        "from",
        "host",
        "http2-settings",
        "keep-alive",
        "max-forwards",
        "origin",
        "range",
        "referer",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "via",
        "warning",
        "x-request-id",
        "set-cookie",
        "cache-control",
        "pragma",
        "priority",
        "x-real-ip",
        "true-client-ip",
        "traceparent",
        "x-requested-with",
    ];
    const FAMILIES: [&str; 9] =
        ["content-", "x-forwarded-", "x-envoy-", "sec-", "proxy-", "accept-", "if-", "access-control-", "tapgate-"];
    let token = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let fits = !name.is_empty() && name.len() <= 64 && name.bytes().all(token);
    let free = !TAKEN.contains(&name)
        && !redirects_meaning(name.as_bytes())
        && !FAMILIES.iter().any(|family| name.starts_with(family));
    fits && (free || name == DEFAULT_USER_HEADER)
}

/// The header that names the user to the application unless the policy says otherwise.
pub const DEFAULT_USER_HEADER: &str = "tapgate-user";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserved_name_is_known_in_every_spelling() {
        let mut reserved = ReservedNames::default();
        reserved.reserve("remote-user");
        for name in
            ["tapgate-user", "Tapgate_User", "TAPGATE.STATE", "tapgate-", "Remote_User", "REMOTE_USER", "remote.user"]
        {
            assert!(reserved.contains(name.as_bytes()), "{name}");
        }
        for name in ["tapgate", "x-tapgate-user", "remote-users", "remoteuser", "remote--user"] {
            assert!(!reserved.contains(name.as_bytes()), "{name}");
        }
        assert!(reserved.contains(b"remote\xffuser"));
    }

    #[test]
    fn headers_with_a_meaning_of_their_own_name_no_user() {
        for name in [
            "host",
            "cookie",
            "authorization",
            "content-type",
            "x-forwarded-for",
            "Remote-User",
            "a b",
            "",
            "tapgate-state",
        ] {
            assert!(!is_fit_for_identity(name), "{name}");
        }
        for name in ["tapgate-user", "remote-user", "x-user"] {
            assert!(is_fit_for_identity(name), "{name}");
        }
    }

    #[test]
    fn a_set_leaves_one_header_of_its_name() {
        let mut edits = HeaderEdits::default();
        edits.set(b"a", "1");
        assert_eq!(edits.remove, [b"a".to_vec()]);
        assert_eq!(edits.add, [(b"a".to_vec(), b"1".to_vec())]);
    }
}

//! The names that things go by: bounded, canonical, with private fields, so that holding one means it has been checked.
//!
//! One door in: `FromStr` is the only parser; claims, cookies, policies and the command line all call it.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Why a text is not a name of the wanted kind. `Display` says what would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameError {
    expected: &'static str,
}

impl NameError {
    /// What would have been accepted, as a noun phrase.
    #[must_use]
    pub fn expected(self) -> &'static str {
        self.expected
    }
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", self.expected)
    }
}

impl std::error::Error for NameError {}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                let check: fn(&[u8]) -> bool = $check;
                if check(text.as_bytes()) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(NameError { expected: $expected })
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

fn sized(bytes: &[u8], most: usize, allowed: fn(&u8) -> bool) -> bool {
    !bytes.is_empty() && bytes.len() <= most && bytes.iter().all(allowed)
}

name!(
    /// A tenant of the gateway (2.3).
    TenantId,
    "1 to 63 characters of a-z, 0-9 and -",
    |bytes| sized(bytes, 63, |b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
);

name!(
    /// A user's name as somebody gave it: a `sub` claim, a form field, a user principal name (3.3). Not yet an
    /// [`Identity`]: only the directory says who is meant.
    UserName,
    "a user name of 1 to 256 visible ASCII characters without spaces",
    |bytes| sized(bytes, 256, u8::is_ascii_graphic)
);

name!(
    /// Who a user is, everywhere alike (3.3): the directory's `id`, or under an open directory the name in ASCII lower
    /// case. Ledger, headers, assertion, receipt and status all use it.
    Identity,
    "an identity of 1 to 256 visible ASCII characters without spaces",
    |bytes| sized(bytes, 256, u8::is_ascii_graphic)
);

name!(
    /// A pass's id: its `jti` claim (3.1).
    PassId,
    "1 to 64 characters of A-Z, a-z, 0-9, _ and -",
    |bytes| sized(bytes, 64, |b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
);

name!(
    /// A key's id: the `kid` of what it signs.
    KeyId,
    "1 to 64 characters of A-Z, a-z, 0-9, ., _ and -",
    |bytes| sized(bytes, 64, |b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
);

name!(
    /// A group that a user may be in, as a directory or a pass's `groups` claim names it.
    GroupId,
    "a group name of 1 to 256 bytes without control characters",
    |bytes| sized(bytes, 256, |b| !b.is_ascii_control())
);

impl Identity {
    /// The identity of a name under an open directory: the name in ASCII lower case (3.3).
    #[must_use]
    pub fn of_open(name: &UserName) -> Self {
        Self(name.0.to_ascii_lowercase())
    }
}

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// Takes 128 random bits, or what the ledger kept of them.
            #[must_use]
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The 128 bits.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                let mut bytes = [0; 16];
                match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
                    Ok(16) => Ok(Self(bytes)),
                    _ => Err(NameError { expected: "22 characters of base64url" }),
                }
            }
        }
    };
}

random_id!(
    /// A session's id: 128 random bits, written as 22 characters of base64url.
    SessionId
);

random_id!(
    /// What tells a one-time pass's holder from others (7.3): 128 random bits in a cookie of their own.
    HolderId
);

random_id!(
    /// One attempt to change a record: 128 random bits, never taken from a request (7.3).
    AttemptId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_bounded_and_canonical() {
        assert!("contoso-1".parse::<TenantId>().is_ok());
        for bad in ["", "Contoso", "a b", "a_b", &"a".repeat(64)] {
            assert!(bad.parse::<TenantId>().is_err(), "{bad}");
        }
        for bad in ["", "a b", "a\u{e9}", "a\n", &"a".repeat(257)] {
            assert!(bad.parse::<UserName>().is_err(), "{bad}");
        }
        for bad in ["", "a.b", &"a".repeat(65)] {
            assert!(bad.parse::<PassId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_open_identity_folds_ascii_case() {
        let name: UserName = "Alice@Example.COM".parse().unwrap();
        assert_eq!(Identity::of_open(&name).as_str(), "alice@example.com");
    }

    #[test]
    fn session_ids_read_back_and_only_in_canonical_form() {
        let id = SessionId::from_bytes([0xA5; 16]);
        let text = id.to_string();
        assert_eq!(text.len(), 22);
        assert_eq!(text.parse::<SessionId>(), Ok(id));
        assert!(format!("{text}=").parse::<SessionId>().is_err());
        let short: String = text.chars().take(21).collect();
        assert!(short.parse::<SessionId>().is_err());
        // The last character carries four unused bits: another spelling of the same bytes is refused.
        let stray = format!("{short}{}", if text.ends_with('Q') { 'R' } else { 'x' });
        assert!(stray.parse::<SessionId>().is_err());
    }
}

//! Where a member of etcd takes calls: `http://HOST:PORT` or `https://HOST:PORT`.

use std::fmt;
use std::str::FromStr;

use hyper::Uri;

/// The port that etcd's clients come to.
const PORT: u16 = 2379;

/// A member's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) tls: bool,
    /// A name or an IP address, without the brackets of IPv6.
    pub(super) host: String,
    pub(super) port: u16,
}

/// Why a text is no address; the message is the mend. It never repeats the text, which may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum AddressError {
    #[error("expected an address such as `https://etcd-1.internal:2379`")]
    NotAnAddress,
    #[error(
        "expected no user in the address; the policy names the user, or `--etcd-user` and `--etcd-password-file` do"
    )]
    User,
    #[error("expected scheme, host and port only")]
    More,
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let uri: Uri = text.parse().map_err(|_| AddressError::NotAnAddress)?;
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(AddressError::NotAnAddress),
        };
        let authority = uri.authority().ok_or(AddressError::NotAnAddress)?;
        if authority.as_str().contains('@') {
            return Err(AddressError::User);
        }
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() || text.contains('#') {
            return Err(AddressError::More);
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let given = authority.as_str().strip_prefix(authority.host()).unwrap_or_default();
        let port = if given.is_empty() { Some(PORT) } else { authority.port_u16().filter(|port| *port > 0) };
        match port {
            Some(port) if !host.is_empty() => Ok(Self { tls, host, port }),
            _ => Err(AddressError::NotAnAddress),
        }
    }
}

impl Address {
    /// What `Host` says.
    pub(super) fn authority(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    /// Whether it is on this very machine, so that nobody hears what is said.
    pub(super) fn is_near(&self) -> bool {
        self.host == "localhost" || self.host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.tls { "https" } else { "http" }, self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        for (text, read) in [
            ("http://127.0.0.1:2379", "http://127.0.0.1:2379"),
            ("https://etcd-1.internal", "https://etcd-1.internal:2379"),
            ("https://[::1]:1/", "https://[::1]:1"),
        ] {
            assert_eq!(text.parse::<Address>().map(|address| address.to_string()), Ok(read.to_owned()), "{text}");
        }
        for (bad, error) in [
            ("", AddressError::NotAnAddress),
            ("127.0.0.1:2379", AddressError::NotAnAddress),
            ("ftp://a", AddressError::NotAnAddress),
            ("http://", AddressError::NotAnAddress),
            ("http://a:99999", AddressError::NotAnAddress),
            ("http://a:", AddressError::NotAnAddress),
            ("http://a:0", AddressError::NotAnAddress),
            ("http://root:secret@a:2379", AddressError::User),
            ("http://a/v3", AddressError::More),
            ("http://a?x=y", AddressError::More),
            ("http://a#x", AddressError::More),
        ] {
            assert_eq!(bad.parse::<Address>(), Err(error), "{bad}");
        }
    }
}

//! The link that carries a pass: `https://HOST{basePath}/sign-in#pass=...`. What stands behind the `#` stays in the
//! browser, so that the pass reaches no server log, referrer or link scanner.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use tapgate_core::path::LocalPath;

/// What stands before the pass in a link.
const MARK: &str = "#pass=";

/// Where the gate is: scheme and authority, as in `https://gate.example.com`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gate(String);

/// Why a text is no address of a gate; the message is the mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GateError {
    /// Not an http(s) address.
    #[error("expected an address such as `https://gate.example.com`")]
    NotAnAddress,
    /// A path, a query, a fragment or a user name comes with it.
    #[error("expected scheme and host only; a path goes into `--base-path`")]
    More,
    /// `http` to another machine.
    #[error("`http` would send the pass in the clear; use `https` (`http` is for this machine only)")]
    Clear,
    /// The host is none.
    #[error("expected a host name, in ASCII (`xn--` for others), or an IP address, and at most a port after it")]
    Host,
}

impl FromStr for Gate {
    type Err = GateError;

    fn from_str(text: &str) -> Result<Self, GateError> {
        let (scheme, rest) = text.split_once("://").ok_or(GateError::NotAnAddress)?;
        let authority = rest.strip_suffix('/').unwrap_or(rest).to_ascii_lowercase();
        if authority.contains(['/', '?', '#', '@', '\\']) {
            return Err(GateError::More);
        }
        let host = host_of(&authority).ok_or(GateError::Host)?;
        match scheme.to_ascii_lowercase().as_str() {
            "https" => Ok(Self(format!("https://{authority}"))),
            "http" if is_this_machine(host) => Ok(Self(format!("http://{authority}"))),
            "http" => Err(GateError::Clear),
            _ => Err(GateError::NotAnAddress),
        }
    }
}

impl Gate {
    /// The gate that an audience names: a host or an address; many are neither.
    pub(crate) fn of_audience(audience: &str) -> Option<Self> {
        let address = if audience.contains("://") { audience.to_owned() } else { format!("https://{audience}") };
        address.parse().ok()
    }

    /// Whether TLS is spoken with it, and its host (an IPv6 address without brackets) and port.
    pub(crate) fn parts(&self) -> (bool, String, u16) {
        let (tls, authority) = match self.0.split_once("://") {
            Some(("http", authority)) => (false, authority),
            Some((_, authority)) => (true, authority),
            None => (true, self.0.as_str()),
        };
        let host = host_of(authority).unwrap_or_default();
        let after = authority.rsplit_once(']').map_or(authority, |(_, after)| after);
        let port = after.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        (tls, host.to_owned(), port.unwrap_or(if tls { 443 } else { 80 }))
    }

    /// What `Host` says to it.
    pub(crate) fn authority(&self) -> &str {
        self.0.split_once("://").map_or(self.0.as_str(), |(_, authority)| authority)
    }

    /// The sign-in page.
    pub(crate) fn sign_in(&self, base: &BasePath) -> String {
        format!("{}{}/sign-in", self.0, base.as_str())
    }

    /// The link that carries this pass.
    pub(crate) fn link(&self, base: &BasePath, pass: &str) -> String {
        format!("{}{MARK}{pass}", self.sign_in(base))
    }
}

/// The host of an authority, without its port; `None` if either is malformed.
fn host_of(authority: &str) -> Option<&str> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        host.parse::<Ipv6Addr>().ok()?;
        (host, port)
    } else {
        let (host, port) = authority.split_at_checked(authority.find(':').unwrap_or(authority.len()))?;
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        (host.len() <= 253 && host.split('.').all(label)).then_some((host, port))?
    };
    let port_is_fine = match port.strip_prefix(':') {
        None => port.is_empty(),
        Some(port) => port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0),
    };
    port_is_fine.then_some(host)
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || host.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback())
}

/// The policy's `basePath`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BasePath(LocalPath);

impl BasePath {
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl From<LocalPath> for BasePath {
    /// A policy's is checked.
    fn from(path: LocalPath) -> Self {
        Self(path)
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no base path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the policy's `basePath`, such as `/.tap`: it begins with `/` and does not end with one")]
pub(crate) struct BasePathError;

impl FromStr for BasePath {
    type Err = BasePathError;

    fn from_str(text: &str) -> Result<Self, BasePathError> {
        match text.parse() {
            Ok(path) if !text.ends_with('/') => Ok(Self(path)),
            _ => Err(BasePathError),
        }
    }
}

/// The pass in a text that is one, or a link that carries one; `None` for a link without.
pub(crate) fn pass_in(text: &str) -> Option<&str> {
    match text.split_once(MARK) {
        Some((_, pass)) => Some(pass.split('&').next().unwrap_or(pass)),
        None if text.contains("://") || text.contains('#') => None,
        None => Some(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_are_https_or_this_machine() {
        for (text, address) in [
            ("https://gate.example.com", "https://gate.example.com"),
            ("HTTPS://Gate.Example.com:8443/", "https://gate.example.com:8443"),
            ("http://localhost:10000", "http://localhost:10000"),
            ("http://127.0.0.1:1", "http://127.0.0.1:1"),
            ("http://[::1]:80", "http://[::1]:80"),
        ] {
            assert_eq!(text.parse(), Ok(Gate(address.to_owned())), "{text}");
        }
        for (text, error) in [
            ("gate.example.com", GateError::NotAnAddress),
            ("ftp://gate.example.com", GateError::NotAnAddress),
            ("https://gate.example.com/path", GateError::More),
            ("https://gate.example.com#", GateError::More),
            ("https://user@gate.example.com", GateError::More),
            ("http://gate.example.com", GateError::Clear),
            ("http://127.0.0.1.example.com", GateError::Clear),
            ("https://", GateError::Host),
            ("https://gate..com", GateError::Host),
            ("https://gäte.example.com", GateError::Host),
            ("https://gate.example.com:0", GateError::Host),
            ("https://gate.example.com:+1", GateError::Host),
            ("https://[::1", GateError::Host),
            ("https://a b", GateError::Host),
        ] {
            assert_eq!(text.parse::<Gate>(), Err(error), "{text}");
        }
    }

    #[test]
    fn a_gate_is_called_where_it_says() {
        for (text, parts) in [
            ("https://gate.example.com", (true, "gate.example.com".to_owned(), 443)),
            ("https://gate.example.com:8443", (true, "gate.example.com".to_owned(), 8443)),
            ("http://127.0.0.1", (false, "127.0.0.1".to_owned(), 80)),
            ("http://[::1]:81", (false, "::1".to_owned(), 81)),
            ("https://[::1]", (true, "::1".to_owned(), 443)),
        ] {
            assert_eq!(text.parse::<Gate>().unwrap().parts(), parts, "{text}");
        }
    }

    #[test]
    fn an_audience_may_name_the_gate() {
        assert_eq!(Gate::of_audience("gate.example.com"), Some(Gate("https://gate.example.com".to_owned())));
        assert_eq!(Gate::of_audience("https://gate.example.com"), Gate::of_audience("gate.example.com"));
        assert_eq!(Gate::of_audience("the gate"), None);
    }

    #[test]
    fn base_paths_are_plain() {
        for bad in ["", "/", ".tap", "/.tap/", "//", "/a//b", "/a/../b", "/a?b", "/a#b", "/a b", "/a%2fb", "/*"] {
            assert_eq!(bad.parse::<BasePath>(), Err(BasePathError), "{bad}");
        }
        assert!("/.tap".parse::<BasePath>().is_ok());
        assert!("/auth/tap".parse::<BasePath>().is_ok());
    }

    #[test]
    fn a_pass_is_found_in_its_link() {
        let gate: Gate = "https://gate.example.com".parse().unwrap();
        let link = gate.link(&"/.tap".parse().unwrap(), "a.b.c");
        assert_eq!(link, "https://gate.example.com/.tap/sign-in#pass=a.b.c");
        assert_eq!(pass_in(&link), Some("a.b.c"));
        assert_eq!(pass_in("#pass=a.b.c&x=1"), Some("a.b.c"));
        assert_eq!(pass_in("a.b.c"), Some("a.b.c"));
        assert_eq!(pass_in("https://gate.example.com/.tap/sign-in?pass=a.b.c"), None);
    }
}

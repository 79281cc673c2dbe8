//! Cookies as bytes: reading `Cookie`, taking pairs out of it, reading and writing `Set-Cookie` (RFC 6265).

use crate::headers::Header;
use crate::time::Seconds;

/// One `name=value` of a `Cookie` header, as sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) value: &'a [u8],
}

/// Every pair of every `Cookie` line, in order.
pub(crate) fn pairs<'a>(headers: &[Header<'a>]) -> impl Iterator<Item = Pair<'a>> {
    lines(headers).flat_map(pairs_of)
}

fn lines<'a>(headers: &[Header<'a>]) -> impl Iterator<Item = &'a [u8]> {
    headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(b"cookie")).map(|(_, line)| *line)
}

/// The pairs of one line; a part without `=` is a nameless cookie's value (RFC 6265bis, 5.7).
fn pairs_of(line: &[u8]) -> impl Iterator<Item = Pair<'_>> {
    let parts = line.split(|byte| *byte == b';').map(<[u8]>::trim_ascii).filter(|part| !part.is_empty());
    parts.map(|part| match split_once(part, b'=') {
        Some((name, value)) => Pair { name: name.trim_ascii(), value: value.trim_ascii() },
        None => Pair { name: b"", value: part },
    })
}

/// All `Cookie` lines as one.
pub(crate) fn one_line(headers: &[Header<'_>]) -> Vec<u8> {
    lines(headers).collect::<Vec<_>>().join(&b"; "[..])
}

/// A line again with the values that `value` gives; pairs for which it gives none are left out.
pub(crate) fn rewritten(line: &[u8], value: impl Fn(Pair<'_>) -> Option<Vec<u8>>) -> Vec<u8> {
    let mut rewritten = Vec::new();
    for pair in pairs_of(line) {
        let Some(value) = value(pair) else { continue };
        if !rewritten.is_empty() {
            rewritten.extend_from_slice(b"; ");
        }
        if !pair.name.is_empty() {
            rewritten.extend_from_slice(pair.name);
            rewritten.push(b'=');
        }
        rewritten.extend_from_slice(&value);
    }
    rewritten
}

/// A `Set-Cookie` header taken apart: attributes stay as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SetCookie<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) value: &'a [u8],
    attributes: Vec<&'a [u8]>,
}

impl<'a> SetCookie<'a> {
    pub(crate) fn parse(header: &'a [u8]) -> Self {
        let mut parts = header.split(|byte| *byte == b';');
        let first = parts.next().unwrap_or_default().trim_ascii();
        let (name, value) = split_once(first, b'=').unwrap_or((b"", first));
        Self { name: name.trim_ascii(), value: value.trim_ascii(), attributes: parts.map(<[u8]>::trim_ascii).collect() }
    }

    /// The name that comes back in `Cookie`. A nameless cookie `=name=value` comes back as if `name` were its name.
    pub(crate) fn apparent_name(&self) -> &'a [u8] {
        if self.name.is_empty() {
            split_once(self.value, b'=').map_or(self.value, |(name, _)| name).trim_ascii()
        } else {
            self.name
        }
    }

    /// The header again with another value, and without `Domain`: a confined session's cookie stays on its host (5.7).
    pub(crate) fn with_value(&self, value: &str) -> Vec<u8> {
        let mut header = [self.name, b"=", value.as_bytes()].concat();
        for attribute in &self.attributes {
            let name = split_once(attribute, b'=').map_or(*attribute, |(name, _)| name).trim_ascii();
            if !name.eq_ignore_ascii_case(b"domain") {
                header.extend_from_slice(b"; ");
                header.extend_from_slice(attribute);
            }
        }
        header
    }
}

/// Writes one of the plugin's own cookies (4.3): `Secure`, `HttpOnly`, for this host and every path of it.
pub(crate) fn own(name: &str, value: &str, keep: Seconds) -> String {
    format!("{name}={value}; Path=/; Max-Age={}; Secure; HttpOnly; SameSite=Lax", keep.get())
}

/// Takes one of the plugin's own cookies away from the browser.
pub(crate) fn cleared(name: &str) -> String {
    own(name, "", Seconds::new(0))
}

fn split_once(bytes: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let position = bytes.iter().position(|byte| *byte == at)?;
    let (before, from) = bytes.split_at_checked(position)?;
    Some((before, from.get(1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_read_from_every_line() {
        let headers: [Header<'_>; 3] = [(b"cookie", b"a=1; b = 2;;c"), (b"accept", b"d=4"), (b"Cookie", b"a=3=4")];
        let read: Vec<_> = pairs(&headers).map(|pair| (pair.name, pair.value)).collect();
        assert_eq!(read, [(&b"a"[..], &b"1"[..]), (b"b", b"2"), (b"", b"c"), (b"a", b"3=4")]);
    }

    #[test]
    fn a_set_cookie_keeps_its_attributes_but_for_the_domain() {
        let header = b"sid=abc; Path=/; DOMAIN=example.com; HttpOnly ; domain";
        let cookie = SetCookie::parse(header);
        assert_eq!((cookie.name, cookie.value), (&b"sid"[..], &b"abc"[..]));
        assert_eq!(cookie.with_value("x"), b"sid=x; Path=/; HttpOnly");
    }

    #[test]
    fn a_nameless_cookie_is_known_by_the_name_it_comes_back_with() {
        assert_eq!(SetCookie::parse(b"=__Host-tapgate=evil").apparent_name(), b"__Host-tapgate");
        assert_eq!(SetCookie::parse(b"__Host-tapgate").apparent_name(), b"__Host-tapgate");
        assert_eq!(SetCookie::parse(b" __Host-tapgate =x").apparent_name(), b"__Host-tapgate");
    }
}

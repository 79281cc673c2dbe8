//! A browser's cookies, kept as browsers keep them (RFC 6265): by host, until they end.

use std::collections::BTreeMap;

use crate::site::{Headers, values};

/// The cookies of one browser.
#[derive(Clone, Debug, Default)]
pub(crate) struct Jar(BTreeMap<(String, String), Kept>);

#[derive(Clone, Debug)]
struct Kept {
    value: String,
    until: Option<u64>,
}

/// A `set-cookie` header, as far as a case looks at it.
pub(crate) struct SetCookie<'a> {
    pub(crate) name: &'a str,
    value: &'a str,
    /// Everything behind the first `;`.
    pub(crate) attributes: &'a str,
}

impl<'a> SetCookie<'a> {
    fn parse(header: &'a str) -> Self {
        let (pair, attributes) = header.split_once(';').unwrap_or((header, ""));
        let (name, value) = pair.split_once('=').unwrap_or(("", pair));
        Self { name: name.trim(), value: value.trim(), attributes: attributes.trim() }
    }

    fn kept_for(&self) -> Option<i64> {
        let attributes = self.attributes.split(';').filter_map(|attribute| attribute.trim().split_once('='));
        attributes.filter(|(name, _)| name.eq_ignore_ascii_case("max-age")).find_map(|(_, value)| value.parse().ok())
    }

    /// Whether it takes the cookie away.
    pub(crate) fn clears(&self) -> bool {
        self.kept_for().is_some_and(|seconds| seconds <= 0)
    }
}

/// The cookies that an answer sets or clears.
pub(crate) fn set_cookies(headers: &Headers) -> impl Iterator<Item = SetCookie<'_>> {
    values(headers, "set-cookie").map(SetCookie::parse)
}

impl Jar {
    /// The cookies for a host, as one line; empty if there are none.
    pub(crate) fn line(&self, host: &str, now: u64) -> String {
        let live = self.0.iter().filter(|((of, _), kept)| of == host && kept.until.is_none_or(|until| now < until));
        live.map(|((_, name), kept)| format!("{name}={}", kept.value)).collect::<Vec<_>>().join("; ")
    }

    /// The value of a cookie.
    pub(crate) fn get(&self, host: &str, name: &str) -> Option<&str> {
        self.0.get(&(host.to_owned(), name.to_owned())).map(|kept| kept.value.as_str())
    }

    /// Does what an answer says.
    pub(crate) fn keep(&mut self, host: &str, answer: &Headers, now: u64) {
        for cookie in set_cookies(answer) {
            let key = (host.to_owned(), cookie.name.to_owned());
            if cookie.clears() {
                self.0.remove(&key);
            } else {
                let until = cookie.kept_for().map(|seconds| now.saturating_add_signed(seconds));
                self.0.insert(key, Kept { value: cookie.value.to_owned(), until });
            }
        }
    }
}

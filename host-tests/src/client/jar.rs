//! A browser's cookie jar for one site.
//!
//! It keeps to the one rule of RFC 6265bis that the product leans on: a `__Host-` cookie without its attributes is not
//! taken, as a browser would not take it.

use std::collections::BTreeMap;

/// A cookie as an answer sets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetCookie {
    /// The name.
    pub name: String,
    /// The value as it stands there.
    pub value: String,
    /// Attributes: names in lower case; those without a value have an empty one.
    pub attributes: BTreeMap<String, String>,
}

impl SetCookie {
    /// Reads the value of a `Set-Cookie` field.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut parts = text.split(';').map(|part| part.trim().split_once('=').unwrap_or((part.trim(), "")));
        let (name, value) = parts.next().unwrap_or_default();
        let attributes = parts.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        Self { name: name.to_owned(), value: value.to_owned(), attributes }
    }

    /// Whether it deletes the cookie.
    #[must_use]
    pub fn deletes(&self) -> bool {
        let age = self.attributes.get("max-age").and_then(|age| age.parse::<i64>().ok());
        age.map_or_else(|| self.attributes.get("expires").is_some_and(|date| date.contains("1970")), |age| age <= 0)
    }

    /// Whether a browser would take it.
    #[must_use]
    pub fn is_acceptable(&self) -> bool {
        let has = |name| self.attributes.contains_key(name);
        !self.name.starts_with("__Host-")
            || (has("secure") && !has("domain") && self.attributes.get("path").is_some_and(|path| path == "/"))
    }
}

/// The cookies that a browser holds.
#[derive(Clone, Debug, Default)]
pub struct Jar(BTreeMap<String, String>);

impl Jar {
    /// Does what an answer asks for.
    ///
    /// # Panics
    /// If a browser would ignore the cookie: nothing in this project may set such a one.
    pub fn take(&mut self, cookie: &SetCookie) {
        assert!(cookie.is_acceptable(), "a browser would not take {cookie:?}");
        if cookie.deletes() {
            self.0.remove(&cookie.name);
        } else {
            self.0.insert(cookie.name.clone(), cookie.value.clone());
        }
    }

    /// The value of a cookie.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Puts a cookie there by hand, as a thief or a tester does.
    pub fn put(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }

    /// Takes a cookie out by hand.
    pub fn forget(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// The value of the `Cookie` field, if there is anything to send.
    #[must_use]
    pub fn field(&self) -> Option<String> {
        let pairs: Vec<_> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jar_keeps_and_forgets() {
        let mut jar = Jar::default();
        jar.take(&SetCookie::read("a=1; Path=/; HttpOnly"));
        jar.take(&SetCookie::read("__Host-b=2; Secure; Path=/"));
        assert_eq!(jar.field().as_deref(), Some("__Host-b=2; a=1"));
        jar.take(&SetCookie::read("a=; Max-Age=0"));
        jar.take(&SetCookie::read("__Host-b=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/; Secure"));
        assert_eq!(jar.field(), None);
    }

    #[test]
    fn host_cookies_need_their_attributes() {
        for bad in [
            "__Host-a=1; Path=/",
            "__Host-a=1; Secure",
            "__Host-a=1; Secure; Path=/x",
            "__Host-a=1; Secure; Path=/; Domain=x",
        ] {
            assert!(!SetCookie::read(bad).is_acceptable(), "{bad}");
        }
    }
}

//! An answer, whole, with the questions that tests ask of one.

use std::fmt;

use hyper::header::HeaderMap;
use serde_json::Value;

use super::SetCookie;

/// How much of a body a failed test shows.
const SHOWN: usize = 2000;

/// An answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header fields in order, names in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The whole body.
    pub body: Vec<u8>,
    /// Trailer fields.
    pub trailers: Vec<(String, Vec<u8>)>,
}

/// As a person would read it.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.status)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {}", String::from_utf8_lossy(value))?;
        }
        let text = self.text();
        let shown: String = text.chars().take(SHOWN).collect();
        writeln!(f, "\n{shown}{}", if shown.len() < text.len() { "..." } else { "" })?;
        for (name, value) in &self.trailers {
            writeln!(f, "{name}: {}", String::from_utf8_lossy(value))?;
        }
        Ok(())
    }
}

impl Response {
    pub(super) fn new(status: u16, headers: &HeaderMap, body: Vec<u8>, trailers: &HeaderMap) -> Self {
        Self { status, headers: fields(headers), body, trailers: fields(trailers) }
    }

    /// The one header field of that name.
    ///
    /// # Panics
    /// If there are several, or it is not text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let all = self.all(name);
        assert!(all.len() <= 1, "several `{name}`: {all:?}");
        all.into_iter().next()
    }

    /// All header fields of that name.
    ///
    /// # Panics
    /// If one is not text.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<String> {
        let values = self.headers.iter().filter(|(known, _)| known == name);
        values.map(|(_, value)| String::from_utf8(value.clone()).expect("a header that is text")).collect()
    }

    /// The cookies that the answer sets or deletes.
    #[must_use]
    pub fn set_cookies(&self) -> Vec<SetCookie> {
        self.all("set-cookie").iter().map(|text| SetCookie::read(text)).collect()
    }

    /// The one cookie of that name that the answer sets or deletes.
    ///
    /// # Panics
    /// If it does so more than once.
    #[must_use]
    pub fn set_cookie(&self, name: &str) -> Option<SetCookie> {
        let mut all: Vec<_> = self.set_cookies().into_iter().filter(|cookie| cookie.name == name).collect();
        assert!(all.len() <= 1, "`{name}` is set several times: {all:?}");
        all.pop()
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// If it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The `reason` of a problem document.
    ///
    /// # Panics
    /// If the answer is none.
    #[must_use]
    pub fn reason(&self) -> String {
        assert_eq!(self.header("content-type").as_deref(), Some("application/problem+json"), "{}", self.text());
        self.json()["reason"].as_str().expect("a reason").to_owned()
    }
}

fn fields(map: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    map.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect()
}

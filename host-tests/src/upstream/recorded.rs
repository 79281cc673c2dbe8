//! A request as the application saw it.

use hyper::header::HeaderMap;
use hyper::http::request::Parts;

/// A request as the application saw it, byte for byte.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// The method.
    pub method: String,
    /// Path and query, or the authority of a CONNECT.
    pub target: String,
    /// Header fields in order, names in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, as far as it came.
    pub body: Vec<u8>,
    /// Trailer fields.
    pub trailers: Vec<(String, Vec<u8>)>,
    /// Whether the body came to its end. False while it is on its way, and for ever if it was aborted.
    pub complete: bool,
}

impl Recorded {
    pub(super) fn begun(head: &Parts) -> Self {
        let target = head.uri.path_and_query().map_or_else(|| head.uri.to_string(), ToString::to_string);
        Self { method: head.method.to_string(), target, headers: fields(&head.headers), ..Self::default() }
    }

    /// The one header field of that name.
    ///
    /// # Panics
    /// If there are several, or it is not text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let mut all: Vec<_> = self.headers.iter().filter(|(known, _)| known == name).collect();
        assert!(all.len() <= 1, "several `{name}` in {self:?}");
        all.pop().map(|(_, value)| String::from_utf8(value.clone()).expect("a header that is text"))
    }

    /// Whether any header or trailer field has that name.
    #[must_use]
    pub fn names(&self, name: &str) -> bool {
        self.headers.iter().chain(&self.trailers).any(|(known, _)| known == name)
    }

    /// The cookies that came with it.
    #[must_use]
    pub fn cookies(&self) -> Vec<(String, String)> {
        let fields = self.headers.iter().filter(|(name, _)| name == "cookie");
        fields
            .flat_map(|(_, value)| {
                let text = String::from_utf8_lossy(value).into_owned();
                let pairs = text.split(';').map(|pair| pair.trim().split_once('=').unwrap_or((pair.trim(), "")));
                pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>()
            })
            .collect()
    }

    /// The value of a cookie that came with it.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies().into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

pub(super) fn fields(map: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    map.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect()
}

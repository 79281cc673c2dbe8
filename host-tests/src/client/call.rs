//! One request, described before it is known who sends it and where to.
//!
//! The headers are those that Chromium sends for a navigation or a `fetch()`, because the plugin judges by them.

use hyper::header::{HeaderName, HeaderValue};
use hyper::{Method, Request};
use serde_json::Value;

use super::Protocol;
use crate::body::{Body, Boxed};

/// What Chromium accepts when it navigates.
const PAGE: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7";

/// A request to be sent.
#[derive(Clone, Debug)]
pub struct Call {
    pub(super) method: Method,
    pub(super) target: String,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Body,
    pub(super) same_origin: bool,
    protocol: Option<&'static str>,
}

impl Call {
    /// A bare request, as a program sends it: no Fetch metadata.
    ///
    /// # Panics
    /// If the method is no token.
    #[must_use]
    pub fn new(method: &str, target: &str) -> Self {
        let method = method.parse().expect("a method");
        Self {
            method,
            target: target.to_owned(),
            headers: Vec::new(),
            body: Body::Empty,
            same_origin: false,
            protocol: None,
        }
    }

    /// A bare GET.
    #[must_use]
    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    /// A bare POST.
    #[must_use]
    pub fn post(target: &str) -> Self {
        Self::new("POST", target)
    }

    /// A CONNECT, which names no path.
    #[must_use]
    pub fn connect() -> Self {
        Self::new("CONNECT", "")
    }

    /// An extended CONNECT (RFC 8441), HTTP/2's way to a WebSocket.
    #[must_use]
    pub fn extended_connect(target: &str) -> Self {
        let mut call = Self::new("CONNECT", target);
        call.protocol = Some("websocket");
        call
    }

    /// A page opened from the address bar or a bookmark.
    #[must_use]
    pub fn navigate(target: &str) -> Self {
        Self::get(target).navigation("none")
    }

    /// A form submitted by a page of the site itself.
    #[must_use]
    pub fn submit(target: &str, fields: &[(&str, &str)]) -> Self {
        let mut call = Self::post(target).navigation("same-origin").form(fields);
        call.same_origin = true;
        call
    }

    /// A `fetch()` by a page of the site itself.
    #[must_use]
    pub fn fetch(method: &str, target: &str) -> Self {
        let mut call = Self::new(method, target)
            .header("sec-fetch-site", "same-origin")
            .header("sec-fetch-mode", "cors")
            .header("sec-fetch-dest", "empty")
            .header("accept", "*/*");
        call.same_origin = method != "GET" && method != "HEAD";
        call
    }

    /// Adds a header, beside any of the same name.
    ///
    /// # Panics
    /// If it is no valid header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let value = HeaderValue::from_bytes(value.as_ref()).expect("a header value");
        self.headers.push((name.parse().expect("a header name"), value));
        self
    }

    /// Removes a header that an earlier step set.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    /// Replaces a header.
    #[must_use]
    pub fn replaced(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.without(name).header(name, value)
    }

    /// Leaves out the `Origin` that a browser would send, so that another can be set.
    #[must_use]
    pub const fn without_origin(mut self) -> Self {
        self.same_origin = false;
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// A body of form fields.
    #[must_use]
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.replaced("content-type", "application/x-www-form-urlencoded").body(Body::Whole(text.into()))
    }

    /// A body of JSON, and JSON preferred as the answer.
    #[must_use]
    pub fn json(self, value: &Value) -> Self {
        let text = value.to_string();
        self.replaced("content-type", "application/json")
            .replaced("accept", "application/json")
            .body(Body::Whole(text.into()))
    }

    fn navigation(self, site: &str) -> Self {
        self.header("upgrade-insecure-requests", "1")
            .header("accept", PAGE)
            .header("sec-fetch-site", site)
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-user", "?1")
            .header("sec-fetch-dest", "document")
            .header("accept-language", "en-GB,en;q=0.9")
    }

    /// The request as it is sent to `authority`.
    pub(crate) fn request(self, protocol: Protocol, authority: &str) -> Request<Boxed> {
        let mut request = Request::builder().method(self.method);
        if let Some(protocol) = self.protocol {
            request = request.extension(hyper::ext::Protocol::from_static(protocol));
        }
        request = match protocol {
            _ if self.target.is_empty() => request.uri(authority),
            Protocol::Http1 => request.uri(&self.target).header("host", authority),
            Protocol::Http2 => request.uri(format!("http://{authority}{}", self.target)),
        };
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        if let Some(names) = self.body.announced() {
            request = request.header("trailer", names);
        }
        request.body(self.body.boxed()).expect("a request that HTTP can express")
    }
}

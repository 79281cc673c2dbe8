//! What the application answers.

use std::time::Duration;

use hyper::Response;
use hyper::header::{HeaderName, HeaderValue};

use crate::body::{Body, Boxed};

/// An answer of the application's.
#[derive(Clone, Debug)]
pub struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Body,
    pub(super) delay: Duration,
    pub(super) hangs_up: bool,
}

impl Reply {
    /// An answer without a body.
    #[must_use]
    pub const fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Body::Empty, delay: Duration::ZERO, hangs_up: false }
    }

    /// No answer at all: the application closes the connection.
    #[must_use]
    pub fn hang_up() -> Self {
        Self { hangs_up: true, ..Self::status(500) }
    }

    /// 200 with a text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::status(200).header("content-type", "text/plain").body(Body::whole(text.into()))
    }

    /// 101: from here on the application sends back what it is sent.
    #[must_use]
    pub fn upgrade() -> Self {
        Self::status(101).header("connection", "upgrade").header("upgrade", "websocket")
    }

    /// Adds a header field.
    ///
    /// # Panics
    /// If it is no valid one.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let value = HeaderValue::from_bytes(value.as_ref()).expect("a header value");
        self.headers.push((name.parse().expect("a header name"), value));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// Lets the answer wait.
    #[must_use]
    pub const fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    pub(super) fn into_response(self) -> Response<Boxed> {
        let mut response = Response::builder().status(self.status);
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        if let Some(names) = self.body.announced() {
            response = response.header("trailer", names);
        }
        response.body(self.body.boxed()).expect("an answer that HTTP can express")
    }
}

//! One HTTP stream: what the guest may see of it, what is held, and what has gone on in either direction.

mod flow;
mod half;
mod reply;

pub(crate) use half::{Half, Hold};
pub(crate) use reply::LocalReply;

use std::collections::BTreeMap;
use std::fmt;

use crate::headers::Headers;

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Request,
    Response,
}

/// Who made the answer that the client sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// Nobody yet.
    #[default]
    Nobody,
    /// The application behind the proxy.
    Application,
    /// The guest, by a local reply.
    Guest,
    /// The proxy itself: a limit, or a dead VM.
    Proxy,
}

/// What has gone on in one direction: to the application, or to the client.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// The headers, once they have gone.
    pub headers: Option<Headers>,
    /// The body so far.
    pub body: Vec<u8>,
    /// The trailers, once they have gone.
    pub trailers: Option<Headers>,
    /// Whether its end has gone too.
    pub complete: bool,
    /// Whether it was cut off.
    pub aborted: bool,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { headers, body, trailers, complete, aborted } = self;
        f.debug_struct("Message")
            .field("headers", headers)
            .field("body", &String::from_utf8_lossy(body))
            .field("trailers", trailers)
            .field("complete", complete)
            .field("aborted", aborted)
            .finish()
    }
}

impl Message {
    /// The `:status` of an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.headers.as_ref()?.get(":status")?.parse().ok()
    }

    /// A header's first value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        self.headers.as_ref()?.get(name)
    }
}

/// What has gone on in one direction since somebody last asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// The headers, if they have gone since.
    pub headers: Option<Headers>,
    /// What has gone of the body since.
    pub body: Vec<u8>,
    /// The trailers, if they have gone since.
    pub trailers: Option<Headers>,
    /// Whether its end has gone too.
    pub complete: bool,
    /// Whether it was cut off.
    pub aborted: bool,
}

/// What can be seen of a stream from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// What the application has been sent.
    pub upstream: Message,
    /// What the client has been sent.
    pub downstream: Message,
    /// Who made the answer.
    pub origin: Origin,
    /// The answer's details, as in Envoy's `response.code_details`; empty without an answer.
    pub details: String,
    /// Whether something of the request is held.
    pub request_held: bool,
    /// Whether something of the answer is held.
    pub response_held: bool,
}

/// A stream as its VM knows it.
#[derive(Default)]
pub(crate) struct Stream {
    pub(crate) request: Half,
    pub(crate) response: Half,
    /// What the test says of the stream.
    pub(crate) properties: BTreeMap<Vec<u8>, Vec<u8>>,
    /// What the guest has set.
    pub(crate) own_properties: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(crate) origin: Origin,
    pub(crate) details: Vec<u8>,
    /// Whether the guest has given a local reply.
    pub(crate) replied: bool,
    /// Whether the guest is called at all: not if its worker skips the filter, or once its VM has died and it was refused.
    pub(crate) attached: bool,
    /// Whether its VM has died and another one has taken its place.
    pub(crate) orphaned: bool,
    /// Whether there was no VM when it was opened: it has none ever after, and can only be refused.
    pub(crate) forlorn: bool,
    /// Whether the guest is in its log callback, where the maps are back.
    pub(crate) logging: bool,
}

impl Stream {
    pub(crate) const fn half(&mut self, side: Side) -> &mut Half {
        match side {
            Side::Request => &mut self.request,
            Side::Response => &mut self.response,
        }
    }

    pub(crate) fn seen(&self) -> Exchange {
        Exchange {
            upstream: self.request.passed.clone(),
            downstream: self.response.passed.clone(),
            origin: self.origin,
            details: String::from_utf8_lossy(&self.details).into_owned(),
            request_held: self.request.is_held(),
            response_held: self.response.is_held(),
        }
    }
}

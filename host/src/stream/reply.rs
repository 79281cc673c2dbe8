//! Local replies: answers that the guest or the proxy gives in the application's place.

use super::{Hold, Message, Origin, Side};
use crate::headers::Headers;
use crate::worker::Worker;

/// An answer of the proxy's side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LocalReply {
    pub(crate) status: u32,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
    pub(crate) details: Vec<u8>,
    pub(crate) origin: Origin,
}

impl LocalReply {
    /// One of the proxy's own.
    pub(crate) fn of_the_proxy(status: u32, details: &str, body: &str) -> Self {
        Self {
            status,
            headers: Headers::new(),
            body: body.as_bytes().to_vec(),
            details: details.as_bytes().to_vec(),
            origin: Origin::Proxy,
        }
    }

    /// The headers as they go out: the status first, a length and a type if and only if there is a body.
    fn head(&self) -> Headers {
        let mut head = Headers::new().with(":status", self.status.to_string());
        for (name, value) in self.headers.iter() {
            head.add(name, value);
        }
        head.remove(b"content-length");
        if self.body.is_empty() {
            head.remove(b"content-type");
        } else {
            head.add(b"content-length", self.body.len().to_string().as_bytes());
            if head.first(b"content-type").is_none() {
                head.add(b"content-type", b"text/plain");
            }
        }
        head
    }
}

impl Worker {
    /// Answers in the application's place. Before an answer has begun the reply passes the guest's response callbacks;
    /// while one is held it goes out directly; after that the stream can only be cut.
    pub(crate) fn reply(&mut self, id: u32, reply: LocalReply) {
        let Some(stream) = self.stream(id) else { return };
        stream.request.cut();
        if stream.response.passed.headers.is_some() {
            stream.response.cut();
            return;
        }
        stream.origin = reply.origin;
        stream.details.clone_from(&reply.details);
        let head = reply.head();
        if stream.response.started {
            stream.response.cut();
            stream.response.passed =
                Message { headers: Some(head), body: reply.body, complete: true, ..Message::default() };
            return;
        }
        self.headers(id, Side::Response, head, reply.body.is_empty());
        if !reply.body.is_empty() {
            self.body(id, Side::Response, &reply.body, true);
        }
    }

    /// What held more than the limit is answered by the proxy.
    pub(crate) fn too_large(&mut self, id: u32, side: Side) {
        let reply = match side {
            Side::Request => LocalReply::of_the_proxy(413, "request_payload_too_large", "Payload Too Large"),
            Side::Response => LocalReply::of_the_proxy(500, "response_payload_too_large", "Internal Server Error"),
        };
        self.reply(id, reply);
    }

    /// Goes on with one direction that the guest had paused.
    pub(crate) fn resume(&mut self, id: u32, side: Side) {
        let Some(half) = self.half(id, side) else { return };
        if half.closed {
            return;
        }
        half.shut_maps();
        match std::mem::take(&mut half.hold) {
            Hold::None => self.misuse(crate::Misuse::ResumeWithoutPause),
            Hold::Headers | Hold::Body | Hold::Trailers => half.pass(),
            Hold::All => {
                half.pass_headers();
                let ends_in_body = half.ended && !half.bodiless && half.trailers.is_none();
                let has_trailers = half.trailers.is_some();
                if !half.held.is_empty() || ends_in_body {
                    self.show_body(id, side, ends_in_body);
                }
                if has_trailers {
                    self.show_trailers(id, side);
                }
            }
        }
    }
}

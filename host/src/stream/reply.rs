//! Local replies: answers that the guest or the proxy gives in the application's place.

use super::{Hold, Message, Origin, Side};
use crate::headers::{Headers, Inline};
use crate::process::Misuse;
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
        for (name, value) in self.headers.iter().filter(|(name, _)| *name != b":status") {
            head.join(Inline::Response, name, value);
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
        if stream.response.passed.complete {
            self.misuse(Misuse::Fatal("proxy_send_local_response"));
            return;
        }
        stream.request.cut();
        if stream.response.passed.headers.is_some() {
            stream.response.cut();
            return;
        }
        stream.origin = reply.origin;
        stream.details.clone_from(&reply.details);
        let head = reply.head();
        let asked_for_head =
            stream.request.headers.as_ref().and_then(|headers| headers.first(b":method")) == Some(b"HEAD");
        let body = if asked_for_head { Vec::new() } else { reply.body };
        if stream.response.started {
            stream.response.cut();
            stream.response.headers = Some(head.clone());
            stream.response.passed = Message { headers: Some(head), body, complete: true, ..Message::default() };
            return;
        }
        self.headers(id, Side::Response, head, body.is_empty());
        if !body.is_empty() {
            self.reply_body(id, &body);
        }
    }

    /// A reply's body passes the response callbacks, even if a second reply has taken the first one's place: unless that was
    /// outside the request's callbacks.
    fn reply_body(&mut self, id: u32, body: &[u8]) {
        let Some(half) = self.half(id, Side::Response) else { return };
        if !half.closed {
            self.body(id, Side::Response, body, true);
            return;
        }
        if !self.is_decoding() {
            return;
        }
        let Some(half) = self.half(id, Side::Response) else { return };
        half.held = body.to_vec();
        half.body_open = true;
        let size = u32::try_from(body.len()).unwrap_or(u32::MAX);
        self.ask(id, "proxy_on_response_body", &[id, size, 1]);
        if let Some(half) = self.half(id, Side::Response) {
            half.held.clear();
            half.body_open = false;
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

    /// Goes on with one direction that the guest had paused. In a callback of its headers they go on at once, whatever the
    /// callback then returns.
    pub(crate) fn resume(&mut self, id: u32, side: Side) {
        let Some(half) = self.half(id, side) else { return };
        if half.closed {
            return;
        }
        let started = half.started;
        match std::mem::take(&mut half.hold) {
            Hold::None => {
                half.pass_headers();
                self.misuse(if started { Misuse::ResumeWithoutPause } else { Misuse::Fatal("proxy_continue_stream") });
            }
            Hold::Headers | Hold::Body | Hold::Trailers if half.slowed => self.speed_up(id, side),
            Hold::Headers | Hold::Body | Hold::Trailers => half.pass(),
            Hold::All => {
                half.pass_headers();
                let has_trailers = half.has_unseen_trailers();
                let ends_in_body = half.ended && !half.bodiless && half.trailers.is_none();
                if !half.held.is_empty() || ends_in_body {
                    half.hold = Hold::All;
                    self.show_body(id, side, ends_in_body);
                }
                if has_trailers {
                    self.show_trailers(id, side);
                }
            }
        }
    }

    /// A sender that was slowed down sends the rest.
    fn speed_up(&mut self, id: u32, side: Side) {
        let Some(half) = self.half(id, side) else { return };
        half.slowed = false;
        let ended = std::mem::take(&mut half.ended);
        half.pass();
        half.ended = ended;
        let rest = std::mem::take(&mut half.unsent);
        let has_trailers = half.has_unseen_trailers();
        let ends_in_body = ended && half.trailers.is_none();
        if !rest.is_empty() || ends_in_body {
            self.body(id, side, &rest, ends_in_body);
        }
        if has_trailers {
            self.show_trailers(id, side);
        }
    }
}

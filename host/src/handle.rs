//! A stream in a test's hands: what peers do goes in, what peers see comes out.

use crate::error::HostError;
use crate::headers::Headers;
use crate::host::StreamId;
use crate::stream::{Exchange, LocalReply, News, Origin, Side, Stream};
use crate::worker::Worker;

/// An open stream.
pub struct StreamHandle<'h> {
    pub(crate) worker: &'h mut Worker,
    pub(crate) id: StreamId,
}

impl StreamHandle<'_> {
    /// Its name, to come back by with [`Host::at`](crate::Host::at).
    #[must_use]
    pub const fn id(&self) -> StreamId {
        self.id
    }

    /// Gives the stream a property, by the segments of its path.
    ///
    /// # Errors
    /// If the stream is closed.
    pub fn property(&mut self, path: &[&str], value: impl Into<Vec<u8>>) -> Result<&mut Self, HostError> {
        self.stream()?.properties.insert(path.join("\0").into_bytes(), value.into());
        Ok(self)
    }

    /// The client sends headers; `end` if nothing follows.
    ///
    /// # Errors
    /// If it has sent some.
    pub fn request_headers(&mut self, headers: Headers, end: bool) -> Result<&mut Self, HostError> {
        if self.stream()?.request.started {
            return Err(HostError::OutOfOrder("the request has begun"));
        }
        if self.worker.refuses_stream(self.id.context) {
            self.stream()?.request.started = true;
            self.worker.refuse(self.id.context);
        } else {
            self.worker.headers(self.id.context, Side::Request, headers, end);
        }
        Ok(self)
    }

    /// The client sends a part of the body; `end` if nothing follows. What comes after an answer is thrown away.
    ///
    /// # Errors
    /// If there were no headers, or the request has ended.
    pub fn request_body(&mut self, bytes: impl AsRef<[u8]>, end: bool) -> Result<&mut Self, HostError> {
        self.runs(Side::Request)?;
        self.worker.body(self.id.context, Side::Request, bytes.as_ref(), end);
        Ok(self)
    }

    /// The client sends trailers, which end the request.
    ///
    /// # Errors
    /// If there were no headers, or the request has ended.
    pub fn request_trailers(&mut self, trailers: Headers) -> Result<&mut Self, HostError> {
        self.runs(Side::Request)?;
        self.worker.trailers(self.id.context, Side::Request, trailers);
        Ok(self)
    }

    /// The application sends headers; `end` if nothing follows.
    ///
    /// # Errors
    /// If it has not seen the request, or an answer has begun.
    pub fn response_headers(&mut self, headers: Headers, end: bool) -> Result<&mut Self, HostError> {
        let stream = self.stream()?;
        if stream.request.passed.headers.is_none() {
            return Err(HostError::OutOfOrder("the application has not seen the request"));
        }
        if stream.response.started || stream.request.closed {
            return Err(HostError::OutOfOrder("the answer has begun"));
        }
        stream.origin = Origin::Application;
        stream.details = b"via_upstream".to_vec();
        self.worker.headers(self.id.context, Side::Response, headers, end);
        Ok(self)
    }

    /// The proxy answers in the application's place, as when it cannot reach it. The answer has no body and passes the
    /// guest's response callbacks, with `details` as its `response.code_details`.
    ///
    /// # Errors
    /// If an answer has begun.
    pub fn proxy_answer(&mut self, status: u16, headers: Headers, details: &str) -> Result<&mut Self, HostError> {
        if self.stream()?.response.started {
            return Err(HostError::OutOfOrder("the answer has begun"));
        }
        let reply = LocalReply { headers, ..LocalReply::of_the_proxy(status.into(), details, "") };
        self.worker.reply(self.id.context, reply);
        Ok(self)
    }

    /// The application sends a part of the body; `end` if nothing follows.
    ///
    /// # Errors
    /// If its answer has not begun, or has ended.
    pub fn response_body(&mut self, bytes: impl AsRef<[u8]>, end: bool) -> Result<&mut Self, HostError> {
        self.runs(Side::Response)?;
        self.worker.body(self.id.context, Side::Response, bytes.as_ref(), end);
        Ok(self)
    }

    /// The application sends trailers, which end its answer.
    ///
    /// # Errors
    /// If its answer has not begun, or has ended.
    pub fn response_trailers(&mut self, trailers: Headers) -> Result<&mut Self, HostError> {
        self.runs(Side::Response)?;
        self.worker.trailers(self.id.context, Side::Response, trailers);
        Ok(self)
    }

    /// What can be seen of the stream from outside.
    ///
    /// # Errors
    /// If the stream is closed.
    pub fn seen(&mut self) -> Result<Exchange, HostError> {
        self.stream().map(|stream| stream.seen())
    }

    /// What has gone on to the application since the last time: for an embedder that passes it on as it comes.
    ///
    /// # Errors
    /// If the stream is closed.
    pub fn take_upstream(&mut self) -> Result<News, HostError> {
        self.stream().map(|stream| stream.request.news())
    }

    /// What has gone on to the client since the last time, likewise.
    ///
    /// # Errors
    /// If the stream is closed.
    pub fn take_downstream(&mut self) -> Result<News, HostError> {
        self.stream().map(|stream| stream.response.news())
    }

    /// Ends the stream, as its last byte or a lost connection does: what has no end yet is cut off, the guest logs and
    /// forgets it.
    ///
    /// # Errors
    /// If it is closed already.
    pub fn close(self) -> Result<Exchange, HostError> {
        let stream = self.worker.stream(self.id.context).ok_or(HostError::NoStream)?;
        for side in [Side::Request, Side::Response] {
            if !stream.half(side).passed.complete {
                stream.half(side).cut();
            }
        }
        self.worker.close(self.id.context).map(|stream| stream.seen()).ok_or(HostError::NoStream)
    }

    fn stream(&mut self) -> Result<&mut Stream, HostError> {
        self.worker.stream(self.id.context).ok_or(HostError::NoStream)
    }

    /// Checks that a direction has begun and not ended.
    fn runs(&mut self, side: Side) -> Result<(), HostError> {
        let half = self.stream()?.half(side);
        if !half.started {
            return Err(HostError::OutOfOrder("there were no headers"));
        }
        if half.ended {
            return Err(HostError::OutOfOrder("the message has ended"));
        }
        Ok(())
    }
}

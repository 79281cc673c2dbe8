//! How a message moves: each part is shown to the guest, whose answer lets it go on or holds it.
//!
//! Follows Envoy: a pause in headers stops everything unless `allow_on_headers_stop_iteration` is set; a pause in the body
//! buffers it up to a limit; with trailers the body never ends in its own callback; continuing in trailers releases all.

use super::{Hold, Side};
use crate::headers::Headers;
use crate::worker::Worker;

/// What the guest said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Continue,
    Pause,
}

impl Worker {
    /// Headers have come.
    pub(crate) fn headers(&mut self, id: u32, side: Side, headers: Headers, end: bool) {
        let Some(half) = self.half(id, side) else { return };
        if half.closed {
            return;
        }
        let count = headers.len();
        (half.started, half.ended, half.bodiless, half.headers_open) = (true, end, end, true);
        half.headers = Some(headers);
        let callback = match side {
            Side::Request => "proxy_on_request_headers",
            Side::Response => "proxy_on_response_headers",
        };
        let action = self.ask(id, callback, &[id, size(count), u32::from(end)]);
        let on_pause = if self.config().headers_stop_iteration { Hold::Headers } else { Hold::All };
        let Some(half) = self.half(id, side) else { return };
        match action {
            _ if half.closed => {}
            Action::Continue => half.pass(),
            Action::Pause => half.hold = on_pause,
        }
    }

    /// A part of the body has come, or its end.
    pub(crate) fn body(&mut self, id: u32, side: Side, bytes: &[u8], end: bool) {
        let limit = self.config().buffer_limit;
        let Some(half) = self.half(id, side) else { return };
        if half.closed {
            return;
        }
        half.ended = end;
        half.held.extend_from_slice(bytes);
        match half.hold {
            // The sender is slowed down instead of refused.
            Hold::All => {}
            Hold::Body if half.held.len() > limit => self.too_large(id, side),
            Hold::None | Hold::Headers | Hold::Body | Hold::Trailers => self.show_body(id, side, end),
        }
    }

    /// Trailers have come, which end the message.
    pub(crate) fn trailers(&mut self, id: u32, side: Side, trailers: Headers) {
        let Some(half) = self.half(id, side) else { return };
        if half.closed {
            return;
        }
        half.ended = true;
        half.trailers = Some(trailers);
        if half.hold != Hold::All {
            self.show_trailers(id, side);
        }
    }

    pub(super) fn show_body(&mut self, id: u32, side: Side, end: bool) {
        let limit = self.config().buffer_limit;
        let Some(half) = self.half(id, side) else { return };
        half.body_open = true;
        let count = half.held.len();
        let callback = match side {
            Side::Request => "proxy_on_request_body",
            Side::Response => "proxy_on_response_body",
        };
        let action = self.ask(id, callback, &[id, size(count), u32::from(end)]);
        let Some(half) = self.half(id, side) else { return };
        half.body_open = false;
        match action {
            _ if half.closed => {}
            Action::Continue => {
                half.hold = Hold::None;
                half.pass();
            }
            Action::Pause => {
                half.hold = Hold::Body;
                if half.held.len() > limit {
                    self.too_large(id, side);
                }
            }
        }
    }

    pub(super) fn show_trailers(&mut self, id: u32, side: Side) {
        let Some(half) = self.half(id, side) else { return };
        if half.closed {
            return;
        }
        (half.trailers_shown, half.trailers_open) = (true, true);
        let count = half.trailers.as_ref().map_or(0, Headers::len);
        let callback = match side {
            Side::Request => "proxy_on_request_trailers",
            Side::Response => "proxy_on_response_trailers",
        };
        let action = self.ask(id, callback, &[id, size(count)]);
        let Some(half) = self.half(id, side) else { return };
        match action {
            _ if half.closed => {}
            Action::Continue => {
                half.hold = Hold::None;
                half.pass();
            }
            Action::Pause => half.hold = Hold::Trailers,
        }
    }

    /// Asks the guest. One that is not attached, has no such export or has just died lets go on: what a death means for
    /// the stream has been decided by then.
    fn ask(&mut self, id: u32, callback: &'static str, arguments: &[u32]) -> Action {
        let attached = self.stream(id).is_some_and(|stream| stream.attached);
        let answer = if attached { self.run(id, callback, arguments) } else { None };
        if answer.unwrap_or(0) == 0 { Action::Continue } else { Action::Pause }
    }
}

/// A count as the ABI hands it over.
fn size(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

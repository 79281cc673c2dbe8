//! How a message moves: each part is shown to the guest, whose answer lets it go on or holds it.
//!
//! Follows Envoy: a pause in headers stops everything unless `allow_on_headers_stop_iteration` is set; a pause in the body
//! buffers it up to a limit; with trailers the body never ends in its own callback; continuing in trailers releases all.

use super::{Hold, Side};
use crate::headers::{Headers, Inline};
use crate::worker::Worker;

/// What the guest said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
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
        (half.started, half.ended, half.bodiless, half.headers_open) = (true, end, end, true);
        half.headers = Some(headers.combined(match side {
            Side::Request => Inline::Request,
            Side::Response => Inline::Response,
        }));
        let count = half.headers.as_ref().map_or(0, Headers::len);
        let callback = match side {
            Side::Request => "proxy_on_request_headers",
            Side::Response => "proxy_on_response_headers",
        };
        let action = self.ask(id, callback, &[id, size(count), u32::from(end)]);
        let on_pause = if self.config().headers_stop_iteration { Hold::Headers } else { Hold::All };
        let Some(half) = self.half(id, side) else { return };
        match action {
            _ if half.closed => {}
            Action::Continue => {
                half.headers_open = false;
                half.pass();
            }
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
        if half.slowed {
            half.unsent.extend_from_slice(bytes);
            return;
        }
        half.held.extend_from_slice(bytes);
        let too_much = half.hold == Hold::Body && half.held.len() > limit;
        match (half.hold, side) {
            // The sender is slowed down instead of refused.
            (Hold::All, _) => {}
            // The guest is asked about an answer no more, about a request once more, and in vain.
            (_, Side::Response) if too_much => self.too_large(id, side),
            (_, Side::Request) if too_much => {
                half.closed = true;
                self.show_body(id, side, end);
                self.too_large(id, side);
            }
            _ => self.show_body(id, side, end),
        }
    }

    /// Trailers have come, which end the message.
    pub(crate) fn trailers(&mut self, id: u32, side: Side, trailers: Headers) {
        let Some(half) = self.half(id, side) else { return };
        if half.closed {
            return;
        }
        half.ended = true;
        half.trailers = Some(trailers.combined(match side {
            Side::Request => Inline::RequestTrailers,
            Side::Response => Inline::ResponseTrailers,
        }));
        if half.hold != Hold::All && !half.slowed {
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
                let all_was_stopped = std::mem::replace(&mut half.hold, Hold::Body) == Hold::All;
                match half.held.len() > limit {
                    true if all_was_stopped => half.slowed = true,
                    true => self.too_large(id, side),
                    false => {}
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
                (half.hold, half.trailers_open) = (Hold::None, false);
                half.pass();
            }
            Action::Pause => half.hold = Hold::Trailers,
        }
    }

    /// Asks the guest. One that is not attached or has no such export lets go on; one that has died, now or long ago, has its
    /// stream refused.
    pub(super) fn ask(&mut self, id: u32, callback: &'static str, arguments: &[u32]) -> Action {
        let attached = self.stream(id).is_some_and(|stream| stream.attached && !stream.orphaned);
        let answer = if attached { self.run(id, callback, arguments) } else { None };
        self.refuse_if_dead(id);
        if answer.unwrap_or(0) == 0 { Action::Continue } else { Action::Pause }
    }
}

/// A count as the ABI hands it over.
fn size(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

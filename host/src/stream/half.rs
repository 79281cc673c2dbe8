//! One direction of a stream: what has come, what of it is held, what has gone on.

use super::{Message, News};
use crate::headers::Headers;

/// What a pause has stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Hold {
    /// Nothing.
    #[default]
    None,
    /// The headers; body and trailers still reach the guest (`allow_on_headers_stop_iteration`).
    Headers,
    /// Headers if not gone yet, and the body, which grows as it comes; the guest sees all of it in each callback.
    Body,
    /// The trailers and all that is before them.
    Trailers,
    /// Everything: nothing more reaches the guest until it resumes.
    All,
}

/// One direction.
#[derive(Default)]
pub(crate) struct Half {
    pub(crate) headers: Option<Headers>,
    pub(crate) held: Vec<u8>,
    pub(crate) trailers: Option<Headers>,
    pub(crate) hold: Hold,
    /// Whether headers have come.
    pub(crate) started: bool,
    /// Whether the sender has sent its end.
    pub(crate) ended: bool,
    /// Whether that end was in the headers.
    pub(crate) bodiless: bool,
    /// Whether the guest has been shown the trailers.
    pub(crate) trailers_shown: bool,
    /// Whether the guest may use the header map. It may for a while after the headers have gone; changes then reach nobody.
    pub(crate) headers_open: bool,
    /// Whether the guest may use the trailer map.
    pub(crate) trailers_open: bool,
    /// Whether the guest is in a body callback.
    pub(crate) body_open: bool,
    /// Whether the sender is slowed down: more than the limit is held that came while all was stopped.
    pub(crate) slowed: bool,
    /// What a sender that is slowed down has yet to send.
    pub(crate) unsent: Vec<u8>,
    /// Whether nothing more of it goes on and no callback comes.
    pub(crate) closed: bool,
    pub(crate) passed: Message,
    /// Whether somebody has been told of the headers, and of the trailers.
    told: (bool, bool),
}

impl Half {
    /// Lets everything that is held go on.
    pub(crate) fn pass(&mut self) {
        self.pass_headers();
        self.passed.body.append(&mut self.held);
        if self.trailers_shown && self.passed.trailers.is_none() {
            self.passed.trailers.clone_from(&self.trailers);
        }
        self.passed.complete = self.ended && (self.trailers.is_none() || self.trailers_shown);
    }

    /// Lets the headers go on, as they are now.
    pub(crate) fn pass_headers(&mut self) {
        if self.passed.headers.is_none() && self.headers.is_some() {
            self.passed.headers.clone_from(&self.headers);
            self.passed.complete = self.bodiless;
        }
    }

    /// Whether there are trailers that the guest has yet to be shown.
    pub(crate) const fn has_unseen_trailers(&self) -> bool {
        self.trailers.is_some() && !self.trailers_shown
    }

    /// Takes the maps away from the guest.
    pub(crate) const fn shut_maps(&mut self) {
        self.headers_open = false;
        self.trailers_open = false;
    }

    /// Whether the guest can use the body: in its callback, or while it is held for it.
    pub(crate) const fn shows_body(&self) -> bool {
        self.body_open || matches!(self.hold, Hold::Body | Hold::Trailers)
    }

    /// What has gone on since the last time. What is told of the body is not kept.
    pub(crate) fn news(&mut self) -> News {
        let passed = &mut self.passed;
        let headers = passed.headers.clone().filter(|_| !self.told.0);
        let trailers = passed.trailers.clone().filter(|_| !self.told.1);
        self.told = (passed.headers.is_some(), passed.trailers.is_some());
        let body = std::mem::take(&mut passed.body);
        News { headers, body, trailers, complete: passed.complete, aborted: passed.aborted }
    }

    pub(crate) fn is_held(&self) -> bool {
        !self.closed && self.hold != Hold::None
    }

    /// Ends it: nothing more goes on. What has begun to and has no end is cut off.
    pub(crate) fn cut(&mut self) {
        self.closed = true;
        self.shut_maps();
        self.held.clear();
        self.passed.aborted |= self.passed.headers.is_some() && !self.passed.complete;
    }
}

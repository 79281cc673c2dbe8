//! The request's way: its headers judged, its body decided, each perhaps in several turns.

use proxy_wasm::types::Action;
use tapgate_core::decide::{AwaitBody, Decision, Head, MOST_BODY};

use super::{Answer, Filter, Phase};
use crate::host::{self, Buffer, Map, Side};
use crate::pursue::Progress;

/// What of a request had come when its headers were judged. More than the headers only where they were held for the ledger
/// on a proxy that shows the rest all the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrived {
    /// Its headers, which are all of it.
    Everything,
    /// Its headers.
    Headers,
    /// A part of its body too.
    PartOfBody,
    /// All of its body too.
    Body,
}

impl Filter {
    /// The headers have been judged, or wait.
    pub(super) fn judged(&mut self, progress: Option<Progress<Head>>, arrived: Arrived) -> Action {
        match progress {
            Some(Progress::Done(Head::Body(body))) => {
                if host::edit(Map::RequestHeaders, body.edits()).is_err() {
                    return self.refuse();
                }
                if arrived == Arrived::Everything {
                    return self.body_is_complete(body, b"");
                }
                self.phase = Phase::Body(body);
                match arrived {
                    Arrived::Everything | Arrived::Headers => Action::Continue,
                    // What has come of the body would go on with the headers: all of it waits for its end.
                    Arrived::PartOfBody => Action::Pause,
                    Arrived::Body => self.held_body_is_complete(),
                }
            }
            Some(Progress::Done(Head::Decided(decision))) => self.carry_out(Some(decision)),
            Some(Progress::Waits(waiting)) => {
                self.phase = Phase::Judging(waiting, arrived);
                Action::Pause
            }
            None => self.refuse(),
        }
    }

    /// Decides by the body that is held.
    fn body_is_complete(&mut self, body: Box<AwaitBody>, bytes: &[u8]) -> Action {
        let progress = self.pursue(|context| body.complete(bytes, context));
        self.decided(progress)
    }

    /// The body has been decided, or waits.
    fn decided(&mut self, progress: Option<Progress<Decision>>) -> Action {
        match progress {
            Some(Progress::Done(decision)) => self.carry_out(Some(decision)),
            Some(Progress::Waits(waiting)) => {
                self.phase = Phase::Deciding(waiting);
                Action::Pause
            }
            None => self.refuse(),
        }
    }

    /// Decides by all of the body, which the proxy holds.
    pub(super) fn held_body_is_complete(&mut self) -> Action {
        // One byte over the limit is enough to know that it is over.
        let Ok(bytes) = host::buffer(Buffer::RequestBody, MOST_BODY.saturating_add(1)) else { return self.refuse() };
        match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Body(body) => self.body_is_complete(body, &bytes),
            Phase::Answered(stream, body) if body.may_go_on(&bytes) => {
                self.phase = Phase::Forwarded(stream);
                Action::Continue
            }
            other => {
                // A pass that nobody can be let in with any more goes nowhere.
                self.phase = other;
                Action::Pause
            }
        }
    }

    /// More has come than any pass takes.
    pub(super) fn body_is_too_large(&mut self) -> Action {
        match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Body(body) => {
                let decision = self.ask(|context| body.too_large(context));
                self.carry_out(decision)
            }
            Phase::Answered(stream, _) => {
                self.phase = Phase::Forwarded(stream);
                Action::Continue
            }
            other => {
                self.phase = other;
                Action::Pause
            }
        }
    }

    /// A call has come back that the request may have waited for. One that nobody waits for any more changes nothing.
    pub(super) fn request_was_heard(&mut self, call: u32, headers: usize) {
        let action = match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Judging(waiting, arrived) if waiting.call() == call => {
                let progress = self.hear(*waiting, headers);
                self.judged(progress, arrived)
            }
            Phase::Deciding(waiting) if waiting.call() == call => {
                let progress = self.hear(*waiting, headers);
                self.decided(progress)
            }
            other => {
                self.phase = other;
                return;
            }
        };
        if action == Action::Continue {
            let early = matches!(std::mem::replace(&mut self.answer, Answer::Passing), Answer::Early);
            let answer = if early { self.judge_answer(true) } else { Action::Pause };
            self.resume(Side::Request);
            if answer == Action::Continue {
                self.resume(Side::Response);
            }
        }
    }
}

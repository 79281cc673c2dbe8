//! One stream through its phases: asks the gate, carries its answer out.
//!
//! Needs no `allow_on_headers_stop_iteration` and is safe with it: a request whose body may hold a pass goes on in its
//! headers and is held in its body, decided at the body's end or at the trailers. Once the plugin has answered, nothing
//! more of the request goes on.
//!
//! A rule may have to wait for a ledger that is a call away. Until that has come back nothing goes on in that direction,
//! whatever part of the message comes meanwhile; then the decision is carried out and what was paused is resumed, once.

mod request;
mod response;

use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;
use tapgate_core::audit::AuditEvent;
use tapgate_core::context::Context as RuleContext;
use tapgate_core::decide::{AwaitBody, Decision, Gate, Head, MOST_BODY, ResponseDecision, Stream, Verdict};
use tapgate_core::headers::HeaderEdits;
use tapgate_core::ledger::Step;
use tapgate_core::request::RequestView;

use self::request::Arrived;
use crate::host::{self, HostRandom, Map, Side};
use crate::pursue::{Progress, Waiting};
use crate::worker::Worker;

/// One stream.
pub(crate) struct Filter {
    gate: Option<Rc<Gate>>,
    worker: Worker,
    phase: Phase,
    answer: Answer,
    /// For the log: while the body and the answer pass by, the request's headers are gone.
    request_id: Vec<u8>,
}

/// How far the stream has come.
enum Phase {
    /// Nothing seen, or nothing to do.
    Idle,
    /// The request's headers wait for the ledger.
    Judging(Box<Waiting<Head>>, Arrived),
    /// The request's body may hold a pass.
    Body(Box<AwaitBody>),
    /// The request's body holds one, and waits for the ledger.
    Deciding(Box<Waiting<Decision>>),
    /// The request has gone on.
    Forwarded(Stream),
    /// The request has gone on in its headers and been answered, but its body may hold a pass.
    Answered(Stream, Box<AwaitBody>),
    /// Somebody has answered in the application's place.
    Replied,
}

/// What holds the application's answer.
enum Answer {
    /// Nothing.
    Passing,
    /// It came before the request was decided.
    Early,
    /// It waits for the ledger.
    Judging(Box<Waiting<ResponseDecision>>),
}

impl Filter {
    pub(crate) fn new(gate: Option<Rc<Gate>>, worker: Worker) -> Self {
        Self { gate, worker, phase: Phase::Idle, answer: Answer::Passing, request_id: Vec::new() }
    }

    /// Asks the rules something, with the time and randomness of this moment.
    fn ask<D>(&self, question: impl FnOnce(&mut RuleContext<'_>) -> D) -> Option<D> {
        let now = host::now().ok()?;
        Some(question(&mut RuleContext { now, random: &mut HostRandom }))
    }

    /// Asks the rules something, and the ledger for them.
    fn pursue<D>(&self, question: impl FnOnce(&mut RuleContext<'_>) -> Step<D>) -> Option<Progress<D>> {
        self.ask(|context| {
            let step = question(context);
            self.worker.pursue(step, context)
        })
    }

    /// Goes on with what a call came back with.
    fn hear<D>(&self, waiting: Waiting<D>, headers: usize) -> Option<Progress<D>> {
        let answer = host::answer(headers, waiting.most_answer());
        self.ask(|context| self.worker.hear(waiting, answer.as_ref(), context))
    }

    fn carry_out(&mut self, decision: Option<Decision>) -> Action {
        let Some(decision) = decision else { return self.refuse() };
        self.report(&decision.audit);
        match decision.verdict {
            Verdict::Reply(reply) => {
                if host::reply(&reply).is_err() {
                    return self.refuse();
                }
                (self.phase, self.answer) = (Phase::Replied, Answer::Passing);
                Action::Pause
            }
            Verdict::Forward(forward) => {
                if host::edit(Map::RequestHeaders, &forward.edits).is_err() {
                    return self.refuse();
                }
                self.phase = Phase::Forwarded(forward.stream);
                Action::Continue
            }
        }
    }

    /// Answers with an internal error, audited. If even that fails the stream stays held: it never goes on.
    fn refuse(&mut self) -> Action {
        if matches!(self.phase, Phase::Replied) {
            return Action::Pause;
        }
        (self.phase, self.answer) = (Phase::Replied, Answer::Passing);
        let decision = Decision::internal_error(host::now().unwrap_or_default());
        self.report(&decision.audit);
        if let Verdict::Reply(reply) = decision.verdict {
            let _ = host::reply(&reply);
        }
        Action::Pause
    }

    /// Makes edits that a message must not go on without.
    fn edit(&mut self, map: Map, edits: &HeaderEdits) -> Action {
        if host::edit(map, edits).is_err() { self.refuse() } else { Action::Continue }
    }

    /// Whether the stream belongs to a session, or may yet turn out to.
    fn is_confined(&self) -> bool {
        match &self.phase {
            Phase::Forwarded(stream) | Phase::Answered(stream, _) => stream.has_session(),
            Phase::Idle | Phase::Judging(..) | Phase::Body(_) | Phase::Deciding(_) | Phase::Replied => true,
        }
    }

    fn report(&self, events: &[AuditEvent]) {
        self.worker.report(events, &self.request_id);
    }

    /// The stream ends while it waits for the ledger or the directory, whose answer nobody will hear any more: what would have been answered is
    /// told all the same, for it may have been done. Of a session that was only to be checked there is nothing to tell.
    fn abandon(&mut self) {
        let audit = match std::mem::replace(&mut self.phase, Phase::Replied) {
            Phase::Judging(waiting, _) if !waiting.only_checks() => {
                match self.ask(|context| waiting.abandon(context)) {
                    Some(Some(Head::Decided(decision))) => decision.audit,
                    _ => Vec::new(),
                }
            }
            Phase::Deciding(waiting) => {
                let decision = self.ask(|context| waiting.abandon(context)).flatten();
                decision.map(|decision| decision.audit).unwrap_or_default()
            }
            _ => Vec::new(),
        };
        self.report(&audit);
        if let Answer::Judging(waiting) = std::mem::replace(&mut self.answer, Answer::Passing) {
            let decision = self.ask(|context| waiting.abandon(context)).flatten();
            self.report(&decision.map(|decision| decision.audit).unwrap_or_default());
        }
    }

    /// Lets a direction go on that has been held. If that fails it stays held, and is answered.
    fn resume(&mut self, side: Side) {
        if host::resume(side).is_err() {
            self.refuse();
        }
    }
}

impl Context for Filter {
    /// A call of this stream has come back: not if the stream has ended since.
    fn on_http_call_response(&mut self, call: u32, headers: usize, _size: usize, _trailers: usize) {
        match std::mem::replace(&mut self.answer, Answer::Passing) {
            Answer::Judging(waiting) if waiting.call() == call => return self.answer_was_heard(*waiting, headers),
            other => self.answer = other,
        }
        self.request_was_heard(call, headers);
    }
}

impl HttpContext for Filter {
    fn on_http_request_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        let (Some(gate), Ok(headers)) = (self.gate.clone(), host::headers(Map::RequestHeaders)) else {
            return self.refuse();
        };
        let pairs = headers.pairs();
        let request = RequestView::new(&pairs).with_metadata(host::metadata);
        self.request_id = request.field("x-request-id").one().unwrap_or_default().to_vec();
        let progress = self.pursue(|context| gate.request(&request, context));
        self.judged(progress, if end_of_stream { Arrived::Everything } else { Arrived::Headers })
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        match &mut self.phase {
            Phase::Idle | Phase::Forwarded(_) => return Action::Continue,
            Phase::Replied | Phase::Deciding(_) => return Action::Pause,
            Phase::Judging(_, arrived) => {
                *arrived = if end_of_stream { Arrived::Body } else { Arrived::PartOfBody };
                return Action::Pause;
            }
            Phase::Body(_) | Phase::Answered(..) if size > MOST_BODY => {}
            Phase::Body(_) | Phase::Answered(..) if end_of_stream => return self.held_body_is_complete(),
            Phase::Body(_) | Phase::Answered(..) => return Action::Pause,
        }
        self.body_is_too_large()
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> Action {
        let (Some(gate), Ok(trailers)) = (self.gate.clone(), host::headers(Map::RequestTrailers)) else {
            return self.refuse();
        };
        let edits = gate.request_trailers(&trailers.pairs(), self.is_confined());
        if self.edit(Map::RequestTrailers, &edits) == Action::Pause {
            return Action::Pause;
        }
        match &mut self.phase {
            Phase::Idle | Phase::Forwarded(_) => Action::Continue,
            Phase::Replied | Phase::Deciding(_) => Action::Pause,
            Phase::Judging(_, arrived) => {
                *arrived = Arrived::Body;
                Action::Pause
            }
            // With trailers the body never ends in its own callback: this is its end.
            Phase::Body(_) | Phase::Answered(..) => self.held_body_is_complete(),
        }
    }

    fn on_log(&mut self) {
        self.abandon();
    }

    fn on_http_response_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        self.answer_begins()
    }

    fn on_http_response_body(&mut self, _size: usize, _end_of_stream: bool) -> Action {
        match self.answer {
            Answer::Passing => Action::Continue,
            Answer::Early | Answer::Judging(_) => Action::Pause,
        }
    }

    fn on_http_response_trailers(&mut self, _count: usize) -> Action {
        if matches!(self.phase, Phase::Replied) {
            return Action::Continue;
        }
        let Ok(trailers) = host::headers(Map::ResponseTrailers) else { return self.refuse() };
        let edits = Gate::response_trailers(&trailers.pairs(), self.is_confined());
        // By now the answer is on its way: what cannot be taken out can only be cut off.
        match (self.edit(Map::ResponseTrailers, &edits), &self.answer) {
            (Action::Continue, Answer::Passing) => Action::Continue,
            _ => Action::Pause,
        }
    }
}

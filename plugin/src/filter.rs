//! One stream through its phases: asks the gate, carries its answer out.
//!
//! Needs no `allow_on_headers_stop_iteration` and is safe with it: a request whose body may hold a pass goes on in its
//! headers and is held in its body, decided at the body's end or at the trailers. Once the plugin has answered, nothing
//! more of the request goes on.

use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;
use tapgate_core::audit::{AuditEvent, Origin};
use tapgate_core::context::Context as RuleContext;
use tapgate_core::decide::{AwaitBody, Decision, Gate, Head, MOST_BODY, ResponseView, Stream, Verdict};
use tapgate_core::headers::HeaderEdits;
use tapgate_core::ledger::settle;
use tapgate_core::request::RequestView;

use crate::host::{self, Buffer, HostRandom, Level, Map};
use crate::ledger::SharedData;
use crate::worker::Worker;

/// One stream.
pub(crate) struct Filter {
    gate: Option<Rc<Gate>>,
    worker: Worker,
    phase: Phase,
    /// For the log: while the body and the answer pass by, the request's headers are gone.
    request_id: Vec<u8>,
}

/// How far the stream has come.
enum Phase {
    /// Nothing seen, or nothing to do.
    Idle,
    /// The request's body may hold a pass.
    Body(Box<AwaitBody>),
    /// The request has gone on.
    Forwarded(Stream),
    /// The request has gone on in its headers and been answered, but its body may hold a pass.
    Answered(Stream, Box<AwaitBody>),
    /// The plugin has answered.
    Replied,
}

impl Filter {
    pub(crate) fn new(gate: Option<Rc<Gate>>, worker: Worker) -> Self {
        Self { gate, worker, phase: Phase::Idle, request_id: Vec::new() }
    }

    /// Asks the rules something, with the time, randomness and ledger of this moment.
    fn ask<D>(&self, question: impl FnOnce(&mut RuleContext<'_>, &mut SharedData<'_>) -> D) -> Option<D> {
        let now = host::now().ok()?;
        let mut context = RuleContext { now, random: &mut HostRandom };
        Some(question(&mut context, &mut SharedData { metrics: &self.worker.metrics, births: &self.worker.births }))
    }

    fn carry_out(&mut self, decision: Option<Decision>) -> Action {
        let Some(decision) = decision else { return self.refuse() };
        self.report(&decision.audit);
        match decision.verdict {
            Verdict::Reply(reply) => {
                if host::reply(&reply).is_err() {
                    return self.refuse();
                }
                self.phase = Phase::Replied;
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
        self.phase = Phase::Replied;
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
            Phase::Idle | Phase::Body(_) | Phase::Replied => true,
        }
    }

    fn report(&self, events: &[AuditEvent]) {
        for event in events {
            self.worker.metrics.count(&event.counter());
            if let Some(span) = event.took {
                self.worker.metrics.took(span);
            }
            if event.is_logged() {
                let address = host::property("source\0address");
                host::log(Level::Warn, &event.line(Origin { address: &address, request_id: &self.request_id }));
            }
        }
    }

    /// Decides by the body that is held.
    fn body_is_complete(&mut self, body: Box<AwaitBody>, bytes: &[u8]) -> Action {
        let decision = self.ask(|context, ledger| settle(body.complete(bytes, context), ledger, context));
        self.carry_out(decision)
    }

    /// Decides by all of the body, which the proxy holds.
    fn held_body_is_complete(&mut self) -> Action {
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
}

impl Context for Filter {}

impl HttpContext for Filter {
    fn on_http_request_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        let (Some(gate), Ok(headers)) = (self.gate.clone(), host::headers(Map::RequestHeaders)) else {
            return self.refuse();
        };
        let pairs = headers.pairs();
        let request = RequestView::new(&pairs);
        self.request_id = request.field("x-request-id").one().unwrap_or_default().to_vec();
        let head = self.ask(|context, ledger| settle(gate.request(&request, context), ledger, context));
        match head {
            Some(Head::Body(body)) => {
                if host::edit(Map::RequestHeaders, body.edits()).is_err() {
                    return self.refuse();
                }
                if end_of_stream {
                    return self.body_is_complete(body, b"");
                }
                self.phase = Phase::Body(body);
                Action::Continue
            }
            Some(Head::Decided(decision)) => self.carry_out(Some(decision)),
            None => self.refuse(),
        }
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        match &self.phase {
            Phase::Idle | Phase::Forwarded(_) => return Action::Continue,
            Phase::Replied => return Action::Pause,
            Phase::Body(_) | Phase::Answered(..) if size > MOST_BODY => {}
            Phase::Body(_) | Phase::Answered(..) if end_of_stream => return self.held_body_is_complete(),
            Phase::Body(_) | Phase::Answered(..) => return Action::Pause,
        }
        match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Body(body) => {
                let decision = self.ask(|context, _| body.too_large(context));
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

    fn on_http_request_trailers(&mut self, _count: usize) -> Action {
        let (Some(gate), Ok(trailers)) = (self.gate.clone(), host::headers(Map::RequestTrailers)) else {
            return self.refuse();
        };
        let edits = gate.request_trailers(&trailers.pairs(), self.is_confined());
        if self.edit(Map::RequestTrailers, &edits) == Action::Pause {
            return Action::Pause;
        }
        match &self.phase {
            Phase::Idle | Phase::Forwarded(_) => Action::Continue,
            Phase::Replied => Action::Pause,
            // With trailers the body never ends in its own callback: this is its end.
            Phase::Body(_) | Phase::Answered(..) => self.held_body_is_complete(),
        }
    }

    fn on_http_response_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        // Besides the application's answers these are the proxy's own, and ours, which come by here too.
        let from_application = || host::property("response\0code_details") == b"via_upstream";
        let stream = match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Forwarded(stream) => {
                self.phase = Phase::Forwarded(stream.clone());
                stream
            }
            // Nothing holds the headers of a request that waits for its body but the buffer filter: without it the
            // application may answer before the body has ended.
            Phase::Body(body) => match body.stream() {
                Some(stream) => {
                    self.phase = Phase::Answered(stream.clone(), body);
                    stream
                }
                None if from_application() => {
                    let decision = self.ask(|context, _| body.refused(context));
                    return self.carry_out(decision);
                }
                None => return Action::Continue,
            },
            other => {
                self.phase = other;
                return Action::Continue;
            }
        };
        let Ok(headers) = host::headers(Map::ResponseHeaders) else { return self.refuse() };
        let pairs = headers.pairs();
        let from_application = stream.has_session() && from_application();
        let response = ResponseView { headers: &pairs, from_application };
        let decision = self.ask(|context, ledger| {
            Gate::response(&stream, &response, context).map(|step| settle(step, ledger, context))
        });
        let Some(Ok(decision)) = decision else { return self.refuse() };
        self.report(&decision.audit);
        self.edit(Map::ResponseHeaders, &decision.edits)
    }

    fn on_http_response_trailers(&mut self, _count: usize) -> Action {
        if matches!(self.phase, Phase::Replied) {
            return Action::Continue;
        }
        let Ok(trailers) = host::headers(Map::ResponseTrailers) else { return self.refuse() };
        let edits = Gate::response_trailers(&trailers.pairs(), self.is_confined());
        // By now the answer is on its way: what cannot be taken out can only be cut off.
        self.edit(Map::ResponseTrailers, &edits)
    }
}

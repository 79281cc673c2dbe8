//! The answer's way: the application's, the proxy's own, and ours, which come by here too.

use proxy_wasm::types::Action;
use tapgate_core::decide::{Gate, ResponseDecision, ResponseView};

use super::{Answer, Filter, Phase};
use crate::host::{self, Map, Side};
use crate::pursue::{Progress, Waiting};

/// Whether the answer that has begun is the application's.
fn from_application() -> bool {
    host::property("response\0code_details") == b"via_upstream"
}

impl Filter {
    /// An answer has begun.
    pub(super) fn answer_begins(&mut self) -> Action {
        match std::mem::replace(&mut self.phase, Phase::Idle) {
            // Nothing holds the headers of a request that waits for its body but the buffer filter: without it the
            // application may answer before the body has ended.
            Phase::Body(body) => match body.stream() {
                Some(stream) => {
                    self.phase = Phase::Answered(stream, body);
                    self.judge_answer(false)
                }
                None if from_application() => {
                    let decision = self.ask(|context| body.refused(context));
                    self.carry_out(decision)
                }
                None => Action::Continue,
            },
            // Likewise before it has been decided: what becomes of its answer is known once that is.
            Phase::Deciding(waiting) if from_application() => {
                self.phase = Phase::Deciding(waiting);
                self.answer = Answer::Early;
                Action::Pause
            }
            // The proxy has answered a request that is held. Whatever the ledger says now is nobody's answer any more.
            Phase::Judging(..) | Phase::Deciding(_) => {
                self.phase = Phase::Replied;
                Action::Continue
            }
            other => {
                self.phase = other;
                self.judge_answer(false)
            }
        }
    }

    /// Judges the answer to a request that has gone on.
    pub(super) fn judge_answer(&mut self, from_application_surely: bool) -> Action {
        let (Phase::Forwarded(stream) | Phase::Answered(stream, _)) = &self.phase else { return Action::Continue };
        let Ok(headers) = host::headers(Map::ResponseHeaders) else { return self.refuse() };
        let pairs = headers.pairs();
        let from_application = stream.has_session() && (from_application_surely || from_application());
        let response = ResponseView { headers: &pairs, from_application };
        let progress = self.ask(|context| {
            let step = Gate::response(stream, &response, context)?;
            Ok::<_, tapgate_core::random::NoEntropy>(self.worker.pursue(step, context))
        });
        self.answer_is_judged(progress.and_then(Result::ok))
    }

    fn answer_is_judged(&mut self, progress: Option<Progress<ResponseDecision>>) -> Action {
        match progress {
            Some(Progress::Done(decision)) => {
                self.report(&decision.audit);
                self.edit(Map::ResponseHeaders, &decision.edits)
            }
            Some(Progress::Waits(waiting)) => {
                self.answer = Answer::Judging(waiting);
                Action::Pause
            }
            None => self.refuse(),
        }
    }

    /// The call has come back that the answer has waited for.
    pub(super) fn answer_was_heard(&mut self, waiting: Waiting<ResponseDecision>, headers: usize) {
        let progress = self.hear(waiting, headers);
        if self.answer_is_judged(progress) == Action::Continue {
            self.resume(Side::Response);
        }
    }
}

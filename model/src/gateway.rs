//! Gateways: they carry attempts through, and do nothing but what core's attempts tell them.

use std::sync::Arc;

use tapgate_core::ledger::{Completion, Loading, Next, RecordName, Unavailable};
use tapgate_core::time::UnixSeconds;

use crate::fault::{self, Fault};
use crate::request::{self, Happening, Outcome};
use crate::state::{Phase, Run, Sent, State, Under};
use crate::step::Bounded;

impl Bounded {
    pub(crate) fn attempt(&self, request: usize, loads: u8) -> Loading<Happening> {
        let mut id = [0; 16];
        id[0] = request::byte(request);
        id[1] = loads;
        let event = Happening { what: Arc::new(request::event(&self.scenario, request)), fault: self.fault };
        fault::attempt(id, name(), event)
    }

    pub(crate) fn advance(&self, state: &mut State, request: usize, to: impl FnOnce(Phase) -> Phase) {
        if let Run::Under(under) = std::mem::replace(&mut state.runs[request], Run::Over) {
            let Under { gateway, loads, phase } = Arc::unwrap_or_clone(under);
            state.runs[request] = Run::under(gateway, loads, to(phase));
        }
    }

    /// A gateway answers an attempt and does what it asks for next.
    pub(crate) fn proceed(
        &self,
        state: &mut State,
        request: usize,
        answer: impl FnOnce(Phase, UnixSeconds) -> Next<Happening>,
    ) {
        let Run::Under(under) = std::mem::replace(&mut state.runs[request], Run::Over) else { return };
        let Under { gateway, loads, phase } = Arc::unwrap_or_clone(under);
        let now = state.clock(gateway);
        let mut next = answer(phase, now);
        if self.fault == Some(Fault::NeverGivesUp) && next == Next::Done(Err(Unavailable)) {
            next = Next::Load(self.attempt(request, 0));
        }
        state.runs[request] = match next {
            Next::Load(loading) => {
                let loads = loads.saturating_add(1);
                state.witness.loads(loads);
                Run::under(gateway, loads, Phase::Loading(loading))
            }
            Next::Swap(swapping) => {
                state.wire.push(Sent {
                    request,
                    awaited: true,
                    expected: swapping.expected(),
                    record: Arc::new(swapping.record().clone()),
                    decided: (state.time, now),
                });
                Run::under(gateway, loads, Phase::Swapping(swapping, None))
            }
            Next::Done(Err(Unavailable)) => Run::Over,
            Next::Done(Ok(outcome)) => {
                state.witness.told(&self.scenario, &state.store, request, &outcome, state.time);
                match outcome {
                    Outcome::SignIn(Ok(signed_in)) => Run::Granted(signed_in),
                    Outcome::Complete(Completion::Completed) => Run::Completed,
                    _ => Run::Over,
                }
            }
        };
    }
}

fn name() -> RecordName {
    RecordName::of(&"t".parse().expect("a tenant"), &"user".parse().expect("an identity"))
}

//! Steps: everything that may happen next in a state, and what it leads to.

use tapgate_core::ledger::{Next, SwapReply, Unavailable};
use tapgate_core::time::{Seconds, UnixSeconds};

use crate::fault::{self, Fault};
use crate::request::Request;
use crate::scenario::{Scenario, at};
use crate::state::{Phase, Run, State};

/// Something that may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A request reaches a gateway, which asks the store for the record.
    Begin {
        /// The request.
        request: usize,
        /// The gateway.
        gateway: usize,
    },
    /// The store reads the record.
    Read(usize),
    /// A load fails.
    LoadFails(usize),
    /// What was read arrives; the gateway decides by its clock and may send a swap.
    Arrives(usize),
    /// A swap reaches the store, whoever still waits for it.
    Lands(usize),
    /// A swap is carried out, its reply gets lost on the way, and the transport asks again.
    Repeats(usize),
    /// The store turns a swap away for good.
    Refused(usize),
    /// A swap's reply arrives.
    Replied(usize),
    /// A swap's reply does not arrive in time. The swap may have been carried out, may still be, or never.
    TimesOut(usize),
    /// A gateway crashes with all that it is at; what it has sent is still under way.
    Crash(usize),
    /// A second goes by.
    Tick,
    /// A gateway's clock is set.
    SetClock {
        /// The gateway.
        gateway: usize,
        /// How far it is ahead from now on.
        ahead: u64,
    },
    /// The store lets go of a record that need not be kept, by the fastest clock.
    Forget,
    /// The proxy in whose memory the ledger lives restarts.
    Restart,
}

/// A scenario, and the fault planted in it.
#[derive(Clone, Debug)]
pub struct Bounded {
    /// The scenario.
    pub scenario: Scenario,
    /// The fault.
    pub fault: Option<Fault>,
}

impl Bounded {
    /// Everything that may happen next.
    pub fn steps(&self, state: &State, steps: &mut Vec<Step>) {
        for request in 0..state.runs.len() {
            self.steps_of(state, request, steps);
        }
        for (index, sent) in state.wire.iter().enumerate() {
            steps.push(Step::Lands(index));
            if state.budget.repeats > 0 && sent.awaited && state.store.stands(sent.expected) {
                steps.push(Step::Repeats(index));
            }
        }
        for gateway in 0..self.scenario.gateways {
            let busy = |run: &Run| matches!(run, Run::Under(under) if under.gateway == gateway);
            if state.budget.crashes > 0 && state.runs.iter().any(busy) {
                steps.push(Step::Crash(gateway));
            }
            if state.budget.clock_steps > 0 {
                let others = (0..=self.scenario.skew).filter(|ahead| *ahead != state.ahead[gateway]);
                steps.extend(others.map(|ahead| Step::SetClock { gateway, ahead }));
            }
        }
        if state.time < self.scenario.horizon {
            steps.push(Step::Tick);
        }
        let fastest = self.fastest(state);
        if self.scenario.forgets && state.store.record().is_some_and(|record| fastest >= record.keep_until) {
            steps.push(Step::Forget);
        }
        if state.budget.restarts > 0 {
            steps.push(Step::Restart);
        }
    }

    fn fastest(&self, state: &State) -> UnixSeconds {
        at(state.time + self.scenario.skew)
    }

    fn steps_of(&self, state: &State, request: usize, steps: &mut Vec<Step>) {
        let losses = state.budget.losses > 0;
        match &state.runs[request] {
            Run::Planned => {
                let gateways = (0..self.scenario.gateways).filter(|gateway| self.may_begin(state, request, *gateway));
                steps.extend(gateways.map(|gateway| Step::Begin { request, gateway }));
            }
            Run::Under(under) => match &under.phase {
                Phase::Loading(_) => {
                    steps.push(Step::Read(request));
                    if losses {
                        steps.push(Step::LoadFails(request));
                    }
                }
                Phase::Loaded(..) => steps.push(Step::Arrives(request)),
                Phase::Swapping(_, reply) => {
                    if reply.is_some() {
                        steps.push(Step::Replied(request));
                    }
                    if losses {
                        steps.push(Step::TimesOut(request));
                        if reply.is_none() {
                            steps.push(Step::Refused(request));
                        }
                    }
                }
            },
            Run::Granted(_) | Run::Completed | Run::Over => {}
        }
    }

    /// Whether a gateway would ask the ledger about this request: what comes before the ledger is not modelled, but for
    /// the times that it looks at.
    fn may_begin(&self, state: &State, request: usize, gateway: usize) -> bool {
        let planned = self.scenario.requests[request];
        if planned.after.is_some_and(|first| matches!(state.runs[first], Run::Planned)) {
            return false;
        }
        let now = state.clock(gateway);
        let skew = Seconds::new(self.scenario.skew);
        match planned.what {
            Request::SignIn { pass, .. } => {
                let pass = &self.scenario.passes[pass];
                let start = if pass.once { now } else { now.plus(skew) };
                pass.made <= state.time && pass.issued <= now.plus(skew) && pass.start <= start
            }
            // Cookies say when they end.
            Request::Complete { of, .. } | Request::SignOut { of } => {
                matches!(&state.runs[of], Run::Granted(told) if now < told.deadline)
            }
            Request::Revoke => true,
        }
    }

    /// What a step leads to.
    #[must_use]
    pub fn after(&self, state: &State, step: Step) -> State {
        let mut next = state.clone();
        match step {
            Step::Begin { request, gateway } => {
                let phase = Phase::Loading(self.attempt(request, 0));
                next.runs[request] = Run::under(gateway, 1, phase);
            }
            Step::Read(request) => {
                let loaded = next.store.load();
                self.advance(&mut next, request, |phase| match phase {
                    Phase::Loading(loading) => Phase::Loaded(loading, Box::new(loaded)),
                    other => other,
                });
            }
            Step::LoadFails(request) => {
                lose(&mut next.budget.losses);
                self.proceed(&mut next, request, |phase, _| match phase {
                    Phase::Loading(loading) => loading.answer(Err(Unavailable), state.clock(0)),
                    _ => Next::Done(Err(Unavailable)),
                });
            }
            Step::Arrives(request) => self.proceed(&mut next, request, |phase, now| match phase {
                Phase::Loaded(loading, loaded) => loading.answer(Ok(*loaded), now),
                _ => Next::Done(Err(Unavailable)),
            }),
            Step::Lands(index) => self.lands(&mut next, index, false),
            Step::Repeats(index) => {
                next.budget.repeats -= 1;
                self.lands(&mut next, index, true);
            }
            Step::Refused(request) => {
                lose(&mut next.budget.losses);
                next.wire.retain(|sent| !(sent.awaited && sent.request == request));
                self.proceed(&mut next, request, |phase, _| match phase {
                    Phase::Swapping(swapping, _) => swapping.answer(SwapReply::Refused),
                    _ => Next::Done(Err(Unavailable)),
                });
            }
            Step::Replied(request) => self.proceed(&mut next, request, |phase, _| match phase {
                Phase::Swapping(swapping, Some(reply)) => swapping.answer(reply),
                _ => Next::Done(Err(Unavailable)),
            }),
            Step::TimesOut(request) => {
                lose(&mut next.budget.losses);
                abandon(&mut next, request);
                let loads = loads(&next, request);
                self.proceed(&mut next, request, |phase, _| match phase {
                    Phase::Swapping(swapping, _) => {
                        fault::lost_reply(swapping, self.fault, || self.attempt(request, loads))
                    }
                    _ => Next::Done(Err(Unavailable)),
                });
            }
            Step::Crash(gateway) => {
                next.budget.crashes -= 1;
                for request in 0..next.runs.len() {
                    if matches!(&next.runs[request], Run::Under(under) if under.gateway == gateway) {
                        abandon(&mut next, request);
                        next.runs[request] = Run::Over;
                    }
                }
            }
            Step::Tick => next.time += 1,
            Step::SetClock { gateway, ahead } => {
                next.budget.clock_steps -= 1;
                next.ahead[gateway] = ahead;
            }
            Step::Forget => next.store.forget(),
            Step::Restart => {
                next.budget.restarts -= 1;
                next.store.forget();
                next.store.birth = next.clock(0);
                next.wire.clear();
                for run in next.runs.iter_mut().filter(|run| matches!(run, Run::Under(_))) {
                    *run = Run::Over;
                }
                next.witness.ledger_lost();
            }
        }
        let mut next = next.canonical(&self.scenario, self.fault == Some(Fault::BlindSwap));
        if next.progress(&self.scenario) <= state.progress(&self.scenario) {
            next.witness.went_nowhere();
        }
        next
    }

    /// A swap reaches the store. If it `stays`, its reply is lost on the way and the transport asks again.
    fn lands(&self, state: &mut State, index: usize, stays: bool) {
        let sent = if stays { state.wire[index].clone() } else { state.wire.remove(index) };
        let former = state.store.writer();
        let blind = self.fault == Some(Fault::BlindSwap);
        let reply = state.store.swap(sent.expected, &sent.record, sent.request, blind);
        if reply == SwapReply::Swapped {
            state.witness.landed(&self.scenario, former, &sent, state.time);
        }
        if sent.awaited && !stays {
            self.advance(state, sent.request, |phase| match phase {
                Phase::Swapping(swapping, None) => Phase::Swapping(swapping, Some(reply)),
                other => other,
            });
        }
    }
}

fn loads(state: &State, request: usize) -> u8 {
    match &state.runs[request] {
        Run::Under(under) => under.loads,
        _ => 0,
    }
}

/// Nobody waits for this request's swap any more.
fn abandon(state: &mut State, request: usize) {
    for sent in state.wire.iter_mut().filter(|sent| sent.request == request) {
        sent.awaited = false;
    }
}

/// One fewer, where it is counted.
fn lose(losses: &mut u8) {
    if *losses != u8::MAX {
        *losses -= 1;
    }
}

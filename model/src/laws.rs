//! The laws: what is true of every state that can be reached, whoever asks, and whatever gets lost.

use std::sync::Arc;

use tapgate_core::ledger::Event as _;
use tapgate_core::names::SessionId;
use tapgate_core::policy::Then;
use tapgate_core::time::{Seconds, UnixSeconds};

use crate::request::{self, Happening, Outcome, Request};
use crate::scenario::{Pass, Scenario, at};
use crate::state::{Phase, Run, State};
use crate::step::Bounded;

/// A law.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Law {
    /// A one-time pass is redeemed by one holder: the store never takes it from a second browser, and no second browser
    /// is ever told that it is let in.
    OneHolder,
    /// A holder who comes back ends the former session: of a one-time pass's sessions at most one opens anything, and a
    /// former one completes nothing.
    OneSession,
    /// What a gateway says is so in the ledger. Nobody is let in, and nothing is called completed, signed out or revoked
    /// without a swap that was carried out; a session is listed with the very deadline that its person is told; and who is
    /// refused has changed nothing that still stands.
    ToldIsRecorded,
    /// A change is made once: no attempt writes over its own write, whatever became of the reply.
    OnceIsOnce,
    /// Completion consumes a one-time pass for good: no sign-in and no second completion with it after, and no session of
    /// it opens anything but one that completed and goes on. Of any pass, a session that completed so that its person
    /// signs in with the new method is over.
    NotAfterConsumption,
    /// Once a newer pass was taken, no sign-in, no completion and no session of an older one.
    NotAfterReplacement,
    /// Once the user was revoked, no sign-in, no completion and no session of a pass made until then, even if its issuer's
    /// clock was ahead by the skew.
    NotAfterRevocation,
    /// No sign-in and no completion is decided, and no session opens anything, when no clock within the skew is before the
    /// end of its window, of its pass, or of the registered session. A holder's window is the first one: coming back does
    /// not make it longer.
    NotAfterTheEnd,
    /// A session that was signed out opens nothing and completes nothing.
    NotAfterSignOut,
    /// A session completes once.
    CompletesOnce,
    /// A holder comes back at most as often as the policy's retries say.
    BoundedRetries,
    /// Nobody is stranded within the window: while it is open, and retries are left, the pass's holder can sign in again
    /// in every state, at every clock, with what the browser already has; so a lost answer costs a retry and no more.
    HolderComesBack,
    /// Nobody is stranded past the window: in every state a newer pass lets its person in at once, whatever is reserved,
    /// consumed or revoked, and the floor is so near that one can be made.
    NewPassWorks,
    /// Every run ends: every step makes a bounded measure larger, no attempt asks for the record more often than it may, and
    /// whoever waits for something waits for what is under way.
    EveryRunEnds,
}

/// Laws that have been broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Broken(u32);

impl Broken {
    /// Adds one.
    pub fn add(&mut self, law: Law) {
        self.0 |= 1 << law as u32;
    }

    /// Adds one if it is.
    pub fn add_if(&mut self, law: Law, broken: bool) {
        if broken {
            self.add(law);
        }
    }

    /// Whether a law is among them.
    #[must_use]
    pub fn has(self, law: Law) -> bool {
        self.0 & (1 << law as u32) != 0
    }
}

/// A session that opens something, at some clock within the skew.
struct Use {
    /// The sign-in that began it.
    number: usize,
    /// Its pass.
    pass: usize,
    /// Whether its cookie says that it is registered.
    registered: bool,
}

impl Law {
    /// Each of them.
    pub const ALL: &[Self] = &[
        Self::OneHolder,
        Self::OneSession,
        Self::ToldIsRecorded,
        Self::OnceIsOnce,
        Self::NotAfterConsumption,
        Self::NotAfterReplacement,
        Self::NotAfterRevocation,
        Self::NotAfterTheEnd,
        Self::NotAfterSignOut,
        Self::CompletesOnce,
        Self::BoundedRetries,
        Self::HolderComesBack,
        Self::NewPassWorks,
        Self::EveryRunEnds,
    ];

    /// Its name in what is printed.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OneHolder => "one holder",
            Self::OneSession => "one session of a one-time pass",
            Self::ToldIsRecorded => "what is told is recorded",
            Self::OnceIsOnce => "a change is made once",
            Self::NotAfterConsumption => "no use after consumption",
            Self::NotAfterReplacement => "no use after replacement",
            Self::NotAfterRevocation => "no use after revocation",
            Self::NotAfterTheEnd => "no use after the end",
            Self::NotAfterSignOut => "no use after signing out",
            Self::CompletesOnce => "a session completes once",
            Self::BoundedRetries => "retries are bounded",
            Self::HolderComesBack => "a holder can come back within the window",
            Self::NewPassWorks => "a new pass works",
            Self::EveryRunEnds => "every run ends",
        }
    }

    /// Whether a state keeps it.
    #[must_use]
    pub fn holds(self, bounded: &Bounded, state: &State) -> bool {
        if state.witness.broken.has(self) {
            return false;
        }
        let scenario = &bounded.scenario;
        let account = |used: &Use| &state.witness.passes[used.pass];
        let session = |used: &Use| &state.witness.requests[used.number];
        match self {
            Self::OneHolder | Self::ToldIsRecorded | Self::OnceIsOnce | Self::CompletesOnce | Self::BoundedRetries => {
                true
            }
            Self::OneSession => !uses(scenario, state).any(|used| session(&used).superseded),
            Self::NotAfterConsumption => !uses(scenario, state).any(|used| match session(&used).completed {
                None => account(&used).consumed,
                Some(then) => then == Then::SignIn,
            }),
            Self::NotAfterReplacement => !uses(scenario, state).any(|used| account(&used).replaced),
            Self::NotAfterRevocation => !uses(scenario, state).any(|used| account(&used).revoked),
            Self::NotAfterTheEnd => !uses(scenario, state).any(|used| {
                let window =
                    if used.registered { scenario.registered_end } else { session(&used).deadline.unwrap_or_default() };
                state.time >= window.min(scenario.passes[used.pass].end).get()
            }),
            Self::NotAfterSignOut => !uses(scenario, state).any(|used| session(&used).signed_out),
            Self::HolderComesBack => (0..scenario.passes.len()).all(|pass| holder_comes_back(bounded, state, pass)),
            Self::NewPassWorks => new_pass_works(bounded, state),
            Self::EveryRunEnds => waits_for_something(state),
        }
    }
}

/// Every session that opens something: its browser was told of it, the cookie is not over, and the record that stands
/// lists it, as a gateway checks with each request.
fn uses<'a>(scenario: &'a Scenario, state: &'a State) -> impl Iterator<Item = Use> + 'a {
    let opens = move |number: usize, end: UnixSeconds, registered: bool| {
        state.clocks(scenario).any(|now| {
            let entry = state.store.record().and_then(|record| record.session(request::session(number), now));
            now < end && entry.is_some_and(|entry| entry.registered || !registered)
        })
    };
    state.runs.iter().enumerate().flat_map(move |(number, run)| {
        let (of, end, registered) = match (scenario.requests[number].what, run) {
            (Request::SignIn { .. }, Run::Granted(told)) => (number, told.deadline, false),
            (Request::Complete { of, then: Then::Continue }, Run::Completed) => (of, scenario.registered_end, true),
            _ => return None,
        };
        let Request::SignIn { pass, .. } = scenario.requests[of].what else { return None };
        opens(of, end, registered).then_some(Use { number: of, pass, registered })
    })
}

/// What the ledger would make of a sign-in now.
fn would_let_in(bounded: &Bounded, state: &State, pass: &Pass, browser: u8, now: UnixSeconds) -> bool {
    let what = request::sign_in(&bounded.scenario, pass, browser, SessionId::from_bytes([0xff; 16]));
    let event = Happening { what: Arc::new(what), fault: bounded.fault };
    matches!(event.apply(state.store.record(), state.store.birth, now).outcome, Outcome::SignIn(Ok(_)))
}

fn holder_comes_back(bounded: &Bounded, state: &State, number: usize) -> bool {
    let scenario = &bounded.scenario;
    let pass = &scenario.passes[number];
    let account = &state.witness.passes[number];
    let (Some(holder), Some(deadline)) = (account.holder, account.deadline) else { return true };
    let over = account.consumed || account.replaced || account.revoked || state.witness.ledger_lost;
    if !pass.once || over || account.taken > scenario.retries {
        return true;
    }
    state.clocks(scenario).filter(|now| *now < deadline).all(|now| would_let_in(bounded, state, pass, holder, now))
}

fn new_pass_works(bounded: &Bounded, state: &State) -> bool {
    let floor = state.store.record().map(|record| record.floor).unwrap_or_default();
    // Passes come from a clock that may be ahead, and so does the time of a revocation.
    let near = floor.get() <= state.time + 2 * bounded.scenario.skew;
    let issued = floor.plus(Seconds::new(1));
    let start = issued.max(state.store.birth.plus(Seconds::new(1)));
    let pass = Pass { id: "new", made: issued.get(), issued, start, end: at(1000), once: true };
    near && state.clocks(&bounded.scenario).all(|now| would_let_in(bounded, state, &pass, 7, now))
}

fn waits_for_something(state: &State) -> bool {
    state.runs.iter().enumerate().all(|(number, run)| match run.phase() {
        Some(Phase::Swapping(_, None)) => state.awaited(number).is_some(),
        _ => true,
    })
}

//! What people ask of the gateways, and the events of the ledger that come of it: core's own, told apart by one enum.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use tapgate_core::ledger::{
    Change, Complete, Completion, Event, PresentedPass, Record, Revoke, SignIn, SignOut, SignedIn,
};
use tapgate_core::names::SessionId;
use tapgate_core::policy::Then;
use tapgate_core::refusal::Refusal;
use tapgate_core::time::{Seconds, UnixSeconds};

use crate::fault::Fault;
use crate::scenario::{Pass, Scenario};

/// A request that one scenario holds, made at most once. Its place in the scenario is its number: attempt and session
/// are named after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// A browser presents a pass.
    SignIn {
        /// Which of the scenario's passes.
        pass: usize,
        /// Which browser.
        browser: u8,
    },
    /// The application says that the person whom an earlier sign-in let in has registered.
    Complete {
        /// The number of that sign-in.
        of: usize,
        /// What follows.
        then: Then,
    },
    /// Whom an earlier sign-in let in signs out.
    SignOut {
        /// The number of that sign-in.
        of: usize,
    },
    /// An administrator takes back all passes of the user.
    Revoke,
}

/// An event of the ledger, as core has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// A sign-in.
    SignIn(SignIn),
    /// A completion.
    Complete(Complete),
    /// A sign-out.
    SignOut(SignOut),
    /// A revocation.
    Revoke(Revoke),
}

/// What came of an event, as core has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Of a sign-in.
    SignIn(Result<SignedIn, Refusal>),
    /// Of a completion.
    Complete(Completion),
    /// Of a sign-out or a revocation.
    Made,
}

/// An event that an attempt carries through: core's, unless a fault is planted in it. Shared, since states are many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// The event.
    pub what: Arc<What>,
    /// What is wrong with it.
    pub fault: Option<Fault>,
}

/// One attempt's id tells its event from all others of a search; and an attempt hashes its id.
impl Hash for Happening {
    fn hash<H: Hasher>(&self, _state: &mut H) {}
}

impl Event for Happening {
    type Outcome = Outcome;

    fn apply(&self, record: Option<&Record>, birth: UnixSeconds, now: UnixSeconds) -> Change<Outcome> {
        match self.fault {
            None => self.what.apply(record, birth, now),
            Some(fault) => fault.apply(&self.what, record, birth, now),
        }
    }
}

impl What {
    /// What core makes of it.
    #[must_use]
    pub fn apply(&self, record: Option<&Record>, birth: UnixSeconds, now: UnixSeconds) -> Change<Outcome> {
        match self {
            Self::SignIn(event) => map(event.apply(record, birth, now), Outcome::SignIn),
            Self::Complete(event) => map(event.apply(record, birth, now), Outcome::Complete),
            Self::SignOut(event) => map(event.apply(record, birth, now), |()| Outcome::Made),
            Self::Revoke(event) => map(event.apply(record, birth, now), |()| Outcome::Made),
        }
    }
}

fn map<A, B>(change: Change<A>, outcome: impl FnOnce(A) -> B) -> Change<B> {
    Change { write: change.write, outcome: outcome(change.outcome) }
}

/// The session that a sign-in asks for.
#[must_use]
pub fn session(request: usize) -> SessionId {
    SessionId::from_bytes([byte(request); 16])
}

/// A number of a request, as ids are made of.
///
/// # Panics
/// Beyond 255: a scenario has a handful.
#[must_use]
pub fn byte(number: usize) -> u8 {
    u8::try_from(number).expect("a scenario has a handful of requests")
}

/// The event of a browser that presents a pass, wanting this session.
#[must_use]
pub fn sign_in(scenario: &Scenario, pass: &Pass, browser: u8, session: SessionId) -> What {
    What::SignIn(SignIn {
        pass: PresentedPass {
            id: pass.id.parse().expect("a scenario's pass has a good id"),
            issued: pass.issued,
            start: pass.start,
            end: pass.end,
            once: pass.once,
            typed: false,
        },
        session,
        holder: vec![[browser.wrapping_add(1); 32]],
        window: scenario.window,
        retries: scenario.retries,
        longest_from_issue: scenario.longest_from_issue(),
    })
}

/// The event that a request asks for. `told` is what its browser knows of the sign-in that it goes back to.
#[must_use]
pub fn event(scenario: &Scenario, number: usize) -> What {
    match scenario.requests[number].what {
        Request::SignIn { pass, browser } => sign_in(scenario, &scenario.passes[pass], browser, session(number)),
        Request::Complete { of, then } => {
            What::Complete(Complete { session: session(of), then, registered_end: scenario.registered_end })
        }
        Request::SignOut { of } => What::SignOut(SignOut { session: session(of) }),
        Request::Revoke => What::Revoke(Revoke {
            skew: Seconds::new(scenario.skew),
            longest_from_issue: scenario.longest_from_issue(),
        }),
    }
}

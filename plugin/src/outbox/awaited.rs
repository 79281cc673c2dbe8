//! Passes that were issued by this worker, until they end: then somebody looks whether they have been used.

use std::collections::BTreeMap;
use std::sync::Arc;

use tapgate_core::audit::{AuditEvent, Kind, Outcome, Who};
use tapgate_core::context::Context;
use tapgate_core::decide::expired;
use tapgate_core::ledger::Unavailable;
use tapgate_core::names::{Identity, PassId};
use tapgate_core::policy::Policy;
use tapgate_core::time::{Seconds, UnixSeconds};

use crate::host::{self, HostRandom};
use crate::pursue::{Progress, Waiting};
use crate::worker::Worker;

/// The most passes that are awaited.
const MOST: usize = 10_000;

/// The most that are looked at in one tick.
const MOST_AT_ONCE: usize = 16;

/// How long after the ledger did not say it is asked again.
const AGAIN_AFTER: Seconds = Seconds::new(30);

/// A pass whose end has come.
#[derive(Clone)]
pub(crate) struct Due {
    policy: Arc<Policy>,
    identity: Identity,
    pass: PassId,
}

/// Passes by their end.
#[derive(Default)]
pub(super) struct Awaited {
    ends: BTreeMap<(UnixSeconds, PassId), Due>,
}

impl Awaited {
    /// A pass may have been issued; `false` if there is no room to await its end.
    pub(super) fn saw(&mut self, policy: &Arc<Policy>, event: &AuditEvent) -> bool {
        let issued = matches!(event.kind, Kind::PassIssue | Kind::PassReplace) && event.outcome == Outcome::Done;
        let terms = event.administration.as_ref().and_then(|administration| administration.terms);
        let (true, Some(terms), Some(pass), Who::User(identity)) = (issued, terms, &event.pass, &event.who) else {
            return true;
        };
        let due = Due { policy: Arc::clone(policy), identity: identity.clone(), pass: pass.clone() };
        self.await_end(terms.end, due)
    }

    pub(super) fn await_end(&mut self, end: UnixSeconds, due: Due) -> bool {
        let room = self.ends.len() < MOST;
        if room {
            self.ends.insert((end, due.pass.clone()), due);
        }
        room
    }

    pub(super) fn due(&mut self, now: UnixSeconds) -> Vec<Due> {
        let mut due = Vec::new();
        while due.len() < MOST_AT_ONCE
            && let Some(first) = self.ends.first_entry().filter(|first| first.key().0 <= now)
        {
            due.push(first.remove());
        }
        due
    }
}

/// Passes that are being looked at.
#[derive(Default)]
pub(crate) struct Expiries(Vec<(Due, Waiting<Looked>)>);

type Looked = Result<Option<AuditEvent>, Unavailable>;

impl Expiries {
    /// Looks at what is due.
    pub(crate) fn look(&mut self, due: Vec<Due>, worker: &Worker, now: UnixSeconds) {
        for due in due {
            let mut context = Context { now, random: &mut HostRandom };
            let step = expired(&due.policy, due.identity.clone(), due.pass.clone());
            let progress = worker.pursue(step, &mut context);
            self.go_on(due, progress, worker, now);
        }
    }

    /// A call of one of these has come back, if it is one; whether it is.
    pub(crate) fn hear(&mut self, call: u32, answer: Option<&(u16, Vec<u8>)>, worker: &Worker) -> bool {
        let Some(place) = self.0.iter().position(|(_, waiting)| waiting.call() == call) else { return false };
        let (due, waiting) = self.0.swap_remove(place);
        let Ok(now) = host::now() else { return true };
        let mut context = Context { now, random: &mut HostRandom };
        let progress = worker.hear(waiting, answer, &mut context);
        self.go_on(due, progress, worker, now);
        true
    }

    fn go_on(&mut self, due: Due, progress: Progress<Looked>, worker: &Worker, now: UnixSeconds) {
        match progress {
            Progress::Waits(waiting) => self.0.push((due, *waiting)),
            Progress::Done(Ok(event)) => worker.report(event.as_slice(), &[]),
            Progress::Done(Err(Unavailable)) => {
                worker.outbox.borrow_mut().awaited.await_end(now.plus(AGAIN_AFTER), due);
            }
        }
    }
}

//! The witness: an account of what has happened, kept from what was asked and what the store took, never from what a
//! record says. What the laws forbid to happen, rather than to be, is noticed here as it happens.

use tapgate_core::ledger::{Completion, MOST_TRIES};
use tapgate_core::policy::Then;
use tapgate_core::time::UnixSeconds;

use crate::laws::{Broken, Law};
use crate::request::{self, Outcome, Request};
use crate::scenario::Scenario;
use crate::state::Sent;
use crate::store::Store;

/// The account.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Witness {
    /// Of each pass.
    pub passes: Vec<PassAccount>,
    /// Of each request.
    pub requests: Vec<RequestAccount>,
    /// Whether a ledger has been lost with the proxy in whose memory it was.
    pub ledger_lost: bool,
    /// The laws that have been broken.
    pub broken: Broken,
}

/// Of a pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PassAccount {
    /// The browser whose sign-in the store took first.
    pub holder: Option<u8>,
    /// When the first window of it ends.
    pub deadline: Option<UnixSeconds>,
    /// How many sign-ins the store took.
    pub taken: u8,
    /// The browsers that were let in, one bit each.
    pub granted: u8,
    /// Whether a session of it has completed, if it is a one-time pass.
    pub consumed: bool,
    /// Whether a newer pass has been taken.
    pub replaced: bool,
    /// Whether it has been revoked.
    pub revoked: bool,
}

/// Of a request; most of it is about the session that a sign-in begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RequestAccount {
    /// Whether the store has taken it.
    pub taken: bool,
    /// When its session's window ends.
    pub deadline: Option<UnixSeconds>,
    /// Whether the pass's holder has come back since.
    pub superseded: bool,
    /// Whether its session has been signed out.
    pub signed_out: bool,
    /// Whether its session has completed, and what followed.
    pub completed: Option<Then>,
}

impl Witness {
    /// Nothing has happened.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        Self {
            passes: vec![PassAccount::default(); scenario.passes.len()],
            requests: vec![RequestAccount::default(); scenario.requests.len()],
            ledger_lost: false,
            broken: Broken::default(),
        }
    }

    /// A ledger is gone with its proxy. What multi-use passes suffered is forgotten then; nothing about one-time passes is.
    pub fn ledger_lost(&mut self) {
        self.ledger_lost = true;
    }

    /// An attempt has asked for the record so often.
    pub fn loads(&mut self, loads: u8) {
        self.broken.add_if(Law::EveryRunEnds, loads > MOST_TRIES);
    }

    /// A step has led nowhere.
    pub fn went_nowhere(&mut self) {
        self.broken.add(Law::EveryRunEnds);
    }

    /// The store has taken a swap at `time` by the slowest clock; `former` had written what stood before.
    pub fn landed(&mut self, scenario: &Scenario, former: Option<usize>, sent: &Sent, time: u64) {
        self.broken.add_if(Law::OnceIsOnce, former == Some(sent.request));
        self.requests[sent.request].taken = true;
        match scenario.requests[sent.request].what {
            // A swap that was under way until its pass had ended by every clock, and the record been let go of, opens
            // nothing: it is no use of the pass.
            Request::SignIn { pass, .. } if time >= scenario.passes[pass].end.get() => {}
            Request::SignIn { pass, browser } => self.signed_in(scenario, pass, browser, sent),
            Request::Complete { of, then } => self.completed(scenario, of, then, sent),
            Request::SignOut { of } => self.requests[of].signed_out = true,
            Request::Revoke => {
                let made_by_then = |pass: usize| scenario.passes[pass].made <= sent.decided.0;
                for pass in (0..self.passes.len()).filter(|pass| made_by_then(*pass)) {
                    self.passes[pass].revoked = true;
                }
            }
        }
    }

    fn signed_in(&mut self, scenario: &Scenario, number: usize, browser: u8, sent: &Sent) {
        self.may_be_used(number);
        let pass = &scenario.passes[number];
        let account = &mut self.passes[number];
        let ends = sent.decided.1.plus(scenario.window).min(pass.end);
        let deadline = if pass.once { *account.deadline.get_or_insert(ends) } else { ends };
        account.taken += 1;
        let holder = *account.holder.get_or_insert(browser);
        self.broken.add_if(Law::OneHolder, pass.once && holder != browser);
        self.broken.add_if(Law::BoundedRetries, pass.once && account.taken > scenario.retries + 1);
        let late = sent.decided.0 >= deadline.get() || sent.decided.0 >= pass.end.get();
        self.broken.add_if(Law::NotAfterTheEnd, late);
        self.requests[sent.request].deadline = Some(deadline);
        for (other, planned) in scenario.requests.iter().enumerate().filter(|(other, _)| *other != sent.request) {
            let same = matches!(planned.what, Request::SignIn { pass, .. } if pass == number);
            if pass.once && same && self.requests[other].taken {
                self.requests[other].superseded = true;
            }
        }
        for (other, account) in self.passes.iter_mut().enumerate().filter(|(other, _)| *other != number) {
            account.replaced |= scenario.passes[other].issued <= pass.issued;
        }
    }

    fn completed(&mut self, scenario: &Scenario, of: usize, then: Then, sent: &Sent) {
        let Request::SignIn { pass, .. } = scenario.requests[of].what else { return };
        let session = &self.requests[of];
        self.broken.add_if(Law::CompletesOnce, session.completed.is_some());
        self.broken.add_if(Law::OneSession, session.superseded);
        self.broken.add_if(Law::NotAfterSignOut, session.signed_out);
        let ends = session.deadline.unwrap_or_default().min(scenario.passes[pass].end);
        self.broken.add_if(Law::NotAfterTheEnd, sent.decided.0 >= ends.get());
        if session.completed.is_none() {
            self.may_be_used(pass);
        }
        self.requests[of].completed = Some(then);
        self.passes[pass].consumed |= scenario.passes[pass].once;
    }

    /// The store has taken a use of a pass.
    fn may_be_used(&mut self, pass: usize) {
        let account = &self.passes[pass];
        self.broken.add_if(Law::NotAfterConsumption, account.consumed);
        self.broken.add_if(Law::NotAfterReplacement, account.replaced);
        self.broken.add_if(Law::NotAfterRevocation, account.revoked);
    }

    /// A gateway says at `time` by the slowest clock what came of a request.
    pub fn told(&mut self, scenario: &Scenario, store: &Store, number: usize, outcome: &Outcome, time: u64) {
        let taken = self.requests[number].taken;
        let stands = store.writer() == Some(number);
        let session =
            |of| store.record().and_then(|record| record.sessions.iter().find(|one| one.id == request::session(of)));
        let so = match (scenario.requests[number].what, outcome) {
            (Request::SignIn { pass, browser }, Outcome::SignIn(Ok(told))) => {
                let account = &mut self.passes[pass];
                // Who is told of a window that every clock calls over is not let in.
                account.granted |= u8::from(time < told.deadline.get()) << browser;
                self.broken.add_if(Law::OneHolder, scenario.passes[pass].once && account.granted.count_ones() > 1);
                taken && (!stands || session(number).is_some_and(|session| session.end == told.deadline))
            }
            (Request::SignIn { .. }, _) => !stands,
            (Request::Complete { .. }, Outcome::Complete(Completion::Completed)) => taken,
            (Request::Complete { .. }, _) => !stands,
            (Request::SignOut { of }, _) => session(of).is_none(),
            (Request::Revoke, _) => taken,
        };
        self.broken.add_if(Law::ToldIsRecorded, !so);
    }
}

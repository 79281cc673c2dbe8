//! A registration is complete: what it consumes, and which session goes on (5.5).

use super::{Change, Event};
use crate::ledger::record::Record;
use crate::names::SessionId;
use crate::policy::Then;
use crate::time::UnixSeconds;

/// The application says that a registering session's user has registered a method.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Complete {
    /// The session.
    pub session: SessionId,
    /// What follows.
    pub then: Then,
    /// When the session ends, should it go on.
    pub registered_end: UnixSeconds,
}

/// Whether a registration was completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Completion {
    /// Done, by this very event.
    Completed,
    /// The session has completed before, is over, or its pass is: nothing changes (5.5).
    NotLive,
}

impl Event for Complete {
    type Outcome = Completion;

    fn apply(&self, record: Option<&Record>, _birth: UnixSeconds, now: UnixSeconds) -> Change<Completion> {
        let live = |record: &&Record| {
            let pass_lives = record.pass.as_ref().is_some_and(|pass| now < pass.end);
            pass_lives && record.session(self.session, now).is_some_and(|session| !session.registered)
        };
        let Some(mut record) = record.filter(live).cloned() else { return Change::none(Completion::NotLive) };
        if let Some(reservation) = record.pass.as_mut().and_then(|pass| pass.reservation.as_mut()) {
            reservation.consumed = true;
        }
        match self.then {
            Then::SignIn => record.sessions.retain(|session| session.id != self.session),
            Then::Continue => {
                for session in record.sessions.iter_mut().filter(|session| session.id == self.session) {
                    session.registered = true;
                    session.end = self.registered_end;
                }
                record.keep_until = record.keep_until.max(self.registered_end);
            }
        }
        Change::to(record, Completion::Completed)
    }
}

//! Whether a session lives by its record: the one question that may be answered by a record seen a while ago (7.5).

use super::Loaded;
use crate::names::SessionId;
use crate::session::{Session, State};
use crate::time::UnixSeconds;

/// What a record is loaded for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// To be changed: what stands now is wanted.
    Change,
    /// To see whether a session lives. Whoever has lately seen that it did may say so, as long as the policy allows.
    Check(Check),
}

/// A session that a record is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Check {
    session: SessionId,
    since: UnixSeconds,
    /// Whether its cookie says that it is registered.
    pub registered: bool,
}

impl Check {
    pub(crate) fn of(session: &Session) -> Self {
        Self { session: session.id, since: session.since, registered: session.state == State::Registered }
    }

    /// Whether the session lives. One that the ledger does not know, or that is older than the ledger, is dead (7.4); one that
    /// says it is registered must be so in the ledger too.
    #[must_use]
    pub fn lives(&self, loaded: &Loaded, now: UnixSeconds) -> bool {
        let entry = loaded.record.as_ref().and_then(|(record, _)| record.session(self.session, now));
        entry.is_some_and(|entry| entry.registered || !self.registered) && self.since >= loaded.birth
    }
}

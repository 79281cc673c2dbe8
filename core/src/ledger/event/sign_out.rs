//! A session is signed out (5.4).

use super::{Change, Event};
use crate::ledger::record::Record;
use crate::names::SessionId;
use crate::time::UnixSeconds;

/// A session's person signs out: a copied cookie is dead (5.4).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SignOut {
    /// The session.
    pub session: SessionId,
}

impl Event for SignOut {
    type Outcome = ();

    fn apply(&self, record: Option<&Record>, _birth: UnixSeconds, _now: UnixSeconds) -> Change<()> {
        let Some(record) = record else { return Change::none(()) };
        let others = record.sessions.iter().filter(|session| session.id != self.session).cloned().collect::<Vec<_>>();
        if others.len() == record.sessions.len() {
            return Change::none(());
        }
        Change::to(Record { sessions: others, ..record.clone() }, ())
    }
}

//! The record of one user's passes: what the ledger keeps (section 7). What happens to it is in [`event`](super::event).

use crate::names::{AttemptId, PassId, SessionId};
use crate::time::UnixSeconds;

/// The most sessions that one user may have at a time; a further sign-in ends the one that began first.
pub const MOST_SESSIONS: usize = 16;

/// A holder cookie's keyed hash (7.3).
pub type HolderHash = [u8; 32];

/// What has happened to one user's passes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    /// The attempt that wrote this version, so that a lost reply can be told from a lost swap.
    pub attempt: AttemptId,
    /// The floor: when the pass now standing was issued, or until when everything is revoked. Nothing issued before it
    /// is accepted, seen before or not.
    pub floor: UnixSeconds,
    /// The pass that stands at the floor; `None` where all have been revoked.
    pub pass: Option<StandingPass>,
    /// The live sessions of that pass.
    pub sessions: Vec<SessionEntry>,
    /// Until when the record must be kept (7.2).
    pub keep_until: UnixSeconds,
}

/// The one pass of a user that is live.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StandingPass {
    /// Its id.
    pub id: PassId,
    /// Its end.
    pub end: UnixSeconds,
    /// Who holds it, if it is a one-time pass.
    pub reservation: Option<Reservation>,
}

/// A one-time pass in one browser's hands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reservation {
    /// The holder.
    pub holder: HolderHash,
    /// When the pass was first presented.
    pub since: UnixSeconds,
    /// When it is consumed for good, whatever happens.
    pub deadline: UnixSeconds,
    /// How often the holder may sign in again.
    pub retries_left: u8,
    /// Whether registration is complete.
    pub consumed: bool,
}

/// A live session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionEntry {
    /// Its id.
    pub id: SessionId,
    /// When it ends.
    pub end: UnixSeconds,
    /// Whether it has completed registration and goes on.
    pub registered: bool,
}

impl Record {
    /// The session of this id, if it is live.
    #[must_use]
    pub fn session(&self, id: SessionId, now: UnixSeconds) -> Option<&SessionEntry> {
        self.sessions.iter().find(|session| session.id == id && now < session.end)
    }
}

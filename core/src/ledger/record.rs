//! The record of one user's passes: what the ledger keeps (section 7). What happens to it is in [`event`](super::event).

use crate::code::CodeLength;
use crate::names::{AttemptId, KeyId, PassId, SessionId};
use crate::time::{Seconds, UnixSeconds};

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
    /// Which requests have issued a pass of this user's, the latest last, so that none of them issues another.
    pub requests: Vec<IssuingRequest>,
    /// Until when the record must be kept (7.2).
    pub keep_until: UnixSeconds,
}

/// The most issuing requests that a record remembers.
pub const MOST_REQUESTS: usize = 4;

/// A request with a key of its own (`Idempotency-Key`) that has issued a pass. Only hashes are kept, keyed by the gateway's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IssuingRequest {
    /// The hash of its key.
    pub tag: [u8; 16],
    /// The hash of who made it.
    pub caller: [u8; 8],
    /// The pass.
    pub pass: PassId,
}

/// The one pass of a user that stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StandingPass {
    /// Its id.
    pub id: PassId,
    /// When it was issued, by its issuer's clock.
    pub created: UnixSeconds,
    /// Its start.
    pub start: UnixSeconds,
    /// Its end.
    pub end: UnixSeconds,
    /// Whether it is a one-time pass.
    pub once: bool,
    /// Whether anybody has been let in with it.
    pub presented: bool,
    /// Its code, where it was issued here to be typed; `None` for a signed pass.
    pub code: Option<IssuedCode>,
    /// Who holds it, once a one-time pass has been presented.
    pub reservation: Option<Reservation>,
}

/// What the ledger keeps of a code: what it takes to derive it anew with the gateway's key, and nothing of it (7.6).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IssuedCode {
    /// The gateway key that it was derived with.
    pub key: KeyId,
    /// How many characters it has.
    pub length: CodeLength,
    /// How often it has been guessed at.
    pub guesses: Guesses,
}

/// Wrong guesses at a code, in a row (7.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Guesses {
    /// How many.
    pub wrong: u8,
    /// Until when nothing is compared or counted.
    pub wait_until: UnixSeconds,
}

impl Guesses {
    /// So many wrong guesses are free.
    const FREE: u8 = 5;
    /// After so many the code is dead (NIST SP 800-63B, 5.2.2).
    const MOST: u8 = 100;
    /// How long the first wait is, in seconds; each is twice the one before it ...
    const FIRST_WAIT: u64 = 30;
    /// ... but none longer than this.
    const LONGEST_WAIT: u64 = 600;

    /// Whether a code is compared at all.
    #[must_use]
    pub fn are_open(self, now: UnixSeconds) -> bool {
        !self.is_dead() && now >= self.wait_until
    }

    /// Whether no code is compared any more, however long somebody waits.
    #[must_use]
    pub fn is_dead(self) -> bool {
        self.wrong >= Self::MOST
    }

    /// One more, at `now`.
    #[must_use]
    pub fn and_another(self, now: UnixSeconds) -> Self {
        let wrong = self.wrong.saturating_add(1).min(Self::MOST);
        let wait = match wrong.checked_sub(Self::FREE) {
            None => 0,
            // Long before the doubling could overflow, the longest wait is reached.
            Some(doublings) => {
                let factor = 1_u64.checked_shl(u32::from(doublings)).unwrap_or(u64::MAX);
                Self::FIRST_WAIT.saturating_mul(factor).min(Self::LONGEST_WAIT)
            }
        };
        Self { wrong, wait_until: if wait == 0 { self.wait_until } else { now.plus(Seconds::new(wait)) } }
    }
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

impl StandingPass {
    /// Whether anybody could still be let in with it, as far as the ledger knows.
    #[must_use]
    pub fn is_of_use(&self, now: UnixSeconds) -> bool {
        let held = self.reservation.as_ref();
        let guessed_dead = self.code.as_ref().is_some_and(|code| code.guesses.is_dead());
        now < self.end && !guessed_dead && held.is_none_or(|held| !held.consumed && now < held.deadline)
    }
}

impl Record {
    /// What a swap that cannot succeed pretends to write: about as much as a record with a code has.
    pub(super) fn decoy(attempt: AttemptId, keep_until: UnixSeconds) -> Self {
        let entry = SessionEntry { id: SessionId::from_bytes([0; 16]), end: keep_until, registered: false };
        Self { attempt, floor: keep_until, pass: None, sessions: vec![entry; 4], requests: Vec::new(), keep_until }
    }

    /// The issuing requests that are remembered, whatever becomes of the record.
    pub(super) fn requests_of(former: Option<&Self>) -> Vec<IssuingRequest> {
        former.map(|former| former.requests.clone()).unwrap_or_default()
    }

    /// The session of this id, if it is live.
    #[must_use]
    pub fn session(&self, id: SessionId, now: UnixSeconds) -> Option<&SessionEntry> {
        self.sessions.iter().find(|session| session.id == id && now < session.end)
    }
}

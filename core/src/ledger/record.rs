//! The record of one user's passes and the transitions on it: pure functions `(record, event, now) -> (record', outcome)`.
//!
//! Everything that makes a pass be used by one holder, once, until a deadline, is here (7.2, 7.3). Who stores records,
//! and how a lost swap is tried again, is not.

use std::fmt::Debug;
use std::hash::Hash;

use crate::names::{AttemptId, PassId, SessionId};
use crate::policy::Then;
use crate::refusal::Refusal;
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

/// What a transition makes of a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Change<O> {
    /// The new record; `None` to write nothing. Its `attempt` is filled in by the attempt that makes the change.
    pub record: Option<Record>,
    /// What it means, once written.
    pub outcome: O,
}

impl<O> Change<O> {
    pub(super) fn none(outcome: O) -> Self {
        Self { record: None, outcome }
    }
}

/// Something that may happen to a record.
pub trait Event: Clone + Debug + Eq + Hash {
    /// What comes of it.
    type Outcome: Clone + Debug + Eq + Hash;

    /// Decides by the record as it stands; `birth` is when the ledger began, and nothing before it is known.
    fn apply(&self, record: Option<&Record>, birth: UnixSeconds, now: UnixSeconds) -> Change<Self::Outcome>;
}

/// Somebody presents a pass that passed every other check.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SignIn {
    /// The pass.
    pub pass: PresentedPass,
    /// The new session's id.
    pub session: SessionId,
    /// The browser's holder hashes, one a gateway key, the signing key's first.
    pub holder: Vec<HolderHash>,
    /// How long a registering session lasts.
    pub window: Seconds,
    /// How often the holder of a one-time pass may sign in again.
    pub retries: u8,
    /// How long after its issue any pass could still be valid.
    pub longest_from_issue: Seconds,
}

/// What the ledger needs to know of a pass.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PresentedPass {
    /// Its id.
    pub id: PassId,
    /// When it was issued.
    pub issued: UnixSeconds,
    /// Its start.
    pub start: UnixSeconds,
    /// Its end.
    pub end: UnixSeconds,
    /// Whether it is a one-time pass.
    pub once: bool,
}

/// A session that a sign-in began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SignedIn {
    /// When its window began: for a holder who signs in again, when the pass was first presented.
    pub since: UnixSeconds,
    /// Its deadline.
    pub deadline: UnixSeconds,
}

impl Event for SignIn {
    type Outcome = Result<SignedIn, Refusal>;

    fn apply(&self, record: Option<&Record>, birth: UnixSeconds, now: UnixSeconds) -> Change<Self::Outcome> {
        match self.decide(record, birth, now) {
            Ok((record, signed_in)) => Change { record: Some(record), outcome: Ok(signed_in) },
            Err(refusal) => Change::none(Err(refusal)),
        }
    }
}

impl SignIn {
    fn decide(
        &self,
        record: Option<&Record>,
        birth: UnixSeconds,
        now: UnixSeconds,
    ) -> Result<(Record, SignedIn), Refusal> {
        let pass = &self.pass;
        if now >= pass.end {
            return Err(Refusal::Expired);
        }
        // Before its birth the ledger knows nothing: this pass may have been used then (7.4).
        if pass.once && pass.start <= birth {
            return Err(Refusal::LedgerTooYoung);
        }
        let Some(record) = record.filter(|record| record.floor >= pass.issued) else {
            // Nothing known, or a newer pass: it takes the place of what stood, and its sessions die (7.2).
            return Ok(self.begin(record, now));
        };
        match &record.pass {
            Some(standing) if record.floor == pass.issued && standing.id == pass.id => {
                self.again(record, standing, now)
            }
            Some(_) => Err(Refusal::Replaced),
            None => Err(Refusal::Revoked),
        }
    }

    fn begin(&self, former: Option<&Record>, now: UnixSeconds) -> (Record, SignedIn) {
        let signed_in = SignedIn { since: now, deadline: now.plus(self.window).min(self.pass.end) };
        let holder = self.holder.first().copied().unwrap_or_default();
        let reservation = Reservation {
            holder,
            since: signed_in.since,
            deadline: signed_in.deadline,
            retries_left: self.retries,
            consumed: false,
        };
        let record = Record {
            attempt: AttemptId::from_bytes([0; 16]),
            floor: self.pass.issued,
            pass: Some(StandingPass {
                id: self.pass.id.clone(),
                end: self.pass.end,
                reservation: self.pass.once.then_some(reservation),
            }),
            sessions: vec![self.entry(signed_in.deadline)],
            keep_until: self
                .pass
                .issued
                .plus(self.longest_from_issue)
                .max(self.pass.end)
                .max(former.map(|record| record.keep_until).unwrap_or_default()),
        };
        (record, signed_in)
    }

    /// The standing pass is presented again.
    fn again(&self, record: &Record, standing: &StandingPass, now: UnixSeconds) -> Result<(Record, SignedIn), Refusal> {
        let mut record = record.clone();
        let signed_in = match &standing.reservation {
            Some(reservation) => {
                let is_holder = self.holder.contains(&reservation.holder);
                let open = !reservation.consumed && now < reservation.deadline;
                let retries_left = reservation.retries_left.min(self.retries).checked_sub(1);
                // A pass that was one-time stays so, whatever a second pass of the same id says of itself.
                let (true, true, true, Some(retries_left)) = (self.pass.once, is_holder, open, retries_left) else {
                    return Err(Refusal::AlreadyUsed);
                };
                // The deadline stays; the former session ends.
                let deadline = reservation.deadline.min(reservation.since.plus(self.window));
                if now >= deadline {
                    return Err(Refusal::AlreadyUsed);
                }
                record.sessions.clear();
                record.pass = Some(StandingPass {
                    reservation: Some(Reservation { retries_left, ..reservation.clone() }),
                    ..standing.clone()
                });
                SignedIn { since: reservation.since, deadline }
            }
            None if self.pass.once => return Err(Refusal::AlreadyUsed),
            None => SignedIn { since: now, deadline: now.plus(self.window).min(standing.end).min(self.pass.end) },
        };
        // An attempt that does not know that its swap was carried out decides again: its session is still one.
        record.sessions.retain(|session| now < session.end && session.id != self.session);
        while record.sessions.len() >= MOST_SESSIONS {
            record.sessions.remove(0);
        }
        record.sessions.push(self.entry(signed_in.deadline));
        Ok((record, signed_in))
    }

    fn entry(&self, end: UnixSeconds) -> SessionEntry {
        SessionEntry { id: self.session, end, registered: false }
    }
}

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
        Change { record: Some(record), outcome: Completion::Completed }
    }
}

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
        Change { record: Some(Record { sessions: others, ..record.clone() }), outcome: () }
    }
}

impl Record {
    /// The session of this id, if it is live.
    #[must_use]
    pub fn session(&self, id: SessionId, now: UnixSeconds) -> Option<&SessionEntry> {
        self.sessions.iter().find(|session| session.id == id && now < session.end)
    }
}

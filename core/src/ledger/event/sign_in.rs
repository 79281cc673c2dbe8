//! A pass is presented that passed every other check: its first holder gets it (7.3), and it takes the place of an older one.

use super::{Change, Event};
use crate::ledger::record::{HolderHash, MOST_SESSIONS, Record, Reservation, SessionEntry, StandingPass};
use crate::names::{AttemptId, PassId, SessionId};
use crate::refusal::Refusal;
use crate::time::{Seconds, UnixSeconds};

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
    /// Whether it was issued here and its code typed, so that only the record itself can vouch for it.
    pub typed: bool,
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
            Ok((record, signed_in)) => Change::to(record, Ok(signed_in)),
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
        // Before its birth the ledger knows nothing: this pass may have been used then (7.4). What was issued here is known.
        if pass.once && !pass.typed && pass.start <= birth {
            return Err(Refusal::LedgerTooYoung);
        }
        let Some(record) = record.filter(|record| record.floor >= pass.issued) else {
            // Nothing known, or a newer pass: it takes the place of what stood, and its sessions die (7.2). Nothing but the
            // record makes a typed code anybody's.
            return if pass.typed { Err(Refusal::UnknownCode) } else { Ok(self.begin(record, now)) };
        };
        match &record.pass {
            Some(standing)
                if record.floor == pass.issued && standing.id == pass.id && standing.code.is_some() == pass.typed =>
            {
                self.again(record, standing, now)
            }
            Some(_) => Err(Refusal::Replaced),
            None => Err(Refusal::Revoked),
        }
    }

    fn begin(&self, former: Option<&Record>, now: UnixSeconds) -> (Record, SignedIn) {
        let pass = &self.pass;
        let signed_in = SignedIn { since: now, deadline: now.plus(self.window).min(pass.end) };
        let record = Record {
            attempt: AttemptId::from_bytes([0; 16]),
            floor: pass.issued,
            pass: Some(StandingPass {
                id: pass.id.clone(),
                created: pass.issued,
                start: pass.start,
                end: pass.end,
                once: pass.once,
                presented: true,
                code: None,
                reservation: pass.once.then(|| self.reservation(signed_in)),
            }),
            sessions: vec![self.entry(signed_in.deadline)],
            requests: Record::requests_of(former),
            keep_until: pass
                .issued
                .plus(self.longest_from_issue)
                .max(pass.end)
                .max(former.map(|record| record.keep_until).unwrap_or_default()),
        };
        (record, signed_in)
    }

    fn reservation(&self, signed_in: SignedIn) -> Reservation {
        Reservation {
            holder: self.holder.first().copied().unwrap_or_default(),
            since: signed_in.since,
            deadline: signed_in.deadline,
            retries_left: self.retries,
            consumed: false,
        }
    }

    /// The standing pass is presented again.
    fn again(&self, record: &Record, standing: &StandingPass, now: UnixSeconds) -> Result<(Record, SignedIn), Refusal> {
        let mut record = record.clone();
        // A pass that was one-time stays so, whatever a second pass of the same id says of itself.
        if standing.once != self.pass.once {
            return Err(Refusal::AlreadyUsed);
        }
        let new_window = SignedIn { since: now, deadline: now.plus(self.window).min(standing.end).min(self.pass.end) };
        let signed_in = match &standing.reservation {
            Some(reservation) => {
                let is_holder = self.holder.contains(&reservation.holder);
                let open = !reservation.consumed && now < reservation.deadline;
                let retries_left = reservation.retries_left.min(self.retries).checked_sub(1);
                let (true, true, Some(retries_left)) = (is_holder, open, retries_left) else {
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
            // Issued here, and now presented for the first time.
            None if standing.once => {
                record.pass =
                    Some(StandingPass { reservation: Some(self.reservation(new_window)), ..standing.clone() });
                new_window
            }
            None => new_window,
        };
        if let Some(pass) = &mut record.pass {
            pass.presented = true;
        }
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

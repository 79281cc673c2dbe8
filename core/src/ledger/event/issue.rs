//! A pass is issued here, to be typed as a code, or taken back by its id (11.4, and Graph's create and delete).

use super::{Change, Event};
use crate::code::CodeLength;
use crate::ledger::record::{Guesses, IssuedCode, Record, StandingPass};
use crate::names::{AttemptId, KeyId, PassId};
use crate::time::{Seconds, UnixSeconds};

/// An administrator issues a pass: it takes the place of what stood, whatever that was, and its sessions die (7.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Issue {
    /// The new pass's id.
    pub id: PassId,
    /// Its start; `None` for at once.
    pub start: Option<UnixSeconds>,
    /// How long it is valid from its start.
    pub lifetime: Seconds,
    /// Whether it is a one-time pass.
    pub once: bool,
    /// The gateway key that its code is derived with.
    pub key: KeyId,
    /// How many characters its code has.
    pub length: CodeLength,
    /// How long after its issue any pass could still be valid.
    pub longest_from_issue: Seconds,
}

/// A pass that has been issued.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Issued {
    /// The pass.
    pub pass: StandingPass,
    /// The pass that it took the place of.
    pub replaced: Option<PassId>,
}

impl Event for Issue {
    type Outcome = Issued;

    fn apply(&self, record: Option<&Record>, _birth: UnixSeconds, now: UnixSeconds) -> Change<Issued> {
        // Its own swap was carried out, and somebody has guessed at the code since.
        if let Some(pass) = record.and_then(|record| record.pass.as_ref()).filter(|pass| pass.id == self.id) {
            return Change::none(Issued { pass: pass.clone(), replaced: None });
        }
        // A floor may be ahead of the clock: what was revoked up to there stays revoked (11.4).
        let issued = record.map_or(now, |record| now.max(record.floor.plus(Seconds::new(1))));
        let start = self.start.unwrap_or(now);
        let pass = StandingPass {
            id: self.id.clone(),
            created: now,
            start,
            end: start.plus(self.lifetime),
            once: self.once,
            presented: false,
            code: Some(IssuedCode { key: self.key.clone(), length: self.length, guesses: Guesses::default() }),
            reservation: None,
        };
        let replaced = record.and_then(|record| record.pass.as_ref()).map(|pass| pass.id.clone());
        let record = Record {
            attempt: AttemptId::from_bytes([0; 16]),
            floor: issued,
            pass: Some(pass.clone()),
            sessions: Vec::new(),
            keep_until: issued
                .plus(self.longest_from_issue)
                .max(pass.end)
                .max(record.map(|record| record.keep_until).unwrap_or_default()),
        };
        Change::to(record, Issued { pass, replaced })
    }
}

/// The pass of this id is taken back, and with it all that were issued before now.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Withdraw {
    /// The pass's id.
    pub id: PassId,
    /// What becomes of the record if it stands.
    pub revoke: super::Revoke,
}

impl Event for Withdraw {
    /// The pass that is taken back; `None` if another stands, or none.
    type Outcome = Option<StandingPass>;

    fn apply(&self, record: Option<&Record>, birth: UnixSeconds, now: UnixSeconds) -> Change<Self::Outcome> {
        let standing = record.and_then(|record| record.pass.as_ref()).filter(|pass| pass.id == self.id);
        match standing {
            Some(pass) => Change { write: self.revoke.apply(record, birth, now).write, outcome: Some(pass.clone()) },
            None => Change::none(None),
        }
    }
}

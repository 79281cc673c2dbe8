//! Taking passes back: what an administrator or an operator does to a record (7.2). All of a user's, or one.

use super::{Change, Event};
use crate::ledger::record::Record;
use crate::names::{AttemptId, PassId};
use crate::refusal::Refusal;
use crate::time::{Seconds, UnixSeconds};

/// All passes of a user are taken back, those not seen yet included (7.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Revoke {
    /// How far an issuer's clock may be ahead.
    pub skew: Seconds,
    /// How long after its issue any pass could still be valid.
    pub longest_from_issue: Seconds,
}

impl Event for Revoke {
    type Outcome = ();

    fn apply(&self, record: Option<&Record>, _birth: UnixSeconds, now: UnixSeconds) -> Change<()> {
        let until = now.plus(self.skew);
        let floor = record.map_or(until, |record| record.floor.max(until));
        Change::to(nothing_stands(record, floor, floor.plus(self.longest_from_issue)), ())
    }
}

/// One pass is taken back, seen before or not, and with it whatever was issued before it: a user has one live pass, and
/// this one would have taken the place of those (7.2). Passes issued later are none of its business.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RevokePass {
    /// Its id.
    pub id: PassId,
    /// When it was issued.
    pub issued: UnixSeconds,
    /// Its end.
    pub end: UnixSeconds,
    /// How long after its issue any pass could still be valid.
    pub longest_from_issue: Seconds,
}

/// What became of a pass that was to be revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PassRevoked {
    /// It is revoked, by this very event.
    Now,
    /// It was refused already, for this reason: nothing changes.
    Before(Refusal),
}

impl Event for RevokePass {
    type Outcome = PassRevoked;

    fn apply(&self, record: Option<&Record>, _birth: UnixSeconds, _now: UnixSeconds) -> Change<PassRevoked> {
        if let Some(record) = record.filter(|record| record.floor >= self.issued) {
            // As a sign-in with it would be judged.
            match &record.pass {
                Some(standing) if record.floor == self.issued && standing.id == self.id => {}
                Some(_) => return Change::none(PassRevoked::Before(Refusal::Replaced)),
                None => return Change::none(PassRevoked::Before(Refusal::Revoked)),
            }
        }
        let keep = self.issued.plus(self.longest_from_issue).max(self.end);
        Change::to(nothing_stands(record, self.issued, keep), PassRevoked::Now)
    }
}

/// The record in which no pass stands and no session lives.
fn nothing_stands(former: Option<&Record>, floor: UnixSeconds, keep_until: UnixSeconds) -> Record {
    Record {
        attempt: AttemptId::from_bytes([0; 16]),
        floor,
        pass: None,
        sessions: Vec::new(),
        requests: Record::requests_of(former),
        keep_until: former.map_or(keep_until, |former| former.keep_until.max(keep_until)),
    }
}

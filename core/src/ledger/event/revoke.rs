//! A user's passes are taken back (7.2).

use super::{Change, Event};
use crate::ledger::record::Record;
use crate::names::AttemptId;
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
        let keep = floor.plus(self.longest_from_issue);
        let record = Record {
            attempt: AttemptId::from_bytes([0; 16]),
            floor,
            pass: None,
            sessions: Vec::new(),
            keep_until: record.map_or(keep, |record| record.keep_until.max(keep)),
        };
        Change::to(record, ())
    }
}

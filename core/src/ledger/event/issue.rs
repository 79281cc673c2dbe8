//! A pass is issued here, to be typed as a code, or taken back by its id (11.4, and Graph's create and delete).

use super::{Change, Event};
use crate::code::CodeLength;
use crate::ledger::record::{Guesses, IssuedCode, IssuingRequest, MOST_REQUESTS, Record, StandingPass};
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
    /// The request, if it has a key of its own.
    pub request: Option<KeyedRequest>,
    /// Whether a pass that is still of use stands in the way.
    pub only_if_none: bool,
    /// How long after its issue any pass could still be valid.
    pub longest_from_issue: Seconds,
}

/// A request with a key of its own: hashes, one a gateway key, the signing key's first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyedRequest {
    /// Of its key.
    pub tags: Vec<[u8; 16]>,
    /// Of who makes it.
    pub callers: Vec<[u8; 8]>,
}

/// What came of issuing a pass.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Issued {
    /// It is issued, by this very event.
    Now {
        /// The pass.
        pass: StandingPass,
        /// The pass that it took the place of.
        replaced: Option<PassId>,
    },
    /// A request with this key has issued a pass before.
    Before {
        /// That pass, if it stands.
        pass: Option<StandingPass>,
        /// Whether the same caller made that request.
        same_caller: bool,
    },
    /// This pass stands in the way.
    Stands(StandingPass),
}

impl Event for Issue {
    type Outcome = Issued;

    fn apply(&self, record: Option<&Record>, _birth: UnixSeconds, now: UnixSeconds) -> Change<Issued> {
        // Its own swap was carried out, and somebody has guessed at the code since.
        if let Some(pass) = record.and_then(|record| record.pass.as_ref()).filter(|pass| pass.id == self.id) {
            return Change::none(Issued::Now { pass: pass.clone(), replaced: None });
        }
        if let (Some(request), Some(record)) = (&self.request, record)
            && let Some(former) = record.requests.iter().find(|former| request.tags.contains(&former.tag))
        {
            let pass = record.pass.as_ref().filter(|pass| pass.id == former.pass);
            let same_caller = request.callers.contains(&former.caller);
            return Change::none(Issued::Before { pass: pass.cloned(), same_caller });
        }
        let standing = record.and_then(|record| record.pass.as_ref());
        if let Some(pass) = standing.filter(|pass| self.only_if_none && pass.is_of_use(now)) {
            return Change::none(Issued::Stands(pass.clone()));
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
            requests: self.requests(record),
            keep_until: issued
                .plus(self.longest_from_issue)
                .max(pass.end)
                .max(record.map(|record| record.keep_until).unwrap_or_default()),
        };
        Change::to(record, Issued::Now { pass, replaced })
    }
}

impl Issue {
    /// The requests that are remembered from now on.
    fn requests(&self, former: Option<&Record>) -> Vec<IssuingRequest> {
        let mut requests = Record::requests_of(former);
        let tag = |request: &KeyedRequest| Some((*request.tags.first()?, *request.callers.first()?));
        if let Some((tag, caller)) = self.request.as_ref().and_then(tag) {
            while requests.len() >= MOST_REQUESTS {
                requests.remove(0);
            }
            requests.push(IssuingRequest { tag, caller, pass: self.id.clone() });
        }
        requests
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

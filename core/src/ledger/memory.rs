//! A ledger in memory: for tests, tools and hosts that run the rules without a proxy.

use std::collections::BTreeMap;

use super::record::Record;
use super::{Amendment, Ledger, Loaded, Put, RecordName, SwapReply, Unavailable, Version};
use crate::policy::Policy;
use crate::time::UnixSeconds;

/// Records by name, as bytes, like in any real store; born when it is made.
#[derive(Clone, Debug)]
pub struct Memory {
    birth: UnixSeconds,
    amendment: Option<(Amendment, Version)>,
    records: BTreeMap<RecordName, (Vec<u8>, Version)>,
    last: Version,
}

impl Memory {
    /// An empty ledger that begins at `birth`.
    #[must_use]
    pub fn born(birth: UnixSeconds) -> Self {
        Self { birth, amendment: None, records: BTreeMap::new(), last: Version(0) }
    }

    /// The record of this name.
    #[must_use]
    pub fn get(&self, name: &RecordName) -> Option<Record> {
        Record::decode(&self.records.get(name)?.0).ok()
    }
}

impl Ledger for Memory {
    fn load(&mut self, _policy: &Policy, name: &RecordName, _now: UnixSeconds) -> Result<Loaded, Unavailable> {
        let record = self.records.get(name);
        let record = record.map(|(bytes, version)| Ok((Record::decode(bytes)?, *version))).transpose()?;
        Ok(Loaded { birth: self.birth, amendment: self.amendment.clone(), record })
    }

    fn swap(&mut self, _policy: &Policy, expected: Option<Version>, put: &Put, _now: UnixSeconds) -> SwapReply {
        let standing = match put {
            Put::Record(name, _) => self.records.get(name).map(|(_, version)| *version),
            Put::Amendment(_) => self.amendment.as_ref().map(|(_, version)| *version),
        };
        if standing != expected {
            return SwapReply::Lost;
        }
        self.last = Version(self.last.0.saturating_add(1));
        match put {
            Put::Record(name, record) => drop(self.records.insert(*name, (record.encode(), self.last))),
            Put::Amendment(amendment) => self.amendment = Some((amendment.clone(), self.last)),
        }
        SwapReply::Swapped
    }
}

//! The store as the protocol may count on it: one record, a version that only grows, and a swap that compares it. What
//! shared data and an etcd cluster have in common, and nothing more.

use std::sync::Arc;

use tapgate_core::ledger::{Loaded, Record, SwapReply, Version};
use tapgate_core::time::UnixSeconds;

/// One user's record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Store {
    /// When the ledger began.
    pub birth: UnixSeconds,
    /// What stands.
    pub standing: Option<Standing>,
    /// The last version given, to a record or to the lack of one.
    last: u64,
}

/// A record that stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Standing {
    /// The record.
    pub record: Arc<Record>,
    /// Its version.
    pub version: Version,
    /// The number of the request that wrote it. The laws look at it, no gateway does.
    pub writer: usize,
}

impl Store {
    /// An empty one.
    #[must_use]
    pub fn born(birth: UnixSeconds) -> Self {
        Self { birth, standing: None, last: 0 }
    }

    /// What a load is answered.
    #[must_use]
    pub fn load(&self) -> Loaded {
        let record = self.standing.as_ref().map(|standing| (Record::clone(&standing.record), standing.version));
        Loaded { record, ..Loaded::empty(self.birth) }
    }

    /// The record that stands.
    #[must_use]
    pub fn record(&self) -> Option<&Record> {
        self.standing.as_ref().map(|standing| &*standing.record)
    }

    /// Who wrote what stands.
    #[must_use]
    pub fn writer(&self) -> Option<usize> {
        self.standing.as_ref().map(|standing| standing.writer)
    }

    /// Whether this version stands.
    #[must_use]
    pub fn stands(&self, expected: Option<Version>) -> bool {
        self.standing.as_ref().map(|standing| standing.version) == expected
    }

    /// Writes if `expected` stands, or `blindly`.
    pub fn swap(&mut self, expected: Option<Version>, record: &Arc<Record>, writer: usize, blindly: bool) -> SwapReply {
        if !blindly && !self.stands(expected) {
            return SwapReply::Lost;
        }
        self.last += 1;
        self.standing = Some(Standing { record: Arc::clone(record), version: Version(self.last), writer });
        SwapReply::Swapped
    }

    /// Lets go of the record.
    pub fn forget(&mut self) {
        self.last += 1;
        self.standing = None;
    }

    /// How often it has changed.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.last
    }
}

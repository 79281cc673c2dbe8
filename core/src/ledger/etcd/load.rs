//! Loading a record, with the birth of its ledger and what is amended of the policy.
//!
//! [`Load`] begins a ledger that has not begun. It is a writing transaction whichever branch it takes, so it costs etcd an
//! entry in its log, and a cluster without space refuses it. [`Look`] never writes: it is what to ask first, and for rechecks
//! always.

use super::answer::{Txn, is_put};
use super::keyspace::Keys;
use super::request::{Compare, Operation, Txn as Question};
use super::{Answer, Call, Failure};
use crate::ledger::Loaded;
use crate::ledger::bucket::encode_birth;
use crate::time::UnixSeconds;

/// Asks for a record; begins its ledger, insert-once, if it has not begun (7.1a). Whoever loses that race reads the winner's
/// birth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    pub(super) keys: Keys,
    pub(super) now: UnixSeconds,
}

impl Load {
    /// The call.
    #[must_use]
    pub fn call(&self) -> Call {
        let Keys { birth, amendment, record } = &self.keys;
        Question {
            compare: vec![Compare::absent(birth)],
            success: vec![
                Operation::put(birth, &encode_birth(self.now), None),
                Operation::range(amendment),
                Operation::range(record),
            ],
            failure: vec![Operation::range(birth), Operation::range(amendment), Operation::range(record)],
        }
        .call()
    }

    /// Reads the call's answer. The record's version is its `mod_revision`.
    ///
    /// # Errors
    /// [`Failure`], also for an answer that makes no sense.
    pub fn read(&self, answer: Answer<'_>) -> Result<Loaded, Failure> {
        let txn = Txn::read(answer)?;
        let loaded = if txn.succeeded { self.begun(&txn) } else { txn.loaded(&self.keys).flatten() };
        loaded.ok_or(Failure::Unavailable)
    }

    /// This very load began the ledger. There may be a record all the same, if somebody deleted the birth.
    fn begun(&self, txn: &Txn) -> Option<Loaded> {
        match txn.responses.as_slice() {
            [put, amendment, record] if is_put(put) => txn.held(self.now, amendment, record, &self.keys),
            _ => None,
        }
    }
}

/// Asks for a record, and writes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    pub(super) keys: Keys,
}

impl Look {
    /// The call: a transaction that compares nothing, so that all keys are read as they stand at one moment.
    #[must_use]
    pub fn call(&self) -> Call {
        let Keys { birth, amendment, record } = &self.keys;
        let success = vec![Operation::range(birth), Operation::range(amendment), Operation::range(record)];
        Question { compare: Vec::new(), success, failure: Vec::new() }.call()
    }

    /// Reads the call's answer; `None` if the ledger has not begun, which takes a [`Load`].
    ///
    /// # Errors
    /// [`Failure`], also for an answer that makes no sense.
    pub fn read(&self, answer: Answer<'_>) -> Result<Option<Loaded>, Failure> {
        let txn = Txn::read(answer)?;
        txn.succeeded.then(|| txn.loaded(&self.keys)).flatten().ok_or(Failure::Unavailable)
    }
}

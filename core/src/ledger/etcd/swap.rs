//! Swapping a record, or what is amended of the policy: one compare-and-swap (7.1), and what stands instead if it is lost.

use super::answer::{Fault, Txn, is_put};
use super::keyspace::Keys;
use super::request::{Compare, Operation, Txn as Question};
use super::{Answer, Call};
use crate::ledger::bucket::encode_birth;
use crate::ledger::{Loaded, Put, SwapReply, Version};
use crate::time::UnixSeconds;

/// Asks for a record to be written in place of the version that was loaded, in the ledger that it was loaded from.
///
/// The birth is compared too: a ledger that was deleted and began again since the load has another, and what was decided
/// by the old one must not stand in the new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swap {
    pub(super) keys: Keys,
    pub(super) birth: UnixSeconds,
    pub(super) expected: Option<Version>,
    /// What must stand of amendments, where it matters.
    pub(super) amended_in: Option<Option<Version>>,
    pub(super) put: Put,
    /// What a record goes with.
    pub(super) lease: Option<u64>,
}

/// What came of a swap.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SwapAnswer {
    /// The record stands as given.
    Swapped,
    /// Nothing was written. This stands, and need not be loaded again.
    Lost(Box<Loaded>),
    /// Nobody knows whether it was written: load.
    Unknown,
    /// Not written, and there is no use in trying again: etcd does not allow it.
    Refused,
    /// Not written: the lease has ended. Ask again with another, or none.
    LeaseGone,
    /// Not written: there is no token, or etcd no longer takes it. Authenticate and ask again.
    Unauthenticated,
}

impl SwapAnswer {
    /// What an attempt is told, where the caller does not ask again.
    #[must_use]
    pub fn reply(&self) -> SwapReply {
        match self {
            Self::Swapped => SwapReply::Swapped,
            Self::Lost(_) => SwapReply::Lost,
            Self::Unknown => SwapReply::Unknown,
            Self::Refused | Self::LeaseGone | Self::Unauthenticated => SwapReply::Refused,
        }
    }
}

impl From<Fault> for SwapAnswer {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unauthenticated => Self::Unauthenticated,
            Fault::LeaseGone => Self::LeaseGone,
            Fault::Refused => Self::Refused,
            Fault::Unclear => Self::Unknown,
        }
    }
}

impl Swap {
    /// The same, lost also if another amendment stands than the one that it was decided by, of this version (`None`: none).
    #[must_use]
    pub fn amended_in(self, version: Option<Version>) -> Self {
        Self { amended_in: Some(version), ..self }
    }

    /// The call.
    #[must_use]
    pub fn call(&self) -> Call {
        let Keys { birth, amendment, record } = &self.keys;
        let (key, put) = match &self.put {
            Put::Record(_, new) => (record, Operation::put(record, &new.encode(), self.lease)),
            Put::Amendment(new) => (amendment, Operation::put(amendment, new.as_bytes(), None)),
        };
        let stands = |key, version| match version {
            Some(Version(revision)) => Compare::written_in(key, revision),
            None => Compare::absent(key),
        };
        let mut compare = vec![Compare::holds(birth, &encode_birth(self.birth)), stands(key, self.expected)];
        compare.extend(self.amended_in.map(|version| stands(amendment, version)));
        Question {
            compare,
            success: vec![put],
            failure: vec![Operation::range(birth), Operation::range(amendment), Operation::range(record)],
        }
        .call()
    }

    /// Reads the call's answer. An answer that makes no sense is [`SwapAnswer::Unknown`].
    #[must_use]
    pub fn read(&self, answer: Answer<'_>) -> SwapAnswer {
        let txn = match Txn::read(answer) {
            Ok(txn) => txn,
            Err(fault) => return fault.into(),
        };
        if txn.succeeded { self.swapped(&txn) } else { self.lost(&txn) }
    }

    fn swapped(&self, txn: &Txn) -> SwapAnswer {
        // A write has a revision of its own, later than whatever it took the place of.
        let later = self.expected.is_none_or(|Version(replaced)| txn.revision > replaced);
        match txn.responses.as_slice() {
            [put] if is_put(put) && later => SwapAnswer::Swapped,
            _ => SwapAnswer::Unknown,
        }
    }

    fn lost(&self, txn: &Txn) -> SwapAnswer {
        let Some(Some(loaded)) = txn.loaded(&self.keys) else { return SwapAnswer::Unknown };
        let (version, own) = match &self.put {
            Put::Record(_, new) => standing(loaded.record.as_ref(), new),
            Put::Amendment(new) => standing(loaded.amendment.as_ref(), new),
        };
        // Then the comparison would have held.
        let same_amendment = self.amended_in.is_none_or(|version| version == loaded.amended_in());
        let impossible = loaded.birth == self.birth && version == self.expected && same_amendment;
        // The very same: somebody on the way repeated the call, and the first of them was carried out.
        if impossible || own { SwapAnswer::Unknown } else { SwapAnswer::Lost(Box::new(loaded)) }
    }
}

/// The version of what stands, and whether it is what was to be written.
fn standing<T: PartialEq>(stands: Option<&(T, Version)>, new: &T) -> (Option<Version>, bool) {
    (stands.map(|(_, version)| *version), stands.is_some_and(|(standing, _)| standing == new))
}

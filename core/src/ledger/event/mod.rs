//! What may happen to a record: pure functions `(record, event, now) -> (record', outcome)`, a file an event.
//!
//! Everything that makes a pass be used by one holder, once, until a deadline, is here (7.2, 7.3). Who stores records,
//! and how a lost swap is tried again, is not.

mod complete;
mod guess;
mod issue;
mod revoke;
mod sign_in;
mod sign_out;

pub use complete::{Complete, Completion};
pub use guess::{Compared, Guess, Guessed};
pub use issue::{Issue, Issued, KeyedRequest, Withdraw};
pub use revoke::{PassRevoked, Revoke, RevokePass};
pub use sign_in::{PresentedPass, SignIn, SignedIn};
pub use sign_out::SignOut;

use std::fmt::Debug;
use std::hash::Hash;

use super::record::Record;
use crate::time::UnixSeconds;

/// What a transition makes of a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Change<O> {
    /// What to write.
    pub write: Write,
    /// What it means, once that is done.
    pub outcome: O,
}

/// What to write.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Write {
    /// Nothing.
    Nothing,
    /// This record, whose `attempt` is filled in by the attempt that writes it.
    Record(Box<Record>),
    /// Nothing, by a swap that cannot succeed: whoever counts the ledger's calls or takes their time must not find out that
    /// there was nothing to write (7.7).
    Decoy {
        /// Until when a record written instead would have to be kept.
        keep_until: UnixSeconds,
    },
}

impl Write {
    /// The record to be written, if there is one.
    #[must_use]
    pub fn record(self) -> Option<Record> {
        match self {
            Self::Record(record) => Some(*record),
            Self::Nothing | Self::Decoy { .. } => None,
        }
    }
}

impl<O> Change<O> {
    fn none(outcome: O) -> Self {
        Self { write: Write::Nothing, outcome }
    }

    fn to(record: Record, outcome: O) -> Self {
        Self { write: Write::Record(Box::new(record)), outcome }
    }
}

/// Something that may happen to a record.
pub trait Event: Clone + Debug + Eq + Hash {
    /// What comes of it.
    type Outcome: Clone + Debug + Eq + Hash;

    /// Decides by the record as it stands; `birth` is when the ledger began, and nothing before it is known.
    fn apply(&self, record: Option<&Record>, birth: UnixSeconds, now: UnixSeconds) -> Change<Self::Outcome>;
}

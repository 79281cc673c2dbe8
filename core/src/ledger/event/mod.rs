//! What may happen to a record: pure functions `(record, event, now) -> (record', outcome)`, a file an event.
//!
//! Everything that makes a pass be used by one holder, once, until a deadline, is here (7.2, 7.3). Who stores records,
//! and how a lost swap is tried again, is not.

mod complete;
mod revoke;
mod sign_in;
mod sign_out;

pub use complete::{Complete, Completion};
pub use revoke::Revoke;
pub use sign_in::{PresentedPass, SignIn, SignedIn};
pub use sign_out::SignOut;

use std::fmt::Debug;
use std::hash::Hash;

use super::record::Record;
use crate::time::UnixSeconds;

/// What a transition makes of a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Change<O> {
    /// The new record; `None` to write nothing. Its `attempt` is filled in by the attempt that makes the change.
    pub record: Option<Record>,
    /// What it means, once written.
    pub outcome: O,
}

impl<O> Change<O> {
    fn none(outcome: O) -> Self {
        Self { record: None, outcome }
    }
}

/// Something that may happen to a record.
pub trait Event: Clone + Debug + Eq + Hash {
    /// What comes of it.
    type Outcome: Clone + Debug + Eq + Hash;

    /// Decides by the record as it stands; `birth` is when the ledger began, and nothing before it is known.
    fn apply(&self, record: Option<&Record>, birth: UnixSeconds, now: UnixSeconds) -> Change<Self::Outcome>;
}

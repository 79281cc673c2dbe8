//! Events out: what the audit log is told, sent to a webhook as it comes, so that an HR or ticket system sees who was issued a pass,
//! signed in, registered, or let a pass expire unused.
//!
//! An event is a CloudEvent (1.0, structured mode) whose `data` is the audit line; it is signed as Standard Webhooks are, by every key
//! of `keys.webhook`, so that a receiver knows one while keys are rotated. A [`Queue`] keeps what has not been taken yet, in
//! order and up to a bound. It calls nothing: whoever holds it sends what it wants sent, and says what came of that.

mod event;
mod queue;

pub use event::{Delivery, is_sent};
pub use queue::{Came, LONGEST_WAIT, MOST_REFUSALS, Queue};

use crate::path::LocalPath;

/// Where a policy's events go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// The proxy's name for the cluster.
    pub cluster: String,
    /// What `:authority` says.
    pub authority: String,
    /// Where the receiver takes events.
    pub path: LocalPath,
    /// How long a call may take.
    pub timeout_in_milliseconds: u32,
    /// How many events may wait, for each worker.
    pub most_waiting: usize,
    /// The kinds of events that are sent, by name; empty for all that the audit log is told.
    pub kinds: Vec<&'static str>,
}

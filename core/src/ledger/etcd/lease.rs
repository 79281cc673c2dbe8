//! Leases: etcd deletes a record with its lease. One is shared by everything that a worker writes within [`SHARED_FOR`],
//! and must outlive every record that hangs on it, since whoever deletes a record forgets what it refused (7.2).
//!
//! The law. A record written at `n` is kept until `n + L` at most, `L` being [`Policy::longest_kept`]. A lease granted at `g`
//! lives for `L + SHARED_FOR + SLACK` at least. Whatever is written with it at `g <= n < g + SHARED_FOR` is therefore kept until
//! `n + L < g + SHARED_FOR + L`, which is [`SLACK`] before the lease's end. A record that a laxer policy wrote may be kept
//! longer than `L`: so [`Lease::serves`] asks the record, and a [`Grant`] is always enough for the record that it is for.
//!
//! etcd counts by its own monotonic clock from when it grants, which is after `g`; it grants no less than asked for, and a new
//! leader may lengthen a lease, never shorten it (`lessor.go`). The slack is for wall clocks that differ or are set.

use serde::Serialize;

use super::answer::{positive, text};
use super::{Answer, Call, Failure};
use crate::ledger::Record;
use crate::policy::Policy;
use crate::time::{Seconds, UnixSeconds};

/// How long a lease may be given to new records.
pub const SHARED_FOR: Seconds = Seconds::new(3600);

/// By how much a lease outlives its records.
pub const SLACK: Seconds = Seconds::new(3600);

/// The longest lease that etcd grants (`MaxLeaseTTL` in `lessor.go`). No policy comes near it; a record from elsewhere may.
const LONGEST: u64 = 9_000_000_000;

/// Asks for a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    now: UnixSeconds,
    ttl: Seconds,
}

/// A lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    id: u64,
    granted: UnixSeconds,
    ttl: Seconds,
}

#[derive(Serialize)]
struct Question {
    #[serde(rename = "TTL")]
    ttl: String,
}

impl Grant {
    /// For a record about to be written, and for what this policy has written in the next hour.
    #[must_use]
    pub fn new(policy: &Policy, record: &Record, now: UnixSeconds) -> Self {
        Self::lasting(policy.longest_kept().max(record.keep_until.since(now)), now)
    }

    /// For what this policy will have written in the next hour, before there is anything to write.
    #[must_use]
    pub fn ahead(policy: &Policy, now: UnixSeconds) -> Self {
        Self::lasting(policy.longest_kept(), now)
    }

    fn lasting(kept: Seconds, now: UnixSeconds) -> Self {
        let ttl = kept.get().saturating_add(SHARED_FOR.get()).saturating_add(SLACK.get());
        Self { now, ttl: Seconds::new(ttl.min(LONGEST)) }
    }

    /// The call.
    #[must_use]
    pub fn call(&self) -> Call {
        Call::new("/v3/lease/grant", &Question { ttl: self.ttl.get().to_string() })
    }

    /// Reads the call's answer. It is counted from when the question was made, before etcd can have begun to count.
    ///
    /// # Errors
    /// [`Failure`], also for an answer that makes no sense or a lease that is shorter than was asked for. The record may be
    /// written without a lease then.
    pub fn read(&self, answer: Answer<'_>) -> Result<Lease, Failure> {
        let object = answer.object()?;
        let number = |name| text(&object, name).and_then(positive).ok_or(Failure::Unavailable);
        let (id, ttl) = (number("ID")?, Seconds::new(number("TTL")?));
        if object.get("error").is_some() || ttl < self.ttl {
            return Err(Failure::Unavailable);
        }
        Ok(Lease { id, granted: self.now, ttl: self.ttl })
    }
}

impl Lease {
    /// Whether this record, about to be written, may hang on it.
    #[must_use]
    pub fn serves(&self, record: &Record, now: UnixSeconds) -> bool {
        now < self.granted.plus(SHARED_FOR) && self.outlives(record)
    }

    /// Whether it lives until nothing that the record refuses can be valid.
    pub(super) fn outlives(&self, record: &Record) -> bool {
        record.keep_until.get().saturating_add(SLACK.get()) <= self.granted.get().saturating_add(self.ttl.get())
    }
}

pub(super) fn id(lease: &Lease) -> u64 {
    lease.id
}

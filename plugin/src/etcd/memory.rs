//! What a worker last saw of records, for session checks alone (7.5): nothing is ever changed by it.
//!
//! It only says that a session lives, never that one is dead: a session that the record seen does not have may have begun
//! since, elsewhere, so that has to be asked.

use std::collections::{BTreeMap, VecDeque};

use tapgate_core::ledger::{Check, Loaded, Record, RecordName, Version};
use tapgate_core::policy::Etcd;
use tapgate_core::time::UnixSeconds;

/// The most records that are kept. One has some hundred bytes, and 16 sessions at most.
const MOST: usize = 2048;

/// Records by name, and which of them are to be looked at again.
#[derive(Default)]
pub(crate) struct Memory {
    seen: BTreeMap<RecordName, Seen>,
    due: VecDeque<RecordName>,
    /// Numbers what is asked, so that an answer that was overtaken is known.
    asked: u64,
}

struct Seen {
    /// The question that this answers.
    number: u64,
    /// When it was asked.
    at: UnixSeconds,
    loaded: Loaded,
    recheck: Recheck,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Recheck {
    No,
    Due,
    Asked,
}

impl Memory {
    /// A number for what is about to be asked.
    pub(crate) fn number(&mut self) -> u64 {
        self.asked = self.asked.saturating_add(1);
        self.asked
    }

    /// The record by which a session was lately seen to live, unless that is too long ago. Where it is due to be looked at
    /// again, that is noted for the timer.
    pub(crate) fn recall(&mut self, name: &RecordName, check: Check, etcd: &Etcd, now: UnixSeconds) -> Option<Loaded> {
        let seen = self.seen.get_mut(name)?;
        // From the future: the clock was set back since, and nobody knows by how much.
        if now < seen.at || !check.lives(&seen.loaded, now) {
            return None;
        }
        let every = if check.registered { etcd.recheck_registered } else { etcd.recheck };
        let age = now.since(seen.at);
        if age.get() > every.get().saturating_add(etcd.grace.get()) {
            return None;
        }
        if age >= every && seen.recheck == Recheck::No {
            seen.recheck = Recheck::Due;
            self.due.push_back(*name);
        }
        Some(seen.loaded.clone())
    }

    /// Takes up to so many records that are to be looked at again.
    pub(crate) fn take_due(&mut self, most: usize) -> Vec<RecordName> {
        let taken = most.min(self.due.len());
        let due: Vec<_> = self.due.drain(..taken).collect();
        for name in &due {
            if let Some(seen) = self.seen.get_mut(name) {
                seen.recheck = Recheck::Asked;
            }
        }
        due
    }

    /// A record was seen, as the answer to a question.
    pub(crate) fn saw(&mut self, name: RecordName, number: u64, at: UnixSeconds, loaded: Loaded) {
        if self.seen.get(&name).is_some_and(|seen| seen.number > number) {
            return self.looked_in_vain(&name);
        }
        if loaded.record.is_none() {
            self.seen.remove(&name);
            return;
        }
        if self.seen.len() >= MOST && !self.seen.contains_key(&name) {
            let oldest = self.seen.iter().min_by_key(|(_, seen)| seen.at).map(|(name, _)| *name);
            oldest.map(|oldest| self.seen.remove(&oldest));
        }
        // A name that waits in line stays there: it is looked at once more than it need be.
        let recheck = match self.seen.get(&name) {
            Some(Seen { recheck: Recheck::Due, .. }) => Recheck::Due,
            _ => Recheck::No,
        };
        self.seen.insert(name, Seen { number, at, loaded, recheck });
    }

    /// This worker has written a record: whatever was asked before its answer came is overtaken.
    pub(crate) fn wrote(&mut self, name: RecordName, birth: UnixSeconds, record: Record, now: UnixSeconds) {
        let number = self.number();
        // Nobody changes a record by its version here, so it need not be right.
        self.saw(name, number, now, Loaded { birth, record: Some((record, Version(0))) });
    }

    /// Nobody knows what stands: whoever asks next has to wait.
    pub(crate) fn forget(&mut self, name: &RecordName) {
        self.seen.remove(name);
    }

    /// A recheck came to nothing: the next request that finds it due asks again.
    pub(crate) fn looked_in_vain(&mut self, name: &RecordName) {
        if let Some(seen) = self.seen.get_mut(name).filter(|seen| seen.recheck == Recheck::Asked) {
            seen.recheck = Recheck::No;
        }
    }
}

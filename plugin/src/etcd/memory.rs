//! What a worker last saw of records, for session checks alone (7.5): nothing is ever changed by it.
//!
//! It only says that a session lives, never that one is dead: a session that the record seen does not have may have begun
//! since, elsewhere, so that has to be asked.

use tapgate_core::ledger::{Check, Loaded, Record, RecordName, Version};
use tapgate_core::policy::Etcd;
use tapgate_core::time::UnixSeconds;

/// The most records that are kept. One has some hundred bytes, and 16 sessions at most.
const MOST: usize = 2048;

/// Records by name, and which of them are to be looked at again.
#[derive(Default)]
pub(crate) struct Memory {
    /// In the order of their names: half the code of a map, and a record costs a call to etcd.
    seen: Vec<(RecordName, Box<Seen>)>,
    due: Vec<RecordName>,
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
    fn place(&self, name: &RecordName) -> Result<usize, usize> {
        self.seen.binary_search_by(|(other, _)| other.cmp(name))
    }

    fn seen(&mut self, name: &RecordName) -> Option<&mut Seen> {
        let place = self.place(name).ok()?;
        self.seen.get_mut(place).map(|(_, seen)| &mut **seen)
    }

    /// A number for what is about to be asked.
    pub(crate) fn number(&mut self) -> u64 {
        self.asked = self.asked.saturating_add(1);
        self.asked
    }

    /// The record by which a session was lately seen to live, unless that is too long ago. Where it is due to be looked at
    /// again, that is noted for the timer.
    pub(crate) fn recall(&mut self, name: &RecordName, check: Check, etcd: &Etcd, now: UnixSeconds) -> Option<Loaded> {
        let seen = self.seen(name)?;
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
            let loaded = seen.loaded.clone();
            self.due.push(*name);
            return Some(loaded);
        }
        Some(seen.loaded.clone())
    }

    /// Takes up to so many records that are to be looked at again.
    pub(crate) fn take_due(&mut self, most: usize) -> Vec<RecordName> {
        let taken = most.min(self.due.len());
        let due: Vec<_> = self.due.drain(..taken).collect();
        for name in &due {
            if let Some(seen) = self.seen(name) {
                seen.recheck = Recheck::Asked;
            }
        }
        due
    }

    /// A record was seen, as the answer to a question.
    pub(crate) fn saw(&mut self, name: RecordName, number: u64, at: UnixSeconds, loaded: Loaded) {
        if loaded.record.is_none() {
            return self.forget(&name);
        }
        if let Some(seen) = self.seen(&name) {
            if seen.recheck == Recheck::Asked {
                seen.recheck = Recheck::No;
            }
            // What was asked before another answer came that stands here is overtaken.
            if seen.number <= number {
                (seen.number, seen.at, seen.loaded) = (number, at, loaded);
            }
            return;
        }
        if self.seen.len() >= MOST {
            let oldest = self.seen.iter().enumerate().min_by_key(|(_, (_, seen))| seen.at).map(|(place, _)| place);
            oldest.map(|oldest| self.seen.remove(oldest));
        }
        let place = self.place(&name).unwrap_or_else(|place| place);
        self.seen.insert(place, (name, Box::new(Seen { number, at, loaded, recheck: Recheck::No })));
    }

    /// This worker has written a record beside what else the ledger had: whatever was asked before its answer came is overtaken.
    pub(crate) fn wrote(&mut self, name: RecordName, began: Loaded, record: Record, now: UnixSeconds) {
        let number = self.number();
        // Nobody changes a record by its version here, so it need not be right.
        self.saw(name, number, now, Loaded { record: Some((record, Version(0))), ..began });
    }

    /// Nobody knows what stands: whoever asks next has to wait.
    pub(crate) fn forget(&mut self, name: &RecordName) {
        if let Ok(place) = self.place(name) {
            self.seen.remove(place);
        }
    }

    /// A recheck came to nothing: the next request that finds it due asks again.
    pub(crate) fn looked_in_vain(&mut self, name: &RecordName) {
        if let Some(seen) = self.seen(name).filter(|seen| seen.recheck == Recheck::Asked) {
            seen.recheck = Recheck::No;
        }
    }
}

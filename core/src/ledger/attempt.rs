//! One attempt to change a record: load, decide, swap; a lost swap loads and decides again, a bounded number of times (7.1).
//!
//! An attempt holds ids and times only and never calls anything: it says what it wants next and is answered. Shared
//! data, a remote store, the in-memory ledger and a model checker all answer this one code.

use super::event::{Change, Event, Write};
use super::record::Record;
use super::{Loaded, RecordName, SwapReply, Unavailable, Version};
use crate::names::AttemptId;
use crate::time::UnixSeconds;

/// How often an attempt may load before it gives up.
pub const MOST_TRIES: u8 = 16;

/// An attempt to make `E` happen to a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Attempt<E: Event> {
    id: AttemptId,
    name: RecordName,
    event: E,
    tries_left: u8,
    /// The attempt's own swaps that no reply called carried out: what each wrote, and what it would mean.
    in_doubt: Vec<(Record, E::Outcome)>,
    /// What a swap means that was to be lost and of which nobody knows whether it was: one look settles it, as it does for one
    /// that was carried out.
    decoy: Option<E::Outcome>,
}

/// What an attempt wants next.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Next<E: Event> {
    /// Load the record.
    Load(Loading<E>),
    /// Swap the record.
    Swap(Swapping<E>),
    /// Nothing: this came of it.
    Done(Result<E::Outcome, Unavailable>),
}

/// An attempt that waits for the record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Loading<E: Event>(Attempt<E>);

/// An attempt that waits for its swap.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Swapping<E: Event> {
    attempt: Attempt<E>,
    expected: Option<Version>,
    record: Box<Record>,
    outcome: E::Outcome,
}

impl<E: Event> Attempt<E> {
    /// Begins. `id` is random and never comes from a request.
    pub fn begin(id: AttemptId, name: RecordName, event: E) -> Loading<E> {
        Loading(Self { id, name, event, tries_left: MOST_TRIES, in_doubt: Vec::new(), decoy: None })
    }

    fn load_again(mut self) -> Next<E> {
        match self.tries_left.checked_sub(1) {
            Some(0) | None => Next::Done(Err(Unavailable)),
            Some(tries_left) => {
                self.tries_left = tries_left;
                Next::Load(Loading(self))
            }
        }
    }
}

impl<E: Event> Loading<E> {
    /// The record that is wanted.
    pub fn name(&self) -> &RecordName {
        &self.0.name
    }

    /// Goes on with what was loaded at `now`.
    // What may happen to a record is the largest part of the plugin: once for each event is enough.
    #[inline(never)]
    pub fn answer(self, loaded: Result<Loaded, Unavailable>, now: UnixSeconds) -> Next<E> {
        let Ok(loaded) = loaded else { return Next::Done(Err(Unavailable)) };
        let attempt = self.0;
        if let Some(outcome) = attempt.decoy {
            return Next::Done(Ok(outcome));
        }
        let record = loaded.record.as_ref().map(|(record, _)| record);
        let landed = |(written, _): &&(Record, E::Outcome)| record == Some(written);
        if let Some((_, outcome)) = attempt.in_doubt.iter().find(landed) {
            return Next::Done(Ok(outcome.clone()));
        }
        match attempt.event.apply(record, loaded.birth, now) {
            Change { write: Write::Nothing, outcome } => Next::Done(Ok(outcome)),
            Change { write: Write::Record(record), outcome } => {
                let record = Box::new(Record { attempt: attempt.id, ..*record });
                let expected = loaded.record.map(|(_, version)| version);
                Next::Swap(Swapping { attempt, expected, record, outcome })
            }
            Change { write: Write::Decoy { keep_until }, outcome } => {
                let record = Box::new(Record::decoy(attempt.id, keep_until));
                Next::Swap(Swapping { attempt, expected: Some(Version::NEVER), record, outcome })
            }
        }
    }
}

impl<E: Event> Swapping<E> {
    /// The record to be swapped.
    pub fn name(&self) -> &RecordName {
        &self.attempt.name
    }

    /// The version that must stand for the swap to succeed; `None` if no record may stand.
    pub fn expected(&self) -> Option<Version> {
        self.expected
    }

    /// The record to be written.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Goes on with the swap's reply.
    pub fn answer(self, reply: SwapReply) -> Next<E> {
        let mut attempt = self.attempt;
        if self.expected == Some(Version::NEVER) {
            return match reply {
                SwapReply::Lost => Next::Done(Ok(self.outcome)),
                SwapReply::Unknown => {
                    attempt.decoy = Some(self.outcome);
                    attempt.load_again()
                }
                // A ledger that writes what cannot be written makes no sense.
                SwapReply::Refused | SwapReply::Swapped => Next::Done(Err(Unavailable)),
            };
        }
        match reply {
            SwapReply::Swapped => Next::Done(Ok(self.outcome)),
            // A swap may also be lost to an earlier one of this very attempt whose reply was lost, or to itself: a
            // transport that lost the reply and asked again is told that another version stands, which is its own.
            SwapReply::Lost | SwapReply::Unknown => {
                attempt.in_doubt.push((*self.record, self.outcome));
                attempt.load_again()
            }
            SwapReply::Refused => Next::Done(Err(Unavailable)),
        }
    }
}

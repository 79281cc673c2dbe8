//! A worker by itself, for an embedder that runs each on a thread of its own.

use std::time::Duration;

use crate::error::HostError;
use crate::handle::StreamHandle;
use crate::host::StreamId;
use crate::process::{CallAnswer, CallId, HttpCall};
use crate::vm::ROOT;
use crate::worker::{Worker, WorkerState};

/// One worker, taken out of a [`Host`](crate::Host). It can be sent to another thread; what it shares with the others it goes
/// on sharing.
pub struct Lane {
    number: usize,
    worker: Worker,
}

impl Lane {
    pub(crate) const fn new(number: usize, worker: Worker) -> Self {
        Self { number, worker }
    }

    /// Its place among the workers.
    #[must_use]
    pub const fn number(&self) -> usize {
        self.number
    }

    /// How it stands.
    #[must_use]
    pub const fn state(&self) -> &WorkerState {
        self.worker.state()
    }

    /// Opens a stream.
    ///
    /// # Errors
    /// If a VM that has died could not be made anew.
    pub fn stream(&mut self) -> Result<StreamHandle<'_>, HostError> {
        let context = self.worker.open()?;
        Ok(StreamHandle { worker: &mut self.worker, id: StreamId { worker: self.number, context } })
    }

    /// Goes back to an open stream.
    ///
    /// # Errors
    /// If it is closed, or of another worker.
    pub fn at(&mut self, id: StreamId) -> Result<StreamHandle<'_>, HostError> {
        if id.worker != self.number {
            return Err(HostError::NoWorker(id.worker));
        }
        self.worker.stream(id.context).ok_or(HostError::NoStream)?;
        Ok(StreamHandle { worker: &mut self.worker, id })
    }

    /// Lets its timer go off once.
    pub fn tick(&mut self) {
        self.worker.run(ROOT, "proxy_on_tick", &[ROOT]);
    }

    /// The period that the guest has given its timer; `None` if it is off.
    #[must_use]
    pub fn tick_period(&mut self) -> Option<Duration> {
        self.worker.tick_period()
    }

    /// The HTTP calls that its guest has open, oldest first: for the embedder to make.
    #[must_use]
    pub fn calls(&self) -> Vec<HttpCall> {
        self.worker.calls()
    }

    /// Answers one of them, or ends it in another way.
    ///
    /// # Errors
    /// If it has no such open call.
    pub fn answer(&mut self, call: CallId, answer: CallAnswer) -> Result<(), HostError> {
        self.worker.answer(call, answer)
    }
}

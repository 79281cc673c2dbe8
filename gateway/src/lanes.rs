//! The filter's workers, each on a thread of its own that does one thing after another, as a proxy's worker does.
//!
//! A configuration has its own set of workers. When another is loaded, requests that have begun end on the set that they
//! began on; a set's threads end with its last request.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tapgate_host::{HostError, Lane, StreamHandle, StreamId};
use tokio::sync::{mpsc, oneshot};

/// What a worker is to do.
type Job = Box<dyn FnOnce(&mut Lane) + Send>;

/// How many jobs may wait for a worker: beyond that whoever has another waits too.
const WAITING: usize = 1024;

/// The workers of one configuration.
pub(crate) struct Lanes {
    jobs: Vec<mpsc::Sender<Job>>,
    next: AtomicUsize,
}

/// The worker is gone: it was asked something that no filter survives, or the gateway ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gone;

impl Lanes {
    /// Starts a thread for each worker.
    pub(crate) fn start(lanes: Vec<Lane>) -> std::io::Result<Arc<Self>> {
        let mut jobs = Vec::new();
        for mut lane in lanes {
            let (sender, mut receiver) = mpsc::channel::<Job>(WAITING);
            let name = format!("worker {}", lane.number());
            thread::Builder::new().name(name).spawn(move || {
                while let Some(job) = receiver.blocking_recv() {
                    job(&mut lane);
                }
            })?;
            jobs.push(sender);
        }
        Ok(Arc::new(Self { jobs, next: AtomicUsize::new(0) }))
    }

    /// Whether every worker's thread is there: one that has panicked is not.
    pub(crate) fn are_alive(&self) -> bool {
        self.jobs.iter().all(|jobs| !jobs.is_closed())
    }

    /// A stream on the worker whose turn it is.
    pub(crate) async fn open(&self) -> Result<Stream, Gone> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed).checked_rem(self.jobs.len()).ok_or(Gone)?;
        let jobs = self.jobs.get(turn).ok_or(Gone)?.clone();
        let opened = ask(&jobs, |lane| lane.stream().map(|stream| stream.id())).await?;
        opened.map(|id| Stream { id, jobs }).map_err(|_| Gone)
    }
}

/// An open stream. It is closed when this goes.
pub(crate) struct Stream {
    id: StreamId,
    jobs: mpsc::Sender<Job>,
}

impl Stream {
    /// Lets something happen on the stream, after all that was asked for before, and gives what came of it.
    pub(crate) async fn with<R: Send + 'static>(
        &self,
        happens: impl FnOnce(&mut StreamHandle<'_>) -> Result<R, HostError> + Send + 'static,
    ) -> Result<R, Gone> {
        let id = self.id;
        ask(&self.jobs, move |lane| happens(&mut lane.at(id)?)).await?.map_err(|error| {
            tracing::debug!("a stream that something came too late for: {error}");
            Gone
        })
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let id = self.id;
        let close: Job = Box::new(move |lane| drop(lane.at(id).and_then(StreamHandle::close)));
        // With a full queue somebody has to wait for room; here that is a task of its own.
        if let Err(mpsc::error::TrySendError::Full(close)) = self.jobs.try_send(close) {
            let jobs = self.jobs.clone();
            tokio::spawn(async move { drop(jobs.send(close).await) });
        }
    }
}

async fn ask<R: Send + 'static>(
    jobs: &mpsc::Sender<Job>,
    what: impl FnOnce(&mut Lane) -> R + Send + 'static,
) -> Result<R, Gone> {
    let (answer, answered) = oneshot::channel();
    let job: Job = Box::new(move |lane| drop(answer.send(what(lane))));
    jobs.send(job).await.map_err(|_| Gone)?;
    answered.await.map_err(|_| Gone)
}

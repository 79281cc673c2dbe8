//! The host: a canary, workers, and the state that they share.

use std::sync::Arc;
use std::time::Duration;

use crate::config::Config;
use crate::error::HostError;
use crate::handle::StreamHandle;
use crate::lane::Lane;
use crate::module::Module;
use crate::platform::Platform;
use crate::process::{CallAnswer, CallId, Clock, HttpCall, LogLine, Metric, Misuse, Shared};
use crate::report::{CallReport, VmName};
use crate::vm::{ROOT, Vm};
use crate::worker::{Worker, WorkerState};

/// A proxy process with one plugin.
pub struct Host {
    module: Module,
    pub(crate) workers: Vec<Worker>,
    shared: Shared,
}

/// Names a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamId {
    pub(crate) worker: usize,
    pub(crate) context: u32,
}

impl Host {
    /// Starts a process at the default [`Clock`]; see [`Host::start_at`].
    ///
    /// # Errors
    /// As [`Host::start_at`].
    pub fn start(module: &Module, config: Config) -> Result<Self, HostError> {
        Self::start_at(Clock::default(), module, config)
    }

    /// Starts a process: the canary tries the configuration and is dropped, then each worker has a VM of its own.
    ///
    /// # Errors
    /// If the module cannot be instantiated, or the canary refuses the configuration or fails.
    pub fn start_at(clock: Clock, module: &Module, config: Config) -> Result<Self, HostError> {
        let shared = Shared::new(&config, None);
        shared.lock().clock = clock;
        let workers = workers(module, config, &shared)?;
        Ok(Self { module: module.clone(), workers, shared })
    }

    /// Starts a process on what an embedder gives it: what this host keeps for tests (clocks, log, shared data, reports,
    /// misuses) then lies there, and its own stays as it is at the start.
    ///
    /// # Errors
    /// As [`Host::start_at`].
    pub fn start_on(platform: Arc<dyn Platform>, module: &Module, config: Config) -> Result<Self, HostError> {
        let shared = Shared::new(&config, Some(platform));
        let workers = workers(module, config, &shared)?;
        Ok(Self { module: module.clone(), workers, shared })
    }

    /// Gives all workers away, each to be driven from a thread of its own. [`Host::update`] makes new ones, over the same
    /// shared data and metrics; those that were given away live as long as somebody keeps them.
    pub fn take_lanes(&mut self) -> Vec<Lane> {
        std::mem::take(&mut self.workers)
            .into_iter()
            .enumerate()
            .map(|(number, worker)| Lane::new(number, worker))
            .collect()
    }

    /// Loads another configuration into the running process, as a proxy does: a canary tries it, then each worker gets a
    /// new VM. Clocks, randomness, shared data, metrics and log stay, whose CAS dialect and seed are those of the start.
    /// Streams that are still open are forgotten; a proxy would let them end on the VMs that they began on.
    ///
    /// # Errors
    /// As [`Host::start_at`]; then the former configuration stays.
    pub fn update(&mut self, config: Config) -> Result<(), HostError> {
        let workers = workers(&self.module, config, &self.shared)?;
        let mut process = self.shared.lock();
        // What the old VMs have called for nobody waits for any more.
        self.workers.iter().for_each(|worker| process.calls.drop_vm(worker.vm_number()));
        drop(process);
        self.workers = workers;
        Ok(())
    }

    /// Opens a stream on a worker.
    ///
    /// # Errors
    /// If there is no such worker.
    pub fn stream(&mut self, worker: usize) -> Result<StreamHandle<'_>, HostError> {
        let its = self.worker(worker)?;
        let context = its.open()?;
        Ok(StreamHandle { worker: its, id: StreamId { worker, context } })
    }

    /// Goes back to an open stream.
    ///
    /// # Errors
    /// If it is closed.
    pub fn at(&mut self, id: StreamId) -> Result<StreamHandle<'_>, HostError> {
        let worker = self.worker(id.worker)?;
        worker.stream(id.context).ok_or(HostError::NoStream)?;
        Ok(StreamHandle { worker, id })
    }

    fn worker(&mut self, worker: usize) -> Result<&mut Worker, HostError> {
        self.workers.get_mut(worker).ok_or(HostError::NoWorker(worker))
    }

    /// How a worker stands.
    ///
    /// # Errors
    /// If there is no such worker.
    pub fn worker_state(&self, worker: usize) -> Result<&WorkerState, HostError> {
        self.workers.get(worker).map(Worker::state).ok_or(HostError::NoWorker(worker))
    }

    /// Lets a worker's timer go off once, whatever its period.
    ///
    /// # Errors
    /// If there is no such worker.
    pub fn tick(&mut self, worker: usize) -> Result<(), HostError> {
        self.worker(worker)?.run(ROOT, "proxy_on_tick", &[ROOT]);
        Ok(())
    }

    /// The period that the guest has given its timer on a worker; `None` if it is off.
    ///
    /// # Errors
    /// If there is no such worker.
    pub fn tick_period(&mut self, worker: usize) -> Result<Option<Duration>, HostError> {
        Ok(self.worker(worker)?.tick_period())
    }

    /// The clocks.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.shared.lock().clock
    }

    /// Sets both clocks.
    pub fn set_clock(&self, clock: Clock) {
        self.shared.lock().clock = clock;
    }

    /// Lets time go by on both clocks.
    pub fn advance(&self, by: Duration) {
        self.shared.lock().clock.advance(by);
    }

    /// The HTTP calls that are open, oldest first.
    #[must_use]
    pub fn calls(&self) -> Vec<HttpCall> {
        self.shared.lock().calls.list(None)
    }

    /// Answers a call, or ends it in another way. The order is the test's.
    ///
    /// # Errors
    /// If there is no such open call, or its worker has been given away.
    pub fn answer(&mut self, call: CallId, answer: CallAnswer) -> Result<(), HostError> {
        let vm = self.shared.lock().calls.vm_of(call).ok_or(HostError::NoCall)?;
        let worker = self.workers.iter_mut().find(|worker| worker.vm_number() == vm).ok_or(HostError::NoCall)?;
        worker.answer(call, answer)
    }

    /// Says whether a cluster has a healthy host. Without one a call fails at once, with no callback.
    pub fn set_healthy(&self, cluster: &str, healthy: bool) {
        let mut process = self.shared.lock();
        if healthy {
            process.calls.unhealthy.remove(cluster.as_bytes());
        } else {
            process.calls.unhealthy.insert(cluster.as_bytes().to_vec());
        }
    }

    /// A shared value and its version.
    #[must_use]
    pub fn shared_data(&self, key: impl AsRef<[u8]>) -> Option<(Vec<u8>, u32)> {
        self.shared.lock().shared_data.get(key.as_ref())
    }

    /// Forgets all shared data, as a restart does.
    pub fn clear_shared_data(&self) {
        self.shared.lock().shared_data.clear();
    }

    /// What guests have logged, in order.
    #[must_use]
    pub fn logs(&self) -> Vec<LogLine> {
        self.shared.lock().log.clone()
    }

    /// The log lines that contain one of these secrets.
    #[must_use]
    pub fn leaks<'s>(&self, secrets: impl IntoIterator<Item = &'s str>) -> Vec<LogLine> {
        let secrets: Vec<_> = secrets.into_iter().filter(|secret| !secret.is_empty()).collect();
        let tells = |line: &LogLine| secrets.iter().any(|secret| line.text.contains(secret));
        self.shared.lock().log.iter().filter(|line| tells(line)).cloned().collect()
    }

    /// A metric by its name.
    #[must_use]
    pub fn metric(&self, name: &str) -> Option<Metric> {
        self.shared.lock().metrics.named(name)
    }

    /// The names of all metrics.
    #[must_use]
    pub fn metrics(&self) -> Vec<String> {
        self.shared.lock().metrics.names()
    }

    /// What guests did that a real proxy would swallow or hang on.
    #[must_use]
    pub fn misuses(&self) -> Vec<Misuse> {
        self.shared.lock().misuses.0.clone()
    }

    /// What every callback so far has cost.
    #[must_use]
    pub fn reports(&self) -> Vec<CallReport> {
        self.shared.lock().reports.clone()
    }

    /// Takes the reports so far, so that those of the next event stand alone.
    pub fn take_reports(&self) -> Vec<CallReport> {
        std::mem::take(&mut self.shared.lock().reports)
    }
}

/// The workers of a configuration that a canary has taken.
fn workers(module: &Module, config: Config, shared: &Shared) -> Result<Vec<Worker>, HostError> {
    let config = Arc::new(config);
    let mut canary = Vm::new(module, &config, shared, VmName::Canary)?;
    if !canary.start().map_err(HostError::Canary)? {
        return Err(HostError::Rejected);
    }
    drop(canary);
    (0..config.workers).map(|number| Worker::start(number, module, &config, shared)).collect()
}

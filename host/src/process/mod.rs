//! What all VMs of one proxy process share: clocks, randomness, shared data, metrics, the log, open HTTP calls.
//!
//! One lock around all of it, never held while a guest runs.

mod calls;
mod clock;
mod log;
mod metrics;
mod misuse;
mod random;
mod shared_data;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use calls::{CallAnswer, CallId, HttpCall};
pub use clock::Clock;
pub use log::{Level, LogLine};
pub use metrics::{Histogram, Metric};
pub use misuse::Misuse;
pub use shared_data::CasDialect;

pub(crate) use calls::Calls;
pub(crate) use metrics::{MetricKind, Metrics, WrongKind};
pub(crate) use misuse::Misuses;
pub(crate) use random::Random;
pub(crate) use shared_data::{CasMismatch, SharedData};

use crate::config::Config;
use crate::platform::{Platform, SetError, Unavailable};
use crate::report::{CallReport, VmName};

/// The state of one proxy process.
pub(crate) struct Process {
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) shared_data: SharedData,
    pub(crate) metrics: Metrics,
    pub(crate) log: Vec<LogLine>,
    pub(crate) calls: Calls,
    pub(crate) misuses: Misuses,
    pub(crate) reports: Vec<CallReport>,
}

/// A handle to the process's state, and to what an embedder has given in place of parts of it.
#[derive(Clone)]
pub(crate) struct Shared {
    process: Arc<Mutex<Process>>,
    platform: Option<Arc<dyn Platform>>,
}

impl Shared {
    pub(crate) fn new(config: &Config, platform: Option<Arc<dyn Platform>>) -> Self {
        let process = Process {
            clock: Clock::default(),
            random: Random::new(config.seed),
            shared_data: SharedData::new(config.cas),
            metrics: Metrics::default(),
            log: Vec::new(),
            calls: Calls::default(),
            misuses: Misuses::default(),
            reports: Vec::new(),
        };
        Self { process: Arc::new(Mutex::new(process)), platform }
    }

    /// The state itself. A test that panicked elsewhere leaves it as readable as before.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Process> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn log(&self, vm: VmName, level: Level, text: String) {
        let line = LogLine { vm, level, text };
        match &self.platform {
            Some(platform) => platform.log(line),
            None => self.lock().log.push(line),
        }
    }

    pub(crate) fn clock(&self) -> Clock {
        self.platform.as_ref().map_or_else(|| self.lock().clock, |platform| platform.clock())
    }

    pub(crate) fn random(&self, bytes: &mut [u8]) -> Result<(), Unavailable> {
        match &self.platform {
            Some(platform) => platform.random(bytes),
            None => {
                self.lock().random.fill(bytes);
                Ok(())
            }
        }
    }

    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<(Vec<u8>, u32)>, Unavailable> {
        match &self.platform {
            Some(platform) => platform.get(key),
            None => Ok(self.lock().shared_data.get(key)),
        }
    }

    pub(crate) fn set(&self, key: &[u8], value: &[u8], version: u32) -> Result<(), SetError> {
        match &self.platform {
            Some(platform) => platform.set(key, value, version),
            None => Ok(self.lock().shared_data.set(key, value, version)?),
        }
    }

    pub(crate) fn spent(&self, report: CallReport) {
        match &self.platform {
            Some(platform) => platform.spent(report),
            None => self.lock().reports.push(report),
        }
    }

    /// Notes a misuse. An embedder has no use for a list that only grows.
    pub(crate) fn misuse(&self, misuse: Misuse) {
        if self.platform.is_none() {
            self.lock().misuses.note(misuse);
        }
    }
}

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
pub(crate) use metrics::{MetricError, MetricKind, Metrics};
pub(crate) use misuse::Misuses;
pub(crate) use random::Random;
pub(crate) use shared_data::{CasMismatch, SharedData};

use crate::config::Config;
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

/// A handle to the process's state.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Mutex<Process>>);

impl Shared {
    pub(crate) fn new(config: &Config) -> Self {
        Self(Arc::new(Mutex::new(Process {
            clock: Clock::default(),
            random: Random::new(config.seed),
            shared_data: SharedData::new(config.cas),
            metrics: Metrics::default(),
            log: Vec::new(),
            calls: Calls::default(),
            misuses: Misuses::default(),
            reports: Vec::new(),
        })))
    }

    /// The state itself. A test that panicked elsewhere leaves it as readable as before.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Process> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn log(&self, vm: VmName, level: Level, text: String) {
        self.lock().log.push(LogLine { vm, level, text });
    }
}

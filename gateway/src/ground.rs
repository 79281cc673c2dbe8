//! What the filter stands on: the machine's clocks and randomness, the gateway's log, and the store.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tapgate_host::{CallReport, Clock, Level, LogLine, Platform, SetError, Unavailable, VmName};

use crate::store::Store;

/// The platform of a gateway.
pub(crate) struct Ground {
    store: Store,
    started: Instant,
    /// What the canary has said at error, while a configuration is tried: the reasons for a refusal.
    complaints: Mutex<Vec<String>>,
}

impl Ground {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, started: Instant::now(), complaints: Mutex::default() }
    }

    /// Whether shared data can be written, as far as is known.
    pub(crate) fn keeps(&self) -> bool {
        self.store.keeps()
    }

    /// Takes what the canary has complained of.
    pub(crate) fn complaints(&self) -> Vec<String> {
        std::mem::take(&mut *self.complaints.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Platform for Ground {
    fn clock(&self) -> Clock {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Clock { wall, monotonic: self.started.elapsed() }
    }

    fn random(&self, bytes: &mut [u8]) -> Result<(), Unavailable> {
        getrandom::fill(bytes).map_err(|_| Unavailable)
    }

    fn log(&self, line: LogLine) {
        let LogLine { vm, level, text } = line;
        if vm == VmName::Canary {
            // Every worker says the same again; the canary's own lines matter only if it refuses.
            if level >= Level::Error {
                self.complaints.lock().unwrap_or_else(PoisonError::into_inner).push(text);
            }
            return;
        }
        match level {
            Level::Trace => tracing::trace!("{vm}: {text}"),
            Level::Debug => tracing::debug!("{vm}: {text}"),
            Level::Info => tracing::info!("{vm}: {text}"),
            Level::Warn => tracing::warn!("{vm}: {text}"),
            Level::Error | Level::Critical => tracing::error!("{vm}: {text}"),
        }
    }

    fn get(&self, key: &[u8]) -> Result<Option<(Vec<u8>, u32)>, Unavailable> {
        self.store.get(key)
    }

    fn set(&self, key: &[u8], value: &[u8], version: u32) -> Result<(), SetError> {
        self.store.set(key, value, version)
    }

    fn spent(&self, report: CallReport) {
        if let Some(trap) = report.trap {
            tracing::error!("{}: `{}` trapped: {trap}", report.vm, report.callback);
        }
    }
}

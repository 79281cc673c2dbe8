//! What one callback cost, readable after it.

use std::fmt;

use crate::error::Trap;

/// Which VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VmName {
    /// The one that tries a configuration first, and is dropped.
    Canary,
    /// The one of this worker.
    Worker(usize),
}

impl fmt::Display for VmName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Canary => formatter.write_str("canary"),
            Self::Worker(worker) => write!(formatter, "worker {worker}"),
        }
    }
}

/// What one callback did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallReport {
    /// In which VM.
    pub vm: VmName,
    /// The guest's function.
    pub callback: &'static str,
    /// The fuel it used.
    pub fuel: u64,
    /// Its host calls, by name and in order.
    pub host_calls: Vec<&'static str>,
    /// The bytes that the host asked the guest to allocate for results.
    pub allocated: u64,
    /// The VM's memory after it, in bytes.
    pub memory: usize,
    /// Why it stopped early, if it did.
    pub trap: Option<Trap>,
}

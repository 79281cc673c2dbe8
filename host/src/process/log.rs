//! What guests wrote to the proxy's log.

use crate::report::VmName;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Every step.
    Trace,
    /// For developers.
    Debug,
    /// Daily business.
    Info,
    /// What should be looked at.
    Warn,
    /// What went wrong.
    Error,
    /// What stops the proxy.
    Critical,
}

impl Level {
    pub(crate) const fn read(level: u32) -> Option<Self> {
        Some(match level {
            0 => Self::Trace,
            1 => Self::Debug,
            2 => Self::Info,
            3 => Self::Warn,
            4 => Self::Error,
            5 => Self::Critical,
            _ => return None,
        })
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Whose it is.
    pub vm: VmName,
    /// How much it matters.
    pub level: Level,
    /// What it says; bytes that are no text are replaced.
    pub text: String,
}

//! What an embedder gives a process in place of the host's own: real clocks and randomness, a log, shared data that may
//! outlive the process. A host for tests needs none of it.

use crate::process::{CasMismatch, Clock, LogLine};
use crate::report::CallReport;

/// What a process stands on. Every worker calls it, each from its own thread.
pub trait Platform: Send + Sync {
    /// The clocks, now.
    fn clock(&self) -> Clock;

    /// Fills the bytes with randomness that nobody can guess.
    ///
    /// # Errors
    /// If there is none: the guest's call fails then.
    fn random(&self, bytes: &mut [u8]) -> Result<(), Unavailable>;

    /// Takes a line that a guest has logged.
    fn log(&self, line: LogLine);

    /// A shared value and its version, which is never zero.
    ///
    /// # Errors
    /// If it cannot be read: the guest's call fails then.
    fn get(&self, key: &[u8]) -> Result<Option<(Vec<u8>, u32)>, Unavailable>;

    /// Writes a shared value, atomically: with the version 0 always, else if the key is absent or at this version. The new
    /// version differs from all before it.
    ///
    /// # Errors
    /// [`SetError`]; then nothing was written.
    fn set(&self, key: &[u8], value: &[u8], version: u32) -> Result<(), SetError>;

    /// Takes what a callback cost.
    fn spent(&self, report: CallReport);
}

/// The platform cannot do it now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not available")]
pub struct Unavailable;

/// Why a shared value was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// It is at another version.
    #[error("another version")]
    Mismatch,
    /// The store cannot write it.
    #[error("not available")]
    Unavailable,
}

impl From<CasMismatch> for SetError {
    fn from(CasMismatch: CasMismatch) -> Self {
        Self::Mismatch
    }
}

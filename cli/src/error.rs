//! What all failures of a command have in common: a message, perhaps a cause, and an exit code. Messages are one line, lower
//! case, and name the mend; no message holds key material or a pass.
//!
//! Whoever can fail has an error of its own and says what its exit code is; this file knows none of them.

use std::error::Error as StdError;
use std::fmt::Write as _;

use tapgate_core::random::NoEntropy;

use crate::exit::Exit;

/// Why a command could not do what it was asked.
pub(crate) trait Failure: StdError + 'static {
    /// What the shell is told.
    fn exit(&self) -> Exit;
}

/// Any of them.
#[derive(Debug)]
pub(crate) struct Error(Box<dyn Failure>);

impl Error {
    pub(crate) fn exit(&self) -> Exit {
        self.0.exit()
    }

    /// The error and what it came from, in one line.
    pub(crate) fn line(&self) -> String {
        let mut line = self.0.to_string();
        let mut source = self.0.source();
        while let Some(cause) = source {
            // Writing to a String cannot fail.
            let _ = write!(line, ": {cause}");
            source = cause.source();
        }
        line
    }
}

impl<F: Failure> From<F> for Error {
    fn from(failure: F) -> Self {
        Self(Box::new(failure))
    }
}

/// The system gives no randomness.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no randomness")]
struct NoRandomness;

impl Failure for NoRandomness {
    fn exit(&self) -> Exit {
        Exit::Failed
    }
}

impl From<NoEntropy> for Error {
    fn from(NoEntropy: NoEntropy) -> Self {
        NoRandomness.into()
    }
}

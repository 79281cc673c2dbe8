//! Why a command could not do what it was asked, and the exit code of each kind. Messages are one line, lower case, and
//! name the mend; no message holds key material or a pass.

use std::io;

use tapgate_core::names::NameError;
use tapgate_core::random::NoEntropy;

use crate::exit::Exit;
use crate::input::InputError;
use crate::key::KeyFailure;
use crate::mint::MintError;

/// Any of it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// An option that is needed is neither given nor in the environment.
    #[error("`{option}` is missing: give it, or set the environment variable `{variable}`")]
    Missing { option: &'static str, variable: &'static str },
    /// An environment variable that stands in for an option holds something else.
    #[error("the environment variable `{variable}` does not hold what `{option}` takes")]
    Variable { option: &'static str, variable: &'static str, source: NameError },
    /// An environment variable is not text.
    #[error("the environment variable `{variable}` is not UTF-8 text")]
    VariableNotText { variable: &'static str },
    /// A pass that makes no sense was asked for.
    #[error(transparent)]
    Mint(#[from] MintError),
    /// There is nothing to inspect.
    #[error(transparent)]
    Input(#[from] InputError),
    /// No usable key.
    #[error(transparent)]
    Key(#[from] KeyFailure),
    /// Standard output does not take what is written to it.
    #[error("cannot write to standard output")]
    Output(#[source] io::Error),
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    Randomness,
    /// The system's clock is before 1970 or after 9999.
    #[error("the system's clock shows a time before 1970 or after 9999; set it")]
    Clock,
}

impl Error {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Missing { .. } | Self::Variable { .. } | Self::VariableNotText { .. } | Self::Mint(_) => Exit::Usage,
            Self::Input(_) => Exit::Unreadable,
            Self::Key(_) => Exit::Key,
            Self::Output(_) | Self::Randomness | Self::Clock => Exit::Failed,
        }
    }
}

impl From<NoEntropy> for Error {
    fn from(NoEntropy: NoEntropy) -> Self {
        Self::Randomness
    }
}

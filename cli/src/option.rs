//! Options that an environment variable can stand in for.

use tapgate_core::names::NameError;

use crate::error::Failure;
use crate::exit::Exit;

/// Why an option has no value.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OptionError {
    /// It is needed, and neither given nor in the environment.
    #[error("`{option}` is missing: give it, or set the environment variable `{variable}`")]
    Missing { option: &'static str, variable: &'static str },
    /// The variable that stands in for it holds something else.
    #[error("the environment variable `{variable}` does not hold what `{option}` takes")]
    Variable { option: &'static str, variable: &'static str, source: NameError },
}

impl Failure for OptionError {
    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

//! What can go wrong for the one who drives the host. A guest that fails is no error of the host: see [`Failure`].

use thiserror::Error;

/// Why the host could not do what it was asked to.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HostError {
    /// The bytes are no WebAssembly module that this engine takes.
    #[error("not a module that can be compiled: {0}")]
    Module(String),
    /// The module imports something that no proxy offers.
    #[error("the module imports `{module}.{name}`, which the host does not offer")]
    MissingImport {
        /// The import's module.
        module: String,
        /// The import's name.
        name: String,
    },
    /// The module cannot be instantiated: an import of the wrong type, more memory than allowed.
    #[error("the module cannot be instantiated: {0}")]
    Instantiate(String),
    /// The module lacks an export that no filter can do without.
    #[error("the module does not export `{0}`")]
    MissingExport(&'static str),
    /// The canary trapped while it started or was configured.
    #[error("the canary failed")]
    Canary(#[source] Failure),
    /// The guest refused its start or its configuration on the canary: a proxy would keep its former configuration.
    #[error("the guest refused its configuration")]
    Rejected,
    /// There is no worker of this number.
    #[error("there is no worker {0}")]
    NoWorker(usize),
    /// There is no such stream, or it is closed.
    #[error("there is no such open stream")]
    NoStream,
    /// There is no such HTTP call, or it has been answered.
    #[error("there is no such open call")]
    NoCall,
    /// An event that no peer could cause now, like a body before its headers.
    #[error("out of order: {0}")]
    OutOfOrder(&'static str),
}

/// A guest's failure: its VM is dead from here on.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{callback}` trapped: {trap}")]
pub struct Failure {
    /// The guest's function that was running.
    pub callback: &'static str,
    /// Why it stopped.
    pub trap: Trap,
}

/// Why a guest stopped.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Trap {
    /// It used up its fuel, as an endless loop does.
    #[error("out of fuel")]
    OutOfFuel,
    /// It ran past its deadline.
    #[error("out of time")]
    OutOfTime,
    /// It executed `unreachable`, as a panic does.
    #[error("unreachable code")]
    Unreachable,
    /// It read or wrote outside its memory.
    #[error("memory access out of bounds")]
    OutOfBounds,
    /// It recursed too deeply.
    #[error("stack overflow")]
    StackOverflow,
    /// It made a host call at a time when none is allowed: while it initialises, or while it allocates for the host.
    #[error("`{0}` is not allowed now")]
    Restricted(&'static str),
    /// It made a host call that this profile traps on.
    #[error("`{0}` is not offered")]
    NotOffered(&'static str),
    /// An export has another type than the ABI gives it.
    #[error("an export of the wrong type")]
    WrongType,
    /// Any other fault, as the engine words it.
    #[error("{0}")]
    Other(String),
}

impl Trap {
    /// Reads the engine's error.
    pub(crate) fn read(error: &wasmtime::Error) -> Self {
        if let Some(own) = error.downcast_ref::<Self>() {
            return own.clone();
        }
        match error.downcast_ref::<wasmtime::Trap>() {
            Some(wasmtime::Trap::OutOfFuel) => Self::OutOfFuel,
            Some(wasmtime::Trap::Interrupt) => Self::OutOfTime,
            Some(wasmtime::Trap::UnreachableCodeReached) => Self::Unreachable,
            Some(wasmtime::Trap::MemoryOutOfBounds) => Self::OutOfBounds,
            Some(wasmtime::Trap::StackOverflow) => Self::StackOverflow,
            Some(other) => Self::Other(other.to_string()),
            None => Self::Other(error.to_string()),
        }
    }
}

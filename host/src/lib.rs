//! A proxy-wasm host on wasmtime, for tests and for embedding. It knows the ABI and what real proxies do with it; it must
//! never learn what any plugin is for. No state is global, no clock or randomness is the machine's, no guest can make it
//! panic.
//!
#![doc = include_str!("../README.md")]

mod abi;
mod config;
mod error;
mod handle;
mod headers;
mod host;
mod interleave;
mod lane;
mod module;
mod platform;
mod process;
mod profile;
mod report;
mod stream;
mod vm;
mod worker;

pub use config::{Config, FailurePolicy, Refusal};
pub use error::{Failure, HostError, Trap};
pub use handle::StreamHandle;
pub use headers::{Headers, MOST_BYTES, MOST_PAIRS};
pub use host::{Host, StreamId};
pub use interleave::{Event, Exhaustive, Schedule, Trace};
pub use lane::Lane;
pub use module::Module;
pub use platform::{Platform, SetError, Unavailable};
pub use process::{CallAnswer, CallId, CasDialect, Clock, Histogram, HttpCall, Level, LogLine, Metric, Misuse};
pub use profile::{Fit, Misfit, Profile};
pub use report::{CallReport, VmName};
pub use stream::{Exchange, Message, News, Origin};
pub use worker::WorkerState;

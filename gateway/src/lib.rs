//! The embedded gateway: a reverse proxy that runs a proxy-wasm filter on [`tapgate_host`], with shared data that survives
//! the process.
//!
//! It knows HTTP, threads and the disk. What the filter is for it does not know: it is handed a module, a configuration
//! and the paths on which the application must not see a request before it is whole.
//!
//! A request's way: `front` (listens) -> `connection` (one client) -> `exchange` (one request, both ways) <-> `lanes` (the filter, each worker on a
//! thread of its own) -> `upstream` (the application). `ground` is what the filter stands on: clocks, randomness, log, and
//! `store`, its shared data.

mod admin;
mod connection;
mod error;
mod exchange;
mod front;
mod ground;
mod headers;
mod lanes;
mod options;
mod store;
mod tls;
mod upstream;

pub use error::GatewayError;
pub use front::{Gateway, Handle};
pub use options::{Identity, Options, Plugin};

//! Why the gateway does not start, or does not take another configuration.

use std::net::SocketAddr;
use std::path::PathBuf;

use tapgate_host::HostError;
use thiserror::Error;

/// What can go wrong before the first request, and on a reload.
#[derive(Debug, Error)]
pub enum GatewayError {
    /// The module cannot be loaded.
    #[error("the plugin cannot be loaded")]
    Module(#[source] HostError),
    /// The plugin refused its configuration.
    #[error("the plugin refused its configuration: {}", .reasons.join("; "))]
    Refused {
        /// What it said.
        reasons: Vec<String>,
    },
    /// The store cannot be opened.
    #[error("the store in `{}` cannot be opened: is another gateway using it?", .folder.display())]
    Store {
        /// Its folder.
        folder: PathBuf,
        /// Why.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An address cannot be listened on.
    #[error("cannot listen on `{address}`")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// The certificate or its key cannot be used.
    #[error("the certificate or its key cannot be used: {0}")]
    Certificate(String),
    /// The application's address is none.
    #[error("`{0}` is no address of an application; expected `http://HOST[:PORT]`")]
    Upstream(String),
}

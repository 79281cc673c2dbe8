//! How a gateway is set up.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The filter and what it is given.
#[derive(Clone, Debug, Default)]
pub struct Plugin {
    /// The module's bytes.
    pub module: Vec<u8>,
    /// Its configuration, as the bytes that it is handed.
    pub configuration: String,
    /// Its environment variables. Nothing else of the process's environment is visible to it.
    pub environment: Vec<(String, String)>,
    /// Paths on which a request goes to the application only once it is whole: where the filter decides by the body.
    pub buffered: Vec<String>,
    /// Likewise for whatever lies below these paths, which end in `/`.
    pub buffered_below: Vec<String>,
}

/// Who the gateway is to browsers.
#[derive(Clone, Debug, Default)]
pub enum Identity {
    /// Nobody: plain HTTP.
    #[default]
    Plain,
    /// A certificate chain and its private key, as PEM.
    Given {
        /// The chain, the gateway's own certificate first.
        certificates: Vec<u8>,
        /// The key.
        key: Vec<u8>,
    },
    /// A certificate made at the start, for these names: browsers warn of it.
    SelfMade(Vec<String>),
}

/// Everything else.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where health and metrics are; nowhere if there is none.
    pub admin: Option<SocketAddr>,
    /// The application, as `http://HOST[:PORT]`.
    pub upstream: String,
    /// Where shared data is kept; in memory only if nowhere.
    pub data: Option<PathBuf>,
    /// How many workers there are.
    pub workers: usize,
    /// Who it is.
    pub identity: Identity,
    /// How long a client may take to say what it speaks, and over a request's headers.
    pub header_timeout: Duration,
    /// How long the application may take to accept a connection.
    pub connect_timeout: Duration,
    /// How long the application may take over an answer's headers, once it has all of the request.
    pub answer_timeout: Duration,
    /// How long either side of a request may be silent, and a connection without one.
    pub idle_timeout: Duration,
    /// How long a request may last, upgrades included: what bounds a session that was checked when it began.
    pub stream_limit: Duration,
    /// How many connections there may be at once; more wait to be accepted.
    pub connections: usize,
    /// The most bytes of a body that is held until it is whole.
    pub buffer_limit: usize,
    /// The most bytes of all such bodies together; whoever needs more is told to come again.
    pub held_limit: usize,
    /// How long open requests get to end when the gateway stops.
    pub grace: Duration,
}

impl Options {
    /// Before an application, with the limits of the shipped Envoy configuration.
    #[must_use]
    pub fn new(listen: SocketAddr, upstream: impl Into<String>) -> Self {
        Self {
            listen,
            admin: None,
            upstream: upstream.into(),
            data: None,
            workers: 2,
            identity: Identity::Plain,
            header_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(2),
            answer_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(300),
            stream_limit: Duration::from_secs(600),
            connections: 10_000,
            buffer_limit: 1024 * 1024,
            held_limit: 64 * 1024 * 1024,
            grace: Duration::from_secs(30),
        }
    }
}

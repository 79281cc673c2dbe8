//! What `serve` takes.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread::available_parallelism;
use std::time::Duration;

use clap::ValueEnum;
use clap::builder::RangedU64ValueParser;
use tracing::level_filters::LevelFilter;

const EXAMPLES: &str = "\
Examples:
  tapgate serve --policy policy.yaml --upstream http://127.0.0.1:8080
  tapgate serve --policy policy.yaml --upstream http://app.internal:8080 --data-dir /var/lib/tapgate \\
      --listen 0.0.0.0:443 --tls-cert fullchain.pem --tls-key key.pem --admin 127.0.0.1:9901
  kill -HUP PID      # loads the policy anew; a bad one is told and changes nothing
  kill PID           # stops: takes no new connection and lets open requests end; a second time, at once

The keys that the policy names are taken from the environment; `tapgate keygen --count 3` makes some.";

/// Be a gateway: the plugin with a policy in front of an application, without another proxy
///
/// HTTP/1.1 and HTTP/2, TLS if asked for, upgrades passed through for whoever may. Runs until it is told to stop. On standard
/// output it says where it listens; its log, with the plugin's audit lines, is on standard error.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// The policy, in YAML or JSON
    #[arg(long, value_name = "FILE")]
    pub(super) policy: PathBuf,
    /// The application, as http://HOST:PORT
    #[arg(long, value_name = "URL")]
    pub(super) upstream: String,
    /// Where to listen; port 0 for a free one
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:10000")]
    pub(super) listen: SocketAddr,
    /// Where to answer /healthz and /metrics; nowhere without it
    #[arg(long, value_name = "IP:PORT")]
    pub(super) admin: Option<SocketAddr>,
    /// Where redemptions and sessions are kept; without it in memory, and they end with the process
    #[arg(long, value_name = "DIR")]
    pub(super) data_dir: Option<PathBuf>,
    /// How many workers run the plugin; without it, one for each processor
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<usize>::new().range(1..=256))]
    workers: Option<usize>,
    /// The plugin; `cargo xtask wasm` builds it
    #[arg(long, value_name = "FILE", default_value = "target/plugin/tapgate.wasm")]
    pub(super) module: PathBuf,
    /// The certificate chain, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(super) tls_cert: Option<PathBuf>,
    /// Its private key, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(super) tls_key: Option<PathBuf>,
    /// Speak TLS with a certificate made at the start for these names, which browsers warn of
    #[arg(long, value_name = "NAME", num_args = 1.., value_delimiter = ',', conflicts_with = "tls_cert")]
    pub(super) tls_self_signed: Vec<String>,
    /// The most connections at once; more wait to be accepted
    #[arg(long, value_name = "N", default_value = "10000", value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000_000))]
    connections: usize,
    /// How long the application may take to begin an answer, once it has the request
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds())]
    answer_timeout: u64,
    /// How long either side of a request may be silent, and a connection without one
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = seconds())]
    idle_timeout: u64,
    /// How long a request may last, upgraded connections included: its session is checked only when it begins
    #[arg(long, value_name = "SECONDS", default_value = "600", value_parser = seconds())]
    request_limit: u64,
    /// How long open requests get to end when the gateway stops
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds())]
    grace: u64,
    /// How much is logged
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    log: Level,
}

/// A day, which is as long as anything may take.
fn seconds() -> RangedU64ValueParser {
    RangedU64ValueParser::new().range(1..=86_400)
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Level {
    /// What went wrong
    Error,
    /// And the audit lines, and what else may not be as wished
    Warn,
    /// And starts, stops and loaded policies
    Info,
    /// And connections that broke
    Debug,
}

impl Options {
    pub(super) fn workers(&self) -> usize {
        self.workers.unwrap_or_else(|| available_parallelism().map_or(2, NonZeroUsize::get))
    }

    pub(super) const fn connections(&self) -> usize {
        self.connections
    }

    pub(super) fn log(&self) -> LevelFilter {
        match self.log {
            Level::Error => LevelFilter::ERROR,
            Level::Warn => LevelFilter::WARN,
            Level::Info => LevelFilter::INFO,
            Level::Debug => LevelFilter::DEBUG,
        }
    }

    /// As the gateway takes them, with who it is to browsers.
    pub(super) fn gateway(&self, identity: tapgate_gateway::Identity) -> tapgate_gateway::Options {
        tapgate_gateway::Options {
            admin: self.admin,
            data: self.data_dir.clone(),
            workers: self.workers(),
            identity,
            answer_timeout: Duration::from_secs(self.answer_timeout),
            idle_timeout: Duration::from_secs(self.idle_timeout),
            stream_limit: Duration::from_secs(self.request_limit),
            connections: self.connections,
            grace: Duration::from_secs(self.grace),
            ..tapgate_gateway::Options::new(self.listen, self.upstream.as_str())
        }
    }
}

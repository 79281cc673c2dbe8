//! `tapgate serve`: the embedded gateway with a policy, in front of an application.
//!
//! The gateway itself is `tapgate-gateway`'s; here is what a process adds: files, signals and the log.

mod load;
mod options;

use std::io;
use std::net::SocketAddr;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tapgate_gateway::{Gateway, GatewayError, Handle, Identity};
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::JoinError;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use self::load::Site;
pub(crate) use self::options::Options;
use crate::error::{Error, Failure};
use crate::exit::Exit;
use crate::world::World;

/// Why the gateway does not run.
#[derive(Debug, thiserror::Error)]
enum ServeError {
    /// It does not start.
    #[error(transparent)]
    Start(GatewayError),
    /// The machine lacks what a server needs.
    #[error("cannot start to serve")]
    Machine(#[source] io::Error),
    /// It has ended by itself.
    #[error("the gateway has ended")]
    Ended(#[source] JoinError),
}

impl Failure for ServeError {
    fn exit(&self) -> Exit {
        match self {
            Self::Start(GatewayError::Refused { .. }) => Exit::Findings,
            Self::Start(GatewayError::Upstream(_)) => Exit::Usage,
            Self::Start(GatewayError::Module(_) | GatewayError::Certificate(_)) => Exit::Unreadable,
            Self::Start(GatewayError::Store { .. } | GatewayError::Listen { .. })
            | Self::Machine(_)
            | Self::Ended(_) => Exit::Failed,
        }
    }
}

/// What a process is told while it runs.
enum Told {
    Reload,
    Stop,
}

/// How it is told.
struct Signals {
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> Told {
        tokio::select! {
            _ = self.hangup.recv() => Told::Reload,
            _ = self.terminate.recv() => Told::Stop,
            _ = self.interrupt.recv() => Told::Stop,
        }
    }
}

/// Serves until it is told to stop.
pub(crate) fn run(options: &Options, world: &mut World<'_>) -> Result<Exit, Error> {
    let module = load::module(options)?;
    let site = load::site(module, options, world)?;
    let identity = load::identity(options)?;
    warn(options, &identity, world);
    raise_files(options, world);
    log(options, world.log);
    let runtime = Runtime::new().map_err(ServeError::Machine)?;
    let ended = runtime.block_on(serve(options, site, identity, world));
    // What may still be under way, a look-up of the application's name for one, is not waited for.
    runtime.shutdown_background();
    ended
}

/// Lets the process have as many files open as the system allows it; a connection takes two. Says so if they are too few.
fn raise_files(options: &Options, world: &mut World<'_>) {
    let limit = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    let files = raised.map_or(limit.current, |()| limit.maximum);
    let needed = u64::try_from(options.connections()).unwrap_or(u64::MAX).saturating_mul(2);
    if let Some(files) = files.filter(|files| *files < needed) {
        world.warn(format_args!(
            "the system allows {files} open files, and {} connections take up to {needed}; raise the limit (`ulimit -n`), or give `--connections`",
            options.connections()
        ));
    }
}

/// What an operator should know before anybody depends on it.
fn warn(options: &Options, identity: &Identity, world: &mut World<'_>) {
    if options.data_dir.is_none() {
        world.warn(
            "without `--data-dir` redemptions and sessions end with the process; after a restart every one-time pass that had begun before is refused",
        );
    }
    if matches!(identity, Identity::Plain) && !options.listen.ip().is_loopback() {
        world.warn(
            "without TLS passes cross the network in the clear, and browsers keep no session; give `--tls-cert` and `--tls-key`, or let what speaks TLS be in front",
        );
    }
}

/// Has the gateway's own lines written, and those of the plugin. Libraries stay silent: some would tell what is in a header.
fn log(options: &Options, writer: fn() -> Box<dyn io::Write + Send>) {
    let ours = Targets::new().with_target("tapgate", options.log());
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(false).with_target(false);
    // A second gateway in the process, which only tests start, goes by the log of the first.
    drop(tracing_subscriber::registry().with(ours).with(lines).try_init());
}

async fn serve(options: &Options, site: Site, identity: Identity, world: &mut World<'_>) -> Result<Exit, Error> {
    let scheme = if matches!(identity, Identity::Plain) { "http" } else { "https" };
    // Before anybody can know of the process: a signal that nobody listens for ends it.
    let mut signals = Signals::listen().map_err(ServeError::Machine)?;
    let gateway = Gateway::start(&site.plugin, options.gateway(identity)).await.map_err(ServeError::Start)?;
    let handle = gateway.handle();
    let place = |address: Option<SocketAddr>| address.map_or_else(|| "?".to_owned(), |address| address.to_string());
    let (workers, policy) = (options.workers(), options.policy.display());
    world.print(format_args!("{policy}: loaded; tenants: {}", site.tenants))?;
    if options.admin.is_some() {
        world.print(format_args!("health and metrics on http://{}", place(gateway.admin_address())))?;
    }
    let (address, upstream, s) = (place(gateway.address()), &options.upstream, if workers == 1 { "" } else { "s" });
    world.print(format_args!("listening on {scheme}://{address}, in front of {upstream}, with {workers} worker{s}"))?;
    world.flush()?;

    let (stop, stopped) = oneshot::channel::<()>();
    let mut running = tokio::spawn(gateway.run(async { drop(stopped.await) }));
    let mut stop = Some(stop);
    loop {
        let told = tokio::select! {
            ended = &mut running => {
                ended.map_err(ServeError::Ended)?;
                break;
            }
            told = signals.next() => told,
        };
        match (told, stop.take()) {
            (Told::Reload, unstopped) => {
                stop = unstopped;
                reload(&handle, site.plugin.module.clone(), options, world);
            }
            // Dropping it tells.
            (Told::Stop, Some(_)) => tracing::info!("stopping: no new connections, and open requests may end"),
            (Told::Stop, None) => {
                world.warn("told to stop a second time: open requests are cut off");
                break;
            }
        }
    }
    Ok(Exit::Done)
}

/// Loads the policy anew, and says what came of it. One that cannot be loaded changes nothing.
fn reload(handle: &Handle, module: Vec<u8>, options: &Options, world: &mut World<'_>) {
    let policy = options.policy.display();
    let loaded = load::site(module, options, world);
    let taken = loaded.and_then(|site| {
        handle.reload(&site.plugin).map_err(ServeError::Start)?;
        Ok(site)
    });
    match taken {
        Ok(site) => tracing::info!("{policy}: loaded; tenants: {}", site.tenants),
        Err(error) => {
            world.error(&error);
            tracing::error!("{policy}: not loaded, the former policy stays");
        }
    }
}

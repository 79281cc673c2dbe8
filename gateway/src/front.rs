//! The gateway itself: listens, hands requests to exchanges, takes another configuration, stops.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, TryLockError};
use std::thread;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tapgate_host::{Config, FailurePolicy, Host, HostError, Module, WorkerState};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::connection::{Presence, greeted};
use crate::error::GatewayError;
use crate::exchange::{Active, Exchanges};
use crate::ground::Ground;
use crate::lanes::Lanes;
use crate::options::{Options, Plugin};
use crate::store::Store;
use crate::upstream::Upstream;
use crate::{admin, tls};

/// How often time passes for callbacks, and how many of these they may take: two seconds.
const TICK: Duration = Duration::from_millis(100);
const TICKS: u64 = 20;

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How long nothing is accepted after it could not be: out of file descriptors, most often, which come back when
/// connections end.
const PAUSE: Duration = Duration::from_millis(100);

/// A gateway that listens, and has yet to be run.
pub struct Gateway {
    shared: Arc<Shared>,
    listener: TcpListener,
    admin: Option<TcpListener>,
    acceptor: Option<TlsAcceptor>,
}

/// Loads another configuration into a running gateway.
#[derive(Clone)]
pub struct Handle(Arc<Shared>);

struct Shared {
    exchanges: Arc<Exchanges>,
    active: RwLock<Arc<Active>>,
    host: Mutex<Host>,
    ground: Arc<Ground>,
    _clockwork: Clockwork,
}

/// Has time pass for callbacks, on a thread of its own: whatever else hangs, this does not.
struct Clockwork(Arc<AtomicBool>);

impl Clockwork {
    fn start(module: &Module) -> std::io::Result<Self> {
        let (module, stopped) = (module.clone(), Arc::new(AtomicBool::new(false)));
        let told = Arc::clone(&stopped);
        thread::Builder::new().name("clockwork".to_owned()).spawn(move || {
            while !told.load(Ordering::Relaxed) {
                thread::sleep(TICK);
                module.tick();
            }
        })?;
        Ok(Self(stopped))
    }
}

impl Drop for Clockwork {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Shared {
    /// What is not as it should be, for good.
    fn health(&self) -> Result<(), &'static str> {
        if !self.ground.keeps() {
            return Err("shared data cannot be written: the disk has failed");
        }
        let active = self.active.read().unwrap_or_else(PoisonError::into_inner);
        if active.lanes.are_alive() { Ok(()) } else { Err("a worker has ended: restart the gateway") }
    }

    /// The filter's numbers; `None` while a configuration is being loaded, which is not waited for.
    fn metrics(&self) -> Option<String> {
        match self.host.try_lock() {
            Ok(host) => Some(admin::metrics(&host)),
            Err(TryLockError::Poisoned(host)) => Some(admin::metrics(&host.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

impl Gateway {
    /// Loads the plugin, opens the store and listens.
    ///
    /// # Errors
    /// What of these does not work.
    pub async fn start(plugin: &Plugin, options: Options) -> Result<Self, GatewayError> {
        // What costs least is looked at first.
        let upstream = Upstream::new(&options.upstream, options.connect_timeout)?;
        let acceptor = tls::acceptor(&options.identity)?;
        let module = Module::compile_unmetered(&plugin.module).map_err(GatewayError::Module)?;
        let store = options.data.as_deref().map_or_else(|| Ok(Store::volatile()), Store::open)?;
        let ground = Arc::new(Ground::new(store));
        let clockwork = Clockwork::start(&module).map_err(|error| unstarted(&error))?;
        let config = config(plugin, options.workers);
        let host = Host::start_on(Arc::<Ground>::clone(&ground), &module, config);
        let mut host = host.map_err(|error| refused(error, &ground))?;
        let active = RwLock::new(activate(&mut host, plugin)?);
        let listener = listen(options.listen).await?;
        let admin = match options.admin {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let exchanges = Arc::new(Exchanges::new(upstream, options));
        let shared = Arc::new(Shared { exchanges, active, host: Mutex::new(host), ground, _clockwork: clockwork });
        Ok(Self { shared, listener, admin, acceptor })
    }

    /// Where it listens, with the port that the system has chosen if none was asked for.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.listener.local_addr().ok()
    }

    /// Where health and metrics are.
    #[must_use]
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin.as_ref()?.local_addr().ok()
    }

    /// A handle to load other configurations with.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle(Arc::clone(&self.shared))
    }

    /// Answers requests until `stop` is ready; then lets those that have begun end, for as long as the options say.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) {
        let Self { shared, listener, admin, acceptor } = self;
        let asked = admin.map(|listener| tokio::spawn(serve_admin(Arc::clone(&shared), listener)));
        let options = &shared.exchanges.options;
        let room = Arc::new(Semaphore::new(options.connections));
        let graceful = GracefulShutdown::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            // A connection is accepted only when there is room for it: others wait in the system's queue.
            let accepted = async {
                let place = Arc::clone(&room).acquire_owned().await;
                (place, listener.accept().await)
            };
            let (place, stream, client) = tokio::select! {
                accepted = accepted => match accepted {
                    (Ok(place), Ok((stream, client))) => (place, stream, client),
                    (_, Err(error)) => {
                        tracing::warn!("cannot accept a connection: {error}");
                        tokio::time::sleep(PAUSE).await;
                        continue;
                    }
                    (Err(_), _) => break,
                },
                () = &mut stop => break,
            };
            let (shared, acceptor, watcher) = (Arc::clone(&shared), acceptor.clone(), graceful.watcher());
            tokio::spawn(connection(shared, stream, client, acceptor, watcher, Presence::new(place)));
        }
        drop(listener);
        if timeout(options.grace, graceful.shutdown()).await.is_err() {
            tracing::warn!("some requests had not ended when the gateway stopped");
        }
        if let Some(asked) = asked {
            asked.abort();
        }
    }
}

impl Handle {
    /// Loads another configuration. Requests that have begun end on the old one; no connection notices.
    ///
    /// # Errors
    /// If the plugin refuses it: then the old one stays.
    pub fn reload(&self, plugin: &Plugin) -> Result<(), GatewayError> {
        let shared = &self.0;
        let mut host = shared.host.lock().unwrap_or_else(PoisonError::into_inner);
        drop(shared.ground.complaints());
        let config = config(plugin, shared.exchanges.options.workers);
        host.update(config).map_err(|error| refused(error, &shared.ground))?;
        let active = activate(&mut host, plugin)?;
        *shared.active.write().unwrap_or_else(PoisonError::into_inner) = active;
        Ok(())
    }
}

/// Starts the workers that the host has made for a configuration.
fn activate(host: &mut Host, plugin: &Plugin) -> Result<Arc<Active>, GatewayError> {
    let lanes = host.take_lanes();
    // The canary has taken the configuration, so all do; one that did not would let everything pass it by.
    if let Some(lane) = lanes.iter().find(|lane| *lane.state() != WorkerState::Running) {
        let reason = format!("worker {} did not take what the others took; try again", lane.number());
        return Err(GatewayError::Refused { reasons: vec![reason] });
    }
    let lanes = Lanes::start(lanes).map_err(|error| unstarted(&error))?;
    Ok(Arc::new(Active { lanes, buffered: plugin.buffered.clone(), buffered_below: plugin.buffered_below.clone() }))
}

fn unstarted(error: &std::io::Error) -> GatewayError {
    GatewayError::Module(HostError::Instantiate(error.to_string()))
}

fn config(plugin: &Plugin, workers: usize) -> Config {
    let config = Config::new()
        .workers(workers.max(1))
        .failure_policy(FailurePolicy::Reload)
        .deadline(TICKS)
        .configuration(plugin.configuration.as_str());
    plugin.environment.iter().fold(config, |config, (name, value)| config.variable(name, value))
}

fn refused(error: HostError, ground: &Ground) -> GatewayError {
    let mut reasons = ground.complaints();
    match error {
        HostError::Rejected => {}
        HostError::Canary(failure) => reasons.push(failure.to_string()),
        error => return GatewayError::Module(error),
    }
    GatewayError::Refused { reasons }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, GatewayError> {
    TcpListener::bind(address).await.map_err(|cause| GatewayError::Listen { address, cause })
}

async fn connection(
    shared: Arc<Shared>,
    stream: TcpStream,
    client: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    watcher: Watcher,
    presence: Arc<Presence>,
) {
    drop(stream.set_nodelay(true));
    match acceptor {
        None => speak(shared, stream, client, false, watcher, presence).await,
        Some(acceptor) => match timeout(HANDSHAKE, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => speak(shared, stream, client, true, watcher, presence).await,
            Ok(Err(error)) => tracing::debug!("no handshake with {client}: {error}"),
            Err(_) => tracing::debug!("{client} took too long over its handshake"),
        },
    }
}

/// Speaks HTTP/1.1 or HTTP/2 on a connection.
async fn speak<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    shared: Arc<Shared>,
    stream: S,
    client: SocketAddr,
    secure: bool,
    watcher: Watcher,
    presence: Arc<Presence>,
) {
    let (header_timeout, idle) = (shared.exchanges.options.header_timeout, shared.exchanges.options.idle_timeout);
    let Ok(Ok(stream)) = timeout(header_timeout, greeted(stream)).await else {
        tracing::debug!("{client} said nothing that could be answered");
        return;
    };
    let busy = Arc::clone(&presence);
    let service = service_fn(move |request| {
        let busy = busy.busy();
        let exchanges = Arc::clone(&shared.exchanges);
        let active = Arc::clone(&shared.active.read().unwrap_or_else(PoisonError::into_inner));
        async move { Ok::<_, Infallible>(exchanges.answer(active, request, client, secure, busy).await) }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(header_timeout).max_buf_size(64 * 1024);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(100)
        .max_header_list_size(64 * 1024)
        .initial_stream_window_size(64 * 1024)
        .initial_connection_window_size(1024 * 1024)
        .keep_alive_interval(Duration::from_secs(60));
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    tokio::select! {
        ended = watcher.watch(connection.into_owned()) => {
            if let Err(error) = ended {
                tracing::debug!("a connection of {client} broke: {error}");
            }
        }
        // HTTP/2 has no end of its own to this, and headers that never end are no request.
        () = presence.idle_for(idle) => tracing::debug!("a connection of {client} was idle for too long"),
    }
}

/// Answers on the admin address, a connection at a time for each asker.
async fn serve_admin(shared: Arc<Shared>, listener: TcpListener) {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!("cannot accept a connection on the admin address: {error}");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let answer = admin::answer(&request, || shared.health(), || shared.metrics());
                async move { Ok::<_, Infallible>(answer) }
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HANDSHAKE)
                .serve_connection(TokioIo::new(stream), service);
            drop(connection.await);
        });
    }
}

//! The gateway itself: listens, hands requests to exchanges, takes another configuration, stops.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tapgate_host::{Config, FailurePolicy, Host, HostError, Module};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

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
    module: Module,
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
        let config = config(plugin, options.workers);
        let host = Host::start_on(Arc::<Ground>::clone(&ground), &module, config);
        let mut host = host.map_err(|error| refused(error, &ground))?;
        let active = RwLock::new(activate(&mut host, plugin)?);
        let listener = listen(options.listen).await?;
        let admin = match options.admin {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let exchanges = Arc::new(Exchanges { upstream, options });
        let shared = Arc::new(Shared { exchanges, active, host: Mutex::new(host), ground, module });
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
        let module = shared.module.clone();
        let ticking = tokio::spawn(async move {
            loop {
                tokio::time::sleep(TICK).await;
                module.tick();
            }
        });
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
                        // Out of file descriptors, most often: they come back when connections end.
                        tracing::warn!("cannot accept a connection: {error}");
                        tokio::time::sleep(TICK).await;
                        continue;
                    }
                    (Err(_), _) => break,
                },
                () = &mut stop => break,
            };
            let (shared, acceptor, watcher) = (Arc::clone(&shared), acceptor.clone(), graceful.watcher());
            tokio::spawn(async move {
                connection(shared, stream, client, acceptor, watcher).await;
                drop(place);
            });
        }
        drop(listener);
        if timeout(options.grace, graceful.shutdown()).await.is_err() {
            tracing::warn!("some requests had not ended when the gateway stopped");
        }
        ticking.abort();
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
    let lanes = Lanes::start(host.take_lanes());
    let lanes = lanes.map_err(|error| GatewayError::Module(HostError::Instantiate(error.to_string())))?;
    Ok(Arc::new(Active { lanes, buffered: plugin.buffered.clone() }))
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
    match error {
        HostError::Rejected | HostError::Canary(_) => GatewayError::Refused { reasons: ground.complaints() },
        error => GatewayError::Module(error),
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, GatewayError> {
    TcpListener::bind(address).await.map_err(|cause| GatewayError::Listen { address, cause })
}

async fn connection(
    shared: Arc<Shared>,
    stream: TcpStream,
    client: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    watcher: hyper_util::server::graceful::Watcher,
) {
    drop(stream.set_nodelay(true));
    match acceptor {
        None => speak(shared, stream, client, false, watcher).await,
        Some(acceptor) => match timeout(HANDSHAKE, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => speak(shared, stream, client, true, watcher).await,
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
    watcher: hyper_util::server::graceful::Watcher,
) {
    let header_timeout = shared.exchanges.options.header_timeout;
    let service = service_fn(move |request| {
        let exchanges = Arc::clone(&shared.exchanges);
        let active = Arc::clone(&shared.active.read().unwrap_or_else(PoisonError::into_inner));
        async move { Ok::<_, Infallible>(exchanges.answer(active, request, client, secure).await) }
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
    if let Err(error) = watcher.watch(connection.into_owned()).await {
        tracing::debug!("a connection of {client} broke: {error}");
    }
}

/// Answers on the admin address, a connection at a time for each asker.
async fn serve_admin(shared: Arc<Shared>, listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let metrics = || admin::metrics(&shared.host.lock().unwrap_or_else(PoisonError::into_inner));
                let answer = admin::answer(&request, metrics);
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

//! The recording server: HTTP/1.1 and HTTP/2 on a port of its own on loopback.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::recorded::fields;
use super::{Recorded, Reply};
use crate::body::Boxed;
use crate::clock::HANG;
use crate::secrets::Secrets;

/// How many requests are kept: enough for any test that looks at them, bounded for those that send a hundred thousand.
const KEPT: usize = 4096;

/// Decides what the application answers.
pub type Handler = Arc<dyn Fn(&Recorded) -> Reply + Send + Sync>;

/// A running application. Dropping it closes its port.
pub struct Upstream {
    address: SocketAddr,
    seen: Arc<Seen>,
    server: JoinHandle<()>,
}

impl Upstream {
    /// Starts an application that answers as `handler` says.
    ///
    /// # Panics
    /// If loopback has no port left.
    pub async fn start(handler: Handler, secrets: &Secrets) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port on loopback");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::new(Seen::default());
        let serving = Serving { handler, secrets: secrets.clone(), seen: Arc::clone(&seen) };
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().connection(stream));
            }
        });
        Self { address, seen, server }
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The requests so far, oldest first, complete or not.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.seen.lock().kept.iter().cloned().collect()
    }

    /// The latest request.
    ///
    /// # Panics
    /// If there was none.
    #[must_use]
    pub fn last(&self) -> Recorded {
        self.seen.lock().kept.back().cloned().expect("the application has seen a request")
    }

    /// How many requests there were.
    #[must_use]
    pub fn count(&self) -> usize {
        self.seen.lock().count
    }

    /// The latest request for `target`, once it is complete.
    ///
    /// # Panics
    /// If none comes.
    pub async fn wait_for(&self, target: &str) -> Recorded {
        let started = Instant::now();
        loop {
            let found = self.requests().into_iter().rev().find(|request| request.target == target && request.complete);
            if let Some(request) = found {
                return request;
            }
            assert!(started.elapsed() < HANG, "the application never saw {target}");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The application has closed the connection rather than answer.
#[derive(Debug, thiserror::Error)]
#[error("hung up")]
struct HungUp;

/// What a connection needs to know.
#[derive(Clone)]
struct Serving {
    handler: Handler,
    secrets: Secrets,
    seen: Arc<Seen>,
}

impl Serving {
    async fn connection(self, stream: TcpStream) {
        let service = service_fn(move |request| {
            let serving = self.clone();
            // A task of its own: hyper drops a request that is aborted, and what came of it must still be written down.
            let answer = tokio::spawn(serving.answer(request));
            async move { answer.await.expect("a handler that answers") }
        });
        drop(stream.set_nodelay(true));
        // An error here is a connection that broke, which the record shows.
        drop(
            auto::Builder::new(TokioExecutor::new())
                .serve_connection_with_upgrades(TokioIo::new(stream), service)
                .await,
        );
    }

    async fn answer(self, mut request: Request<Incoming>) -> Result<Response<Boxed>, HungUp> {
        let upgrade = hyper::upgrade::on(&mut request);
        let (head, mut body) = request.into_parts();
        let mut record = Recorded::begun(&head);
        self.note(&record);
        let number = self.seen.begin(record.clone());
        loop {
            match body.frame().await {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => record.body.extend_from_slice(&data),
                    Err(frame) => record.trailers = frame.trailers_ref().map(fields).unwrap_or_default(),
                },
                Some(Err(_)) => break,
                None => {
                    record.complete = true;
                    break;
                }
            }
        }
        self.seen.update(number, record.clone());
        let reply = (self.handler)(&record);
        tokio::time::sleep(reply.delay).await;
        if reply.hangs_up {
            return Err(HungUp);
        }
        if reply.status == 101 {
            tokio::spawn(async move {
                if let Ok(upgraded) = upgrade.await {
                    echo(TokioIo::new(upgraded)).await;
                }
            });
        }
        Ok(reply.into_response())
    }

    /// Notes what no log may hold of a request that the plugin has dressed.
    fn note(&self, record: &Recorded) {
        for (name, value) in &record.headers {
            if name == "tapgate-assertion" {
                self.secrets.note(value);
            }
        }
        for (_, value) in record.cookies() {
            self.secrets.note(value);
        }
    }
}

/// Sends back what comes, until the other side stops.
async fn echo<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(mut stream: S) {
    let mut buffer = [0; 1024];
    while let Ok(count) = stream.read(&mut buffer).await {
        if count == 0 || stream.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}

/// The record of requests.
#[derive(Default)]
struct Seen(Mutex<Requests>);

#[derive(Default)]
struct Requests {
    kept: VecDeque<Recorded>,
    count: usize,
}

impl Seen {
    fn lock(&self) -> MutexGuard<'_, Requests> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down a request whose headers are there, and gives its number.
    fn begin(&self, record: Recorded) -> usize {
        let mut requests = self.lock();
        requests.kept.push_back(record);
        if requests.kept.len() > KEPT {
            requests.kept.pop_front();
        }
        requests.count += 1;
        requests.count - 1
    }

    /// Writes down how a request went on, unless it is too long ago.
    fn update(&self, number: usize, record: Recorded) {
        let mut requests = self.lock();
        let oldest = requests.count - requests.kept.len();
        if let Some(place) = number.checked_sub(oldest).and_then(|at| requests.kept.get_mut(at)) {
            *place = record;
        }
    }
}

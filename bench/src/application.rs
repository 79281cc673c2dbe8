//! The application behind all proxies: one small answer, given at once, and the receipt that ends a registration.

use std::convert::Infallible;
use std::net::SocketAddr;

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{HeaderMap, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tapgate_host_tests::keys::Keys;
use tapgate_host_tests::pass::{Receipt, read_assertion};
use tapgate_host_tests::secrets::Secrets;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::requests::{APPLICATION_SAW, NOBODY};

/// Where a person registers.
pub const FINISH: &str = "/register/finish";

/// The body of every answer.
pub const ANSWER: &str = "A page of the application, as short as pages come.\n";

/// A running application. Dropping it closes its port.
#[derive(Debug)]
pub struct Application {
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Application {
    /// Starts it on a port of its own on loopback.
    ///
    /// # Errors
    /// If loopback has no port left.
    pub async fn start(keys: &Keys) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("a port on loopback")?;
        let address = listener.local_addr()?;
        let keys = keys.clone();
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, keys.clone()));
            }
        });
        Ok(Self { address, server })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(stream: TcpStream, keys: Keys) {
    let service = service_fn(|request| std::future::ready(Ok::<_, Infallible>(answer(&request, &keys))));
    drop(stream.set_nodelay(true));
    // An error here is a connection that broke, which the proxy tells the client.
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

fn answer(request: &Request<Incoming>, keys: &Keys) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::from(ANSWER));
    let headers = answer.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("text/plain"));
    let state = request.headers().get("tapgate-state").cloned();
    headers.insert(APPLICATION_SAW, state.unwrap_or_else(|| HeaderValue::from_static(NOBODY)));
    if request.uri().path() == FINISH
        && let Some(receipt) = receipt(request.headers(), keys)
    {
        headers.insert("tapgate-receipt", receipt);
    }
    answer
}

/// The receipt for whoever the assertion on a request names.
fn receipt(headers: &HeaderMap, keys: &Keys) -> Option<HeaderValue> {
    let claims = read_assertion(keys, headers.get("tapgate-assertion")?.to_str().ok()?);
    let receipt = Receipt::new(keys, claims.get("sub")?.as_str()?, claims.get("sid")?.as_str()?);
    receipt.mint(&Secrets::default()).parse().ok()
}

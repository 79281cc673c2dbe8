//! One connection to a server, HTTP/1.1 or HTTP/2 without TLS, and what came back over it.

use std::net::SocketAddr;

use http_body_util::BodyExt;
use hyper::client::conn::{http1, http2};
use hyper::header::HeaderMap;
use hyper::{Request, body::Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Response;
use crate::body::Boxed;
use crate::clock::HANG;

/// The version of HTTP that a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2 with prior knowledge.
    Http2,
}

impl Protocol {
    /// Both, for tests that hold for either.
    pub const BOTH: [Self; 2] = [Self::Http1, Self::Http2];
}

/// Why no answer came.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// An open connection.
#[derive(Debug)]
pub struct Connection(Sender);

#[derive(Debug)]
enum Sender {
    Http1(http1::SendRequest<Boxed>),
    Http2(http2::SendRequest<Boxed>),
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// If nobody listens, or does not speak the protocol.
    pub async fn open(address: SocketAddr, protocol: Protocol) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let io = TokioIo::new(stream);
        match protocol {
            Protocol::Http1 => {
                let (sender, connection) = http1::handshake(io).await?;
                tokio::spawn(connection.with_upgrades());
                Ok(Self(Sender::Http1(sender)))
            }
            Protocol::Http2 => {
                let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await?;
                tokio::spawn(connection);
                Ok(Self(Sender::Http2(sender)))
            }
        }
    }

    /// Whether another request can be sent.
    pub async fn is_usable(&mut self) -> bool {
        match &mut self.0 {
            Sender::Http1(sender) => sender.ready().await.is_ok(),
            Sender::Http2(sender) => sender.ready().await.is_ok(),
        }
    }

    /// Sends a request and reads the answer to its end.
    ///
    /// # Errors
    /// If the connection breaks before that.
    ///
    /// # Panics
    /// If nothing comes for a long time.
    pub(crate) async fn send(&mut self, request: Request<Boxed>) -> Result<Response, Failure> {
        let shown = format!("{} {}", request.method(), request.uri());
        let answer = async {
            let answer = match &mut self.0 {
                Sender::Http1(sender) => sender.send_request(request).await?,
                Sender::Http2(sender) => sender.send_request(request).await?,
            };
            let (head, body) = answer.into_parts();
            let status = head.status.as_u16();
            let (body, trailers) = if status == 101 { Default::default() } else { read(body).await? };
            Ok(Response::new(status, &head.headers, body, &trailers))
        };
        timeout(HANG, answer).await.unwrap_or_else(|_| panic!("no answer to {shown}"))
    }
}

/// A body and the trailers behind it.
async fn read(body: Incoming) -> Result<(Vec<u8>, HeaderMap), Failure> {
    let whole = body.collect().await?;
    let trailers = whole.trailers().cloned().unwrap_or_default();
    Ok((whole.to_bytes().to_vec(), trailers))
}

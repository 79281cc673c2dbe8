//! The client: some connections that stay open, each of which sends its next request when it has its answer.
//!
//! Every answer is held against what its path must give. A burst with another one is an error, never a number.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Response;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tapgate_host_tests::clock::HANG;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::requests::Call;

/// So many connections a proxy: enough that the worker finds another request when it has done with one. What it costs to
/// fall asleep and be woken differs from moment to moment, with whatever else the machine does.
pub const CONNECTIONS: u32 = 16;

/// A client of one proxy.
#[derive(Debug)]
pub struct Client {
    connections: Vec<SendRequest<Full<Bytes>>>,
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// If nobody listens.
    pub async fn connect(proxy: SocketAddr) -> Result<Self> {
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            let stream = TcpStream::connect(proxy).await.context("connecting to envoy")?;
            stream.set_nodelay(true)?;
            let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
            // Its end shows in the request that finds it closed.
            tokio::spawn(connection);
            connections.push(sender);
        }
        Ok(Self { connections })
    }

    /// Sends so many requests and checks each answer.
    ///
    /// # Errors
    /// If an answer is not what it must be, or none comes.
    pub async fn burst(&mut self, call: &Call, requests: u32) -> Result<()> {
        let mut running = JoinSet::new();
        for (connection, share) in self.connections.drain(..).zip(shares(requests)) {
            running.spawn(several(connection, call.clone(), share));
        }
        while let Some(ended) = running.join_next().await {
            self.connections.push(ended.context("a connection's task")??);
        }
        Ok(())
    }
}

/// Requests for each connection, as equal as can be.
fn shares(requests: u32) -> impl Iterator<Item = u32> {
    let (each, rest) = (requests.checked_div(CONNECTIONS), requests.checked_rem(CONNECTIONS));
    let (each, rest) = (each.unwrap_or(0), rest.unwrap_or(0));
    (0..CONNECTIONS).map(move |number| if number < rest { each.saturating_add(1) } else { each })
}

/// Sends requests one after the other, and gives the connection back.
async fn several(
    mut connection: SendRequest<Full<Bytes>>,
    call: Call,
    requests: u32,
) -> Result<SendRequest<Full<Bytes>>> {
    for _ in 0..requests {
        let one = async {
            connection.ready().await?;
            check(&call, connection.send_request(call.request.clone().map(Full::new)).await?).await
        };
        let done = timeout(HANG, one).await.unwrap_or_else(|_| bail!("no answer"));
        done.with_context(|| format!("{} {}", call.request.method(), call.request.uri()))?;
    }
    Ok(connection)
}

/// Reads an answer to its end and holds it against what it must be.
async fn check(call: &Call, answer: Response<Incoming>) -> Result<()> {
    let (head, body) = answer.into_parts();
    let body = body.collect().await.context("reading the answer")?.to_bytes();
    let shown = || format!("{}: {}", head.status, String::from_utf8_lossy(&body));
    ensure!(head.status == call.status, "expected {}, found {}", call.status, shown());
    if let Some((name, value)) = call.mark {
        let found = head.headers.get(name);
        ensure!(
            found.is_some_and(|found| found == value),
            "expected `{name}: {value}`, found {found:?} in {}",
            shown()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_shared_out_without_loss() {
        for requests in [0, 1, 15, 16, 17, 1001] {
            let all: Vec<u32> = shares(requests).collect();
            assert_eq!(all.iter().sum::<u32>(), requests);
            assert!(all.iter().max().unwrap() - all.iter().min().unwrap() <= 1, "{all:?}");
        }
    }
}

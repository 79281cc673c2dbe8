//! Bytes over TCP, for what a well-behaved client library refuses to send.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::clock::HANG;

/// An open connection that speaks whatever it is told to.
#[derive(Debug)]
pub struct Raw(TcpStream);

impl Raw {
    /// Connects.
    ///
    /// # Panics
    /// If nobody listens.
    pub async fn open(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.expect("a listener"))
    }

    /// Sends bytes.
    ///
    /// # Panics
    /// If the other side has hung up.
    pub async fn write(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.expect("somebody who reads");
    }

    /// Reads until `enough` says so, or the other side hangs up; gives all that came.
    ///
    /// # Panics
    /// If neither happens for a long time.
    pub async fn read_until(&mut self, enough: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let mut seen = Vec::new();
        let reading = async {
            let mut buffer = [0; 4096];
            while !enough(&seen) {
                match self.0.read(&mut buffer).await {
                    Ok(0) | Err(_) => break,
                    Ok(count) => seen.extend_from_slice(&buffer[..count]),
                }
            }
        };
        let done = timeout(HANG, reading).await.is_ok();
        assert!(done, "no end after {:?}", String::from_utf8_lossy(&seen));
        seen
    }
}

/// Sends the bytes of one request and reads the answer, to the end that its head announces or until the other side hangs
/// up.
///
/// # Panics
/// If neither happens.
pub async fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let mut connection = Raw::open(address).await;
    connection.write(bytes).await;
    let answer = connection.read_until(is_whole).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// Whether these bytes are an answer with a length, and all of it.
fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, _)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let mut lengths = head
        .lines()
        .filter_map(|line| line.strip_prefix("content-length: "))
        .filter_map(|length| length.parse::<usize>().ok());
    // A length counts bytes: of the answer as it came, not of the text that was made of it to read the head.
    let head = bytes.windows(4).position(|end| end == b"\r\n\r\n").unwrap_or(bytes.len());
    lengths.next_back().is_some_and(|length| bytes.len() >= head + 4 + length)
}

/// Sends bytes and hangs up after a moment, without waiting for an answer.
///
/// # Panics
/// If nobody listens.
pub async fn abandon(address: SocketAddr, bytes: &[u8]) {
    let mut connection = Raw::open(address).await;
    connection.write(bytes).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
}

/// The status code of a raw HTTP/1.1 answer; 0 if there is none.
#[must_use]
pub fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
}

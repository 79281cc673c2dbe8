//! One connection: what it speaks, whether it is busy, and its end if it is not.

use std::io::{self, Cursor};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep_until};

/// What a client that speaks HTTP/2 without having said so in TLS begins with (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Waits until a client has said enough to tell which HTTP it speaks. What was read is put back.
///
/// # Errors
/// If it hangs up before that.
pub(crate) async fn greeted<S>(mut stream: S) -> io::Result<impl AsyncRead + AsyncWrite + Unpin + Send + 'static>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut read = Vec::with_capacity(PREFACE.len());
    while read.len() < PREFACE.len() && PREFACE.starts_with(&read) {
        let left = PREFACE.len().saturating_sub(read.len());
        let left = u64::try_from(left).unwrap_or(u64::MAX);
        if (&mut stream).take(left).read_buf(&mut read).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let (reader, writer) = tokio::io::split(stream);
    Ok(tokio::io::join(Cursor::new(read).chain(reader), writer))
}

/// What a connection is doing. It has its place among the connections for as long as anybody knows of it.
pub(crate) struct Presence {
    state: Mutex<State>,
    _place: OwnedSemaphorePermit,
}

struct State {
    /// How many requests are under way.
    requests: usize,
    /// Since when that has been so.
    since: Instant,
}

/// A request is under way.
pub(crate) struct Busy(Arc<Presence>);

impl Presence {
    pub(crate) fn new(place: OwnedSemaphorePermit) -> Arc<Self> {
        Arc::new(Self { state: Mutex::new(State { requests: 0, since: Instant::now() }), _place: place })
    }

    /// A request begins.
    pub(crate) fn busy(self: &Arc<Self>) -> Busy {
        self.change(|requests| requests.saturating_add(1));
        Busy(Arc::clone(self))
    }

    /// Returns once there has been no request for so long.
    pub(crate) async fn idle_for(&self, limit: Duration) {
        loop {
            let now = Instant::now();
            let since = {
                let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                if state.requests > 0 { now } else { state.since }
            };
            match since.checked_add(limit) {
                Some(until) if until <= now => return,
                Some(until) => sleep_until(until).await,
                None => std::future::pending().await,
            }
        }
    }

    fn change(&self, change: impl FnOnce(usize) -> usize) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = State { requests: change(state.requests), since: Instant::now() };
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.change(|requests| requests.saturating_sub(1));
    }
}

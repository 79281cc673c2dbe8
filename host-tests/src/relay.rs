//! A relay between a gate and one member of etcd: it carries bytes, slowly, in part or not at all, and counts the calls.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How an HTTP/1.1 call to etcd's JSON gateway begins; questions after its health begin otherwise.
const CALL: &[u8] = b"POST ";

/// As much as is read at once: whole answers of etcd's, nearly always.
const PART: usize = 64 * 1024;

/// What a relay does with what it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    /// It carries everything at once.
    Fair,
    /// Answers to calls take up to so many milliseconds longer.
    Slow(u64),
    /// One answer to a call in so many is swallowed, and its connection closed.
    Loses(u32),
    /// One answer to a call in so many stops in the middle, and its connection closes.
    Cuts(u32),
    /// Nothing is carried: connections close at once.
    Away,
}

/// A relay. Dropping it closes its port.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    member: SocketAddr,
    weather: watch::Sender<Weather>,
    calls: AtomicU64,
    open: AtomicUsize,
    seed: u64,
}

impl Relay {
    /// Starts a relay to a member, in fair weather.
    ///
    /// # Panics
    /// If loopback has no port left.
    pub async fn to(member: SocketAddr, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port on loopback");
        let address = listener.local_addr().expect("an address");
        let weather = watch::Sender::new(Weather::Fair);
        let shared = Arc::new(Shared { member, weather, calls: AtomicU64::new(0), open: AtomicUsize::new(0), seed });
        let server = tokio::spawn(serve(listener, Arc::clone(&shared)));
        Self { address, shared, server }
    }

    /// Where gates look for the member.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many calls have been carried.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.shared.calls.load(Ordering::SeqCst)
    }

    /// Lets the weather be fair again.
    pub fn clear(&self) {
        self.shared.weather.send_replace(Weather::Fair);
    }

    /// Changes the weather. What is [`Weather::Away`] is so when this returns: no byte comes through any more.
    pub async fn turn(&self, weather: Weather) {
        self.shared.weather.send_replace(weather);
        while weather == Weather::Away && self.shared.open.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    for number in 0_u64.. {
        let Ok((stream, _)) = listener.accept().await else { return };
        shared.open.fetch_add(1, Ordering::SeqCst);
        let open = Open(Arc::clone(&shared));
        let chance = fastrand::Rng::with_seed(shared.seed.wrapping_add(number));
        tokio::spawn(async move { open.0.connection(stream, chance).await });
    }
}

/// A connection that is counted while it lives.
struct Open(Arc<Shared>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Shared {
    async fn connection(&self, near: TcpStream, chance: fastrand::Rng) {
        let mut weather = self.weather.subscribe();
        let carried = async {
            let Ok(far) = TcpStream::connect(self.member).await else { return };
            drop(near.set_nodelay(true));
            drop(far.set_nodelay(true));
            let ((near_read, near_write), (far_read, far_write)) = (near.into_split(), far.into_split());
            let calling = watch::Sender::new(false);
            let answered = calling.subscribe();
            tokio::select! {
                () = self.requests(near_read, far_write, calling) => {}
                () = self.answers(far_read, near_write, answered, chance) => {}
            }
        };
        tokio::select! {
            _ = weather.wait_for(|weather| *weather == Weather::Away) => {}
            () = carried => {}
        }
    }

    async fn requests(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, calling: watch::Sender<bool>) {
        let mut part = vec![0; PART];
        while let Ok(length @ 1..) = from.read(&mut part).await {
            let part = &part[..length];
            if part.starts_with(CALL) {
                self.calls.fetch_add(1, Ordering::SeqCst);
            }
            if part.starts_with(CALL) || part.starts_with(b"GET ") {
                calling.send_replace(part.starts_with(CALL));
            }
            if to.write_all(part).await.is_err() {
                return;
            }
        }
    }

    async fn answers(
        &self,
        mut from: OwnedReadHalf,
        mut to: OwnedWriteHalf,
        calling: watch::Receiver<bool>,
        mut chance: fastrand::Rng,
    ) {
        let mut part = vec![0; PART];
        while let Ok(length @ 1..) = from.read(&mut part).await {
            let weather = if *calling.borrow() { *self.weather.borrow() } else { Weather::Fair };
            let carried = match weather {
                Weather::Fair | Weather::Away => length,
                Weather::Slow(most) => {
                    tokio::time::sleep(Duration::from_millis(chance.u64(..=most))).await;
                    length
                }
                Weather::Loses(one_in) if chance.u32(..one_in) == 0 => 0,
                Weather::Cuts(one_in) if chance.u32(..one_in) == 0 => length / 2,
                Weather::Loses(_) | Weather::Cuts(_) => length,
            };
            if to.write_all(&part[..carried]).await.is_err() || carried < length {
                return;
            }
        }
    }
}

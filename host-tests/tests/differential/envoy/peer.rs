//! Peers that speak HTTP/2 frame by frame, and know when Envoy has dealt with what they sent: a proxy answers a ping only
//! once it has passed on what came before it.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use h2::{Ping, PingPong, Reason, RecvStream, SendStream};
use http::{HeaderMap, HeaderName, HeaderValue};
use tapgate_host_tests::clock::HANG;
use tokio::net::{TcpListener, TcpStream};

use crate::scenario::Fields;
use crate::seen::{End, Message};

/// Waits for what must happen.
pub(super) async fn wait<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(HANG, future).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// Lets what was queued reach the socket before what follows: on a runtime of one thread tasks take turns.
async fn flush() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

/// Whether there is still somebody who answers.
async fn ping(pings: &mut PingPong) -> bool {
    flush().await;
    let answered = wait("a pong", pings.ping(Ping::opaque())).await.is_ok();
    flush().await;
    answered
}

/// A message that is being received.
#[derive(Clone, Default)]
pub(super) struct Receiving(Arc<Mutex<Message>>);

impl Receiving {
    fn lock(&self) -> MutexGuard<'_, Message> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn message(&self) -> Message {
        self.lock().clone()
    }

    async fn read(self, mut stream: RecvStream) {
        while let Some(data) = stream.data().await {
            let Ok(data) = data else {
                self.lock().end = End::Cut;
                return;
            };
            drop(stream.flow_control().release_capacity(data.len()));
            self.lock().body.extend_from_slice(&data);
        }
        match stream.trailers().await {
            Ok(trailers) => {
                let mut message = self.lock();
                message.trailers = trailers.as_ref().map(fields).unwrap_or_default();
                message.end = End::Complete;
            }
            Err(_) => self.lock().end = End::Cut,
        }
    }
}

fn fields(map: &HeaderMap) -> Fields {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    map.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

fn map(fields: &Fields) -> HeaderMap {
    let name = |name: &str| name.parse::<HeaderName>().expect("a header name");
    let value = |value: &str| value.parse::<HeaderValue>().expect("a header value");
    let real = fields.iter().filter(|(name, _)| !name.starts_with(':'));
    real.map(|(one, given)| (name(one), value(given))).collect()
}

fn special<'f>(fields: &'f Fields, name: &str) -> &'f str {
    fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

/// The client.
pub(super) struct Client {
    sender: h2::client::SendRequest<Bytes>,
    pings: PingPong,
    streams: Vec<(SendStream<Bytes>, Receiving)>,
}

impl Client {
    pub(super) async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("a listener");
        stream.set_nodelay(true).expect("a socket");
        let (sender, mut connection) = h2::client::handshake(stream).await.expect("a handshake");
        let pings = connection.ping_pong().expect("the first to ask");
        tokio::spawn(connection);
        let mut client = Self { sender, pings, streams: Vec::new() };
        client.ping().await;
        client
    }

    /// Whether Envoy is still there.
    pub(super) async fn ping(&mut self) -> bool {
        ping(&mut self.pings).await
    }

    pub(super) fn request(&mut self, fields: &Fields, end: bool) {
        let uri =
            format!("{}://{}{}", special(fields, ":scheme"), special(fields, ":authority"), special(fields, ":path"));
        let mut request =
            http::Request::builder().method(special(fields, ":method")).uri(uri).body(()).expect("a request");
        *request.headers_mut() = map(fields);
        let (response, sending) = self.sender.send_request(request, end).expect("a connection");
        let receiving = Receiving::default();
        self.streams.push((sending, receiving.clone()));
        tokio::spawn(async move {
            match response.await {
                Ok(response) => {
                    let (head, body) = response.into_parts();
                    let mut seen = vec![(":status".to_owned(), head.status.as_str().to_owned())];
                    seen.extend(self::fields(&head.headers));
                    receiving.lock().headers = Some(seen);
                    receiving.read(body).await;
                }
                Err(_) => receiving.lock().end = End::Cut,
            }
        });
    }

    /// An error is a stream that Envoy has ended, which its message shows.
    pub(super) fn body(&mut self, stream: usize, bytes: &str, end: bool) {
        drop(self.streams[stream].0.send_data(Bytes::copy_from_slice(bytes.as_bytes()), end));
    }

    pub(super) fn trailers(&mut self, stream: usize, fields: &Fields) {
        drop(self.streams[stream].0.send_trailers(map(fields)));
    }

    pub(super) fn give_up(&mut self, stream: usize) {
        self.streams[stream].0.send_reset(Reason::CANCEL);
    }

    pub(super) fn count(&self) -> usize {
        self.streams.len()
    }

    pub(super) fn message(&self, stream: usize) -> Message {
        self.streams[stream].1.message()
    }
}

/// A request that a server has got.
struct Asked {
    receiving: Receiving,
    respond: h2::server::SendResponse<Bytes>,
    sending: Option<SendStream<Bytes>>,
    answered: bool,
}

#[derive(Default)]
struct Got {
    asked: Vec<Asked>,
    pings: Vec<Option<PingPong>>,
}

/// A server that answers when it is told to.
#[derive(Clone)]
pub(super) struct Server {
    port: u16,
    got: Arc<Mutex<Got>>,
}

impl Server {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port on loopback");
        let port = listener.local_addr().expect("an address").port();
        let server = Self { port, got: Arc::default() };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                drop(stream.set_nodelay(true));
                tokio::spawn(serving.clone().connection(stream));
            }
        });
        server
    }

    pub(super) const fn port(&self) -> u16 {
        self.port
    }

    fn lock(&self) -> MutexGuard<'_, Got> {
        self.got.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connection(self, stream: TcpStream) {
        let Ok(mut connection) = h2::server::handshake(stream).await else { return };
        let pings = connection.ping_pong();
        self.lock().pings.push(pings);
        while let Some(Ok((request, respond))) = connection.accept().await {
            let (head, body) = request.into_parts();
            let mut seen = vec![
                (":method".to_owned(), head.method.to_string()),
                (":path".to_owned(), head.uri.path_and_query().map(ToString::to_string).unwrap_or_default()),
            ];
            seen.extend(fields(&head.headers));
            let receiving = Receiving::default();
            receiving.lock().headers = Some(seen);
            tokio::spawn(receiving.clone().read(body));
            self.lock().asked.push(Asked { receiving, respond, sending: None, answered: false });
        }
    }

    /// Returns once all connections that Envoy has begun are there, and all that it sent over them.
    pub(super) async fn ping(&self, connections: u64) {
        wait("a connection", async {
            while (self.lock().pings.len() as u64) < connections {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        })
        .await;
        let count = self.lock().pings.len();
        for at in 0..count {
            let Some(mut pings) = self.lock().pings[at].take() else { continue };
            ping(&mut pings).await;
            self.lock().pings[at] = Some(pings);
        }
    }

    pub(super) fn messages(&self) -> Vec<Message> {
        self.lock().asked.iter().map(|asked| asked.receiving.message()).collect()
    }

    /// The places of requests that have no answer yet.
    pub(super) fn unanswered(&self) -> Vec<usize> {
        let got = self.lock();
        (0..got.asked.len()).filter(|at| !got.asked[*at].answered).collect()
    }

    /// An error is a stream that Envoy has ended.
    pub(super) fn answer(&self, at: usize, fields: &Fields, end: bool) {
        let mut got = self.lock();
        let asked = &mut got.asked[at];
        let mut response = http::Response::builder().status(special(fields, ":status")).body(()).expect("an answer");
        *response.headers_mut() = map(fields);
        asked.answered = true;
        asked.sending = asked.respond.send_response(response, end).ok();
    }

    pub(super) fn body(&self, at: usize, bytes: &str, end: bool) {
        if let Some(sending) = &mut self.lock().asked[at].sending {
            drop(sending.send_data(Bytes::copy_from_slice(bytes.as_bytes()), end));
        }
    }

    pub(super) fn trailers(&self, at: usize, fields: &Fields) {
        if let Some(sending) = &mut self.lock().asked[at].sending {
            drop(sending.send_trailers(map(fields)));
        }
    }

    pub(super) fn reset(&self, at: usize) {
        if let Some(sending) = &mut self.lock().asked[at].sending {
            sending.send_reset(Reason::INTERNAL_ERROR);
        }
    }
}

//! Filters, an application that shows what it was sent, and a gateway between that and a client.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::HeaderMap;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tapgate_gateway::{Gateway, Handle, Identity, Options, Plugin};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) type Body = BoxBody<Bytes, Infallible>;

/// What every filter of these tests begins with. Headers are looked up at 0 (pointer) and 4 (size).
const PRELUDE: &str = r#"
(import "env" "proxy_get_header_map_value" (func $value (param i32 i32 i32 i32 i32) (result i32)))
(import "env" "proxy_add_header_map_value" (func $add (param i32 i32 i32 i32 i32) (result i32)))
(import "env" "proxy_get_shared_data" (func $get (param i32 i32 i32 i32 i32) (result i32)))
(import "env" "proxy_set_shared_data" (func $set (param i32 i32 i32 i32 i32) (result i32)))
(import "env" "proxy_get_buffer_bytes" (func $buffer (param i32 i32 i32 i32 i32) (result i32)))
(import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
(import "env" "proxy_send_local_response"
  (func $reply (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
(memory (export "memory") 2)
(global $heap (mut i32) (i32.const 65536))
(func (export "proxy_abi_version_0_2_1"))
(func (export "proxy_on_memory_allocate") (param $size i32) (result i32)
  (global.set $heap (i32.add (global.get $heap) (local.get $size)))
  (if (i32.gt_u (global.get $heap) (i32.const 120000)) (then
    (global.set $heap (i32.add (i32.const 65536) (local.get $size)))))
  (i32.sub (global.get $heap) (local.get $size)))
(data (i32.const 1024) "x-filter")
(data (i32.const 1040) "seen")
(data (i32.const 1056) ":path")
(data (i32.const 1072) "no, said the filter")
"#;

/// Adds `x-filter: seen` to what goes either way, and pauses nothing.
pub(crate) const MARKS: &str = r#"
(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
  (drop (call $add (i32.const 0) (i32.const 1024) (i32.const 8) (i32.const 1040) (i32.const 4))) (i32.const 0))
(func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
  (drop (call $add (i32.const 2) (i32.const 1024) (i32.const 8) (i32.const 1040) (i32.const 4))) (i32.const 0))"#;

/// A filter as a plugin.
pub(crate) fn plugin(body: &str) -> Plugin {
    let module = wat::parse_str(format!("(module {PRELUDE} {body})")).expect("well-formed text");
    Plugin {
        module,
        configuration: "one".to_owned(),
        buffered: vec!["/buffered".to_owned()],
        buffered_below: vec!["/below/".to_owned()],
        environment: Vec::new(),
    }
}

/// An application that answers with what it was sent: the method, path and headers that it saw as headers, the body and the
/// trailers as they came. `/ws` changes to a protocol that echoes.
pub(crate) async fn application() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let builder = auto::Builder::new(TokioExecutor::new());
                let service = service_fn(|request| async { Ok::<_, Infallible>(echo(request).await) });
                drop(builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await);
            });
        }
    });
    address
}

async fn echo(mut request: Request<Incoming>) -> Response<Body> {
    let mut answer = Response::builder().header("saw-path", request.uri().path_and_query().expect("a path").as_str());
    answer = answer.header("saw-method", request.method().as_str());
    for (name, value) in request.headers() {
        answer = answer.header(format!("saw-{name}"), value);
    }
    match request.uri().path() {
        "/ws" => {
            let upgrade = hyper::upgrade::on(&mut request);
            tokio::spawn(async move {
                let mut stream = TokioIo::new(upgrade.await.expect("an upgrade"));
                let mut buffer = [0; 64];
                while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                    stream.write_all(&buffer[..count]).await.expect("somebody who reads");
                }
            });
            let answer = answer.status(101).header("connection", "upgrade").header("upgrade", "websocket");
            answer.body(empty()).expect("an answer")
        }
        "/whole" => {
            let whole = request.into_body().collect().await.expect("a body").to_bytes();
            answer.body(Full::new(whole).boxed()).expect("an answer")
        }
        "/slow" => {
            tokio::time::sleep(Duration::from_millis(300)).await;
            answer.body(empty()).expect("an answer")
        }
        _ => {
            // As it comes: the answer begins before the request has ended.
            answer = answer.header("trailer", "checksum");
            let mut body = request.into_body();
            let (mut sender, channel) = http_body_util::channel::Channel::new(1);
            tokio::spawn(async move {
                while let Some(Ok(frame)) = body.frame().await {
                    if sender.send(frame).await.is_err() {
                        return;
                    }
                }
            });
            answer.body(channel.boxed()).expect("an answer")
        }
    }
}

/// A running gateway.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    ends: JoinHandle<()>,
}

impl Running {
    /// Before the echoing application.
    pub(crate) async fn new(filter: &str) -> Self {
        let application = application().await;
        Self::with(filter, &format!("http://{application}"), |_| {}).await
    }

    pub(crate) async fn with(filter: &str, upstream: &str, change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options::new("127.0.0.1:0".parse().expect("an address"), upstream);
        options.admin = Some("127.0.0.1:0".parse().expect("an address"));
        change(&mut options);
        let gateway = Gateway::start(&plugin(filter), options).await.expect("a gateway");
        let (address, admin) = (gateway.address().expect("an address"), gateway.admin_address().expect("an address"));
        let (handle, (stop, stopped)) = (gateway.handle(), oneshot::channel());
        let ends = tokio::spawn(gateway.run(async move { drop(stopped.await) }));
        Self { address, admin, handle, stop: Some(stop), ends }
    }

    /// Asks it to stop.
    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
    }

    /// Waits until it has.
    pub(crate) async fn stopped(self) {
        self.ends.await.expect("a gateway that stops");
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    pub(crate) trailers: HeaderMap,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("text"))
    }
}

pub(crate) fn empty() -> Body {
    Full::default().boxed()
}

pub(crate) fn text(text: &'static str) -> Body {
    Full::from(text).boxed()
}

/// A body of two parts and a trailer.
pub(crate) fn with_trailers() -> Body {
    let (mut sender, channel) = http_body_util::channel::Channel::new(1);
    tokio::spawn(async move {
        for part in ["one ", "two"] {
            sender.send_data(Bytes::from_static(part.as_bytes())).await.expect("somebody who reads");
        }
        let mut trailers = HeaderMap::new();
        trailers.insert("checksum", hyper::header::HeaderValue::from_static("7"));
        sender.send(Frame::trailers(trailers)).await.expect("somebody who reads");
    });
    channel.boxed()
}

/// Sends a request over HTTP/1.1 or HTTP/2 on a connection of its own, and reads the answer to its end.
pub(crate) async fn send(address: SocketAddr, http2: bool, request: Request<Body>) -> Result<Answer, hyper::Error> {
    let stream = TokioIo::new(TcpStream::connect(address).await.expect("a listener"));
    let answer = if http2 {
        let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await?;
        tokio::spawn(connection);
        sender.send_request(request).await?
    } else {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
        tokio::spawn(connection);
        sender.send_request(request).await?
    };
    let (head, body) = answer.into_parts();
    let whole = body.collect().await?;
    let trailers = whole.trailers().cloned().unwrap_or_default();
    let body = String::from_utf8_lossy(&whole.to_bytes()).into_owned();
    Ok(Answer { status: head.status.as_u16(), headers: head.headers, body, trailers })
}

/// A request to the gateway, in the form that either version of HTTP takes.
pub(crate) fn request(http2: bool, method: &str, path: &str, body: Body) -> Request<Body> {
    let builder = Request::builder().method(method);
    let builder = if http2 {
        builder.uri(format!("http://gate.example.com{path}"))
    } else {
        builder.uri(path).header("host", "gate.example.com")
    };
    builder.body(body).expect("a request")
}

/// A GET.
pub(crate) async fn get(address: SocketAddr, path: &str) -> Answer {
    send(address, false, request(false, "GET", path, empty())).await.expect("an answer")
}

/// A gateway with a certificate of its own making.
pub(crate) fn self_made(options: &mut Options) {
    options.identity = Identity::SelfMade(vec!["localhost".to_owned()]);
}

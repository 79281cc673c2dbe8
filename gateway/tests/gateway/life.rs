//! Starting, failing, reloading, stopping; what operators see meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper_util::rt::TokioIo;
use tapgate_gateway::{Gateway, GatewayError, Options, Plugin};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{MARKS, Running, application, empty, get, plugin, request, self_made};

fn options(upstream: &str) -> Options {
    Options::new("127.0.0.1:0".parse().expect("an address"), upstream)
}

#[tokio::test]
async fn what_cannot_start_says_why() {
    let start =
        async |plugin: Plugin, options: Options| Gateway::start(&plugin, options).await.err().expect("a refusal");
    let refusing = r#"(func (export "proxy_on_configure") (param i32 i32) (result i32)
        (drop (call $log (i32.const 4) (i32.const 1072) (i32.const 19))) (i32.const 0))"#;
    let refused = start(plugin(refusing), options("http://127.0.0.1:9")).await;
    assert!(matches!(&refused, GatewayError::Refused { reasons } if reasons == &["no, said the filter"]), "{refused}");
    let nonsense = Plugin { module: b"nonsense".to_vec(), ..Plugin::default() };
    assert!(matches!(start(nonsense, options("http://127.0.0.1:9")).await, GatewayError::Module(_)));
    for address in ["127.0.0.1:9", "https://a", "http://a/path", "http://", "ftp://a", "http://a/?q"] {
        let refused = start(plugin(MARKS), options(address)).await;
        assert!(matches!(refused, GatewayError::Upstream(_)), "{address}: {refused}");
    }
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let listen = taken.local_addr().expect("an address");
    let refused = start(plugin(MARKS), Options { listen, ..options("http://127.0.0.1:9") }).await;
    assert!(matches!(refused, GatewayError::Listen { .. }), "{refused}");
}

#[tokio::test]
async fn an_application_that_is_down_is_a_503_and_one_that_is_slow_a_504() {
    let gone = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let gateway = Running::with(MARKS, &format!("http://{gone}"), |_| {}).await;
    let answer = get(gateway.address, "/").await;
    assert_eq!((answer.status, answer.header("x-filter")), (503, Some("seen")), "it passes the filter too");
    let upstream = format!("http://{}", application().await);
    let hasty = |options: &mut Options| options.answer_timeout = Duration::from_millis(20);
    let gateway = Running::with(MARKS, &upstream, hasty).await;
    assert_eq!(get(gateway.address, "/slow").await.status, 504);
}

/// The time for an answer begins when the application has the request: an upload may take longer. And an application that is
/// down is told at once, whatever of the request is still to come.
#[tokio::test]
async fn an_upload_takes_its_time_and_a_dead_application_none() {
    let upstream = format!("http://{}", application().await);
    let hasty = |options: &mut Options| options.answer_timeout = Duration::from_millis(300);
    let gateway = Running::with(MARKS, &upstream, hasty).await;
    let slowly = |parts: usize| {
        let (mut sender, channel) = http_body_util::channel::Channel::new(1);
        let sending = tokio::spawn(async move {
            for _ in 0..parts {
                if sender.send_data(hyper::body::Bytes::from_static(b"part ")).await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        (channel.boxed(), sending)
    };
    let (body, _) = slowly(8);
    let answer = crate::support::send(gateway.address, true, request(true, "POST", "/whole", body)).await;
    assert_eq!(answer.expect("an answer").body, "part ".repeat(8));
    let gone = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let gateway = Running::with(MARKS, &format!("http://{gone}"), |_| {}).await;
    let (body, sending) = slowly(usize::MAX);
    let answer = crate::support::send(gateway.address, true, request(true, "POST", "/whole", body)).await;
    assert_eq!(answer.expect("an answer").status, 503);
    assert!(!sending.is_finished(), "it was not waited for");
}

/// No request lasts longer than the limit, whatever it is waiting for.
#[tokio::test]
async fn a_request_ends_at_its_limit() {
    let upstream = format!("http://{}", application().await);
    let gateway = Running::with(MARKS, &upstream, |options| options.stream_limit = Duration::from_millis(300)).await;
    for path in ["/buffered", "/whole"] {
        let (mut sender, channel) = http_body_util::channel::Channel::new(1);
        tokio::spawn(async move {
            while sender.send_data(hyper::body::Bytes::from_static(b"x")).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        let post = request(true, "POST", path, channel.boxed());
        // It ends: with an answer, or cut off.
        if let Ok(answer) = crate::support::send(gateway.address, true, post).await {
            assert!([408, 503].contains(&answer.status), "{path}: {answer:?}");
        }
    }
}

/// A worker that does not take what the canary took would let everything pass: then nobody takes it.
#[tokio::test]
async fn a_configuration_that_one_worker_does_not_take_is_refused() {
    // Counts in shared data how often it was configured; only the canary succeeds.
    let filter = r#"(func (export "proxy_on_configure") (param i32 i32) (result i32)
        (i32.store8 (i32.const 1100) (i32.const 120))
        (if (result i32)
          (i32.eqz (call $get (i32.const 1100) (i32.const 1) (i32.const 0) (i32.const 4) (i32.const 8)))
          (then (i32.const 0))
          (else (drop (call $set (i32.const 1100) (i32.const 1) (i32.const 1100) (i32.const 1) (i32.const 0))) (i32.const 1))))"#;
    let refused = Gateway::start(&plugin(filter), options("http://127.0.0.1:9")).await.err().expect("a refusal");
    assert!(matches!(&refused, GatewayError::Refused { reasons } if reasons[0].contains("worker 0")), "{refused}");
}

/// A filter that traps on `/trap`: that request gets 503, all others an answer.
#[tokio::test]
async fn a_filter_that_fails_lets_nothing_through() {
    let filter = r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
        (drop (call $value (i32.const 0) (i32.const 1056) (i32.const 5) (i32.const 0) (i32.const 4)))
        (if (i32.eq (i32.load (i32.const 4)) (i32.const 5)) (then unreachable))
        (i32.const 0))"#;
    let gateway = Running::new(filter).await;
    assert_eq!(get(gateway.address, "/").await.status, 200);
    let answer = get(gateway.address, "/trap").await;
    assert_eq!((answer.status, answer.header("saw-path")), (503, None));
    // The other worker lives, and this one is made anew after a while.
    assert_eq!(get(gateway.address, "/").await.status, 200);
    let mut again = 503;
    while again == 503 {
        again = get(gateway.address, "/").await.status;
    }
    assert_eq!(again, 200);
}

/// An endless loop ends, and takes nobody with it.
#[tokio::test]
async fn a_filter_that_hangs_is_ended() {
    let filter = r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
        (drop (call $value (i32.const 0) (i32.const 1056) (i32.const 5) (i32.const 0) (i32.const 4)))
        (if (i32.eq (i32.load (i32.const 4)) (i32.const 5)) (then (loop $on (br $on))))
        (i32.const 0))"#;
    let gateway = Running::new(filter).await;
    assert_eq!(get(gateway.address, "/hang").await.status, 503);
    assert_eq!(get(gateway.address, "/").await.status, 200);
}

/// The configuration's size tells a filter which one it has: it answers with it, and refuses one of four bytes.
const CONFIGURED: &str = r#"
(global $size (mut i32) (i32.const 0))
(func (export "proxy_on_configure") (param i32 i32) (result i32)
  (global.set $size (local.get 1)) (i32.ne (local.get 1) (i32.const 4)))
(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
  (if (i32.ne (global.get $size) (i32.const 3)) (then
    (drop (call $add (i32.const 0) (i32.const 1024) (i32.const 8) (i32.const 1040) (i32.const 4)))))
  (i32.const 0))"#;

#[tokio::test]
async fn a_reload_changes_the_filter_and_a_bad_one_does_not() {
    let gateway = Running::new(CONFIGURED).await;
    let filtered = async || get(gateway.address, "/").await.header("saw-x-filter").is_some();
    assert!(!filtered().await);
    let bad = Plugin { configuration: "four".to_owned(), ..plugin(CONFIGURED) };
    assert!(matches!(gateway.handle.reload(&bad), Err(GatewayError::Refused { .. })));
    assert!(!filtered().await, "the old one stays");
    let good = Plugin { configuration: "another".to_owned(), ..plugin(CONFIGURED) };
    gateway.handle.reload(&good).expect("a configuration that is taken");
    assert!(filtered().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn reloads_under_load_drop_no_request() {
    let gateway = Arc::new(Running::new(MARKS).await);
    let (over, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let (gateway, over, sent) = (Arc::clone(&gateway), Arc::clone(&over), Arc::clone(&sent));
            tokio::spawn(async move {
                let stream = TokioIo::new(TcpStream::connect(gateway.address).await.expect("a listener"));
                let (mut client, connection) =
                    hyper::client::conn::http1::handshake(stream).await.expect("a connection");
                tokio::spawn(connection);
                while !over.load(Ordering::Relaxed) {
                    // The same connection throughout: no reload closes it.
                    client.ready().await.expect("an open connection");
                    let answer = client.send_request(request(false, "GET", "/", empty())).await.expect("an answer");
                    assert_eq!(answer.status(), 200);
                    // No request slips by the filter, whichever configuration it is.
                    assert!(answer.headers().contains_key("x-filter") && answer.headers().contains_key("saw-x-filter"));
                    drop(answer.into_body().collect().await.expect("a body"));
                    sent.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for round in 0..20 {
        let before = sent.load(Ordering::Relaxed);
        let configuration = if round % 2 == 0 { "another" } else { "one" };
        let plugin = Plugin { configuration: configuration.to_owned(), ..plugin(MARKS) };
        let handle = gateway.handle.clone();
        tokio::task::spawn_blocking(move || handle.reload(&plugin)).await.expect("a task").expect("a configuration");
        while sent.load(Ordering::Relaxed) < before + 20 {
            tokio::task::yield_now().await;
        }
    }
    over.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.expect("a client whose every request was answered");
    }
}

#[tokio::test]
async fn what_has_begun_ends_before_the_gateway_does() {
    let mut gateway = Running::new(MARKS).await;
    let address = gateway.address;
    let slow = tokio::spawn(async move { get(address, "/slow").await.status });
    // Once the admin side shows it the request is under way; it takes a while.
    tokio::time::sleep(Duration::from_millis(100)).await;
    gateway.stop();
    assert_eq!(slow.await.expect("a task"), 200);
    gateway.stopped().await;
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn operators_see_health_and_counters_and_change_nothing() {
    let gateway = Running::new(MARKS).await;
    assert_eq!(get(gateway.admin, "/healthz").await.body, "ok\n");
    assert_eq!(get(gateway.admin, "/metrics").await.status, 200);
    assert_eq!(get(gateway.admin, "/else").await.status, 404);
    let post = crate::support::send(gateway.admin, false, request(false, "POST", "/healthz", empty())).await;
    assert_eq!(post.expect("an answer").status, 405);
}

#[tokio::test]
async fn over_tls_the_client_chooses_the_version() {
    let upstream = format!("http://{}", application().await);
    let gateway = Running::with(MARKS, &upstream, self_made).await;
    // A client that does not speak TLS is not answered in plain text.
    let stream = TokioIo::new(TcpStream::connect(gateway.address).await.expect("a listener"));
    let (mut client, connection) = hyper::client::conn::http1::handshake(stream).await.expect("a connection");
    tokio::spawn(connection);
    assert!(client.send_request(request(false, "GET", "/", empty())).await.is_err());
}

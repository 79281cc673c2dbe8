//! What goes through, both ways: headers, bodies as they come, trailers, upgrades; and what the filter stops.

use http_body_util::BodyExt;
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{MARKS, Running, empty, get, request, send, text, with_trailers};

#[tokio::test]
async fn requests_and_answers_go_through_the_filter() {
    let gateway = Running::new(MARKS).await;
    for http2 in [false, true] {
        for (method, body) in [("GET", empty()), ("POST", text("hello")), ("HEAD", empty()), ("DELETE", empty())] {
            let answer = send(gateway.address, http2, request(http2, method, "/a?b=c", body)).await.expect("an answer");
            assert_eq!(answer.status, 200, "{method}");
            assert_eq!((answer.header("saw-path"), answer.header("saw-method")), (Some("/a?b=c"), Some(method)));
            assert_eq!(answer.header("saw-host"), Some("gate.example.com"));
            assert_eq!((answer.header("saw-x-filter"), answer.header("x-filter")), (Some("seen"), Some("seen")));
            assert_eq!(answer.header("saw-x-forwarded-for"), Some("127.0.0.1"));
            assert_eq!(answer.header("saw-x-forwarded-proto"), Some("http"));
            assert_eq!(answer.header("saw-x-request-id").map(str::len), Some(32));
            assert_eq!(answer.body, if method == "POST" { "hello" } else { "" });
        }
    }
}

#[tokio::test]
async fn trailers_go_both_ways() {
    let gateway = Running::new(MARKS).await;
    let mut post = request(true, "POST", "/", with_trailers());
    // HTTP/1.1, which the application speaks, carries the trailers that are announced.
    post.headers_mut().insert("trailer", hyper::header::HeaderValue::from_static("checksum"));
    let answer = send(gateway.address, true, post).await.expect("an answer");
    assert_eq!(answer.body, "one two");
    // To the application they go over HTTP/1.1, which sends back what it was sent.
    assert_eq!(answer.trailers.get("checksum").map(hyper::header::HeaderValue::as_bytes), Some(&b"7"[..]));
}

/// The answer begins, and its parts come, while the request is still under way.
#[tokio::test]
async fn bodies_are_passed_on_as_they_come() {
    let gateway = Running::new(MARKS).await;
    let (mut sender, channel) = http_body_util::channel::Channel::<Bytes, std::convert::Infallible>::new(1);
    let stream = TokioIo::new(TcpStream::connect(gateway.address).await.expect("a listener"));
    let (mut client, connection) = hyper::client::conn::http1::handshake(stream).await.expect("a connection");
    tokio::spawn(connection);
    let post = request(false, "POST", "/", channel.boxed());
    let answer = tokio::spawn(async move { client.send_request(post).await });
    sender.send_data(Bytes::from_static(b"first")).await.expect("somebody who reads");
    let mut body = answer.await.expect("a task").expect("an answer").into_body();
    let mut next = async || body.frame().await.expect("a part").expect("a part").into_data().expect("data");
    assert_eq!(next().await, "first");
    sender.send_data(Bytes::from_static(b"second")).await.expect("somebody who reads");
    assert_eq!(next().await, "second");
    drop(sender);
    assert!(body.frame().await.is_none(), "it ends when the request does");
}

#[tokio::test]
async fn an_upgrade_becomes_a_tunnel() {
    let gateway = Running::new(MARKS).await;
    let stream = TokioIo::new(TcpStream::connect(gateway.address).await.expect("a listener"));
    let (mut client, connection) = hyper::client::conn::http1::handshake(stream).await.expect("a connection");
    tokio::spawn(connection.with_upgrades());
    let upgrade =
        Request::get("/ws").header("host", "a").header("connection", "upgrade").header("upgrade", "websocket");
    let answer = client.send_request(upgrade.body(empty()).expect("a request")).await.expect("an answer");
    assert_eq!(answer.status(), 101);
    assert_eq!(answer.headers().get("x-filter").map(hyper::header::HeaderValue::as_bytes), Some(&b"seen"[..]));
    let mut tunnel = TokioIo::new(hyper::upgrade::on(answer).await.expect("an upgrade"));
    tunnel.write_all(b"to and fro").await.expect("a tunnel");
    let mut back = [0; 10];
    tunnel.read_exact(&mut back).await.expect("a tunnel");
    assert_eq!(&back, b"to and fro");
}

/// Refuses every request, in its headers or at the end of its body.
fn refusing(callback: &str, when: &str) -> String {
    format!(
        r#"(func (export "{callback}") (param i32 i32 i32) (result i32)
        (if {when} (then (drop (call $reply (i32.const 403) (i32.const 0) (i32.const 0) (i32.const 1072) (i32.const 19)
          (i32.const 0) (i32.const 0) (i32.const -1)))))
        (i32.const 1))"#
    )
}

#[tokio::test]
async fn the_filters_own_answer_is_the_answer() {
    for (filter, path) in [
        (refusing("proxy_on_request_headers", "(i32.const 1)"), "/"),
        (refusing("proxy_on_request_body", "(local.get 2)"), "/whole"),
        (refusing("proxy_on_request_body", "(local.get 2)"), "/buffered"),
    ] {
        let gateway = Running::new(&filter).await;
        for http2 in [false, true] {
            let post = request(http2, "POST", path, text("a body"));
            let answer = send(gateway.address, http2, post).await.expect("an answer");
            assert_eq!((answer.status, answer.body.as_str()), (403, "no, said the filter"), "{path} {http2}");
            assert_eq!(answer.header("saw-path"), None);
        }
    }
}

/// Where requests are buffered the application sees nothing until the filter has let all of it go on.
#[tokio::test]
async fn a_buffered_request_reaches_the_application_whole() {
    // Holds the body until its end.
    let filter = r#"(func (export "proxy_on_request_body") (param i32 i32 i32) (result i32) (i32.eqz (local.get 2)))"#;
    let gateway = Running::new(filter).await;
    for (path, body) in
        [("/buffered", text("all of it")), ("/below/a", text("all of it")), ("/buffered", with_trailers())]
    {
        let answer = send(gateway.address, false, request(false, "POST", path, body)).await.expect("an answer");
        assert!(["all of it", "one two"].contains(&answer.body.as_str()), "{answer:?}");
    }
    for path in ["/buffered", "/below/a"] {
        let large = send(gateway.address, false, request(false, "POST", path, large())).await.expect("an answer");
        assert_eq!(large.status, 413, "{path}");
    }
}

/// More than a filter may hold.
fn large() -> crate::support::Body {
    http_body_util::Full::from(vec![b'x'; 2 * 1024 * 1024]).boxed()
}

#[tokio::test]
async fn what_is_no_request_is_refused() {
    let gateway = Running::new(MARKS).await;
    for bytes in [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nname with space: b\r\n\r\n",
        "nonsense\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(gateway.address).await.expect("a listener");
        stream.write_all(bytes.as_bytes()).await.expect("a connection");
        let mut buffer = [0; 64];
        let count = stream.read(&mut buffer).await.expect("an answer");
        let answer = String::from_utf8_lossy(&buffer[..count]).into_owned();
        assert!(answer.starts_with("HTTP/1.1 400"), "{bytes:?}: {answer}");
    }
    assert_eq!(get(gateway.address, "/").await.status, 200, "and it goes on");
}

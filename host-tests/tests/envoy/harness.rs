//! The harness itself: what it says about Envoy and the application must be true before any test can lean on it.

use std::time::Duration;

use tapgate_host_tests::body::Body;
use tapgate_host_tests::client::raw::{self, Raw};
use tapgate_host_tests::client::{Call, Protocol};
use tapgate_host_tests::gate::Gate;
use tapgate_host_tests::keys::Keys;
use tapgate_host_tests::pass::{Pass, forge, pyjwt};
use tapgate_host_tests::secrets::Secrets;

#[tokio::test]
async fn the_shipped_bootstrap_forwards_to_the_application() {
    let gate = Gate::start().await;
    for protocol in Protocol::BOTH {
        let answer = gate.browser_on(protocol).navigate("/hello?a=b").await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "GET /hello?a=b"));
        let seen = gate.upstream.last();
        assert_eq!(seen.header("sec-fetch-mode").as_deref(), Some("navigate"));
        assert!(seen.complete);
    }
    assert_eq!(gate.upstream.count(), 2);
    assert_eq!(gate.envoy.stat("http.gate.downstream_rq_2xx").await, 2);
}

#[tokio::test]
async fn bodies_and_trailers_arrive_whole() {
    let gate = Gate::start().await;
    for protocol in Protocol::BOTH {
        let body = Body::chunked(vec![b'x'; 100_000], 30_000).slowly(Duration::from_millis(30)).trailer("x-sum", "1");
        let answer = gate.browser_on(protocol).send(Call::post("/upload").body(body)).await;
        assert_eq!(answer.status, 200);
        let seen = gate.upstream.last();
        assert_eq!((seen.body.len(), seen.complete), (100_000, true));
        assert!(seen.trailers.contains(&("x-sum".to_owned(), b"1".to_vec())), "{:?}", seen.trailers);
    }
}

#[tokio::test]
async fn an_aborted_body_is_told_from_a_whole_one() {
    let gate = Gate::start().await;
    let request = b"POST /aborted HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n123";
    raw::abandon(gate.envoy.address(), request).await;
    let answer = gate.browser().navigate("/after").await;
    assert_eq!(answer.status, 200);
    let seen = gate.upstream.requests();
    let aborted = seen.iter().find(|request| request.target == "/aborted").expect("headers that went on");
    assert_eq!((aborted.body.as_slice(), aborted.complete), (b"123".as_slice(), false));
}

#[tokio::test]
async fn an_upgrade_passes() {
    let gate = Gate::start().await;
    let mut connection = Raw::open(gate.envoy.address()).await;
    connection.write(b"GET /socket HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n").await;
    let head = connection.read_until(|seen| seen.windows(4).any(|end| end == b"\r\n\r\n")).await;
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    connection.write(b"ping").await;
    assert_eq!(connection.read_until(|seen| seen.len() >= 4).await, b"ping");
}

#[tokio::test]
async fn several_gates_stand_side_by_side_and_none_outlives_its_test() {
    let (first, second) = (Gate::start().await, Gate::with(|setup| setup.workers(4)).await);
    assert_ne!(first.envoy.address(), second.envoy.address());
    assert_eq!(first.browser().navigate("/").await.status, 200);
    assert_eq!(second.browser().navigate("/").await.status, 200);
    let address = first.envoy.address();
    drop(first.stop());
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "the first one still listens");
    assert_eq!(second.browser().navigate("/").await.status, 200);
}

#[tokio::test]
async fn linear_memory_is_read_for_every_worker() {
    let gate = Gate::with(|setup| setup.workers(3)).await;
    assert_eq!(gate.browser().navigate("/").await.status, 200);
    let memories = gate.envoy.linear_memories();
    assert!(memories.len() > 3, "three workers and the main thread: {memories:?}");
    assert!(memories.iter().all(|bytes| *bytes > 0 && bytes % 65536 == 0), "whole pages: {memories:?}");
}

#[tokio::test]
#[should_panic(expected = "secrets in Envoy's log")]
async fn a_secret_in_the_log_fails_the_test() {
    let gate = Gate::start().await;
    let secret = "a-secret-that-is-long-enough-to-be-one";
    gate.secrets.note(secret);
    assert_eq!(gate.browser().navigate(&format!("/{secret}")).await.status, 200);
}

#[test]
fn two_libraries_agree_on_what_a_pass_is() {
    let (keys, secrets) = (Keys::random(), Secrets::default());
    let pass = Pass::new(&keys, "alice@example.com").once();
    assert_eq!(pyjwt::verify(&pass.mint(&secrets), pass.key()), pass.claims());
    assert_eq!(pyjwt::verify(&pyjwt::mint(&pass, &secrets), pass.key()), pass.claims());
    assert_eq!(
        pyjwt::verify(&forge::compact(forge::HEADER, &pass.claims().to_string(), pass.key()), pass.key()),
        pass.claims()
    );
}

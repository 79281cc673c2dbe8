//! An application that answers a POST to the sign-in before its body has ended, which only a proxy without the buffer
//! filter lets it do: its answer is judged like any other, and the body that follows is no sign-in (B5.7, B6.2).

use std::net::SocketAddr;

use serde_json::json;
use tapgate_host_tests::client::{Protocol, raw};
use tapgate_host_tests::gate::{AUTHORITY, Gate, SESSION};
use tapgate_host_tests::policy::Policy;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// What an application reads after it has answered, piece by piece.
type Read = UnboundedReceiver<Vec<u8>>;

/// An application that answers once it has the headers, says what it must not, and goes on reading: its answer has no
/// end, or Envoy would give the request up.
async fn impatient() -> (SocketAddr, Read) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (sender, receiver) = unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let sender = sender.clone();
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                    let mut buffer = [0; 4096];
                    let Ok(count @ 1..) = stream.read(&mut buffer).await else { return };
                    head.extend_from_slice(&buffer[..count]);
                }
                let answer =
                    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nset-cookie: login=secret-login; Path=/\r\n\
                    set-cookie: __Host-tapgate=evil; Path=/; Secure\r\ntapgate-receipt: x\r\n\r\n5\r\nearly\r\n";
                let _ = stream.write_all(answer).await;
                let mut buffer = [0; 4096];
                while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                    let _ = sender.send(buffer[..count].to_vec());
                }
            });
        }
    });
    (address, receiver)
}

/// Posts the beginning of a form and waits for the answer to it.
async fn post_half_a_form(gate: &Gate, cookie: &str, half: &str) -> (raw::Raw, String) {
    let mut connection = raw::Raw::open(gate.envoy.address()).await;
    let head = format!(
        "POST /sign-in HTTP/1.1\r\nhost: {AUTHORITY}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         {cookie}transfer-encoding: chunked\r\n\r\n{}",
        chunk(half)
    );
    connection.write(head.as_bytes()).await;
    let answer = connection.read_until(|read| read.windows(5).any(|end| end == b"early") || read.ends_with(b"}")).await;
    (connection, String::from_utf8_lossy(&answer).to_ascii_lowercase())
}

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

#[tokio::test]
async fn an_early_answer_is_cleaned_like_any_other() {
    let (application, _read) = impatient().await;
    let policy = Policy::shipped().with("/registration/allow", json!(["/register", "/register/*", "/sign-in"]));
    let gate = Gate::with(|setup| setup.policy(&policy).without_buffer().application_at(application.port())).await;

    let (_, anonymous) = post_half_a_form(&gate, "", "pass=").await;
    assert_eq!(raw::status(&anonymous), 200, "{anonymous}");
    assert!(anonymous.contains("login=secret-login"), "everybody else's traffic is untouched: {anonymous}");
    assert!(!anonymous.contains("evil") && !anonymous.contains("tapgate-receipt"), "{anonymous}");

    let browser = gate.registering("alice", Protocol::Http1).await;
    let cookie = format!("cookie: {SESSION}={}\r\n", browser.jar.get(SESSION).expect("a session"));
    let (_, registering) = post_half_a_form(&gate, &cookie, "pass=").await;
    assert!(registering.contains("login=tapgate-sealed.") && !registering.contains("secret-login"), "{registering}");
    assert!(!registering.contains("evil"), "{registering}");
}

#[tokio::test]
async fn an_answer_to_what_must_not_go_on_does_not_come_back() {
    let (application, _read) = impatient().await;
    let gate = Gate::with(|setup| setup.without_buffer().application_at(application.port())).await;
    let browser = gate.registering("alice", Protocol::Http1).await;
    // The shipped policy lets a registering session reach its registration only.
    let cookie = format!("cookie: {SESSION}={}\r\n", browser.jar.get(SESSION).expect("a session"));
    let (_, answer) = post_half_a_form(&gate, &cookie, "pass=").await;
    assert_eq!(raw::status(&answer), 403, "{answer}");
    assert!(answer.contains("registration_required") && !answer.contains("early"), "{answer}");
}

#[tokio::test]
async fn a_pass_after_an_early_answer_goes_nowhere() {
    let (application, mut read) = impatient().await;
    // One worker deals with one thing after the other: what comes later shows what came of what came before.
    let gate = Gate::with(|setup| setup.workers(1).without_buffer().application_at(application.port())).await;
    let (mut with_pass, answer) = post_half_a_form(&gate, "", "pass=header.").await;
    assert_eq!(raw::status(&answer), 200);
    with_pass.write(format!("{}0\r\n\r\n", chunk("claims.signature")).as_bytes()).await;

    let (mut without, answer) = post_half_a_form(&gate, "", "username=").await;
    assert_eq!(raw::status(&answer), 200);
    without.write(format!("{}0\r\n\r\n", chunk("alice&password=correct")).as_bytes()).await;
    let mut seen = String::new();
    while !seen.contains("password=correct") {
        seen += &String::from_utf8_lossy(&read.recv().await.expect("a body without a pass goes on"));
    }
    assert!(!seen.contains("header.") && !seen.contains("signature"), "{seen}");
}

#[tokio::test]
async fn requests_that_never_end_cost_little() {
    const STALLED: usize = 40;
    let gate = Gate::start().await;
    let cookies = "a;".repeat(24_000);
    let mut stalled = Vec::new();
    for _ in 0..STALLED {
        let mut connection = raw::Raw::open(gate.envoy.address()).await;
        let head = format!(
            "POST /.tap/sign-in HTTP/1.1\r\nhost: {AUTHORITY}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             cookie: {cookies}\r\ntransfer-encoding: chunked\r\n\r\n5\r\npass=\r\n"
        );
        connection.write(head.as_bytes()).await;
        stalled.push(connection);
    }
    // An answered request on each worker shows that those before it have been seen.
    for _ in 0..8 {
        assert_eq!(gate.browser().navigate("/.tap/sign-in").await.status, 200);
    }
    let memories = gate.envoy.linear_memories();
    assert!(memories.iter().all(|bytes| *bytes < 4 << 20), "{memories:?}");
    drop(stalled);
}

//! What no well-behaved client sends: bytes of one's own, on a connection of one's own. None of it may disturb anybody else, be
//! understood in two ways, or go on for ever.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{MARKS, Running, get};

/// How long anything is waited for before it counts as hung.
const HANG: Duration = Duration::from_secs(60);

/// Sends bytes, and gives all that comes back until the gateway hangs up.
async fn said(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.expect("a listener");
    // The gateway may have heard enough before the end.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = timeout(HANG, stream.read_to_end(&mut answer)).await.expect("a gateway that hangs up");
    answer
}

/// The statuses of HTTP/1.1 answers, one after another.
fn statuses(answer: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(answer);
    let lines = text.lines().filter_map(|line| line.strip_prefix("HTTP/1.1 "));
    lines.filter_map(|line| line.split(' ').next().map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_request_that_two_would_read_in_two_ways_is_refused() {
    let gateway = Running::new(MARKS).await;
    for (request, wanted) in [
        ("GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n", &["400"][..]),
        ("GET / HTTP/1.1\r\nconnection: close\r\n\r\n", &["400"]),
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", &["400"]),
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: +1\r\n\r\na", &["400"]),
        ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n", &["400"]),
        ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n", &["400"]),
        ("GET / HTTP/1.1\r\nhost: a\r\nx : y\r\n\r\n", &["400"]),
        ("GET / HTTP/1.1\r\nhost: a\r\n x: y\r\n\r\n", &["400"]),
        ("GET /\0 HTTP/1.1\r\nhost: a\r\n\r\n", &["400"]),
        ("GET / HTTP/1.1\r\nhost: a\r\nx: a\0b\r\n\r\n", &["400"]),
        ("GET https://a/ HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", &["400"]),
        ("GET / HTTP/9.9\r\nhost: a\r\n\r\n", &["400"]),
    ] {
        assert_eq!(statuses(&said(gateway.address, request.as_bytes()).await), wanted, "{request:?}");
    }
    assert_eq!(get(gateway.address, "/").await.status, 200);
}

/// A length beside chunks is no length: the application reads the body as the gateway does, and nothing that follows is read.
#[tokio::test]
async fn a_length_beside_chunks_smuggles_nothing() {
    let gateway = Running::new(MARKS).await;
    let bytes = b"POST /whole HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n\
        2\r\nok\r\n0\r\n\r\nGET /second HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let answer = said(gateway.address, bytes).await;
    let text = String::from_utf8_lossy(&answer).into_owned();
    assert_eq!(statuses(&answer), ["200"], "the connection ends with it: {text}");
    assert!(text.contains("saw-path: /whole") && text.ends_with("\r\n\r\nok"), "{text}");
    assert!(!text.contains("saw-content-length: 4"), "the application was told a wrong length: {text}");
}

#[tokio::test]
async fn headers_that_do_not_end_are_waited_for_only_so_long_and_so_far() {
    let hasty = |options: &mut tapgate_gateway::Options| options.header_timeout = Duration::from_millis(200);
    let application = crate::support::application().await;
    let gateway = Running::with(MARKS, &format!("http://{application}"), hasty).await;
    assert_eq!(said(gateway.address, b"GET / HTTP/1.1\r\nhost: a\r\nx: ").await, b"", "it hangs up");
    let long = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "y".repeat(200 * 1024));
    assert_eq!(statuses(&said(gateway.address, long.as_bytes()).await), ["431"]);
    let many = format!("GET / HTTP/1.1\r\nhost: a\r\n{}\r\n", "x: y\r\n".repeat(2000));
    assert_eq!(statuses(&said(gateway.address, many.as_bytes()).await), ["431"]);
    assert_eq!(get(gateway.address, "/").await.status, 200);
}

/// Frames of HTTP/2, by type, flags and stream.
struct Frames(Vec<u8>);

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;

/// `GET http://a/`, in HPACK: three entries of the static table, and a literal.
const GET: &[u8] = &[0x82, 0x86, 0x84, 0x41, 0x01, b'a'];

impl Frames {
    /// The preface, and settings of the client's.
    fn new() -> Self {
        Self(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec()).with(SETTINGS, 0, 0, &[])
    }

    fn with(mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Self {
        let length = u32::try_from(payload.len()).expect("a short payload").to_be_bytes();
        self.0.extend_from_slice(&length[1..]);
        self.0.extend_from_slice(&[kind, flags]);
        self.0.extend_from_slice(&stream.to_be_bytes());
        self.0.extend_from_slice(payload);
        self
    }
}

/// The code of the GOAWAY frame that a connection ends with.
fn goodbye(answer: &[u8]) -> Option<u32> {
    let mut rest = answer;
    let mut code = None;
    while let Some((head, after)) = rest.split_at_checked(9) {
        let length = usize::try_from(u32::from_be_bytes([0, head[0], head[1], head[2]])).ok()?;
        let (payload, next) = after.split_at_checked(length)?;
        if head[3] == 7 {
            code = Some(u32::from_be_bytes(payload.get(4..8)?.try_into().ok()?));
        }
        rest = next;
    }
    code
}

const PROTOCOL_ERROR: u32 = 1;
const FRAME_SIZE_ERROR: u32 = 6;
const ENHANCE_YOUR_CALM: u32 = 11;

#[tokio::test]
async fn frames_that_break_the_protocol_end_their_connection_and_no_other() {
    let gateway = Running::new(MARKS).await;
    // END_HEADERS and END_STREAM.
    let whole = 0x5;
    for (what, frames, code) in [
        ("data on no stream", Frames::new().with(DATA, 0, 0, b"x"), PROTOCOL_ERROR),
        ("headers on no stream", Frames::new().with(HEADERS, whole, 0, GET), PROTOCOL_ERROR),
        ("headers on a stream of the server's", Frames::new().with(HEADERS, whole, 2, GET), PROTOCOL_ERROR),
        ("data on a stream that has not begun", Frames::new().with(DATA, 0, 1, b"x"), PROTOCOL_ERROR),
        ("a reset of a stream that has not begun", Frames::new().with(RESET, 0, 1, &[0; 4]), PROTOCOL_ERROR),
        // RFC 9113 has codes of their own for these two, which the library does not use.
        ("settings of half a pair", Frames::new().with(SETTINGS, 0, 0, &[0; 5]), PROTOCOL_ERROR),
        ("an index of no table", Frames::new().with(HEADERS, whole, 1, &[0xff, 0xff, 0x7f]), PROTOCOL_ERROR),
        ("a frame that is too long", Frames::new().with(DATA, 0, 1, &[0; 20_000]), FRAME_SIZE_ERROR),
        (
            "another frame between headers",
            Frames::new().with(HEADERS, 0x1, 1, GET).with(DATA, 0, 1, b"x"),
            PROTOCOL_ERROR,
        ),
    ] {
        assert_eq!(goodbye(&said(gateway.address, &frames.0).await), Some(code), "{what}");
    }
    assert_eq!(get(gateway.address, "/").await.status, 200);
}

/// Rapid resets, and headers without an end: cheap to send, dear to serve.
#[tokio::test]
async fn floods_end_their_connection_and_no_other() {
    let gateway = Running::new(MARKS).await;
    let mut resets = Frames::new();
    for number in 0..4000 {
        let stream = number * 2 + 1;
        resets = resets.with(HEADERS, 0x5, stream, GET).with(RESET, 0, stream, &8_u32.to_be_bytes());
    }
    assert_eq!(goodbye(&said(gateway.address, &resets.0).await), Some(ENHANCE_YOUR_CALM));
    let mut headers = Frames::new().with(HEADERS, 0x1, 1, GET);
    for _ in 0..4000 {
        // A literal of its own, each 102 bytes.
        headers = headers.with(CONTINUATION, 0, 1, &[&[0x00, 0x01, b'x', 0x60][..], &[b'y'; 96]].concat());
    }
    assert!(goodbye(&said(gateway.address, &headers.0).await).is_some());
    assert_eq!(get(gateway.address, "/").await.status, 200);
}

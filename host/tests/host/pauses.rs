//! Point (e): pauses in headers with and without `allow_on_headers_stop_iteration`, cumulative bodies, 413 and 500 at the
//! buffer limit, trailers without an end of the stream.

use tapgate_host::{Config, Exchange, Headers, Host, Misuse, Origin};

use crate::guest::{get, host, ok, said};

/// Pauses in request headers; notes size and end of each body callback and goes on at its end; resumes on a tick.
const HEADERS: &str = r#"
(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (i32.const 1))
(func (export "proxy_on_request_body") (param i32 i32 i32) (result i32)
  (call $note (local.get 1)) (call $note (local.get 2)) (i32.eqz (local.get 2)))
(func (export "proxy_on_tick") (param i32)
  (drop (call $effective (i32.const 2))) (drop (call $continue (i32.const 0))))"#;

fn upload(host: &mut Host, parts: &[&str]) -> Exchange {
    let mut stream = host.stream(0).expect("a worker");
    stream.request_headers(get("/"), false).expect("a request");
    for (number, part) in (1..).zip(parts) {
        stream.request_body(part, number == parts.len()).expect("its body");
    }
    stream.seen().expect("a stream")
}

#[test]
fn without_the_flag_a_pause_in_headers_stops_the_body_too() {
    let mut host = host(HEADERS, Config::new().buffer_limit(4));
    let seen = upload(&mut host, &["four", "five5"]);
    assert_eq!(said(&host), [""; 0], "no callback, and no limit: the sender is slowed down");
    assert!(seen.request_held && seen.upstream.headers.is_none());
    host.tick(0).expect("a worker");
    assert_eq!(said(&host), ["09", "01"], "all of it at once");
}

#[test]
fn a_resume_lets_the_held_request_go_on() {
    let mut host = host(HEADERS, Config::new());
    let mut stream = host.stream(0).expect("a worker");
    let id = stream.request_headers(get("/"), false).expect("a request").id();
    stream.request_body("whole", true).expect("its body");
    host.tick(0).expect("a worker");
    let upstream = host.at(id).expect("a stream").seen().expect("a stream").upstream;
    assert_eq!((upstream.headers, upstream.body, upstream.complete), (Some(get("/")), b"whole".to_vec(), true));
    host.tick(0).expect("a worker");
    assert_eq!(host.misuses(), [Misuse::ResumeWithoutPause]);
}

#[test]
fn with_the_flag_the_body_comes_cumulative_while_headers_are_held() {
    let mut host = host(HEADERS, Config::new().headers_stop_iteration(true));
    let seen = upload(&mut host, &["ab", "cd", "e"]);
    assert_eq!(said(&host), ["02", "00", "04", "00", "05", "01"]);
    assert!(seen.upstream.complete);
    assert_eq!(seen.upstream.body, b"abcde");
}

#[test]
fn over_the_limit_a_held_request_gets_413() {
    for parts in [&["ab", "cde"][..], &["abcde"]] {
        let mut host = host(HEADERS, Config::new().headers_stop_iteration(true).buffer_limit(4));
        let mut stream = host.stream(0).expect("a worker");
        stream.request_headers(get("/"), false).expect("a request");
        for part in parts {
            stream.request_body(part, false).expect("its body");
        }
        let seen = stream.close().expect("a stream");
        assert_eq!((seen.origin, seen.downstream.status()), (Origin::Proxy, Some(413)), "{parts:?}");
        assert_eq!((seen.upstream.headers, seen.details.as_str()), (None, "request_payload_too_large"));
    }
}

#[test]
fn a_body_paused_after_its_headers_leaves_the_application_an_aborted_request() {
    let body = r#"(func (export "proxy_on_request_body") (param i32 i32 i32) (result i32) (i32.const 1))"#;
    let mut host = host(body, Config::new().buffer_limit(4));
    let mut stream = host.stream(0).expect("a worker");
    stream.request_headers(get("/"), false).expect("a request");
    stream.request_body("abcde", true).expect("its body");
    let seen = stream.close().expect("a stream");
    assert_eq!(seen.downstream.status(), Some(413));
    assert!(seen.upstream.headers.is_some() && seen.upstream.aborted && seen.upstream.body.is_empty());
}

#[test]
fn over_the_limit_a_held_answer_becomes_500() {
    let body = r#"
    (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32) (call $letter (i32.const 104)) (i32.const 1))
    (func (export "proxy_on_response_body") (param i32 i32 i32) (result i32) (i32.const 1))"#;
    let mut host = host(body, Config::new().headers_stop_iteration(true).buffer_limit(4));
    let mut stream = host.stream(0).expect("a worker");
    stream.request_headers(get("/"), true).expect("a request");
    stream.response_headers(ok(), false).expect("an answer");
    stream.response_body("abcde", false).expect("its body");
    let seen = stream.close().expect("a stream");
    assert_eq!((seen.origin, seen.downstream.status()), (Origin::Proxy, Some(500)));
    assert_eq!(said(&host), ["h"], "a reply in an answer's place passes no callback");
}

/// With trailers no body callback has an end: the trailers are it, and can still read the body.
const TRAILERS: &str = r#"
(func (export "proxy_on_request_body") (param i32 i32 i32) (result i32) (call $note (local.get 2)) (i32.const 1))
(func (export "proxy_on_request_trailers") (param i32 i32) (result i32)
  (drop (call $buffer (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 0) (i32.const 4)))
  (call $echo)
  (i32.const 0))"#;

#[test]
fn trailers_end_a_body_whose_callbacks_never_do() {
    let mut host = host(TRAILERS, Config::new());
    let mut stream = host.stream(0).expect("a worker");
    stream.request_headers(get("/"), false).expect("a request");
    stream.request_body("he", false).expect("its body");
    stream.request_body("ld", false).expect("its body");
    assert!(stream.seen().expect("a stream").upstream.body.is_empty());
    stream.request_trailers(Headers::new().with("t", "1")).expect("its trailers");
    let upstream = stream.close().expect("a stream").upstream;
    assert_eq!(said(&host), ["00", "00", "held"]);
    assert_eq!(
        (upstream.body, upstream.complete),
        (b"held".to_vec(), true),
        "continuing in trailers releases the body"
    );
    assert_eq!(upstream.trailers, Some(Headers::new().with("t", "1")));
}

#[test]
fn a_pause_in_trailers_holds_everything() {
    let body = TRAILERS.replace("(call $echo)\n  (i32.const 0)", "(call $echo)\n  (i32.const 1)");
    let mut host = host(&body, Config::new());
    let mut stream = host.stream(0).expect("a worker");
    stream.request_headers(get("/"), false).expect("a request");
    stream.request_body("held", false).expect("its body");
    stream.request_trailers(Headers::new()).expect("its trailers");
    let seen = stream.seen().expect("a stream");
    assert!(seen.request_held && seen.upstream.body.is_empty() && !seen.upstream.complete);
}

#[test]
fn a_body_can_be_replaced_extended_and_nothing_else() {
    let body = r#"
    (data (i32.const 1024) "<>!")
    (func $set (param $start i32) (param $size i32) (param $at i32)
      (call $note (call $set_buffer (i32.const 0) (local.get $start) (local.get $size) (local.get $at) (i32.const 1))))
    (func (export "proxy_on_request_body") (param i32 i32 i32) (result i32)
      (call $set (i32.const 0) (i32.const 0) (i32.const 1024))
      (call $set (i32.const 99) (i32.const 0) (i32.const 1025))
      (call $set (i32.const 1) (i32.const 1) (i32.const 1026))
      (i32.const 0))"#;
    let mut host = host(body, Config::new());
    let seen = upload(&mut host, &["body"]);
    assert_eq!(said(&host), ["00", "00", "02"]);
    assert_eq!(seen.upstream.body, b"<body>");
}

/// What came while all was stopped is no reason to refuse; if the guest then holds it, its sender stays slowed down.
#[test]
fn more_than_the_limit_held_after_a_resume_slows_the_sender() {
    let body = r#"
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (i32.const 1))
    (func (export "proxy_on_request_body") (param i32 i32 i32) (result i32)
      (call $note (local.get 1)) (call $note (local.get 2)) (i32.eqz (local.get 2)))
    (func (export "proxy_on_tick") (param i32)
      (drop (call $effective (i32.const 2))) (drop (call $continue (i32.const 0))))"#;
    let mut host = host(body, Config::new().buffer_limit(4));
    let mut stream = host.stream(0).expect("a worker");
    let id = stream.request_headers(get("/"), false).expect("a request").id();
    stream.request_body("five5", false).expect("its body");
    host.tick(0).expect("a worker");
    host.at(id).expect("a stream").request_body("rest", true).expect("its body");
    assert_eq!(said(&host), ["05", "00"], "what follows does not come");
    host.tick(0).expect("a worker");
    assert_eq!(said(&host), ["05", "00", "04", "01"]);
    let upstream = host.at(id).expect("a stream").seen().expect("a stream").upstream;
    assert_eq!((upstream.body.as_slice(), upstream.complete), (b"five5rest".as_slice(), true));
}

/// A resume within the callback of the headers lets them go at once, whatever the callback then returns.
#[test]
fn headers_resumed_within_their_callback_are_gone() {
    let body = r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (drop (call $continue (i32.const 0))) (i32.const 1))"#;
    let mut host = host(body, Config::new());
    let mut stream = host.stream(0).expect("a worker");
    stream.request_headers(get("/"), false).expect("a request");
    stream.request_body("held", true).expect("its body");
    let seen = stream.seen().expect("a stream");
    assert!(seen.request_held && seen.upstream.headers.is_some() && seen.upstream.body.is_empty());
    assert_eq!(host.misuses(), [Misuse::ResumeWithoutPause]);
}

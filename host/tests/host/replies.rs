//! Point (f): a local reply passes the response callbacks; a second one is recorded; where it goes depends on how far the
//! answer has come.

use tapgate_host::{Config, Headers, Misuse, Origin};

use crate::guest::{get, host, ok, said};

/// Replies once or twice from request headers; notes what the response callbacks are shown.
fn replying(replies: &str) -> String {
    format!(
        r#"
    (data (i32.const 1024) "detailsbody")
    (data (i32.const 1040) ":statusresponse\00code_details")
    (func $answer (param $status i32)
      (call $note (call $reply (local.get $status) (i32.const 1024) (i32.const 7) (i32.const 1031) (i32.const 4)
        (i32.const 0) (i32.const 0) (i32.const -1))))
    {replies}
    (func $show
      (drop (call $value (i32.const 2) (i32.const 1040) (i32.const 7) (i32.const 0) (i32.const 4)))
      (call $echo)
      (drop (call $property (i32.const 1047) (i32.const 21) (i32.const 0) (i32.const 4)))
      (call $echo))"#
    )
}

#[test]
fn a_reply_passes_the_response_callbacks_after_the_call() {
    let body = replying(
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
             (call $answer (i32.const 403)) (call $letter (i32.const 97)) (i32.const 0))
           (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32) (call $show) (i32.const 0))
           (func (export "proxy_on_response_body") (param i32 i32 i32) (result i32) (call $note (local.get 1)) (i32.const 0))"#,
    );
    let mut host = host(&body, Config::new());
    let mut stream = host.stream(0).expect("a worker");
    stream.request_headers(get("/"), false).expect("a request");
    // What comes after the answer reaches nobody.
    stream.request_body("late", true).expect("its body");
    let seen = stream.close().expect("a stream");
    assert_eq!(said(&host), ["00", "a", "403", "details", "04"]);
    assert_eq!((seen.origin, seen.downstream.status()), (Origin::Guest, Some(403)));
    assert_eq!(seen.downstream.body, b"body");
    assert_eq!(seen.downstream.header("content-type").as_deref(), Some("text/plain"));
    assert_eq!(seen.downstream.header("content-length").as_deref(), Some("4"));
    assert_eq!(seen.upstream.headers, None, "what the callback returned is ignored");
}

#[test]
fn of_two_replies_the_first_wins_unless_it_is_still_on_its_way_out() {
    let twice = replying(
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
             (call $answer (i32.const 403)) (call $answer (i32.const 500)) (i32.const 1))"#,
    );
    let again = replying(
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
             (call $answer (i32.const 403)) (i32.const 1))
           (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
             (call $answer (i32.const 500)) (i32.const 0))"#,
    );
    for (body, status) in [(twice, 403), (again, 500)] {
        let mut host = host(&body, Config::new());
        let mut stream = host.stream(0).expect("a worker");
        stream.request_headers(get("/"), true).expect("a request");
        let seen = stream.close().expect("a stream");
        assert_eq!((seen.downstream.status(), seen.downstream.complete), (Some(status), true));
        assert_eq!(host.misuses(), [Misuse::SecondReply]);
    }
}

/// What Envoy does not survive is recorded: a reply from the log, and one to a stream that has its whole answer.
#[test]
fn a_reply_that_takes_envoy_down_is_recorded() {
    let from_the_log = replying(r#"(func (export "proxy_on_log") (param i32) (call $answer (i32.const 500)))"#);
    let twice = replying(
        r#"(func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
             (call $answer (i32.const 502)) (call $answer (i32.const 500)) (i32.const 1))"#,
    );
    let fatal = Misuse::Fatal("proxy_send_local_response");
    for (body, status, misuses) in
        [(from_the_log, 200, vec![fatal.clone()]), (twice, 502, vec![Misuse::SecondReply, fatal])]
    {
        let mut host = host(&body, Config::new());
        let mut stream = host.stream(0).expect("a worker");
        stream.request_headers(get("/"), true).expect("a request");
        stream.response_headers(ok(), true).expect("an answer");
        assert_eq!(stream.close().expect("a stream").downstream.status(), Some(status));
        assert_eq!(host.misuses(), misuses);
    }
}

#[test]
fn a_reply_to_head_has_a_length_and_no_body() {
    let body = replying(
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
             (call $answer (i32.const 403)) (i32.const 1))"#,
    );
    let mut host = host(&body, Config::new());
    let mut stream = host.stream(0).expect("a worker");
    stream.request_headers(Headers::new().with(":method", "HEAD").with(":path", "/"), true).expect("a request");
    let seen = stream.close().expect("a stream").downstream;
    assert_eq!((seen.header("content-length").as_deref(), seen.body.as_slice()), (Some("4"), b"".as_slice()));
    assert!(seen.complete);
}

#[test]
fn in_an_answer_a_reply_goes_out_directly_and_later_it_only_cuts() {
    let at = |callback: &str| {
        let body = replying(&format!(
            r#"(func (export "{callback}") (param i32 i32 i32) (result i32) (call $answer (i32.const 502)) (i32.const 1))"#
        ));
        let mut host = host(&body, Config::new());
        let mut stream = host.stream(0).expect("a worker");
        stream.request_headers(get("/"), true).expect("a request");
        stream.response_headers(ok(), false).expect("an answer");
        stream.response_body("x", true).expect("its body");
        stream.close().expect("a stream")
    };
    let early = at("proxy_on_response_headers");
    assert_eq!((early.origin, early.downstream.status()), (Origin::Guest, Some(502)));
    assert!(early.downstream.complete);
    let late = at("proxy_on_response_body");
    assert_eq!((late.origin, late.downstream.status()), (Origin::Application, Some(200)));
    assert!(late.downstream.aborted);
}

#[test]
fn a_closed_stream_is_cut() {
    let body = r#"(func (export "proxy_on_request_body") (param i32 i32 i32) (result i32)
        (call $note (call $close (i32.const 0))) (i32.const 1))"#;
    let mut host = host(body, Config::new());
    let mut stream = host.stream(0).expect("a worker");
    stream.request_headers(get("/"), false).expect("a request");
    stream.request_body("x", true).expect("its body");
    let seen = stream.close().expect("a stream");
    assert!(seen.upstream.aborted && seen.downstream.headers.is_none());
}

/// What the proxy answers in the application's place passes the response callbacks with details of its own.
#[test]
fn the_proxys_own_answer_passes_the_response_callbacks() {
    let body = replying(
        r#"(func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32) (call $show) (i32.const 0))"#,
    );
    let mut host = host(&body, Config::new());
    let mut stream = host.stream(0).expect("a worker");
    stream.request_headers(get("/"), true).expect("a request");
    stream.proxy_answer(503, Headers::new().with("retry-after", "1"), "no_healthy_upstream").expect("an answer");
    assert!(stream.proxy_answer(503, Headers::new(), "again").is_err());
    let seen = stream.close().expect("a stream");
    assert_eq!(said(&host), ["503", "no_healthy_upstream"]);
    assert_eq!((seen.origin, seen.downstream.status()), (Origin::Proxy, Some(503)));
    assert_eq!(seen.downstream.header("retry-after").as_deref(), Some("1"));
}

//! Point (g): HTTP calls end in the shapes that real ones do, in any order, late, or never.

use std::time::Duration;

use tapgate_host::{CallAnswer, CallId, Config, Headers, Host, HostError};

use crate::guest::{get, host, said};

/// Calls a cluster from request headers and pauses; notes the call's status and, of its callback, the number of headers,
/// the status if there is one, and the body's size.
const CALLER: &str = r#"
(data (i32.const 1024) "auth:status")
(data (i32.const 1100) "\03\00\00\00\07\00\00\00\04\00\00\00\05\00\00\00\02\00\00\00\0a\00\00\00\01\00\00\00:method\00POST\00:path\00/a\00:authority\00a\00")
(func $dispatch (param $timeout i32) (param $block i32)
  (call $note (call $call (i32.const 1024) (i32.const 4) (i32.const 1100) (local.get $block)
    (i32.const 1024) (i32.const 4) (i32.const 0) (i32.const 0) (local.get $timeout) (i32.const 16))))
(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
  (call $dispatch (i32.const 1500) (i32.const 63)) (i32.const 1))
(func (export "proxy_on_http_call_response") (param $root i32) (param $id i32) (param $headers i32) (param $body i32) (param i32)
  (call $note (local.get $root))
  (call $note (local.get $id))
  (call $note (local.get $headers))
  (if (i32.eqz (call $value (i32.const 6) (i32.const 1028) (i32.const 7) (i32.const 0) (i32.const 4)))
    (then (call $echo)))
  (drop (call $buffer (i32.const 4) (i32.const 0) (i32.const 5) (i32.const 0) (i32.const 4)))
  (call $echo))"#;

fn calling() -> Host {
    let mut host = host(CALLER, Config::new().cluster("auth"));
    host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request");
    host
}

fn only_call(host: &Host) -> CallId {
    host.calls().first().expect("a call").id
}

#[test]
fn a_call_is_open_until_the_test_answers_it() {
    let mut host = calling();
    let calls = host.calls();
    let call = calls.first().expect("a call");
    assert_eq!((call.worker, call.cluster.as_str(), call.body.as_slice()), (0, "auth", b"auth".as_slice()));
    let own = Headers::new().with(":method", "POST").with(":path", "/a").with(":authority", "a");
    assert_eq!(call.headers, own.with("content-length", "4"), "the length is the proxy's");
    assert_eq!(call.timeout, Some(Duration::from_millis(1500)));
    host.answer(call.id, CallAnswer::response(200, "hello, world")).expect("an open call");
    // The root context is called, with the id, one header, its status and the beginning of the body.
    assert_eq!(said(&host), ["00", "01", "04", "01", "200", "hello"]);
    assert_eq!(host.answer(call.id, CallAnswer::Reset), Err(HostError::NoCall));
}

#[test]
fn failures_have_the_shapes_of_real_ones() {
    let shapes = [
        (CallAnswer::Unreachable, vec!["00", "01", "04", "03", "503", "upstr"]),
        (CallAnswer::TimedOut, vec!["00", "01", "04", "03", "504", "upstr"]),
        (CallAnswer::Reset, vec!["00", "01", "04", "00", ""]),
    ];
    for (answer, expected) in shapes {
        let mut host = calling();
        let call = only_call(&host);
        host.answer(call, answer).expect("an open call");
        assert_eq!(said(&host), expected);
    }
}

#[test]
fn answers_come_in_any_order_and_after_the_stream_has_gone() {
    let mut host = host(CALLER, Config::new().workers(2).cluster("auth"));
    let first = host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request").id();
    host.stream(1).expect("a worker").request_headers(get("/"), true).expect("a request");
    let ids: Vec<_> = host.calls().iter().map(|call| call.id).collect();
    host.at(first).expect("a stream").close().expect("a stream");
    for id in ids.into_iter().rev() {
        host.answer(id, CallAnswer::response(204, "")).expect("an open call");
    }
    assert_eq!(said(&host), ["00", "00", "01", "08", "01", "204", "", "01", "04", "01", "204", ""]);
}

/// One that is never answered holds its stream, and nothing else.
#[test]
fn a_call_that_is_never_answered_holds_its_stream() {
    let mut host = host(CALLER, Config::new().cluster("auth"));
    let id = host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request").id();
    host.advance(Duration::from_secs(3600));
    let seen = host.at(id).expect("a stream").close().expect("a stream");
    assert!(seen.upstream.headers.is_none() && seen.downstream.headers.is_none());
    assert_eq!(host.calls().len(), 1);
}

#[test]
fn what_cannot_be_called_fails_at_once() {
    let attempt = |body: &str, config: Config, healthy: bool| {
        let mut host = host(body, config);
        host.set_healthy("auth", healthy);
        host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request");
        assert_eq!(host.calls(), []);
        said(&host)
    };
    let known = || Config::new().cluster("auth");
    assert_eq!(attempt(CALLER, Config::new(), true), ["02"], "an unknown cluster");
    assert_eq!(attempt(CALLER, known(), false), ["10"], "no healthy host");
    let cut = CALLER.replace("(i32.const 63)", "(i32.const 62)");
    assert_eq!(attempt(&cut, known(), true), ["02"], "no headers");
    for name in ["method", "path", "authority"] {
        let without = CALLER.replace(&format!(r":{name}\00"), &format!(r"x{name}\00"));
        assert_eq!(attempt(&without, known(), true), ["02"], "no {name}");
    }
    let nowhere = CALLER.replace("(local.get $timeout) (i32.const 16)", "(local.get $timeout) (i32.const -1)");
    assert_eq!(attempt(&nowhere, known(), true), ["06"], "no place for the id, and no call");
    let negative = CALLER.replace("(i32.const 1500)", "(i32.const -1)");
    assert_eq!(attempt(&negative, known(), true), ["02"], "a negative timeout");
}

#[test]
fn no_timeout_is_no_timeout() {
    let mut host = host(&CALLER.replace("(i32.const 1500)", "(i32.const 0)"), Config::new().cluster("auth"));
    host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request");
    assert_eq!(host.calls().first().expect("a call").timeout, None);
}

#[test]
fn a_callback_can_resume_the_stream_that_waited() {
    let body = CALLER.replace(
        "(call $note (local.get $root))",
        "(drop (call $effective (i32.const 2))) (drop (call $continue (i32.const 0)))",
    );
    let mut host = host(&body, Config::new().cluster("auth"));
    let id = host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request").id();
    let call = only_call(&host);
    host.answer(call, CallAnswer::response(200, "")).expect("an open call");
    assert!(host.at(id).expect("a stream").seen().expect("a stream").upstream.complete);
}

/// Nobody waits for what the VMs of a former configuration have called.
#[test]
fn an_update_forgets_open_calls() {
    let mut host = calling();
    let call = only_call(&host);
    host.update(Config::new().cluster("auth")).expect("a configuration that is taken");
    assert_eq!(host.calls(), []);
    assert_eq!(host.answer(call, CallAnswer::Reset), Err(HostError::NoCall));
}

/// The canary stands on the main thread, where clusters may not be there yet: what it calls is refused.
#[test]
fn the_canary_calls_nobody() {
    let body = CALLER.replace(
        r#"(func (export "proxy_on_request_headers")"#,
        r#"(func (export "proxy_on_configure") (param i32 i32) (result i32)
          (call $dispatch (i32.const 0) (i32.const 63)) (i32.const 1))
        (func (export "proxy_on_request_headers")"#,
    );
    let host = host(&body, Config::new().cluster("auth"));
    assert_eq!((said(&host), host.calls().len()), (vec!["02".to_owned(), "00".to_owned()], 1));
}

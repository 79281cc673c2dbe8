//! Point (d): first-value getters, a map that is gone once its message has gone on, limits that empty a map, and edits.

use tapgate_host::{Config, Headers, Misuse};

use crate::guest::{get, host, ok, said};

#[test]
fn a_getter_gives_the_first_value_only() {
    let body = r#"
    (data (i32.const 1024) "x-two")
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (call $note (call $value (i32.const 0) (i32.const 1024) (i32.const 5) (i32.const 0) (i32.const 4)))
      (call $echo)
      (call $note (call $value (i32.const 0) (i32.const 1024) (i32.const 1) (i32.const 0) (i32.const 4)))
      (i32.const 0))"#;
    let mut host = host(body, Config::new());
    let request = get("/").with("X-Two", "first").with("x-two", "second");
    host.stream(0).expect("a worker").request_headers(request, true).expect("a request");
    assert_eq!(said(&host), ["00", "first", "01"]);
}

#[test]
fn after_continue_the_map_is_gone_until_the_log() {
    let body = r#"
    (data (i32.const 1024) ":path")
    (func $look (call $note
      (call $value (i32.const 0) (i32.const 1024) (i32.const 5) (i32.const 0) (i32.const 4))))
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (call $look) (i32.const 0))
    (func (export "proxy_on_request_body") (param i32 i32 i32) (result i32)
      (call $look)
      (call $note (call $pairs (i32.const 0) (i32.const 0) (i32.const 4)))
      (call $note (i32.load (i32.const 4)))
      (call $note (call $remove (i32.const 0) (i32.const 1024) (i32.const 5)))
      (i32.const 0))
    (func (export "proxy_on_log") (param i32) (call $look))"#;
    let mut host = host(body, Config::new());
    let mut stream = host.stream(0).expect("a worker");
    stream.request_headers(get("/"), false).expect("a request");
    stream.request_body("x", true).expect("its body");
    stream.close().expect("a stream");
    // Present; gone: a bad argument, an empty map without an error, a bad argument; back for the log.
    assert_eq!(said(&host), ["00", "02", "00", "00", "02", "00"]);
    let gone = ["proxy_get_header_map_value", "proxy_get_header_map_pairs", "proxy_remove_header_map_value"];
    assert_eq!(host.misuses(), gone.map(Misuse::MapGone));
}

#[test]
fn a_resume_takes_the_map_away_at_once_and_acts_after_the_call() {
    let body = r#"
    (data (i32.const 1024) ":path")
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (i32.const 1))
    (func (export "proxy_on_tick") (param i32)
      (drop (call $effective (i32.const 2)))
      (call $note (call $replace (i32.const 0) (i32.const 1024) (i32.const 5) (i32.const 1025) (i32.const 1)))
      (call $note (call $continue (i32.const 0)))
      (call $note (call $replace (i32.const 0) (i32.const 1024) (i32.const 5) (i32.const 1026) (i32.const 1))))"#;
    let mut host = host(body, Config::new());
    let id = host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request").id();
    assert!(host.at(id).expect("a stream").seen().expect("a stream").request_held);
    host.tick(0).expect("a worker");
    assert_eq!(said(&host), ["00", "00", "02"]);
    let seen = host.at(id).expect("a stream").seen().expect("a stream");
    assert!(!seen.request_held);
    assert_eq!(seen.upstream.header(":path").as_deref(), Some("p"));
}

/// The request's maps go, whichever direction is resumed; without a stream nothing goes on, and nobody is told.
#[test]
fn a_resume_of_the_answer_takes_the_requests_map_too() {
    let body = r#"
    (data (i32.const 1024) ":path")
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (drop (call $continue (i32.const 1)))
      (call $note (call $value (i32.const 0) (i32.const 1024) (i32.const 5) (i32.const 0) (i32.const 4)))
      (i32.const 0))
    (func (export "proxy_on_tick") (param i32)
      (call $note (call $continue (i32.const 0)))
      (call $note (call $close (i32.const 0))))"#;
    let mut host = host(body, Config::new());
    host.tick(0).expect("a worker");
    assert_eq!(host.misuses(), ["proxy_continue_stream", "proxy_close_stream"].map(Misuse::BadArgument));
    host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request");
    assert_eq!(said(&host), ["00", "00", "02"]);
}

/// A map of `count` empty pairs, sent by the guest in place of the request's.
fn replaced(count: usize, bytes: usize) -> (Option<Headers>, Vec<Misuse>) {
    let body = format!(
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
             (drop (memory.grow (i32.const 20)))
             (i32.store (i32.const 65536) (i32.const {count}))
             (drop (call $set_pairs (i32.const 0) (i32.const 65536) (i32.const {bytes})))
             (i32.const 0))"#
    );
    let mut host = host(&body, Config::new());
    let mut stream = host.stream(0).expect("a worker");
    stream.request_headers(get("/"), true).expect("a request");
    let headers = stream.seen().expect("a stream").upstream.headers;
    (headers, host.misuses())
}

#[test]
fn a_map_over_a_limit_is_empty_without_an_error() {
    let emptied = || vec![Misuse::MapEmptied("proxy_set_header_map_pairs")];
    let size = |count: usize| 4 + count * 10;
    let (headers, misuses) = replaced(1024, size(1024));
    assert_eq!((headers.map(|map| map.len()), misuses), (Some(1024), vec![]));
    assert_eq!(replaced(1025, size(1025)), (Some(Headers::new()), emptied()));
    assert_eq!(replaced(1, 1024 * 1024 + 1), (Some(Headers::new()), emptied()));
    assert_eq!(replaced(7, 12), (Some(Headers::new()), emptied()));
}

#[test]
fn names_are_edited_in_every_spelling() {
    let body = r#"
    (data (i32.const 1024) "X-UserX-New")
    (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
      (call $note (call $remove (i32.const 2) (i32.const 1024) (i32.const 6)))
      (call $note (call $add (i32.const 2) (i32.const 1030) (i32.const 5) (i32.const 1024) (i32.const 1)))
      (i32.const 0))"#;
    let mut host = host(body, Config::new());
    let mut stream = host.stream(0).expect("a worker");
    stream.request_headers(get("/"), true).expect("a request");
    stream.response_headers(ok().with("x-user", "a").with("X-USER", "b"), true).expect("an answer");
    let seen = stream.close().expect("a stream");
    assert_eq!(seen.downstream.headers, Some(ok().with("x-new", "X")));
}

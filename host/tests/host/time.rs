//! Point (c): clocks that the test sets, and randomness that a seed decides. With them the environment.

use std::time::Duration;

use tapgate_host::{Clock, Config, Host};

use crate::guest::{get, host, module, said};

/// Logs eight bytes of a reading, each as its own number, if `$read` puts them at 16.
fn reading(read: &str) -> String {
    format!(
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
             {read}
             (call $note (i32.wrap_i64 (i64.div_u (i64.load (i32.const 16)) (i64.const 1000000000))))
             (i32.const 0))"#
    )
}

#[test]
fn both_clocks_are_the_tests() {
    let reads = [
        ("(drop (call $time (i32.const 16)))", ["07", "12"]),
        ("(drop (call $clock (i32.const 0) (i64.const 1) (i32.const 16)))", ["07", "12"]),
        ("(drop (call $clock (i32.const 1) (i64.const 1) (i32.const 16)))", ["03", "08"]),
    ];
    for (read, expected) in reads {
        let clock = Clock { wall: Duration::from_secs(7), monotonic: Duration::from_secs(3) };
        let mut host = Host::start_at(clock, &module(&reading(read)), Config::new()).expect("a guest that starts");
        host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request");
        host.advance(Duration::from_secs(5));
        host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request");
        assert_eq!(said(&host), expected, "{read}");
    }
}

/// Without a clock of the test's own it is the beginning of 2026, and the machine has been up for an hour.
#[test]
fn a_process_begins_at_a_known_time() {
    let host = host("", Config::new());
    let begin = Clock { wall: Duration::from_secs(1_767_225_600), monotonic: Duration::from_secs(3600) };
    assert_eq!(host.clock(), begin);
}

#[test]
fn equal_seeds_give_equal_bytes() {
    let body = r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
        (drop (call $random (i32.const 16) (i32.const 8)))
        (i32.store (i32.const 16) (i32.and (i32.load (i32.const 16)) (i32.const 0x3f3f3f3f)))
        (i32.store (i32.const 20) (i32.and (i32.load (i32.const 20)) (i32.const 0x3f3f3f3f)))
        (drop (call $log (i32.const 2) (i32.const 16) (i32.const 8)))
        (call $note (call $random (i32.const 0) (i32.const 65537)))
        (i32.const 0))"#;
    let draw = |seed| {
        let mut host = host(body, Config::new().seed(seed));
        host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request");
        said(&host)
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
    assert_eq!(draw(1).last().map(String::as_str), Some("28"), "at most 64 KiB a call");
}

#[test]
fn the_environment_is_what_was_granted() {
    let body = r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
        (drop (call $environ_sizes (i32.const 0) (i32.const 4)))
        (call $note (i32.load (i32.const 0)))
        (call $note (i32.load (i32.const 4)))
        (drop (call $environ (i32.const 16) (i32.const 2048)))
        (drop (call $log (i32.const 2) (i32.load (i32.const 20)) (i32.const 3)))
        (i32.const 0))"#;
    let mut host = host(body, Config::new().variable("KEY", "value").variable("B", "2"));
    host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request");
    assert_eq!(said(&host), ["02", "14", "B=2"]);
}

#[test]
fn a_timer_goes_off_when_the_test_says() {
    let body = r#"
    (func (export "proxy_on_configure") (param i32 i32) (result i32)
      (drop (call $tick (i32.const 250))) (i32.const 1))
    (func (export "proxy_on_tick") (param i32) (call $note (local.get 0)))"#;
    let mut host = host(body, Config::new());
    assert_eq!(host.tick_period(0), Ok(Some(Duration::from_millis(250))));
    host.tick(0).expect("a worker");
    assert_eq!(said(&host), ["01"]);
}

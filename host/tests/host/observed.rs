//! Points (j) and (k): captured logs in which no secret appears, metrics, properties, and the lists of imports and exports.

use tapgate_host::{Config, Histogram, Host, Level, Metric, VmName};

use crate::guest::{get, host, module, ok, said};

#[test]
fn a_secret_in_the_log_is_found() {
    let body = r#"
    (data (i32.const 1024) ":path")
    (data (i32.const 1100) "to the console\n")
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (drop (call $value (i32.const 0) (i32.const 1024) (i32.const 5) (i32.const 0) (i32.const 4)))
      (call $echo)
      (i32.store (i32.const 16) (i32.const 1100))
      (i32.store (i32.const 20) (i32.const 15))
      (call $note (call $write (i32.const 2) (i32.const 16) (i32.const 1) (i32.const 24)))
      (i32.const 0))"#;
    let mut host = host(body, Config::new());
    host.stream(0).expect("a worker").request_headers(get("/?key=hunter2"), true).expect("a request");
    let lines: Vec<_> = host.logs().into_iter().map(|line| (line.level, line.text)).collect();
    let expected = [(Level::Info, "/?key=hunter2"), (Level::Error, "to the console"), (Level::Info, "00")];
    assert_eq!(lines, expected.map(|(level, text)| (level, text.to_owned())));
    assert_eq!(host.leaks(["correct horse", ""]), []);
    let leaks = host.leaks(["correct horse", "hunter2"]);
    assert_eq!(leaks.len(), 1);
    assert_eq!(leaks.first().map(|line| line.vm), Some(VmName::Worker(0)));
}

#[test]
fn each_level_is_its_own() {
    let body = r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (local $level i32)
        (loop $next
          (drop (call $log (local.get $level) (i32.const 0) (i32.const 0)))
          (br_if $next (i32.ne (i32.const 7) (local.tee $level (i32.add (local.get $level) (i32.const 1))))))
        (i32.const 0))"#;
    let mut host = host(body, Config::new());
    host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request");
    let levels: Vec<_> = host.logs().into_iter().map(|line| line.level).collect();
    assert_eq!(levels, [Level::Trace, Level::Debug, Level::Info, Level::Warn, Level::Error, Level::Critical]);
}

#[test]
fn metrics_are_the_whole_processes() {
    let body = r#"
    (data (i32.const 1024) "countspan")
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (drop (call $define (i32.const 0) (i32.const 1024) (i32.const 5) (i32.const 16)))
      (drop (call $increment (i32.load (i32.const 16)) (i64.const 2)))
      (drop (call $define (i32.const 2) (i32.const 1029) (i32.const 4) (i32.const 16)))
      (drop (call $record (i32.load (i32.const 16)) (i64.const 7)))
      (call $note (call $increment (i32.load (i32.const 16)) (i64.const 1)))
      (call $note (call $increment (i32.const 9999) (i64.const 1)))
      (call $note (call $increment (i32.const 4000) (i64.const 1)))
      (drop (call $define (i32.const 0) (i32.const 1024) (i32.const 5) (i32.const 16)))
      (call $note (i32.load (i32.const 16)))
      (i32.const 0))"#;
    let mut host = host(body, Config::new().workers(2));
    for worker in [0, 1] {
        host.stream(worker).expect("a worker").request_headers(get("/"), true).expect("a request");
    }
    assert_eq!(host.metric("count"), Some(Metric::Counter(4)));
    assert_eq!(host.metric("span"), Some(Metric::Histogram(Histogram { count: 2, sum: 14 })));
    assert_eq!(host.metric("none"), None);
    assert_eq!(host.metrics(), ["count", "span"]);
    // A kind that does not count, one that does not exist, an id that was not given; and a second id of the same metric.
    assert_eq!(said(&host), ["02", "02", "01", "08"].repeat(2));
}

#[test]
fn properties_are_set_by_the_test_the_proxy_and_the_guest() {
    let body = r#"
    (data (i32.const 1024) "source\00address")
    (data (i32.const 1040) "response\00code_details")
    (data (i32.const 1070) "mine")
    (func $show (param $at i32) (param $size i32)
      (if (i32.eqz (call $property (local.get $at) (local.get $size) (i32.const 0) (i32.const 4)))
        (then (call $echo)) (else (call $letter (i32.const 45)))))
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (call $show (i32.const 1024) (i32.const 14))
      (call $show (i32.const 1070) (i32.const 4))
      (drop (call $set_property (i32.const 1070) (i32.const 4) (i32.const 1070) (i32.const 2)))
      (call $show (i32.const 1070) (i32.const 4))
      (i32.const 0))
    (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
      (call $show (i32.const 1040) (i32.const 21)) (i32.const 0))"#;
    let mut host = host(body, Config::new().property(&["source", "address"], "192.0.2.1:1"));
    let mut stream = host.stream(0).expect("a worker");
    stream.request_headers(get("/"), true).expect("a request");
    stream.response_headers(ok(), true).expect("an answer");
    stream.close().expect("a stream");
    let mut other = host.stream(0).expect("a worker");
    other.property(&["source", "address"], "192.0.2.2:2").expect("a stream");
    other.request_headers(get("/"), true).expect("a request");
    let own = ["192.0.2.1:1", "-", "mi", "via_upstream", "192.0.2.2:2", "-", "mi"];
    assert_eq!(said(&host), own);
}

#[test]
fn imports_and_exports_are_listed() {
    let module = module("");
    let imports = module.imports();
    assert!(imports.contains(&("env".to_owned(), "proxy_log".to_owned())));
    assert!(imports.contains(&("wasi_snapshot_preview1".to_owned(), "random_get".to_owned())));
    assert_eq!(imports.len(), 29);
    assert_eq!(module.exports(), ["memory", "proxy_abi_version_0_2_1", "proxy_on_memory_allocate"]);
    assert!(Host::start(&module, Config::new()).is_ok(), "callbacks are optional");
}

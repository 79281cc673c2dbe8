//! Point (b): both dialects of compare-and-swap, as the guest sees them.

use tapgate_host::{CasDialect, Config};

use crate::guest::{get, host, said};

/// Tries versions max, max, 0 and 0 on one key and notes the four statuses.
const SWAPS: &str = r#"
(data (i32.const 1024) "key")
(func $try (param $cas i32)
  (call $note (call $set_shared (i32.const 1024) (i32.const 3) (i32.const 1024) (i32.const 3) (local.get $cas))))
(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
  (call $try (i32.const -1)) (call $try (i32.const -1)) (call $try (i32.const 0)) (call $try (i32.const 0))
  (call $note (call $get_shared (i32.const 1024) (i32.const 3) (i32.const 0) (i32.const 4) (i32.const 8)))
  (call $echo)
  (call $try (i32.load (i32.const 8)))
  (i32.const 0))"#;

fn statuses(dialect: CasDialect) -> Vec<String> {
    let mut host = host(SWAPS, Config::new().cas(dialect));
    host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request");
    said(&host)
}

#[test]
fn envoy_ignores_the_version_of_an_absent_key_and_zero_always_writes() {
    assert_eq!(statuses(CasDialect::Envoy), ["00", "08", "00", "00", "00", "key", "00"]);
}

#[test]
fn nginx_is_strict() {
    assert_eq!(statuses(CasDialect::Nginx), ["08", "08", "00", "08", "00", "key", "00"]);
}

/// As after a restart.
#[test]
fn what_is_forgotten_is_absent() {
    let mut host = host(SWAPS, Config::new().cas(CasDialect::Nginx));
    host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request");
    assert!(host.shared_data("key").is_some());
    host.clear_shared_data();
    assert_eq!(host.shared_data("key"), None);
}

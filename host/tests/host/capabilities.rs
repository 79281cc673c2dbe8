//! Point (h): host calls that a proxy does not grant, and a profile like APISIX's.

use tapgate_host::{Config, Refusal, Trap, WorkerState};

use crate::guest::{get, host, said};

const SWAP: &str = r#"
(data (i32.const 1024) "k")
(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
  (call $note (call $set_shared (i32.const 1024) (i32.const 1) (i32.const 1024) (i32.const 1) (i32.const 0)))
  (call $note (call $random (i32.const 0) (i32.const 8)))
  (call $note (call $time (i32.const 16)))
  (i32.const 0))"#;

fn statuses(config: Config) -> Vec<String> {
    let mut host = host(SWAP, config);
    host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request");
    said(&host)
}

#[test]
fn only_what_is_granted_works() {
    assert_eq!(statuses(Config::new()), ["00", "00", "00"]);
    assert_eq!(statuses(Config::new().grant_only(["proxy_log"])), ["10", "76", "10"]);
    let granted = ["proxy_log", "random_get", "proxy_get_current_time_nanoseconds"];
    assert_eq!(statuses(Config::new().grant_only(granted)), ["10", "00", "00"]);
}

#[test]
fn like_apisix_there_is_neither_shared_data_nor_time() {
    assert_eq!(statuses(Config::new().like_apisix()), ["12", "00", "12"]);
}

#[test]
fn what_traps_kills_the_vm() {
    let mut host = host(SWAP, Config::new().refuse("proxy_set_shared_data", Refusal::Traps));
    let mut stream = host.stream(0).expect("a worker");
    stream.request_headers(get("/"), true).expect("a request");
    assert_eq!(stream.close().expect("a stream").downstream.status(), Some(503));
    let trap = Trap::NotOffered("proxy_set_shared_data");
    assert!(matches!(host.worker_state(0), Ok(WorkerState::Failed(failure)) if failure.trap == trap));
}

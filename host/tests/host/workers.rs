//! Point (a): a canary and workers over one store; traps and failure policy per VM.

use std::time::Duration;

use tapgate_host::{Config, FailurePolicy, HostError, Origin, Trap, VmName, WorkerState};

use crate::guest::{get, host, module, ok, said};

/// Traps on a request whose path is one byte long, so that `/` kills and `/ok` does not.
const FRAGILE: &str = r#"
(data (i32.const 1024) ":path")
(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
  (drop (call $value (i32.const 0) (i32.const 1024) (i32.const 5) (i32.const 0) (i32.const 4)))
  (if (i32.eq (i32.load (i32.const 4)) (i32.const 1)) (then unreachable))
  (i32.const 0))
(func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32) (i32.const 0))
"#;

#[test]
fn the_canary_goes_first_and_each_worker_is_configured() {
    let body = r#"(func (export "proxy_on_configure") (param i32 i32) (result i32)
        (call $note (local.get 1)) (i32.const 1))"#;
    let host = host(body, Config::new().workers(2).configuration("twelve bytes"));
    let lines: Vec<_> = host.logs().into_iter().map(|line| (line.vm, line.text)).collect();
    let by = |vm| (vm, "12".to_owned());
    assert_eq!(lines, [by(VmName::Canary), by(VmName::Worker(0)), by(VmName::Worker(1))]);
}

#[test]
fn what_the_canary_refuses_never_runs() {
    let body = r#"(func (export "proxy_on_configure") (param i32 i32) (result i32) (i32.const 0))"#;
    let refused = tapgate_host::Host::start(&module(body), Config::new());
    assert_eq!(refused.err(), Some(HostError::Rejected));
    let body = r#"(func (export "proxy_on_vm_start") (param i32 i32) (result i32) (i32.const 0))
        (func (export "proxy_on_configure") (param i32 i32) (result i32) unreachable)"#;
    let refused = tapgate_host::Host::start(&module(body), Config::new());
    assert_eq!(refused.err(), Some(HostError::Rejected), "and is not configured");
    let body = r#"(func (export "proxy_on_vm_start") (param i32 i32) (result i32) unreachable)"#;
    let failed = tapgate_host::Host::start(&module(body), Config::new());
    assert!(matches!(failed.err(), Some(HostError::Canary(failure)) if failure.trap == Trap::Unreachable));
}

/// A configuration that only a worker refuses: Envoy skips the filter there, even with a closed failure policy.
#[test]
fn a_worker_that_refuses_is_skipped_and_fails_open() {
    // The first to come inserts the key and agrees: the canary. All others refuse.
    let body = r#"
    (data (i32.const 1024) "k")
    (func (export "proxy_on_configure") (param i32 i32) (result i32)
      (i32.eqz (call $set_shared (i32.const 1024) (i32.const 1) (i32.const 1024) (i32.const 1) (i32.const -1))))
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) unreachable)"#;
    let mut host = host(body, Config::new());
    assert_eq!(host.worker_state(0), Ok(&WorkerState::Skipped));
    let mut stream = host.stream(0).expect("a worker");
    stream.request_headers(get("/"), true).expect("a request");
    assert!(stream.seen().expect("a stream").upstream.complete);
}

#[test]
fn a_trap_kills_its_own_worker_only_and_for_good() {
    let mut host = host(FRAGILE, Config::new().workers(2));
    let waiting = host.stream(0).expect("a worker").request_headers(get("/ok"), false).expect("a request").id();
    host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request");
    assert!(matches!(host.worker_state(0), Ok(WorkerState::Failed(failure)) if failure.trap == Trap::Unreachable));
    let seen = host.at(waiting).expect("a stream").seen().expect("a stream");
    assert_eq!((seen.origin, seen.downstream.status()), (Origin::Nobody, None), "until something happens to it");
    let mut stream = host.at(waiting).expect("a stream");
    let seen = stream.request_body("a", false).expect("its body").seen().expect("a stream");
    assert_eq!((seen.origin, seen.downstream.status()), (Origin::Proxy, Some(503)));
    assert!(seen.upstream.aborted);
    host.advance(Duration::from_secs(60));
    let mut later = host.stream(0).expect("a worker");
    let seen = later.request_headers(get("/ok"), true).expect("a request").seen().expect("a stream");
    assert_eq!((seen.details.as_str(), seen.downstream.status()), ("wasm_fail_stream", Some(503)));
    assert_eq!(seen.upstream.headers, None);
    let mut other = host.stream(1).expect("a worker");
    assert!(other.request_headers(get("/ok"), true).expect("a request").seen().expect("a stream").upstream.complete);
}

#[test]
fn with_reload_a_new_vm_comes_after_the_backoff() {
    let mut host = host(FRAGILE, Config::new().failure_policy(FailurePolicy::Reload));
    let status = |host: &mut tapgate_host::Host, path: &str| {
        let mut stream = host.stream(0).expect("a worker");
        stream.request_headers(get(path), true).expect("a request");
        if stream.seen().expect("a stream").upstream.complete {
            stream.response_headers(ok(), true).expect("an answer");
        }
        stream.close().expect("a stream").downstream.status()
    };
    assert_eq!(status(&mut host, "/ok"), Some(200));
    assert_eq!(status(&mut host, "/"), Some(503));
    assert_eq!(status(&mut host, "/ok"), Some(503));
    host.advance(Duration::from_secs(1));
    assert_eq!(status(&mut host, "/ok"), Some(200));
    assert_eq!(host.worker_state(0), Ok(&WorkerState::Running));
}

/// A stream that was opened while the VM was dead has no context in the one that comes after: it never goes by it unseen.
#[test]
fn with_reload_a_stream_that_had_no_vm_is_refused_whatever_comes_after() {
    let mut host = host(FRAGILE, Config::new().failure_policy(FailurePolicy::Reload));
    host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request");
    let early = host.stream(0).expect("a worker").id();
    host.advance(Duration::from_secs(1));
    let late = host.stream(0).expect("a worker").id();
    assert_eq!(host.worker_state(0), Ok(&WorkerState::Running));
    for (id, forwarded, status) in [(early, false, Some(503)), (late, true, None)] {
        let mut stream = host.at(id).expect("a stream");
        stream.request_headers(get("/ok"), true).expect("a request");
        let seen = stream.seen().expect("a stream");
        assert_eq!((seen.upstream.complete, seen.downstream.status()), (forwarded, status));
    }
}

#[test]
fn workers_share_data_and_not_memory() {
    let body = r#"
    (global $seen (mut i32) (i32.const 0))
    (data (i32.const 1024) "k")
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (global.set $seen (i32.add (global.get $seen) (i32.const 1)))
      (call $note (global.get $seen))
      (call $note (call $get_shared (i32.const 1024) (i32.const 1) (i32.const 0) (i32.const 4) (i32.const 8)))
      (drop (call $set_shared (i32.const 1024) (i32.const 1) (i32.const 1024) (i32.const 1) (i32.const 0)))
      (i32.const 0))"#;
    let mut host = host(body, Config::new().workers(2));
    for worker in [0, 1] {
        host.stream(worker).expect("a worker").request_headers(get("/"), true).expect("a request");
    }
    // Each counts one request of its own; the second finds what the first has written.
    assert_eq!(said(&host), ["01", "01", "01", "00"]);
    assert_eq!(host.shared_data("k").map(|(value, _)| value), Some(b"k".to_vec()));
}

/// A new configuration comes to new VMs over the old shared data; one that is refused changes nothing.
#[test]
fn an_update_keeps_the_process_and_changes_the_vms() {
    // Counts in its memory and in shared data, and refuses a configuration of one byte.
    let body = r#"
    (data (i32.const 1024) "k")
    (global $seen (mut i32) (i32.const 0))
    (func (export "proxy_on_configure") (param i32 i32) (result i32)
      (drop (call $set_shared (i32.const 1024) (i32.const 1) (i32.const 1024) (i32.const 1) (i32.const 0)))
      (i32.ne (local.get 1) (i32.const 1)))
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (global.set $seen (i32.add (global.get $seen) (i32.const 1)))
      (call $note (global.get $seen))
      (i32.const 0))"#;
    let mut host = host(body, Config::new());
    let ask = |host: &mut tapgate_host::Host| {
        host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request");
        said(host).last().cloned()
    };
    assert_eq!(ask(&mut host).as_deref(), Some("01"));
    let (_, before) = host.shared_data("k").expect("a value");
    assert_eq!(host.update(Config::new().configuration("x")).err(), Some(HostError::Rejected));
    assert_eq!(ask(&mut host).as_deref(), Some("02"));
    host.update(Config::new().workers(2)).expect("a configuration that is taken");
    assert_eq!(ask(&mut host).as_deref(), Some("01"));
    assert!(host.stream(1).is_ok());
    // One canary that was refused, one that was taken, two workers: one version after another.
    assert_eq!(host.shared_data("k"), Some((b"k".to_vec(), before + 4)));
}

/// What a fail-open policy means: whoever can make a guard fail is refused, and everybody after them gets past it.
#[test]
fn failing_open_lets_everybody_past_a_guard_that_has_failed() {
    // Refuses everything, unless the path is one byte long, which it cannot take.
    let guard = format!(
        r#"{FRAGILE}
        (func (export "proxy_on_request_body") (param i32 i32 i32) (result i32) (i32.const 1))"#
    );
    let guard = guard.replace("(i32.const 0))\n(func", "(i32.const 1))\n(func");
    let mut host = host(&guard, Config::new().failure_policy(FailurePolicy::Open).headers_stop_iteration(true));
    let waiting = host.stream(0).expect("a worker").request_headers(get("/ok"), false).expect("a request").id();
    assert!(host.at(waiting).expect("a stream").seen().expect("a stream").request_held, "the guard holds");
    let mut attack = host.stream(0).expect("a worker");
    let seen = attack.request_headers(get("/"), true).expect("a request").seen().expect("a stream");
    assert_eq!(seen.downstream.status(), Some(503), "the request that made it fail");
    assert!(matches!(host.worker_state(0), Ok(WorkerState::Failed(_))));
    let mut later = host.stream(0).expect("a worker");
    let seen = later.request_headers(get("/ok"), true).expect("a request").seen().expect("a stream");
    assert!(seen.upstream.complete, "one that comes later");
    let mut held = host.at(waiting).expect("a stream");
    let seen = held.request_body("rest", true).expect("its body").seen().expect("a stream");
    assert_eq!(seen.downstream.status(), Some(503), "one that was held, with its next part");
}

/// What a guest asks for before it dies is done after its death, as in Envoy: a request that it let go on reaches the
/// application, and only the answer is refused.
#[test]
fn what_was_asked_for_before_a_trap_is_done() {
    let guard = |then: &str| {
        format!(
            r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (i32.const 1))
            (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32) (i32.const 0))
            (func (export "proxy_on_tick") (param i32) (drop (call $effective (i32.const 2))) (drop (call {then})) unreachable)"#
        )
    };
    let after = |then: &str| {
        let mut host = host(&guard(then), Config::new());
        let id = host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request").id();
        host.tick(0).expect("a worker");
        assert!(matches!(host.worker_state(0), Ok(WorkerState::Failed(failure)) if failure.trap == Trap::Unreachable));
        let mut stream = host.at(id).expect("a stream");
        drop(stream.response_headers(ok(), true));
        stream.seen().expect("a stream")
    };
    let resumed = after("$continue (i32.const 0)");
    assert!(resumed.upstream.complete);
    assert_eq!((resumed.origin, resumed.downstream.status()), (Origin::Proxy, Some(503)));
    let nothing = "(i32.const 0) (i32.const 0)";
    let replied = after(&format!("$reply (i32.const 403) {nothing} {nothing} {nothing} (i32.const -1)"));
    assert_eq!((replied.upstream.headers, replied.downstream.status()), (None, Some(503)));
    let closed = after("$close (i32.const 0)");
    assert_eq!((closed.upstream.headers, closed.downstream.aborted), (None, true));
}

/// The stream whose callback it was is refused first: what the guest had asked for it comes too late.
#[test]
fn a_resume_does_not_save_the_stream_that_died_of_it() {
    let body = r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
        (drop (call $continue (i32.const 0))) unreachable)"#;
    let mut host = host(body, Config::new());
    let mut stream = host.stream(0).expect("a worker");
    stream.request_headers(get("/"), true).expect("a request");
    let seen = stream.close().expect("a stream");
    assert_eq!((seen.upstream.headers, seen.downstream.status()), (None, Some(503)));
}

/// A guest that dies in the log has no stream to be refused any more.
#[test]
fn a_trap_in_the_log_changes_no_answer() {
    let body = r#"(func (export "proxy_on_log") (param i32) unreachable)"#;
    let mut host = host(body, Config::new());
    let mut stream = host.stream(0).expect("a worker");
    stream.request_headers(get("/"), true).expect("a request");
    stream.response_headers(ok(), true).expect("an answer");
    let seen = stream.close().expect("a stream");
    assert_eq!((seen.origin, seen.downstream.status()), (Origin::Application, Some(200)));
    assert!(matches!(host.worker_state(0), Ok(WorkerState::Failed(_))));
    assert_eq!(host.misuses(), []);
}

//! Point (i): fuel and memory are limited per call and per VM, and what a callback cost can be read afterwards.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tapgate_host::{Config, Host, HostError, Module, Origin, Trap, VmName, WorkerState};

use crate::guest::{get, guest_bytes, host, said};

#[test]
fn an_endless_loop_runs_out_of_fuel() {
    let body = r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (loop $on (br $on)) (i32.const 0))"#;
    let mut host = host(body, Config::new().fuel(100_000));
    let mut stream = host.stream(0).expect("a worker");
    stream.request_headers(get("/"), true).expect("a request");
    let seen = stream.close().expect("a stream");
    assert_eq!((seen.origin, seen.downstream.status()), (Origin::Proxy, Some(503)));
    assert!(matches!(host.worker_state(0), Ok(WorkerState::Failed(failure)) if failure.trap == Trap::OutOfFuel));
    let report = host.reports().pop().expect("a report");
    assert_eq!((report.callback, report.trap), ("proxy_on_request_headers", Some(Trap::OutOfFuel)));
}

/// What a guest makes the host keep is bounded by its fuel too.
#[test]
fn a_flood_of_host_calls_runs_out_of_fuel() {
    let floods = [
        "(call $log (i32.const 2) (i32.const 0) (i32.const 131072))",
        "(call $continue (i32.const 0))",
        "(call $time (i32.const -1))",
    ];
    for flood in floods {
        let body = format!(
            r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
                 (loop $on (drop {flood}) (br $on)) (i32.const 0))"#
        );
        let mut host = host(&body, Config::new().fuel(2_000_000));
        host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request");
        let report = host.reports().pop().expect("a report");
        assert_eq!((report.trap, report.fuel), (Some(Trap::OutOfFuel), 2_000_000), "{flood}");
        assert!(report.host_calls.len() <= 10_000 && said(&host).len() <= 16, "{flood}");
    }
}

#[test]
fn fuel_is_each_callbacks_own() {
    let body = r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (local $left i32)
        (local.set $left (i32.const 1000))
        (loop $on (local.set $left (i32.sub (local.get $left) (i32.const 1))) (br_if $on (local.get $left)))
        (i32.const 0))"#;
    let mut host = host(body, Config::new().fuel(10_000));
    for _ in 0..20 {
        let mut stream = host.stream(0).expect("a worker");
        assert!(stream.request_headers(get("/"), true).expect("a request").seen().expect("a stream").upstream.complete);
    }
}

#[test]
fn memory_grows_to_the_limit_and_no_further() {
    let body = r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
        (loop $on (br_if $on (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
        (call $note (memory.size))
        (i32.const 0))"#;
    let mut host = host(body, Config::new().memory(10 * 65536));
    host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request");
    assert_eq!(said(&host), ["10"]);
    assert_eq!(host.reports().pop().map(|report| report.memory), Some(10 * 65536));
}

/// What holds if nobody sets anything: 256 MiB of memory, bodies of a MiB.
#[test]
fn the_limits_by_default_are_those_that_are_documented() {
    let body = r#"
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (call $note (i32.eq (memory.grow (i32.const 4094)) (i32.const -1)))
      (call $note (i32.eq (memory.grow (i32.const 1)) (i32.const -1)))
      (i32.const 0))
    (func (export "proxy_on_request_body") (param i32 i32 i32) (result i32) (i32.const 1))"#;
    let mut host = host(body, Config::new());
    let mut stream = host.stream(0).expect("a worker");
    stream.request_headers(get("/"), false).expect("a request");
    stream.request_body(vec![b'x'; 1024 * 1024], false).expect("its body");
    assert_eq!(stream.seen().expect("a stream").downstream.status(), None);
    stream.request_body("x", false).expect("its body");
    assert_eq!(stream.seen().expect("a stream").downstream.status(), Some(413));
    assert_eq!(said(&host), ["00", "01"]);
}

#[test]
fn what_a_callback_cost_is_reported() {
    let body = r#"
    (data (i32.const 1024) ":path")
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (drop (call $value (i32.const 0) (i32.const 1024) (i32.const 5) (i32.const 0) (i32.const 4)))
      (call $echo) (i32.const 0))"#;
    let cost = || {
        let mut host = host(body, Config::new());
        host.take_reports();
        host.stream(0).expect("a worker").request_headers(get("/twelve-bytes"), true).expect("a request");
        let report = host.take_reports().pop().expect("a report");
        assert_eq!(host.reports(), [], "what is taken is gone");
        report
    };
    let report = cost();
    assert_eq!((report.vm, report.callback), (VmName::Worker(0), "proxy_on_request_headers"));
    assert_eq!(report.host_calls, ["proxy_get_header_map_value", "proxy_log"]);
    assert_eq!((report.allocated, report.memory, report.trap.clone()), (13, 2 * 65536, None));
    assert!(report.fuel > 0);
    assert_eq!(report, cost(), "the same every time");
}

/// What the host copies for a guest is the guest's to pay for, byte by byte.
#[test]
fn each_byte_that_is_given_costs_one_unit_of_fuel() {
    let body = r#"
    (data (i32.const 1024) ":path")
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (drop (call $value (i32.const 0) (i32.const 1024) (i32.const 5) (i32.const 0) (i32.const 4)))
      (drop (call $value (i32.const 0) (i32.const 1024) (i32.const 5) (i32.const 0) (i32.const 4)))
      (i32.const 0))"#;
    let mut host = host(body, Config::new());
    let mut cost = |size: usize| {
        host.take_reports();
        host.stream(0).expect("a worker").request_headers(get(&"p".repeat(size)), true).expect("a request");
        let report = host.take_reports().pop().expect("a report");
        assert_eq!(report.allocated, 2 * u64::try_from(size).expect("a small size"));
        report.fuel
    };
    assert_eq!(cost(1010) - cost(10), 2 * 1000);
}

/// What a start function does, it does before all callbacks.
#[test]
fn the_start_function_is_no_part_of_the_first_callback() {
    let body = r#"(func $start (drop (call $log (i32.const 2) (i32.const 0) (i32.const 1)))) (start $start)
        (func (export "proxy_on_context_create") (param i32 i32) (drop (call $tick (i32.const 1))))"#;
    let host = host(body, Config::new());
    assert_eq!(host.logs().len(), 2, "the canary and one worker");
    let calls: Vec<_> = host.reports().into_iter().map(|report| report.host_calls).collect();
    assert_eq!(calls, [["proxy_set_tick_period_milliseconds"], ["proxy_set_tick_period_milliseconds"]]);
}

#[test]
fn tables_have_a_limit_of_their_own() {
    let started = |elements: usize| {
        let module = Module::compile(&guest_bytes(&format!("(table {elements} funcref)"))).expect("a module");
        Host::start(&module, Config::new()).map(drop)
    };
    assert_eq!(started(100_000), Ok(()));
    assert!(matches!(started(100_001), Err(HostError::Instantiate(_))));
}

const ENDLESS: &str =
    r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (loop $on (br $on)) (i32.const 0))"#;

/// Lets time pass for a module until a request to it has ended.
fn ticking(module: &Module, host: &mut Host) {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                module.tick();
                thread::yield_now();
            }
        });
        host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request");
        over.store(true, Ordering::Relaxed);
    });
}

/// With all the fuel in the world, or with none counted, time still ends an endless loop.
#[test]
fn an_endless_loop_runs_out_of_time() {
    let bytes = guest_bytes(ENDLESS);
    for module in [Module::compile(&bytes), Module::compile_unmetered(&bytes)] {
        let module = module.expect("a module that compiles");
        let config = Config::new().fuel(u64::MAX).deadline(3);
        let mut host = Host::start(&module, config).expect("a guest that starts");
        ticking(&module, &mut host);
        assert!(matches!(host.worker_state(0), Ok(WorkerState::Failed(failure)) if failure.trap == Trap::OutOfTime));
    }
}

/// Each callback has its own deadline, and without one ticks mean nothing.
#[test]
fn time_that_has_passed_before_is_not_counted() {
    let quick = r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (i32.const 0))"#;
    let module = Module::compile_unmetered(&guest_bytes(quick)).expect("a module that compiles");
    for config in [Config::new().deadline(1), Config::new().deadline(u64::MAX), Config::new()] {
        let mut host = Host::start(&module, config).expect("a guest that starts");
        for _ in 0..10 {
            module.tick();
            let mut stream = host.stream(0).expect("a worker");
            let seen = stream.request_headers(get("/"), true).expect("a request").seen().expect("a stream");
            assert!(seen.upstream.complete);
        }
        assert!(host.reports().iter().all(|report| report.fuel == 0 && report.trap.is_none()));
    }
}

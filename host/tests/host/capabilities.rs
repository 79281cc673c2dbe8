//! Points (h) and (k): host calls and callbacks that a proxy does not grant, and profiles of particular proxies.

use tapgate_host::{Config, Fit, Headers, HostError, Misuse, Module, Profile, Refusal, Trap, WorkerState};

use crate::guest::{bytes, get, guest_bytes, host, said};

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
    let few = ["proxy_on_request_headers", "proxy_log"];
    assert_eq!(statuses(Config::new().grant_only(few)), ["10", "76", "10"]);
    let more = ["proxy_on_request_headers", "proxy_log", "random_get", "proxy_get_current_time_nanoseconds"];
    assert_eq!(statuses(Config::new().grant_only(more)), ["10", "00", "00"]);
    assert_eq!(
        statuses(Config::new().grant_only([])),
        ["00", "00", "00"],
        "as in Envoy, an empty list restricts nothing"
    );
}

/// What is no callback of the ABI needs no grant, nor does the allocator.
#[test]
fn the_initialiser_and_the_allocator_need_no_grant() {
    let body = r#"
    (func (export "_initialize") (call $note (i32.const 8)))
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (call $note (call $pairs (i32.const 0) (i32.const 0) (i32.const 4))) (i32.const 0))"#;
    let granted = ["proxy_on_request_headers", "proxy_log", "proxy_get_header_map_pairs"];
    let mut host = host(body, Config::new().grant_only(granted));
    host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request");
    assert_eq!(said(&host), ["08", "08", "00"]);
}

/// The one call of WASI that has no answer: granted or not, the guest goes on behind what should have been its end.
#[test]
fn an_exit_ends_nothing_unless_it_traps() {
    let body = r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
        (call $exit (i32.const 3)) (call $note (i32.const 7)) (i32.const 0))"#;
    let fate = |config: Config| {
        let mut host = host(body, config);
        host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request");
        let trap = match host.worker_state(0) {
            Ok(WorkerState::Failed(failure)) => Some(failure.trap.clone()),
            _ => None,
        };
        (said(&host), host.misuses(), trap)
    };
    let alive = || vec!["07".to_owned()];
    assert_eq!(fate(Config::new()), (alive(), vec![Misuse::Exit(3)], None));
    let without = ["proxy_on_request_headers", "proxy_log"];
    assert_eq!(fate(Config::new().grant_only(without)), (alive(), vec![], None));
    let traps = Config::new().refuse("proc_exit", Refusal::Traps);
    assert_eq!(fate(traps), (vec![], vec![], Some(Trap::NotOffered("proc_exit"))));
}

/// A callback that is not granted is none: what it would have refused goes on.
#[test]
fn a_callback_that_is_not_granted_is_not_called() {
    let body = r#"
    (func (export "proxy_on_configure") (param i32 i32) (result i32) (i32.const 0))
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (i32.const 1))
    (func (export "proxy_on_request_body") (param i32 i32 i32) (result i32) (call $note (local.get 1)) (i32.const 0))"#;
    let granted = ["proxy_on_request_body", "proxy_log"];
    let mut host = host(body, Config::new().grant_only(granted));
    let mut stream = host.stream(0).expect("a worker");
    stream.request_headers(get("/"), false).expect("a request").request_body("four", true).expect("its body");
    assert!(stream.seen().expect("a stream").upstream.complete);
    assert_eq!(said(&host), ["04"]);
}

#[test]
fn like_apisix_there_is_neither_shared_data_nor_time() {
    assert_eq!(statuses(Config::new().like(&Profile::APISIX)), ["12", "00", "12"]);
}

/// nginx's shared data is strict, and what it lacks traps.
#[test]
fn like_nginx_versions_are_strict_and_gaps_trap() {
    assert_eq!(statuses(Config::new().like(&Profile::NGINX)), ["00", "00", "00"]);
    let body = r#"
    (data (i32.const 1024) "k")
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (call $note (call $set_shared (i32.const 1024) (i32.const 1) (i32.const 1024) (i32.const 1) (i32.const -1)))
      (drop (call $close (i32.const 0)))
      (i32.const 0))"#;
    let mut host = host(body, Config::new().like(&Profile::NGINX));
    host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request");
    assert_eq!(said(&host), ["08"]);
    let trap = Trap::NotOffered("proxy_close_stream");
    assert!(matches!(host.worker_state(0), Ok(WorkerState::Failed(failure)) if failure.trap == trap));
}

/// What a module imports tells where it loads, and what it must not call there.
#[test]
fn imports_are_held_against_a_profile() {
    let imports = r#"
    (import "env" "proxy_log" (func (param i32 i32 i32) (result i32)))
    (import "env" "proxy_get_log_level" (func (param i32) (result i32)))
    (import "env" "proxy_set_shared_data" (func (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_done" (func (result i32)))
    (import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "proxy_abi_version_0_2_1"))
    (func (export "malloc") (param i32) (result i32) (i32.const 0))"#;
    let module = Module::compile(&bytes(&format!("(module {imports})"))).expect("a module that compiles");
    let misfits = |profile| -> Vec<(String, Fit)> {
        module.misfits(profile).into_iter().map(|misfit| (misfit.name, misfit.fit)).collect()
    };
    let gap = |name: &str, refusal| (name.to_owned(), Fit::NotImplemented(refusal));
    assert_eq!(misfits(&Profile::ENVOY), []);
    assert!(module.uncalled(&Profile::APISIX).is_empty(), "what is no callback is not asked for");
    let (traps, twelve) = (Refusal::Traps, Refusal::Unimplemented);
    assert_eq!(misfits(&Profile::NGINX), [gap("proxy_get_log_level", traps), gap("proxy_done", traps)]);
    assert_eq!(
        misfits(&Profile::APISIX),
        [
            ("proxy_get_log_level".to_owned(), Fit::DoesNotLoad),
            gap("proxy_set_shared_data", twelve),
            gap("proxy_done", twelve)
        ]
    );
}

/// WASI has an older name, which not every proxy knows; the newest host call is there for modules of the newest ABI only.
#[test]
fn a_fit_depends_on_the_imports_module_and_on_the_abi() {
    let compile = |version: &str, import: &str| {
        Module::compile(&bytes(&format!(
            r#"(module {import} (memory (export "memory") 1) (func (export "proxy_abi_version_{version}"))
              (func (export "malloc") (param i32) (result i32) (i32.const 0)))"#
        )))
    };
    let older = r#"(import "wasi_unstable" "random_get" (func (param i32 i32) (result i32)))"#;
    let module = compile("0_2_0", older).expect("a module that compiles");
    assert_eq!(module.misfits(&Profile::ENVOY), []);
    for profile in [&Profile::NGINX, &Profile::APISIX] {
        let fits: Vec<Fit> = module.misfits(profile).into_iter().map(|misfit| misfit.fit).collect();
        assert_eq!(fits, [Fit::DoesNotLoad], "{}", profile.name());
    }
    let newest = r#"(import "env" "proxy_get_log_level" (func (param i32) (result i32)))"#;
    assert_eq!(compile("0_2_1", newest).expect("a module that compiles").misfits(&Profile::ENVOY), []);
    let named = HostError::MissingImport { module: "env".to_owned(), name: "proxy_get_log_level".to_owned() };
    assert_eq!(compile("0_2_0", newest).err(), Some(named));
}

/// A guard of trailers is none where trailers are not shown, and a close that does nothing closes nothing.
#[test]
fn what_a_proxy_does_not_call_or_do_goes_on() {
    let body = r#"
    (func (export "proxy_on_vm_start") (param i32 i32) (result i32) (call $note (i32.const 1)) (i32.const 1))
    (func (export "proxy_on_configure") (param i32 i32) (result i32) (call $note (i32.const 2)) (i32.const 1))
    (func (export "proxy_on_request_body") (param i32 i32 i32) (result i32)
      (call $note (call $close (i32.const 0))) (i32.const 0))
    (func (export "proxy_on_request_trailers") (param i32 i32) (result i32) (i32.const 1))
    (func (export "proxy_on_mystery") (param i32))"#;
    let upload = |config: Config| {
        let mut host = host(body, config);
        let said_first: Vec<String> = said(&host);
        let mut stream = host.stream(0).expect("a worker");
        stream.request_headers(get("/"), false).expect("a request").request_body("x", false).expect("its body");
        let cut = stream.seen().expect("a stream").upstream.aborted;
        let trailers = Headers::new().with("t", "1");
        let complete =
            stream.request_trailers(trailers).is_ok_and(|stream| stream.seen().expect("a stream").upstream.complete);
        (said_first, cut, complete)
    };
    let lines = |lines: [&str; 4]| lines.into_iter().filter(|line| !line.is_empty()).map(str::to_owned).collect();
    assert_eq!(upload(Config::new().like(&Profile::ENVOY)), (lines(["01", "02", "01", "02"]), true, false));
    assert_eq!(upload(Config::new().like(&Profile::APISIX)), (lines(["02", "02", "", ""]), false, true));
    let module = Module::compile(&guest_bytes(body)).expect("a module that compiles");
    assert_eq!(module.uncalled(&Profile::ENVOY), ["proxy_on_mystery"]);
    assert_eq!(module.uncalled(&Profile::NGINX), ["proxy_on_request_trailers", "proxy_on_mystery"]);
    let apisix = ["proxy_on_vm_start", "proxy_on_request_trailers", "proxy_on_mystery"];
    assert_eq!(module.uncalled(&Profile::APISIX), apisix);
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

//! Malformed guests end in errors, never in a panic of the host.

use tapgate_host::{Config, Host, HostError, Misuse, Module, Trap, WorkerState};

use crate::guest::{bytes, get, host, module, said};

#[test]
fn what_is_no_module_is_refused() {
    for nonsense in [&b""[..], b"\0asm", b"nonsense", &[0xff; 4096]] {
        assert!(matches!(Module::compile(nonsense).err(), Some(HostError::Module(_))));
    }
}

/// Well-formed, and nothing that a proxy runs: each is refused before any of its code has run, or its fate is its own.
#[test]
fn what_asks_for_more_than_a_proxy_offers_is_refused() {
    let version = r#"(func (export "proxy_abi_version_0_2_1"))"#;
    let allocator = r#"(func (export "malloc") (param i32) (result i32) (i32.const 0))"#;
    let memory = r#"(memory (export "memory") 1)"#;
    let refused = |text: &str| {
        let started = Module::compile(&bytes(text)).and_then(|module| Host::start(&module, Config::new()));
        started.err().unwrap_or_else(|| panic!("it runs: {text}"))
    };
    let parts = |parts: &str| format!("(module {parts} {version} {allocator})");
    for (text, kind) in [
        (r#"(component)"#.to_owned(), "Module"),
        // One memory of 32 bits that nobody shares: whatever else an engine can do, the ABI is not written for it.
        (parts(r#"(memory (export "memory") i64 1)"#), "Module"),
        (parts(&format!("{memory} (memory 1)")), "Module"),
        (parts(r#"(memory (export "memory") 1 1 shared)"#), "Module"),
        (parts(r#"(import "env" "memory" (memory 1))"#), "MissingImport"),
        (parts(r#"(import "elsewhere" "proxy_log" (func))"#), "MissingImport"),
        (parts(r#"(func (export "memory"))"#), "MissingExport"),
        (parts(r#"(memory (export "memory") 65536)"#), "Instantiate"),
        (parts(&format!(r#"{memory} (table 100000000 funcref)"#)), "Instantiate"),
        (parts(&format!(r#"{memory} (func $start unreachable) (start $start)"#)), "Instantiate"),
        (parts(&format!(r#"{memory} (func $start (loop $on (br $on))) (start $start)"#)), "Instantiate"),
        (parts(&format!(r#"{memory} (data (i32.const 65536) "out")"#)), "Instantiate"),
        (parts(&format!(r#"{memory} (func (export "proxy_on_configure") (param f64))"#)), "Canary"),
    ] {
        let error = refused(&text);
        assert!(format!("{error:?}").starts_with(kind), "{text}: {error:?}");
    }
}

#[test]
fn missing_exports_and_stray_imports_are_named() {
    let refused = |text: &str| Module::compile(&bytes(text)).err();
    let version = r#"(func (export "proxy_abi_version_0_2_1"))"#;
    let allocator = r#"(func (export "malloc") (param i32) (result i32) (i32.const 0))"#;
    assert_eq!(refused("(module)"), Some(HostError::MissingExport("proxy_abi_version_0_2_1")));
    let text = format!("(module {version})");
    assert_eq!(refused(&text), Some(HostError::MissingExport("proxy_on_memory_allocate")));
    let text = format!("(module {version} {allocator})");
    assert_eq!(refused(&text), Some(HostError::MissingExport("memory")));
    let text = format!(r#"(module {version} {allocator} (func (export "memory")))"#);
    assert_eq!(refused(&text), Some(HostError::MissingExport("memory")), "of that name, and no memory");
    let stray = r#"(module (import "wasi_snapshot_preview1" "path_nowhere" (func)))"#;
    let named =
        HostError::MissingImport { module: "wasi_snapshot_preview1".to_owned(), name: "path_nowhere".to_owned() };
    assert_eq!(refused(stray), Some(named));
    let wrong =
        format!(r#"(module (import "env" "proxy_log" (func)) {version} {allocator} (memory (export "memory") 1))"#);
    assert!(matches!(refused(&wrong), Some(HostError::Instantiate(_))));
}

#[test]
fn bad_pointers_are_statuses() {
    let calls = [
        ("$log (i32.const 2) (i32.const -1) (i32.const 4)", "06"),
        ("$log (i32.const 2) (i32.const 131070) (i32.const 4)", "06"),
        ("$log (i32.const 2) (i32.const 0) (i32.const -1)", "06"),
        ("$time (i32.const 131065)", "06"),
        ("$pairs (i32.const 0) (i32.const -4) (i32.const 4)", "06"),
        ("$value (i32.const 0) (i32.const -1) (i32.const 2) (i32.const 0) (i32.const 4)", "06"),
        ("$set_shared (i32.const 0) (i32.const 1) (i32.const -9) (i32.const 99) (i32.const 0)", "06"),
        ("$define (i32.const 0) (i32.const 0) (i32.const 1) (i32.const -1)", "06"),
        ("$environ_sizes (i32.const -1) (i32.const 0)", "21"),
        ("$random (i32.const -8) (i32.const 16)", "21"),
        ("$write (i32.const 1) (i32.const -4) (i32.const 1) (i32.const 0)", "21"),
        ("$write (i32.const 1) (i32.const 0) (i32.const -1) (i32.const 0)", "28"),
        ("$write (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 0)", "08"),
        ("$log (i32.const 9) (i32.const 0) (i32.const 0)", "02"),
        ("$value (i32.const 99) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 4)", "02"),
        ("$continue (i32.const 7)", "02"),
        ("$effective (i32.const 77)", "02"),
        ("$buffer (i32.const 99) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 4)", "02"),
        ("$buffer (i32.const 7) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 4)", "01"),
        ("$buffer (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 4)", "00"),
        ("$property (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 4)", "03"),
    ];
    for (call, status) in calls {
        let body = format!(
            r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
                 (call $note (call {call})) (i32.const 0))"#
        );
        let mut host = host(&body, Config::new());
        host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request");
        assert_eq!(said(&host), [status], "{call}");
        let pointed = host.misuses().iter().any(|misuse| matches!(misuse, Misuse::BadPointer(_)));
        assert_eq!(pointed, matches!(status, "06" | "21"), "{call}");
        let nonsense = host.misuses().iter().any(|misuse| matches!(misuse, Misuse::BadArgument(_)));
        assert_eq!(nonsense, status == "02", "{call}");
    }
}

/// Each of these bodies kills its VM in request headers, with the trap beside it.
#[test]
fn what_kills_a_vm_is_told_apart() {
    let deadly = [
        ("unreachable", Trap::Unreachable),
        ("(drop (i32.load (i32.const -4)))", Trap::OutOfBounds),
        ("(call $deep)", Trap::StackOverflow),
    ];
    for (code, trap) in deadly {
        let body = format!(
            r#"(func $deep (call $deep))
               (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) {code} (i32.const 0))"#
        );
        let mut host = host(&body, Config::new());
        host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request");
        let Ok(WorkerState::Failed(failure)) = host.worker_state(0) else { panic!("{code} did not kill") };
        assert_eq!(failure.trap, trap, "{code}");
    }
}

/// A module of its own, with an allocator and request headers to choose.
fn with_allocator(allocator: &str, initialise: &str) -> Result<Host, HostError> {
    let text = format!(
        r#"(module
        (import "env" "proxy_get_header_map_pairs" (func $pairs (param i32 i32 i32) (result i32)))
        (import "env" "proxy_set_tick_period_milliseconds" (func $tick (param i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "proxy_abi_version_0_2_0"))
        (func (export "_initialize") {initialise})
        (func (export "proxy_on_memory_allocate") {allocator})
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (call $pairs (i32.const 0) (i32.const 0) (i32.const 4))))"#
    );
    Host::start(&Module::compile(&bytes(&text))?, Config::new())
}

#[test]
fn a_bad_allocator_harms_itself_only() {
    let request = |allocator: &str| {
        let mut host = with_allocator(allocator, "").expect("a guest that starts");
        host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request");
        host
    };
    for place in ["0", "-1", "65530"] {
        let host = request(&format!("(param i32) (result i32) (i32.const {place})"));
        assert_eq!(host.misuses(), [Misuse::BadPointer("proxy_get_header_map_pairs")], "{place}");
    }
    let fates = [
        ("(param i32) (result i32) unreachable", Trap::Unreachable),
        ("(param i64) (result i32) (i32.const 0)", Trap::WrongType),
        ("(param i32) (result i32) (call $tick (i32.const 1))", Trap::Restricted("proxy_set_tick_period_milliseconds")),
    ];
    for (allocator, trap) in fates {
        let host = request(allocator);
        assert!(
            matches!(host.worker_state(0), Ok(WorkerState::Failed(failure)) if failure.trap == trap),
            "{allocator}"
        );
    }
}

#[test]
fn while_it_initialises_a_guest_may_only_log() {
    let allocator = "(param i32) (result i32) (i32.const 1024)";
    let refused = with_allocator(allocator, "(drop (call $tick (i32.const 1)))").err();
    let Some(HostError::Canary(failure)) = refused else { panic!("{refused:?}") };
    assert_eq!(failure.callback, "_initialize");
    assert_eq!(failure.trap, Trap::Restricted("proxy_set_tick_period_milliseconds"));
}

/// A module that is a reactor is initialised and then has its `main` called, as in Envoy; a command is started.
#[test]
fn reactors_and_commands_are_initialised_each_in_their_way() {
    let says = |letter: u32| format!("(call $letter (i32.const {letter}))");
    let (initialise, start) = (
        format!(r#"(func (export "_initialize") {})"#, says(105)),
        format!(r#"(func (export "_start") {})"#, says(115)),
    );
    let main = format!(r#"(func (export "main") (param i32 i32) (result i32) {} (i32.const 9))"#, says(109));
    let void = format!(r#"(func (export "__main_void") (result i32) {} (i32.const 0))"#, says(118));
    for (exports, expected) in [
        (vec![&initialise], "i"),
        (vec![&start], "s"),
        (vec![&start, &main], "s"),
        (vec![&initialise, &start], "i"),
        (vec![&initialise, &main], "im"),
        (vec![&initialise, &void], "iv"),
        (vec![&initialise, &void, &main], "im"),
        (vec![], ""),
    ] {
        let body: String = exports.into_iter().map(String::as_str).collect();
        // The canary and one worker.
        assert_eq!(said(&host(&body, Config::new())).concat(), expected.repeat(2), "{body}");
    }
}

/// Of a guest's two allocators Envoy takes `malloc`.
#[test]
fn malloc_is_preferred_to_the_abis_own_allocator() {
    let body = r#"
    (func (export "malloc") (param i32) (result i32) (i32.const 4096))
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (drop (call $pairs (i32.const 0) (i32.const 0) (i32.const 4)))
      (call $note (i32.div_u (i32.load (i32.const 0)) (i32.const 1024)))
      (i32.const 0))"#;
    let mut host = host(body, Config::new());
    host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request");
    assert_eq!(said(&host), ["04"]);
}

/// What compilers run before anything else reads the environment, the clock and randomness, and writes to the console.
#[test]
fn while_it_initialises_wasi_is_there() {
    let body = r#"(func (export "_initialize")
        (call $note (call $random (i32.const 0) (i32.const 8)))
        (call $note (call $clock (i32.const 0) (i64.const 1) (i32.const 16)))
        (call $note (call $environ_sizes (i32.const 0) (i32.const 4)))
        (call $note (call $write (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 8))))"#;
    let said = said(&host(body, Config::new().workers(0)));
    assert_eq!(said, ["00", "00", "00", "", "00"]);
}

/// An allocator may log, and nothing else is asked of it where there is nothing to give.
#[test]
fn an_allocator_may_log_and_is_asked_for_what_there_is() {
    let body = r#"
    (data (i32.const 1024) "x-empty:path")
    (func (export "malloc") (param $size i32) (result i32) (call $note (local.get $size)) (i32.const 4096))
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (drop (call $value (i32.const 0) (i32.const 1024) (i32.const 7) (i32.const 0) (i32.const 4)))
      (call $note (i32.load (i32.const 0)))
      (drop (call $value (i32.const 0) (i32.const 1031) (i32.const 5) (i32.const 0) (i32.const 4)))
      (i32.const 0))"#;
    let mut host = host(body, Config::new());
    let request = get("/three").with("x-empty", "");
    host.stream(0).expect("a worker").request_headers(request, true).expect("a request");
    assert_eq!(said(&host), ["00", "06"], "no bytes have the place 0");
}

#[test]
fn a_callback_of_the_wrong_type_is_a_trap() {
    for kind in
        ["(param i64 i64 i64)", "(param i32)", "(param i32 i32 i32 i32)", "(param i32 i32 i32) (result i32 i32)"]
    {
        let result = if kind.contains("result") { "(i32.const 0) (i32.const 0)" } else { "" };
        let body = format!(r#"(func (export "proxy_on_request_headers") {kind} {result})"#);
        let mut host = host(&body, Config::new());
        host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request");
        let state = host.worker_state(0);
        assert!(
            matches!(state, Ok(WorkerState::Failed(failure)) if failure.trap == Trap::WrongType),
            "{kind}: {state:?}"
        );
    }
}

#[test]
fn more_memory_than_allowed_at_birth_is_refused() {
    let refused = Host::start(&module(""), Config::new().memory(65536));
    assert!(matches!(refused.err(), Some(HostError::Instantiate(_))));
}

#[test]
fn events_that_no_peer_could_cause_are_refused() {
    let mut host = host("", Config::new());
    assert_eq!(host.stream(7).err(), Some(HostError::NoWorker(7)));
    let mut stream = host.stream(0).expect("a worker");
    let id = stream.id();
    let out_of_order = |outcome: Option<HostError>| matches!(outcome, Some(HostError::OutOfOrder(_)));
    assert!(out_of_order(stream.request_body("x", true).err()));
    assert!(out_of_order(stream.response_headers(get("/"), true).err()));
    stream.request_headers(get("/"), true).expect("a request");
    assert!(out_of_order(stream.request_headers(get("/"), true).err()));
    assert!(out_of_order(stream.request_body("x", true).err()));
    stream.close().expect("a stream");
    assert_eq!(host.at(id).err(), Some(HostError::NoStream));
}

//! Hostile guests, at random: whatever bytes a module is and whatever it asks for, the host ends in an error or goes on.

use proptest::prelude::*;
use tapgate_host::{Config, Headers, Host, Level, Module};

use crate::guest::{get, guest_bytes, ok};

/// The host calls that the guests of these tests import, with the number of their arguments.
const CALLS: &[(&str, usize)] = &[
    ("log", 3),
    ("time", 1),
    ("tick", 1),
    ("effective", 1),
    ("buffer", 5),
    ("set_buffer", 5),
    ("pairs", 3),
    ("set_pairs", 3),
    ("value", 5),
    ("add", 5),
    ("replace", 5),
    ("remove", 3),
    ("property", 4),
    ("set_property", 4),
    ("get_shared", 5),
    ("set_shared", 5),
    ("continue", 1),
    ("close", 1),
    ("reply", 8),
    ("call", 10),
    ("define", 4),
    ("environ", 2),
    ("environ_sizes", 2),
    ("random", 2),
    ("write", 4),
];

/// Where and how much a hostile guest asks for: small numbers, the edges of its memory, and nonsense.
const NUMBERS: &[i32] =
    &[0, 1, 2, 3, 4, 7, 8, 16, 1024, 65_535, 65_536, 131_068, 131_071, 131_072, -1, -4, -65_536, i32::MIN, i32::MAX];

const CALLBACKS: &[(&str, &str)] = &[
    ("proxy_on_vm_start", "(param i32 i32) (result i32)"),
    ("proxy_on_context_create", "(param i32 i32)"),
    ("proxy_on_request_headers", "(param i32 i32 i32) (result i32)"),
    ("proxy_on_request_body", "(param i32 i32 i32) (result i32)"),
    ("proxy_on_request_trailers", "(param i32 i32) (result i32)"),
    ("proxy_on_response_headers", "(param i32 i32 i32) (result i32)"),
    ("proxy_on_response_body", "(param i32 i32 i32) (result i32)"),
    ("proxy_on_response_trailers", "(param i32 i32) (result i32)"),
    ("proxy_on_tick", "(param i32)"),
    ("proxy_on_log", "(param i32)"),
    ("proxy_on_done", "(param i32) (result i32)"),
    ("proxy_on_delete", "(param i32)"),
];

/// A host call with its arguments, as text.
fn call() -> impl Strategy<Value = String> {
    let number = || prop_oneof![4 => prop::sample::select(NUMBERS), 1 => any::<i32>()];
    (prop::sample::select(CALLS), prop::collection::vec(number(), 10)).prop_map(|((name, arity), numbers)| {
        let arguments = numbers.iter().take(arity).map(|number| format!("(i32.const {number}) "));
        format!("(drop (call ${name} {}))", arguments.collect::<String>())
    })
}

/// A guest that makes some host calls in each callback, and says something at the end of it.
fn guest() -> impl Strategy<Value = String> {
    let callback = prop::collection::vec(call(), 0..5);
    let answers = prop::collection::vec(0_i32..3, CALLBACKS.len());
    (prop::collection::vec(callback, CALLBACKS.len()), answers).prop_map(|(bodies, answers)| {
        let functions = CALLBACKS.iter().zip(bodies).zip(answers).map(|(((name, kind), calls), answer)| {
            let answer = if kind.contains("result") { format!("(i32.const {answer})") } else { String::new() };
            format!("(func (export \"{name}\") {kind} {} {answer})\n", calls.concat())
        });
        functions.collect()
    })
}

/// Starts a module, if it starts, and puts it through everything that can happen to a stream.
fn exercise(module: &Module) {
    let config = Config::new().fuel(2_000_000).memory(1024 * 1024).buffer_limit(64).cluster("calls");
    let Ok(mut host) = Host::start(module, config) else { return };
    for _ in 0..2 {
        let Ok(mut stream) = host.stream(0) else { return };
        let trailers = || Headers::new().with("a", "b");
        // Some of these come too late for what the guest has done by then: an error each time, and nothing worse.
        drop(stream.request_headers(get("/"), false));
        drop(stream.request_body([b'x'; 40], false));
        drop(stream.request_body([b'y'; 40], false));
        drop(stream.request_trailers(trailers()));
        drop(stream.response_headers(ok(), false));
        drop(stream.response_body([b'z'; 40], false));
        drop(stream.response_trailers(trailers()));
        drop(stream.close());
        drop(host.tick(0));
        for call in host.calls() {
            drop(host.answer(call.id, tapgate_host::CallAnswer::TimedOut));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any host call, with any arguments, in any callback.
    #[test]
    fn no_request_of_a_guest_makes_the_host_panic(guest in guest()) {
        exercise(&Module::compile(&guest_bytes(&guest)).expect("a module that compiles"));
    }

    /// A module of which some bytes were changed, put in or cut off.
    #[test]
    fn no_damaged_module_makes_the_host_panic(
        guest in guest(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..4), 1..6),
    ) {
        let mut bytes = guest_bytes(&guest);
        for (place, byte, how) in damage {
            let place = place.index(bytes.len());
            match how {
                0 => bytes.insert(place, byte),
                1 => bytes.truncate(place.max(1)),
                _ => bytes[place] = byte,
            }
        }
        if let Ok(module) = Module::compile(&bytes) {
            exercise(&module);
        }
    }

    /// No module at all.
    #[test]
    fn no_bytes_make_the_host_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let with_magic = [b"\0asm\x01\0\0\0".as_slice(), &bytes].concat();
        prop_assert!(Module::compile(&bytes).is_err());
        prop_assert!(Module::compile(&with_magic).is_err());
    }
}

/// The guests above do reach the host: they log, call and reply.
#[test]
fn such_guests_do_get_somewhere() {
    let body = r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
        (drop (call $log (i32.const 2) (i32.const 1024) (i32.const 8))) (i32.const 0))"#;
    let module = Module::compile(&guest_bytes(body)).expect("a module that compiles");
    let mut host = Host::start(&module, Config::new()).expect("a guest that starts");
    host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request");
    assert_eq!(host.logs().first().map(|line| line.level), Some(Level::Info));
}

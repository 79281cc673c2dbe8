//! Hostile guests, at random: whatever bytes a module is and whatever it asks for, the host ends in an error or goes on.

use proptest::prelude::*;
use tapgate_host::{Config, Headers, Host, Module};

use crate::guest::{bytes, get, ok};

/// Every host call that answers, with the types of its arguments: `i` for 32 bits, `I` for 64.
const CALLS: &[(&str, &str, &str)] = &[
    ("env", "proxy_log", "iii"),
    ("env", "proxy_get_log_level", "i"),
    ("env", "proxy_get_current_time_nanoseconds", "i"),
    ("env", "proxy_set_tick_period_milliseconds", "i"),
    ("env", "proxy_set_effective_context", "i"),
    ("env", "proxy_get_status", "iii"),
    ("env", "proxy_done", ""),
    ("env", "proxy_get_header_map_pairs", "iii"),
    ("env", "proxy_get_header_map_size", "ii"),
    ("env", "proxy_get_header_map_value", "iiiii"),
    ("env", "proxy_set_header_map_pairs", "iii"),
    ("env", "proxy_add_header_map_value", "iiiii"),
    ("env", "proxy_replace_header_map_value", "iiiii"),
    ("env", "proxy_remove_header_map_value", "iii"),
    ("env", "proxy_get_buffer_bytes", "iiiii"),
    ("env", "proxy_get_buffer_status", "iii"),
    ("env", "proxy_set_buffer_bytes", "iiiii"),
    ("env", "proxy_get_property", "iiii"),
    ("env", "proxy_set_property", "iiii"),
    ("env", "proxy_get_shared_data", "iiiii"),
    ("env", "proxy_set_shared_data", "iiiii"),
    ("env", "proxy_continue_stream", "i"),
    ("env", "proxy_close_stream", "i"),
    ("env", "proxy_send_local_response", "iiiiiiii"),
    ("env", "proxy_http_call", "iiiiiiiiii"),
    ("env", "proxy_define_metric", "iiii"),
    ("env", "proxy_increment_metric", "iI"),
    ("env", "proxy_record_metric", "iI"),
    ("env", "proxy_get_metric", "ii"),
    ("env", "proxy_grpc_call", "iiiiiiiiiiii"),
    ("env", "proxy_grpc_stream", "iiiiiiiii"),
    ("env", "proxy_grpc_send", "iiii"),
    ("env", "proxy_grpc_cancel", "i"),
    ("env", "proxy_grpc_close", "i"),
    ("env", "proxy_register_shared_queue", "iii"),
    ("env", "proxy_resolve_shared_queue", "iiiii"),
    ("env", "proxy_dequeue_shared_queue", "iii"),
    ("env", "proxy_enqueue_shared_queue", "iii"),
    ("env", "proxy_call_foreign_function", "iiiiii"),
    ("wasi_snapshot_preview1", "environ_sizes_get", "ii"),
    ("wasi_snapshot_preview1", "environ_get", "ii"),
    ("wasi_snapshot_preview1", "args_sizes_get", "ii"),
    ("wasi_snapshot_preview1", "args_get", "ii"),
    ("wasi_snapshot_preview1", "clock_time_get", "iIi"),
    ("wasi_snapshot_preview1", "random_get", "ii"),
    ("wasi_snapshot_preview1", "fd_write", "iiii"),
];

/// A module of some callbacks that imports all of them.
fn hostile(body: &str) -> Vec<u8> {
    let types = |arguments: &str| arguments.replace('i', " i32").replace('I', " i64");
    let import = |(module, name, arguments): &(&str, &str, &str)| {
        format!("(import \"{module}\" \"{name}\" (func ${name} (param{}) (result i32)))\n", types(arguments))
    };
    let imports: String = CALLS.iter().map(import).collect();
    bytes(&format!(
        r#"(module {imports} (memory (export "memory") 2) (global $heap (mut i32) (i32.const 65536))
        (func (export "proxy_abi_version_0_2_1"))
        (func (export "malloc") (param $size i32) (result i32)
          (global.set $heap (i32.add (global.get $heap) (local.get $size)))
          (i32.sub (global.get $heap) (local.get $size)))
        {body})"#
    ))
}

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
    (prop::sample::select(CALLS), prop::collection::vec(number(), 12)).prop_map(|((_, name, types), numbers)| {
        let arguments = types.chars().zip(numbers).map(|(kind, number)| match kind {
            'I' => format!("(i64.const {number}) "),
            _ => format!("(i32.const {number}) "),
        });
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
        exercise(&Module::compile(&hostile(&guest)).expect("a module that compiles"));
    }

    /// A module of which some bytes were changed, put in or cut off.
    #[test]
    fn no_damaged_module_makes_the_host_panic(
        guest in guest(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..4), 1..6),
    ) {
        let mut bytes = hostile(&guest);
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

/// The guests above do reach the host: each call on the list is one that it offers, and is made.
#[test]
fn such_guests_do_get_somewhere() {
    let calls: String = CALLS
        .iter()
        .map(|(_, name, types)| {
            let numbers: String = types.replace('i', "(i32.const 16) ").replace('I', "(i64.const 16) ");
            format!("(drop (call ${name} {numbers}))")
        })
        .collect();
    let body =
        format!(r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) {calls} (i32.const 0))"#);
    let module = Module::compile(&hostile(&body)).expect("a module that compiles");
    let mut host = Host::start(&module, Config::new()).expect("a guest that starts");
    host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request");
    let report = host.reports().pop().expect("a report");
    assert_eq!((report.trap, report.host_calls.len()), (None, CALLS.len()));
    let names: Vec<&str> = CALLS.iter().map(|(_, name, _)| *name).collect();
    assert_eq!(report.host_calls, names);
}

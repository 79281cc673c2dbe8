//! Guests for tests: a prelude that imports everything, allocates and writes numbers to the log, and a body of each test's
//! own.
//!
//! Memory: 0-63 is for results (a pointer at 0, its size at 4), text lies from 1024 on, the heap from 65536 on.

use tapgate_host::{Config, Headers, Host, Module};

const PRELUDE: &str = r#"
(import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
(import "env" "proxy_get_current_time_nanoseconds" (func $time (param i32) (result i32)))
(import "env" "proxy_set_tick_period_milliseconds" (func $tick (param i32) (result i32)))
(import "env" "proxy_set_effective_context" (func $effective (param i32) (result i32)))
(import "env" "proxy_get_buffer_bytes" (func $buffer (param i32 i32 i32 i32 i32) (result i32)))
(import "env" "proxy_set_buffer_bytes" (func $set_buffer (param i32 i32 i32 i32 i32) (result i32)))
(import "env" "proxy_get_header_map_pairs" (func $pairs (param i32 i32 i32) (result i32)))
(import "env" "proxy_set_header_map_pairs" (func $set_pairs (param i32 i32 i32) (result i32)))
(import "env" "proxy_get_header_map_value" (func $value (param i32 i32 i32 i32 i32) (result i32)))
(import "env" "proxy_add_header_map_value" (func $add (param i32 i32 i32 i32 i32) (result i32)))
(import "env" "proxy_replace_header_map_value" (func $replace (param i32 i32 i32 i32 i32) (result i32)))
(import "env" "proxy_remove_header_map_value" (func $remove (param i32 i32 i32) (result i32)))
(import "env" "proxy_get_property" (func $property (param i32 i32 i32 i32) (result i32)))
(import "env" "proxy_set_property" (func $set_property (param i32 i32 i32 i32) (result i32)))
(import "env" "proxy_get_shared_data" (func $get_shared (param i32 i32 i32 i32 i32) (result i32)))
(import "env" "proxy_set_shared_data" (func $set_shared (param i32 i32 i32 i32 i32) (result i32)))
(import "env" "proxy_continue_stream" (func $continue (param i32) (result i32)))
(import "env" "proxy_close_stream" (func $close (param i32) (result i32)))
(import "env" "proxy_send_local_response" (func $reply (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
(import "env" "proxy_http_call" (func $call (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
(import "env" "proxy_define_metric" (func $define (param i32 i32 i32 i32) (result i32)))
(import "env" "proxy_increment_metric" (func $increment (param i32 i64) (result i32)))
(import "env" "proxy_record_metric" (func $record (param i32 i64) (result i32)))
(import "wasi_snapshot_preview1" "environ_get" (func $environ (param i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes (param i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
(import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
(memory (export "memory") 2)
(global $heap (mut i32) (i32.const 65536))
(func (export "proxy_abi_version_0_2_1"))
(func (export "proxy_on_memory_allocate") (param $size i32) (result i32)
  (global.set $heap (i32.add (global.get $heap) (local.get $size)))
  (i32.sub (global.get $heap) (local.get $size)))
;; Logs a number of two digits.
(func $note (param $number i32)
  (i32.store8 (i32.const 48) (i32.add (i32.const 48) (i32.div_u (local.get $number) (i32.const 10))))
  (i32.store8 (i32.const 49) (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10))))
  (drop (call $log (i32.const 2) (i32.const 48) (i32.const 2))))
;; Logs the bytes that a host call gave.
(func $echo (drop (call $log (i32.const 2) (i32.load (i32.const 0)) (i32.load (i32.const 4)))))
;; Logs one letter.
(func $letter (param $letter i32)
  (i32.store8 (i32.const 48) (local.get $letter))
  (drop (call $log (i32.const 2) (i32.const 48) (i32.const 1))))
"#;

/// A module of the prelude and a body.
pub(crate) fn module(body: &str) -> Module {
    Module::compile(&guest_bytes(body)).expect("a module that compiles")
}

/// The bytes of a module of the prelude and a body.
pub(crate) fn guest_bytes(body: &str) -> Vec<u8> {
    bytes(&format!("(module {PRELUDE} {body})"))
}

/// A module's bytes.
pub(crate) fn bytes(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("well-formed text")
}

/// A host that runs a body.
pub(crate) fn host(body: &str, config: Config) -> Host {
    Host::start(&module(body), config).expect("a guest that starts")
}

/// What guests have logged since the beginning.
pub(crate) fn said(host: &Host) -> Vec<String> {
    host.logs().into_iter().map(|line| line.text).collect()
}

/// A request.
pub(crate) fn get(path: &str) -> Headers {
    Headers::new().with(":method", "GET").with(":authority", "example.com").with(":path", path)
}

/// An answer.
pub(crate) fn ok() -> Headers {
    Headers::new().with(":status", "200")
}

//! From steps to a module: the imports, helpers that log, an export for each callback, and the texts that steps name.
//!
//! Memory: 0-63 is for results (a pointer at 0, its size at 4, a number at 8), 64-1023 for metric ids and marks, the line
//! being written lies at 1024, texts from 8192 on, and the heap from 65536 on.

use std::fmt::Write;

use super::{Guest, On};

/// Where texts begin.
const TEXTS: usize = 8192;
/// Where the marks of [`first`](super::first) begin.
const MARKS: usize = 512;

const PRELUDE: &str = r#"
(import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
(import "env" "proxy_set_tick_period_milliseconds" (func $tick (param i32) (result i32)))
(import "env" "proxy_set_effective_context" (func $effective (param i32) (result i32)))
(import "env" "proxy_get_buffer_bytes" (func $buffer (param i32 i32 i32 i32 i32) (result i32)))
(import "env" "proxy_get_buffer_status" (func $buffer_status (param i32 i32 i32) (result i32)))
(import "env" "proxy_set_buffer_bytes" (func $set_buffer (param i32 i32 i32 i32 i32) (result i32)))
(import "env" "proxy_get_header_map_pairs" (func $pairs (param i32 i32 i32) (result i32)))
(import "env" "proxy_get_header_map_size" (func $map_size (param i32 i32) (result i32)))
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
(import "env" "proxy_get_metric" (func $get_metric (param i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
(memory (export "memory") 64)
(global $heap (mut i32) (i32.const 65536))
(global $at (mut i32) (i32.const 1024))
;; The first stream's context, the one that is called, the end of the message, what the callback returns, a version.
(global $base (mut i32) (i32.const 0))
(global $self (mut i32) (i32.const 0))
(global $end (mut i32) (i32.const 0))
(global $returns (mut i32) (i32.const 0))
(global $cas (mut i32) (i32.const 0))
(func (export "proxy_abi_version_0_2_1"))
(func (export "proxy_on_memory_allocate") (param $size i32) (result i32)
  (global.set $heap (i32.add (global.get $heap) (local.get $size)))
  (i32.sub (global.get $heap) (local.get $size)))
(func $letter (param $letter i32)
  (i32.store8 (global.get $at) (local.get $letter))
  (global.set $at (i32.add (global.get $at) (i32.const 1))))
;; Appends at most 400 bytes; a zero byte, which ends names and values in a block, becomes a bar.
(func $text (param $from i32) (param $size i32)
  (local $byte i32)
  (if (i32.gt_u (local.get $size) (i32.const 400)) (then (local.set $size (i32.const 400))))
  (block $done (loop $more
    (br_if $done (i32.eqz (local.get $size)))
    (local.set $byte (i32.load8_u (local.get $from)))
    (call $letter (select (local.get $byte) (i32.const 124) (local.get $byte)))
    (local.set $from (i32.add (local.get $from) (i32.const 1)))
    (local.set $size (i32.sub (local.get $size) (i32.const 1)))
    (br $more))))
(func $number (param $number i32)
  (if (i32.lt_s (local.get $number) (i32.const 0))
    (then (call $letter (i32.const 45)) (local.set $number (i32.sub (i32.const 0) (local.get $number)))))
  (if (i32.ge_u (local.get $number) (i32.const 10))
    (then (call $number (i32.div_u (local.get $number) (i32.const 10)))))
  (call $letter (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10)))))
(func $space_number (param $number i32) (call $letter (i32.const 32)) (call $number (local.get $number)))
(func $flush
  (drop (call $log (i32.const 2) (i32.const 1024) (i32.sub (global.get $at) (i32.const 1024))))
  (global.set $at (i32.const 1024)))
(func $say (param $from i32) (param $size i32) (call $text (local.get $from) (local.get $size)) (call $flush))
;; Logs "text = status".
(func $status (param $from i32) (param $size i32) (param $status i32)
  (call $text (local.get $from) (local.get $size))
  (call $letter (i32.const 32)) (call $letter (i32.const 61)) (call $space_number (local.get $status)))
(func $said (param $from i32) (param $size i32) (param $status i32)
  (call $status (local.get $from) (local.get $size) (local.get $status)) (call $flush))
;; Logs "text = status `what was given`".
(func $got (param $from i32) (param $size i32) (param $status i32)
  (call $status (local.get $from) (local.get $size) (local.get $status))
  (if (i32.eqz (local.get $status))
    (then (call $letter (i32.const 32)) (call $letter (i32.const 96))
      (call $text (i32.load (i32.const 0)) (i32.load (i32.const 4))) (call $letter (i32.const 96))))
  (call $flush))
;; Logs "text = status NUMBER" for a number that was given.
(func $counted (param $from i32) (param $size i32) (param $status i32)
  (call $status (local.get $from) (local.get $size) (local.get $status))
  (if (i32.eqz (local.get $status)) (then (call $space_number (i32.load (i32.const 8)))))
  (call $flush))
;; As $got, for a block of pairs: its texts, without the sizes before them.
(func $got_pairs (param $from i32) (param $size i32) (param $status i32)
  (local $block i32) (local $skip i32)
  (if (i32.and (i32.eqz (local.get $status)) (i32.ne (i32.load (i32.const 4)) (i32.const 0)))
    (then
      (local.set $block (i32.load (i32.const 0)))
      (local.set $skip (i32.add (i32.const 4) (i32.mul (i32.const 8) (i32.load (local.get $block)))))
      (i32.store (i32.const 0) (i32.add (local.get $block) (local.get $skip)))
      (i32.store (i32.const 4) (i32.sub (i32.load (i32.const 4)) (local.get $skip)))))
  (call $got (local.get $from) (local.get $size) (local.get $status)))
;; Whether a mark is not set yet; sets it.
(func $is_first (param $mark i32) (result i32)
  (local $was i32)
  (local.set $was (i32.load (local.get $mark)))
  (i32.store (local.get $mark) (i32.const 1))
  (i32.eqz (local.get $was)))
(func $which (param $context i32)
  (global.set $self (local.get $context))
  (if (i32.gt_u (local.get $context) (global.get $base))
    (then (if (global.get $base) (then
      (call $letter (i32.const 35)) (call $number (i32.sub (local.get $context) (global.get $base)))
      (call $letter (i32.const 32)))))))
"#;

/// How a callback is exported.
struct Export {
    name: &'static str,
    said: &'static str,
    arguments: usize,
    /// What it returns unless a step says otherwise.
    returns: Option<i32>,
    /// Whether the third argument says that the message ends.
    ends: bool,
}

const fn export(on: On) -> Export {
    let (name, said, arguments, returns, ends) = match on {
        On::Create => ("proxy_on_context_create", "create", 2, None, false),
        On::VmStart => ("proxy_on_vm_start", "vm_start", 2, Some(1), false),
        On::Configure => ("proxy_on_configure", "configure", 2, Some(1), false),
        On::Tick => ("proxy_on_tick", "tick", 1, None, false),
        On::RequestHeaders => ("proxy_on_request_headers", "request_headers", 3, Some(0), true),
        On::RequestBody => ("proxy_on_request_body", "request_body", 3, Some(0), true),
        On::RequestTrailers => ("proxy_on_request_trailers", "request_trailers", 2, Some(0), false),
        On::ResponseHeaders => ("proxy_on_response_headers", "response_headers", 3, Some(0), true),
        On::ResponseBody => ("proxy_on_response_body", "response_body", 3, Some(0), true),
        On::ResponseTrailers => ("proxy_on_response_trailers", "response_trailers", 2, Some(0), false),
        On::CallResponse => ("proxy_on_http_call_response", "call_response", 5, None, false),
        On::Done => ("proxy_on_done", "done", 1, Some(1), false),
        On::Log => ("proxy_on_log", "log", 1, None, false),
        On::Delete => ("proxy_on_delete", "delete", 1, None, false),
    };
    Export { name, said, arguments, returns, ends }
}

/// The module's text.
pub(super) fn module(guest: &Guest) -> String {
    let mut code = String::new();
    for on in On::ALL.into_iter().filter(|on| !guest.missing.contains(on)) {
        callback(&mut code, &export(on), on, guest.steps.get(&on).map_or("", String::as_str));
    }
    let (code, texts) = place_texts(&place_marks(&code));
    format!("(module {PRELUDE}\n{texts}\n{code})")
}

fn callback(code: &mut String, export: &Export, on: On, steps: &str) {
    let parameters = "(param i32)".repeat(export.arguments);
    let result = if export.returns.is_some() { "(result i32)" } else { "" };
    let text = super::text(export.said);
    let first = match on {
        // A root context has no parent. The first stream is the one that others are numbered from.
        On::Create => format!(
            "(if (i32.eqz (local.get 1)) (then (call $say {root}) (return)))
             (if (i32.eqz (global.get $base)) (then (global.set $base (local.get 0))))
             (call $which (local.get 0)) (call $text {text})",
            root = super::text("create root")
        ),
        _ => format!("(call $which (local.get 0)) (call $text {text})"),
    };
    let shown = match on {
        On::Create | On::Tick | On::Done | On::Log | On::Delete => 1..1,
        _ if export.ends => 1..2,
        _ => 1..export.arguments,
    };
    let numbers: String = shown.map(|at| format!("(call $space_number (local.get {at}))")).collect();
    let end = if export.ends {
        format!(
            "(global.set $end (local.get 2))
             (if (local.get 2) (then (call $text {})) (else (call $text {})))",
            super::text(" end"),
            super::text(" more")
        )
    } else {
        String::new()
    };
    let (set, give) = match export.returns {
        Some(value) => (format!("(global.set $returns (i32.const {value}))"), "(global.get $returns)"),
        None => (String::new(), ""),
    };
    write!(
        code,
        "(func (export \"{}\") {parameters} {result}\n{first} {numbers} {end} (call $flush) {set}\n{steps}\n{give})\n",
        export.name
    )
    .expect("a string takes all");
}

/// Gives each mark a place of its own.
fn place_marks(code: &str) -> String {
    let mut parts = code.split('#');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for (number, part) in parts.enumerate() {
        write!(out, "(i32.const {})", MARKS + 4 * number).expect("a string takes all");
        out.push_str(part);
    }
    out
}

/// Gives each text a place, and names place and size where the text stood.
fn place_texts(code: &str) -> (String, String) {
    let (mut out, mut data, mut at) = (String::new(), String::new(), TEXTS);
    for (number, part) in code.split('@').enumerate() {
        if number % 2 == 0 {
            out.push_str(part);
            continue;
        }
        let size = part.len() / 2;
        let bytes: String = (0..size).map(|byte| format!("\\{}", &part[2 * byte..2 * byte + 2])).collect();
        write!(out, "(i32.const {at}) (i32.const {size})").expect("a string takes all");
        writeln!(data, "(data (i32.const {at}) \"{bytes}\")").expect("a string takes all");
        at += size;
    }
    assert!(at < 65536, "the texts reach into the heap");
    (out, data)
}

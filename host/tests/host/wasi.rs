//! WASI as a proxy has it: what there is nothing behind says so, in Envoy's words, and harms nobody.

use tapgate_host::{Config, Host, Module, Profile};

use crate::guest::{bytes, get};

/// A function, its arguments (after the types: `i` for 32 bits, `I` for 64) and what it answers.
const ANSWERS: &[(&str, &str, &[i32], u32)] = &[
    ("clock_res_get", "ii", &[1, 16], 0),
    ("clock_res_get", "ii", &[2, 16], 58),
    ("clock_res_get", "ii", &[0, -1], 21),
    ("fd_advise", "iIIi", &[9, 0, 0, 0], 0),
    ("fd_allocate", "iII", &[1, 0, 0], 0),
    ("fd_allocate", "iII", &[3, 0, 0], 8),
    ("fd_close", "i", &[3], 0),
    ("fd_datasync", "i", &[2], 0),
    ("fd_datasync", "i", &[0], 8),
    ("fd_fdstat_get", "ii", &[1, 16], 0),
    ("fd_fdstat_get", "ii", &[0, 16], 8),
    ("fd_fdstat_get", "ii", &[1, -8], 21),
    ("fd_fdstat_set_flags", "ii", &[1, 0], 52),
    ("fd_fdstat_set_rights", "iII", &[3, 0, 0], 8),
    ("fd_filestat_get", "ii", &[1, 16], 8),
    ("fd_filestat_set_size", "iI", &[2, 0], 0),
    ("fd_filestat_set_times", "iIIi", &[3, 0, 0, 0], 8),
    ("fd_pread", "iiiIi", &[1, 0, 0, 0, 16], 52),
    ("fd_prestat_dir_name", "iii", &[3, 0, 0], 52),
    ("fd_prestat_get", "ii", &[3, 16], 8),
    ("fd_pwrite", "iiiIi", &[1, 0, 0, 0, 16], 0),
    ("fd_pwrite", "iiiIi", &[3, 0, 0, 0, 16], 8),
    ("fd_read", "iiii", &[0, 0, 0, 16], 52),
    ("fd_readdir", "iiiIi", &[3, 0, 0, 0, 16], 20),
    ("fd_readdir", "iiiIi", &[3, 0, 0, 0, -1], 21),
    ("fd_renumber", "ii", &[1, 2], 58),
    ("fd_renumber", "ii", &[1, 3], 8),
    ("fd_seek", "iIii", &[1, 0, 0, 16], 0),
    ("fd_sync", "i", &[1], 0),
    ("fd_tell", "ii", &[1, 16], 0),
    ("fd_tell", "ii", &[3, 16], 8),
    ("path_create_directory", "iii", &[3, 0, 0], 58),
    ("path_filestat_get", "iiiii", &[3, 0, 0, 0, 16], 58),
    ("path_filestat_set_times", "iiiiIIi", &[3, 0, 0, 0, 0, 0, 0], 58),
    ("path_link", "iiiiii", &[3, 0, 0, 0, 0, 0], 58),
    ("path_open", "iiiiiIIii", &[3, 0, 0, 0, 0, 0, 0, 0, 16], 44),
    ("path_readlink", "iiiiii", &[3, 0, 0, 0, 0, 16], 58),
    ("path_remove_directory", "iii", &[3, 0, 0], 58),
    ("path_rename", "iiiiii", &[3, 0, 0, 3, 0, 0], 58),
    ("path_symlink", "iiii", &[0, 0, 3, 0], 58),
    ("path_unlink_file", "iii", &[3, 0, 0], 58),
    ("poll_oneoff", "iiii", &[0, 0, 0, 16], 0),
    ("poll_oneoff", "iiii", &[0, 0, 0, -1], 21),
    ("sched_yield", "", &[], 0),
    ("sock_accept", "iii", &[3, 0, 16], 58),
    ("sock_recv", "iiiiii", &[3, 0, 0, 0, 16, 20], 58),
    ("sock_recv", "iiiiii", &[3, 0, 0, 0, 16, -1], 21),
    ("sock_send", "iiiii", &[3, 0, 0, 0, 16], 58),
    ("sock_shutdown", "ii", &[3, 0], 58),
];

/// A module that makes one call while its request's headers are shown and returns its answer, which no continue is.
fn calling(from: &str, name: &str, types: &str, arguments: &[i32]) -> Module {
    let parameters = types.replace('i', " i32").replace('I', " i64");
    let constant = |(kind, number): (char, &i32)| match kind {
        'I' => format!("(i64.const {number})"),
        _ => format!("(i32.const {number})"),
    };
    let numbers: String = types.chars().zip(arguments).map(constant).collect();
    let text = format!(
        r#"(module (import "{from}" "{name}" (func $call (param{parameters}) (result i32)))
        (import "env" "proxy_set_tick_period_milliseconds" (func $tick (param i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "proxy_abi_version_0_2_1"))
        (func (export "malloc") (param i32) (result i32) (i32.const 1024))
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (call $tick (i32.add (i32.const 1) (call $call {numbers})))))"#
    );
    Module::compile(&bytes(&text)).expect("a module that compiles")
}

#[test]
fn what_a_proxy_has_none_of_says_so() {
    for from in ["wasi_snapshot_preview1", "wasi_unstable"] {
        for (name, types, arguments, expected) in ANSWERS {
            let module = calling(from, name, types, arguments);
            assert_eq!(module.misfits(&Profile::ENVOY), [], "{name}");
            let mut host = Host::start(&module, Config::new()).expect("a guest that starts");
            host.stream(0).expect("a worker").request_headers(get("/"), true).expect("a request");
            // The answer is told as the period of the timer, one more than it is.
            let answer = host.tick_period(0).expect("a worker").map(|period| period.as_millis());
            assert_eq!(answer, Some(u128::from(*expected) + 1), "{name} {arguments:?}");
        }
    }
}

/// Output is what may be written to, which is what a language's runtime asks for at its start.
#[test]
fn output_can_be_written_to() {
    let text = r#"(module
        (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $state (param i32 i32) (result i32)))
        (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "proxy_abi_version_0_2_1"))
        (func (export "malloc") (param i32) (result i32) (i32.const 1024))
        (func (export "_initialize")
          (i64.store (i32.const 0) (i64.const -1)) (i64.store (i32.const 8) (i64.const -1)) (i64.store (i32.const 16) (i64.const -1))
          (drop (call $state (i32.const 2) (i32.const 0)))
          (drop (call $log (i32.const 2) (i32.const 0) (i32.const 24)))))"#;
    let module = Module::compile(&bytes(text)).expect("a module that compiles");
    let host = Host::start(&module, Config::new().workers(0)).expect("a guest that starts");
    let state = ["\0\0\0\0\0\0\0\0", "@\0\0\0\0\0\0\0", "\0\0\0\0\0\0\0\0"].concat();
    assert_eq!(host.logs().pop().map(|line| line.text), Some(state));
}

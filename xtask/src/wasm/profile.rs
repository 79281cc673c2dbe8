//! What a module may import and must export, to load into every proxy that speaks proxy-wasm 0.2.
//!
//! A proxy refuses a module with an import that it does not offer, so a stray one (a clock, a file, a socket that a new
//! dependency drew in) is found here rather than by an operator.

use anyhow::{Context, Result, bail, ensure};
use wasmparser::{ExternalKind, Parser, Payload};

/// Host functions of ABI 0.2.1 (module `env`) that a filter of ours may have a use for.
const ABI: &[&str] = &[
    "proxy_add_header_map_value",
    "proxy_close_stream",
    "proxy_continue_stream",
    "proxy_define_metric",
    "proxy_done",
    "proxy_get_buffer_bytes",
    "proxy_get_current_time_nanoseconds",
    "proxy_get_header_map_pairs",
    "proxy_get_header_map_value",
    "proxy_get_metric",
    "proxy_get_property",
    "proxy_get_shared_data",
    "proxy_http_call",
    "proxy_increment_metric",
    "proxy_log",
    "proxy_record_metric",
    "proxy_remove_header_map_value",
    "proxy_replace_header_map_value",
    "proxy_send_local_response",
    "proxy_set_buffer_bytes",
    "proxy_set_effective_context",
    "proxy_set_header_map_pairs",
    "proxy_set_property",
    "proxy_set_shared_data",
    "proxy_set_tick_period_milliseconds",
];

/// Host functions that the Rust SDK's dispatcher imports in every module, used or not; every proxy offers them.
const LINKED_BY_SDK: &[&str] = &[
    "proxy_call_foreign_function",
    "proxy_dequeue_shared_queue",
    "proxy_enqueue_shared_queue",
    "proxy_get_status",
    "proxy_grpc_call",
    "proxy_grpc_cancel",
    "proxy_grpc_close",
    "proxy_grpc_send",
    "proxy_grpc_stream",
    "proxy_register_shared_queue",
    "proxy_resolve_shared_queue",
];

/// What Rust's standard library asks of WASI (module `wasi_snapshot_preview1`) in a module that touches no file.
const WASI: &[&str] = &["clock_time_get", "environ_get", "environ_sizes_get", "fd_write", "proc_exit", "random_get"];

/// What a proxy looks for first: the version of the ABI, and the allocator that it hands buffers through.
const EXPORTS: &[&str] = &["memory", "proxy_abi_version_0_2_1", "proxy_on_memory_allocate"];

/// Checks a module's imports and exports, and gives the number of imports.
///
/// # Errors
/// With every import that is not allowed and every export that is missing, at once.
pub(super) fn check(module: &[u8]) -> Result<usize> {
    let (imports, exports) = read(module).context("reading the module")?;
    let stray: Vec<_> = imports
        .iter()
        .filter(|(from, name)| !allowed(from, name))
        .map(|(from, name)| format!("`{from}.{name}`"))
        .collect();
    let missing: Vec<_> = EXPORTS
        .iter()
        .filter(|name| !exports.iter().any(|export| export == *name))
        .map(|name| format!("`{name}`"))
        .collect();
    ensure!(stray.is_empty(), "the module imports what a proxy may lack: {}", stray.join(", "));
    ensure!(missing.is_empty(), "the module does not export {}", missing.join(", "));
    Ok(imports.len())
}

/// Whether every proxy offers this function.
fn allowed(from: &str, name: &str) -> bool {
    match from {
        "env" => ABI.contains(&name) || LINKED_BY_SDK.contains(&name),
        "wasi_snapshot_preview1" => WASI.contains(&name),
        _ => false,
    }
}

/// A module's imports (module and name) and the names of its exports.
type Interface = (Vec<(String, String)>, Vec<String>);

fn read(module: &[u8]) -> Result<Interface> {
    let mut imports = Vec::new();
    let mut exports = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    imports.push((import.module.to_owned(), import.name.to_owned()));
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    if matches!(export.kind, ExternalKind::Func | ExternalKind::Memory) {
                        exports.push(export.name.to_owned());
                    }
                }
            }
            _ => {}
        }
    }
    if imports.is_empty() && exports.is_empty() {
        bail!("it neither imports nor exports anything");
    }
    Ok((imports, exports))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module with one type (`fn()`), these imports of it, and a memory and functions exported under these names.
    fn module(imports: &[(&str, &str)], exports: &[&str]) -> Vec<u8> {
        let mut bytes = b"\0asm\x01\0\0\0".to_vec();
        section(&mut bytes, 1, &[&[0x60, 0, 0]]);
        let imports: Vec<Vec<u8>> =
            imports.iter().map(|(from, to)| [&name(from)[..], &name(to), &[0, 0]].concat()).collect();
        section(&mut bytes, 2, &imports.iter().map(Vec::as_slice).collect::<Vec<_>>());
        section(&mut bytes, 5, &[&[0, 1]]);
        let exports: Vec<Vec<u8>> = exports.iter().map(|of| [&name(of)[..], &[2, 0]].concat()).collect();
        section(&mut bytes, 7, &exports.iter().map(Vec::as_slice).collect::<Vec<_>>());
        bytes
    }

    fn section(bytes: &mut Vec<u8>, id: u8, entries: &[&[u8]]) {
        let body: Vec<u8> = std::iter::once(u8::try_from(entries.len()).unwrap()).chain(entries.concat()).collect();
        bytes.push(id);
        let size = u32::try_from(body.len()).unwrap();
        bytes.extend([u8::try_from(size & 0x7f).unwrap() | 0x80, u8::try_from(size >> 7).unwrap()]);
        bytes.extend(body);
    }

    fn name(text: &str) -> Vec<u8> {
        [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
    }

    #[test]
    fn a_module_of_the_profile_passes() {
        let good = module(&[("env", "proxy_log"), ("wasi_snapshot_preview1", "environ_get")], EXPORTS);
        assert_eq!(check(&good).unwrap(), 2);
    }

    #[test]
    fn stray_imports_are_all_named() {
        let stray = module(
            &[
                ("wasi_snapshot_preview1", "path_open"),
                ("env", "proxy_log"),
                ("wasi_snapshot_preview1", "sock_send"),
                ("wbg", "proxy_log"),
            ],
            EXPORTS,
        );
        let text = check(&stray).unwrap_err().to_string();
        for part in ["path_open", "sock_send", "wbg.proxy_log"] {
            assert!(text.contains(part), "{text}");
        }
        assert!(!text.contains("env.proxy_log"), "{text}");
    }

    #[test]
    fn a_missing_export_is_named() {
        let text = check(&module(&[("env", "proxy_log")], &["memory"])).unwrap_err().to_string();
        assert!(text.contains("proxy_abi_version_0_2_1"), "{text}");
    }

    #[test]
    fn what_is_no_module_is_an_error() {
        assert!(check(b"not a module").is_err());
        assert!(check(b"\0asm\x01\0\0\0").is_err());
    }
}

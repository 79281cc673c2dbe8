//! What particular proxies offer to a module: read from their sources, so that a module can be held against each of them
//! before it is shipped, and run as on each of them.

use crate::config::Refusal;
use crate::module::Module;
use crate::process::CasDialect;

/// A proxy, as a module sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    name: &'static str,
    /// The host calls that it can link beside those of all proxies. A module that imports another one does not load there.
    host_calls: &'static [&'static str],
    /// Those of all of them that it links but does not implement.
    lacks: &'static [&'static str],
    /// What a call of one of those comes to.
    refusal: Refusal,
    /// Those that answer that all is well and do nothing.
    ignores: &'static [&'static str],
    /// The functions of WASI that it can link; `None` for all of preview 1.
    wasi: Option<&'static [&'static str]>,
    /// The modules from which it can link them.
    wasi_modules: &'static [&'static str],
    /// The callbacks that it makes; of a module's others it knows nothing.
    callbacks: &'static [&'static str],
    cas: CasDialect,
}

const PREVIEW_1: &str = "wasi_snapshot_preview1";

/// What holds a module's exports of the ABI that are no callbacks.
const NO_CALLBACKS: &[&str] = &["proxy_abi_version_", "proxy_on_memory_allocate"];

/// The host calls that every proxy of ABI 0.2 links.
const COMMON: &[&str] = &[
    "proxy_add_header_map_value",
    "proxy_call_foreign_function",
    "proxy_close_stream",
    "proxy_continue_stream",
    "proxy_define_metric",
    "proxy_dequeue_shared_queue",
    "proxy_done",
    "proxy_enqueue_shared_queue",
    "proxy_get_buffer_bytes",
    "proxy_get_current_time_nanoseconds",
    "proxy_get_header_map_pairs",
    "proxy_get_header_map_value",
    "proxy_get_metric",
    "proxy_get_property",
    "proxy_get_shared_data",
    "proxy_get_status",
    "proxy_grpc_call",
    "proxy_grpc_cancel",
    "proxy_grpc_close",
    "proxy_grpc_send",
    "proxy_grpc_stream",
    "proxy_http_call",
    "proxy_increment_metric",
    "proxy_log",
    "proxy_record_metric",
    "proxy_register_shared_queue",
    "proxy_remove_header_map_value",
    "proxy_replace_header_map_value",
    "proxy_resolve_shared_queue",
    "proxy_send_local_response",
    "proxy_set_buffer_bytes",
    "proxy_set_effective_context",
    "proxy_set_header_map_pairs",
    "proxy_set_property",
    "proxy_set_shared_data",
    "proxy_set_tick_period_milliseconds",
];

impl Profile {
    /// Envoy, and what is built on it (Istio, Envoy Gateway). Source: proxy-wasm-cpp-host,
    /// `include/proxy-wasm/exports.h` and `wasm.h`, `src/wasm.cc`.
    pub const ENVOY: Self = Self {
        name: "Envoy",
        host_calls: &["proxy_get_buffer_status", "proxy_get_header_map_size", "proxy_get_log_level"],
        lacks: &[],
        refusal: Refusal::Denied,
        ignores: &[],
        wasi: Some(&[
            "args_get",
            "args_sizes_get",
            "clock_res_get",
            "clock_time_get",
            "environ_get",
            "environ_sizes_get",
            "fd_advise",
            "fd_allocate",
            "fd_close",
            "fd_datasync",
            "fd_fdstat_get",
            "fd_fdstat_set_flags",
            "fd_fdstat_set_rights",
            "fd_filestat_get",
            "fd_filestat_set_size",
            "fd_filestat_set_times",
            "fd_pread",
            "fd_prestat_dir_name",
            "fd_prestat_get",
            "fd_pwrite",
            "fd_read",
            "fd_readdir",
            "fd_renumber",
            "fd_seek",
            "fd_sync",
            "fd_tell",
            "fd_write",
            "path_create_directory",
            "path_filestat_get",
            "path_filestat_set_times",
            "path_link",
            "path_open",
            "path_readlink",
            "path_remove_directory",
            "path_rename",
            "path_symlink",
            "path_unlink_file",
            "poll_oneoff",
            "proc_exit",
            "random_get",
            "sched_yield",
            "sock_accept",
            "sock_recv",
            "sock_send",
            "sock_shutdown",
        ]),
        wasi_modules: &[PREVIEW_1, "wasi_unstable"],
        callbacks: &[
            "proxy_on_configure",
            "proxy_on_context_create",
            "proxy_on_delete",
            "proxy_on_done",
            "proxy_on_downstream_connection_close",
            "proxy_on_downstream_data",
            "proxy_on_foreign_function",
            "proxy_on_grpc_close",
            "proxy_on_grpc_receive",
            "proxy_on_grpc_receive_initial_metadata",
            "proxy_on_grpc_receive_trailing_metadata",
            "proxy_on_http_call_response",
            "proxy_on_log",
            "proxy_on_new_connection",
            "proxy_on_queue_ready",
            "proxy_on_request_body",
            "proxy_on_request_headers",
            "proxy_on_request_metadata",
            "proxy_on_request_trailers",
            "proxy_on_response_body",
            "proxy_on_response_headers",
            "proxy_on_response_metadata",
            "proxy_on_response_trailers",
            "proxy_on_tick",
            "proxy_on_upstream_connection_close",
            "proxy_on_upstream_data",
            "proxy_on_vm_start",
            "proxy_validate_configuration",
        ],
        cas: CasDialect::Envoy,
    };

    /// nginx with `ngx_wasm_module`, where what is not implemented traps, and no trailers of a request are shown. Source: its
    /// `docs/PROXY_WASM.md`, `ngx_proxy_wasm_host.c`, `ngx_http_proxy_wasm.c` and `ngx_wasi_preview1_host.c`.
    pub const NGINX: Self = Self {
        name: "nginx",
        host_calls: &["proxy_get_log_level"],
        lacks: &[
            "proxy_close_stream",
            "proxy_done",
            "proxy_get_log_level",
            "proxy_get_status",
            "proxy_grpc_call",
            "proxy_grpc_cancel",
            "proxy_grpc_close",
            "proxy_grpc_send",
            "proxy_grpc_stream",
            "proxy_resolve_shared_queue",
        ],
        refusal: Refusal::Traps,
        ignores: &[],
        wasi: Some(&[
            "args_get",
            "args_sizes_get",
            "clock_time_get",
            "environ_get",
            "environ_sizes_get",
            "fd_close",
            "fd_fdstat_get",
            "fd_fdstat_set_flags",
            "fd_prestat_dir_name",
            "fd_prestat_get",
            "fd_read",
            "fd_seek",
            "fd_write",
            "path_open",
            "poll_oneoff",
            "proc_exit",
            "random_get",
            "sched_yield",
        ]),
        wasi_modules: &[PREVIEW_1],
        callbacks: &[
            "proxy_on_configure",
            "proxy_on_context_create",
            "proxy_on_delete",
            "proxy_on_done",
            "proxy_on_foreign_function",
            "proxy_on_http_call_response",
            "proxy_on_log",
            "proxy_on_request_body",
            "proxy_on_request_headers",
            "proxy_on_response_body",
            "proxy_on_response_headers",
            "proxy_on_response_trailers",
            "proxy_on_tick",
            "proxy_on_vm_start",
        ],
        cas: CasDialect::Nginx,
    };

    /// APISIX with `wasm-nginx-module`, which answers 12 for what it does not implement: there is no shared data. Metrics and
    /// the close of a stream do nothing, and neither the start of a VM nor trailers nor the log are called. Source: its
    /// `ngx_http_wasm_api.c` and `ngx_http_wasm_module.c`.
    pub const APISIX: Self = Self {
        name: "APISIX",
        host_calls: &[],
        lacks: &[
            "proxy_call_foreign_function",
            "proxy_dequeue_shared_queue",
            "proxy_done",
            "proxy_enqueue_shared_queue",
            "proxy_get_current_time_nanoseconds",
            "proxy_get_shared_data",
            "proxy_get_status",
            "proxy_grpc_call",
            "proxy_grpc_cancel",
            "proxy_grpc_close",
            "proxy_grpc_send",
            "proxy_grpc_stream",
            "proxy_register_shared_queue",
            "proxy_resolve_shared_queue",
            "proxy_set_buffer_bytes",
            "proxy_set_header_map_pairs",
            "proxy_set_shared_data",
            "proxy_set_tick_period_milliseconds",
        ],
        refusal: Refusal::Unimplemented,
        ignores: &[
            "proxy_close_stream",
            "proxy_define_metric",
            "proxy_get_metric",
            "proxy_increment_metric",
            "proxy_record_metric",
        ],
        wasi: None,
        wasi_modules: &[PREVIEW_1],
        callbacks: &[
            "proxy_on_configure",
            "proxy_on_context_create",
            "proxy_on_delete",
            "proxy_on_done",
            "proxy_on_http_call_response",
            "proxy_on_request_body",
            "proxy_on_request_headers",
            "proxy_on_response_body",
            "proxy_on_response_headers",
        ],
        cas: CasDialect::Envoy,
    };

    /// The proxy's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The host calls that do not do there what they say, and what a call of one comes to.
    pub(crate) fn lacking(&self) -> impl Iterator<Item = (&'static str, Refusal)> {
        let lacks = self.lacks.iter().map(|name| (*name, self.refusal));
        lacks.chain(self.ignores.iter().map(|name| (*name, Refusal::Ignored)))
    }

    /// The callbacks that it makes.
    pub(crate) const fn callbacks(&self) -> &'static [&'static str] {
        self.callbacks
    }

    /// How its compare-and-swap works.
    pub(crate) const fn cas(&self) -> CasDialect {
        self.cas
    }

    /// How the import of a module fits.
    fn fit(&self, module: &str, name: &str) -> Option<Fit> {
        let offered = if module == "env" {
            [COMMON, self.host_calls].concat().contains(&name)
        } else {
            self.wasi_modules.contains(&module) && self.wasi.is_none_or(|wasi| wasi.contains(&name))
        };
        if !offered {
            return Some(Fit::DoesNotLoad);
        }
        let (_, refusal) = self.lacking().find(|(lacking, _)| *lacking == name)?;
        Some(Fit::NotImplemented(refusal))
    }
}

/// How an import fits a proxy badly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// The proxy cannot link it: the module does not load there.
    DoesNotLoad,
    /// It loads, but whoever calls it gets this.
    NotImplemented(Refusal),
}

/// An import that a proxy does not serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The import's module.
    pub module: String,
    /// Its name.
    pub name: String,
    /// What that means there.
    pub fit: Fit,
}

impl Module {
    /// The imports that a proxy does not serve, in the module's order.
    #[must_use]
    pub fn misfits(&self, profile: &Profile) -> Vec<Misfit> {
        let imports = self.imports().iter();
        imports
            .filter_map(|(module, name)| {
                let fit = profile.fit(module, name)?;
                Some(Misfit { module: module.clone(), name: name.clone(), fit })
            })
            .collect()
    }

    /// The callbacks that the module exports and a proxy never makes: what they do, nobody does there.
    #[must_use]
    pub fn uncalled(&self, profile: &Profile) -> Vec<&str> {
        let callback = |name: &str| name.starts_with("proxy_") && !NO_CALLBACKS.iter().any(|no| name.starts_with(no));
        let exports = self.exports().iter().map(String::as_str);
        exports.filter(|name| callback(name) && !profile.callbacks().contains(name)).collect()
    }
}

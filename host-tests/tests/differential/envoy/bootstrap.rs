//! The smallest bootstrap that a scenario needs: a listener, the wasm filter, the router, an application, clusters for
//! calls. Whatever a connection manager or router adds to messages on its own account is turned off.

use std::path::Path;

use serde_json::{Value, json};

use crate::scenario::{Policy, Scenario};

/// Where the peers listen.
pub(super) struct Ports {
    pub(super) application: u16,
    pub(super) calls: u16,
    /// Where nobody does.
    pub(super) dead: u16,
}

pub(super) fn bootstrap(scenario: &Scenario, module: &Path, ports: &Ports) -> Value {
    json!({
        "admin": {"address": address(0)},
        "static_resources": {
            "listeners": [{
                "address": address(0),
                "filter_chains": [{"filters": [{"name": "manager", "typed_config": manager(scenario, module)}]}],
            }],
            "clusters": [
                cluster("application", Some(ports.application)),
                cluster("calls", Some(ports.calls)),
                cluster("dead", Some(ports.dead)),
                cluster("empty", None),
            ],
        },
    })
}

fn address(port: u16) -> Value {
    json!({"socket_address": {"address": "127.0.0.1", "port_value": port}})
}

fn cluster(name: &str, port: Option<u16>) -> Value {
    let endpoints: Vec<_> = port.iter().map(|port| json!({"endpoint": {"address": address(*port)}})).collect();
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "5s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]},
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http2_protocol_options": {}},
            },
        },
    })
}

fn manager(scenario: &Scenario, module: &Path) -> Value {
    json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "front",
        "server_header_transformation": "PASS_THROUGH",
        "generate_request_id": false,
        "skip_xff_append": true,
        "http_protocol_options": {"enable_trailers": true},
        // Over HTTP/2 this is what the limit of a held body is taken from.
        "http2_protocol_options": {
            "initial_stream_window_size": scenario.limit,
            "initial_connection_window_size": scenario.limit.max(1 << 20),
        },
        "route_config": {"virtual_hosts": [{
            "name": "all",
            "domains": ["*"],
            "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "application", "timeout": "0s"}}],
        }]},
        "http_filters": [
            {"name": "wasm", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
                "config": plugin(scenario, module),
            }},
            {"name": "router", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
                "suppress_envoy_headers": true,
            }},
        ],
    })
}

fn plugin(scenario: &Scenario, module: &Path) -> Value {
    let mut plugin = json!({
        "name": "guest",
        "failure_policy": match scenario.policy {
            Policy::Closed => "FAIL_CLOSED",
            Policy::Reload => "FAIL_RELOAD",
            Policy::Open => "FAIL_OPEN",
        },
        "allow_on_headers_stop_iteration": scenario.stop_iteration,
        "configuration": {
            "@type": "type.googleapis.com/google.protobuf.StringValue",
            "value": scenario.configuration,
        },
        "vm_config": {
            "vm_id": "vm",
            "runtime": "envoy.wasm.runtime.v8",
            "code": {"local": {"filename": module}},
        },
    });
    if let Some(names) = &scenario.granted {
        let granted: serde_json::Map<_, _> = names.iter().map(|name| ((*name).to_owned(), json!({}))).collect();
        plugin["capability_restriction_config"] = json!({"allowed_capabilities": granted});
    }
    plugin
}

//! The bootstrap as a tree: read from `examples/envoy/envoy.yaml`, edited, written as JSON.
//!
//! The only file that knows where things stand in it. An edit that finds nothing to change panics: the example and the
//! harness must not drift apart.

use serde_json::{Value, json};

use crate::workspace;

const STRING_VALUE: &str = "type.googleapis.com/google.protobuf.StringValue";
const STRUCT: &str = "type.googleapis.com/google.protobuf.Struct";
const MANAGER: &str = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";
const WASM: &str = "envoy.filters.http.wasm";
const BUFFER: &str = "envoy.filters.http.buffer";

/// An Envoy bootstrap that can be edited.
#[derive(Clone, Debug)]
pub struct Bootstrap(Value);

impl Bootstrap {
    /// The one that people copy.
    ///
    /// # Panics
    /// If the example is not there or is not YAML.
    #[must_use]
    pub fn shipped() -> Self {
        let path = workspace::bootstrap();
        let text = std::fs::read_to_string(&path).expect("examples/envoy/envoy.yaml can be read");
        Self(serde_saphyr::from_str(&text).expect("examples/envoy/envoy.yaml is YAML"))
    }

    /// One of a test's own.
    #[must_use]
    pub const fn of(tree: Value) -> Self {
        Self(tree)
    }

    /// The text that the plugin is configured with.
    ///
    /// # Panics
    /// If it is not in a `StringValue`.
    #[must_use]
    pub fn policy(&self) -> String {
        let configuration = &self.plugin()["configuration"];
        assert_eq!(configuration["@type"], STRING_VALUE);
        configuration["value"].as_str().expect("a policy as text").to_owned()
    }

    /// The bootstrap as Envoy reads it.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.to_string()
    }

    /// Lets Envoy choose the ports of the listener and of the admin interface, and be told to quit through the latter.
    pub(super) fn choose_ports(&mut self) {
        for pointer in [
            "/admin/address/socket_address/port_value",
            "/static_resources/listeners/0/address/socket_address/port_value",
        ] {
            *self.at(pointer) = json!(0);
        }
        let paths = self.at("/admin/allow_paths").as_array_mut().expect("a list of paths");
        paths.push(json!({"exact": "/quitquitquit"}));
    }

    /// Lets the gate listen on a port of one's choice.
    pub(super) fn listen_on(&mut self, port: u16) {
        *self.at("/static_resources/listeners/0/address/socket_address/port_value") = json!(port);
    }

    /// Points the cluster `application` at a port on loopback.
    pub(super) fn send_to(&mut self, port: u16) {
        let endpoint =
            "/static_resources/clusters/0/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address";
        *self.at(&format!("{endpoint}/port_value")) = json!(port);
    }

    /// Speaks HTTP/2 to the application.
    pub(super) fn send_http2(&mut self) {
        let protocol = self.at("/static_resources/clusters/0/typed_extension_protocol_options/envoy.extensions.upstreams.http.v3.HttpProtocolOptions/explicit_http_config");
        *protocol = json!({"http2_protocol_options": {}});
    }

    /// Names the module by its absolute path.
    pub(super) fn load(&mut self, module: &std::path::Path) {
        let code = self.plugin_mut().pointer_mut("/vm_config/code/local/filename").expect("the module's place");
        *code = json!(module);
    }

    /// Configures the plugin with a text.
    pub(super) fn configure_text(&mut self, text: &str) {
        self.plugin_mut()["configuration"] = json!({"@type": STRING_VALUE, "value": text});
    }

    /// Configures the plugin with a protobuf Struct, as one should not.
    pub(super) fn configure_struct(&mut self, value: &Value) {
        self.plugin_mut()["configuration"] = json!({"@type": STRUCT, "value": value});
    }

    /// Sets the flag that changes what a pause in the headers means.
    pub(super) fn allow_headers_stop(&mut self) {
        self.plugin_mut()["allow_on_headers_stop_iteration"] = json!(true);
    }

    /// Takes the buffer filter out, and its settings off the routes.
    pub(super) fn remove_buffer(&mut self) {
        let filters = self.filters();
        let before = filters.len();
        filters.retain(|filter| filter["name"] != BUFFER);
        assert_eq!(filters.len(), before - 1, "the example has one buffer filter");
        for route in self.routes() {
            route.as_object_mut().expect("a route").remove("typed_per_filter_config");
        }
    }

    /// Takes away what Envoy does for paths and names, so that they reach the plugin as they were sent.
    pub(super) fn soften(&mut self) {
        let manager = self.at(MANAGER).as_object_mut().expect("a connection manager");
        for setting in ["normalize_path", "merge_slashes", "path_with_escaped_slashes_action"] {
            manager.remove(setting).expect("a setting of the example");
        }
        *self.at(&format!("{MANAGER}/common_http_protocol_options/headers_with_underscores_action")) = json!("ALLOW");
    }

    /// Lets Envoy itself answer at one path.
    pub(super) fn answer_directly(&mut self, path: &str, status: u16) {
        self.routes().insert(0, json!({"match": {"path": path}, "direct_response": {"status": status}}));
    }

    /// Lets CONNECT through to the application, over HTTP/1.1 and HTTP/2, as a route of its own.
    pub(super) fn allow_connect(&mut self) {
        let upgrade = json!([{"upgrade_type": "CONNECT", "connect_config": {}}]);
        let route = json!({"cluster": "application", "upgrade_configs": upgrade});
        self.routes().insert(0, json!({"match": {"connect_matcher": {}}, "route": route}));
        *self.at(&format!("{MANAGER}/http2_protocol_options/allow_connect")) = json!(true);
    }

    fn at(&mut self, pointer: &str) -> &mut Value {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        // A pointer's `/` would split the names of Envoy's types, which have none.
        let parent = self.0.pointer_mut(parent).unwrap_or_else(|| panic!("the bootstrap has `{parent}`"));
        &mut parent[name]
    }

    fn filters(&mut self) -> &mut Vec<Value> {
        self.at(&format!("{MANAGER}/http_filters")).as_array_mut().expect("HTTP filters")
    }

    fn routes(&mut self) -> &mut Vec<Value> {
        self.at(&format!("{MANAGER}/route_config/virtual_hosts/0/routes")).as_array_mut().expect("routes")
    }

    fn plugin_mut(&mut self) -> &mut Value {
        let filter = self.filters().iter_mut().find(|filter| filter["name"] == WASM).expect("the wasm filter");
        &mut filter["typed_config"]["config"]
    }

    fn plugin(&self) -> &Value {
        let filters =
            self.0.pointer(&format!("{MANAGER}/http_filters")).and_then(Value::as_array).expect("HTTP filters");
        let filter = filters.iter().find(|filter| filter["name"] == WASM).expect("the wasm filter");
        &filter["typed_config"]["config"]
    }
}

//! The bootstrap as a tree: read from `examples/envoy/envoy.yaml`, edited, written as JSON.
//!
//! The only file that knows where things stand in it. An edit that finds nothing to change panics: the example and the
//! harness must not drift apart.

use serde_json::{Value, json};

use crate::workspace;

const STRING_VALUE: &str = "type.googleapis.com/google.protobuf.StringValue";
const STRUCT: &str = "type.googleapis.com/google.protobuf.Struct";
const MANAGER: &str = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";
const APPLICATION: &str =
    "/static_resources/clusters/0/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address";
const WASM: &str = "envoy.filters.http.wasm";
const BUFFER: &str = "envoy.filters.http.buffer";
/// The plugin's own page, where passes are presented.
const SIGN_IN: &str = "/.tap/sign-in";

/// Has Envoy fetch the application's answer aside and give it as its own: a local reply, as the plugin sees it.
const ANSWER_ITSELF: &str = r#"
function envoy_on_request(handle)
  local asked = {}
  for name, value in pairs(handle:headers()) do asked[name] = value end
  local body = handle:body()
  local bytes = body and body:getBytes(0, body:length()) or ""
  local answer, text = handle:httpCall("application", asked, bytes, 60000)
  answer["content-length"] = nil
  answer["date"] = nil
  handle:respond(answer, text or "")
end
"#;

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
        Self::read(&std::fs::read_to_string(&path).expect("examples/envoy/envoy.yaml can be read"))
    }

    /// Another one of its kind: what the command line renders.
    ///
    /// # Panics
    /// If it is not YAML.
    #[must_use]
    pub fn read(text: &str) -> Self {
        Self(serde_saphyr::from_str(text).expect("a bootstrap is YAML"))
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

    /// The port on loopback that the cluster `application` points at.
    pub(super) fn sends_to(&mut self) -> u16 {
        let port = self.at(&format!("{APPLICATION}/port_value")).as_u64();
        port.and_then(|port| u16::try_from(port).ok()).expect("a port")
    }

    /// Points the cluster `application` at a port on loopback.
    pub(super) fn send_to(&mut self, port: u16) {
        *self.at(&format!("{APPLICATION}/port_value")) = json!(port);
    }

    /// Adds a cluster on loopback, one endpoint a port, which is asked for its health at `/health`.
    pub(super) fn add_cluster(&mut self, name: &str, ports: &[u16]) {
        let endpoints: Vec<_> = ports
            .iter()
            .map(|port| json!({"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}}))
            .collect();
        let cluster = json!({
            "name": name, "type": "STATIC", "connect_timeout": "0.5s",
            "health_checks": [{
                "timeout": "0.5s", "interval": "0.2s", "no_traffic_interval": "0.2s", "unhealthy_threshold": 1,
                "healthy_threshold": 1, "http_health_check": {"path": "/health"},
            }],
            "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]},
        });
        self.at("/static_resources/clusters").as_array_mut().expect("clusters").push(cluster);
    }

    /// Points the cluster of etcd, as it is rendered, at ports on loopback.
    pub(super) fn ask_etcd_at(&mut self, ports: &[u16]) {
        let cluster = "/static_resources/clusters/1/load_assignment/endpoints/0/lb_endpoints";
        let members = self.at(cluster).as_array_mut().expect("members of etcd");
        assert_eq!(members.len(), ports.len(), "the example has as many members");
        for (member, port) in members.iter_mut().zip(ports) {
            let place = member.pointer_mut("/endpoint/address/socket_address/port_value").expect("a member's port");
            *place = json!(port);
        }
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

    /// Puts another HTTP filter in the plugin's place, or none.
    pub(super) fn replace_plugin(&mut self, filter: Option<Value>) {
        let filters = self.filters();
        let place = filters.iter().position(|filter| filter["name"] == WASM).expect("the wasm filter");
        filters.splice(place..=place, filter);
    }

    /// Puts another HTTP filter before the plugin.
    pub(super) fn put_before_plugin(&mut self, filter: Value) {
        let filters = self.filters();
        let place = filters.iter().position(|filter| filter["name"] == WASM).expect("the wasm filter");
        filters.insert(place, filter);
    }

    /// Lets Envoy itself answer on the plugin's own sign-in path, where the buffer filter still waits for the body.
    pub(super) fn answer_sign_ins(&mut self, status: u16) {
        let mut routes = self.routes().iter_mut();
        let route = routes.find(|route| route["match"]["path"] == SIGN_IN).expect("the route of the plugin's sign-in");
        let route = route.as_object_mut().expect("a route");
        route.remove("route").expect("a route to the application");
        route.insert("direct_response".to_owned(), json!({"status": status}));
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

    /// Lets Envoy itself answer everywhere, in the application's words.
    pub(super) fn answer_itself(&mut self) {
        let lua = json!({
            "name": "envoy.filters.http.lua",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
                "default_source_code": {"inline_string": ANSWER_ITSELF},
            },
        });
        let filters = self.filters();
        // Right before the router, which is the last.
        filters.insert(filters.len() - 1, lua);
    }

    /// Names the environment variables that the plugin gets.
    pub(super) fn hand_over(&mut self, names: &[&str]) {
        let keys = self.plugin_mut().pointer_mut("/vm_config/environment_variables/host_env_keys");
        *keys.expect("the variables of the example") = json!(names);
    }

    /// Gives other paths than the example's the route of the application's sign-in, and that of the plugin's own.
    /// `apis` are the paths below which the plugin's admin APIs lie.
    pub(super) fn sign_in_at(&mut self, applications: &[String], plugins: &[String], apis: &[String]) {
        let routes = self.routes();
        let (application, plugin) = (routes.remove(0), routes.remove(0));
        assert_eq!([&application, &plugin].map(|route| route["match"].get("path").is_some()), [true; 2]);
        let at = |route: &Value, path: &str| {
            let mut route = route.clone();
            route["match"]["path"] = json!(path);
            route
        };
        let all = applications.iter().map(|path| at(&application, path));
        let below = |path: &String| {
            let mut route = plugin.clone();
            route["match"] = json!({"prefix": path});
            route
        };
        let all = all.chain(plugins.iter().map(|path| at(&plugin, path)));
        let all: Vec<_> = all.chain(apis.iter().map(below)).collect();
        routes.splice(0..0, all);
    }

    /// Takes the listeners out: Envoy reads them from the file at `place`, again whenever it is replaced. Gives the file's
    /// text, which must be there when Envoy starts.
    pub(super) fn move_listeners(&mut self, place: &std::path::Path) -> String {
        let listeners = self.at("/static_resources/listeners").take();
        let listeners = listeners.as_array().expect("listeners").iter().map(|listener| {
            let mut listener = listener.clone();
            listener["@type"] = json!("type.googleapis.com/envoy.config.listener.v3.Listener");
            listener
        });
        let text = json!({"resources": listeners.collect::<Vec<_>>()}).to_string();
        *self.at("/static_resources/listeners") = json!([]);
        let root = self.0.as_object_mut().expect("a bootstrap");
        let source = json!({"resource_api_version": "V3", "path_config_source": {"path": place}});
        root.insert("dynamic_resources".to_owned(), json!({"lds_config": source}));
        text
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

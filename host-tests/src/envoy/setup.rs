//! What a test asks of its Envoy. Defaults: the shipped bootstrap and policy, two workers.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::Value;

use super::Bootstrap;
use crate::keys::Keys;
use crate::policy::Policy;
use crate::workspace;

/// The wishes for one Envoy.
#[derive(Clone)]
pub struct Setup {
    pub(super) workers: u32,
    pub(super) environment: Vec<(String, String)>,
    pub(super) bootstrap: Bootstrap,
    pub(super) reloads: bool,
    pub(super) log: &'static [&'static str],
}

/// More of the plugin's own lines than usual: none may hold a secret at any level.
const TALKATIVE: &[&str] = &["--log-level", "info", "--component-log-level", "wasm:debug"];
/// What Envoy logs unless it is told otherwise.
const ORDINARY: &[&str] = &["--log-level", "info"];

impl Setup {
    /// The shipped bootstrap before the application at `application`, with these keys.
    #[must_use]
    pub fn new(application: SocketAddr, keys: &Keys) -> Self {
        let mut bootstrap = Bootstrap::shipped();
        bootstrap.choose_ports();
        bootstrap.send_to(application.port());
        bootstrap.load(&workspace::module());
        Self { workers: 2, environment: keys.environment(), bootstrap, reloads: false, log: TALKATIVE }
    }

    /// A bootstrap of the test's own, as it is, with nothing in the environment.
    #[must_use]
    pub const fn of(bootstrap: Bootstrap, workers: u32) -> Self {
        Self { workers, environment: Vec::new(), bootstrap, reloads: false, log: TALKATIVE }
    }

    /// Another bootstrap of the example's kind, with the same ports, application and module.
    #[must_use]
    pub fn rendered(mut self, text: &str) -> Self {
        let application = self.bootstrap.sends_to();
        self.bootstrap = Bootstrap::read(text);
        self.bootstrap.choose_ports();
        self.bootstrap.send_to(application);
        self.bootstrap.load(&workspace::module());
        self
    }

    /// Another number of worker threads.
    #[must_use]
    pub const fn workers(mut self, workers: u32) -> Self {
        self.workers = workers;
        self
    }

    /// Another port for the gate than one that Envoy chooses.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.bootstrap.listen_on(port);
        self
    }

    /// One more cluster on loopback, one endpoint a port, with health checks at `/health`.
    #[must_use]
    pub fn cluster(mut self, name: &str, ports: &[u16]) -> Self {
        self.bootstrap.add_cluster(name, ports);
        self
    }

    /// Other ports on loopback for the members of etcd that a rendered bootstrap names.
    #[must_use]
    pub fn members(mut self, ports: &[u16]) -> Self {
        self.bootstrap.ask_etcd_at(ports);
        self
    }

    /// Another policy.
    #[must_use]
    pub fn policy(self, policy: &Policy) -> Self {
        self.policy_text(&policy.text())
    }

    /// Another configuration of the plugin, whatever the text.
    #[must_use]
    pub fn policy_text(mut self, text: &str) -> Self {
        self.bootstrap.configure_text(text);
        self
    }

    /// A protobuf Struct as the configuration of the plugin.
    #[must_use]
    pub fn policy_struct(mut self, value: &Value) -> Self {
        self.bootstrap.configure_struct(value);
        self
    }

    /// The value of one of Envoy's environment variables.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// One more environment variable of Envoy's; only those that the bootstrap lists reach the plugin.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The log that operators have, rather than one with more of the plugin's own lines.
    #[must_use]
    pub const fn ordinary_log(mut self) -> Self {
        self.log = ORDINARY;
        self
    }

    /// Another filter's module in place of the plugin's, with everything else that the plugin gets.
    #[must_use]
    pub fn module(mut self, module: &Path) -> Self {
        self.bootstrap.load(module);
        self
    }

    /// Another HTTP filter in the plugin's place, or none.
    #[must_use]
    pub fn instead_of_the_plugin(mut self, filter: Option<Value>) -> Self {
        self.bootstrap.replace_plugin(filter);
        self
    }

    /// Another HTTP filter before the plugin.
    #[must_use]
    pub fn after(mut self, filter: Value) -> Self {
        self.bootstrap.put_before_plugin(filter);
        self
    }

    /// Lets Envoy itself answer sign-ins on the plugin's own path, once their bodies are there.
    #[must_use]
    pub fn answers_sign_ins(mut self, status: u16) -> Self {
        self.bootstrap.answer_sign_ins(status);
        self
    }

    /// Sets `allow_on_headers_stop_iteration`.
    #[must_use]
    pub fn headers_stop(mut self) -> Self {
        self.bootstrap.allow_headers_stop();
        self
    }

    /// Removes the buffer filter behind the plugin.
    #[must_use]
    pub fn without_buffer(mut self) -> Self {
        self.bootstrap.remove_buffer();
        self
    }

    /// Removes the edge hardening: raw paths and names with underscores reach the plugin.
    #[must_use]
    pub fn softened(mut self) -> Self {
        self.bootstrap.soften();
        self
    }

    /// Speaks HTTP/2 to the application.
    #[must_use]
    pub fn http2_application(mut self) -> Self {
        self.bootstrap.send_http2();
        self
    }

    /// Looks for the application at another port of loopback.
    #[must_use]
    pub fn application_at(mut self, port: u16) -> Self {
        self.bootstrap.send_to(port);
        self
    }

    /// Lets Envoy itself answer at one path.
    #[must_use]
    pub fn direct_response(mut self, path: &str, status: u16) -> Self {
        self.bootstrap.answer_directly(path, status);
        self
    }

    /// Routes CONNECT to the application.
    #[must_use]
    pub fn connect(mut self) -> Self {
        self.bootstrap.allow_connect();
        self
    }

    /// Reads the listener from a file of its own, so that [`super::Envoy::reload`] can change it.
    #[must_use]
    pub const fn reloads(mut self) -> Self {
        self.reloads = true;
        self
    }

    /// These environment variables for the plugin, in place of those that the bootstrap lists.
    #[must_use]
    pub fn variables<'a>(mut self, variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut names = Vec::new();
        for (name, value) in variables {
            self = self.variable(name, value);
            names.push(name);
        }
        self.bootstrap.hand_over(&names);
        self
    }

    /// Other paths of the application's sign-in and of the plugin's own, as an operator writes them into the routes.
    #[must_use]
    pub fn sign_in_at(mut self, applications: &[String], plugins: &[String], apis: &[String]) -> Self {
        self.bootstrap.sign_in_at(applications, plugins, apis);
        self
    }

    /// Lets Envoy itself give the application's answers, as local replies.
    #[must_use]
    pub fn answers_itself(mut self) -> Self {
        self.bootstrap.answer_itself();
        self
    }
}

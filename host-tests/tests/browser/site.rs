//! The passkey application and a gate before it, both as people have them, with a service desk that issues codes.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tapgate_example_app::gate::Gate;
use tapgate_host_tests::desk::{Desk, ISSUER};
use tapgate_host_tests::envoy::{self, Envoy};
use tapgate_host_tests::keys::{Key, Keys};
use tapgate_host_tests::log::Log;
use tapgate_host_tests::node::{Said, Script};
use tapgate_host_tests::secrets::Secrets;
use tapgate_host_tests::serve::{self, Serve};
use tapgate_host_tests::{clock, workspace};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What plays the flows.
const SCRIPT: &str = "browser/main.cjs";

/// A gate.
enum Proxy {
    Envoy(Envoy),
    Serve(Serve),
}

/// Which one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Envoy,
    Serve,
}

/// All that a browser needs on the other side.
pub(crate) struct Site {
    // Stopped before what it stands on.
    proxy: Proxy,
    keys: Keys,
    desk: Desk,
    secrets: Secrets,
    application: JoinHandle<std::io::Result<()>>,
    /// What the application and the browser write goes with it.
    folder: TempDir,
}

impl Site {
    /// Starts it with new random keys, by the application's own policy with `then` in place of its `registration.then`.
    pub(crate) async fn start(kind: Kind, then: &str) -> Self {
        let (keys, secrets) = (Keys::random(), Secrets::default());
        keys.each().flat_map(Key::spellings).for_each(|spelling| secrets.note(spelling));
        let desk = Desk::new(&secrets);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let proxy = proxy(kind, address, &keys, &desk, &policy(then)).await;
        let (at, born) = match &proxy {
            Proxy::Envoy(envoy) => (envoy.address(), envoy.born()),
            Proxy::Serve(serve) => (serve.address(), serve.born()),
        };
        // A one-time pass that begins before the ledger could have been used before it.
        clock::reach(born + 1).await;
        let folder = tempfile::tempdir().expect("a folder");
        let trust = Gate::new("https://gate.example.com", "gate.example.com", &[("up-1", &keys.upstream.base64())])
            .expect("keys that fit");
        let site = tapgate_passkey_app::Site {
            origins: vec![origin(at)],
            relying_party: "localhost".to_owned(),
            name: "Contoso".to_owned(),
            base_path: "/.tap".to_owned(),
        };
        let database = folder.path().join("passkeys.sqlite");
        let application =
            tapgate_passkey_app::application(trust.of_tenant("contoso"), site, &database).expect("an application");
        let application = tokio::spawn(async move { axum::serve(listener, application).await });
        Self { proxy, keys, desk, secrets, application, folder }
    }

    /// Has people do what the named flows say, in Chromium. Before Envoy pages are looked at too, and pictures of them go to
    /// `target/screenshots`.
    pub(crate) async fn sees(&self, flows: &[&str]) -> Said {
        let token = self.desk.token(ISSUER);
        let script = match self.proxy {
            Proxy::Envoy(_) => {
                Script::new(SCRIPT, flows).variable("SCREENSHOTS", workspace::root().join("target/screenshots"))
            }
            Proxy::Serve(_) => Script::new(SCRIPT, flows),
        };
        let said = script
            .variable("HOME", self.folder.path())
            .variable("CHROMIUM", workspace::chromium())
            .variable("ORIGIN", origin(self.address()))
            .variable("TAPGATE_PASS_KEY", self.keys.pass.base64())
            .variable("TOKEN", token)
            .run()
            .await;
        said.gives.iter().for_each(|pass| self.secrets.note(pass));
        said
    }

    fn address(&self) -> SocketAddr {
        match &self.proxy {
            Proxy::Envoy(envoy) => envoy.address(),
            Proxy::Serve(serve) => serve.address(),
        }
    }

    /// Stops the gate, holds its log against the secrets, and gives it.
    pub(crate) fn stop(mut self) -> Log {
        let log = match &mut self.proxy {
            Proxy::Envoy(envoy) => envoy.stop(),
            Proxy::Serve(serve) => serve.stop(),
        };
        assert_eq!(self.secrets.found_in(log.text().as_bytes()), [""; 0], "secrets in the log");
        assert_eq!(log.accidents(), [""; 0], "accidents in the log");
        log
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.application.abort();
    }
}

/// Where a browser finds the gate: it takes `__Host-` cookies from `http://localhost`, and has passkeys there.
fn origin(address: SocketAddr) -> String {
    format!("http://localhost:{}", address.port())
}

/// The application's policy as JSON, with a desk, somebody to ask and a colour.
fn policy(then: &str) -> String {
    let text = std::fs::read_to_string(workspace::root().join("examples/passkey-app/policy.yaml")).expect("a policy");
    let mut policy: Value = serde_saphyr::from_str(&text).expect("YAML");
    policy["registration"]["then"] = json!(then);
    policy["pages"] = json!({
        "name": "Contoso",
        "contact": "help@contoso.example, +49 30 901820, https://help.contoso.example",
        "help": "The service desk is open from 7 to 19.",
        "colour": "#0b6e4f",
    });
    policy["keys"]["admin"] = json!([{"id": "admin-1", "env": "TAPGATE_ADMIN_KEY"}]);
    policy["admin"] = json!({"hosts": ["localhost"]});
    policy.to_string()
}

async fn proxy(kind: Kind, application: SocketAddr, keys: &Keys, desk: &Desk, policy: &str) -> Proxy {
    let (name, key) = desk.environment();
    match kind {
        Kind::Envoy => {
            let mut variables = keys.environment();
            variables.push((name.to_owned(), key));
            let variables = variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            let setup = envoy::Setup::new(application, keys).policy_text(policy).variables(variables);
            Proxy::Envoy(Envoy::start(&setup).await.unwrap_or_else(|refused| panic!("{refused}")))
        }
        Kind::Serve => {
            let setup = serve::Setup::new(application, keys).policy(policy).variable(name, &key);
            Proxy::Serve(Serve::start(&setup).await.unwrap_or_else(|refused| panic!("{refused}")))
        }
    }
}

//! What the story and the demo are played on: the example application, and a proxy with the gate before it, on loopback; or two,
//! with one ledger in etcd.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, io};

use serde_json::Value;
use tapgate_example_app::{application, gate};
use tapgate_passkey_app::Site;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::actor::Actor;
use super::script::Script;
use crate::client::{Browser, Protocol};
use crate::clock::{self, HANG};
use crate::envoy::{self, Bootstrap, Envoy};
use crate::etcd::Etcd;
use crate::keys::Keys;
use crate::log::{Log, Refused};
use crate::pass::Pass;
use crate::secrets::Secrets;
use crate::serve::{self, Serve};
use crate::workspace;

/// Workers of the demo's proxy: more than one, so that what one has seen the other must know.
const WORKERS: u32 = 2;

/// A proxy that the story can be played on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `tapgate serve`.
    Serve,
    /// Real Envoy.
    Envoy,
    /// Two real Envoys on three members of etcd: `examples/etcd`.
    Etcd,
}

/// The first gate, and the other one where there are two.
pub(super) const HERE: usize = 0;
pub(super) const THERE: usize = 1;

/// How many members etcd has: one of them may be gone.
const MEMBERS: usize = 3;

/// Where the example's ledger says that it has begun.
const BIRTH: &str = "/tapgate/ledger.1/contoso/birth";

/// What is behind the gates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Behind {
    /// `examples/app`, which the story is about.
    Example,
    /// `examples/passkey-app`, for a browser.
    Passkeys,
}

/// It runs.
enum Proxy {
    Serve(Serve),
    Envoy(Envoy),
}

impl Proxy {
    async fn serve(setup: serve::Setup, data: &Path, port: u16) -> Result<Self, Refused> {
        Serve::start(&setup.workers(WORKERS).data(data).port(port)).await.map(Self::Serve)
    }

    async fn envoy(setup: envoy::Setup, port: u16) -> Result<Self, Refused> {
        Envoy::start(&setup.workers(WORKERS).port(port)).await.map(Self::Envoy)
    }

    const fn address(&self) -> SocketAddr {
        match self {
            Self::Serve(serve) => serve.address(),
            Self::Envoy(envoy) => envoy.address(),
        }
    }

    const fn born(&self) -> i64 {
        match self {
            Self::Serve(serve) => serve.born(),
            Self::Envoy(envoy) => envoy.born(),
        }
    }
}

/// The application and the gates before it. Dropping it stops all of them.
pub struct Stage {
    // Stopped before what they stand on.
    gates: Vec<Proxy>,
    etcd: Option<Etcd>,
    /// What nothing that is written down may hold.
    pub secrets: Secrets,
    keys: Keys,
    application: JoinHandle<io::Result<()>>,
    /// Where the gate keeps its shared data, if on the disk, and where the application does.
    _folders: [TempDir; 2],
}

impl Stage {
    /// Starts all of it with new random keys; the gate listens on `port` and the second, if there is one, on the next, or both
    /// on free ones.
    ///
    /// # Errors
    /// If something cannot start.
    pub async fn set(kind: Kind, port: Option<u16>) -> Result<Self, Box<dyn std::error::Error>> {
        Self::before(Behind::Example, kind, port).await
    }

    /// The same before the passkey application and by its policy.
    ///
    /// # Errors
    /// If something cannot start.
    pub async fn with_passkeys(kind: Kind, port: Option<u16>) -> Result<Self, Box<dyn std::error::Error>> {
        Self::before(Behind::Passkeys, kind, port).await
    }

    async fn before(behind: Behind, kind: Kind, port: Option<u16>) -> Result<Self, Box<dyn std::error::Error>> {
        let keys = Keys::random();
        let secrets = Secrets::default();
        for spelling in keys.each().flat_map(crate::keys::Key::spellings) {
            secrets.note(spelling);
        }
        let trust =
            gate::Gate::new("https://gate.example.com", "gate.example.com", &[("up-1", &keys.upstream.base64())])?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let folders = [tempfile::tempdir()?, tempfile::tempdir()?];
        let first = port.unwrap_or(0);
        let (gates, etcd) = match kind {
            Kind::Serve => {
                let mut setup = serve::Setup::new(address, &keys);
                if behind == Behind::Passkeys {
                    setup = setup.policy(&passkey_policy(None)?);
                }
                (vec![Proxy::serve(setup, folders[0].path(), first).await?], None)
            }
            Kind::Envoy => {
                let mut setup = envoy::Setup::new(address, &keys);
                if behind == Behind::Passkeys {
                    setup = setup.policy_text(&passkey_policy(None)?);
                }
                (vec![Proxy::envoy(setup, first).await?], None)
            }
            Kind::Etcd => {
                let etcd = Etcd::start(MEMBERS).await;
                let ports: Vec<u16> = (0..MEMBERS).map(|member| etcd.address(member).port()).collect();
                let bootstrap = fs::read_to_string(workspace::root().join("examples/etcd/envoy.yaml"))?;
                let mut setup = envoy::Setup::new(address, &keys).rendered(&bootstrap).members(&ports);
                if behind == Behind::Passkeys {
                    setup = setup.policy_text(&passkey_policy(Some(&Bootstrap::read(&bootstrap)))?);
                }
                let second = port.map_or(0, |port| port.saturating_add(1));
                let gates = vec![Proxy::envoy(setup.clone(), first).await?, Proxy::envoy(setup, second).await?];
                (gates, Some(etcd))
            }
        };
        // The ledger begins with the proxy, or soon after it in etcd: a one-time pass that begins before it could have been
        // used before it.
        let born = match &etcd {
            Some(etcd) => born(etcd).await,
            None => gates[HERE].born(),
        };
        clock::reach(born.saturating_add(1)).await;
        // Passkeys are bound to the origins of pages, so it has to know where the gates came to listen. Requests wait till then.
        let application = match behind {
            Behind::Example => application(trust),
            Behind::Passkeys => {
                let origins = gates.iter().map(|gate| format!("http://localhost:{}", gate.address().port())).collect();
                let site = Site {
                    origins,
                    relying_party: "localhost".to_owned(),
                    name: "Contoso".to_owned(),
                    base_path: "/.tap".to_owned(),
                };
                let database = folders[1].path().join("passkeys.sqlite");
                tapgate_passkey_app::application(trust.of_tenant("contoso"), site, &database)?
            }
        };
        let application = tokio::spawn(async move { axum::serve(listener, application).await });
        Ok(Self { gates, etcd, secrets, keys, application, _folders: folders })
    }

    /// How many workers a gate has.
    #[must_use]
    pub fn workers(&self) -> u32 {
        match &self.gates[HERE] {
            Proxy::Serve(serve) => serve.workers(),
            Proxy::Envoy(envoy) => envoy.workers(),
        }
    }

    /// What each gate has written so far.
    #[must_use]
    pub fn logs(&self) -> Vec<Log> {
        let log = |gate: &Proxy| match gate {
            Proxy::Serve(serve) => serve.log(),
            Proxy::Envoy(envoy) => envoy.log(),
        };
        self.gates.iter().map(log).collect()
    }

    /// Where each gate is, as a browser's address bar has it: browsers take `__Host-` cookies from `http://localhost`.
    #[must_use]
    pub fn origins(&self) -> Vec<String> {
        (0..self.gates.len()).map(|gate| format!("http://{}", self.authority(gate))).collect()
    }

    /// The processes of etcd's members that run.
    #[must_use]
    pub fn members(&self) -> Vec<u32> {
        self.etcd.iter().flat_map(|etcd| (0..MEMBERS).filter_map(|member| etcd.process(member))).collect()
    }

    /// A multi-use pass for `user`, for an hour from now; to be altered and minted.
    #[must_use]
    pub fn pass(&self, user: &str) -> Pass {
        Pass::new(&self.keys, user)
    }

    /// A new browser at the first gate, without cookies.
    #[must_use]
    pub fn visitor(&self) -> Browser {
        self.browser(HERE)
    }

    /// The etcd that the gates stand on.
    pub(super) const fn etcd(&mut self) -> Option<&mut Etcd> {
        self.etcd.as_mut()
    }

    /// A new browser, without cookies, in the hands of `name`.
    pub(super) fn actor(&self, name: &'static str, script: &Script) -> Actor {
        Actor::new(name, self.browser(HERE), script)
    }

    /// A new browser at one of several gates, in the hands of somebody who comes again when told to.
    pub(super) fn patient(&self, name: &'static str, gate: usize, script: &Script) -> Actor {
        Actor::new(name, self.browser(gate), script).patient()
    }

    fn browser(&self, gate: usize) -> Browser {
        Browser::new(self.gates[gate].address(), Protocol::Http1, &self.authority(gate), &self.secrets)
    }

    fn authority(&self, gate: usize) -> String {
        format!("localhost:{}", self.gates[gate].address().port())
    }
}

/// The policy of the passkey application as JSON, with the ledger of a bootstrap in place of its own.
fn passkey_policy(ledger_of: Option<&Bootstrap>) -> Result<String, Box<dyn std::error::Error>> {
    let text = fs::read_to_string(workspace::root().join("examples/passkey-app/policy.yaml"))?;
    let mut policy: Value = serde_saphyr::from_str(&text)?;
    if let Some(bootstrap) = ledger_of {
        let mut theirs: Value = serde_json::from_str(&bootstrap.policy())?;
        policy["ledger"] = theirs["ledger"].take();
    }
    Ok(policy.to_string())
}

/// A second at which the ledger in etcd was already born: one of the gates begins it by itself.
async fn born(etcd: &Etcd) -> i64 {
    let asked = Instant::now();
    while !etcd.holds(0, BIRTH).await {
        assert!(asked.elapsed() < HANG, "no gate begins the ledger");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    clock::now()
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.application.abort();
    }
}

//! What the story and the demo are played on: the example application, and a proxy with the gate before it, on loopback.

use std::io;
use std::net::SocketAddr;
use std::path::Path;

use tapgate_example_app::{application, gate};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::actor::Actor;
use super::script::Script;
use crate::client::{Browser, Protocol};
use crate::clock;
use crate::envoy::{self, Envoy};
use crate::keys::Keys;
use crate::log::{Log, Refused};
use crate::pass::Pass;
use crate::secrets::Secrets;
use crate::serve::{self, Serve};

/// Workers of the demo's proxy: more than one, so that what one has seen the other must know.
const WORKERS: u32 = 2;

/// A proxy that the story can be played on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `tapgate serve`.
    Serve,
    /// Real Envoy.
    Envoy,
}

/// It runs.
enum Proxy {
    Serve(Serve),
    Envoy(Envoy),
}

impl Proxy {
    async fn start(
        kind: Kind,
        application: SocketAddr,
        keys: &Keys,
        data: &Path,
        port: Option<u16>,
    ) -> Result<Self, Refused> {
        let port = port.unwrap_or(0);
        match kind {
            Kind::Serve => {
                let setup = serve::Setup::new(application, keys).workers(WORKERS).data(data).port(port);
                Serve::start(&setup).await.map(Self::Serve)
            }
            Kind::Envoy => {
                let setup = envoy::Setup::new(application, keys).workers(WORKERS).port(port);
                Envoy::start(&setup).await.map(Self::Envoy)
            }
        }
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

/// The application and the gate before it. Dropping it stops both.
pub struct Stage {
    proxy: Proxy,
    /// What nothing that is written down may hold.
    pub secrets: Secrets,
    keys: Keys,
    application: JoinHandle<io::Result<()>>,
    /// Where the gate keeps its shared data, if on the disk.
    _data: TempDir,
}

impl Stage {
    /// Starts both with new random keys; the gate listens on `port`, or on a free one.
    ///
    /// # Errors
    /// If one of them cannot start.
    pub async fn set(kind: Kind, port: Option<u16>) -> Result<Self, Box<dyn std::error::Error>> {
        let keys = Keys::random();
        let secrets = Secrets::default();
        for spelling in keys.each().flat_map(crate::keys::Key::spellings) {
            secrets.note(spelling);
        }
        let trust =
            gate::Gate::new("https://gate.example.com", "gate.example.com", &[("up-1", &keys.upstream.base64())])?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let application = tokio::spawn(async move { axum::serve(listener, application(trust)).await });
        let data = tempfile::tempdir()?;
        let proxy = Proxy::start(kind, address, &keys, data.path(), port).await?;
        // The ledger begins with the proxy: a one-time pass that begins before it could have been used before it.
        clock::reach(proxy.born().saturating_add(1)).await;
        Ok(Self { proxy, secrets, keys, application, _data: data })
    }

    /// How many workers the gate has.
    #[must_use]
    pub const fn workers(&self) -> u32 {
        match &self.proxy {
            Proxy::Serve(serve) => serve.workers(),
            Proxy::Envoy(envoy) => envoy.workers(),
        }
    }

    /// What the proxy has written so far.
    #[must_use]
    pub fn log(&self) -> Log {
        match &self.proxy {
            Proxy::Serve(serve) => serve.log(),
            Proxy::Envoy(envoy) => envoy.log(),
        }
    }

    /// Where the gate is, as a browser's address bar has it: browsers take `__Host-` cookies from `http://localhost`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.authority())
    }

    /// A multi-use pass for `user`, for an hour from now; to be altered and minted.
    #[must_use]
    pub fn pass(&self, user: &str) -> Pass {
        Pass::new(&self.keys, user)
    }

    /// A new browser, without cookies, in the hands of `name`.
    pub(super) fn actor(&self, name: &'static str, script: &Script) -> Actor {
        let browser = Browser::new(self.address(), Protocol::Http1, &self.authority(), &self.secrets);
        Actor::new(name, browser, script)
    }

    fn address(&self) -> SocketAddr {
        self.proxy.address()
    }

    fn authority(&self) -> String {
        format!("localhost:{}", self.address().port())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.application.abort();
    }
}

//! What the story and the demo are played on: the example application, and Envoy with the gate before it, on loopback.

use std::io;
use std::net::SocketAddr;

use tapgate_example_app::{application, gate};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::actor::Actor;
use super::script::Script;
use crate::client::{Browser, Protocol};
use crate::clock;
use crate::envoy::{Envoy, Setup};
use crate::keys::Keys;
use crate::pass::Pass;
use crate::secrets::Secrets;

/// Worker threads of the demo's Envoy: more than one, so that what one has seen the other must know.
const WORKERS: u32 = 2;

/// The application and the gate before it. Dropping it stops both.
pub struct Stage {
    /// The proxy.
    pub envoy: Envoy,
    /// What nothing that is written down may hold.
    pub secrets: Secrets,
    keys: Keys,
    application: JoinHandle<io::Result<()>>,
}

impl Stage {
    /// Starts both with new random keys; the gate listens on `port`, or on a free one.
    ///
    /// # Errors
    /// If one of them cannot start.
    pub async fn set(port: Option<u16>) -> Result<Self, Box<dyn std::error::Error>> {
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
        let mut setup = Setup::new(address, &keys).workers(WORKERS);
        if let Some(port) = port {
            setup = setup.port(port);
        }
        let envoy = Envoy::start(&setup).await?;
        // The ledger lives in Envoy's memory: a one-time pass that begins before it could have been used before it.
        clock::reach(envoy.born().saturating_add(1)).await;
        Ok(Self { envoy, secrets, keys, application })
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
        self.envoy.address()
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

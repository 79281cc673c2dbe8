//! Two Envoys set up alike, for one ledger: each is killed and started again on its port as a test likes.

use std::net::SocketAddr;

use crate::client::{Browser, Protocol};
use crate::envoy::{Envoy, Setup};
use crate::gate::AUTHORITY;
use crate::log::Log;
use crate::ports;
use crate::secrets::Secrets;

/// How many there are.
pub const GATES: usize = 2;

/// The gates. Dropping them kills them.
pub struct Gates {
    gates: Vec<Gate>,
    secrets: Secrets,
}

struct Gate {
    setup: Setup,
    address: SocketAddr,
    envoy: Option<Envoy>,
}

impl Gates {
    /// Starts them.
    ///
    /// # Panics
    /// If one does not start.
    pub async fn start(setup: &Setup, secrets: &Secrets) -> Self {
        let mut gates = Vec::new();
        for address in ports::free(GATES) {
            gates.push(Gate { setup: setup.clone().port(address.port()), address, envoy: None });
        }
        let mut gates = Self { gates, secrets: secrets.clone() };
        for gate in 0..GATES {
            gates.restart(gate).await;
        }
        gates
    }

    /// Where they listen, whether they run or not.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.gates.iter().map(|gate| gate.address).collect()
    }

    /// The browser of this number: every other one goes to the other gate, and every other two speak the other HTTP.
    #[must_use]
    pub fn browser(&self, number: usize) -> Browser {
        let protocol = Protocol::BOTH[number / GATES % 2];
        Browser::new(self.gates[number % GATES].address, protocol, AUTHORITY, &self.secrets)
    }

    /// Kills a gate: it gets no chance to do anything any more. Gives what its log must not have.
    pub fn kill(&mut self, gate: usize) -> Vec<String> {
        let killed = self.gates[gate].envoy.take();
        killed.map(|envoy| self.faults(&envoy.kill())).unwrap_or_default()
    }

    /// Starts a gate that does not run, where it was.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn restart(&mut self, gate: usize) {
        let gate = &mut self.gates[gate];
        if gate.envoy.is_none() {
            let envoy = Envoy::start(&gate.setup).await.unwrap_or_else(|refused| panic!("{refused}"));
            assert_eq!(envoy.address(), gate.address);
            gate.envoy = Some(envoy);
        }
    }

    /// One of them, while it runs.
    ///
    /// # Panics
    /// If it does not.
    #[must_use]
    pub fn envoy(&self, gate: usize) -> &Envoy {
        self.gates[gate].envoy.as_ref().expect("a gate that runs")
    }

    /// Stops them, and gives what their logs must not have: secrets, and signs of an accident.
    #[must_use]
    pub fn stop(mut self) -> Vec<String> {
        let mut faults = Vec::new();
        for gate in 0..GATES {
            if let Some(mut envoy) = self.gates[gate].envoy.take() {
                faults.extend(self.faults(&envoy.stop()));
            }
        }
        faults
    }

    fn faults(&self, log: &Log) -> Vec<String> {
        let secrets = self.secrets.found_in(log.text().as_bytes());
        let secrets = secrets.into_iter().map(|line| format!("a secret in a gate's log: {line}"));
        secrets.chain(log.accidents().iter().map(|line| format!("an accident in a gate's log: {line}"))).collect()
    }
}

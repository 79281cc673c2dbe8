//! Where it storms: two Envoys with two workers each, three members of etcd behind a relay each, and what strikes them.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::json;

use super::fault::Fault;
use super::report::Broken;
use crate::clock::{self, HANG};
use crate::envoy::Setup;
use crate::etcd::Etcd;
use crate::gate::sign_in;
use crate::gates::{GATES, Gates};
use crate::keys::{Key, Keys};
use crate::pass::Pass;
use crate::policy::Policy;
use crate::relay::{Relay, Weather};
use crate::secrets::Secrets;
use crate::upstream::{Upstream, standard};

/// How many members the cluster has: one may be gone.
const MEMBERS: usize = 3;

/// How long a session is believed without being looked at, and how much longer while etcd is away, in seconds.
pub(super) const RECHECK: u64 = 1;
pub(super) const GRACE: u64 = 2;

/// How long somebody has to register, and how often the holder of a pass may sign in again.
pub(super) const WINDOW: Duration = Duration::from_secs(120);
const RETRIES: u8 = 10;

/// The longest that an answer takes in slow weather, in milliseconds: the gate waits for 500.
const SLOWEST: u64 = 800;

/// How many sign-ins in a row must go through each gate before all is called well.
const IN_A_ROW: usize = 3;

/// The gates and what they stand on.
pub(super) struct Site {
    gates: Gates,
    etcd: Etcd,
    relays: Vec<Relay>,
    _upstream: Upstream,
    pub(super) keys: Keys,
    pub(super) secrets: Secrets,
    /// What the logs of gates that were killed must not have had.
    faults: Vec<String>,
    /// When etcd could do nothing, as far as that is over.
    away: Vec<(Instant, Instant)>,
    away_since: Option<Instant>,
}

impl Site {
    pub(super) async fn start(seed: u64) -> Self {
        let etcd = Etcd::start(MEMBERS).await;
        let mut relays = Vec::new();
        for member in 0..MEMBERS {
            relays.push(Relay::to(etcd.address(member), seed.wrapping_add(1 << (member + 32))).await);
        }
        let (keys, secrets) = (Keys::random(), Secrets::default());
        for spelling in keys.each().flat_map(Key::spellings) {
            secrets.note(spelling);
        }
        let upstream = Upstream::start(standard(&keys, &secrets), &secrets).await;
        let ports: Vec<u16> = relays.iter().map(|relay| relay.address().port()).collect();
        let ledger = json!({"etcd": {"cluster": "etcd", "recheckInSeconds": RECHECK, "graceInSeconds": GRACE}});
        let policy = Policy::shipped()
            .with("/ledger", ledger)
            .with("/registration/windowInMinutes", WINDOW.as_secs() / 60)
            .with("/registration/retries", RETRIES);
        let setup = Setup::new(upstream.address(), &keys).policy(&policy).cluster("etcd", &ports);
        let gates = Gates::start(&setup, &secrets).await;
        let site = Self {
            gates,
            etcd,
            relays,
            _upstream: upstream,
            keys,
            secrets,
            faults: Vec::new(),
            away: Vec::new(),
            away_since: None,
        };
        // Whoever asks for a record finds the ledger born: its passes begin after that.
        site.all_is_well().await;
        clock::reach(clock::now() + 1).await;
        site
    }

    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        self.gates.addresses()
    }

    /// Has something go wrong.
    pub(super) async fn strike(&mut self, fault: Fault, chance: &mut fastrand::Rng) {
        match fault {
            Fault::MemberDies => {
                let leader = self.etcd.leader().await;
                let others = (0..self.etcd.size()).filter(|member| Some(*member) != leader);
                let member = chance.choice(others.collect::<Vec<_>>()).expect("members that do not lead");
                self.etcd.kill(member);
            }
            Fault::LeaderDies => {
                let leader = self.etcd.leader().await.unwrap_or_else(|| chance.usize(..self.etcd.size()));
                self.etcd.kill(leader);
            }
            Fault::MostMembersDie => {
                let survivor = chance.usize(..self.etcd.size());
                for member in (0..self.etcd.size()).filter(|member| *member != survivor) {
                    self.etcd.kill(member);
                }
                self.away_since = Some(Instant::now());
            }
            Fault::GateDies => {
                let gate = chance.usize(..GATES);
                self.faults.extend(self.gates.kill(gate));
                tokio::time::sleep(Duration::from_millis(chance.u64(..300))).await;
                self.gates.restart(gate).await;
            }
            Fault::Slow => self.turn(Weather::Slow(SLOWEST)).await,
            Fault::AnswersLost => self.turn(Weather::Loses(chance.u32(2..4))).await,
            Fault::AnswersCut => self.turn(Weather::Cuts(chance.u32(2..4))).await,
            Fault::CutOff => {
                self.turn(Weather::Away).await;
                self.away_since = Some(Instant::now());
            }
        }
    }

    async fn turn(&self, weather: Weather) {
        for relay in &self.relays {
            relay.turn(weather).await;
        }
    }

    /// Lets everything come back, without waiting for it.
    pub(super) fn mend(&mut self) {
        let now = Instant::now();
        self.away.extend(self.away_since.take().map(|since| (since, now)));
        for relay in &self.relays {
            relay.clear();
        }
        for member in 0..self.etcd.size() {
            self.etcd.restart(member);
        }
    }

    /// Waits until all is well again.
    pub(super) async fn calm(&mut self) {
        self.mend();
        self.away.clear();
        for member in 0..self.etcd.size() {
            self.etcd.answers(member).await;
        }
        self.all_is_well().await;
    }

    /// When etcd could do nothing, since all was last well.
    pub(super) fn away(&self) -> &[(Instant, Instant)] {
        &self.away
    }

    /// Waits until sign-ins go through both gates.
    async fn all_is_well(&self) {
        let began = Instant::now();
        for gate in 0..GATES {
            let pass = Pass::new(&self.keys, &format!("somebody-{}", fastrand::u64(..))).mint(&self.secrets);
            let mut row = 0;
            while row < IN_A_ROW {
                let status = sign_in(&mut self.gates.browser(gate), &pass).await.status;
                row = if status == 303 { row + 1 } else { 0 };
                assert!(began.elapsed() < HANG, "nobody is let in at gate {gate} though all should be well: {status}");
                if status == 503 {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    pub(super) fn take_faults(&mut self) -> Vec<Broken> {
        self.faults.drain(..).map(Broken).collect()
    }

    pub(super) fn stop(self) -> Vec<Broken> {
        self.gates.stop().into_iter().chain(self.faults).map(Broken).collect()
    }
}

//! Two Envoys in front of one application, and the etcd cluster that both keep their ledger in.

use std::time::Instant;

use serde_json::json;
use tapgate_host_tests::client::{Browser, Response};
use tapgate_host_tests::clock::{self, HANG};
use tapgate_host_tests::envoy::{Envoy, Setup};
use tapgate_host_tests::etcd::Etcd;
use tapgate_host_tests::gate::sign_in;
use tapgate_host_tests::gates::Gates;
use tapgate_host_tests::keys::Keys;
use tapgate_host_tests::pass::Pass;
use tapgate_host_tests::policy::Policy;
use tapgate_host_tests::secrets::Secrets;
use tapgate_host_tests::upstream::{Upstream, standard};

/// How many members the cluster has: one may be gone.
pub(crate) const MEMBERS: usize = 3;

/// How long a session is believed without being looked at, and how much longer while etcd is away, in seconds.
pub(crate) const RECHECK: i64 = 1;
pub(crate) const GRACE: i64 = 3;

/// What both gates go by.
pub(crate) fn policy() -> Policy {
    let rechecks = json!({"recheckInSeconds": RECHECK, "recheckRegisteredInSeconds": RECHECK, "graceInSeconds": GRACE});
    Policy::shipped().with("/ledger", json!({ "etcd": rechecks }))
}

/// The gates and what they stand on.
pub(crate) struct Site {
    gates: Gates,
    _upstream: Upstream,
    pub(crate) keys: Keys,
    pub(crate) secrets: Secrets,
}

impl Site {
    /// Starts two gates on a cluster that runs, and waits until each has begun or found the ledger.
    pub(crate) async fn on(etcd: &Etcd) -> Self {
        Self::by(&policy(), etcd).await
    }

    /// Likewise, by another policy.
    pub(crate) async fn by(policy: &Policy, etcd: &Etcd) -> Self {
        Self::with(policy, etcd, |setup| setup).await
    }

    /// Likewise, in an altered set-up.
    pub(crate) async fn with(policy: &Policy, etcd: &Etcd, alter: impl FnOnce(Setup) -> Setup) -> Self {
        let (keys, secrets) = (Keys::random(), Secrets::default());
        for spelling in keys.each().flat_map(tapgate_host_tests::keys::Key::spellings) {
            secrets.note(spelling);
        }
        let upstream = Upstream::start(standard(&keys, &secrets), &secrets).await;
        let ports: Vec<u16> = (0..MEMBERS).map(|member| etcd.address(member).port()).collect();
        let setup = Setup::new(upstream.address(), &keys).policy(policy).cluster("etcd", &ports);
        let gates = Gates::start(&alter(setup), &secrets).await;
        let site = Self { gates, _upstream: upstream, keys, secrets };
        // Whoever asks for a record finds the ledger born: its passes begin after that.
        let mut somebody = site.browser(0);
        let first = Pass::new(&site.keys, "somebody").mint(&site.secrets);
        assert_eq!(sign_in_at_last(&mut somebody, &first).await.status, 303);
        clock::reach(clock::now() + 1).await;
        site
    }

    /// The browser of this number: every other one goes to the other gate, and every other two speak the other HTTP.
    pub(crate) fn browser(&self, number: usize) -> Browser {
        self.gates.browser(number)
    }

    /// The gate of this number.
    pub(crate) fn envoy(&self, gate: usize) -> &Envoy {
        self.gates.envoy(gate)
    }

    /// Stops the gates; their logs hold no secret and tell of no accident.
    pub(crate) fn stop(self) {
        assert_eq!(self.gates.stop(), [""; 0]);
    }
}

/// Signs in as a person does on the plugin's page, who comes again as long as that is what the page says: on a busy machine
/// etcd may be slow.
///
/// # Panics
/// If it says so for a long time.
pub(crate) async fn sign_in_at_last(browser: &mut Browser, pass: &str) -> Response {
    let began = Instant::now();
    loop {
        let answer = sign_in(browser, pass).await;
        if answer.status != 503 {
            return answer;
        }
        assert!(began.elapsed() < HANG, "etcd does not come back");
    }
}

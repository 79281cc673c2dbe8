//! The module under real Envoy, its ledger in a real etcd: as cases are played under Envoy, with another place in the policy.

use std::sync::atomic::{AtomicUsize, Ordering};

use tapgate_cases::site::{Application, Exchange, Host, Sent, Setup, Site, Trouble};
use tapgate_core::ledger::RecordName;
use tapgate_core::ledger::etcd::Keyspace;
use tapgate_core::names::{Identity, TenantId};
use tapgate_core::time::UnixSeconds;
use tapgate_host_tests::envoy::Envoy;
use tapgate_host_tests::etcd::Etcd;

use crate::proxied::{ProxySite, runtime, trouble};

/// Each case's ledger lies under a prefix of its own.
static LEDGERS: AtomicUsize = AtomicUsize::new(0);

/// Runs cases in the module, under real Envoy, with the ledger in this etcd.
#[derive(Clone, Copy, Debug)]
pub(super) struct EnvoyOverEtcd<'a>(pub(super) &'a Etcd);

impl Host for EnvoyOverEtcd<'_> {
    fn name(&self) -> &'static str {
        "envoy"
    }

    fn start(&self, setup: &Setup) -> Result<Box<dyn Site>, Trouble> {
        let prefix = format!("/{}/", LEDGERS.fetch_add(1, Ordering::Relaxed));
        let setup = Setup { policy: in_etcd(&setup.policy, &prefix)?, ..setup.clone() };
        begin(self.0, &prefix, &setup)?;
        let inner = ProxySite::<Envoy>::over_etcd(&setup, self.0.address(0))?;
        Ok(Box::new(EtcdSite { inner, prefix }))
    }
}

/// A policy with its ledger in etcd: looked at once a second, and no longer believed after that.
pub(super) fn in_etcd(policy: &str, prefix: &str) -> Result<String, Trouble> {
    let mut policy: serde_json::Value = serde_json::from_str(policy).map_err(trouble("reading the policy"))?;
    policy["ledger"] = serde_json::json!({
        "etcd": {"cluster": "etcd", "prefix": prefix, "recheckInSeconds": 1, "recheckRegisteredInSeconds": 1, "graceInSeconds": 0},
    });
    Ok(policy.to_string())
}

/// The question that begins a policy's ledger when the setup says, which any gate could have asked then.
pub(super) fn birth(prefix: &str, setup: &Setup) -> Result<tapgate_core::ledger::etcd::Call, Trouble> {
    const BEGINNING: &str = "beginning the ledger";
    let policy: serde_json::Value = serde_json::from_str(&setup.policy).map_err(trouble(BEGINNING))?;
    let tenant = policy["tenant"].as_str().unwrap_or_default();
    let tenant: TenantId = tenant.parse().map_err(trouble(BEGINNING))?;
    let anybody: Identity = "anybody".parse().map_err(trouble(BEGINNING))?;
    let born = UnixSeconds::new(setup.born).ok_or_else(|| Trouble::new(BEGINNING, "no time"))?;
    Ok(Keyspace::of(prefix, &tenant).load(&RecordName::of(&tenant, &anybody), born).call())
}

fn begin(etcd: &Etcd, prefix: &str, setup: &Setup) -> Result<(), Trouble> {
    let call = birth(prefix, setup)?;
    let answer = runtime().block_on(etcd.client(0).post(call.path, call.body.to_vec(), None));
    let answer = answer.map_err(trouble("beginning the ledger"))?;
    if answer.status == 200 { Ok(()) } else { Err(Trouble::new("beginning the ledger", answer.text())) }
}

struct EtcdSite {
    inner: ProxySite<Envoy>,
    prefix: String,
}

impl Site for EtcdSite {
    fn load(&mut self, policy: &str) -> Result<(), Trouble> {
        self.inner.load(&in_etcd(policy, &self.prefix)?)
    }

    fn set_clock(&mut self, now: u64) -> Result<(), Trouble> {
        self.inner.set_clock(now)
    }

    fn restart(&mut self) -> Result<(), Trouble> {
        self.inner.restart()
    }

    fn exchange(&mut self, request: &Sent, application: Application<'_>) -> Result<Exchange, Trouble> {
        self.inner.exchange(request, application)
    }
}

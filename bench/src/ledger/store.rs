//! A ledger of one size with a gate on it, and the people who sign in there.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;
use tapgate_host_tests::client::{Browser, Protocol};
use tapgate_host_tests::clock::now;
use tapgate_host_tests::envoy::{Envoy, Setup};
use tapgate_host_tests::etcd::Etcd;
use tapgate_host_tests::gate::{AUTHORITY, SESSION, sign_in};
use tapgate_host_tests::keys::Keys;
use tapgate_host_tests::pass::Pass;
use tapgate_host_tests::policy::Policy;
use tapgate_host_tests::secrets::Secrets;

use super::fill::{fill, user};
use super::report::Sample;

/// The cluster's name, what Envoy counts of it, and where the ledger lies in it.
const CLUSTER: &str = "etcd";
const CALLS: &str = "cluster.etcd.upstream_rq_total";
const PREFIX: &str = "/tapgate/";

/// The tenant of the shipped policy.
const TENANT: &str = "contoso";

/// How long before now the first pass of a run was issued, in seconds: after all that stand in the ledger, and with room for
/// one a second later for every round.
const ISSUED_BEFORE: i64 = 500_000;

/// How long the gate has to be silent before what it asks beside requests counts as asked.
const SILENCE: Duration = Duration::from_millis(1_000);

/// The page of somebody who registers.
const PAGE: &str = "/register";

pub(super) struct Store {
    pub(super) size: u32,
    pub(super) samples: Vec<Sample>,
    // Stopped before what it stands on.
    envoy: Envoy,
    _etcd: Etcd,
    browser: Browser,
    keys: Keys,
    secrets: Secrets,
}

impl Store {
    pub(super) async fn start(application: SocketAddr, keys: &Keys, size: u32) -> Result<Self> {
        let etcd = Etcd::start(1).await;
        fill(&mut etcd.client(0), PREFIX, TENANT, size, now().unsigned_abs()).await?;
        let ledger = json!({"etcd": {"cluster": CLUSTER, "prefix": PREFIX, "recheckInSeconds": 60}});
        let policy = Policy::shipped().with("/ledger", ledger);
        let setup = Setup::new(application, keys).policy(&policy).cluster(CLUSTER, &[etcd.address(0).port()]);
        let envoy = Envoy::start(&setup.workers(1).ordinary_log()).await?;
        let secrets = Secrets::default();
        let browser = Browser::new(envoy.address(), Protocol::Http1, AUTHORITY, &secrets);
        let store = Self { size, samples: Vec::new(), envoy, _etcd: etcd, browser, keys: keys.clone(), secrets };
        // The ledger's birth and the first lease are asked for from a timer.
        let mut calls = store.calls().await;
        loop {
            tokio::time::sleep(SILENCE).await;
            let later = store.calls().await;
            if later == calls && later > 0 {
                return Ok(store);
            }
            calls = later;
        }
    }

    async fn calls(&self) -> u64 {
        self.envoy.stat(CALLS).await
    }

    /// Somebody who has a record signs in with a new pass, and opens a page.
    pub(super) async fn sample(&mut self, round: u32) -> Result<Sample> {
        let number = round.checked_rem(self.size).unwrap_or_default();
        let issued = now().saturating_sub(ISSUED_BEFORE).saturating_add(i64::from(round));
        let pass = Pass::new(&self.keys, &user(number)).claim("iat", issued).mint(&self.secrets);
        self.browser.jar.forget(SESSION);
        // The connection is there, and nobody is known on it.
        ensure!(self.browser.navigate("/.tap/sign-in").await.status == 200, "no page to sign in on");
        let before = self.calls().await;
        let began = Instant::now();
        let answer = sign_in(&mut self.browser, &pass).await;
        let sign_in = began.elapsed();
        ensure!(answer.status == 303, "a sign-in was answered with {answer:?}");
        let between = self.calls().await;
        let began = Instant::now();
        let answer = self.browser.navigate(PAGE).await;
        let page = began.elapsed();
        ensure!(answer.status == 200, "a page was answered with {answer:?}");
        let after = self.calls().await;
        Ok(Sample {
            sign_in,
            calls_of_sign_in: between.saturating_sub(before),
            page,
            calls_of_page: after.saturating_sub(between),
        })
    }
}

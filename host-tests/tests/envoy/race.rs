//! Many browsers, one one-time pass, several workers (B7.3): exactly one holder, every time.

use std::collections::BTreeMap;
use std::sync::Arc;

use tapgate_host_tests::client::Protocol;
use tapgate_host_tests::gate::{Gate, sign_in};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

/// All browsers have their connections, which Envoy spreads over its workers, before any of them signs in.
async fn race(gate: &Gate, pass: &str, browsers: usize) -> BTreeMap<u16, usize> {
    let start = Arc::new(Barrier::new(browsers));
    let mut racing = JoinSet::new();
    for number in 0..browsers {
        let mut browser = gate.browser_on(Protocol::BOTH[number % 2]);
        let (pass, start) = (pass.to_owned(), Arc::clone(&start));
        racing.spawn(async move {
            assert_eq!(browser.fetch("GET", "/hello").await.status, 200);
            start.wait().await;
            sign_in(&mut browser, &pass).await.status
        });
    }
    racing.join_all().await.into_iter().fold(BTreeMap::new(), |mut counts, status| {
        *counts.entry(status).or_default() += 1;
        counts
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_sixty_four_browsers_exactly_one_becomes_the_holder() {
    let gate = Gate::with(|setup| setup.workers(4)).await;
    for round in 0..100 {
        let pass = gate.one_time(&format!("user-{round}")).await.mint(&gate.secrets);
        let counts = race(&gate, &pass, 64).await;
        assert_eq!(counts, BTreeMap::from([(303, 1), (401, 63)]), "round {round}");
    }
    let audit = gate.envoy.log().audit();
    let done = audit.iter().filter(|event| event["event"] == "sign_in" && event["outcome"] == "done").count();
    assert_eq!(done, 100);
    // It was a race: every worker has had a part in it.
    let busy = gate.envoy.stats("listener.*worker_.*downstream_cx_total").await;
    assert_eq!(busy.values().filter(|connections| **connections > 0).count(), 4, "{busy:?}");
}

//! An employee on day one: from a link or a pass on paper to a passkey that works, without help, in Chromium.
//!
//! The people are in `host-tests/js/browser`, a file a flow; here is what they stand before. Where there is no Chromium these tests fail
//! and say what mends it.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets the unexpected must fail"
)]

mod site;

use site::{Kind, Site};

/// What everybody goes through, before every gate.
const FLOWS: &[&str] = &["deadline", "link", "typed", "retried", "second", "scanner", "pages"];

async fn played(kind: Kind) {
    let site = Site::start(kind, "signIn").await;
    let said = site.sees(FLOWS).await;
    for flow in FLOWS {
        assert!(said.checks.contains(&format!("the flow {flow}")), "{flow}: {said:?}");
    }
    let log = site.stop();
    let completed = log.audit().iter().filter(|event| event["event"] == "completion").count();
    assert_eq!(completed, 4, "by link, typed, retried, and the first of two browsers");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_get_to_a_passkey_behind_envoy() {
    played(Kind::Envoy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_get_to_a_passkey_behind_serve() {
    played(Kind::Serve).await;
}

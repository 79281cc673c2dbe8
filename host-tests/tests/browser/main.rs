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

/// Plays flows by a policy that goes on with `then`; so many people register.
async fn played(kind: Kind, then: &str, flows: &[&str], registered: usize) {
    let site = Site::start(kind, then).await;
    let said = site.sees(flows).await;
    for flow in flows {
        assert!(said.checks.contains(&format!("the flow {flow}")), "{flow}: {said:?}");
    }
    let log = site.stop();
    assert_eq!(log.audit().iter().filter(|event| event["event"] == "completion").count(), registered);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_get_to_a_passkey_behind_envoy() {
    played(Kind::Envoy, "signIn", FLOWS, 4).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_get_to_a_passkey_behind_serve() {
    played(Kind::Serve, "signIn", FLOWS, 4).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_go_on_without_signing_in_again_behind_envoy() {
    played(Kind::Envoy, "continue", &["continue"], 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_go_on_without_signing_in_again_behind_serve() {
    played(Kind::Serve, "continue", &["continue"], 1).await;
}

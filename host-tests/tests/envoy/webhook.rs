//! Events to a webhook through one of Envoy's clusters: signed, kept while it is down, and what is lost is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tapgate_host_tests::clock::HANG;
use tapgate_host_tests::gate::{Gate, sign_in};
use tapgate_host_tests::keys::Key;
use tapgate_host_tests::policy::Policy;
use tapgate_host_tests::secrets::Secrets;
use tapgate_host_tests::upstream::{Recorded, Reply, Upstream};

/// How many events may wait.
const MOST: usize = 20;

/// A gate, and who is told.
struct Site {
    gate: Gate,
    receiver: Upstream,
    is_down: Arc<AtomicBool>,
    key: Key,
}

impl Site {
    async fn start() -> Self {
        let is_down = Arc::new(AtomicBool::new(false));
        let answers = Arc::clone(&is_down);
        let handler = Arc::new(move |request: &Recorded| {
            let refuses = request.target != "/health" && answers.load(Ordering::SeqCst);
            Reply::status(if refuses { 503 } else { 200 })
        });
        let receiver = Upstream::start(handler, &Secrets::default()).await;
        let key = Key::random();
        let policy = Policy::shipped()
            .with(
                "/webhook",
                json!({"cluster": "hr", "authority": "hr.internal", "path": "/tapgate", "mostWaiting": MOST}),
            )
            .with("/keys/webhook", json!([{"id": "wh-1", "value": key.base64()}]));
        // One worker: each has a queue of its own.
        let gate =
            Gate::with(|setup| setup.workers(1).policy(&policy).cluster("hr", &[receiver.address().port()])).await;
        Self { gate, receiver, is_down, key }
    }

    /// Somebody presents nonsense, which is told.
    async fn refused(&self, times: usize) {
        for _ in 0..times {
            assert_eq!(sign_in(&mut self.gate.browser(), "x.y.z").await.status, 401);
        }
    }

    /// The events that were taken, once there are so many.
    async fn taken(&self, count: usize) -> Vec<Value> {
        let began = Instant::now();
        loop {
            let taken: Vec<Value> = self
                .receiver
                .requests()
                .iter()
                .filter(|request| request.target == "/tapgate" && request.complete)
                .map(|request| self.verified(request))
                .fold(Vec::new(), |mut once: Vec<Value>, event| {
                    // One that was refused is sent again, the same.
                    if once.last() != Some(&event) {
                        once.push(event);
                    }
                    once
                });
            if taken.len() >= count && !self.is_down.load(Ordering::SeqCst) {
                return taken;
            }
            assert!(began.elapsed() < HANG, "{} of {count} events came", taken.len());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn verified(&self, request: &Recorded) -> Value {
        let header = |name: &str| request.header(name).expect("a header");
        assert_eq!(
            (request.method.as_str(), header("content-type").as_str()),
            ("POST", "application/cloudevents+json; charset=utf-8")
        );
        let body = String::from_utf8(request.body.clone()).expect("text");
        let message = format!("{}.{}.{body}", header("webhook-id"), header("webhook-timestamp"));
        let signature = header("webhook-signature");
        let tag = STANDARD.decode(signature.strip_prefix("v1,").expect("version 1")).expect("base64");
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, self.key.bytes());
        ring::hmac::verify(&key, message.as_bytes(), &tag).expect("a signature that verifies");
        serde_json::from_str(&body).expect("JSON")
    }
}

#[tokio::test]
async fn a_webhook_that_is_down_for_a_while_loses_nothing_within_the_bound_and_is_told_how_much_past_it() {
    let site = Site::start().await;
    let mut browser = site.gate.browser();
    assert_eq!(sign_in(&mut browser, &site.gate.pass("alice").mint(&site.gate.secrets)).await.status, 303);
    let first = site.taken(1).await;
    assert_eq!((&first[0]["type"], &first[0]["subject"]), (&json!("tapgate.sign_in.done"), &json!("alice")));
    assert_eq!(first[0]["data"]["user"], "alice");

    site.is_down.store(true, Ordering::SeqCst);
    site.refused(5).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    site.is_down.store(false, Ordering::SeqCst);
    let taken = site.taken(6).await;
    assert_eq!(taken.len(), 6, "each of them, once");
    assert!(taken[1..].iter().all(|event| event["type"] == "tapgate.sign_in.refused"), "{taken:?}");

    site.is_down.store(true, Ordering::SeqCst);
    site.refused(MOST + 10).await;
    site.is_down.store(false, Ordering::SeqCst);
    // Refusals of strangers have half the room.
    let taken = site.taken(6 + MOST / 2 + 1).await;
    let lost = taken.last().expect("an event");
    assert_eq!((&lost["type"], &lost["data"]), (&json!("tapgate.events.lost"), &json!({"lost": 20})), "{taken:?}");
    let ids: std::collections::BTreeSet<_> = taken.iter().map(|event| event["id"].to_string()).collect();
    assert_eq!(ids.len(), taken.len());
    assert_eq!(site.gate.envoy.stats("webhook.lost").await.values().sum::<u64>(), 20);
    let log = site.gate.envoy.log();
    assert!(log.text().contains("the webhook of tenant contoso takes no events (status 503): they wait"));
}

#[tokio::test]
async fn a_cluster_that_is_not_there_holds_nobody_up() {
    let policy = Policy::shipped()
        .with("/webhook", json!({"cluster": "nowhere", "path": "/tapgate"}))
        .with("/keys/webhook", json!([{"id": "wh-1", "value": Key::random().base64()}]));
    let gate = Gate::with(|setup| setup.policy(&policy)).await;
    for _ in 0..3 {
        let pass = gate.pass("alice").mint(&gate.secrets);
        assert_eq!(sign_in(&mut gate.browser(), &pass).await.status, 303);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    assert!(gate.envoy.log().text().contains("takes no events (no answer)"));
}

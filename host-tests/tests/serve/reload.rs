//! Policies are loaded into a running gateway: nobody notices, and a bad one changes nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tapgate_host_tests::client::Protocol;
use tapgate_host_tests::pass::Pass;
use tapgate_host_tests::policy::Policy;
use tokio::task::JoinSet;

use crate::site::{Site, try_sign_in};

const VISITORS: usize = 6;
const RELOADS: u64 = 20;

/// A policy that differs from the shipped one in how long people have.
fn window(minutes: u64) -> String {
    Policy::shipped().with("/registration/windowInMinutes", minutes).text()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_is_dropped_while_policies_are_loaded() {
    let site = Arc::new(Site::new().await);
    let serve = Arc::new(site.start().await);
    let (on, answered) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
    let mut visitors = JoinSet::new();
    for number in 0..VISITORS {
        let (site, serve, on, answered) =
            (Arc::clone(&site), Arc::clone(&serve), Arc::clone(&on), Arc::clone(&answered));
        visitors.spawn(async move {
            let mut browser = site.browser(&serve, Protocol::BOTH[number % 2]);
            while on.load(Ordering::SeqCst) {
                let answer = browser.navigate("/hello").await;
                assert_eq!((answer.status, answer.text()), (200, "GET /hello".to_owned()));
                answered.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
    for number in 0..RELOADS {
        let before = answered.load(Ordering::SeqCst);
        serve.reload(&window(10 + number % 2)).await.unwrap_or_else(|refused| panic!("{refused}"));
        // Every policy has answered somebody.
        while answered.load(Ordering::SeqCst) < before + VISITORS {
            tokio::task::yield_now().await;
        }
    }
    on.store(false, Ordering::SeqCst);
    visitors.join_all().await;
    let serve = Arc::into_inner(serve).expect("the last one who has it");
    site.stop(serve);
}

#[tokio::test]
async fn the_new_policy_is_the_one_that_decides_and_sessions_go_on() {
    let site = Site::new().await;
    let serve = site.start().await;
    let mut alice = site.browser(&serve, Protocol::Http1);
    let answer = try_sign_in(&mut alice, &Pass::new(&site.keys, "alice@example.com").mint(&site.secrets)).await;
    assert_eq!(answer.expect("an answer").status, 303);
    serve.reload(&Policy::shipped().with("/registration/page", "/register/begin").text()).await.expect("taken");
    let answer = alice.navigate("/account").await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/register/begin".to_owned())));
    site.stop(serve);
}

#[tokio::test]
async fn a_bad_policy_is_told_and_the_former_one_stays() {
    let site = Site::new().await;
    let serve = site.start().await;
    for (user, bad, told) in [
        ("ann", window(100_000), "`registration.windowInMinutes`"),
        ("bob", "version: [1".to_owned(), "policy.yaml:1:"),
        (
            "cem",
            Policy::shipped().with("/ledger", serde_json::json!({"etcd": {"cluster": "etcd"}})).text(),
            "keeps ledgers in shared data only",
        ),
        ("dan", Policy::shipped().with("/keys/pass/0/env", "TAPGATE_MISSING").text(), "`keys.pass[0].env`"),
    ] {
        let refused = serve.reload(&bad).await.expect_err("a bad policy");
        assert!(refused.log.text().contains(told), "`{told}` is not in the log:\n{}", refused.log.text());
        let mut browser = site.browser(&serve, Protocol::Http1);
        let answer = try_sign_in(&mut browser, &Pass::new(&site.keys, user).mint(&site.secrets)).await;
        assert_eq!(answer.expect("an answer").status, 303, "after `{told}`");
    }
    serve.reload(&window(11)).await.expect("a good one is still taken");
    site.stop(serve);
}

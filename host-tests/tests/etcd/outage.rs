//! What people notice of the other gate, and of etcd being away: nothing, or that they are to come again.

use std::time::Duration;

use tapgate_host_tests::client::Browser;
use tapgate_host_tests::clock::{self, now};
use tapgate_host_tests::etcd::Etcd;
use tapgate_host_tests::gate::sign_in;
use tapgate_host_tests::pass::Pass;

use crate::site::{GRACE, MEMBERS, RECHECK, Site, sign_in_at_last};

/// Somebody who registers, at the gate of this number.
async fn registering(site: &Site, gate: usize, user: &str) -> Browser {
    let mut browser = site.browser(gate);
    let pass = Pass::new(&site.keys, user).mint(&site.secrets);
    assert_eq!(sign_in_at_last(&mut browser, &pass).await.status, 303);
    browser
}

/// The same person with the same cookies at the other gate.
fn elsewhere(site: &Site, gate: usize, browser: &Browser) -> Browser {
    let mut other = site.browser(gate);
    other.jar = browser.jar.clone();
    other
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_the_same_at_both_gates_and_over_at_both() {
    let etcd = Etcd::start(MEMBERS).await;
    let site = Site::on(&etcd).await;
    let mut here = registering(&site, 0, "alice").await;
    let mut there = elsewhere(&site, 1, &here);
    assert_eq!(there.navigate("/register").await.status, 200);
    // Signed out at one, over at the other once it has looked again: with the grace at the latest.
    assert_eq!(here.submit("/.tap/sign-out", &[]).await.status, 200);
    let out = now();
    while there.navigate("/register").await.status == 200 {
        assert!(now() <= out + RECHECK + GRACE + 1, "it goes on too long");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // Registered at one, a registered session at the other.
    let mut here = registering(&site, 0, "bob").await;
    assert_eq!(here.fetch("POST", "/register/finish").await.status, 200);
    let mut there = elsewhere(&site, 1, &here);
    assert_eq!(there.navigate("/account").await.status, here.navigate("/account").await.status);
    site.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_etcd_is_away_nobody_is_let_in_and_nobody_else_notices() {
    let mut etcd = Etcd::start(MEMBERS).await;
    let site = Site::on(&etcd).await;
    let seen = now();
    let mut alice = registering(&site, 0, "alice").await;
    let pass = Pass::new(&site.keys, "bob").once().mint(&site.secrets);
    for member in 0..MEMBERS {
        etcd.kill(member);
    }
    let gone = now();
    for gate in 0..2 {
        let answer = sign_in(&mut site.browser(gate), &pass).await;
        assert_eq!((answer.status, answer.header("retry-after").is_some()), (503, true));
        assert_eq!(site.browser(gate).navigate("/hello").await.status, 200);
    }
    let status = alice.navigate("/register").await.status;
    assert!(status == 200 || now() >= seen + RECHECK + GRACE, "her session was seen lately: {status}");
    clock::reach(gone + RECHECK + GRACE + 2).await;
    assert_eq!(alice.navigate("/register").await.status, 503);
    assert_eq!(site.browser(0).navigate("/hello").await.status, 200);
    for member in 0..MEMBERS {
        etcd.restart(member);
    }
    for member in 0..MEMBERS {
        etcd.answers(member).await;
    }
    // Nothing is restarted but etcd: the gates find it again by themselves, and what was there is still there.
    let mut bob = site.browser(0);
    assert_eq!(sign_in_at_last(&mut bob, &pass).await.status, 303);
    let mut status = 503;
    while status == 503 {
        status = alice.navigate("/register").await.status;
    }
    assert_eq!(status, 200);
    site.stop();
}

//! `revoke`: one compare-and-swap, whatever etcd answers to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tapgate_cli::Exit;

use super::Place;
use super::fake::{Fake, Reply, Store, key_of, reserved, standing};
use crate::forge::{self, CLAIMS, HEADER};
use crate::support::{KEY, NOW, OTHER_KEY, Outcome};

fn state(place: &Place, fake: &Fake, user: &str) -> String {
    let told = place.run(&["show", "--json", "--user", user], fake).succeeded().json();
    told["record"]["state"].as_str().unwrap_or("none").to_owned()
}

#[test]
fn all_passes_of_a_user_are_revoked() {
    let fake = Fake::with(Store::born(NOW - 500).holding("alice", &standing("p-1", NOW - 60)));
    let place = Place::new();
    let outcome = place.run(&["revoke", "--user", "ALICE"], &fake).succeeded();
    let outcome = outcome.says("revoked   all passes of alice").says("ended     the pass p-1, which stood");
    let outcome = outcome.says("ended     the session BwcHBwcHBwcHBwcHBwcHBw");
    // Two looks at the clock to load and swap, then one for the time that counts; rechecks of 2 s, a grace of 3 s, and 2 s of
    // rounding.
    let outcome = outcome.says("floor     2026-11-24T06:08:23Z").says("in use end by 2026-11-24T06:07:59Z, in 4 s");
    let outcome = outcome.says("for every session by 2026-11-24T06:08:02Z, in 7 s");
    let audit = outcome.stderr.lines().find_map(|line| line.strip_prefix("tapgate.audit ")).unwrap();
    let audit: serde_json::Value = serde_json::from_str(audit).unwrap();
    assert_eq!(
        (&audit["event"], &audit["user"], &audit["pass"]),
        (&"revocation".into(), &"alice".into(), &"p-1".into())
    );
    assert_eq!(state(&place, &fake, "alice"), "revoked");
    // Again, and for somebody who has never signed in: no harm, and nothing to end.
    for user in ["alice", "bob"] {
        place.run(&["revoke", "--user", user], &fake).succeeded().says("ended     no pass stood");
        assert_eq!(state(&place, &fake, user), "revoked");
    }
}

#[test]
fn a_ledger_that_has_not_begun_begins() {
    let fake = Fake::with(Store::default());
    let place = Place::new();
    place.run(&["revoke", "--user", "alice"], &fake).succeeded();
    assert_eq!(state(&place, &fake, "alice"), "revoked");
    place.run(&["show"], &fake).succeeded().says("born      2026-11-24T06:07:53Z");
}

#[test]
fn waiting_takes_until_the_time_that_is_told() {
    let fake = Fake::with(Store::born(NOW - 500));
    let outcome = Place::with("recheckInSeconds: 1, recheckRegisteredInSeconds: 1, graceInSeconds: 0")
        .run(&["revoke", "--wait", "--json", "--user", "alice"], &fake)
        .succeeded();
    let by = outcome.json()["obeyedBy"].as_str().unwrap().to_owned();
    assert!(outcome.stderr.contains(&format!("note: waiting until {by}, 2 s to go\n")), "{}", outcome.stderr);
    assert!(outcome.stderr.ends_with(&format!("note: every gateway obeys since {by}\n")), "{}", outcome.stderr);
}

/// The first swap is `done` or not, and answered so; everything else as etcd does.
fn swap_answered(done: bool, reply: fn() -> Reply) -> (Fake, Arc<AtomicU32>) {
    let swaps = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&swaps);
    let store = Store::born(NOW - 500).holding("alice", &standing("p-1", NOW - 60));
    let fake = Fake::doing(store, move |asked, store| {
        let is_swap = asked.body["success"][0]["request_put"].is_object();
        if is_swap && counted.fetch_add(1, Ordering::SeqCst) == 0 {
            if done {
                store.answer(asked);
            }
            return reply();
        }
        store.answer(asked)
    });
    (fake, swaps)
}

#[test]
fn a_swap_whose_answer_is_lost_is_looked_for() {
    let replies: [fn() -> Reply; 4] = [
        || Reply::HangUp,
        || Reply::Body(200, b"{}".to_vec()),
        || Reply::Body(503, b"upstream connect error".to_vec()),
        // `succeeded` is left out, as if the swap had been lost, and nothing is told of what stands instead.
        || Reply::Body(200, br#"{"header":{"revision":"9","member_id":"1"},"responses":[]}"#.to_vec()),
    ];
    for reply in replies {
        for done in [true, false] {
            let (fake, swaps) = swap_answered(done, reply);
            let place = Place::new();
            place.run(&["revoke", "--user", "alice"], &fake).succeeded().says("ended     the pass p-1, which stood");
            assert_eq!(swaps.load(Ordering::SeqCst), if done { 1 } else { 2 }, "done: {done}");
            assert_eq!(state(&place, &fake, "alice"), "revoked");
        }
    }
}

#[test]
fn a_swap_of_which_nobody_ever_knows_is_said_to_be_in_doubt() {
    let store = Store::born(NOW - 500);
    let lost = AtomicU32::new(0);
    let fake = Fake::doing(store, move |asked, store| {
        if asked.body["success"][0]["request_put"].is_object() {
            lost.fetch_add(1, Ordering::SeqCst);
        }
        if lost.load(Ordering::SeqCst) > 0 { Reply::HangUp } else { store.answer(asked) }
    });
    let outcome = Place::new().run(&["revoke", "--user", "alice"], &fake);
    outcome.failed(Exit::Failed, "nobody knows whether it was revoked");
}

#[test]
fn a_swap_that_etcd_does_not_allow_is_said() {
    let (fake, _) = swap_answered(false, || {
        Reply::Body(403, br#"{"error":"x","message":"etcdserver: permission denied","code":7}"#.to_vec())
    });
    Place::new().run(&["revoke", "--user", "alice"], &fake).failed(Exit::Key, "wants to know who asks");
}

#[test]
fn a_record_that_always_changes_ends_in_an_error() {
    let store = Store::born(NOW - 500).holding("alice", &standing("p-1", NOW - 60));
    let fake = Fake::doing(store, |asked, store| {
        if asked.body["success"][0]["request_put"].is_object() {
            *store = store.clone().holding("alice", &standing("p-1", NOW - 60));
        }
        store.answer(asked)
    });
    Place::new().run(&["revoke", "--user", "alice"], &fake).failed(Exit::Failed, "has changed each time");
}

#[test]
fn a_record_that_does_not_read_is_not_written_over() {
    let fake = Fake::with(Store::born(NOW - 500).with_bytes(&key_of("alice"), b"junk"));
    Place::new().run(&["revoke", "--user", "alice"], &fake).failed(Exit::Findings, "does not read");
}

fn by_pass(place: &Place, fake: &Fake, pass: &str) -> Outcome {
    place.command(&["revoke", "--pass", "-"], &[fake.url()]).env("TAPGATE_PASS_KEY", KEY).stdin(pass).run()
}

/// A pass of alice's, issued a minute ago.
fn pass(id: &str, issued: u64) -> String {
    forge::pass(HEADER, CLAIMS.replace("id-1", id).replace("\"iat\":1795500473", &format!("\"iat\":{issued}")))
}

const ALICE: &str = "alice@example.com";

#[test]
fn one_pass_is_revoked_and_a_newer_one_stands() {
    let place = Place::new();
    let fake = Fake::with(Store::born(NOW - 500).holding(ALICE, &reserved("p-2", NOW - 60)));
    // Older than what stands: it is refused already, and nothing changes.
    by_pass(&place, &fake, &pass("p-1", NOW - 61)).succeeded().says("was refused already (replaced)");
    assert_eq!(state(&place, &fake, ALICE), "reserved");
    by_pass(&place, &fake, &pass("other", NOW - 60)).succeeded().says("was refused already (replaced)");
    // The very one, as a link in a file.
    let file = place
        .scratch
        .file("pass.txt", &format!("https://gate.example.com/.tap/sign-in#pass={}\n", pass("p-2", NOW - 60)));
    let outcome = place.command(&["revoke", "--pass", &file], &[fake.url()]).env("TAPGATE_PASS_KEY", KEY).run();
    outcome.succeeded().says("revoked   the pass p-2 of alice@example.com").says("floor     2026-11-24T06:06:53Z");
    assert_eq!(state(&place, &fake, ALICE), "revoked");
    by_pass(&place, &fake, &pass("p-2", NOW - 60)).succeeded().says("was refused already (revoked)");
    // One that nobody has used yet.
    by_pass(&place, &fake, &pass("p-3", NOW)).succeeded().says("ended     no pass stood").says("2026-11-24T06:07:53Z");
}

#[test]
fn a_pass_that_is_not_authentic_revokes_nothing() {
    let place = Place::new();
    let fake = Fake::with(Store::born(NOW - 500).holding(ALICE, &standing("p-1", NOW - 60)));
    let good = pass("p-1", NOW - 60);
    let with = |key: &str| {
        place.command(&["revoke", "--pass", "-"], &[fake.url()]).env("TAPGATE_PASS_KEY", key).stdin(good.as_str()).run()
    };
    with(OTHER_KEY).failed(Exit::Findings, "(bad_signature)");
    let elsewhere = forge::pass(HEADER, CLAIMS.replace("gate.example.com\"", "evil.example.com\""));
    by_pass(&place, &fake, &elsewhere).failed(Exit::Findings, "(wrong_audience)");
    by_pass(&place, &fake, &pass("p-1", NOW + 3600)).failed(Exit::Findings, "in the future");
    by_pass(&place, &fake, "hello").failed(Exit::Findings, "(malformed)");
    by_pass(&place, &fake, "").failed(Exit::Unreadable, "empty");
    assert_eq!(state(&place, &fake, ALICE), "standing");
}

#[test]
fn no_pass_is_verified_by_a_key_that_everybody_knows() {
    // Without the key a stand-in would do for all else; a pass signed by that is nobody's.
    let place = Place::new();
    let fake = Fake::with(Store::born(NOW - 500));
    for value in [None, Some("")] {
        let mut command = place.command(&["revoke", "--pass", "-"], &[fake.url()]).stdin(pass("p-1", NOW));
        if let Some(value) = value {
            command = command.env("TAPGATE_PASS_KEY", value);
        }
        command.run().failed(Exit::Key, "`TAPGATE_PASS_KEY` is not set");
    }
}

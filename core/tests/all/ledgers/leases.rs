//! The law of leases: whatever hangs on one is outlived by it (7.2), and one serves a worker for an hour.

use proptest::prelude::*;
use serde_json::{Value, json};
use tapgate_core::ledger::etcd::{Answer, Grant, Keyspace, Lease, SHARED_FOR, SLACK};
use tapgate_core::ledger::{Complete, Event, PresentedPass, Record, Revoke, SignIn};
use tapgate_core::names::SessionId;
use tapgate_core::policy::{Policy, Then};
use tapgate_core::time::{Seconds, UnixSeconds};

use super::fake::{FakeEtcd, answer, body};
use super::{at, compiled, name, policy, record};
use crate::site;

fn granted(policy: &Policy, record: &Record, now: UnixSeconds, etcd: &mut FakeEtcd) -> Lease {
    let grant = Grant::new(policy, record, now);
    grant.read(answer(&etcd.post(&grant.call(), None))).unwrap()
}

/// A policy with its times drawn from all that the policy's bounds allow.
fn any_policy() -> impl Strategy<Value = Value> {
    // Either the pass or the session may be what keeps a record longest.
    let starts = prop_oneof![Just(0), 0_u32..=525_600];
    let lifetime = prop_oneof![Just(10), 10_u32..=43_200];
    (0_u32..=120, starts, lifetime, 10_u32..=1440, any::<bool>()).prop_map(
        |(skew, starts, lifetime, session, ends_with_pass)| {
            let mut document = site::policy();
            document["clockSkewInSeconds"] = json!(skew);
            document["signIn"]["startsWithinInMinutes"] = json!(starts);
            let passes = &mut document["temporaryAccessPass"];
            passes["minimumLifetimeInMinutes"] = json!(10);
            passes["defaultLifetimeInMinutes"] = json!(10);
            passes["maximumLifetimeInMinutes"] = json!(lifetime);
            document["session"] = json!({"maximumInMinutes": session, "endsWithPass": ends_with_pass});
            document
        },
    )
}

/// What this policy lets happen to a record at `now`: the pass issued as late and ending as late as it allows.
fn happens(policy: &Policy, kind: u8, before: Option<&Record>, now: UnixSeconds) -> Option<Record> {
    let issued = now.plus(policy.clock_skew);
    let session = SessionId::from_bytes([1; 16]);
    let longest_from_issue = policy.longest_from_issue();
    match kind {
        0 => {
            let start = issued.plus(policy.sign_in.starts_within);
            let end = start.plus(policy.passes.maximum_lifetime);
            let pass = PresentedPass { id: "p".parse().unwrap(), issued, start, end, once: true, typed: false };
            let window = policy.registration.window.into();
            SignIn { pass, session, holder: vec![[1; 32]], window, retries: 3, longest_from_issue }
                .apply(before, at(0), now)
                .write
                .record()
        }
        1 => {
            let registered_end = now.plus(policy.session.maximum);
            Complete { session, then: Then::Continue, registered_end }.apply(before, at(0), now).write.record()
        }
        _ => Revoke { skew: policy.clock_skew, longest_from_issue }.apply(before, at(0), now).write.record(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// A lease that was granted for one record serves every record that the policy has written within the hour, and lives
    /// until each of them no longer matters, with the slack to spare.
    #[test]
    fn a_lease_outlives_what_hangs_on_it(
        document in any_policy(),
        events in prop::collection::vec((0_u8..3, 0_u64..1200), 1..12),
    ) {
        let policy = compiled(&document);
        let mut etcd = FakeEtcd::new();
        // The lease is as long as the policy makes it, and not as the record that it is for.
        let short = Record { keep_until: at(10_000), ..record(1) };
        let lease = granted(&policy, &short, at(10_000), &mut etcd);
        let ends = at(10_000).get() + ttl(&policy, &short, at(10_000));
        let mut now = at(10_000);
        let mut standing = None;
        for (kind, later) in events {
            now = now.plus(Seconds::new(later));
            let Some(written) = happens(&policy, kind, standing.as_ref(), now) else { continue };
            let in_time = now < at(10_000).plus(SHARED_FOR);
            prop_assert_eq!(lease.serves(&written, now), in_time);
            if in_time {
                prop_assert!(written.keep_until.get() + SLACK.get() <= ends);
            }
            standing = Some(written);
        }
    }

    /// A lease granted for a record serves that record, however long another policy said that it be kept.
    #[test]
    fn a_lease_serves_the_record_that_it_is_for(document in any_policy(), keep in 0_u64..100_000_000) {
        let policy = compiled(&document);
        let record = Record { keep_until: at(keep), ..record(1) };
        let lease = granted(&policy, &record, at(10_000), &mut FakeEtcd::new());
        prop_assert!(lease.serves(&record, at(10_000)));
    }
}

fn ttl(policy: &Policy, record: &Record, now: UnixSeconds) -> u64 {
    let call = Grant::new(policy, record, now).call();
    let question: Value = serde_json::from_str(&body(&call)).unwrap();
    question["TTL"].as_str().unwrap().parse().unwrap()
}

#[test]
fn a_lease_serves_for_an_hour_and_outlives_by_an_hour() {
    let lease = granted(&policy(), &record(1), at(200), &mut FakeEtcd::new());
    let ends = at(200).plus(Seconds::new(ttl(&policy(), &record(1), at(200))));
    let kept = |until: UnixSeconds| Record { keep_until: until, ..record(1) };
    assert!(lease.serves(&kept(ends.minus(SLACK)), at(200)));
    assert!(!lease.serves(&kept(ends.minus(SLACK).plus(Seconds::new(1))), at(200)));
    assert!(lease.serves(&record(1), at(200 + 3599)) && !lease.serves(&record(1), at(200 + 3600)));
}

#[test]
fn a_record_that_no_lease_can_outlive_goes_without_one() {
    let for_ever = Record { keep_until: UnixSeconds::MAX, ..record(1) };
    assert_eq!(ttl(&policy(), &for_ever, at(0)), 9_000_000_000, "what etcd grants at most");
    let grant = Grant::new(&policy(), &for_ever, at(0));
    let longest = br#"{"header":{"revision":"2"},"ID":"7","TTL":"9000000000"}"#;
    let lease = grant.read(Answer { status: 200, body: longest }).unwrap();
    assert!(!lease.serves(&for_ever, at(0)));
    let keyspace = Keyspace::of("", &"contoso".parse().unwrap());
    let of = |record: &Record| body(&keyspace.swap(&name(1), at(1), None, record, Some(&lease)).call());
    assert!(!of(&for_ever).contains("lease") && of(&record(1)).contains(r#""lease":"7""#));
}

#[test]
fn a_record_stays_while_it_matters_and_goes_with_its_lease() {
    let (policy, mut etcd) = (policy(), FakeEtcd::new());
    let keyspace = Keyspace::of("/tapgate/", &policy.tenant);
    let load = keyspace.load(&name(1), at(200));
    etcd.post(&load.call(), None);
    let lease = granted(&policy, &record(1), at(200), &mut etcd);
    let swap = keyspace.swap(&name(1), at(200), None, &record(1), Some(&lease));
    etcd.post(&swap.call(), None);
    let began = etcd.clock;
    etcd.clock = began + record(1).keep_until.since(at(200)).get();
    assert!(load.read(answer(&etcd.post(&load.call(), None))).unwrap().record.is_some());
    etcd.clock = began + ttl(&policy, &record(1), at(200));
    let loaded = load.read(answer(&etcd.post(&load.call(), None))).unwrap();
    assert_eq!((loaded.birth, loaded.record), (at(200), None), "the birth never goes");
}

#[test]
fn a_shorter_lease_than_asked_for_is_none() {
    let grant = Grant::new(&policy(), &record(1), at(200));
    let asked = ttl(&policy(), &record(1), at(200));
    let read = |id: &str, ttl: u64, more: &str| {
        let body = format!(r#"{{"header":{{"revision":"2"}},"ID":"{id}","TTL":"{ttl}"{more}}}"#);
        grant.read(Answer { status: 200, body: body.as_bytes() }).is_ok()
    };
    assert!(read("7", asked, "") && read("7", asked + 1, ""));
    assert!(!read("7", asked - 1, "") && !read("0", asked, "") && !read("-7", asked, ""));
    assert!(!read("7", asked, r#","error":"no""#));
}

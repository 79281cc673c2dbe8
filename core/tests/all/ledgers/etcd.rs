//! What is etcd's own: one call each way, a race for a ledger's birth, a ledger deleted under a swap, leases and tokens that
//! end, calls that somebody repeats, and where things lie.

use tapgate_core::ledger::etcd::{Credentials, Failure, Grant, Keyspace, NoToken, SwapAnswer};
use tapgate_core::ledger::{Amendment, Ledger, Loaded, RecordName, SwapReply};

use super::fake::{FakeEtcd, answer};
use super::places::Etcd;
use super::{at, name, policy, put, record};

fn keyspace() -> Keyspace {
    Keyspace::of("/tapgate/", &"contoso".parse().unwrap())
}

#[test]
fn a_load_is_one_call_and_a_swap_is_another() {
    let mut etcd = FakeEtcd::new();
    let load = keyspace().load(&name(1), at(1));
    let loaded = load.read(answer(&etcd.post(&load.call(), None)));
    assert_eq!(loaded, Ok(Loaded::empty(at(1))));
    let swap = keyspace().swap(&name(1), at(1), None, &record(1), None);
    assert_eq!(swap.read(answer(&etcd.post(&swap.call(), None))), SwapAnswer::Swapped);
    let load = keyspace().load(&name(1), at(9));
    let loaded = load.read(answer(&etcd.post(&load.call(), None))).unwrap();
    assert_eq!((loaded.birth, loaded.record.unwrap().0), (at(1), record(1)));
    assert_eq!(etcd.calls, 3);
}

#[test]
fn looking_writes_nothing() {
    let mut etcd = FakeEtcd::new();
    let look = keyspace().look(&name(1));
    assert_eq!(look.read(answer(&etcd.post(&look.call(), None))), Ok(None), "it has not begun");
    assert_eq!((etcd.writing, etcd.keys()), (0, Vec::new()));
    let load = keyspace().load(&name(1), at(1));
    load.read(answer(&etcd.post(&load.call(), None))).unwrap();
    let swap = keyspace().swap(&name(1), at(1), None, &record(1), None);
    etcd.post(&swap.call(), None);
    let found = look.read(answer(&etcd.post(&look.call(), None))).unwrap().unwrap();
    assert_eq!((found.birth, found.record.unwrap().0), (at(1), record(1)));
    assert_eq!(etcd.writing, 2);
}

#[test]
fn whoever_loses_the_race_for_the_birth_reads_the_winners() {
    let mut etcd = FakeEtcd::new();
    let (first, second) = (keyspace().load(&name(1), at(5)), keyspace().load(&name(2), at(4)));
    let won = etcd.post(&first.call(), None);
    let lost = etcd.post(&second.call(), None);
    assert_eq!(first.read(answer(&won)).unwrap().birth, at(5));
    assert_eq!(second.read(answer(&lost)).unwrap().birth, at(5));
}

#[test]
fn a_lost_swap_brings_what_stands() {
    let mut etcd = FakeEtcd::new();
    let load = keyspace().load(&name(1), at(1));
    etcd.post(&load.call(), None);
    let (first, second) = (
        keyspace().swap(&name(1), at(1), None, &record(1), None),
        keyspace().swap(&name(1), at(1), None, &record(2), None),
    );
    etcd.post(&first.call(), None);
    let SwapAnswer::Lost(standing) = second.read(answer(&etcd.post(&second.call(), None))) else { panic!("lost") };
    assert_eq!(Ok(*standing), load.read(answer(&etcd.post(&load.call(), None))));
}

#[test]
fn a_swap_that_somebody_repeats_is_in_doubt_and_not_lost() {
    let mut etcd = FakeEtcd::new();
    let load = keyspace().load(&name(1), at(1));
    etcd.post(&load.call(), None);
    let swap = keyspace().swap(&name(1), at(1), None, &record(1), None);
    etcd.post(&swap.call(), None);
    // The proxy got no answer and sent it again: the answer is the second one's.
    assert_eq!(swap.read(answer(&etcd.post(&swap.call(), None))), SwapAnswer::Unknown);
}

#[test]
fn what_was_decided_by_a_deleted_ledger_is_not_written_into_the_next() {
    let mut etcd = FakeEtcd::new();
    let load = keyspace().load(&name(1), at(1));
    etcd.post(&load.call(), None);
    let swap = keyspace().swap(&name(1), at(1), None, &record(1), None);
    etcd.wipe();
    assert_eq!(swap.read(answer(&etcd.post(&swap.call(), None))), SwapAnswer::Unknown, "no ledger");
    let load = keyspace().load(&name(2), at(70));
    etcd.post(&load.call(), None);
    let SwapAnswer::Lost(next) = swap.read(answer(&etcd.post(&swap.call(), None))) else { panic!("lost") };
    assert_eq!(*next, Loaded::empty(at(70)));
    assert_eq!(etcd.keys(), ["/tapgate/ledger.1/contoso/birth"]);
}

#[test]
fn a_lease_that_has_ended_is_told_and_nothing_was_written() {
    let (policy, mut etcd) = (policy(), FakeEtcd::new());
    let load = keyspace().load(&name(1), at(1));
    etcd.post(&load.call(), None);
    let grant = Grant::new(&policy, &record(1), at(200));
    let lease = grant.read(answer(&etcd.post(&grant.call(), None))).unwrap();
    etcd.forget_leases();
    let swap = keyspace().swap(&name(1), at(1), None, &record(1), Some(&lease));
    let gone = swap.read(answer(&etcd.post(&swap.call(), None)));
    assert_eq!((&gone, gone.reply()), (&SwapAnswer::LeaseGone, SwapReply::Refused));
    assert_eq!(etcd.keys().len(), 1, "the birth alone");

    let mut worker = Etcd::new(etcd, "/tapgate/", None);
    worker.load(&policy, &name(1), at(200)).unwrap();
    worker.lease = Some(lease);
    assert_eq!(worker.swap(&policy, None, &put(name(1), &record(1)), at(200)), SwapReply::Swapped, "and asked again");
}

#[test]
fn a_token_that_has_ended_is_renewed() {
    let policy = policy();
    let mut etcd = FakeEtcd::new();
    etcd.user = Some(("tapgate", "s3cret"));
    let load = keyspace().load(&name(1), at(1));
    for token in [None, Some("old.1")] {
        assert_eq!(load.read(answer(&etcd.post(&load.call(), token))), Err(Failure::Unauthenticated));
        let swap = keyspace().swap(&name(1), at(1), None, &record(1), None);
        let refused = swap.read(answer(&etcd.post(&swap.call(), token)));
        assert_eq!((&refused, refused.reply()), (&SwapAnswer::Unauthenticated, SwapReply::Refused));
    }
    let grant = Grant::new(&policy, &record(1), at(1));
    assert_eq!(grant.read(answer(&etcd.post(&grant.call(), Some("old.1")))), Err(Failure::Unauthenticated));

    let credentials = Credentials::new("tapgate".to_owned(), "s3cret".to_owned().into()).ok();
    let mut worker = Etcd::new(etcd, "/tapgate/", credentials);
    worker.load(&policy, &name(1), at(1)).unwrap();
    worker.wire.forget_tokens();
    assert_eq!(worker.swap(&policy, None, &put(name(1), &record(1)), at(200)), SwapReply::Swapped);
    worker.wire.forget_tokens();
    assert_eq!(worker.load(&policy, &name(1), at(200)).unwrap().record.unwrap().0, record(1));
}

#[test]
fn a_wrong_password_is_told_from_a_cluster_that_is_down() {
    let mut etcd = FakeEtcd::new();
    etcd.user = Some(("tapgate", "s3cret"));
    let wrong = Credentials::new("tapgate".to_owned(), "secret".to_owned().into()).unwrap();
    assert_eq!(wrong.read(answer(&etcd.post(&wrong.call(), None))).err(), Some(NoToken::Refused));
    let down = (503, b"no healthy upstream".to_vec());
    assert_eq!(wrong.read(answer(&down)).err(), Some(NoToken::Unavailable));
}

#[test]
fn each_ledger_lies_apart() {
    let mut etcd = FakeEtcd::new();
    let names = |tenant: &str| RecordName::of(&tenant.parse().unwrap(), &"alice".parse().unwrap());
    for (prefix, tenant) in [("/tapgate/", "contoso"), ("/tapgate/", "fabrikam"), ("", "contoso"), ("/", "contoso")] {
        let keyspace = Keyspace::of(prefix, &tenant.parse().unwrap());
        let load = keyspace.load(&names(tenant), at(1));
        assert_eq!(load.read(answer(&etcd.post(&load.call(), None))).unwrap().record, None, "{prefix}{tenant}");
        let swap = keyspace.swap(&names(tenant), at(1), None, &record(1), None);
        assert_eq!(swap.read(answer(&etcd.post(&swap.call(), None))), SwapAnswer::Swapped, "{prefix}{tenant}");
    }
    let hex: String = names("contoso").as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let keys = etcd.keys();
    assert_eq!(keys.len(), 8);
    assert!(keys.contains(&format!("/tapgate/ledger.1/contoso/record/{hex}")), "{keys:?}");
    assert!(keys.iter().all(|key| !key.contains("alice")), "{keys:?}");
}

#[test]
fn a_swap_is_lost_where_another_amendment_stands_than_it_was_decided_by() {
    let mut etcd = FakeEtcd::new();
    let tenant = "contoso".parse().unwrap();
    etcd.post(&keyspace().load(&name(1), at(1)).call(), None);
    let mut version = None;
    for number in 1..=3 {
        let amendment = Amendment::new(vec![number]).unwrap();
        let amend = keyspace().amend(&tenant, at(1), version, &amendment);
        assert_eq!(amend.read(answer(&etcd.post(&amend.call(), None))), SwapAnswer::Swapped);
        let record_of = |user| keyspace().swap(&name(user), at(1), None, &record(1), None);
        let stale = record_of(number).amended_in(version);
        let lost = stale.read(answer(&etcd.post(&stale.call(), None)));
        let SwapAnswer::Lost(brought) = lost else { panic!("{lost:?}") };
        assert_eq!(
            (brought.amendment(), &brought.record),
            (Some(&amendment), &None),
            "and it brings the one that stands"
        );
        version = brought.amended_in();
        let again = record_of(number).amended_in(version);
        assert_eq!(again.read(answer(&etcd.post(&again.call(), None))), SwapAnswer::Swapped);
    }
    // Whoever is told that a swap was lost although all that it compares stands is told nonsense.
    let swap = keyspace().swap(&name(4), at(1), None, &record(1), None).amended_in(version);
    let told = keyspace().swap(&name(4), at(1), None, &record(1), None).amended_in(None);
    let told = etcd.post(&told.call(), None);
    assert_eq!(swap.read(answer(&told)), SwapAnswer::Unknown);
}

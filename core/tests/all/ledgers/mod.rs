//! What every ledger must be to the rules, wherever it lies: one contract, run for the memory, for a proxy's shared data and
//! for etcd; then what is etcd's own.

mod contract;
mod etcd;
mod fake;
mod goldens;
mod hostile;
mod leases;
mod places;
mod survey;

use proptest::prelude::*;
use tapgate_core::ledger::etcd::Credentials;
use tapgate_core::ledger::{Ledger, Memory};
use tapgate_core::policy::{Policy, compile};

pub(crate) use self::contract::{at, name, put, record};
use crate::site;
use contract::{LAWS, attempts, comes_to, holders, race};
use fake::FakeEtcd;
use places::{Etcd, SharedData};

pub(crate) fn policy() -> Policy {
    compiled(&site::policy())
}

/// One that may be amended.
fn amendable() -> Policy {
    compiled(&crate::admin::policy(&serde_json::json!({})))
}

pub(crate) fn compiled(document: &serde_json::Value) -> Policy {
    compile(document.to_string().as_bytes(), &|_| None).ok().and_then(|mut all| all.policies.pop()).expect("a policy")
}

/// Every ledger, with its name; each is born at 1 by its first load, the memory when it is made.
fn everywhere() -> [(&'static str, Box<dyn Ledger>); 4] {
    let mut guarded = FakeEtcd::new();
    guarded.user = Some(("tapgate", "s3cret"));
    let credentials = Credentials::new("tapgate".to_owned(), "s3cret".to_owned().into()).ok();
    [
        ("memory", Box::new(Memory::born(at(1)))),
        ("shared data", Box::new(SharedData::default())),
        ("etcd", Box::new(Etcd::new(FakeEtcd::new(), "/tapgate/", None))),
        ("etcd with users", Box::new(Etcd::new(guarded, "", credentials))),
    ]
}

#[test]
fn every_law_holds_everywhere() {
    for policy in [policy(), amendable()] {
        for (law, holds) in LAWS {
            for (place, mut ledger) in everywhere() {
                holds(&mut *ledger, &policy, &format!("{law}: {place}"));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Attempts come to the same in every ledger, and leave the same behind.
    #[test]
    fn every_ledger_is_the_same_to_the_rules((kinds, schedule) in attempts()) {
        let policy = policy();
        let [first, others @ ..] = everywhere().map(|(place, mut ledger)| (place, comes_to(&mut *ledger, &policy, &kinds, &schedule)));
        for (place, other) in &others {
            prop_assert_eq!(&first.1, other, "{}", place);
        }
    }

    /// A one-time pass has one holder in every ledger.
    #[test]
    fn a_one_time_pass_has_one_holder_everywhere(schedule in race()) {
        let policy = policy();
        for (place, mut ledger) in everywhere() {
            let held = holders(&mut *ledger, &policy, &schedule);
            prop_assert!(held <= 1, "{}: {}", place, held);
        }
    }
}

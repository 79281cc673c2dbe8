//! The contract that every ledger keeps, over a real etcd: the very laws of `core`'s tests, with calls that go over the wire.

#[expect(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "core's own test double, of which only a type is needed"
)]
#[path = "../../../core/tests/all/ledgers/fake.rs"]
mod fake;
#[path = "../../../core/tests/all/ledgers/contract.rs"]
mod laws;
#[path = "../../../core/tests/all/ledgers/places.rs"]
mod places;

use std::cell::RefCell;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::json;
use tapgate_core::ledger::Memory;
use tapgate_core::ledger::etcd::Call;
use tapgate_core::policy::compile;
use tapgate_host_tests::etcd::{self, Client};
use tapgate_host_tests::keys::Keys;
use tapgate_host_tests::policy::Policy;
use tokio::runtime::Runtime;

use self::fake::Sent;
use self::places::{Etcd, SharedData, Wire};

/// How many random sets of attempts are tried: each call is written to a disk.
const CASES: u32 = 100;

/// A member of a real etcd, asked as the plugin asks.
struct Real<'a> {
    runtime: &'a Runtime,
    client: &'a RefCell<Client>,
}

impl Wire for Real<'_> {
    fn post(&mut self, call: &Call, token: Option<&str>) -> Sent {
        let mut client = self.client.borrow_mut();
        let answer = self.runtime.block_on(client.post(call.path, call.body.to_vec(), token));
        let answer = answer.expect("etcd answers");
        (answer.status, answer.body)
    }
}

fn compiled(policy: &Policy) -> tapgate_core::policy::Policy {
    let environment = Keys::random().environment();
    let value = |name: &str| environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let compiled = compile(policy.text().as_bytes(), &value).ok();
    compiled.and_then(|mut all| all.policies.pop()).expect("the shipped policy")
}

#[test]
fn a_real_etcd_keeps_every_law_of_a_ledger() {
    let runtime = Runtime::new().expect("a runtime");
    let etcd = runtime.block_on(etcd::Etcd::start(1));
    let (policy, client) = (compiled(&Policy::shipped()), RefCell::new(etcd.client(0)));
    let amendable = compiled(&Policy::shipped().with("/admin/hosts", json!(["admin.example.com"])));
    // A ledger that has not begun, each under a prefix of its own.
    let ledgers = RefCell::new(0);
    let fresh = || {
        let number = ledgers.replace_with(|number| *number + 1);
        Etcd::new(Real { runtime: &runtime, client: &client }, &format!("/{number}/"), None)
    };
    for (law, holds) in laws::LAWS {
        holds(&mut fresh(), &policy, law);
        holds(&mut fresh(), &amendable, law);
    }
    // One for each law: a runner counts all cases that it has ever tried.
    let runner = || TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) });
    runner()
        .run(&laws::attempts(), |(kinds, schedule)| {
            let memory = laws::comes_to(&mut Memory::born(laws::at(1)), &policy, &kinds, &schedule);
            prop_assert_eq!(&memory, &laws::comes_to(&mut fresh(), &policy, &kinds, &schedule));
            prop_assert_eq!(&memory, &laws::comes_to(&mut SharedData::default(), &policy, &kinds, &schedule));
            Ok(())
        })
        .expect("etcd is the same to the rules as memory and shared data");
    runner()
        .run(&laws::race(), |schedule| {
            prop_assert!(laws::holders(&mut fresh(), &policy, &schedule) <= 1);
            Ok(())
        })
        .expect("a pass has one holder");
    println!(
        "{} laws, 2 of them for {CASES} random sets of attempts, over {} ledgers",
        laws::LAWS.len() + 2,
        ledgers.take()
    );
}

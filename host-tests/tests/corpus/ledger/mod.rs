//! What every ledger owes to people, wherever it lies: the laws of `ledger.cases.yaml`, as requests through the gate, in every
//! place that a ledger can have.

mod called;
mod real;

use tapgate_cases::native::Native;
use tapgate_cases::site::Host;
use tapgate_host_tests::etcd::Etcd;
use tapgate_host_tests::workspace;

use self::called::WasmtimeOverEtcd;
use self::real::EnvoyOverEtcd;
use crate::embedded::Wasmtime;
use crate::envoy::RealEnvoy;
use crate::hosts::{Entry, entry, played};
use crate::proxied::runtime;
use crate::serve::TapgateServe;

/// How many laws there are at least.
const AT_LEAST: usize = 13;

/// Plays every law in one place: whether each is kept, or how not.
fn in_place<H: Host + Copy>(laws: &Entry, host: H) -> Vec<Option<String>> {
    laws.cases.iter().map(|law| played(laws, law, host).failure).collect()
}

#[test]
fn every_ledger_keeps_every_law_wherever_it_lies() {
    let laws = entry(&workspace::root().join("cases/tests/corpus/ledger.cases.yaml"));
    let etcd = runtime().block_on(Etcd::start(1));
    let places = [
        ("the rules, memory", in_place(&laws, Native)),
        ("wasmtime host, sharedData", in_place(&laws, Wasmtime)),
        ("Envoy, sharedData", in_place(&laws, RealEnvoy)),
        ("serve, sharedData", in_place(&laws, TapgateServe)),
        ("wasmtime host, etcd (double)", in_place(&laws, WasmtimeOverEtcd)),
        ("Envoy, etcd", in_place(&laws, EnvoyOverEtcd(&etcd))),
    ];
    // `cargo xtask test envoy` shows this table.
    println!("| law | {} |", places.each_ref().map(|(place, _)| *place).join(" | "));
    println!("| --- |{}", " --- |".repeat(places.len()));
    for (number, law) in laws.cases.iter().enumerate() {
        let kept = places.each_ref().map(|(_, kept)| if kept[number].is_none() { "kept" } else { "BROKEN" });
        println!("| {} | {} |", law.name, kept.join(" | "));
    }
    let broken =
        places.iter().flat_map(|(place, kept)| kept.iter().flatten().map(move |how| format!("{place}: {how}")));
    assert_eq!(broken.collect::<Vec<_>>(), [""; 0]);
    assert!(laws.cases.len() >= AT_LEAST && laws.cases.iter().all(|law| law.not_on.is_empty()), "laws are left out");
}

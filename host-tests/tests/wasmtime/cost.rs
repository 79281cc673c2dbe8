//! What a request costs, in numbers that do not depend on the machine: a change that makes a path dearer shows here.
//!
//! The bounds are what was measured when they were last set, and a fifth more. Whoever has a reason to exceed one sets it
//! anew, and says why.

use tapgate_host::{CallReport, Exchange};
use tapgate_host_tests::pass::Pass;

use crate::gate::{Gate, navigation, ok, request, session};

/// The most that all callbacks of one request may cost together.
struct Bound {
    fuel: u64,
    host_calls: usize,
    /// Bytes that the host hands over.
    allocated: u64,
}

/// Holds what has happened since the last time against a bound.
fn within(gate: &Gate, what: &str, bound: &Bound) {
    let reports = gate.host.take_reports();
    let sum = |cost: fn(&CallReport) -> u64| reports.iter().map(cost).sum::<u64>();
    let (fuel, allocated) = (sum(|report| report.fuel), sum(|report| report.allocated));
    let host_calls: usize = reports.iter().map(|report| report.host_calls.len()).sum();
    let shown = format!("{what}: {fuel} units of fuel, {host_calls} host calls, {allocated} bytes");
    assert!(reports.iter().all(|report| report.trap.is_none()), "{shown}");
    assert!(fuel <= bound.fuel && host_calls <= bound.host_calls && allocated <= bound.allocated, "{shown}");
    // A bound that nothing comes near to tells nothing.
    assert!(fuel > bound.fuel / 2 && host_calls > bound.host_calls / 2, "{shown}: set the bound lower");
}

/// The second of two equal requests: the first also defines metrics, and asks when the ledger was born.
fn second(gate: &mut Gate, ask: impl Fn(&mut Gate) -> Exchange) -> Exchange {
    ask(gate);
    gate.host.take_reports();
    ask(gate)
}

#[test]
fn each_path_costs_what_it_did() {
    let mut gate = Gate::new();
    second(&mut gate, |gate| gate.exchange(0, request("GET", "/shop"), ok()));
    within(&gate, "anonymous", &Bound { fuel: 23_000, host_calls: 4, allocated: 150 });

    let passes = ["alice", "bob"].map(|user| Pass::new(&gate.keys, user).mint(&gate.secrets));
    gate.sign_in(0, &passes[0]);
    gate.host.take_reports();
    let signed_in = gate.sign_in(0, &passes[1]);
    within(&gate, "sign-in", &Bound { fuel: 337_000, host_calls: 20, allocated: 670 });

    let cookie = session(&signed_in).expect("a session");
    second(&mut gate, |gate| gate.exchange(0, navigation("/register", &cookie), ok()));
    within(&gate, "registering", &Bound { fuel: 276_000, host_calls: 21, allocated: 840 });

    second(&mut gate, |gate| gate.exchange(0, navigation("/shop", &cookie), ok()));
    within(&gate, "confined", &Bound { fuel: 183_000, host_calls: 7, allocated: 800 });
}

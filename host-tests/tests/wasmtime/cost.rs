//! What a request costs, in numbers that do not depend on the machine: a change that makes a path dearer shows here.
//!
//! Each number is what was measured when it was last set; a fifth more or less is an error. Whoever has a reason for another
//! one sets it anew, and says why.

use tapgate_host::{CallReport, Exchange};
use tapgate_host_tests::pass::Pass;

use crate::gate::{Gate, navigation, ok, request, session};

/// What all callbacks of one request cost together.
struct Cost {
    fuel: u64,
    host_calls: u64,
    /// Bytes that the host hands over.
    allocated: u64,
}

/// Holds what has happened since the last time against what it has cost before.
fn costs(gate: &Gate, what: &str, before: &Cost) {
    let reports = gate.host.take_reports();
    let sum = |cost: fn(&CallReport) -> u64| reports.iter().map(cost).sum::<u64>();
    let (fuel, allocated) = (sum(|report| report.fuel), sum(|report| report.allocated));
    let host_calls: usize = reports.iter().map(|report| report.host_calls.len()).sum();
    let shown = format!("{what}: {fuel} units of fuel, {host_calls} host calls, {allocated} bytes");
    assert!(reports.iter().all(|report| report.trap.is_none()), "{shown}");
    let near = |now: u64, before: u64| now.abs_diff(before) * 5 <= before;
    assert!(near(fuel, before.fuel), "{shown}, before {}", before.fuel);
    assert!(near(allocated, before.allocated), "{shown}, before {}", before.allocated);
    assert!(near(host_calls as u64, before.host_calls), "{shown}, before {}", before.host_calls);
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
    costs(&gate, "anonymous", &Cost { fuel: 19_100, host_calls: 4, allocated: 126 });

    let passes = ["alice", "bob"].map(|user| Pass::new(&gate.keys, user).mint(&gate.secrets));
    gate.sign_in(0, &passes[0]);
    gate.host.take_reports();
    let signed_in = gate.sign_in(0, &passes[1]);
    costs(&gate, "sign-in", &Cost { fuel: 280_800, host_calls: 17, allocated: 561 });

    let cookie = session(&signed_in).expect("a session");
    second(&mut gate, |gate| gate.exchange(0, navigation("/register", &cookie), ok()));
    costs(&gate, "registering", &Cost { fuel: 230_100, host_calls: 18, allocated: 703 });

    second(&mut gate, |gate| gate.exchange(0, navigation("/shop", &cookie), ok()));
    costs(&gate, "confined", &Cost { fuel: 152_700, host_calls: 6, allocated: 663 });
}

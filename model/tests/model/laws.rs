//! Every state of every scenario keeps every law.

use tapgate_model::check::{exhaust, find};
use tapgate_model::laws::Law;
use tapgate_model::scenario::Scenario;

fn check(scenario: &Scenario) {
    let (name, sights) = (scenario.name, scenario.sights.clone());
    let report = exhaust(scenario.clone());
    println!("{name}: {} states, {} steps, at most {} in a row", report.states, report.steps, report.depth);
    for law in &report.broken {
        println!("{name}: `{}` is broken by\n  {}", law.name(), find(scenario, None, *law).trace.join("\n  "));
    }
    assert_eq!(report.broken, [], "{name}");
    let missed: Vec<_> = sights.iter().filter(|sight| !report.seen.contains(sight)).collect();
    assert!(missed.is_empty(), "{name} never shows {missed:?}");
}

#[test]
fn losses() {
    check(&Scenario::losses());
}

#[test]
fn losses_without_retries() {
    check(&Scenario::no_retries());
}

#[test]
fn completion() {
    check(&Scenario::completion());
}

#[test]
fn patience() {
    check(&Scenario::patience());
}

#[test]
fn replacement() {
    check(&Scenario::replacement());
}

#[test]
fn revocation() {
    check(&Scenario::revocation());
}

#[test]
fn deadlines() {
    check(&Scenario::deadlines());
}

#[test]
fn clocks() {
    check(&Scenario::clocks());
}

#[test]
fn a_multi_use_pass() {
    check(&Scenario::many());
}

#[test]
fn a_multi_use_pass_is_replaced() {
    check(&Scenario::succession());
}

#[test]
fn twins() {
    check(&Scenario::twins());
}

#[test]
fn restarts() {
    check(&Scenario::restarts());
}

#[test]
fn laws_have_names_of_their_own() {
    let names: std::collections::BTreeSet<_> = Law::ALL.iter().map(|law| law.name()).collect();
    assert_eq!(names.len(), Law::ALL.len());
}

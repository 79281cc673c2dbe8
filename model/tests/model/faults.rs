//! Each fault is found, by the law that it breaks; and each law is broken by a fault.

use std::collections::BTreeSet;

use tapgate_model::check::find;
use tapgate_model::fault::Fault;
use tapgate_model::laws::Law;

#[test]
fn every_fault_breaks_its_law() {
    for (fault, law, scenario) in Fault::ALL {
        let scenario = scenario();
        let found = find(&scenario, Some(*fault), *law);
        assert!(!found.trace.is_empty(), "{fault:?} never breaks `{}` in `{}`: {found:?}", law.name(), scenario.name);
        println!("{fault:?} breaks `{}` in {} steps (`{}`)", law.name(), found.trace.len(), scenario.name);
    }
}

#[test]
fn no_law_is_idle() {
    let broken: BTreeSet<_> = Fault::ALL.iter().map(|(_, law, _)| law.name()).collect();
    let idle: Vec<_> = Law::ALL.iter().map(|law| law.name()).filter(|name| !broken.contains(name)).collect();
    assert!(idle.is_empty(), "no fault breaks {idle:?}");
}

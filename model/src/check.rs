//! The search: every state of a scenario, by stateright's breadth-first checker.

use std::collections::BTreeSet;

use stateright::{Checker as _, HasDiscoveries, Model, Property};

use crate::fault::Fault;
use crate::laws::Law;
use crate::scenario::Scenario;
use crate::sight::Sight;
use crate::state::State;
use crate::step::{Bounded, Step};

/// What a search found.
#[derive(Clone, Debug)]
pub struct Report {
    /// How many states there are.
    pub states: usize,
    /// How many steps lead from one to another.
    pub steps: usize,
    /// The most steps that any of them is away from the first, plus one.
    pub depth: usize,
    /// The laws that some state breaks.
    pub broken: Vec<Law>,
    /// What was seen.
    pub seen: Vec<Sight>,
    /// The way to a state that breaks a law, a line a step, if one was looked for.
    pub trace: Vec<String>,
}

impl Model for Bounded {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        State::first(&self.scenario)
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        self.steps(state, steps);
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        Some(self.after(state, step))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        macro_rules! always {
            ($($law:ident)*) => {
                [$(Property::always(Law::$law.name(), |bounded, state| Law::$law.holds(bounded, state))),*]
            };
        }
        macro_rules! sometimes {
            ($($sight:ident)*) => {
                [$(Property::sometimes(Sight::$sight.name(), |bounded: &Self, state| {
                    Sight::$sight.seen(&bounded.scenario, state)
                })),*]
            };
        }
        let laws = always![
            OneHolder OneSession ToldIsRecorded OnceIsOnce NotAfterConsumption NotAfterReplacement NotAfterRevocation
            NotAfterTheEnd NotAfterSignOut CompletesOnce BoundedRetries HolderComesBack NewPassWorks EveryRunEnds
        ];
        let sights = sometimes![
            OwnSwapFound SwapOutlivesItsRun LastTry HolderIsBack TwoBrowsers Consumed Replaced Revoked Ended GoesOn
            Forgotten
        ];
        let wanted = |sight: &Property<Self>| self.scenario.sights.iter().any(|wanted| wanted.name() == sight.name);
        laws.into_iter().chain(sights.into_iter().filter(wanted)).collect()
    }
}

/// Visits every state of a scenario.
#[must_use]
pub fn exhaust(scenario: Scenario) -> Report {
    report(Bounded { scenario, fault: None }, HasDiscoveries::AllFailures, usize::MAX, None)
}

/// Looks for the shortest way to a state of a scenario, with a fault if one is planted, that breaks a law.
#[must_use]
pub fn find(scenario: &Scenario, fault: Option<Fault>, law: Law) -> Report {
    let wanted = || HasDiscoveries::AllOf(BTreeSet::from([law.name()]));
    let search = |depth| report(Bounded { scenario: scenario.clone(), fault }, wanted(), depth, Some(law));
    // The checker goes on for a while after its first find and keeps the last one: so it is asked for shorter ones. It
    // counts the states of a way, one more than its steps, and leaves out those that are as long as it is told.
    let mut best = search(usize::MAX);
    while !best.trace.is_empty() {
        let shorter = search(best.trace.len() + 1);
        if shorter.trace.is_empty() {
            break;
        }
        best = shorter;
    }
    best
}

fn report(bounded: Bounded, until: HasDiscoveries, depth: usize, wanted: Option<Law>) -> Report {
    let search = bounded.checker().finish_when(until).target_max_depth(depth).spawn_bfs().join();
    let found = search.discoveries();
    let trace = wanted.and_then(|law| found.get(law.name())).map(|path| {
        let actions = path.clone().into_actions();
        actions.iter().map(|step| format!("{step:?}")).collect()
    });
    Report {
        states: search.unique_state_count(),
        steps: search.state_count(),
        depth: search.max_depth(),
        broken: Law::ALL.iter().copied().filter(|law| found.contains_key(law.name())).collect(),
        seen: Sight::ALL.iter().copied().filter(|sight| found.contains_key(sight.name())).collect(),
        trace: trace.unwrap_or_default(),
    }
}

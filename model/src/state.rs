//! A state of the whole: the store, what each request has come to, swaps under way, clocks, and what is left of the
//! bounds.
//!
//! A lost answer to a browser needs no state of its own: browsers may ask again at any time and need never use what they
//! were given, so a browser that ignores its answer is one whose answer was lost.

use std::sync::Arc;

use tapgate_core::ledger::{Loaded, Loading, Record, SignedIn, SwapReply, Swapping, Version};
use tapgate_core::time::UnixSeconds;

use crate::request::Happening;
use crate::scenario::{Budget, Scenario, at};
use crate::store::Store;
use crate::witness::Witness;

/// A state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The time, by the slowest clock that there may be. Every clock is at most the skew ahead of it.
    pub time: u64,
    /// How far each gateway's clock is ahead.
    pub ahead: Vec<u64>,
    /// The store.
    pub store: Store,
    /// What each request has come to.
    pub runs: Vec<Run>,
    /// Swaps on their way to the store, in no order.
    pub wire: Vec<Sent>,
    /// What may still go wrong.
    pub budget: Budget,
    /// An account of what has happened, by which the laws judge.
    pub witness: Witness,
}

/// What a request has come to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Run {
    /// Not made yet.
    Planned,
    /// A gateway is at it. Shared, as records are: a search copies states more than it does anything else.
    Under(Arc<Under>),
    /// A sign-in was granted.
    Granted(SignedIn),
    /// A completion was confirmed.
    Completed,
    /// Nothing more comes of it: refused, answered, or gone with its gateway.
    Over,
}

/// An attempt in a gateway's hands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Under {
    /// Which gateway.
    pub gateway: usize,
    /// How often it has asked for the record.
    pub loads: u8,
    /// What it waits for.
    pub phase: Phase,
}

/// What an attempt waits for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// For the store to read the record.
    Loading(Loading<Happening>),
    /// For what the store read to arrive.
    Loaded(Loading<Happening>, Box<Loaded>),
    /// For the store to swap, or for its reply to arrive.
    Swapping(Swapping<Happening>, Option<SwapReply>),
}

/// A swap on its way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sent {
    /// The request that it is for.
    pub request: usize,
    /// Whether its attempt still waits for the reply.
    pub awaited: bool,
    /// The version that must stand.
    pub expected: Option<Version>,
    /// What to write.
    pub record: Arc<Record>,
    /// When it was decided, by the slowest clock and by the gateway's.
    pub decided: (u64, UnixSeconds),
}

impl State {
    /// Where a scenario begins: nothing has been asked yet, and clocks are anywhere within the skew.
    #[must_use]
    pub fn first(scenario: &Scenario) -> Vec<Self> {
        let mut clocks = vec![Vec::new()];
        for _ in 0..scenario.gateways {
            clocks = clocks
                .iter()
                .flat_map(|before| (0..=scenario.skew).map(move |ahead| [before.as_slice(), &[ahead]].concat()))
                .collect();
        }
        clocks
            .into_iter()
            .map(|ahead| Self {
                time: scenario.begins,
                ahead,
                store: Store::born(at(0)),
                runs: vec![Run::Planned; scenario.requests.len()],
                wire: Vec::new(),
                budget: scenario.budget,
                witness: Witness::new(scenario),
            })
            .collect()
    }

    /// What a gateway's clock shows.
    #[must_use]
    pub fn clock(&self, gateway: usize) -> UnixSeconds {
        at(self.time + self.ahead[gateway])
    }

    /// What any clock within the skew may show now.
    pub fn clocks(&self, scenario: &Scenario) -> impl Iterator<Item = UnixSeconds> + use<> {
        (self.time..=self.time + scenario.skew).map(at)
    }

    /// The swap for which a request waits, if it has not reached the store.
    #[must_use]
    pub fn awaited(&self, request: usize) -> Option<usize> {
        self.wire.iter().position(|sent| sent.awaited && sent.request == request)
    }

    /// The same state in the form that stands for all that differ only in what cannot matter.
    ///
    /// Swaps that nobody waits for and that can never succeed are left out: a version never stands again. Swaps under way
    /// overtake each other. Gateways go by
    /// the order in which requests are at them: which of two is called the first makes no difference.
    #[must_use]
    pub fn canonical(mut self, scenario: &Scenario, blind: bool) -> Self {
        let store = &self.store;
        let may_land = |sent: &Sent| {
            sent.awaited || blind || store.stands(sent.expected) || (sent.expected.is_none() && scenario.forgets)
        };
        self.wire.retain(may_land);
        self.wire.sort_by_key(|sent| (sent.request, sent.expected, sent.decided, sent.awaited));
        let first = self.runs.iter().find_map(|run| match run {
            Run::Under(under) => Some(under.gateway),
            _ => None,
        });
        if self.ahead.len() == 2 && first.map_or(self.ahead[0] > self.ahead[1], |gateway| gateway == 1) {
            self.ahead.reverse();
            for run in &mut self.runs {
                if let Run::Under(under) = run {
                    let under = Arc::make_mut(under);
                    under.gateway = 1 - under.gateway;
                }
            }
        }
        self
    }

    /// A number that every step makes larger, and that the bounds of the scenario bound: so every run ends.
    #[must_use]
    pub fn progress(&self, scenario: &Scenario) -> u64 {
        let runs: u64 = self.runs.iter().map(Run::progress).sum();
        let spent = |of: fn(&Budget) -> u8| u64::from(of(&scenario.budget) - of(&self.budget));
        let faults = spent(|budget| budget.losses)
            + spent(|budget| budget.repeats)
            + spent(|budget| budget.crashes)
            + spent(|budget| budget.clock_steps)
            + spent(|budget| budget.restarts);
        // A swap that has arrived is one fewer on the wire.
        let arrived = 1000 - u64::try_from(self.wire.len()).unwrap_or(1000);
        self.time + runs + faults + arrived + self.store.changes()
    }
}

impl Run {
    /// A gateway that is at it, and waits for this.
    #[must_use]
    pub fn under(gateway: usize, loads: u8, phase: Phase) -> Self {
        Self::Under(Arc::new(Under { gateway, loads, phase }))
    }

    /// What it waits for, if a gateway is at it.
    #[must_use]
    pub fn phase(&self) -> Option<&Phase> {
        match self {
            Self::Under(under) => Some(&under.phase),
            _ => None,
        }
    }

    fn progress(&self) -> u64 {
        match self {
            Self::Planned => 0,
            Self::Under(under) => {
                let step = match &under.phase {
                    Phase::Loading(_) => 0,
                    Phase::Loaded(..) => 1,
                    // It puts a swap on the wire, which counts the other way.
                    Phase::Swapping(_, None) => 3,
                    Phase::Swapping(_, Some(_)) => 4,
                };
                u64::from(under.loads) * 8 + step
            }
            Self::Granted(_) | Self::Completed | Self::Over => 4000,
        }
    }
}

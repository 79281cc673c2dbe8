//! Sights: what a search must come across. A model that reaches too little keeps every law and shows nothing.

use tapgate_core::ledger::MOST_TRIES;

use crate::request::{Request, session};
use crate::scenario::Scenario;
use crate::state::{Phase, Run, State};

/// A state worth reaching.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sight {
    /// An attempt asks again, not knowing that its own swap stands.
    OwnSwapFound,
    /// A swap that can still succeed is under way, and nobody waits for it any more.
    SwapOutlivesItsRun,
    /// An attempt is at its last try.
    LastTry,
    /// A holder came back.
    HolderIsBack,
    /// Two browsers were let in by one pass.
    TwoBrowsers,
    /// A one-time pass was consumed.
    Consumed,
    /// A pass was replaced whose holder had been let in.
    Replaced,
    /// A pass was revoked whose holder had been let in.
    Revoked,
    /// A window ended that was never completed.
    Ended,
    /// A registered session goes on.
    GoesOn,
    /// A record was let go of, or lost.
    Forgotten,
}

impl Sight {
    /// Each of them.
    pub const ALL: &[Self] = &[
        Self::OwnSwapFound,
        Self::SwapOutlivesItsRun,
        Self::LastTry,
        Self::HolderIsBack,
        Self::TwoBrowsers,
        Self::Consumed,
        Self::Replaced,
        Self::Revoked,
        Self::Ended,
        Self::GoesOn,
        Self::Forgotten,
    ];

    /// Whether a state shows it.
    #[must_use]
    pub fn seen(self, scenario: &Scenario, state: &State) -> bool {
        let passes = &state.witness.passes;
        match self {
            Self::OwnSwapFound => state.runs.iter().enumerate().any(|(number, run)| {
                matches!(run.phase(), Some(Phase::Loading(_))) && state.store.writer() == Some(number)
            }),
            Self::SwapOutlivesItsRun => state
                .wire
                .iter()
                .any(|sent| matches!(state.runs[sent.request], Run::Over) && state.store.stands(sent.expected)),
            Self::LastTry => state.runs.iter().any(|run| matches!(run, Run::Under(under) if under.loads == MOST_TRIES)),
            Self::HolderIsBack => (0..passes.len()).any(|pass| scenario.passes[pass].once && passes[pass].taken > 1),
            Self::TwoBrowsers => passes.iter().any(|pass| pass.granted.count_ones() > 1),
            Self::Consumed => passes.iter().any(|pass| pass.consumed),
            Self::Replaced => passes.iter().any(|pass| pass.replaced && pass.granted != 0),
            Self::Revoked => passes.iter().any(|pass| pass.revoked && pass.granted != 0),
            Self::Ended => {
                passes.iter().any(|pass| !pass.consumed && pass.deadline.is_some_and(|end| state.time >= end.get()))
            }
            Self::GoesOn => state.runs.iter().enumerate().any(|(number, run)| {
                let Request::Complete { of, .. } = scenario.requests[number].what else { return false };
                let entry = state.store.record().and_then(|record| record.session(session(of), state.clock(0)));
                *run == Run::Completed && entry.is_some_and(|entry| entry.registered)
            }),
            Self::Forgotten => state.store.changes() > 0 && state.store.standing.is_none(),
        }
    }

    /// Its name in what is printed.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OwnSwapFound => "an attempt finds its own swap",
            Self::SwapOutlivesItsRun => "a swap outlives its run",
            Self::LastTry => "an attempt is at its last try",
            Self::HolderIsBack => "a holder comes back",
            Self::TwoBrowsers => "two browsers with one pass",
            Self::Consumed => "a pass is consumed",
            Self::Replaced => "a pass is replaced",
            Self::Revoked => "a pass is revoked",
            Self::Ended => "a window ends",
            Self::GoesOn => "a registered session goes on",
            Self::Forgotten => "a record is forgotten",
        }
    }
}

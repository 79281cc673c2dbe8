//! Carries a rule's step through with the ledger and the directory of its policy: at once where they are at hand, in as many turns as
//! it takes where one has to be called.

use std::sync::Arc;

use tapgate_core::context::Context;
use tapgate_core::ledger::{
    Ask, Ledger as _, Load, Loaded, Purpose, Put, RecordName, Step, Swap, SwapReply, Unavailable, Version,
};
use tapgate_core::policy::{Etcd, Policy};
use tapgate_core::time::UnixSeconds;

use crate::directory::{self, Question};
use crate::etcd::of;
use crate::etcd::talk::{Began, Outcome, Talk, Turn, Want};
use crate::ledger::SharedData;
use crate::worker::Worker;

/// The most questions that are answered to a step that has to end.
const MOST_ENDINGS: u8 = 4;

/// How far a step has come.
pub(crate) enum Progress<D> {
    /// To its end.
    Done(D),
    /// A call is out.
    Waits(Box<Waiting<D>>),
}

/// A step with a call out.
pub(crate) struct Waiting<D> {
    open: Open<D>,
    known: Known,
}

/// What a call is out for, and the talk that it is part of.
enum Open<D> {
    Load(Load<D>, Box<Talk>),
    Swap(Swap<D>, Box<Talk>),
    Ask(Ask<D>, Box<directory::Talk>),
}

/// What a step knows of etcd besides what its rule does.
#[derive(Default)]
struct Known {
    /// What the ledger had besides the record by which the next swap is decided.
    began: Option<Loaded>,
    /// What a lost swap brought: it answers the next load of that record.
    brought: Option<(RecordName, Loaded)>,
}

/// What came of asking etcd: the answer, or a call that is out.
enum Asked<A> {
    Answer(A),
    Waits(Box<Talk>),
}

impl<D> Waiting<D> {
    /// What it comes to if the call never comes back, and no other is made; `None` if a rule does not take that for an answer.
    pub(crate) fn abandon(self, context: &mut Context<'_>) -> Option<D> {
        let mut step = match self.open {
            Open::Load(load, _) => load.answer(Err(Unavailable), context),
            Open::Swap(swap, _) => swap.answer(SwapReply::Unknown, context),
            Open::Ask(ask, _) => ask.answer(Err(tapgate_core::directory::Unavailable), context),
        };
        // A swap in doubt is looked for once more.
        for _ in 0..MOST_ENDINGS {
            step = match step {
                Step::Done(done) => return Some(done),
                Step::Load(load) => load.answer(Err(Unavailable), context),
                Step::Swap(swap) => swap.answer(SwapReply::Refused, context),
                Step::Ask(ask) => ask.answer(Err(tapgate_core::directory::Unavailable), context),
            };
        }
        None
    }

    /// Whether it only finds out whether a session lives.
    pub(crate) fn only_checks(&self) -> bool {
        matches!(&self.open, Open::Load(Load { purpose: Purpose::Check(_), .. }, _))
    }

    /// The number of the call that is out.
    pub(crate) fn call(&self) -> u32 {
        match &self.open {
            Open::Load(_, talk) | Open::Swap(_, talk) => talk.call,
            Open::Ask(_, talk) => talk.call,
        }
    }

    /// The most of that call's answer that is looked at, in bytes.
    pub(crate) fn most_answer(&self) -> usize {
        match &self.open {
            Open::Load(..) | Open::Swap(..) => Talk::MOST_ANSWER,
            Open::Ask(..) => directory::Talk::MOST_ANSWER,
        }
    }
}

impl Worker {
    /// Carries a step as far as it comes.
    pub(crate) fn pursue<D>(&self, step: Step<D>, context: &mut Context<'_>) -> Progress<D> {
        self.go_on(step, Known::default(), context)
    }

    /// Goes on with what the call came back with.
    pub(crate) fn hear<D>(
        &self,
        waiting: Waiting<D>,
        answer: Option<&(u16, Vec<u8>)>,
        context: &mut Context<'_>,
    ) -> Progress<D> {
        let Waiting { open, mut known } = waiting;
        let step = match open {
            Open::Load(load, talk) => match self.load_was_heard(*talk, load.purpose, answer, &mut known, context.now) {
                Asked::Answer(loaded) => load.answer(loaded, context),
                Asked::Waits(talk) => return Progress::waits(Open::Load(load, talk), known),
            },
            Open::Swap(swap, talk) => match self.swap_was_heard(*talk, answer, &mut known, context.now) {
                Asked::Answer(reply) => swap.answer(reply, context),
                Asked::Waits(talk) => return Progress::waits(Open::Swap(swap, talk), known),
            },
            Open::Ask(ask, talk) => {
                let question = Question { policy: &ask.policy, name: &ask.name, by: ask.by };
                match question.hear(*talk, answer, &self.directories, &self.metrics) {
                    directory::Asked::Over(found) => ask.answer(found, context),
                    directory::Asked::Waits(talk) => return Progress::waits(Open::Ask(ask, talk), known),
                }
            }
        };
        self.go_on(step, known, context)
    }

    #[inline(never)]
    fn go_on<D>(&self, mut step: Step<D>, mut known: Known, context: &mut Context<'_>) -> Progress<D> {
        loop {
            step = match step {
                Step::Done(done) => return Progress::Done(done),
                Step::Load(load) => match self.load(&load.policy, &load.name, load.purpose, &mut known, context.now) {
                    Asked::Answer(loaded) => load.answer(loaded, context),
                    Asked::Waits(talk) => return Progress::waits(Open::Load(load, talk), known),
                },
                Step::Swap(swap) => match self.swap(&swap.policy, swap.expected, &swap.put, &mut known, context.now) {
                    Asked::Answer(reply) => swap.answer(reply, context),
                    Asked::Waits(talk) => return Progress::waits(Open::Swap(swap, talk), known),
                },
                Step::Ask(ask) => {
                    let question = Question { policy: &ask.policy, name: &ask.name, by: ask.by };
                    match question.begin(&self.directories, &self.metrics, context.now) {
                        directory::Asked::Over(found) => ask.answer(found, context),
                        directory::Asked::Waits(talk) => return Progress::waits(Open::Ask(ask, talk), known),
                    }
                }
            };
        }
    }

    fn shared_data(&self) -> SharedData<'_> {
        SharedData { metrics: &self.metrics, births: &self.births }
    }

    fn load(
        &self,
        policy: &Arc<Policy>,
        name: &RecordName,
        purpose: Purpose,
        known: &mut Known,
        now: UnixSeconds,
    ) -> Asked<Result<Loaded, Unavailable>> {
        let Some(etcd) = of(policy) else { return Asked::Answer(self.shared_data().load(policy, name, now)) };
        let recalled = match purpose {
            Purpose::Check(check) => self.clusters.of(policy, etcd).borrow_mut().memory.recall(name, check, etcd, now),
            Purpose::Change => known.brought.take().filter(|(of, _)| of == name).map(|(_, brought)| brought),
        };
        if let Some(loaded) = recalled {
            known.saw(&loaded);
            return Asked::Answer(Ok(loaded));
        }
        self.metrics.count("tapgate.ledger.load");
        match Talk::begin(policy, Want::Load(*name), &self.clusters, now) {
            Turn::Waits(talk) => Asked::Waits(talk),
            Turn::Over(outcome) => Asked::Answer(self.loaded(outcome, known)),
        }
    }

    fn load_was_heard(
        &self,
        talk: Talk,
        purpose: Purpose,
        answer: Option<&(u16, Vec<u8>)>,
        known: &mut Known,
        now: UnixSeconds,
    ) -> Asked<Result<Loaded, Unavailable>> {
        let (policy, want, number, at) = (Arc::clone(&talk.policy), talk.want.clone(), talk.number, talk.at);
        let outcome = match talk.hear(answer, &self.clusters, now) {
            Turn::Waits(talk) => return Asked::Waits(talk),
            Turn::Over(outcome) => outcome,
        };
        if let (Outcome::Loaded(loaded), Purpose::Check(_), Want::Load(name), Some(etcd)) =
            (&outcome, purpose, want, of(&policy))
        {
            self.clusters.of(&policy, etcd).borrow_mut().memory.saw(name, number, at, Loaded::clone(loaded));
        }
        Asked::Answer(self.loaded(outcome, known))
    }

    fn loaded(&self, outcome: Outcome, known: &mut Known) -> Result<Loaded, Unavailable> {
        let Outcome::Loaded(loaded) = outcome else {
            self.metrics.count("tapgate.ledger.failure");
            return Err(Unavailable);
        };
        known.saw(&loaded);
        Ok(*loaded)
    }

    fn swap(
        &self,
        policy: &Arc<Policy>,
        expected: Option<Version>,
        put: &Put,
        known: &mut Known,
        now: UnixSeconds,
    ) -> Asked<SwapReply> {
        let Some(etcd) = of(policy) else {
            return Asked::Answer(self.shared_data().swap(policy, expected, put, now));
        };
        self.metrics.count("tapgate.ledger.swap");
        // Nothing is swapped that was not loaded.
        let Some(began) = &known.began else { return Asked::Answer(SwapReply::Refused) };
        let began = Began { birth: began.birth, amended_in: began.amended_in() };
        let want = Want::Swap { began, expected, put: put.clone() };
        match Talk::begin(policy, want.clone(), &self.clusters, now) {
            Turn::Waits(talk) => Asked::Waits(talk),
            Turn::Over(outcome) => Asked::Answer(self.swapped(policy, etcd, want, outcome, known, now)),
        }
    }

    fn swap_was_heard(
        &self,
        talk: Talk,
        answer: Option<&(u16, Vec<u8>)>,
        known: &mut Known,
        now: UnixSeconds,
    ) -> Asked<SwapReply> {
        let (policy, want) = (Arc::clone(&talk.policy), talk.want.clone());
        match (talk.hear(answer, &self.clusters, now), of(&policy)) {
            (Turn::Waits(talk), _) => Asked::Waits(talk),
            (Turn::Over(outcome), Some(etcd)) => Asked::Answer(self.swapped(&policy, etcd, want, outcome, known, now)),
            (Turn::Over(_), None) => Asked::Answer(SwapReply::Unknown),
        }
    }

    fn swapped(
        &self,
        policy: &Policy,
        etcd: &Etcd,
        want: Want,
        outcome: Outcome,
        known: &mut Known,
        now: UnixSeconds,
    ) -> SwapReply {
        known.brought = None;
        let cluster = self.clusters.of(policy, etcd);
        let mut cluster = cluster.borrow_mut();
        match (outcome, want) {
            (Outcome::Swapped, want) => {
                if let (Want::Swap { put: Put::Record(name, record), .. }, Some(began)) = (want, &known.began) {
                    cluster.memory.wrote(name, began.clone(), *record, now);
                }
                SwapReply::Swapped
            }
            (Outcome::Lost(loaded), want) => {
                let decoy = matches!(want, Want::Swap { expected: Some(Version::NEVER), .. });
                if !decoy {
                    self.metrics.count("tapgate.ledger.swap_lost");
                }
                if let Want::Swap { put: Put::Record(name, _), .. } = want {
                    known.brought = Some((name, *loaded));
                }
                SwapReply::Lost
            }
            (Outcome::Unknown, want) => {
                self.metrics.count("tapgate.ledger.failure");
                if let Want::Swap { put: Put::Record(name, _), .. } = want {
                    cluster.memory.forget(&name);
                }
                SwapReply::Unknown
            }
            (Outcome::Loaded(_) | Outcome::NotBegun | Outcome::Leased | Outcome::Failed, _) => {
                self.metrics.count("tapgate.ledger.failure");
                SwapReply::Refused
            }
        }
    }
}

impl Known {
    fn saw(&mut self, loaded: &Loaded) {
        self.began = Some(Loaded { amendment: loaded.amendment.clone(), ..Loaded::empty(loaded.birth) });
    }
}

impl<D> Progress<D> {
    fn waits(open: Open<D>, known: Known) -> Self {
        Self::Waits(Box::new(Waiting { open, known }))
    }
}

//! Carries a rule's step through with the ledger of its policy: at once where that lies in shared data, in as many turns as
//! it takes where it lies in etcd.

use tapgate_core::context::Context;
use tapgate_core::ledger::{Ledger as _, Load, Loaded, Purpose, RecordName, Step, Swap, SwapReply, Unavailable};
use tapgate_core::time::UnixSeconds;

use crate::etcd::of;
use crate::etcd::talk::{Outcome, Talk, Turn, Want};
use crate::ledger::SharedData;
use crate::worker::Worker;

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
    talk: Talk,
    known: Known,
}

/// What a call is out for.
enum Open<D> {
    Load(Load<D>),
    Swap(Swap<D>),
}

/// What a step knows of etcd besides what its rule does.
#[derive(Default)]
struct Known {
    /// When the ledger began by which the next swap is decided.
    birth: Option<UnixSeconds>,
    /// What a lost swap brought: it answers the next load of that record.
    brought: Option<(RecordName, Loaded)>,
}

impl<D> Waiting<D> {
    /// The number of the call that is out.
    pub(crate) fn call(&self) -> u32 {
        self.talk.call
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
        let Waiting { open, talk, mut known } = waiting;
        let asked = (talk.number, talk.at);
        let step = match (talk.hear(answer, &self.clusters, context.now), open) {
            (Turn::Waits(talk), open) => return Progress::Waits(Box::new(Waiting { open, talk, known })),
            (Turn::Over(outcome), Open::Load(load)) => {
                if let (Outcome::Loaded(loaded), Purpose::Check(_), Some(etcd)) =
                    (&outcome, load.purpose, of(&load.policy))
                {
                    let saw = (load.name, asked.0, asked.1, loaded.clone());
                    self.clusters.with(&load.policy, etcd, |cluster| cluster.memory.saw(saw.0, saw.1, saw.2, saw.3));
                }
                self.loaded(load, outcome, &mut known, context)
            }
            (Turn::Over(outcome), Open::Swap(swap)) => self.swapped(swap, outcome, &mut known, context),
        };
        self.go_on(step, known, context)
    }

    fn go_on<D>(&self, mut step: Step<D>, mut known: Known, context: &mut Context<'_>) -> Progress<D> {
        loop {
            step = match step {
                Step::Done(done) => return Progress::Done(done),
                Step::Load(load) if of(&load.policy).is_none() => {
                    let loaded = self.shared_data().load(&load.policy, &load.name, context.now);
                    load.answer(loaded, context)
                }
                Step::Swap(swap) if of(&swap.policy).is_none() => {
                    let (expected, record) = (swap.expected, &swap.record);
                    let reply = self.shared_data().swap(&swap.policy, &swap.name, expected, record, context.now);
                    swap.answer(reply, context)
                }
                Step::Load(load) => match self.recall(&load, &mut known, context.now) {
                    Some(loaded) => {
                        known.birth = Some(loaded.birth);
                        load.answer(Ok(loaded), context)
                    }
                    None => {
                        self.metrics.count("tapgate.ledger.load");
                        match Talk::begin(&load.policy, Want::Load(load.name), &self.clusters, context.now) {
                            Turn::Waits(talk) => {
                                let open = Open::Load(load);
                                return Progress::Waits(Box::new(Waiting { open, talk, known }));
                            }
                            Turn::Over(outcome) => self.loaded(load, outcome, &mut known, context),
                        }
                    }
                },
                Step::Swap(swap) => {
                    self.metrics.count("tapgate.ledger.swap");
                    let turn = match known.birth {
                        Some(birth) => {
                            let record = Box::new(swap.record.clone());
                            let want = Want::Swap { name: swap.name, birth, expected: swap.expected, record };
                            Talk::begin(&swap.policy, want, &self.clusters, context.now)
                        }
                        // Nothing is swapped that was not loaded.
                        None => Turn::Over(Outcome::Failed),
                    };
                    match turn {
                        Turn::Waits(talk) => {
                            return Progress::Waits(Box::new(Waiting { open: Open::Swap(swap), talk, known }));
                        }
                        Turn::Over(outcome) => self.swapped(swap, outcome, &mut known, context),
                    }
                }
            };
        }
    }

    fn shared_data(&self) -> SharedData<'_> {
        SharedData { metrics: &self.metrics, births: &self.births }
    }

    /// What answers a load without a call.
    fn recall<D>(&self, load: &Load<D>, known: &mut Known, now: UnixSeconds) -> Option<Loaded> {
        let etcd = of(&load.policy)?;
        match load.purpose {
            Purpose::Check(check) => {
                self.clusters.with(&load.policy, etcd, |cluster| cluster.memory.recall(&load.name, check, etcd, now))
            }
            Purpose::Change => known.brought.take().filter(|(name, _)| *name == load.name).map(|(_, brought)| brought),
        }
    }

    fn loaded<D>(&self, load: Load<D>, outcome: Outcome, known: &mut Known, context: &mut Context<'_>) -> Step<D> {
        let Outcome::Loaded(loaded) = outcome else {
            self.metrics.count("tapgate.ledger.failure");
            return load.answer(Err(Unavailable), context);
        };
        known.birth = Some(loaded.birth);
        load.answer(Ok(loaded), context)
    }

    fn swapped<D>(&self, swap: Swap<D>, outcome: Outcome, known: &mut Known, context: &mut Context<'_>) -> Step<D> {
        known.brought = None;
        let memory = |act: &dyn Fn(&mut crate::etcd::Cluster)| {
            if let Some(etcd) = of(&swap.policy) {
                self.clusters.with(&swap.policy, etcd, |cluster| act(cluster));
            }
        };
        let reply = match outcome {
            Outcome::Swapped => {
                if let Some(birth) = known.birth {
                    memory(&|cluster| cluster.memory.wrote(swap.name, birth, swap.record.clone(), context.now));
                }
                SwapReply::Swapped
            }
            Outcome::Lost(loaded) => {
                self.metrics.count("tapgate.ledger.swap_lost");
                known.brought = Some((swap.name, loaded));
                SwapReply::Lost
            }
            Outcome::Unknown => {
                self.metrics.count("tapgate.ledger.failure");
                memory(&|cluster| cluster.memory.forget(&swap.name));
                SwapReply::Unknown
            }
            Outcome::Loaded(_) | Outcome::NotBegun | Outcome::Leased | Outcome::Failed => {
                self.metrics.count("tapgate.ledger.failure");
                SwapReply::Refused
            }
        };
        swap.answer(reply, context)
    }
}

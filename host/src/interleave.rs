//! Interleaving: events on several workers at once, one of which runs at a time, changing places at host calls.
//!
//! In a real proxy workers race: between two host calls of one, another may have made any number of its own. Here a
//! [`Schedule`] decides who goes on at every host call by which workers can meet, so that a race happens the same way each
//! time, and a schedule that finds a fault can be played again. Each event runs on a thread of its own, but never two at
//! once. In all other host calls a worker is by itself: whether another runs before or after one of them makes no difference
//! that a guest could see, so nobody stops there, and few choices cover many orders.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::error::HostError;
use crate::handle::StreamHandle;
use crate::host::{Host, StreamId};
use crate::process::Random;
use crate::worker::Worker;

/// The host calls by which a worker sees what another has done: shared data, metrics, randomness from one source, the numbers
/// of HTTP calls. The log is not among them, since no guest can read it; nor is the definition of a metric, whose number is the
/// VM's own. Clocks stand still during an interleaving.
const MEETING: &[&str] = &[
    "proxy_get_metric",
    "proxy_get_shared_data",
    "proxy_http_call",
    "proxy_increment_metric",
    "proxy_record_metric",
    "proxy_set_shared_data",
    "random_get",
];

/// What happens on a stream, as the test would do it on its own.
pub type Event<'e> = Box<dyn FnOnce(&mut StreamHandle<'_>) -> Result<(), HostError> + Send + 'e>;

/// Who goes on at each host call.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// Fixed choices, by the event's place in the list, for as long as they last.
    first: Vec<usize>,
    then: Then,
}

#[derive(Clone, Debug)]
enum Then {
    /// Anybody, as the seed has it.
    Anybody(Random),
    /// Whoever runs goes on to its end; then the first that has not ended.
    InTurn,
}

impl Schedule {
    /// Anybody may go on at each of those host calls; the same seed gives the same order.
    #[must_use]
    pub const fn seeded(seed: u64) -> Self {
        Self { first: Vec::new(), then: Then::Anybody(Random::new(seed)) }
    }

    /// These choices, as [`Trace::choices`] gives them; after them each event runs to its end in turn.
    #[must_use]
    pub fn of(choices: impl Into<Vec<usize>>) -> Self {
        Self { first: choices.into(), then: Then::InTurn }
    }

    /// The next to go on, among those that can.
    fn choose(&mut self, made: usize, running: Option<usize>, can: &[usize]) -> Option<usize> {
        if let Some(fixed) = self.first.get(made).filter(|fixed| can.contains(fixed)) {
            return Some(*fixed);
        }
        match &mut self.then {
            Then::Anybody(random) => {
                let count = u64::try_from(can.len()).ok()?;
                let place = usize::try_from(random.next().checked_rem(count)?).ok()?;
                can.get(place).copied()
            }
            Then::InTurn => in_turn(running, can),
        }
    }
}

/// Who goes on if nobody interferes.
fn in_turn(running: Option<usize>, can: &[usize]) -> Option<usize> {
    running.filter(|running| can.contains(running)).or_else(|| can.first().copied())
}

/// How an interleaving went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace(Vec<Choice>);

/// One choice: who could go on, who had been running, who went on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Choice {
    can: Vec<usize>,
    running: Option<usize>,
    chosen: usize,
}

impl Choice {
    /// Whether an event had to stop in its middle for another.
    fn preempts(&self) -> bool {
        self.running.is_some_and(|running| running != self.chosen && self.can.contains(&running))
    }
}

impl Trace {
    /// Every choice in order, to be played again with [`Schedule::of`].
    #[must_use]
    pub fn choices(&self) -> Vec<usize> {
        self.0.iter().map(|choice| choice.chosen).collect()
    }

    /// How often an event had to stop in its middle for another.
    #[must_use]
    pub fn preemptions(&self) -> usize {
        self.0.iter().filter(|choice| choice.preempts()).count()
    }
}

/// Every schedule with a bounded number of preemptions, one after another: few of them find most races.
#[derive(Clone, Debug)]
pub struct Exhaustive {
    preemptions: usize,
    next: Option<Vec<usize>>,
}

impl Exhaustive {
    /// All schedules in which events have to stop in their middle so many times at most.
    #[must_use]
    pub const fn with_preemptions(preemptions: usize) -> Self {
        Self { preemptions, next: Some(Vec::new()) }
    }

    /// The next schedule to play on a fresh host; `None` after the last.
    pub fn schedule(&mut self) -> Option<Schedule> {
        self.next.take().map(Schedule::of)
    }

    /// Learns how that schedule went, which tells what is still to be tried.
    pub fn played(&mut self, trace: &Trace) {
        self.next = (0..trace.0.len()).rev().find_map(|place| self.otherwise(trace, place));
    }

    /// The trace up to a place, and there the choice that is next to be tried; `None` if all have been.
    fn otherwise(&self, trace: &Trace, place: usize) -> Option<Vec<usize>> {
        let (before, from) = trace.0.split_at_checked(place)?;
        let choice = from.first()?;
        // What happens if nobody interferes comes first, then the others as they stand in the list.
        let first = in_turn(choice.running, &choice.can)?;
        let others = choice.can.iter().copied().filter(|one| *one != first);
        let order: Vec<usize> = std::iter::once(first).chain(others).collect();
        let tried = order.iter().position(|one| *one == choice.chosen)?;
        let so_far = before.iter().filter(|choice| choice.preempts()).count();
        let fits = |chosen: &usize| {
            let choice = Choice { chosen: *chosen, ..choice.clone() };
            so_far.saturating_add(usize::from(choice.preempts())) <= self.preemptions
        };
        let chosen = order.into_iter().skip(tried.saturating_add(1)).find(fits)?;
        Some(before.iter().map(|choice| choice.chosen).chain([chosen]).collect())
    }
}

impl Host {
    /// Lets events happen at once, each on a stream of another worker. They stop before every host call by which workers can
    /// meet (shared data, metrics, randomness, HTTP calls), and the schedule says who goes on.
    ///
    /// # Errors
    /// If a stream is closed, two are of one worker, or an event gave an error.
    pub fn interleave<'e>(
        &mut self,
        mut schedule: Schedule,
        events: Vec<(StreamId, Event<'e>)>,
    ) -> Result<Trace, HostError> {
        let baton = Arc::new(Baton::new(events.len()));
        let mut workers: Vec<Option<&mut Worker>> = self.workers.iter_mut().map(Some).collect();
        let mut cast = Vec::new();
        for (number, (id, event)) in events.into_iter().enumerate() {
            let place = workers.get_mut(id.worker).ok_or(HostError::NoWorker(id.worker))?;
            let worker = place.take().ok_or(HostError::OutOfOrder("two events on one worker"))?;
            worker.stream(id.context).ok_or(HostError::NoStream)?;
            cast.push((Turn { baton: Arc::clone(&baton), number }, worker, id, event));
        }
        std::thread::scope(|scope| {
            let play = |(turn, worker, id, event): (Turn, &'_ mut Worker, StreamId, Event<'e>)| {
                // Also when the event panics: the others would wait for ever.
                let _end = End(&turn);
                turn.wait();
                worker.take_turns(Some(turn.clone()));
                let mut stream = StreamHandle { worker, id };
                let outcome = event(&mut stream);
                stream.worker.take_turns(None);
                outcome
            };
            let players: Vec<_> = cast.into_iter().map(|one| scope.spawn(move || play(one))).collect();
            let trace = baton.conduct(&mut schedule);
            for player in players {
                player.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            }
            Ok(trace)
        })
    }
}

/// Passed from event to event: only who holds it runs.
struct Baton {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    holder: Option<usize>,
    ended: Vec<bool>,
}

impl Baton {
    fn new(events: usize) -> Self {
        Self { state: Mutex::new(State { holder: None, ended: vec![false; events] }), changed: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while(&self, condition: impl FnMut(&mut State) -> bool) -> MutexGuard<'_, State> {
        self.changed.wait_while(self.state(), condition).unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands the baton out until every event has ended.
    fn conduct(&self, schedule: &mut Schedule) -> Trace {
        let mut trace = Trace::default();
        let mut running = None;
        loop {
            let mut state = self.wait_while(|state| state.holder.is_some());
            let ended = state.ended.iter().enumerate();
            let can: Vec<usize> = ended.filter(|(_, ended)| !**ended).map(|(number, _)| number).collect();
            let Some(chosen) = schedule.choose(trace.0.len(), running, &can) else { return trace };
            state.holder = Some(chosen);
            drop(state);
            self.changed.notify_all();
            trace.0.push(Choice { can, running, chosen });
            running = Some(chosen);
        }
    }
}

/// One event's claim to the baton.
#[derive(Clone)]
pub(crate) struct Turn {
    baton: Arc<Baton>,
    number: usize,
}

impl Turn {
    /// Before a host call by which workers can meet: lets somebody else go on, and waits for its own turn.
    pub(crate) fn before(&self, function: &str) {
        if !MEETING.contains(&function) {
            return;
        }
        self.baton.state().holder = None;
        self.baton.changed.notify_all();
        self.wait();
    }

    fn wait(&self) {
        drop(self.baton.wait_while(|state| state.holder != Some(self.number)));
    }
}

/// Ends an event when it goes.
struct End<'t>(&'t Turn);

impl Drop for End<'_> {
    fn drop(&mut self) {
        let Turn { baton, number } = self.0;
        let mut state = baton.state();
        if let Some(ended) = state.ended.get_mut(*number) {
            *ended = true;
        }
        state.holder = None;
        drop(state);
        baton.changed.notify_all();
    }
}

//! The storm: one-time passes raced for over two Envoys while etcd's members and the gates are killed and started again, and
//! etcd is slow, answers in part, or is cut off; then calm, in which everything promised is looked at.
//!
//! A run is a row of spells ([`fault`] says what strikes in them, [`site`] does it). In each, [`race`] has browsers race for
//! passes; once all is well again, [`settle`] has everybody come again who was told to, and holds what came of it against
//! what is promised. [`report`] counts. What it must never do: stop at the first broken promise, or excuse one.

mod fault;
mod race;
mod report;
mod settle;
mod site;

use std::time::{Duration, Instant};

use self::fault::Deck;
use self::race::Race;
pub use self::report::{Broken, Counts, Report};
use self::settle::Settling;
use self::site::Site;

/// How many browsers race for a pass.
pub const BROWSERS: usize = 16;

/// How many passes are raced for in a spell, and how many at once.
const PASSES_OF_A_SPELL: usize = 10;
const AT_ONCE: usize = 2;

/// Between which races of a spell what strikes strikes, and after which it is over.
const STRIKES: usize = 1;
const ENDS: usize = 4;

/// The longest pause before something strikes in the middle of a race, in milliseconds.
const LONGEST_PAUSE: u64 = 30;

/// What a run is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How many passes are raced for.
    pub passes: usize,
    /// How long it goes on at least, whatever the number of passes.
    pub lasts: Duration,
    /// What the schedule of faults grows from.
    pub seed: u64,
}

/// Has it storm, and gives what came of it.
///
/// # Panics
/// If the machine fails, or something hangs: a member or a gate that does not come back.
pub async fn run(options: Options, mut say: impl FnMut(&str)) -> Report {
    let mut chance = fastrand::Rng::with_seed(options.seed);
    let mut site = Site::start(chance.u64(..)).await;
    let (mut deck, mut settling) = (Deck::default(), Settling::new(&site));
    let mut report = Report::new(options.seed);
    let (began, mut passes) = (Instant::now(), 0);
    while passes < options.passes || began.elapsed() < options.lasts {
        let number = if options.lasts.is_zero() { options.passes - passes } else { PASSES_OF_A_SPELL };
        let number = number.min(PASSES_OF_A_SPELL);
        let faults = deck.deal(&mut chance);
        settling.begin(&site, &mut report).await;
        let races = spell(&mut site, &mut chance, passes, number, &faults, &mut report).await;
        for fault in &faults {
            *report.counts.faults.entry(fault.name()).or_default() += 1;
        }
        site.calm().await;
        report.broken.extend(site.take_faults());
        settling.settle(&site, races, &mut chance, &mut report).await;
        passes += number;
        let names: Vec<_> = faults.iter().map(|fault| fault.name()).collect();
        say(&format!("{passes} passes, {} s: {}; {}", began.elapsed().as_secs(), names.join(", "), report.in_short()));
    }
    settling.finish(&site, &mut report).await;
    report.broken.extend(site.stop());
    report
}

/// Races for so many passes, while what strikes strikes.
async fn spell(
    site: &mut Site,
    chance: &mut fastrand::Rng,
    first: usize,
    passes: usize,
    faults: &[fault::Fault],
    report: &mut Report,
) -> Vec<Race> {
    let numbers: Vec<_> = (first..first + passes).collect();
    let mut over = Vec::new();
    for (place, together) in numbers.chunks(AT_ONCE).enumerate() {
        let running: Vec<_> = together.iter().map(|number| Race::start(site, *number, chance)).collect();
        tokio::time::sleep(Duration::from_millis(chance.u64(..LONGEST_PAUSE))).await;
        if place == STRIKES {
            for fault in faults {
                site.strike(*fault, chance).await;
            }
        } else if place == ENDS {
            site.mend();
        }
        for running in running {
            over.push(running.over().await);
        }
    }
    site.mend();
    for race in &over {
        report.count(race, site.away());
    }
    over
}

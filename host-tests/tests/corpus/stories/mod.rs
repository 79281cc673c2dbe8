//! Random stories: generated traffic that holds the plugin, under the wasmtime host, to laws.
//!
//! A story is a case of the corpus's own format, so one that breaks a law is written out as a case file that anybody can
//! play again. Stories grow from a seed: the same seed tells the same stories.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets the unexpected must fail"
)]

mod faults;
mod laws;
mod play;
mod rules;
mod seen;
mod story;
pub(crate) mod watch;

use std::cell::Cell;
use std::sync::Mutex;
use std::thread;

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use crate::stories::faults::Fault;
use crate::stories::play::Broken;
use crate::stories::story::Story;

/// What all stories grow from, unless `TAPGATE_STORIES_SEED` says otherwise.
const SEED: u64 = 20_261_124;

/// How many stories are told, unless `TAPGATE_STORIES` says otherwise.
const STORIES: u32 = 10_000;

/// How many threads tell them.
const THREADS: u32 = 2;

/// Tells stories until one breaks a law, or the law that finds the fault; gives that one, made as short as can be, and
/// what it broke.
fn tell(stories: u32, seed: u64, fault: Option<Fault>) -> Result<(), Box<(Story, Broken)>> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { cases: stories, failure_persistence: None, max_shrink_iters: 400, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    // A story is made shorter only as long as it breaks the law that it broke first.
    let first = Cell::new(fault.map(Fault::breaks));
    let told = runner.run(&story::any(), |story| match play::play(&story, fault) {
        Err(broken) if first.get().is_none_or(|law| law == broken.law) => {
            first.set(Some(broken.law));
            Err(TestCaseError::fail(broken.law.name()))
        }
        _ => Ok(()),
    });
    match told {
        Ok(()) => Ok(()),
        Err(TestError::Fail(_, story)) => {
            let broken = play::play(&story, fault).expect_err("a story that breaks a law breaks it each time");
            Err(Box::new((story, broken)))
        }
        Err(TestError::Abort(reason)) => panic!("no stories: {reason}"),
    }
}

fn variable(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} is `{value}`; expected a whole number")))
}

#[test]
fn ten_thousand_stories_keep_the_laws() {
    let seed = variable("TAPGATE_STORIES_SEED").unwrap_or(SEED);
    let stories = variable("TAPGATE_STORIES").map_or(STORIES, |count| u32::try_from(count).expect("a count"));
    let broken = Mutex::new(None);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let broken = &broken;
            scope.spawn(move || {
                if let Err(found) = tell(stories.div_ceil(THREADS), seed + u64::from(thread), None) {
                    broken.lock().expect("a slot").get_or_insert(found);
                }
            });
        }
    });
    if let Some((story, broken)) = broken.into_inner().expect("a slot").map(|found| *found) {
        let (path, text) = play::write_out(&story, &broken);
        panic!("{broken}\nwritten to {}:\n\n{text}", path.display());
    }
    // Stories in which nothing happens keep every law.
    for event in [
        "completion done",
        "requests registering",
        "requests registered",
        "session_end refused registration_deadline_passed",
        "session_end refused session_expired",
        "sign_in done",
        "sign_in refused already_used",
        "sign_in refused bad_signature",
        "sign_in refused disabled",
        "sign_in refused ledger_too_young",
        "sign_in refused multi_use_forbidden",
        "sign_in refused out_of_scope",
        "sign_in refused replaced",
        "sign_out done",
    ] {
        assert!(play::told(event) > 0, "in no story: {event}; {}", play::tally());
    }
    // `cargo xtask test` shows this line.
    println!("stories told: {stories} from seed {seed}, none broke a law; {}", play::tally());
}

/// A law that no story can break is no law: each is broken by a gate with the fault that it is there to find, and the
/// case that is written out fails at the step where the story did, and nowhere on a gate without the fault.
#[test]
fn every_planted_fault_is_found_and_told_as_a_case() {
    for fault in Fault::ALL {
        let Err(found) = tell(3000, SEED, Some(fault)) else { panic!("{fault:?} was not found") };
        let (story, broken) = *found;
        assert_eq!(broken.law, fault.breaks(), "{fault:?}: {broken}\n{story}");
        let text = play::as_case_file(&story, &broken);
        play::fails_only_with(&text, fault, &broken);
    }
}

#[test]
fn the_same_seed_tells_the_same_stories() {
    let first = |seed| story::sample(seed, 5).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(first(SEED), first(SEED));
    assert_ne!(first(SEED), first(SEED + 1));
}

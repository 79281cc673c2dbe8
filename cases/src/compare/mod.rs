//! Two policies compared: which fields differ, and which decisions, found by playing both through the same stories.

mod decision;
mod fields;
mod probes;

use std::collections::BTreeMap;

pub use decision::Decision;
pub use fields::{FieldChange, fields};
pub use probes::{Probe, probes};

use crate::case::Case;
use crate::native::Native;
use crate::policy::PolicyDocument;
use crate::run::{Observed, RunError, observe};

/// Decisions that changed in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// What it is about: a kind of pass, or a case.
    pub what: String,
    /// What was asked.
    pub asked: String,
    /// The decision before.
    pub before: String,
    /// The decision now.
    pub now: String,
    /// How often.
    pub times: usize,
    /// Up to three stories in which it happens.
    pub examples: Vec<String>,
}

/// What a comparison came to.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// How many stories were played against both.
    pub stories: usize,
    /// How many requests that were.
    pub requests: usize,
    /// What changed, in the order in which it was met.
    pub changed: Vec<Changed>,
}

/// Plays cases and probes against two policies.
#[must_use]
pub fn compare(old: &PolicyDocument, new: &PolicyDocument, cases: &[Case], probes: &[Probe]) -> Comparison {
    let mut comparison = Comparison::default();
    let mut groups = BTreeMap::new();
    let mut told = |comparison: &mut Comparison, what: &str, example: &str, case: &Case| {
        let (before, now) = (observe(old, case, &Native), observe(new, case, &Native));
        comparison.stories = comparison.stories.saturating_add(1);
        comparison.requests = comparison.requests.saturating_add(before.as_ref().map_or(0, Vec::len));
        let Some((asked, before, now)) = first_difference(before, now) else { return };
        let key = (what.to_owned(), asked.clone(), before.clone(), now.clone());
        let at = *groups.entry(key).or_insert(comparison.changed.len());
        if at == comparison.changed.len() {
            let (what, times, examples) = (what.to_owned(), 0, Vec::new());
            comparison.changed.push(Changed { what, asked, before, now, times, examples });
        }
        if let Some(group) = comparison.changed.get_mut(at) {
            group.times = group.times.saturating_add(1);
            if group.examples.len() < 3 && !group.examples.iter().any(|known| known == example) {
                group.examples.push(example.to_owned());
            }
        }
    };
    for case in cases {
        told(&mut comparison, &format!("the case `{}`", case.name), &case.name, case);
    }
    for probe in probes {
        told(&mut comparison, &probe.what, &probe.details, &probe.case);
    }
    comparison
}

/// The first step whose decision differs: what follows it are consequences.
fn first_difference(
    before: Result<Vec<Observed>, RunError>,
    now: Result<Vec<Observed>, RunError>,
) -> Option<(String, String, String)> {
    let (before, now) = match (before, now) {
        (Ok(before), Ok(now)) => (before, now),
        (Err(_), Err(_)) => return None,
        (Ok(_), Err(error)) => return Some(("the story".into(), "can be played".into(), cannot(&error))),
        (Err(error), Ok(_)) => return Some(("the story".into(), cannot(&error), "can be played".into())),
    };
    before.iter().zip(&now).find_map(|(before, now)| {
        let (was, is) = (Decision::of(&before.exchange), Decision::of(&now.exchange));
        let (was_in_words, is_in_words) = was.told_apart_from(&is)?;
        Some((before.sent.clone(), was_in_words, is_in_words))
    })
}

fn cannot(error: &RunError) -> String {
    match error {
        RunError::Host { trouble, .. } => format!("cannot be played: {trouble}: {}", trouble.cause),
        other => format!("cannot be played: {other}"),
    }
}

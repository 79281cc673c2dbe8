//! What a run came to: counts, and every promise that was broken.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Instant;

use super::BROWSERS;
use super::race::{Outcome, Race};

/// A promise that was broken, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken(pub String);

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Passes that were raced for.
    pub passes: usize,
    /// Sign-ins that were sent, again and again included.
    pub attempts: usize,
    /// Passes with a holder, whose cookie opens the registration page at both gates.
    pub holders: usize,
    /// Browsers that were refused in the end.
    pub refused: usize,
    /// Attempts that were told to come again.
    pub come_again: usize,
    /// Attempts that nothing came back from.
    pub no_answer: usize,
    /// Attempts that lay wholly in a time in which etcd could do nothing. None was granted.
    pub while_away: usize,
    /// Browsers that came again, having been told to or having heard nothing, and got in.
    pub in_again: usize,
    /// Those of them that had held the pass already: others had been refused for it.
    pub own_success: usize,
    /// Holders that signed in once more on purpose: let in, the former session over at both gates.
    pub signed_in_again: usize,
    /// Holders that registered: the pass is used up for them as for everybody.
    pub registered: usize,
    /// Sessions that lived on at both gates through all that struck.
    pub sessions_kept: usize,
    /// Passes that nobody came to hold, since the answer that gave them to a program got lost.
    pub stranded: usize,
    /// Those of them that had ended with their window, the person being let in with a new one.
    pub ended: usize,
    /// Sessions that were not looked at before they ended, the machine being too slow.
    pub too_late: usize,
    /// How often each thing struck.
    pub faults: BTreeMap<&'static str, usize>,
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Report {
    /// What its schedule grew from.
    pub seed: u64,
    /// What was seen.
    pub counts: Counts,
    /// What was promised and not kept.
    pub broken: Vec<Broken>,
}

impl Report {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, counts: Counts::default(), broken: Vec::new() }
    }

    pub(super) fn broke(&mut self, what: impl Into<String>) {
        self.broken.push(Broken(what.into()));
    }

    /// Counts a race whose storm is over, and looks at what was granted while etcd was away.
    pub(super) fn count(&mut self, race: &Race, away: &[(Instant, Instant)]) {
        self.counts.passes += 1;
        self.counts.while_away += race.within(away).count();
        if race.within(away).any(|attempt| attempt.outcome == Outcome::In) {
            self.broke(format!("pass {}: somebody was let in while etcd was away", race.number));
        }
        for attempt in race.attempts() {
            match &attempt.outcome {
                Outcome::ComeAgain => self.counts.come_again += 1,
                Outcome::NoAnswer => self.counts.no_answer += 1,
                Outcome::In | Outcome::Refused => {}
                Outcome::Odd(answer) => self.broken.push(Broken(format!("pass {}: {answer}", race.number))),
            }
        }
    }

    /// Progress.
    pub(super) fn in_short(&self) -> String {
        let Counts { holders, stranded, come_again, no_answer, .. } = &self.counts;
        let broken = match self.broken.len() {
            0 => String::new(),
            some => format!("; {some} PROMISES BROKEN"),
        };
        format!(
            "{holders} held, {stranded} stranded, {come_again} told to come again, {no_answer} without an answer{broken}"
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts {
            passes,
            attempts,
            holders,
            refused,
            come_again,
            no_answer,
            while_away,
            in_again,
            own_success,
            signed_in_again,
            registered,
            sessions_kept,
            stranded,
            ended,
            too_late,
            faults,
        } = &self.counts;
        writeln!(f, "| the storm of seed {} |  |\n| --- | --- |", self.seed)?;
        for (what, count) in [
            (&*format!("passes, each raced for by {BROWSERS} browsers over two gates"), passes),
            ("sign-ins sent", attempts),
            ("passes with one holder, at home at both gates", holders),
            ("browsers refused in the end", refused),
            ("attempts told to come again", come_again),
            ("attempts without an answer", no_answer),
            ("attempts wholly while etcd was away, none granted", while_away),
            ("browsers that came again and got in", in_again),
            ("of these, already the holder: their own success recognised", own_success),
            ("holders signed in once more, their former sessions over", signed_in_again),
            ("holders registered, their passes used up", registered),
            ("sessions that lived through all of it", sessions_kept),
            ("passes of programs that never heard of their success", stranded),
            ("of these, ended within their window, a new pass taken", ended),
            ("sessions looked at too late to tell", too_late),
        ] {
            writeln!(f, "| {what} | {count} |")?;
        }
        for (fault, count) in faults {
            writeln!(f, "| struck: {fault} | {count} |")?;
        }
        for Broken(promise) in &self.broken {
            writeln!(f, "\nBROKEN: {promise}")?;
        }
        if !self.broken.is_empty() {
            writeln!(f, "\n{} promises broken; `cargo xtask storm --seed {}`", self.broken.len(), self.seed)?;
        }
        Ok(())
    }
}

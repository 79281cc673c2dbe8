//! What playing a file of cases comes to, for a program: what is wrong with the file, or how many cases were played and which of
//! them did not go as they say.

use serde::Serialize;

use crate::case::CaseFile;
use crate::describe::FlawReport;
use crate::native::Native;
use crate::policy::PolicyDocument;
use crate::run::{Failure, Mismatch, RunError, run};

/// What playing a file came to.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Tested {
    /// How many cases were played.
    pub played: usize,
    /// What is wrong with the file; then nothing was played.
    pub errors: Vec<FlawReport>,
    /// The cases that did not go as they say, in the order of the file.
    pub failures: Vec<Failed>,
}

/// A case that did not go as it says.
#[derive(Clone, Debug, Serialize)]
pub struct Failed {
    /// Its name.
    pub case: String,
    /// The line of the step in the file, or of the case where it could not be played.
    pub line: u64,
    /// Which step, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
    /// What was sent, in short.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<String>,
    /// What was not as expected.
    pub differences: Vec<Difference>,
    /// Why it could not be played.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// One thing that was not as expected.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    /// What was looked at, as the file calls it.
    pub what: String,
    /// What was expected of it.
    pub expected: String,
    /// What was found.
    pub found: String,
}

impl From<Mismatch> for Difference {
    fn from(Mismatch { what, expected, found }: Mismatch) -> Self {
        Self { what, expected, found }
    }
}

/// Plays the cases of a file against the rules; with `wanted`, those only that have it in their name, whatever the case of its
/// letters.
#[must_use]
pub fn test(policy: &PolicyDocument, cases: &str, wanted: Option<&str>) -> Tested {
    let read = match CaseFile::read(cases) {
        Ok(read) => read,
        Err(flaws) => return Tested { errors: flaws.iter().map(FlawReport::of_cases).collect(), ..Tested::default() },
    };
    let wanted = wanted.map(str::to_lowercase);
    let mut tested = Tested::default();
    for case in &read.cases {
        if wanted.as_ref().is_some_and(|wanted| !case.name.to_lowercase().contains(wanted)) {
            continue;
        }
        tested.played = tested.played.saturating_add(1);
        if let Err(error) = run(policy, case, &Native) {
            tested.failures.push(Failed::of(error, case.position.line));
        }
    }
    tested
}

impl Failed {
    /// What an error of the runner comes to; `line` is the case's.
    #[must_use]
    pub fn of(error: RunError, line: u64) -> Self {
        match error {
            RunError::Failed(Failure { case, position, step, sent, mismatches }) => {
                let differences = mismatches.into_iter().map(Difference::from).collect();
                Self { case, line: position.line, step: Some(step), sent: Some(sent), differences, trouble: None }
            }
            RunError::Policy { ref case, .. } | RunError::NotOn { ref case, .. } | RunError::Host { ref case, .. } => {
                let (case, trouble) = (case.clone(), Some(in_words(&error)));
                Self { case, line, step: None, sent: None, differences: Vec::new(), trouble }
            }
        }
    }
}

/// Why a case did not run to its end.
pub(crate) fn in_words(error: &RunError) -> String {
    match error {
        RunError::Failed(failure) => failure.to_string(),
        RunError::Policy { defects, .. } => {
            let lines: Vec<_> = defects.iter().map(ToString::to_string).collect();
            format!("the case changes what the policy does not have: {}", lines.join("; "))
        }
        // Never natively: there is nothing that the rules themselves cannot carry.
        RunError::NotOn { reason, .. } => format!("not played: {reason}"),
        RunError::Host { trouble, .. } => format!("{trouble}: {}", trouble.cause),
    }
}

//! `tapgate policy test`: plays the cases beside a policy, and shows what did not go as they say.

use std::path::{Path, PathBuf};

use serde::Serialize;
use tapgate_cases::case::CaseFile;
use tapgate_cases::native::Native;
use tapgate_cases::run::{Failure, RunError, run as play};

use super::file::{self, FlawReport, Loaded};
use crate::error::{self, Error};
use crate::exit::Exit;
use crate::world::World;

const EXAMPLES: &str = "\
Examples:
  tapgate policy test policy.yaml                  # plays policy.cases.yaml
  tapgate policy test policy.yaml --filter deadline
  tapgate policy test --json policies/day-one.yaml policies/help-desk.yaml";

/// Play the cases beside policies (NAME.cases.yaml beside NAME.yaml), and show a diff for each that fails
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// Policies, each with its cases beside it
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Play only the cases whose name holds this text, whatever the case of its letters
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Print JSON: {"files": [{"file", "cases", "played", "errors", "failures": [{case, line, step, sent, differences}]}]}
    #[arg(long)]
    json: bool,
}

/// Why nothing was played.
#[derive(Debug, thiserror::Error)]
enum TestError {
    /// A filter that leaves nothing.
    #[error("no case has `{0}` in its name; without --filter all are played")]
    NothingLeft(String),
}

impl error::Failure for TestError {
    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

#[derive(Serialize)]
struct Report {
    files: Vec<FileReport>,
}

#[derive(Serialize)]
struct FileReport {
    file: String,
    cases: String,
    played: usize,
    errors: Vec<FlawReport>,
    failures: Vec<Failed>,
}

#[derive(Serialize)]
struct Failed {
    case: String,
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent: Option<String>,
    differences: Vec<Difference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
}

#[derive(Serialize)]
struct Difference {
    what: String,
    expected: String,
    found: String,
}

/// Plays the cases of each file.
pub(crate) fn run(options: &Options, world: &mut World<'_>) -> Result<Exit, Error> {
    let mut files = Vec::new();
    for path in &options.files {
        let loaded = file::load(path, file::Keys::StandIns, world)?;
        let beside = path.with_extension("cases.yaml");
        let text = file::text(&beside)?;
        let report = test(path, &beside, &loaded, &text, options.filter.as_deref());
        if !options.json {
            for error in &report.errors {
                error.print(&beside, world)?;
            }
            for failed in &report.failures {
                show(failed, &beside, world)?;
            }
        }
        files.push(report);
    }
    let played: usize = files.iter().map(|file| file.played).sum();
    let failed: usize = files.iter().map(|file| file.failures.len()).sum();
    let errors: usize = files.iter().map(|file| file.errors.len()).sum();
    if let Some(filter) = options.filter.as_ref().filter(|_| played == 0 && errors == 0) {
        return Err(TestError::NothingLeft(filter.clone()).into());
    }
    if options.json {
        world.print_json(&Report { files })?;
    } else {
        for FileReport { cases, played, failures, errors, .. } in &files {
            match errors.len() {
                0 => world.print(format_args!("{cases}: {played} played, {} failed", failures.len()))?,
                count => world.print(format_args!("{cases}: {count} errors, nothing played"))?,
            }
        }
    }
    Ok(if failed == 0 && errors == 0 { Exit::Done } else { Exit::Findings })
}

fn test(path: &Path, beside: &Path, loaded: &Loaded, text: &str, filter: Option<&str>) -> FileReport {
    let (file, cases) = (path.display().to_string(), beside.display().to_string());
    let mut report = FileReport { file, cases, played: 0, errors: Vec::new(), failures: Vec::new() };
    let read = match CaseFile::read(text) {
        Ok(read) => read,
        Err(flaws) => {
            report.errors = flaws.iter().map(FlawReport::of_cases).collect();
            return report;
        }
    };
    let wanted = filter.map(str::to_lowercase);
    for case in &read.cases {
        if wanted.as_ref().is_some_and(|wanted| !case.name.to_lowercase().contains(wanted)) {
            continue;
        }
        report.played = report.played.saturating_add(1);
        if let Err(error) = play(&loaded.document, case, &Native) {
            report.failures.push(failed(error, case.position.line));
        }
    }
    report
}

fn failed(error: RunError, line: u64) -> Failed {
    let (case, trouble) = match error {
        RunError::Failed(Failure { case, position, step, sent, mismatches }) => {
            let difference = |mismatch: tapgate_cases::run::Mismatch| Difference {
                what: mismatch.what,
                expected: mismatch.expected,
                found: mismatch.found,
            };
            let differences = mismatches.into_iter().map(difference).collect();
            let line = position.line;
            return Failed { case, line, step: Some(step), sent: Some(sent), differences, trouble: None };
        }
        RunError::Policy { case, defects } => {
            let lines: Vec<_> = defects.iter().map(ToString::to_string).collect();
            (case, format!("the case changes what the policy does not have: {}", lines.join("; ")))
        }
        // Never natively: there is nothing that the rules themselves cannot carry.
        RunError::NotOn { case, reason } => (case, format!("not played: {reason}")),
        RunError::Host { case, trouble } => (case, format!("{trouble}: {}", trouble.cause)),
    };
    Failed { case, line, step: None, sent: None, differences: Vec::new(), trouble: Some(trouble) }
}

/// A failure as a diff: what the case says with `-`, what came of it with `+`.
fn show(failed: &Failed, cases: &Path, world: &mut World<'_>) -> Result<(), Error> {
    world.print(format_args!("{}:{}: {}", cases.display(), failed.line, failed.case))?;
    if let (Some(step), Some(sent)) = (failed.step, &failed.sent) {
        world.print(format_args!("  step {step}, {sent}"))?;
    }
    for Difference { what, expected, found } in &failed.differences {
        world.print(format_args!("    {what}"))?;
        world.print(format_args!("  -   {expected}"))?;
        world.print(format_args!("  +   {found}"))?;
    }
    for line in failed.trouble.iter().flat_map(|trouble| trouble.lines()) {
        world.print(format_args!("  {line}"))?;
    }
    Ok(())
}

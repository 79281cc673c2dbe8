//! `tapgate policy test`: plays the cases beside a policy, and shows what did not go as they say.

use std::path::{Path, PathBuf};

use serde::Serialize;
use tapgate_cases::report::{Difference, Failed, Tested, test};

use super::file;
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
    #[serde(flatten)]
    tested: Tested,
}

/// Plays the cases of each file.
pub(crate) fn run(options: &Options, world: &mut World<'_>) -> Result<Exit, Error> {
    let mut files = Vec::new();
    for path in &options.files {
        let loaded = file::load(path, file::Keys::StandIns, world)?;
        let beside = path.with_extension("cases.yaml");
        let text = file::text(&beside)?;
        let tested = test(&loaded.document, &text, options.filter.as_deref());
        if !options.json {
            for error in &tested.errors {
                file::print(error, &beside, world)?;
            }
            for failed in &tested.failures {
                show(failed, &beside, world)?;
            }
        }
        files.push(FileReport { file: path.display().to_string(), cases: beside.display().to_string(), tested });
    }
    let played: usize = files.iter().map(|file| file.tested.played).sum();
    let failed: usize = files.iter().map(|file| file.tested.failures.len()).sum();
    let errors: usize = files.iter().map(|file| file.tested.errors.len()).sum();
    if let Some(filter) = options.filter.as_ref().filter(|_| played == 0 && errors == 0) {
        return Err(TestError::NothingLeft(filter.clone()).into());
    }
    if options.json {
        world.print_json(&Report { files })?;
    } else {
        for FileReport { cases, tested: Tested { played, failures, errors }, .. } in &files {
            match errors.len() {
                0 => world.print(format_args!("{cases}: {played} played, {} failed", failures.len()))?,
                count => world.print(format_args!("{cases}: {count} errors, nothing played"))?,
            }
        }
    }
    Ok(if failed == 0 && errors == 0 { Exit::Done } else { Exit::Findings })
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

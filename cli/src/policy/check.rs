//! `tapgate policy check`: every error of a policy at once, each with its place and its mend.

use std::path::PathBuf;

use serde::Serialize;
use tapgate_cases::describe::{FlawReport, SHARED, VOLATILE};
use tapgate_cases::policy::{PolicyDocument, stand_in};
use tapgate_core::policy::LedgerPlace;

use super::file;
use crate::error::Error;
use crate::exit::Exit;
use crate::world::World;

const EXAMPLES: &str = "\
Examples:
  tapgate policy check policy.yaml
  tapgate policy check --keys policy.yaml          # in the proxy's own environment
  tapgate policy check --json policies/*.yaml | jq -r '.files[].errors[] | \"\\(.line): \\(.mend)\"'";

/// Check policies: every error at once, with line, column, what was found, what is allowed and the mend
///
/// Every environment variable that the policy takes a key from counts as set, so that this needs no keys. With --keys the
/// keys are looked at too, as the proxy will find them.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// Policies, in YAML or JSON
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Take the keys from the environment, as the proxy does, and check them too
    #[arg(long)]
    keys: bool,
    /// Print JSON: {"files": [{"file", "errors": [{line, column, field, found, allowed, mend}], "tenants", "hash", "notes"}]}
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    files: Vec<FileReport>,
}

#[derive(Serialize)]
struct FileReport {
    file: String,
    errors: Vec<FlawReport>,
    tenants: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
    notes: Vec<String>,
}

/// Checks each file, and says what it found.
pub(crate) fn run(options: &Options, world: &mut World<'_>) -> Result<Exit, Error> {
    let mut files = Vec::new();
    for path in &options.files {
        let text = file::text(path)?;
        let real = |name: &str| (world.environment)(name).and_then(|value| value.into_string().ok());
        let report = check(path.display().to_string(), &text, if options.keys { &real } else { &stand_in });
        if !options.json {
            for error in &report.errors {
                file::print(error, path, world)?;
            }
            for note in &report.notes {
                world.note(note);
            }
        }
        files.push(report);
    }
    let errors: usize = files.iter().map(|report| report.errors.len()).sum();
    if options.json {
        world.print_json(&Report { files })?;
    } else if errors == 0 {
        for FileReport { file, tenants, hash, .. } in &files {
            let hash = hash.as_deref().unwrap_or_default();
            world.print(format_args!("{file}: no errors; tenants: {}; hash {hash}", tenants.join(", ")))?;
        }
    } else {
        let (s, files) = (if errors == 1 { "" } else { "s" }, files.iter().filter(|file| !file.errors.is_empty()));
        let count = files.count();
        world.print(format_args!("{errors} error{s} in {count} file{}", if count == 1 { "" } else { "s" }))?;
    }
    Ok(if errors == 0 { Exit::Done } else { Exit::Findings })
}

fn check(file: String, text: &str, environment: &dyn Fn(&str) -> Option<String>) -> FileReport {
    let (flaws, document) = PolicyDocument::check(text, environment);
    let tree = document.as_ref().map(PolicyDocument::tree);
    let errors = flaws.iter().map(|flaw| FlawReport::of_policy(flaw, tree)).collect();
    let compiled = document.filter(|_| flaws.is_empty()).and_then(|document| document.compile(environment).ok());
    let Some(compiled) = compiled else {
        return FileReport { file, errors, tenants: Vec::new(), hash: None, notes: Vec::new() };
    };
    let volatile = compiled.policies.iter().any(|policy| matches!(policy.ledger, LedgerPlace::SharedData { .. }));
    let mut notes = Vec::new();
    if volatile {
        notes.push(VOLATILE.to_owned());
    }
    if compiled.policies.iter().any(|policy| matches!(policy.ledger, LedgerPlace::Etcd(_))) {
        notes.push(SHARED.to_owned());
    }
    let tenants = compiled.policies.iter().map(|policy| policy.tenant.to_string()).collect();
    FileReport { file, errors, tenants, hash: Some(compiled.hash), notes }
}

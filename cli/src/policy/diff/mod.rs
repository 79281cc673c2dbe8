//! `tapgate policy diff`: which fields of a policy change, and which decisions.

use std::path::PathBuf;

use serde::Serialize;
use tapgate_cases::case::{Case, CaseFile};
use tapgate_cases::compare::{Changed, FieldChange, compare, fields, probes};

use super::file;
use crate::error::Error;
use crate::exit::Exit;
use crate::world::World;

/// Say which decisions change from one policy to another
///
/// Both are played through the cases beside either of them and through generated stories: passes around the bounds of both,
/// requests to the paths of both, at the moments that matter to either. Exit code 0: the same decisions; 1: others.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The policy as it is
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The policy as it would be
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// How many stories to generate, of some seven requests each
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    stories: u32,
    /// Generate other stories
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    seed: u64,
    /// Print JSON: {fields: [{path, before, now}], decisions: [{what, asked, before, now, times, examples}], stories, requests}
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    fields: Vec<Field>,
    decisions: Vec<Decision>,
    stories: usize,
    requests: usize,
}

#[derive(Serialize)]
struct Field {
    path: String,
    before: String,
    now: String,
}

#[derive(Serialize)]
struct Decision {
    what: String,
    asked: String,
    before: String,
    now: String,
    times: usize,
    examples: Vec<String>,
}

/// Compares the two.
pub(crate) fn run(options: &Options, world: &mut World<'_>) -> Result<Exit, Error> {
    let mut load = |path| file::load(path, file::Keys::StandIns, world);
    let (old, new) = (load(&options.old)?, load(&options.new)?);
    let mut cases = Vec::new();
    for path in [&options.old, &options.new] {
        cases.extend(cases_beside(path, world)?);
    }
    let count = usize::try_from(options.stories).unwrap_or(usize::MAX);
    let sides = [&old, &new].map(|side| (side.document.tree(), side.policies.as_slice()));
    let probes = probes(sides[0], sides[1], count, options.seed);
    let comparison = compare(&old.document, &new.document, &cases, &probes);
    let changed_fields = fields(old.document.tree(), new.document.tree());
    let field = |FieldChange { path, before, now }| Field { path, before, now };
    let decision =
        |Changed { what, asked, before, now, times, examples }| Decision { what, asked, before, now, times, examples };
    let report = Report {
        fields: changed_fields.into_iter().map(field).collect(),
        decisions: comparison.changed.into_iter().map(decision).collect(),
        stories: comparison.stories,
        requests: comparison.requests,
    };
    let same = report.decisions.is_empty();
    if options.json {
        world.print_json(&report)?;
    } else {
        show(&report, world)?;
    }
    Ok(if same { Exit::Done } else { Exit::Findings })
}

/// The cases beside a policy; none where there is no such file.
fn cases_beside(policy: &std::path::Path, world: &mut World<'_>) -> Result<Vec<Case>, Error> {
    let path = policy.with_extension("cases.yaml");
    if !path.exists() {
        world.note(format_args!("there are no cases beside `{}`", policy.display()));
        return Ok(Vec::new());
    }
    match CaseFile::read(&file::text(&path)?) {
        Ok(read) => Ok(read.cases),
        Err(flaws) => {
            for flaw in &flaws {
                world.complain_as_is(format_args!("{}:{flaw}", path.display()));
            }
            Err(file::FileError::Broken { path, check: "test" }.into())
        }
    }
}

fn show(report: &Report, world: &mut World<'_>) -> Result<(), Error> {
    if report.fields.is_empty() {
        world.print("The documents say the same.")?;
    } else {
        world.print("Fields")?;
        for Field { path, before, now } in &report.fields {
            world.print(format_args!("  {path}"))?;
            world.print(format_args!("  -   {before}"))?;
            world.print(format_args!("  +   {now}"))?;
        }
    }
    world.print("")?;
    let Report { stories, requests, decisions, .. } = report;
    if decisions.is_empty() {
        return world.print(format_args!("Decisions: the same in {stories} stories of {requests} requests."));
    }
    world.print("Decisions")?;
    for Decision { what, asked, before, now, times, examples } in decisions {
        let times = if *times == 1 { String::new() } else { format!(" ({times} times)") };
        world.print(format_args!("  {what}, {asked}{times}"))?;
        world.print(format_args!("  -   {before}"))?;
        world.print(format_args!("  +   {now}"))?;
        for example in examples.iter().filter(|example| !what.contains(example.as_str())) {
            world.print(format_args!("      as in: {example}"))?;
        }
    }
    world.print("")?;
    world.print(format_args!(
        "{} kinds of decisions differ in {stories} stories of {requests} requests.",
        decisions.len()
    ))
}

//! `tapgate policy explain`: the compiled policy in plain words, and its risks by name.

use std::path::PathBuf;

use serde::Serialize;
use tapgate_cases::describe::{Explained, Fact, Risk, explained};

use super::file;
use crate::error::Error;
use crate::exit::Exit;
use crate::world::World;

/// Say in plain words what a policy means: who may sign in, for how long, what they reach, what follows, and the risks
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// A policy, in YAML or JSON
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print JSON: {file, hash, tenants: [{tenant, facts: [{about, says}], risks: [{severity, risk, mend}]}]}
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    file: String,
    hash: String,
    tenants: Vec<Explained>,
}

/// Explains the policy, tenant by tenant.
pub(crate) fn run(options: &Options, world: &mut World<'_>) -> Result<Exit, Error> {
    let loaded = file::load(&options.file, file::Keys::StandIns, world)?;
    let tenants = explained(&loaded.policies, loaded.document.tree());
    let report = Report { file: options.file.display().to_string(), hash: loaded.hash, tenants };
    if options.json {
        world.print_json(&report)?;
    } else {
        show(&report, world)?;
    }
    Ok(Exit::Done)
}

fn show(report: &Report, world: &mut World<'_>) -> Result<(), Error> {
    world.print(format_args!("{}, hash {}", report.file, report.hash))?;
    for Explained { tenant, facts, risks } in &report.tenants {
        world.print("")?;
        world.print(format_args!("Tenant {tenant}"))?;
        for Fact { about, says } in facts {
            world.print("")?;
            world.print(format_args!("  {about}"))?;
            for line in says {
                world.print(format_args!("    {line}"))?;
            }
        }
        world.print("")?;
        world.print("  Risks")?;
        for Risk { severity, risk, mend } in risks {
            world.print(format_args!("    {severity}: {risk}"))?;
            world.print(format_args!("      mend: {mend}"))?;
        }
        if risks.is_empty() {
            world.print("    none that can be seen in the policy")?;
        }
    }
    Ok(())
}

//! `cargo xtask storm`: makes everything ready, then becomes the storm program of `host-tests`.

use std::os::unix::process::CommandExt;

use anyhow::{Context, anyhow};
use clap::Args;

use crate::process::{run_slow, say, shown};
use crate::workspace::Workspace;
use crate::{Exit, Failure, setup, wasm};

/// The program.
const PROGRAM: &str = "tapgate-storm";

/// What the storm takes.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// How many passes are raced for at least, by 16 browsers each (200, some two minutes)
    #[arg(long, value_name = "N")]
    passes: Option<u32>,
    /// How many hours it goes on at least, whatever the number of passes: for a night
    #[arg(long, value_name = "H")]
    hours: Option<f64>,
    /// What the schedule of faults grows from; without it, something new, which is told
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
}

impl Options {
    /// As arguments of the program, which knows what they may be.
    fn arguments(&self) -> Vec<String> {
        let numbers = [
            ("--passes", self.passes.map(|passes| passes.to_string())),
            ("--hours", self.hours.map(|hours| hours.to_string())),
            ("--seed", self.seed.map(|seed| seed.to_string())),
        ];
        numbers.into_iter().filter_map(|(name, number)| Some([name.to_owned(), number?])).flatten().collect()
    }
}

/// Runs the storm; comes back only if it could not be started.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<Exit, Failure> {
    setup::run(workspace).map_err(Failure::Setup)?;
    wasm::run(workspace)?;
    say("building the storm (the first time takes some minutes)");
    run_slow(workspace.cargo().args([
        "build",
        "--package",
        "tapgate-cli",
        "--package",
        "tapgate-host-tests",
        "--bins",
    ]))?;
    let mut command = workspace.command(workspace.build_dir()?.join("debug").join(PROGRAM));
    command.args(options.arguments());
    let line = shown(&command);
    // Becoming the storm, rather than waiting for it, lets Ctrl-C and its exit code through unchanged.
    let error = anyhow!(command.exec());
    Err(error).with_context(|| format!("starting `{line}`")).map_err(Failure::Work)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_handed_on() {
        let options = Options { passes: Some(40), hours: Some(0.5), seed: Some(7) };
        assert_eq!(options.arguments(), ["--passes", "40", "--hours", "0.5", "--seed", "7"]);
        assert!(Options { passes: None, hours: None, seed: None }.arguments().is_empty());
    }
}

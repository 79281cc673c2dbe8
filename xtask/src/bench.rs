//! `cargo xtask bench`: makes everything ready, then becomes the program of the member `bench`.

use std::os::unix::process::CommandExt;

use anyhow::{Context, anyhow};
use clap::Args;

use crate::process::{run as run_program, say, shown};
use crate::workspace::Workspace;
use crate::{Exit, Failure, setup, wasm};

/// The program, and its package.
const PROGRAM: &str = "tapgate-bench";
/// Built beside it, because together they ask dependencies for the features that the demo asks for: so cargo takes the same
/// wasm engine.
const ALONGSIDE: &str = "tapgate-core";

/// What the bench takes.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// One JSON document instead of tables
    #[arg(long)]
    json: bool,
    /// What a sign-in costs as a ledger in etcd grows (1, 1 000 and 100 000 users), instead
    #[arg(long)]
    ledger: bool,
    /// How often each path is measured (50)
    #[arg(long, value_name = "N")]
    rounds: Option<u32>,
    /// The requests of one measurement (500)
    #[arg(long, value_name = "N")]
    requests: Option<u32>,
    /// What the orders of the rounds grow from; without it, something new, which is told
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

impl Options {
    /// As arguments of the program.
    fn arguments(&self) -> Vec<String> {
        let numbers = [
            ("--rounds", self.rounds.map(u64::from)),
            ("--requests", self.requests.map(u64::from)),
            ("--seed", self.seed),
        ];
        let numbers = numbers.into_iter().filter_map(|(name, number)| Some([name.to_owned(), number?.to_string()]));
        let flags = [("--json", self.json), ("--ledger", self.ledger)];
        let flags = flags.into_iter().filter(|(_, given)| *given).map(|(name, _)| name.to_owned());
        flags.chain(numbers.flatten()).collect()
    }
}

/// Runs the bench; comes back only if it could not be started.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<Exit, Failure> {
    setup::run(workspace).map_err(Failure::Setup)?;
    wasm::run(workspace)?;
    wasm::noop(workspace)?;
    say("building the bench (the first time takes some minutes)");
    run_program(workspace.cargo().args(["build", "--package", PROGRAM, "--package", ALONGSIDE, "--bin", PROGRAM]))?;
    // Without optimisation: of the program's own work nothing is measured.
    let mut command = workspace.command(workspace.build_dir()?.join("debug").join(PROGRAM));
    command.args(options.arguments());
    let line = shown(&command);
    // Becoming the program, rather than waiting for it, lets Ctrl-C and its exit code through unchanged.
    let error = anyhow!(command.exec());
    Err(error).with_context(|| format!("starting `{line}`")).map_err(Failure::Work)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_handed_on() {
        let options = Options { json: true, ledger: true, rounds: Some(25), requests: Some(100), seed: Some(7) };
        assert_eq!(options.arguments(), ["--json", "--ledger", "--rounds", "25", "--requests", "100", "--seed", "7"]);
        let options = Options { json: false, ledger: false, rounds: None, requests: None, seed: None };
        assert!(options.arguments().is_empty());
    }
}

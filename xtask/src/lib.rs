//! The project's own commands, `cargo xtask COMMAND`: the command line, and what each exit code means.
//!
//! A file per command. Nothing here knows what a pass is: rules live in `tapgate-core`, and the commands only build,
//! install, start and count. The crate stays light, so that the first `cargo xtask` on a fresh machine is quick.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the commands talk to the person who runs them")]

mod bench;
mod demo;
pub mod house;
mod process;
mod setup;
mod storm;
mod suites;
mod wasm;
mod workbench;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

/// What a run of `cargo xtask` came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything asked for was done.
    Success = 0,
    /// A build, a test or a step failed.
    Failed = 1,
    /// The command line was not understood (clap exits with the same code by itself).
    Usage = 2,
    /// The machine lacks something that `setup` could not install; the message names the mend.
    Setup = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command gave up.
#[derive(Debug)]
enum Failure {
    /// The machine lacks something.
    Setup(anyhow::Error),
    /// The work itself failed.
    Work(anyhow::Error),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Work(error)
    }
}

/// The project's own commands.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = "Exit codes: 0 done, 1 failed, 2 not understood, 3 the machine lacks something."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// One command each; the help texts are the manual.
#[derive(Debug, Subcommand)]
enum Command {
    /// Start an application with passkeys behind the gate, mint a pass, and say what to open
    Demo(demo::Options),
    /// Measure what the plugin costs, beside no filter, one that does nothing, and jwt_authn
    Bench(bench::Options),
    /// Race for passes over two Envoys while etcd's members and the gates die, come back, slow down and are cut off
    Storm(storm::Options),
    /// Run all tests, or those of the named suites; closes with `N passed, N failed`
    Test {
        /// Suites to run, in this order; none means all of them
        #[arg(value_enum, value_name = "SUITE")]
        suites: Vec<suites::Suite>,
    },
    /// Build the plugin into target/plugin/tapgate.wasm and check its size and what it imports
    Wasm,
    /// Make the policy workbench's page into target/workbench, for `tapgate workbench`
    Workbench,
    /// Install what is missing: the wasm32 standard library, Envoy, PyJWT, etcd, node and its packages, a SCIM server, Chromium (the others do it themselves)
    Setup,
}

/// Reads the command line, runs the command, and says what it came to.
#[must_use]
pub fn main() -> Exit {
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(exit) => exit,
        Err(Failure::Setup(error)) => {
            eprintln!("error: {error:#}");
            Exit::Setup
        }
        Err(Failure::Work(error)) => {
            eprintln!("error: {error:#}");
            Exit::Failed
        }
    }
}

fn run(command: Command) -> Result<Exit, Failure> {
    let workspace = Workspace::find()?;
    match command {
        Command::Demo(options) => demo::run(&workspace, &options),
        Command::Bench(options) => bench::run(&workspace, &options),
        Command::Storm(options) => storm::run(&workspace, &options),
        Command::Test { suites } => suites::run(&workspace, &suites),
        Command::Wasm => {
            setup::wasm_target(&workspace).map_err(Failure::Setup)?;
            wasm::run(&workspace)?;
            Ok(Exit::Success)
        }
        Command::Workbench => {
            setup::page(&workspace).map_err(Failure::Setup)?;
            workbench::run(&workspace)?;
            Ok(Exit::Success)
        }
        Command::Setup => {
            setup::run(&workspace)
                .and_then(|()| setup::page(&workspace))
                .and_then(|()| setup::scim_server(&workspace))
                .and_then(|()| setup::browser(&workspace))
                .map_err(Failure::Setup)?;
            Ok(Exit::Success)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn an_unknown_suite_is_told_the_known_ones() {
        let error = Cli::try_parse_from(["cargo xtask", "test", "ledgers"]).unwrap_err();
        let text = error.to_string();
        assert_eq!(error.exit_code(), Exit::Usage as i32);
        for suite in ["house", "core", "cli", "envoy"] {
            assert!(text.contains(suite), "`{suite}` is missing from: {text}");
        }
    }

    #[test]
    fn no_command_shows_the_help() {
        let error = Cli::try_parse_from(["cargo xtask"]).unwrap_err();
        let text = error.to_string();
        for command in ["demo", "bench", "storm", "test", "wasm", "workbench", "setup"] {
            assert!(text.contains(command), "`{command}` is missing from: {text}");
        }
    }
}

//! `tapgate policy`: what concerns policies, a file a subcommand.

mod check;
mod diff;
mod explain;
pub(crate) mod file;
mod render;
mod schema;
mod test;

use clap::Subcommand;

use crate::error::Error;
use crate::exit::Exit;
use crate::world::World;

const EXAMPLES: &str = "\
Examples:
  tapgate policy check policy.yaml                 # every error, with line and mend
  tapgate policy test policy.yaml                  # plays policy.cases.yaml beside it
  tapgate policy explain policy.yaml               # what it means, and its risks
  tapgate policy diff old.yaml new.yaml            # which decisions change
  tapgate policy render --for envoy policy.yaml > envoy.yaml";

/// Check, test, explain, compare and render policies
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true, disable_help_subcommand = true)]
pub(crate) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Options),
    Test(test::Options),
    Explain(explain::Options),
    Diff(diff::Options),
    Render(Box<render::Options>),
    Schema(schema::Options),
}

/// Does what was asked.
pub(crate) fn run(options: &Options, world: &mut World<'_>) -> Result<Exit, Error> {
    match &options.command {
        Command::Check(options) => check::run(options, world),
        Command::Test(options) => test::run(options, world),
        Command::Explain(options) => explain::run(options, world),
        Command::Diff(options) => diff::run(options, world),
        Command::Render(options) => render::run(options, world),
        Command::Schema(options) => schema::run(options, world),
    }
}

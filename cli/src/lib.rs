//! The command line of Tapgate as a library: arguments and a [`World`] in, an [`Exit`] out.
//!
//! A file per subcommand. Nothing here reads a clock, the environment or randomness by itself, and nothing writes but
//! through [`World`]; only `serve`, which becomes a gateway, has clocks of its own, and sockets only it, `workbench`, `ledger` and `pass`. What makes
//! a pass good is `tapgate-core`'s business alone.

mod admin_token;
mod error;
mod exit;
mod http;
mod input;
mod inspect;
mod key;
mod keygen;
mod ledger;
mod link;
mod mint;
mod moment;
mod option;
mod pass;
mod policy;
mod provision;
mod qr;
mod serve;
mod workbench;
mod world;

use std::error::Error as _;
use std::ffi::OsString;

use clap::error::{ContextKind, ErrorKind};
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::error::Error;
pub use crate::exit::Exit;
pub use crate::world::{Screen, World};

/// Makes keys, mints and issues Temporary Access Passes, looks inside them, checks, tests and renders policies, looks after the ledger in etcd,
/// and is a gateway
///
/// A pass is a link or a QR code that lets one person register a passwordless sign-in method (a passkey, a security key)
/// until a deadline. Whoever holds the pass key can mint one, offline. Tapgate, in the proxy before the site, checks it.
#[derive(Debug, Parser)]
#[command(
    name = "tapgate",
    bin_name = "tapgate",
    version,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    max_term_width = 100
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Keygen(keygen::Options),
    Mint(Box<mint::Options>),
    Inspect(inspect::Options),
    Policy(policy::Options),
    AdminToken(admin_token::Options),
    Pass(Box<pass::Options>),
    Provision(Box<provision::Options>),
    Ledger(Box<ledger::Options>),
    Serve(Box<serve::Options>),
    Workbench(workbench::Options),
}

const FIRST_STEPS: &str = "\
First steps:
  export TAPGATE_PASS_KEY=$(tapgate keygen)    # for the proxy, too
  tapgate mint --user alice@example.com --key-id pass-1 \\
      --issuer https://gate.example.com --audience gate.example.com
  tapgate inspect                              # then paste the pass or the link
  tapgate policy check policy.yaml             # before a proxy loads it
  tapgate workbench                            # see in the browser what a policy does
  tapgate serve --policy policy.yaml --upstream http://127.0.0.1:8080
  tapgate pass create --gateway https://gate.example.com --user alice@example.com    # a code to type
  tapgate provision --from hires.csv --gateway https://gate.example.com    # passes for a list of joiners
  tapgate ledger revoke --policy policy.yaml --user alice@example.com    # with the ledger in etcd
Each command's --help has more examples.

Environment (an option on the command line comes first):
  TAPGATE_PASS_KEY     the pass key, in base64
  TAPGATE_PASS_KEY_ID  its id in the policy: --key-id
  TAPGATE_ISSUER       the policy's issuer: --issuer
  TAPGATE_AUDIENCE     the policy's audience: --audience
  TAPGATE_ADMIN_TOKEN  an administrator's token, for `pass` and `provision`
  TAPGATE_SMTP         the mail server, for `provision --mail`
  TAPGATE_ETCD         addresses of etcd, with commas between them: --etcd
";

/// Does what the arguments (the program's name first) ask for.
pub fn run(arguments: impl IntoIterator<Item = OsString>, world: &mut World<'_>) -> Exit {
    let help = format!("{FIRST_STEPS}\n{}", Exit::table());
    let parsed = Cli::command()
        .after_help(help)
        .try_get_matches_from(arguments)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    let result = match parsed {
        Ok(cli) => cli.command.run(world),
        Err(error) => explain(&error, world),
    };
    let result = result.and_then(|exit| world.flush().map(|()| exit));
    result.unwrap_or_else(|error| {
        world.error(&error);
        error.exit()
    })
}

impl Command {
    fn run(self, world: &mut World<'_>) -> Result<Exit, Error> {
        match self {
            Self::Keygen(options) => keygen::run(&options, world),
            Self::Mint(options) => mint::run(&options, world),
            Self::Inspect(options) => inspect::run(&options, world),
            Self::Policy(options) => policy::run(&options, world),
            Self::AdminToken(options) => admin_token::run(&options, world),
            Self::Pass(options) => pass::run(&options, world),
            Self::Provision(options) => provision::run(&options, world),
            Self::Ledger(options) => ledger::run(&options, world),
            Self::Serve(options) => serve::run(&options, world),
            Self::Workbench(options) => workbench::run(&options, world),
        }
    }
}

/// Help, version or a complaint about the command line: as clap words it, but for a value that an option does not take,
/// which gets the one line that all our own errors have.
fn explain(error: &clap::Error, world: &mut World<'_>) -> Result<Exit, Error> {
    let told = |kind| error.get(kind).map(ToString::to_string);
    if error.kind() == ErrorKind::ValueValidation
        && let (Some(option), Some(value), Some(reason)) =
            (told(ContextKind::InvalidArg), told(ContextKind::InvalidValue), error.source())
    {
        world.complain_as_is(format_args!("error: `{value}` is no value for `{option}`: {reason}"));
        return Ok(Exit::Usage);
    }
    let text = error.render().to_string();
    for line in text.trim_end().split('\n') {
        if error.use_stderr() {
            world.complain_as_is(line);
        } else {
            world.print(line)?;
        }
    }
    Ok(if error.use_stderr() { Exit::Usage } else { Exit::Done })
}

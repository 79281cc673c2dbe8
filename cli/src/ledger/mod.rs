//! `tapgate ledger`: an operator's view of a ledger in etcd, a file a subcommand. `core` says what to ask and what answers mean;
//! `cluster` and `connection` carry it there and back.

mod address;
mod change;
mod cluster;
mod connection;
mod difference;
mod error;
mod export;
mod options;
mod report;
mod revoke;
mod show;
mod site;
mod watch;

use clap::Subcommand;
use tokio::runtime::Builder;

use self::error::LedgerError;
use crate::error::Error;
use crate::exit::Exit;
use crate::world::World;

const EXAMPLES: &str = "\
Examples:
  export TAPGATE_ETCD=https://etcd-1:2379,https://etcd-2:2379,https://etcd-3:2379
  tapgate ledger show --policy policy.yaml --cacert ca.pem
  tapgate ledger show --policy policy.yaml --cacert ca.pem --user alice@example.com
  tapgate ledger revoke --policy policy.yaml --cacert ca.pem --user alice@example.com --wait
  tapgate ledger export --policy policy.yaml --cacert ca.pem --output ledger.jsonl
  tapgate ledger watch --policy policy.yaml --cacert ca.pem

The gateways' keys are not needed, but for `revoke --pass` the pass keys that the policy names. docs/ledger.md has more.";

/// Look after the ledger in etcd: show, revoke, export, watch
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true, disable_help_subcommand = true)]
pub(crate) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Show(show::Options),
    Revoke(revoke::Options),
    Export(export::Options),
    Watch(watch::Options),
}

/// Does what was asked.
pub(crate) fn run(options: &Options, world: &mut World<'_>) -> Result<Exit, Error> {
    let runtime = Builder::new_current_thread().enable_all().build().map_err(LedgerError::Machine)?;
    let done = runtime.block_on(async {
        match &options.command {
            Command::Show(options) => show::run(options, world).await,
            Command::Revoke(options) => revoke::run(options, world).await,
            Command::Export(options) => export::run(options, world).await,
            Command::Watch(options) => watch::run(options, world).await,
        }
    });
    // What may still be under way, a look-up of a name for one, is not waited for.
    runtime.shutdown_background();
    done
}

//! `tapgate pass`: passes to be typed, issued and looked after through a gateway's admin API, which speaks as Microsoft Graph does.

pub(crate) mod api;
pub(crate) mod create;
pub(crate) mod error;
pub(crate) mod method;
pub(crate) mod options;
pub(crate) mod sheet;
mod show;
pub(crate) mod words;
pub(crate) mod zone;

use clap::Subcommand;
use tapgate_core::names::PassId;
use tokio::runtime::Builder;

use self::api::Passes;
use self::error::PassError;
use self::options::{ONE_CALL, Place};
use crate::error::Error;
use crate::exit::Exit;
use crate::world::World;

const EXAMPLES: &str = "\
Examples, with a token in TAPGATE_ADMIN_TOKEN (tapgate admin-token makes one):
  tapgate pass create --gateway https://gate.example.com --user alice@example.com
  tapgate pass create --gateway https://gate.example.com --user alice@example.com \\
      --once --start 2030-01-31T09:00:00+01:00 --lifetime 8h --reason 'first day' --sheet alice.html
  tapgate pass list --gateway https://gate.example.com --user alice@example.com
  tapgate pass delete --gateway https://gate.example.com --user alice@example.com

With the policy and its `admin` key at hand, and no token:
  tapgate pass create --gateway https://gate.example.com --user alice@example.com \\
      --policy policy.yaml --subject desk@example.com --role 'Authentication Administrator'

docs/passes.md has more.";

/// Issue passes that are typed as codes, list and delete them: create, list, show, delete
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true, disable_help_subcommand = true)]
pub(crate) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(create::Options),
    List(ListOptions),
    Show(ShowOptions),
    Delete(DeleteOptions),
}

/// List a user's passes: none, or the one that stands
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
struct ListOptions {
    #[command(flatten)]
    place: Place,
    /// Print Graph's collection, as JSON
    #[arg(long)]
    json: bool,
}

/// Show a user's pass, never its code
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
struct ShowOptions {
    /// The pass's id
    #[arg(value_name = "ID")]
    id: PassId,
    #[command(flatten)]
    place: Place,
    /// Print Graph's object, as JSON
    #[arg(long)]
    json: bool,
}

/// Delete a user's pass: its code, and all that were issued before, open nothing any more, and its sessions end
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
struct DeleteOptions {
    /// The pass's id [default: the one that stands]
    #[arg(value_name = "ID")]
    id: Option<PassId>,
    #[command(flatten)]
    place: Place,
    /// Why, for the audit log; some policies want it
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// Does what was asked.
pub(crate) fn run(options: &Options, world: &mut World<'_>) -> Result<Exit, Error> {
    let runtime = Builder::new_current_thread().enable_all().build().map_err(PassError::Machine)?;
    let done = runtime.block_on(async {
        match &options.command {
            Command::Create(options) => create::run(options, world).await,
            Command::List(options) => list(options, world).await,
            Command::Show(options) => one(options, world).await,
            Command::Delete(options) => delete(options, world).await,
        }
    });
    // What may still be under way, a look-up of a name for one, is not waited for.
    runtime.shutdown_background();
    done
}

async fn list(options: &ListOptions, world: &mut World<'_>) -> Result<Exit, Error> {
    let site = options.place.door.open(ONE_CALL, world)?;
    let (passes, json) = site.api.of(&options.place.user).list().await?;
    if options.json {
        world.print_json(&json)?;
        return Ok(Exit::Done);
    }
    if passes.is_empty() {
        world.print(format_args!("{} has no Temporary Access Pass", options.place.user))?;
    }
    for pass in &passes {
        show::method(&options.place.user, pass, world)?;
    }
    Ok(Exit::Done)
}

async fn one(options: &ShowOptions, world: &mut World<'_>) -> Result<Exit, Error> {
    let site = options.place.door.open(ONE_CALL, world)?;
    let (pass, json) = site.api.of(&options.place.user).show(&options.id).await?;
    if options.json {
        world.print_json(&json)?;
    } else {
        show::method(&options.place.user, &pass, world)?;
    }
    Ok(Exit::Done)
}

async fn delete(options: &DeleteOptions, world: &mut World<'_>) -> Result<Exit, Error> {
    let site = options.place.door.open(ONE_CALL, world)?;
    let passes = site.api.of(&options.place.user);
    let id = match &options.id {
        Some(id) => id.clone(),
        None => standing(&passes, options).await?,
    };
    passes.delete(&id, options.reason.as_deref()).await?;
    world.note(format_args!("the pass {id} of {} is deleted; its code opens nothing any more", options.place.user));
    Ok(Exit::Done)
}

async fn standing(passes: &Passes<'_>, options: &DeleteOptions) -> Result<PassId, PassError> {
    let (standing, _) = passes.list().await?;
    let pass = standing.first().ok_or_else(|| PassError::NoPass(options.place.user.clone()))?;
    Ok(pass.id.clone())
}

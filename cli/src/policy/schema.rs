//! `tapgate policy schema`: the JSON Schema of policies, and their reference, from the code that reads them.

use tapgate_cases::describe;

use crate::error::Error;
use crate::exit::Exit;
use crate::world::World;

/// Print the JSON Schema of a policy, for editors
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Print the reference of all fields as a table in Markdown
    #[arg(long)]
    markdown: bool,
}

/// Prints it.
pub(crate) fn run(options: &Options, world: &mut World<'_>) -> Result<Exit, Error> {
    if options.markdown {
        for line in describe::reference().lines() {
            world.print(line)?;
        }
    } else {
        world.print_json(&describe::schema())?;
    }
    Ok(Exit::Done)
}

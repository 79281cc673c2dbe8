//! stub
use crate::error::Error;
use crate::exit::Exit;
use crate::world::World;
/// Diff
#[derive(Debug, clap::Args)]
pub(crate) struct Options {}
pub(crate) fn run(_: &Options, _: &mut World<'_>) -> Result<Exit, Error> {
    Ok(Exit::Done)
}

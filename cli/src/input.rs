//! The text to inspect: an argument, or standard input, read as far as a pass or a link can be long and no further.

use std::ffi::OsStr;
use std::io;

use crate::error::{Error, Failure};
use crate::exit::Exit;
use crate::link;
use crate::world::World;

/// The longest input that is looked at: a pass of 4096 bytes, a link around it, and room to tell what is wrong with more.
pub(crate) const MOST_BYTES: usize = 16 * 1024;

/// Why there is nothing to inspect.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InputError {
    /// Standard input fails.
    #[error("cannot read standard input")]
    Read(#[source] io::Error),
    /// More than is looked at.
    #[error("the input has more than {MOST_BYTES} bytes; a pass has at most 4096")]
    TooLong,
    /// Not text.
    #[error("the input is not UTF-8 text; a pass is ASCII")]
    NotText,
    /// Nothing but white space.
    #[error("the input is empty; give a pass or a link, as an argument or on standard input")]
    Empty,
    /// A link that carries no pass.
    #[error("the input is a link without `#pass=`; copy the whole link")]
    NoPass,
}

impl Failure for InputError {
    fn exit(&self) -> Exit {
        Exit::Unreadable
    }
}

/// The pass in an argument, or on standard input if there is none or it is `-`.
pub(crate) fn read(argument: Option<&OsStr>, world: &mut World<'_>) -> Result<String, Error> {
    let bytes = match argument {
        Some(text) if text != "-" => text.as_encoded_bytes().to_vec(),
        _ => read_stdin(world)?,
    };
    if bytes.len() > MOST_BYTES {
        return Err(InputError::TooLong.into());
    }
    let text = String::from_utf8(bytes).map_err(|_| InputError::NotText)?;
    let text = text.trim();
    if text.is_empty() {
        return Err(InputError::Empty.into());
    }
    link::pass_in(text).map(str::to_owned).ok_or_else(|| InputError::NoPass.into())
}

fn read_stdin(world: &mut World<'_>) -> Result<Vec<u8>, InputError> {
    if world.typed {
        world.note("paste a pass or a link, then press Enter");
    }
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    // A person is done at the end of the line, a pipe at its end; neither is read further than it can matter.
    while bytes.len() <= MOST_BYTES && !(world.typed && bytes.contains(&b'\n')) {
        match world.stdin.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => bytes.extend_from_slice(chunk.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(InputError::Read(error)),
        }
    }
    Ok(bytes)
}

//! WASI preview 1, as far as a proxy has something behind it: environment, arguments, clocks, randomness, output. And exit.

use wasmtime::Caller;

use super::{Registry, offer, wasi_files};
use crate::config::Refusal;
use crate::error::Trap;
use crate::platform::Unavailable;
use crate::process::{Clock, Level, Misuse};
use crate::vm::{Guest, Stop, VmData};

/// The two names under which modules import it.
const SNAPSHOT: &str = "wasi_snapshot_preview1";
const UNSTABLE: &str = "wasi_unstable";

const BAD_FILE: Stop = Stop::Status(8);
/// No randomness: `EIO`.
const INPUT_OUTPUT: Stop = Stop::Status(29);
const INVALID: Stop = Stop::Status(28);
const NOT_SUPPORTED: Stop = Stop::Status(58);

/// The most bytes that one call may draw.
const MOST_RANDOM: u32 = 64 * 1024;
/// The most pieces that one write may have.
const MOST_PIECES: u32 = 1024;

pub(super) fn link(registry: &mut Registry<'_>) -> wasmtime::Result<()> {
    for module in [SNAPSHOT, UNSTABLE] {
        offer!(registry, module, Wasi;
            "environ_sizes_get" => environ_sizes, (count_at, size_at);
            "environ_get" => environ, (pointers_at, text_at);
            "args_sizes_get" => no_arguments, (count_at, size_at);
            "args_get" => nothing, (pointers_at, text_at);
            "clock_time_get" => time, (clock, precision: u64, time_at);
            "random_get" => random, (at, size);
            "fd_write" => write, (file, pieces_at, pieces, written_at);
            "fd_pwrite" => write_at, (file, pieces_at, pieces, offset: u64, written_at);
        );
        wasi_files::link(registry, module)?;
        registry.linker.func_wrap(module, "proc_exit", exit)?;
        registry.names.push((module, "proc_exit"));
    }
    Ok(())
}

/// An exit ends nothing: as in Envoy, the guest goes on behind it. What compilers put there is a trap.
fn exit(mut caller: Caller<'_, VmData>, code: u32) -> wasmtime::Result<()> {
    let data = caller.data_mut();
    data.host_calls.push("proc_exit");
    match data.config.refusal("proc_exit") {
        None => data.shared.misuse(Misuse::Exit(code)),
        Some(Refusal::Traps) => return Err(Trap::NotOffered("proc_exit").into()),
        // It has no answer to give.
        Some(Refusal::Denied | Refusal::Unimplemented | Refusal::Ignored) => {}
    }
    Ok(())
}

fn environment(guest: &mut Guest<'_>) -> Vec<Vec<u8>> {
    let variables = &guest.data().config.environment;
    variables.iter().map(|(name, value)| format!("{name}={value}\0").into_bytes()).collect()
}

fn environ_sizes(guest: &mut Guest<'_>, count_at: u32, size_at: u32) -> Result<(), Stop> {
    let variables = environment(guest);
    let size = |size: usize| u32::try_from(size).map_err(|_| INVALID);
    guest.write_u32(count_at, size(variables.len())?)?;
    guest.write_u32(size_at, size(variables.concat().len())?)
}

fn environ(guest: &mut Guest<'_>, pointers_at: u32, text_at: u32) -> Result<(), Stop> {
    let (mut pointer_at, mut at) = (pointers_at, text_at);
    for variable in environment(guest) {
        guest.write_u32(pointer_at, at)?;
        guest.write(at, &variable)?;
        pointer_at = pointer_at.checked_add(4).ok_or(INVALID)?;
        at = u32::try_from(variable.len()).ok().and_then(|size| at.checked_add(size)).ok_or(INVALID)?;
    }
    Ok(())
}

fn no_arguments(guest: &mut Guest<'_>, count_at: u32, size_at: u32) -> Result<(), Stop> {
    guest.write_u32(count_at, 0)?;
    guest.write_u32(size_at, 0)
}

fn nothing(_: &mut Guest<'_>, _: u32, _: u32) -> Result<(), Stop> {
    Ok(())
}

fn time(guest: &mut Guest<'_>, clock: u32, _precision: u64, time_at: u32) -> Result<(), Stop> {
    let clocks = guest.data().shared.clock();
    let reading = match clock {
        0 => clocks.wall,
        1 => clocks.monotonic,
        _ => return Err(NOT_SUPPORTED),
    };
    guest.write(time_at, &Clock::nanoseconds(reading).to_le_bytes())
}

fn random(guest: &mut Guest<'_>, at: u32, size: u32) -> Result<(), Stop> {
    if size > MOST_RANDOM {
        return Err(INVALID);
    }
    let mut bytes = guest.read(at, size)?;
    guest.data().shared.random(&mut bytes).map_err(|Unavailable| INPUT_OUTPUT)?;
    guest.write(at, &bytes)
}

/// What has no places has no offset either.
fn write_at(
    guest: &mut Guest<'_>,
    file: u32,
    pieces_at: u32,
    pieces: u32,
    _: u64,
    written_at: u32,
) -> Result<(), Stop> {
    write(guest, file, pieces_at, pieces, written_at)
}

/// Standard output and error go to the log, at info and error.
fn write(guest: &mut Guest<'_>, file: u32, pieces_at: u32, pieces: u32, written_at: u32) -> Result<(), Stop> {
    let level = match file {
        1 => Level::Info,
        2 => Level::Error,
        _ => return Err(BAD_FILE),
    };
    if pieces > MOST_PIECES {
        return Err(INVALID);
    }
    let mut text = Vec::new();
    let mut piece_at = pieces_at;
    for _ in 0..pieces {
        let (at, size) = (guest.read_u32(piece_at)?, guest.read_u32(piece_at.checked_add(4).ok_or(INVALID)?)?);
        text.extend(guest.read(at, size)?);
        piece_at = piece_at.checked_add(8).ok_or(INVALID)?;
    }
    guest.write_u32(written_at, u32::try_from(text.len()).map_err(|_| INVALID)?)?;
    let line = text.strip_suffix(b"\n").unwrap_or(&text);
    let data = guest.data();
    data.shared.log(data.name, level, String::from_utf8_lossy(line).into_owned());
    Ok(())
}

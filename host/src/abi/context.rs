//! The log, the clock, the timer, and which context is in charge.

use super::{ENV, Registry, Status, offer};
use crate::process::{Clock, Level};
use crate::vm::{Guest, ROOT, Stop};

pub(super) fn link(registry: &mut Registry<'_>) -> wasmtime::Result<()> {
    offer!(registry, ENV, ProxyWasm;
        "proxy_log" => log, (level, at, size);
        "proxy_get_log_level" => log_level, (level_at);
        "proxy_get_current_time_nanoseconds" => time, (time_at);
        "proxy_set_tick_period_milliseconds" => tick, (period);
        "proxy_set_effective_context" => effective, (context);
        "proxy_get_status" => status, (code_at, message_at, size_at);
        "proxy_done" => done, ();
    );
    Ok(())
}

fn log(guest: &mut Guest<'_>, level: u32, at: u32, size: u32) -> Result<(), Stop> {
    let text = guest.read(at, size)?;
    let Some(level) = Level::read(level) else { return Err(guest.bad_argument()) };
    let data = guest.data();
    data.shared.log(data.name, level, String::from_utf8_lossy(&text).into_owned());
    Ok(())
}

/// Everything is logged: trace.
fn log_level(guest: &mut Guest<'_>, level_at: u32) -> Result<(), Stop> {
    guest.write_u32(level_at, 0)
}

fn time(guest: &mut Guest<'_>, time_at: u32) -> Result<(), Stop> {
    let wall = guest.data().shared.clock().wall;
    guest.write(time_at, &Clock::nanoseconds(wall).to_le_bytes())
}

fn tick(guest: &mut Guest<'_>, period: u32) -> Result<(), Stop> {
    guest.data().tick = period;
    Ok(())
}

fn effective(guest: &mut Guest<'_>, context: u32) -> Result<(), Stop> {
    let data = guest.data();
    if context != ROOT && !data.streams.contains_key(&context) {
        return Err(guest.bad_argument());
    }
    data.context = context;
    Ok(())
}

/// The status of the last gRPC call: none was ever made.
fn status(guest: &mut Guest<'_>, code_at: u32, message_at: u32, size_at: u32) -> Result<(), Stop> {
    guest.write_u32(code_at, 0)?;
    guest.give(b"", message_at, size_at)
}

/// No context here has said that it is not yet done.
fn done(_: &mut Guest<'_>) -> Result<(), Stop> {
    Err(Status::NotFound.into())
}

//! Buffers: bodies of the stream in charge, the body of a call's answer, the configurations.

use super::{ENV, Registry, Status, offer};
use crate::stream::Side;
use crate::vm::{Guest, Stop, VmData};

pub(super) fn link(registry: &mut Registry<'_>) -> wasmtime::Result<()> {
    offer!(registry, ENV, ProxyWasm;
        "proxy_get_buffer_bytes" => get, (buffer, start, most, pointer_at, size_at);
        "proxy_get_buffer_status" => status, (buffer, size_at, flags_at);
        "proxy_set_buffer_bytes" => set, (buffer, start, size, at, at_size);
    );
    Ok(())
}

/// A buffer's bytes. A body that is not there now is empty, as in Envoy.
fn bytes(data: &mut VmData, buffer: u32) -> Option<&[u8]> {
    match buffer {
        0 => body(data, Side::Request),
        1 => body(data, Side::Response),
        4 => data.incoming.as_ref().map(|incoming| incoming.body.as_slice()),
        6 => Some(&data.config.vm_configuration),
        7 => Some(&data.config.configuration),
        _ => None,
    }
}

fn body(data: &mut VmData, side: Side) -> Option<&[u8]> {
    let half = data.stream()?.half(side);
    Some(if half.shows_body() { &half.held } else { &[] })
}

fn get(guest: &mut Guest<'_>, buffer: u32, start: u32, most: u32, pointer_at: u32, size_at: u32) -> Result<(), Stop> {
    let whole = bytes(guest.data(), buffer).ok_or(Status::NotFound)?;
    let index = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    // A start past the end gives nothing, and no error.
    let rest = whole.get(index(start)..).unwrap_or_default();
    let part = rest.get(..index(most)).unwrap_or(rest).to_vec();
    guest.give(&part, pointer_at, size_at)
}

fn status(guest: &mut Guest<'_>, buffer: u32, size_at: u32, flags_at: u32) -> Result<(), Stop> {
    let size = bytes(guest.data(), buffer).ok_or(Status::NotFound)?.len();
    guest.write_u32(size_at, u32::try_from(size).unwrap_or(u32::MAX))?;
    guest.write_u32(flags_at, 0)
}

/// Puts bytes before, after, or in the place of a body; anywhere else is a bad argument, as in Envoy.
fn set(guest: &mut Guest<'_>, buffer: u32, start: u32, size: u32, at: u32, at_size: u32) -> Result<(), Stop> {
    let given = guest.read(at, at_size)?;
    let side = match buffer {
        0 => Side::Request,
        1 => Side::Response,
        _ => return Err(guest.bad_argument()),
    };
    let half = guest.data().stream().map(|stream| stream.half(side)).filter(|half| half.shows_body());
    let Some(half) = half else { return Err(guest.bad_argument()) };
    let held = u32::try_from(half.held.len()).unwrap_or(u32::MAX);
    match (start, size) {
        (0, 0) => half.held = [given, std::mem::take(&mut half.held)].concat(),
        (0, size) if size >= held => half.held = given,
        (start, _) if start > 0 && start >= held => half.held.extend_from_slice(&given),
        _ => return Err(guest.bad_argument()),
    }
    Ok(())
}

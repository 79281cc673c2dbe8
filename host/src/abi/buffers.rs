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

/// A buffer's bytes. What is never there on an HTTP stream is empty, and so is a body that is not there now; a call's answer
/// and the configuration are not found outside their callbacks.
fn bytes<'g>(guest: &'g mut Guest<'_>, buffer: u32) -> Result<&'g [u8], Stop> {
    match buffer {
        0 => Ok(body(guest.data(), Side::Request)),
        1 => Ok(body(guest.data(), Side::Response)),
        2 | 3 | 5 | 8 => Ok(&[]),
        4 => {
            let answer = guest.data().incoming.as_ref().filter(|incoming| !incoming.headers.is_empty());
            answer.map(|incoming| incoming.body.as_slice()).ok_or(Status::NotFound.into())
        }
        6 => Ok(&guest.data().config.vm_configuration),
        7 if guest.data().configuring => Ok(&guest.data().config.configuration),
        7 => Err(Status::NotFound.into()),
        _ => Err(guest.bad_argument()),
    }
}

fn body(data: &mut VmData, side: Side) -> &[u8] {
    match data.stream().map(|stream| stream.half(side)) {
        Some(half) if half.shows_body() => &half.held,
        _ => &[],
    }
}

fn get(guest: &mut Guest<'_>, buffer: u32, start: u32, most: u32, pointer_at: u32, size_at: u32) -> Result<(), Stop> {
    let whole = bytes(guest, buffer)?;
    let index = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    // A start past the end gives nothing, and no error.
    let rest = whole.get(index(start)..).unwrap_or_default();
    let part = rest.get(..index(most)).unwrap_or(rest).to_vec();
    guest.give(&part, pointer_at, size_at)
}

fn status(guest: &mut Guest<'_>, buffer: u32, size_at: u32, flags_at: u32) -> Result<(), Stop> {
    let size = bytes(guest, buffer)?.len();
    guest.write_u32(size_at, u32::try_from(size).unwrap_or(u32::MAX))?;
    guest.write_u32(flags_at, 0)
}

/// Puts bytes before or after a body, or in the place of its beginning; anywhere else is a bad argument.
fn set(guest: &mut Guest<'_>, buffer: u32, start: u32, size: u32, at: u32, at_size: u32) -> Result<(), Stop> {
    bytes(guest, buffer)?;
    let given = guest.read(at, at_size)?;
    let side = match buffer {
        0 => Side::Request,
        1 => Side::Response,
        _ => return Err(guest.bad_argument()),
    };
    let half = guest.data().stream().map(|stream| stream.half(side)).filter(|half| half.shows_body());
    let Some(half) = half else { return Err(guest.bad_argument()) };
    let held = u32::try_from(half.held.len()).unwrap_or(u32::MAX);
    if start == 0 {
        let rest = half.held.get(usize::try_from(size).unwrap_or(usize::MAX)..).unwrap_or_default();
        half.held = [&given, rest].concat();
    } else if start >= held {
        half.held.extend_from_slice(&given);
    } else {
        return Err(guest.bad_argument());
    }
    Ok(())
}

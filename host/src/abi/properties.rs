//! Properties: what the test has set for the process or the stream, what the guest has set, and what a stream knows.

use super::{ENV, Registry, Status, offer};
use crate::vm::{Guest, Stop, VmData};

pub(super) fn link(registry: &mut Registry<'_>) -> wasmtime::Result<()> {
    offer!(registry, ENV, ProxyWasm;
        "proxy_get_property" => get, (path, path_size, pointer_at, size_at);
        "proxy_set_property" => set, (path, path_size, value, value_size);
    );
    Ok(())
}

fn get(guest: &mut Guest<'_>, path: u32, path_size: u32, pointer_at: u32, size_at: u32) -> Result<(), Stop> {
    let path = guest.read(path, path_size)?;
    let value = find(guest.data(), &path).ok_or(Status::NotFound)?;
    guest.give(&value, pointer_at, size_at)
}

/// What was set for the stream, then what it knows of itself, then what holds for the process.
fn find(data: &mut VmData, path: &[u8]) -> Option<Vec<u8>> {
    let process = data.properties.get(path).or_else(|| data.config.properties.get(path)).cloned();
    let Some(stream) = data.stream() else { return process };
    stream.properties.get(path).cloned().or_else(|| known(stream, path)).or(process)
}

fn known(stream: &crate::stream::Stream, path: &[u8]) -> Option<Vec<u8>> {
    let response = &stream.response;
    let status = || response.headers.as_ref().or(response.passed.headers.as_ref())?.get(":status")?.parse::<u64>().ok();
    match path {
        b"response\0code_details" => Some(stream.details.clone()).filter(|details| !details.is_empty()),
        b"response\0code" => status().map(|status| status.to_le_bytes().to_vec()),
        _ => None,
    }
}

fn set(guest: &mut Guest<'_>, path: u32, path_size: u32, value: u32, value_size: u32) -> Result<(), Stop> {
    let (path, value) = (guest.read(path, path_size)?, guest.read(value, value_size)?);
    let data = guest.data();
    let place = match data.streams.get_mut(&data.context) {
        Some(stream) => &mut stream.properties,
        None => &mut data.properties,
    };
    place.insert(path, value);
    Ok(())
}

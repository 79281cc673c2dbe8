//! Properties: what the test has set for the process or the stream, what the guest has set, and what a stream knows.

use super::{ENV, Registry, Status, offer};
use crate::stream::Stream;
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
    if path.is_empty() {
        return Err(Status::SerializationFailure.into());
    }
    let value = find(guest.data(), &path).ok_or(Status::NotFound)?;
    guest.give(&value, pointer_at, size_at)
}

/// What the test says of the stream, what it knows of itself, what holds for the process, and last what a guest has set:
/// that is found by names of one segment only.
fn find(data: &mut VmData, path: &[u8]) -> Option<Vec<u8>> {
    let process = data.config.properties.get(path).cloned();
    let Some(stream) = data.stream() else { return process };
    let own = stream.own_properties.get(path).filter(|_| !path.contains(&0));
    stream.properties.get(path).cloned().or_else(|| known(stream, path)).or(process).or_else(|| own.cloned())
}

fn known(stream: &Stream, path: &[u8]) -> Option<Vec<u8>> {
    if let Some(attribute) = path.strip_prefix(b"request\0") {
        return of_request(stream, attribute);
    }
    let response = &stream.response;
    let status = || response.passed.headers.as_ref().or(response.headers.as_ref())?.get(":status")?.parse::<u64>().ok();
    match path {
        b"response\0code_details" => Some(stream.details.clone()).filter(|details| !details.is_empty()),
        b"response\0code" => status().map(|status| status.to_le_bytes().to_vec()),
        _ => None,
    }
}

/// An attribute that the request's headers tell, while they are there.
fn of_request(stream: &Stream, attribute: &[u8]) -> Option<Vec<u8>> {
    let headers = stream.request.headers.as_ref().filter(|_| stream.request.headers_open || stream.logging)?;
    let name: &[u8] = match attribute {
        b"path" | b"url_path" => b":path",
        b"method" => b":method",
        b"host" => b":authority",
        b"scheme" => b":scheme",
        _ => attribute.strip_prefix(b"headers\0")?,
    };
    let value = headers.first(name)?;
    let path_only = value.split(|byte| *byte == b'?').next().filter(|_| attribute == b"url_path");
    Some(path_only.unwrap_or(value).to_vec())
}

/// There is nowhere to put it outside a stream.
fn set(guest: &mut Guest<'_>, path: u32, path_size: u32, value: u32, value_size: u32) -> Result<(), Stop> {
    let (path, value) = (guest.read(path, path_size)?, guest.read(value, value_size)?);
    let stream = guest.data().stream().ok_or(Status::NotFound)?;
    stream.own_properties.insert(path, value);
    Ok(())
}

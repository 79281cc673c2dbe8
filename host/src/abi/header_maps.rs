//! Header maps: those of the stream in charge while their message has not gone on, and those of a call's answer.
//!
//! As in Envoy, a getter gives the first value only; of a map that is gone the pairs are an empty map and everything else
//! is a bad argument; a block over a limit is an empty map.

use super::{ENV, Registry, Status, offer};
use crate::headers::{Headers, Inline};
use crate::process::Misuse;
use crate::stream::Side;
use crate::vm::{Guest, Stop, VmData};

pub(super) fn link(registry: &mut Registry<'_>) -> wasmtime::Result<()> {
    offer!(registry, ENV, ProxyWasm;
        "proxy_get_header_map_pairs" => pairs, (map, pointer_at, size_at);
        "proxy_get_header_map_size" => map_size, (map, size_at);
        "proxy_get_header_map_value" => value, (map, name, name_size, pointer_at, size_at);
        "proxy_set_header_map_pairs" => set_pairs, (map, block, block_size);
        "proxy_add_header_map_value" => add, (map, name, name_size, value, value_size);
        "proxy_replace_header_map_value" => replace, (map, name, name_size, value, value_size);
        "proxy_remove_header_map_value" => remove, (map, name, name_size);
    );
    Ok(())
}

/// One of the maps that the ABI numbers.
#[derive(Clone, Copy)]
enum Map {
    Headers(Side),
    Trailers(Side),
    CallHeaders,
    CallTrailers,
    /// Those of gRPC calls, which are never there.
    Metadata,
}

impl Map {
    fn read(guest: &mut Guest<'_>, map: u32) -> Result<Self, Stop> {
        Ok(match map {
            0 => Self::Headers(Side::Request),
            1 => Self::Trailers(Side::Request),
            2 => Self::Headers(Side::Response),
            3 => Self::Trailers(Side::Response),
            4 | 5 => Self::Metadata,
            6 => Self::CallHeaders,
            7 => Self::CallTrailers,
            _ => return Err(guest.bad_argument()),
        })
    }

    const fn inline(self) -> Inline {
        match self {
            Self::Headers(Side::Request) => Inline::Request,
            Self::Trailers(Side::Request) => Inline::RequestTrailers,
            Self::Trailers(Side::Response) | Self::CallTrailers => Inline::ResponseTrailers,
            Self::Headers(Side::Response) | Self::CallHeaders | Self::Metadata => Inline::Response,
        }
    }

    /// The map to read. In the log it is the access log that has it, without the request's trailers.
    fn get(self, data: &mut VmData) -> Option<&Headers> {
        let logging = data.stream().is_some_and(|stream| stream.logging);
        match self {
            Self::Headers(side) => {
                let half = data.stream()?.half(side);
                half.headers.as_ref().filter(|_| half.headers_open || logging)
            }
            Self::Trailers(Side::Request) if logging => None,
            Self::Trailers(side) => {
                let half = data.stream()?.half(side);
                half.trailers.as_ref().filter(|_| half.trailers_open || logging)
            }
            Self::CallHeaders => data.incoming.as_ref().map(|incoming| &incoming.headers).filter(|map| !map.is_empty()),
            Self::CallTrailers => {
                data.incoming.as_ref().map(|incoming| &incoming.trailers).filter(|map| !map.is_empty())
            }
            Self::Metadata => None,
        }
    }

    /// The map to change.
    fn get_mut(self, data: &mut VmData) -> Option<&mut Headers> {
        match self {
            Self::CallHeaders | Self::CallTrailers | Self::Metadata => None,
            Self::Headers(side) => {
                let half = data.stream()?.half(side);
                let open = half.headers_open;
                half.headers.as_mut().filter(|_| open)
            }
            Self::Trailers(side) => {
                let half = data.stream()?.half(side);
                let open = half.trailers_open;
                half.trailers.as_mut().filter(|_| open)
            }
        }
    }
}

fn gone(guest: &mut Guest<'_>) -> Stop {
    guest.note(Misuse::MapGone);
    Status::BadArgument.into()
}

fn pairs(guest: &mut Guest<'_>, map: u32, pointer_at: u32, size_at: u32) -> Result<(), Stop> {
    let map = Map::read(guest, map)?;
    let Some(headers) = map.get(guest.data()) else {
        guest.note(Misuse::MapGone);
        return guest.give(b"", pointer_at, size_at);
    };
    let block = headers.to_block().ok_or(Status::InternalFailure)?;
    guest.give(&block, pointer_at, size_at)
}

fn map_size(guest: &mut Guest<'_>, map: u32, size_at: u32) -> Result<(), Stop> {
    let map = Map::read(guest, map)?;
    // As for a change: of a call's answer there is no size.
    let Some(headers) = map.get_mut(guest.data()) else { return Err(gone(guest)) };
    let size = headers.byte_size();
    guest.write_u32(size_at, u32::try_from(size).unwrap_or(u32::MAX))
}

fn value(
    guest: &mut Guest<'_>,
    map: u32,
    name: u32,
    name_size: u32,
    pointer_at: u32,
    size_at: u32,
) -> Result<(), Stop> {
    let map = Map::read(guest, map)?;
    let name = guest.read(name, name_size)?;
    let logging = guest.data().stream().is_some_and(|stream| stream.logging);
    let Some(headers) = map.get(guest.data()) else {
        return Err(if logging { Status::NotFound.into() } else { gone(guest) });
    };
    let value = headers.first(&map.inline().canonical(&name)).ok_or(Status::NotFound)?.to_vec();
    guest.give(&value, pointer_at, size_at)
}

fn set_pairs(guest: &mut Guest<'_>, map: u32, block: u32, block_size: u32) -> Result<(), Stop> {
    let map = Map::read(guest, map)?;
    let headers = read_block(guest, block, block_size)?;
    match map.get_mut(guest.data()) {
        Some(place) => *place = headers.combined(map.inline()),
        None => return Err(gone(guest)),
    }
    Ok(())
}

fn add(guest: &mut Guest<'_>, map: u32, name: u32, name_size: u32, value: u32, value_size: u32) -> Result<(), Stop> {
    let map = Map::read(guest, map)?;
    let (name, value) = (guest.read(name, name_size)?, guest.read(value, value_size)?);
    let Some(headers) = map.get_mut(guest.data()) else { return Err(gone(guest)) };
    headers.join(map.inline(), &name, &value);
    Ok(())
}

fn replace(
    guest: &mut Guest<'_>,
    map: u32,
    name: u32,
    name_size: u32,
    value: u32,
    value_size: u32,
) -> Result<(), Stop> {
    let map = Map::read(guest, map)?;
    let (name, value) = (guest.read(name, name_size)?, guest.read(value, value_size)?);
    let Some(headers) = map.get_mut(guest.data()) else { return Err(gone(guest)) };
    headers.replace(&map.inline().canonical(&name), &value);
    Ok(())
}

fn remove(guest: &mut Guest<'_>, map: u32, name: u32, name_size: u32) -> Result<(), Stop> {
    let map = Map::read(guest, map)?;
    let name = guest.read(name, name_size)?;
    let Some(headers) = map.get_mut(guest.data()) else { return Err(gone(guest)) };
    headers.remove(&map.inline().canonical(&name));
    Ok(())
}

/// Reads a block of pairs from the guest. Whatever is wrong with it makes it an empty map, and is recorded.
pub(super) fn read_block(guest: &mut Guest<'_>, at: u32, size: u32) -> Result<Headers, Stop> {
    let block = guest.read(at, size)?;
    let headers = Headers::from_block(&block);
    let says_none = block.is_empty() || block == [0; 4];
    if headers.is_empty() && !says_none {
        guest.note(Misuse::MapEmptied);
    }
    Ok(headers)
}

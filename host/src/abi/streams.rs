//! Going on, closing, answering. All of it is done once the guest has returned; a resume takes the maps away at once.

use super::{ENV, Registry, header_maps, offer};
use crate::process::Misuse;
use crate::stream::{LocalReply, Origin, Side};
use crate::vm::{Deferred, Guest, Stop};

pub(super) fn link(registry: &mut Registry<'_>) -> wasmtime::Result<()> {
    offer!(registry, ENV, ProxyWasm;
        "proxy_continue_stream" => resume, (side);
        "proxy_close_stream" => close, (side);
        "proxy_send_local_response" => reply,
            (status, details, details_size, body, body_size, headers, headers_size, grpc_status);
    );
    Ok(())
}

fn side(guest: &mut Guest<'_>, side: u32) -> Result<Side, Stop> {
    match side {
        0 => Ok(Side::Request),
        1 => Ok(Side::Response),
        _ => Err(guest.bad_argument()),
    }
}

/// On a root context these calls say that all is well and do nothing.
fn no_stream(guest: &mut Guest<'_>) -> Result<(), Stop> {
    guest.note(Misuse::BadArgument);
    Ok(())
}

fn resume(guest: &mut Guest<'_>, number: u32) -> Result<(), Stop> {
    let side = side(guest, number)?;
    let data = guest.data();
    let context = data.context;
    let Some(stream) = data.stream() else { return no_stream(guest) };
    // The request's are gone, whichever direction goes on.
    stream.request.shut_maps();
    data.deferred.push_back(Deferred::Resume(context, side));
    Ok(())
}

fn close(guest: &mut Guest<'_>, number: u32) -> Result<(), Stop> {
    side(guest, number)?;
    let data = guest.data();
    let context = data.context;
    if data.stream().is_none() {
        return no_stream(guest);
    }
    data.deferred.push_back(Deferred::Close(context));
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "the ABI's own signature")]
fn reply(
    guest: &mut Guest<'_>,
    status: u32,
    details: u32,
    details_size: u32,
    body: u32,
    body_size: u32,
    headers: u32,
    headers_size: u32,
    _grpc_status: u32,
) -> Result<(), Stop> {
    let details = guest.read(details, details_size)?;
    let body = guest.read(body, body_size)?;
    let headers = header_maps::read_block(guest, headers, headers_size)?;
    let data = guest.data();
    let context = data.context;
    let Some(stream) = data.stream() else { return no_stream(guest) };
    if stream.logging {
        guest.note(Misuse::Fatal);
        return Ok(());
    }
    if std::mem::replace(&mut stream.replied, true) {
        guest.note(|_| Misuse::SecondReply);
    }
    let data = guest.data();
    let reply = LocalReply { status, headers, body, details, origin: Origin::Guest };
    data.deferred.push_back(Deferred::Reply(context, reply));
    Ok(())
}

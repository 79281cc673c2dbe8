//! HTTP calls: checked as Envoy does, kept open for the test to answer.

use std::time::Duration;

use super::{ENV, Registry, Status, header_maps, offer};
use crate::headers::Inline;
use crate::process::HttpCall;
use crate::report::VmName;
use crate::vm::{Guest, Stop};

pub(super) fn link(registry: &mut Registry<'_>) -> wasmtime::Result<()> {
    offer!(registry, ENV, ProxyWasm;
        "proxy_http_call" => call,
            (cluster, cluster_size, headers, headers_size, body, body_size, trailers, trailers_size, timeout, id_at);
    );
    Ok(())
}

/// Trailers are accepted and not sent, as in Envoy.
#[expect(clippy::too_many_arguments, reason = "the ABI's own signature")]
fn call(
    guest: &mut Guest<'_>,
    cluster: u32,
    cluster_size: u32,
    headers: u32,
    headers_size: u32,
    body: u32,
    body_size: u32,
    trailers: u32,
    trailers_size: u32,
    timeout: u32,
    id_at: u32,
) -> Result<(), Stop> {
    let cluster = guest.read(cluster, cluster_size)?;
    let mut headers = header_maps::read_block(guest, headers, headers_size)?.combined(Inline::Request);
    let body = guest.read(body, body_size)?;
    header_maps::read_block(guest, trailers, trailers_size)?;
    // The place for the id is checked before anything happens.
    guest.read_u32(id_at)?;
    let complete = [":method", ":path", ":authority"].iter().all(|name| headers.get(name).is_some());
    let negative = timeout.cast_signed() < 0;
    let data = guest.data();
    // The canary stands on the main thread, where clusters may not be there yet.
    let VmName::Worker(worker) = data.name else { return Err(guest.bad_argument()) };
    if !data.config.clusters.contains(&cluster) || !complete || negative {
        return Err(guest.bad_argument());
    }
    if !body.is_empty() {
        headers.replace(b"content-length", body.len().to_string().as_bytes());
    }
    let vm = data.number;
    let mut process = data.shared.lock();
    if process.calls.unhealthy.contains(&cluster) {
        return Err(Status::InternalFailure.into());
    }
    let id = process.calls.open(vm, |id| HttpCall {
        id,
        worker,
        cluster: String::from_utf8_lossy(&cluster).into_owned(),
        headers,
        body,
        timeout: (timeout > 0).then(|| Duration::from_millis(timeout.into())),
    });
    drop(process);
    guest.write_u32(id_at, id.0)
}

//! Shared data: one map for all workers.

use super::{ENV, Registry, Status, offer};
use crate::platform::{SetError, Unavailable};
use crate::vm::{Guest, Stop};

pub(super) fn link(registry: &mut Registry<'_>) -> wasmtime::Result<()> {
    offer!(registry, ENV, ProxyWasm;
        "proxy_get_shared_data" => get, (key, key_size, pointer_at, size_at, cas_at);
        "proxy_set_shared_data" => set, (key, key_size, value, value_size, cas);
    );
    Ok(())
}

fn get(guest: &mut Guest<'_>, key: u32, key_size: u32, pointer_at: u32, size_at: u32, cas_at: u32) -> Result<(), Stop> {
    let key = guest.read(key, key_size)?;
    let found = guest.data().shared.get(&key).map_err(|Unavailable| Status::InternalFailure);
    guest.waited();
    let found = found?;
    let (value, cas) = found.ok_or(Status::NotFound)?;
    guest.give(&value, pointer_at, size_at)?;
    guest.write_u32(cas_at, cas)
}

fn set(guest: &mut Guest<'_>, key: u32, key_size: u32, value: u32, value_size: u32, cas: u32) -> Result<(), Stop> {
    let (key, value) = (guest.read(key, key_size)?, guest.read(value, value_size)?);
    let outcome = guest.data().shared.set(&key, &value, cas);
    guest.waited();
    outcome.map_err(|error| match error {
        SetError::Mismatch => Status::CasMismatch.into(),
        SetError::Unavailable => Status::InternalFailure.into(),
    })
}

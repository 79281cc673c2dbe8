//! Metrics: defined by name, counted by id.

use super::{ENV, Registry, Status, offer};
use crate::process::{MetricError, MetricKind};
use crate::vm::{Guest, Stop};

pub(super) fn link(registry: &mut Registry<'_>) -> wasmtime::Result<()> {
    offer!(registry, ENV, ProxyWasm;
        "proxy_define_metric" => define, (kind, name, name_size, id_at);
        "proxy_increment_metric" => increment, (id, by: u64);
        "proxy_record_metric" => record, (id, value: u64);
        "proxy_get_metric" => get, (id, value_at);
    );
    Ok(())
}

impl From<MetricError> for Stop {
    fn from(error: MetricError) -> Self {
        match error {
            MetricError::Unknown => Status::NotFound.into(),
            MetricError::WrongKind => Status::BadArgument.into(),
        }
    }
}

fn define(guest: &mut Guest<'_>, kind: u32, name: u32, name_size: u32, id_at: u32) -> Result<(), Stop> {
    let name = guest.read(name, name_size)?;
    let kind = match kind {
        0 => MetricKind::Counter,
        1 => MetricKind::Gauge,
        2 => MetricKind::Histogram,
        _ => return Err(guest.bad_argument()),
    };
    let id = guest.data().shared.lock().metrics.define(kind, &name);
    guest.write_u32(id_at, id)
}

fn increment(guest: &mut Guest<'_>, id: u32, by: u64) -> Result<(), Stop> {
    guest.data().shared.lock().metrics.increment(id, by.cast_signed())?;
    Ok(())
}

fn record(guest: &mut Guest<'_>, id: u32, value: u64) -> Result<(), Stop> {
    guest.data().shared.lock().metrics.record(id, value)?;
    Ok(())
}

fn get(guest: &mut Guest<'_>, id: u32, value_at: u32) -> Result<(), Stop> {
    let value = guest.data().shared.lock().metrics.value(id)?;
    guest.write(value_at, &value.to_le_bytes())
}

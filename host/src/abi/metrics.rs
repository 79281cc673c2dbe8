//! Metrics: defined by name, counted by id.

use super::{ENV, Registry, Status, offer};
use crate::process::{Metric, MetricKind, WrongKind};
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

impl From<WrongKind> for Stop {
    fn from(_: WrongKind) -> Self {
        Status::BadArgument.into()
    }
}

/// Each definition gives an id of its own, also of a metric that is there already.
fn define(guest: &mut Guest<'_>, kind: u32, name: u32, name_size: u32, id_at: u32) -> Result<(), Stop> {
    let name = guest.read(name, name_size)?;
    let Some(known) = MetricKind::read(kind) else { return Err(guest.bad_argument()) };
    let data = guest.data();
    data.shared.lock().metrics.at(known, &name);
    let defined = data.metrics.entry(known).or_default();
    defined.push(name);
    let number = u32::try_from(defined.len()).unwrap_or(u32::MAX);
    guest.write_u32(id_at, number.saturating_mul(4) | kind)
}

/// Does something to the metric of an id that this VM has defined.
fn with<T>(guest: &mut Guest<'_>, id: u32, act: impl FnOnce(&mut Metric) -> T) -> Result<T, Stop> {
    let data = guest.data();
    let kind = MetricKind::read(id & 3);
    let number = usize::try_from(id >> 2).ok().and_then(|number| number.checked_sub(1));
    let name = kind.zip(number).and_then(|(kind, number)| Some((kind, data.metrics.get(&kind)?.get(number)?)));
    let (kind, name) = name.ok_or(Status::NotFound)?;
    Ok(act(data.shared.lock().metrics.at(kind, name)))
}

/// Whether an id is of a kind that counts. What it is comes before whether it exists.
fn counts(guest: &mut Guest<'_>, id: u32) -> Result<(), Stop> {
    match MetricKind::read(id & 3) {
        Some(MetricKind::Counter | MetricKind::Gauge) => Ok(()),
        Some(MetricKind::Histogram) | None => Err(guest.bad_argument()),
    }
}

fn increment(guest: &mut Guest<'_>, id: u32, by: u64) -> Result<(), Stop> {
    counts(guest, id)?;
    with(guest, id, |metric| metric.increment(by.cast_signed()))??;
    Ok(())
}

fn record(guest: &mut Guest<'_>, id: u32, value: u64) -> Result<(), Stop> {
    with(guest, id, |metric| metric.record(value))
}

fn get(guest: &mut Guest<'_>, id: u32, value_at: u32) -> Result<(), Stop> {
    counts(guest, id)?;
    let value = with(guest, id, |metric| metric.value())??;
    guest.write(value_at, &value.to_le_bytes())
}

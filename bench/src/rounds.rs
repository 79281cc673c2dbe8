//! The rounds: every path once in each, in a new order, its cost taken from the kernel's accounting.

use anyhow::{Context, Result};
use tapgate_host_tests::keys::Keys;

use crate::order::Orders;
use crate::path::{Path, Proxy};
use crate::people;
use crate::proxies::Proxies;

/// Rounds of each fleet before those that count, in which engines compile what is used often and memory takes its size.
const WARM_UP: u32 = 2;

/// One part in so many of a burst goes ahead of it and is not counted: it brings back what other bursts have driven out of
/// the processor's caches.
const AHEAD: u32 = 10;

/// Nanoseconds of CPU per request, for each path a value a round.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples(Vec<(Path, Vec<f64>)>);

impl Samples {
    /// From the values of each path.
    #[must_use]
    pub const fn new(values: Vec<(Path, Vec<f64>)>) -> Self {
        Self(values)
    }

    /// The values of a path, in the order of the rounds.
    #[must_use]
    pub fn of(&self, path: Path) -> &[f64] {
        self.0.iter().find(|(known, _)| *known == path).map_or(&[], |(_, values)| values)
    }
}

/// Plays so many rounds of bursts of so many requests each, on one fleet after the other.
///
/// # Errors
/// If a request is not answered as it must be, or the kernel does not say what it cost.
pub async fn play(
    fleets: &mut [Proxies],
    keys: &Keys,
    orders: &mut Orders,
    rounds: u32,
    requests: u32,
    mut progress: impl FnMut(u32),
) -> Result<Samples> {
    let mut samples: Vec<(Path, Vec<f64>)> = Path::ALL.iter().map(|path| (*path, Vec::new())).collect();
    let fleet_count = u32::try_from(fleets.len()).context("counting fleets")?;
    let warm_up = WARM_UP.saturating_mul(fleet_count);
    let mut turns = (0..fleets.len()).cycle();
    for round in 0..rounds.saturating_add(warm_up) {
        let proxies = turns.next().and_then(|turn| fleets.get_mut(turn)).context("no fleet")?;
        let gate = proxies.of(Proxy::Tapgate).envoy.address();
        let credentials = people::credentials(gate, keys, round).await?;
        // The next order is made from the last: what came first may come anywhere.
        orders.shuffle(&mut samples);
        for (path, values) in &mut samples {
            let call = credentials.call(*path)?;
            let running = proxies.of(path.proxy());
            let context = || format!("in round {round}, on the path `{}`", path.id());
            running.client.burst(&call, requests.div_ceil(AHEAD)).await.with_context(context)?;
            let before = running.worker.nanoseconds()?;
            running.client.burst(&call, requests).await.with_context(context)?;
            let spent = running.worker.nanoseconds()?.saturating_sub(before);
            if round >= warm_up {
                values.push(per_request(spent, requests));
            }
        }
        progress(round.saturating_add(1).saturating_sub(warm_up));
    }
    Ok(Samples(samples))
}

/// Nanoseconds for each of so many requests.
fn per_request(nanoseconds: u64, requests: u32) -> f64 {
    // A float holds whole numbers up to 2^53 exactly: a hundred days of nanoseconds.
    nanoseconds as f64 / f64::from(requests)
}

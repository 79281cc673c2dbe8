//! What a sign-in costs as a ledger in etcd grows: the same sign-ins over ledgers of different sizes, side by side.
//!
//! Each size has an etcd and an Envoy with one worker of its own; in each round every one of them gets one sign-in, in a new
//! random order, and then a page of the session that came of it. Calls are those that Envoy counts towards etcd.

mod fill;
mod report;
mod store;

use anyhow::{Context, Result, ensure};
use tapgate_host_tests::keys::Keys;

pub use self::report::{Report, Sample};
use self::store::Store;
use crate::application::Application;
use crate::order::Orders;
use crate::proxies::envoys_version;

/// The sizes that `cargo xtask bench --ledger` compares, in users with a record.
pub const SIZES: [u32; 3] = [1, 1_000, 100_000];

/// Rounds before those that count.
const WARM_UP: u32 = 5;

/// Measures so many rounds over ledgers of these sizes.
///
/// # Errors
/// If something does not start, or is answered otherwise than it must be.
///
/// # Panics
/// If the harness does: what it needs is not there, or something hangs.
pub async fn run(sizes: &[u32], rounds: u32, seed: Option<u64>, mut say: impl FnMut(&str)) -> Result<Report> {
    let seed = seed.map_or_else(|| getrandom::u64().context("randomness"), Ok)?;
    let (keys, mut orders) = (Keys::random(), Orders::new(seed));
    let application = Application::start(&keys).await?;
    let mut stores = Vec::new();
    for size in sizes {
        say(&format!("an etcd with the records of {size} users, and an Envoy on it"));
        stores.push(Store::start(application.address(), &keys, *size).await?);
    }
    say(&format!("{rounds} rounds of a sign-in and a page each, orders from seed {seed}"));
    let mut places: Vec<usize> = (0..stores.len()).collect();
    for round in 0..WARM_UP.saturating_add(rounds) {
        orders.shuffle(&mut places);
        for place in &places {
            let store = stores.get_mut(*place).context("a store at every place")?;
            let sample = store.sample(round).await?;
            if round >= WARM_UP {
                store.samples.push(sample);
            }
        }
    }
    let measured: Vec<_> = stores.into_iter().map(|store| (store.size, store.samples)).collect();
    ensure!(measured.iter().all(|(_, samples)| !samples.is_empty()), "no rounds, no numbers");
    let processors = std::thread::available_parallelism().context("counting processors")?.get();
    Ok(Report { envoy: envoys_version()?, processors, rounds, seed, measured })
}

//! What the plugin costs, measured: `cargo xtask bench`.
//!
//! Two ways, since neither says everything. Under real Envoy ([`rounds`]): the CPU time of one worker per request, in
//! bursts that alternate between Envoys that differ by one filter; only ratios of what was measured within one round are
//! told as results. Under the wasmtime host ([`metered`]): fuel, host calls and bytes, which are the same on every machine.
//! [`run`] does both and gives a [`Report`]. What a sign-in costs as a ledger in etcd grows is [`ledger`]'s, and a run of its own. Never in here: a limit that a result is held against.

pub mod application;
pub mod client;
pub mod cpu;
pub mod ledger;
pub mod metered;
pub mod order;
pub mod path;
pub mod people;
pub mod proxies;
pub mod report;
pub mod requests;
pub mod rounds;
pub mod statistics;

use anyhow::{Context, Result};
use tapgate_host_tests::keys::Keys;
use tapgate_host_tests::workspace;

use crate::application::Application;
use crate::order::Orders;
use crate::path::Proxy;
use crate::proxies::{Proxies, envoys_version, module_bytes, noop_module};
use crate::report::{Footprint, Report, Terms};

/// The most fleets, each with an Envoy for each filter, between which the rounds change. Two Envoys that are set up alike
/// differ in cost by some percent, by where their memory happens to lie, for as long as they live.
const FLEETS: u32 = 3;

/// What a run is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How often each path is measured.
    pub rounds: u32,
    /// The requests of one measurement.
    pub requests: u32,
    /// What the orders of the rounds grow from; without it, something new.
    pub seed: Option<u64>,
}

/// Measures everything once.
///
/// # Errors
/// If something does not start, is answered otherwise than it must be, or cannot be measured.
///
/// # Panics
/// If the harness does: what it needs is not there, or something hangs.
pub async fn run(options: Options, mut say: impl FnMut(&str)) -> Result<Report> {
    let keys = Keys::random();
    let terms = Terms {
        envoy: envoys_version()?,
        processors: std::thread::available_parallelism().context("counting processors")?.get(),
        rounds: options.rounds,
        requests: options.requests,
        fleets: options.rounds.min(FLEETS),
        seed: options.seed.map_or_else(|| getrandom::u64().context("randomness"), Ok)?,
    };
    say("counting work under the wasmtime host");
    let work = metered::work(&keys)?;

    say(&format!("starting {} Envoys for each filter", terms.fleets));
    let application = Application::start(&keys).await?;
    let mut fleets = Vec::new();
    for _ in 0..terms.fleets {
        fleets.push(Proxies::start(application.address(), &keys).await?);
    }
    let proxies = fleets.first_mut().context("no rounds, no fleets")?;
    let loaded = [Proxy::Noop, Proxy::Tapgate].map(|proxy| proxies.of(proxy).envoy.linear_memories());

    say(&format!("{} rounds of {} requests a path, orders from seed {}", terms.rounds, terms.requests, terms.seed));
    let told = terms.rounds.div_ceil(5).max(1);
    let progress = |round: u32| {
        if round > 0 && round.is_multiple_of(told) {
            say(&format!("round {round} of {}", options.rounds));
        }
    };
    let mut orders = Orders::new(terms.seed);
    let samples = rounds::play(&mut fleets, &keys, &mut orders, terms.rounds, terms.requests, progress).await?;

    let proxies = fleets.first_mut().context("no rounds, no fleets")?;
    let mut footprints = Vec::new();
    for (proxy, module, memory) in [
        (Proxy::Bare, None, None),
        (Proxy::JwtAuthn, None, None),
        (Proxy::Noop, Some(noop_module()?), loaded.first()),
        (Proxy::Tapgate, Some(workspace::module()), loaded.last()),
    ] {
        let envoy = &proxies.of(proxy).envoy;
        footprints.push(Footprint {
            proxy,
            module: module.as_deref().map(module_bytes).transpose()?,
            loaded: memory.and_then(|memories| memories.iter().copied().max()),
            used: envoy.linear_memories().into_iter().max(),
            resident: cpu::resident_bytes(envoy.process())?,
        });
    }
    Ok(Report { terms, samples, work, footprints })
}

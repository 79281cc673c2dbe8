//! How a host is set up. A guest starts with nothing: variables, configuration, memory and fuel are granted here.

use std::collections::{BTreeMap, BTreeSet};

use crate::process::CasDialect;
use crate::profile::Profile;

/// What happens to a worker's streams after its VM has trapped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FailurePolicy {
    /// Every stream gets a 503 until the process restarts.
    #[default]
    Closed,
    /// As closed, but the first stream a second or more after the failure gets a new VM.
    Reload,
    /// Streams that begin after the failure go on as if there were no plugin: whoever can make a guard fail once gets past
    /// it from then on. Those that had begun, the one that failed among them, are refused as in the other policies.
    Open,
}

/// How a host call that a proxy does not grant behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Not among the granted capabilities: status 10 (internal failure), or WASI's 76 (not capable).
    Denied,
    /// Not implemented by the proxy: status 12, as APISIX answers. The Rust SDK's `Status` has no such value.
    Unimplemented,
    /// Not implemented by the proxy: the call traps, as in nginx.
    Traps,
    /// Answered with 0 by a proxy that does nothing: what the guest relies on does not happen.
    Ignored,
}

/// How a host is set up.
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) workers: usize,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) vm_configuration: Vec<u8>,
    pub(crate) configuration: Vec<u8>,
    pub(crate) properties: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(crate) failure_policy: FailurePolicy,
    pub(crate) headers_stop_iteration: bool,
    pub(crate) buffer_limit: usize,
    pub(crate) cas: CasDialect,
    pub(crate) seed: u64,
    pub(crate) fuel: u64,
    pub(crate) deadline: Option<u64>,
    pub(crate) memory: usize,
    pub(crate) clusters: BTreeSet<Vec<u8>>,
    pub(crate) only: BTreeSet<String>,
    pub(crate) callbacks: Option<&'static [&'static str]>,
    pub(crate) refusals: BTreeMap<String, Refusal>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            workers: 1,
            environment: Vec::new(),
            vm_configuration: Vec::new(),
            configuration: Vec::new(),
            properties: BTreeMap::new(),
            failure_policy: FailurePolicy::Closed,
            headers_stop_iteration: false,
            buffer_limit: 1024 * 1024,
            cas: CasDialect::Envoy,
            seed: 0,
            fuel: 200_000_000,
            deadline: None,
            memory: 256 * 1024 * 1024,
            clusters: BTreeSet::new(),
            only: BTreeSet::new(),
            callbacks: None,
            refusals: BTreeMap::new(),
        }
    }
}

impl Config {
    /// One worker, no environment, no configuration, Envoy's defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many workers there are beside the canary.
    #[must_use]
    pub fn workers(self, workers: usize) -> Self {
        Self { workers, ..self }
    }

    /// A variable of the guest's environment.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// The plugin's configuration, as the bytes that the guest is handed.
    #[must_use]
    pub fn configuration(self, bytes: impl Into<Vec<u8>>) -> Self {
        Self { configuration: bytes.into(), ..self }
    }

    /// The VM's configuration, as the bytes that the guest is handed.
    #[must_use]
    pub fn vm_configuration(self, bytes: impl Into<Vec<u8>>) -> Self {
        Self { vm_configuration: bytes.into(), ..self }
    }

    /// A property that every stream and root context has, by the segments of its path.
    #[must_use]
    pub fn property(mut self, path: &[&str], value: impl Into<Vec<u8>>) -> Self {
        self.properties.insert(path.join("\0").into_bytes(), value.into());
        self
    }

    /// What happens after a trap.
    #[must_use]
    pub fn failure_policy(self, failure_policy: FailurePolicy) -> Self {
        Self { failure_policy, ..self }
    }

    /// Envoy's `allow_on_headers_stop_iteration`: whether a pause in headers still lets the body come.
    #[must_use]
    pub fn headers_stop_iteration(self, allowed: bool) -> Self {
        Self { headers_stop_iteration: allowed, ..self }
    }

    /// How many bytes of a body may be held before the proxy answers 413 (request) or 500 (answer); 1 MiB
    /// unless told.
    #[must_use]
    pub fn buffer_limit(self, bytes: usize) -> Self {
        Self { buffer_limit: bytes, ..self }
    }

    /// Which proxy's compare-and-swap the shared data follows.
    #[must_use]
    pub fn cas(self, cas: CasDialect) -> Self {
        Self { cas, ..self }
    }

    /// What the randomness grows from: equal seeds and equal calls give equal bytes.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The fuel of one callback (200 million), if the module is metered: about one unit an instruction, 200 a host call and one a byte that it copies.
    #[must_use]
    pub fn fuel(self, fuel: u64) -> Self {
        Self { fuel, ..self }
    }

    /// The most ticks of [`Module::tick`](crate::Module::tick) that one callback may go on for: a bound on time beside the
    /// one on work. Without it ticks mean nothing.
    #[must_use]
    pub fn deadline(self, ticks: u64) -> Self {
        Self { deadline: Some(ticks), ..self }
    }

    /// The most memory, in bytes, of one VM (256 MiB). Growth beyond it fails in the guest.
    #[must_use]
    pub fn memory(self, bytes: usize) -> Self {
        Self { memory: bytes, ..self }
    }

    /// A cluster that HTTP calls may go to; a call elsewhere is a bad argument.
    #[must_use]
    pub fn cluster(mut self, name: impl Into<Vec<u8>>) -> Self {
        self.clusters.insert(name.into());
        self
    }

    /// Grants only these capabilities, as Envoy's `capability_restriction_config` does: every other host call is
    /// [`Refusal::Denied`], and every other callback (`proxy_on_request_headers`) is not called, as if the module did not
    /// export it. An empty list restricts nothing, there as here.
    #[must_use]
    pub fn grant_only<'n>(self, names: impl IntoIterator<Item = &'n str>) -> Self {
        Self { only: names.into_iter().map(str::to_owned).collect(), ..self }
    }

    /// Makes one host call behave as on a proxy that does not grant it.
    #[must_use]
    pub fn refuse(mut self, name: impl Into<String>, refusal: Refusal) -> Self {
        self.refusals.insert(name.into(), refusal);
        self
    }

    /// Behaves as a proxy does: what it does not implement, which callbacks it makes, and how its compare-and-swap works.
    #[must_use]
    pub fn like(self, profile: &Profile) -> Self {
        let config = Self { callbacks: Some(profile.callbacks()), ..self.cas(profile.cas()) };
        profile.lacking().fold(config, |config, (name, refusal)| config.refuse(name, refusal))
    }

    /// How a host call behaves if it is not granted.
    pub(crate) fn refusal(&self, name: &str) -> Option<Refusal> {
        self.refusals.get(name).copied().or_else(|| (!self.grants(name)).then_some(Refusal::Denied))
    }

    /// Whether a callback is called at all. As in Envoy, what is no callback of the ABI (`_initialize`, `main`) always is.
    pub(crate) fn calls(&self, callback: &str) -> bool {
        !callback.starts_with("proxy_")
            || self.grants(callback) && self.callbacks.is_none_or(|made| made.contains(&callback))
    }

    fn grants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.contains(name)
    }
}

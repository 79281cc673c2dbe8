//! The plugin under the wasmtime host as a site of cases: two workers that take turns, the buffer filter behind the plugin
//! as in the shipped configuration, and a clock that stands where the case puts it.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::OnceLock;
use std::time::Duration;

use tapgate_cases::site::{Answered, Application, Exchange, Headers, Host, Sent, Setup, Site, Trouble, with_pseudo};
use tapgate_core::audit::PREFIX;
use tapgate_host::{Clock, Config, HostError, Message, Misuse, Module, StreamHandle, WorkerState};
use tapgate_host_tests::workspace;

/// How many workers share the traffic.
const WORKERS: usize = 2;

/// A trailer that must not reach anybody.
const FORGED: &str = "tapgate-user";

/// Runs cases in the module, under our own host.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wasmtime;

impl Host for Wasmtime {
    fn name(&self) -> &'static str {
        "wasmtime"
    }

    fn start(&self, setup: &Setup) -> Result<Box<dyn Site>, Trouble> {
        WasmtimeSite::start(None, setup).map(|site| Box::new(site) as Box<dyn Site>)
    }
}

/// How a message comes in: what HTTP leaves open, and what must make no difference.
#[derive(Clone, Copy, Debug)]
struct Delivery {
    /// In how many parts its body comes.
    parts: usize,
    /// Whether trailers end it, among them a forged one.
    trailers: bool,
}

/// A process of our own host.
pub(crate) struct WasmtimeSite {
    pub(crate) host: tapgate_host::Host,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) policy: String,
    /// How many requests there have been: workers take turns.
    requests: usize,
    logged: usize,
    seed: Option<u64>,
}

impl WasmtimeSite {
    /// Starts a process whose ledger is born when the setup says. With a seed for its randomness messages come in pieces,
    /// and end in trailers at times; without one they come whole.
    pub(crate) fn start(seed: Option<u64>, setup: &Setup) -> Result<Self, Trouble> {
        let clock = Clock { wall: Duration::from_secs(setup.born), ..Clock::default() };
        let config = config(&setup.policy, &setup.environment).seed(seed.unwrap_or_default());
        let host = tapgate_host::Host::start_at(clock, module(), config).map_err(trouble("starting the host"))?;
        let (environment, policy) = (setup.environment.clone(), setup.policy.clone());
        let mut site = Self { host, environment, policy, requests: 0, logged: 0, seed };
        site.set_clock(setup.now)?;
        Ok(site)
    }

    /// How the next message comes in.
    fn delivery(&self) -> Delivery {
        let turn = self.seed.map(|seed| seed.wrapping_add(self.requests as u64));
        Delivery {
            parts: turn.map_or(1, |turn| usize::from(turn % 3 == 0) * 3 + 1),
            trailers: turn.is_some_and(|turn| turn % 5 < 2),
        }
    }

    /// A stream on the worker whose turn it is.
    pub(crate) fn next_stream(&mut self) -> Result<StreamHandle<'_>, HostError> {
        let worker = self.requests % WORKERS;
        self.requests += 1;
        self.host.stream(worker)
    }

    /// What came of a request, for the runner.
    pub(crate) fn told(
        &mut self,
        seen: &tapgate_host::Exchange,
        forwarded: Option<Headers>,
    ) -> Result<Exchange, Trouble> {
        let Some(status) = seen.downstream.status() else {
            return Err(Trouble::new("carrying a request", format!("no answer: {seen:?}")));
        };
        let headers = text(&seen.downstream).into_iter().filter(|(name, _)| name != ":status").collect();
        let body = String::from_utf8_lossy(&seen.downstream.body).into_owned();
        Ok(Exchange { status, headers, body, forwarded, audit: self.audit() })
    }

    /// The audit lines since the last time.
    fn audit(&mut self) -> Vec<String> {
        let logs = self.host.logs();
        let fresh = logs.get(self.logged..).unwrap_or_default();
        self.logged = logs.len();
        fresh.iter().filter_map(|line| line.text.strip_prefix(PREFIX)).map(str::to_owned).collect()
    }
}

impl Site for WasmtimeSite {
    fn load(&mut self, policy: &str) -> Result<(), Trouble> {
        policy.clone_into(&mut self.policy);
        self.host.update(config(policy, &self.environment)).map_err(trouble("loading a policy"))
    }

    fn set_clock(&mut self, now: u64) -> Result<(), Trouble> {
        let by = Duration::from_secs(now).saturating_sub(self.host.clock().wall);
        self.host.advance(by);
        Ok(())
    }

    fn restart(&mut self) -> Result<(), Trouble> {
        self.host.clear_shared_data();
        let policy = std::mem::take(&mut self.policy);
        self.load(&policy)
    }

    fn exchange(&mut self, request: &Sent, application: Application<'_>) -> Result<Exchange, Trouble> {
        let worker = self.requests % WORKERS;
        let delivery = self.delivery();
        let mut stream = self.next_stream().map_err(trouble("opening a stream"))?;
        let (seen, forwarded) = talk(&mut stream, request, delivery, application)
            .and_then(|forwarded| Ok((stream.close()?, forwarded)))
            .map_err(trouble("carrying a request"))?;
        if let Ok(WorkerState::Failed(failure)) = self.host.worker_state(worker) {
            return Err(Trouble::new("running the module", failure.clone()));
        }
        let misuses = self.host.misuses();
        if misuses != [Misuse::MapGone("nothing"); 0] {
            return Err(Trouble::new("running the module", format!("it misused the host: {misuses:?}")));
        }
        for trailers in [&seen.upstream.trailers, &seen.downstream.trailers].into_iter().flatten() {
            if trailers.first(FORGED.as_bytes()).is_some() {
                return Err(Trouble::new("carrying a request", "a forged trailer went on"));
            }
        }
        self.told(&seen, forwarded)
    }
}

/// Sends a request, and the application's answer if the request reaches it; gives what reached it.
fn talk(
    stream: &mut StreamHandle<'_>,
    request: &Sent,
    delivery: Delivery,
    application: Application<'_>,
) -> Result<Option<Headers>, HostError> {
    let headers = with_pseudo(request).into_iter().collect();
    stream.request_headers(headers, request.body.is_none() && !delivery.trailers)?;
    if let Some(body) = &request.body {
        let size = body.len().div_ceil(delivery.parts).max(1);
        let mut left = body.len().div_ceil(size).max(1);
        // An empty body is one empty part.
        let empty = body.is_empty().then_some(&[][..]);
        for part in body.chunks(size).chain(empty) {
            left -= 1;
            stream.request_body(part, left == 0 && !delivery.trailers)?;
        }
    }
    if delivery.trailers {
        stream.request_trailers(forged_trailers())?;
    }
    let upstream = stream.seen()?.upstream;
    // The buffer filter behind the plugin lets nothing on before it has all of it.
    if !upstream.complete || upstream.aborted {
        return Ok(None);
    }
    let forwarded = text(&upstream);
    let Answered { status, headers, by_proxy } = application(&forwarded);
    let answer: tapgate_host::Headers = headers.into_iter().collect();
    if by_proxy {
        stream.proxy_answer(status, answer, "upstream_reset_before_response_started")?;
    } else {
        let status = tapgate_host::Headers::new().with(":status", status.to_string());
        let all = status.iter().chain(answer.iter()).collect();
        stream.response_headers(all, !delivery.trailers)?;
        if delivery.trailers {
            stream.response_trailers(forged_trailers())?;
        }
    }
    Ok(Some(forwarded))
}

fn forged_trailers() -> tapgate_host::Headers {
    tapgate_host::Headers::new().with(FORGED, "admin").with("checksum", "1")
}

pub(crate) fn text(message: &Message) -> Headers {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    message
        .headers
        .iter()
        .flat_map(tapgate_host::Headers::iter)
        .map(|(name, value)| (text(name), text(value)))
        .collect()
}

/// How the host is set up.
pub(crate) fn config(policy: &str, environment: &BTreeMap<String, String>) -> Config {
    let config = Config::new().workers(WORKERS).property(&["source", "address"], "192.0.2.7:4711");
    // Which nobody calls but a policy whose ledger lies there.
    let config = config.cluster("etcd");
    let config = environment.iter().fold(config, |config, (name, value)| config.variable(name, value));
    config.configuration(policy)
}

/// The module, compiled once for all.
fn module() -> &'static Module {
    static MODULE: OnceLock<Module> = OnceLock::new();
    MODULE.get_or_init(|| {
        let bytes = std::fs::read(workspace::module()).expect("the plugin's file");
        Module::compile(&bytes).expect("a module that every host takes")
    })
}

fn trouble<E: std::error::Error + Send + Sync + 'static>(doing: &'static str) -> impl Fn(E) -> Trouble {
    move |error| Trouble::new(doing, error)
}

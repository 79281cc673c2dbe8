//! A gate on the wasmtime host: the shipped policy, random keys, an hour that the test moves.

use std::sync::OnceLock;
use std::time::Duration;

use tapgate_host::{Clock, Config, Exchange, Headers, Host, HostError, Module, StreamHandle};
use tapgate_host_tests::clock::now;
use tapgate_host_tests::keys::Keys;
use tapgate_host_tests::policy::Policy;
use tapgate_host_tests::secrets::Secrets;
use tapgate_host_tests::workspace;

/// A running gate.
pub(crate) struct Gate {
    pub(crate) host: Host,
    pub(crate) keys: Keys,
    pub(crate) secrets: Secrets,
}

impl Gate {
    /// A gate with the shipped policy and two workers, some seconds after its start.
    pub(crate) fn new() -> Self {
        Self::with(2)
    }

    /// Likewise with so many workers.
    pub(crate) fn with(workers: usize) -> Self {
        Self::on(|config| config.workers(workers)).expect("a policy that loads")
    }

    /// Likewise on a proxy that the configuration describes, if it loads there.
    pub(crate) fn on(describe: impl FnOnce(Config) -> Config) -> Result<Self, HostError> {
        let keys = Keys::random();
        let policy = Policy::shipped().text();
        let host = Self::host(&keys, |config| describe(config.configuration(policy)))?;
        host.advance(Duration::from_secs(5));
        Ok(Self { host, keys, secrets: Secrets::default() })
    }

    /// A host of two workers, unless the configuration says otherwise, good or bad.
    pub(crate) fn host(keys: &Keys, describe: impl FnOnce(Config) -> Config) -> Result<Host, HostError> {
        let variables = keys.environment();
        let config = variables.into_iter().fold(Config::new(), |config, (name, value)| config.variable(name, value));
        let config = describe(config.workers(2).property(&["source", "address"], "192.0.2.7:4711"));
        // Passes are minted at the machine's time, so the gate has begun a little before it.
        let wall = Duration::from_secs(u64::try_from(now() - 5).expect("a clock after 1970"));
        Host::start_at(Clock { wall, ..Clock::default() }, module(), config)
    }

    /// A request without a body, and what the application answers if it sees it.
    pub(crate) fn exchange(&mut self, worker: usize, request: Headers, answer: Headers) -> Exchange {
        let mut stream = self.host.stream(worker).expect("a worker");
        stream.request_headers(request, true).expect("a request");
        if stream.seen().expect("an open stream").upstream.complete {
            stream.response_headers(answer, true).expect("an answer");
        }
        stream.close().expect("an open stream")
    }

    /// Signs in with a pass; gives the answer.
    pub(crate) fn sign_in(&mut self, worker: usize, pass: &str) -> Exchange {
        let mut stream = self.host.stream(worker).expect("a worker");
        present(&mut stream, pass).expect("a sign-in");
        stream.close().expect("an open stream")
    }
}

/// Sends a sign-in with a pass.
pub(crate) fn present(stream: &mut StreamHandle<'_>, pass: &str) -> Result<(), HostError> {
    let body = form_urlencoded::Serializer::new(String::new()).append_pair("pass", pass).finish();
    let request = request("POST", "/.tap/sign-in")
        .with("content-type", "application/x-www-form-urlencoded")
        .with("content-length", body.len().to_string())
        .with("sec-fetch-site", "same-origin");
    stream.request_headers(request, false)?;
    stream.request_body(body, true)?;
    Ok(())
}

/// The module, compiled once for all tests.
pub(crate) fn module() -> &'static Module {
    static MODULE: OnceLock<Module> = OnceLock::new();
    MODULE.get_or_init(|| {
        let bytes = std::fs::read(workspace::module()).expect("the plugin's file");
        Module::compile(&bytes).expect("a module that every host takes")
    })
}

/// A request to the gate.
pub(crate) fn request(method: &str, path: &str) -> Headers {
    Headers::new()
        .with(":method", method)
        .with(":scheme", "https")
        .with(":authority", "gate.example.com")
        .with(":path", path)
}

/// A browser's navigation with a session.
pub(crate) fn navigation(path: &str, session: &str) -> Headers {
    request("GET", path)
        .with("cookie", session)
        .with("accept", "text/html")
        .with("sec-fetch-mode", "navigate")
        .with("sec-fetch-site", "same-origin")
}

/// An application's answer.
pub(crate) fn ok() -> Headers {
    Headers::new().with(":status", "200")
}

/// The session cookie that an answer sets, as a `cookie` header's value.
pub(crate) fn session(exchange: &Exchange) -> Option<String> {
    let cookies = exchange.downstream.headers.as_ref()?.all("set-cookie");
    let cookie = cookies.into_iter().find(|cookie| cookie.starts_with("__Host-tapgate="))?;
    cookie.split(';').next().map(str::to_owned)
}

//! What a request costs in numbers that no machine changes: the same modules under the wasmtime host, which counts.

use std::path::Path as File;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use hyper::Request;
use tapgate_host::{CallReport, Clock, Config, Exchange, Headers, Host, Module};
use tapgate_host_tests::clock::now;
use tapgate_host_tests::gate::{AUTHORITY, SESSION};
use tapgate_host_tests::keys::Keys;
use tapgate_host_tests::pass::{Pass, Receipt, read_assertion};
use tapgate_host_tests::policy::Policy;
use tapgate_host_tests::secrets::Secrets;
use tapgate_host_tests::workspace;

use crate::application::{ANSWER, FINISH};
use crate::path::Path;
use crate::people::{MOST_SESSIONS, token};
use crate::proxies::noop_module;
use crate::requests::{APPLICATION_SAW, Call, Credentials, NOBODY};

/// What all callbacks of one request cost together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// About one unit an instruction, 200 a host call, one a byte that a host call copies.
    pub fuel: u64,
    /// Calls of the guest to the host.
    pub host_calls: u64,
    /// The bytes that the host had the guest allocate for what it handed over.
    pub allocated: u64,
}

/// The work of each path that goes through a module.
///
/// # Errors
/// If a module does not load, traps, or a request is not answered as it must be.
pub fn work(keys: &Keys) -> Result<Vec<(Path, Work)>> {
    let mut noop = Counted::start(&noop_module()?, Config::new())?;
    let mut tapgate = Counted::start(&workspace::module(), configured(keys))?;
    let credentials = tapgate.credentials(keys)?;
    let mut all = Vec::new();
    for path in [Path::Noop, Path::Anonymous, Path::Registering, Path::Registered, Path::SignIn] {
        let counted = if path == Path::Noop { &mut noop } else { &mut tapgate };
        let work = credentials.call(path).and_then(|call| counted.work(&call));
        all.push((path, work.with_context(|| format!("on the path `{}`", path.id()))?));
    }
    Ok(all)
}

/// The plugin as it is shipped.
fn configured(keys: &Keys) -> Config {
    let config = Config::new().configuration(Policy::shipped().text());
    let config = config.property(&["source", "address"], "192.0.2.7:4711");
    keys.environment().into_iter().fold(config, |config, (name, value)| config.variable(name, value))
}

/// A module under the host that counts.
struct Counted(Host);

impl Counted {
    fn start(module: &File, config: Config) -> Result<Self> {
        let bytes = std::fs::read(module).with_context(|| format!("reading {}", module.display()))?;
        let module = Module::compile(&bytes).with_context(|| format!("compiling {}", module.display()))?;
        // Passes are minted at the machine's time.
        let wall = Duration::from_secs(u64::try_from(now()).context("a clock after 1970")?);
        Ok(Self(Host::start_at(Clock { wall, ..Clock::default() }, &module, config)?))
    }

    /// The work of a call: of the second of two equal ones, since the first also defines metrics and the like.
    fn work(&mut self, call: &Call) -> Result<Work> {
        self.answered(call)?;
        self.0.take_reports();
        self.answered(call)?;
        let reports = self.0.take_reports();
        ensure!(!reports.is_empty(), "the module was never called");
        ensure!(reports.iter().all(|report| report.trap.is_none()), "the module has trapped");
        Ok(Work::of(&reports))
    }

    /// Sends a call whose answer must be the right one.
    fn answered(&mut self, call: &Call) -> Result<()> {
        let seen = self.send(&call.request, &Headers::new())?;
        let status = seen.downstream.status();
        ensure!(status == Some(call.status), "expected {}, found {status:?}", call.status);
        if let Some((name, value)) = call.mark {
            let found = seen.downstream.header(name);
            ensure!(found.as_deref() == Some(value), "expected `{name}: {value}`, found {found:?}");
        }
        Ok(())
    }

    /// Sends a request; if it comes through, the application answers as it does under Envoy, and with `more`.
    fn send(&mut self, request: &Request<Bytes>, more: &Headers) -> Result<Exchange> {
        let mut stream = self.0.stream(0)?;
        let body = request.body();
        stream.request_headers(headers(request), body.is_empty())?;
        if !body.is_empty() {
            stream.request_body(body, true)?;
        }
        let upstream = stream.seen()?.upstream;
        if upstream.complete {
            let saw = upstream.header("tapgate-state").unwrap_or_else(|| NOBODY.to_owned());
            let answer = [(":status", "200"), ("content-type", "text/plain"), (APPLICATION_SAW, saw.as_str())];
            let answer = answer.iter().fold(more.clone(), |answer, (name, value)| answer.with(name, value));
            stream.response_headers(answer, false)?;
            stream.response_body(ANSWER, true)?;
        }
        Ok(stream.close()?)
    }

    /// What people hold once they have signed in here: the same as under Envoy.
    fn credentials(&mut self, keys: &Keys) -> Result<Credentials> {
        let pass = |who: &str| Pass::new(keys, who).mint(&Secrets::default());
        let registering = self.sign_in(&pass("registering"))?;
        let registered = self.sign_in(&pass("registered"))?;
        let registered = self.register(keys, &registered)?;
        let often = pass("often");
        for _ in 0..MOST_SESSIONS {
            self.sign_in(&often)?;
        }
        Ok(Credentials { token: token(keys), registering, registered, pass: often })
    }

    fn sign_in(&mut self, pass: &str) -> Result<String> {
        let call = Call::sign_in(pass)?;
        session(&self.send(&call.request, &Headers::new())?)
    }

    /// Ends a registration with the receipt that the application owes for it.
    fn register(&mut self, keys: &Keys, cookie: &str) -> Result<String> {
        let page = self.send(&Call::page(cookie, "")?.request, &Headers::new())?;
        let assertion = page.upstream.header("tapgate-assertion").context("the gate asserts nothing")?;
        let claims = read_assertion(keys, &assertion);
        let named = |name: &str| claims.get(name).and_then(|value| value.as_str()).context("a claim is missing");
        let receipt = Receipt::new(keys, named("sub")?, named("sid")?).mint(&Secrets::default());
        let finish = Request::post(FINISH).header("host", AUTHORITY).header("cookie", cookie);
        let finish = finish.header("sec-fetch-site", "same-origin").body(Bytes::new())?;
        session(&self.send(&finish, &Headers::new().with("tapgate-receipt", receipt))?)
    }
}

impl Work {
    fn of(reports: &[CallReport]) -> Self {
        Self {
            fuel: reports.iter().map(|report| report.fuel).sum(),
            host_calls: reports.iter().map(|report| report.host_calls.len() as u64).sum(),
            allocated: reports.iter().map(|report| report.allocated).sum(),
        }
    }
}

/// A request's headers as a proxy hands them over.
fn headers(request: &Request<Bytes>) -> Headers {
    let pseudo = Headers::new()
        .with(":authority", AUTHORITY)
        .with(":path", request.uri().path())
        .with(":method", request.method().as_str())
        .with(":scheme", "http");
    let own = request.headers().iter().filter(|(name, _)| *name != "host");
    let all = own.fold(pseudo, |headers, (name, value)| headers.with(name.as_str(), value.as_bytes()));
    match request.body().len() {
        0 => all,
        length => all.with("content-length", length.to_string()),
    }
}

/// The session cookie that an answer sets, as browsers send it back.
fn session(exchange: &Exchange) -> Result<String> {
    let cookies = exchange.downstream.headers.as_ref().map(|headers| headers.all("set-cookie")).unwrap_or_default();
    let own = format!("{SESSION}=");
    let cookie = cookies.iter().find(|cookie| cookie.starts_with(&own)).context("the gate gave no session")?;
    Ok(cookie.split(';').next().unwrap_or_default().to_owned())
}

//! The plugin under real Envoy as a site of cases: the shipped bootstrap, two workers, a clock that stands where the case puts
//! it, and an application that answers as the case says.
//!
//! A case says what reaches the gate, so Envoy is set up not to mend paths and names before it (`Setup::softened`), routes
//! CONNECT, and has the routes of the case's own sign-in paths. Everything else is as people copy it.

mod clock;
mod proxys;
mod wire;

use std::collections::BTreeMap;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, OnceLock};

use serde_json::Value;
use tapgate_cases::site::{self, Answered, Application, Exchange, Headers, Host, Sent, Site, Trouble};
use tapgate_core::audit::PREFIX;
use tapgate_host_tests::client::raw::Raw;
use tapgate_host_tests::envoy::{Envoy, Setup};
use tapgate_host_tests::keys::Keys;
use tapgate_host_tests::secrets::Secrets;
use tapgate_host_tests::upstream::{Handler, Recorded, Reply, Upstream};
use tokio::runtime::Runtime;
use tokio::task::block_in_place;

use self::clock::Clock;
use self::wire::Answer;

/// The trouble of a machine so busy that Envoy's clock ran on into another second: what was played says nothing.
pub(crate) const SLIPPED: &str = "holding the clock";

/// Runs cases in the module, under real Envoy.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RealEnvoy;

impl Host for RealEnvoy {
    fn name(&self) -> &'static str {
        "envoy"
    }

    fn start(&self, setup: &site::Setup) -> Result<Box<dyn Site>, Trouble> {
        EnvoySite::start(setup).map(|site| Box::new(site) as Box<dyn Site>)
    }
}

/// What happens while a request is under way.
enum Event {
    /// It has reached the application, which waits to be told what to answer.
    Asked(Recorded, Sender<Reply>),
    /// The client has its answer, or will get none.
    Answered(Option<Answer>),
}

struct EnvoySite {
    // Stopped before what it stands on.
    envoy: Envoy,
    upstream: Upstream,
    events: Receiver<Event>,
    happened: Sender<Event>,
    clock: Clock,
    environment: BTreeMap<String, String>,
    loaded: Loaded,
    now: u64,
    logged: usize,
}

/// What Envoy is configured with.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Loaded {
    policy: String,
    /// Whether the proxy answers in the application's place.
    answers_itself: bool,
}

impl EnvoySite {
    fn start(setup: &site::Setup) -> Result<Self, Trouble> {
        let clock = Clock::at(setup.born).map_err(trouble(SLIPPED))?;
        let (happened, events) = mpsc::channel();
        let upstream = runtime().block_on(Upstream::start(application(happened.clone()), &Secrets::default()));
        let environment = setup.environment.clone();
        let loaded = Loaded { policy: setup.policy.clone(), answers_itself: false };
        let envoy = started(&configuration(&upstream, &environment, &loaded, &clock)?)?;
        let mut site =
            Self { envoy, upstream, events, happened, clock, environment, loaded, now: setup.born, logged: 0 };
        site.held()?;
        site.set_clock(setup.now)?;
        Ok(site)
    }

    fn configuration(&self, loaded: &Loaded) -> Result<Setup, Trouble> {
        configuration(&self.upstream, &self.environment, loaded, &self.clock)
    }

    /// Has Envoy go by another configuration, unless it does already.
    fn configure(&mut self, loaded: Loaded) -> Result<(), Trouble> {
        if loaded != self.loaded {
            let setup = self.configuration(&loaded)?;
            runtime().block_on(self.envoy.reload(&setup)).map_err(trouble("loading a configuration"))?;
            self.loaded = loaded;
        }
        Ok(())
    }

    /// Makes sure that Envoy's clock has not gone on while something was done.
    fn held(&self) -> Result<(), Trouble> {
        match self.clock.slipped() {
            Ok(false) => Ok(()),
            Ok(true) => Err(Trouble::new(SLIPPED, "the machine was too busy")),
            Err(error) => Err(Trouble::new(SLIPPED, error)),
        }
    }

    /// The audit lines since the last time. Envoy writes a line before it sends on what the plugin has decided, so they are
    /// there when the answer is.
    fn audit(&mut self) -> Vec<String> {
        let log = self.envoy.log();
        let lines: Vec<_> = log.text().lines().filter_map(|line| line.split_once(PREFIX)).collect();
        let fresh = lines.iter().skip(self.logged).map(|(_, line)| (*line).to_owned()).collect();
        self.logged = lines.len();
        fresh
    }

    /// Sends a request and sees it through: what reached the application, and what came back.
    fn carry(&self, request: &Sent, application: Application<'_>) -> Result<(Option<Headers>, Answer), Trouble> {
        const CARRYING: &str = "carrying a request";
        let late = |event| matches!(event, Event::Asked(recorded, _) if recorded.complete);
        if self.events.try_iter().any(late) {
            return Err(Trouble::new(CARRYING, "the request before reached the application behind its answer"));
        }
        let (address, happened) = (self.envoy.address(), self.happened.clone());
        let (method, bytes) = (request.method.clone(), wire::request(request));
        runtime().spawn(async move {
            let mut connection = Raw::open(address).await;
            connection.write(&bytes).await;
            let seen = connection.read_until(|seen| wire::answer(&method, seen).is_some()).await;
            // A site that is gone has no use for it.
            drop(happened.send(Event::Answered(wire::answer(&method, &seen))));
        });
        let mut forwarded = None;
        loop {
            match self.events.recv().map_err(trouble(CARRYING))? {
                // A request that was cut off, which the application gets no chance to believe.
                Event::Asked(recorded, answers) if !recorded.complete => drop(answers.send(Reply::status(400))),
                Event::Asked(recorded, answers) => {
                    let seen = proxys::without_in_request(seen(&recorded), request);
                    // Envoy may have given up on it.
                    drop(answers.send(reply(&application(&seen))));
                    if forwarded.replace(seen).is_some() {
                        return Err(Trouble::new(CARRYING, "one request reached the application twice"));
                    }
                }
                Event::Answered(Some(answer)) => return Ok((forwarded, answer)),
                Event::Answered(None) => return Err(Trouble::new(CARRYING, "Envoy hung up without an answer")),
            }
        }
    }
}

impl Site for EnvoySite {
    fn load(&mut self, policy: &str) -> Result<(), Trouble> {
        let answers_itself = self.loaded.answers_itself;
        self.configure(Loaded { policy: policy.to_owned(), answers_itself })
    }

    fn set_clock(&mut self, now: u64) -> Result<(), Trouble> {
        self.now = now;
        self.clock.set(now).map_err(trouble(SLIPPED))
    }

    fn restart(&mut self) -> Result<(), Trouble> {
        drop(self.envoy.stop());
        self.held()?;
        self.envoy = started(&self.configuration(&self.loaded)?)?;
        self.logged = 0;
        self.held()
    }

    fn exchange(&mut self, request: &Sent, application: Application<'_>) -> Result<Exchange, Trouble> {
        let answers_itself = application(&Headers::new()).by_proxy;
        self.configure(Loaded { answers_itself, ..self.loaded.clone() })?;
        self.clock.set(self.now).map_err(trouble(SLIPPED))?;
        self.held()?;
        let (forwarded, answer) = self.carry(request, application)?;
        self.held()?;
        Ok(Exchange {
            status: answer.status,
            headers: proxys::without_in_answer(answer.headers),
            body: String::from_utf8_lossy(&answer.body).into_owned(),
            forwarded,
            audit: self.audit(),
        })
    }
}

/// Where all sites' clients and applications run.
fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().expect("a runtime"))
}

fn started(setup: &Setup) -> Result<Envoy, Trouble> {
    runtime().block_on(Envoy::start(setup)).map_err(trouble("starting Envoy"))
}

/// The shipped bootstrap with what a case needs.
fn configuration(
    upstream: &Upstream,
    environment: &BTreeMap<String, String>,
    loaded: &Loaded,
    clock: &Clock,
) -> Result<Setup, Trouble> {
    let paths = SignInPaths::of(&loaded.policy).map_err(trouble("reading the policy"))?;
    let variables = environment.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    // The example's own keys are not the case's: nothing of the harness reaches the plugin but what the case gives.
    let setup = Setup::new(upstream.address(), &Keys::random())
        .policy_text(&loaded.policy)
        .variables(variables)
        .sign_in_at(&paths.applications, &paths.plugins)
        .softened()
        .connect()
        .reloads();
    let setup = if loaded.answers_itself { setup.answers_itself() } else { setup };
    Ok(clock.environment().iter().fold(setup, |setup, (name, value)| setup.variable(name, value)))
}

/// Where people sign in, which the routes name (see `examples/envoy/README.md`).
struct SignInPaths {
    applications: Vec<String>,
    plugins: Vec<String>,
}

impl SignInPaths {
    fn of(policy: &str) -> serde_json::Result<Self> {
        let document: Value = serde_json::from_str(policy)?;
        let policies = document.get("tenants").and_then(Value::as_array).cloned().unwrap_or_else(|| vec![document]);
        let text = |policy: &Value, place, usual: &str| {
            policy.pointer(place).and_then(Value::as_str).unwrap_or(usual).to_owned()
        };
        let applications = policies.iter().map(|policy| text(policy, "/signIn/path", "/sign-in")).collect();
        let plugins = policies.iter().map(|policy| text(policy, "/basePath", "/.tap") + "/sign-in").collect();
        Ok(Self { applications, plugins })
    }
}

/// An application that asks what to answer.
fn application(happened: Sender<Event>) -> Handler {
    Arc::new(move |recorded: &Recorded| {
        let (answers, answer) = mpsc::channel();
        let asked = happened.send(Event::Asked(recorded.clone(), answers));
        let answer = asked.ok().and_then(|()| block_in_place(|| answer.recv().ok()));
        // Nobody is left who could say.
        answer.unwrap_or_else(|| Reply::status(500))
    })
}

/// A request as the application sees it, with its pseudo-headers.
fn seen(recorded: &Recorded) -> Headers {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let mut headers = vec![(":method".to_owned(), recorded.method.clone())];
    if recorded.method != "CONNECT" {
        headers.push((":path".to_owned(), recorded.target.clone()));
    }
    headers.extend(recorded.headers.iter().map(|(name, value)| {
        let name = if name == "host" { ":authority" } else { name };
        (name.to_owned(), text(value))
    }));
    headers
}

fn reply(answered: &Answered) -> Reply {
    answered.headers.iter().fold(Reply::status(answered.status), |reply, (name, value)| reply.header(name, value))
}

fn trouble<E: Into<Box<dyn std::error::Error + Send + Sync>>>(doing: &'static str) -> impl Fn(E) -> Trouble {
    move |error| Trouble::new(doing, error)
}

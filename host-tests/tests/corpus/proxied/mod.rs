//! The plugin in a proxy's process as a site of cases: two workers, a clock that stands where the case puts it, and an
//! application that answers as the case says.
//!
//! Which proxy that is, a [`Proxy`] says; a request is sent as bytes of HTTP/1.1.

mod added;
mod wire;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, OnceLock};

use tapgate_cases::site::{self, Answered, Application, Exchange, Headers, Sent, Site, Trouble};
use tapgate_core::audit::PREFIX;
use tapgate_host_tests::client::raw::Raw;
use tapgate_host_tests::clock::Clock;
use tapgate_host_tests::log::Log;
use tapgate_host_tests::secrets::Secrets;
use tapgate_host_tests::upstream::{Handler, Recorded, Reply, Upstream};
use tokio::runtime::Runtime;
use tokio::task::block_in_place;

pub(crate) use self::added::Added;
use self::wire::Answer;

/// The trouble of a machine so busy that the proxy's clock ran on into another second: what was played says nothing.
pub(crate) const SLIPPED: &str = "holding the clock";

/// The trouble of a host that cannot carry a request of this kind.
pub(crate) const CANNOT: &str = "having the proxy itself answer so";

/// A proxy with the plugin in it, as a process.
pub(crate) trait Proxy: Sized + 'static {
    /// What it adds to messages.
    const ADDED: Added;

    /// How it comes to answer in the application's place.
    const OWN_ANSWER: OwnAnswer;

    /// Starts it.
    fn begin(wanted: &Wanted<'_>) -> Result<Self, Trouble>;

    /// Has it go by another configuration; what runs goes on, and shared data stays.
    fn load(&mut self, wanted: &Wanted<'_>) -> Result<(), Trouble>;

    /// Stops it.
    fn end(&mut self);

    /// Where it listens.
    fn place(&self) -> SocketAddr;

    /// What it has written so far.
    fn written(&self) -> Log;
}

/// How a proxy comes to answer in the application's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnAnswer {
    /// It is configured to, with whatever the case says.
    Configured,
    /// It has to: the application hangs up, and the proxy says 503 and nothing else.
    Unavailable,
}

/// What a proxy is to be like.
pub(crate) struct Wanted<'a> {
    /// Where the application listens.
    pub(crate) application: SocketAddr,
    /// The environment variables that the policy takes its keys from.
    pub(crate) environment: &'a BTreeMap<String, String>,
    pub(crate) loaded: &'a Loaded,
    pub(crate) clock: &'a Clock,
}

/// What happens while a request is under way.
enum Event {
    /// It has reached the application, which waits to be told what to answer.
    Asked(Recorded, Sender<Reply>),
    /// The client has its answer, or will get none.
    Answered(Option<Answer>),
}

/// A site in front of an application of its own.
pub(crate) struct ProxySite<P> {
    // Stopped before what it stands on.
    proxy: P,
    upstream: Upstream,
    events: Receiver<Event>,
    happened: Sender<Event>,
    clock: Clock,
    environment: BTreeMap<String, String>,
    loaded: Loaded,
    now: u64,
    logged: usize,
}

/// What a proxy is configured with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Loaded {
    pub(crate) policy: String,
    /// Whether the proxy is told to answer in the application's place.
    pub(crate) answers_itself: bool,
    /// The etcd that the policy's ledger lies in, if it does.
    pub(crate) etcd: Option<SocketAddr>,
}

impl<P: Proxy> ProxySite<P> {
    pub(crate) fn start(setup: &site::Setup) -> Result<Self, Trouble> {
        Self::with(setup, None)
    }

    /// A site whose policy's ledger lies in this etcd.
    pub(crate) fn over_etcd(setup: &site::Setup, etcd: SocketAddr) -> Result<Self, Trouble> {
        Self::with(setup, Some(etcd))
    }

    fn with(setup: &site::Setup, etcd: Option<SocketAddr>) -> Result<Self, Trouble> {
        let clock = Clock::at(setup.born).map_err(trouble(SLIPPED))?;
        let (happened, events) = mpsc::channel();
        let upstream = runtime().block_on(Upstream::start(application(happened.clone()), &Secrets::default()));
        let environment = setup.environment.clone();
        let loaded = Loaded { policy: setup.policy.clone(), answers_itself: false, etcd };
        let wanted =
            Wanted { application: upstream.address(), environment: &environment, loaded: &loaded, clock: &clock };
        let proxy = P::begin(&wanted)?;
        let mut site =
            Self { proxy, upstream, events, happened, clock, environment, loaded, now: setup.born, logged: 0 };
        site.held()?;
        site.set_clock(setup.now)?;
        Ok(site)
    }

    /// Has the proxy go by another configuration, unless it does already.
    fn configure(&mut self, loaded: Loaded) -> Result<(), Trouble> {
        if loaded != self.loaded {
            let Self { proxy, upstream, environment, clock, .. } = self;
            proxy.load(&Wanted { application: upstream.address(), environment, loaded: &loaded, clock })?;
            self.loaded = loaded;
        }
        Ok(())
    }

    /// Makes sure that the proxy's clock has not gone on while something was done.
    fn held(&self) -> Result<(), Trouble> {
        match self.clock.slipped() {
            Ok(false) => Ok(()),
            Ok(true) => Err(Trouble::new(SLIPPED, "the machine was too busy")),
            Err(error) => Err(Trouble::new(SLIPPED, error)),
        }
    }

    /// The audit lines since the last time. A proxy writes a line before it sends on what the plugin has decided, so they are
    /// there when the answer is.
    fn audit(&mut self) -> Vec<String> {
        let log = self.proxy.written();
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
        let (address, happened) = (self.proxy.place(), self.happened.clone());
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
                    let seen = P::ADDED.off_request(seen(&recorded), request);
                    // The proxy may have given up on it.
                    drop(answers.send(reply(&application(&seen), P::OWN_ANSWER)));
                    if forwarded.replace(seen).is_some() {
                        return Err(Trouble::new(CARRYING, "one request reached the application twice"));
                    }
                }
                Event::Answered(Some(answer)) => return Ok((forwarded, answer)),
                Event::Answered(None) => return Err(Trouble::new(CARRYING, "the proxy hung up without an answer")),
            }
        }
    }
}

impl<P: Proxy> Site for ProxySite<P> {
    fn load(&mut self, policy: &str) -> Result<(), Trouble> {
        self.configure(Loaded { policy: policy.to_owned(), ..self.loaded.clone() })
    }

    fn set_clock(&mut self, now: u64) -> Result<(), Trouble> {
        self.now = now;
        self.clock.set(now).map_err(trouble(SLIPPED))
    }

    fn restart(&mut self) -> Result<(), Trouble> {
        self.proxy.end();
        self.held()?;
        let Self { upstream, environment, loaded, clock, .. } = self;
        self.proxy = P::begin(&Wanted { application: upstream.address(), environment, loaded, clock })?;
        self.logged = 0;
        self.held()
    }

    fn exchange(&mut self, request: &Sent, application: Application<'_>) -> Result<Exchange, Trouble> {
        let Answered { by_proxy, status, .. } = application(&Headers::new());
        let answers_itself = by_proxy && P::OWN_ANSWER == OwnAnswer::Configured;
        if by_proxy && P::OWN_ANSWER == OwnAnswer::Unavailable && status != 503 {
            return Err(Trouble::new(CANNOT, format!("status {status}")));
        }
        self.configure(Loaded { answers_itself, ..self.loaded.clone() })?;
        self.clock.set(self.now).map_err(trouble(SLIPPED))?;
        self.held()?;
        let (forwarded, answer) = self.carry(request, application)?;
        self.held()?;
        Ok(Exchange {
            status: answer.status,
            headers: P::ADDED.off_answer(answer.headers),
            body: String::from_utf8_lossy(&answer.body).into_owned(),
            forwarded,
            audit: self.audit(),
        })
    }
}

/// Where all sites' clients and applications run.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().expect("a runtime"))
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

fn reply(answered: &Answered, own: OwnAnswer) -> Reply {
    if answered.by_proxy && own == OwnAnswer::Unavailable {
        return Reply::hang_up();
    }
    answered.headers.iter().fold(Reply::status(answered.status), |reply, (name, value)| reply.header(name, value))
}

pub(crate) fn trouble<E: Into<Box<dyn std::error::Error + Send + Sync>>>(doing: &'static str) -> impl Fn(E) -> Trouble {
    move |error| Trouble::new(doing, error)
}

//! A host that watches: it carries everything on to the one behind it, and holds what comes of it to the laws.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Mutex;

use tapgate_cases::site::{Answered, Application, Exchange, Host, Sent, Setup, Site, Trouble};

use crate::embedded::{Wasmtime, WasmtimeSite};
use crate::stories::faults::{Fault, FaultySite};
use crate::stories::laws::{Breach, Law, Record};
use crate::stories::rules::Rules;
use crate::stories::seen::{self, HOLDER, SESSION, all};

/// What came of a request, as far as it does not depend on randomness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) status: u16,
    location: Vec<String>,
    cache: Vec<String>,
    cookies: Vec<String>,
    /// The names of the headers that reached the application.
    forwarded: Option<Vec<String>>,
    /// The state of the session that it was told of.
    pub(crate) state: Option<String>,
    pub(crate) events: Vec<String>,
}

impl Outcome {
    pub(crate) fn of(exchange: &Exchange) -> Self {
        let event = |line: &serde_json::Value| {
            let words = ["event", "outcome", "reason"].map(|name| line[name].as_str());
            words.into_iter().flatten().collect::<Vec<_>>().join(" ")
        };
        let names = |headers: &Vec<(String, String)>| {
            let mut names: Vec<_> = headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
            names.sort();
            // A proxy joins the values of some names.
            names.dedup();
            names
        };
        Self {
            status: exchange.status,
            location: all(&exchange.headers, "location").iter().map(ToString::to_string).collect(),
            cache: all(&exchange.headers, "cache-control").iter().map(ToString::to_string).collect(),
            cookies: seen::cookie_names(&exchange.headers),
            forwarded: exchange.forwarded.as_ref().map(names),
            state: exchange
                .forwarded
                .as_ref()
                .and_then(|headers| all(headers, "tapgate-state").pop().map(str::to_owned)),
            events: seen::events(exchange).iter().map(event).collect(),
        }
    }

    /// Whether a proxy has refused this without asking the gate, all of whose own answers say `no-store` (8.2).
    pub(crate) fn is_refused_before_the_gate(&self) -> bool {
        self.status >= 400 && self.forwarded.is_none() && self.events.is_empty() && self.cache.is_empty()
    }
}

/// What a host has seen of a story.
#[derive(Clone, Default)]
pub(crate) struct Watched {
    /// What came of each request.
    pub(crate) outcomes: Rc<RefCell<Vec<Outcome>>>,
    /// The first breach, which was at the request after them.
    pub(crate) breach: Rc<RefCell<Option<Breach>>>,
}

/// The module under the wasmtime host, with a fault or without, held to the laws.
pub(crate) struct Watch {
    pub(crate) seed: u64,
    pub(crate) fault: Option<Fault>,
    pub(crate) watched: Watched,
}

impl Host for Watch {
    fn name(&self) -> &'static str {
        Wasmtime.name()
    }

    fn start(&self, setup: &Setup) -> Result<Box<dyn Site>, Trouble> {
        let secrets = setup.environment.values().cloned().collect();
        Ok(Box::new(WatchedSite {
            record: Record::new(Rules::read(&setup.policy), setup.now),
            site: FaultySite::start(self.fault, self.seed, setup)?,
            watched: self.watched.clone(),
            secrets,
        }))
    }
}

struct WatchedSite {
    record: Record,
    site: FaultySite,
    watched: Watched,
    secrets: Vec<String>,
}

impl WatchedSite {
    /// What no log may hold of this exchange.
    fn note(&mut self, sent: &Sent, answered: Option<&Answered>, exchange: &Exchange) {
        self.secrets.extend(seen::presented(sent));
        let set = [SESSION, HOLDER].map(|name| seen::set_cookie(&exchange.headers, name));
        self.secrets.extend(set.into_iter().flatten().map(str::to_owned));
        let assertion = exchange.forwarded.iter().flat_map(|headers| all(headers, "tapgate-assertion"));
        self.secrets.extend(assertion.map(str::to_owned));
        let receipts = answered.iter().flat_map(|answered| all(&answered.headers, "tapgate-receipt"));
        self.secrets.extend(receipts.filter(|receipt| receipt.len() > 16).map(str::to_owned));
    }
}

impl Site for WatchedSite {
    fn load(&mut self, policy: &str) -> Result<(), Trouble> {
        self.record.rules = Rules::read(policy);
        self.site.load(policy)
    }

    fn set_clock(&mut self, now: u64) -> Result<(), Trouble> {
        self.record.now = now;
        self.site.set_clock(now)
    }

    fn restart(&mut self) -> Result<(), Trouble> {
        self.site.restart()
    }

    fn exchange(&mut self, sent: &Sent, application: Application<'_>) -> Result<Exchange, Trouble> {
        let answered = Mutex::new(None);
        let exchange = self.site.exchange(sent, &|seen| {
            let answer = application(seen);
            *answered.lock().expect("nobody panics here") = Some(answer.clone());
            answer
        })?;
        let answered = answered.into_inner().expect("nobody panics here");
        self.note(sent, answered.as_ref(), &exchange);
        let judged =
            self.record.judge(sent, answered.as_ref(), &exchange).and_then(|()| match self.site.leak(&self.secrets) {
                Some(line) => {
                    Err(Breach { law: Law::Secrets, found: format!("in the log: {line}"), expect: String::new() })
                }
                None => Ok(()),
            });
        if let Err(breach) = judged {
            *self.watched.breach.borrow_mut() = Some(breach.clone());
            return Err(Trouble::new("holding the gate to the laws", breach.found));
        }
        self.watched.outcomes.borrow_mut().push(Outcome::of(&exchange));
        Ok(exchange)
    }
}

/// Any host, watched only for what comes of requests.
pub(crate) struct Noting<H> {
    pub(crate) host: H,
    pub(crate) watched: Watched,
}

impl<H: Host> Host for Noting<H> {
    fn name(&self) -> &'static str {
        self.host.name()
    }

    fn start(&self, setup: &Setup) -> Result<Box<dyn Site>, Trouble> {
        Ok(Box::new(NotingSite { site: self.host.start(setup)?, watched: self.watched.clone() }))
    }
}

struct NotingSite {
    site: Box<dyn Site>,
    watched: Watched,
}

impl Site for NotingSite {
    fn load(&mut self, policy: &str) -> Result<(), Trouble> {
        self.site.load(policy)
    }

    fn set_clock(&mut self, now: u64) -> Result<(), Trouble> {
        self.site.set_clock(now)
    }

    fn restart(&mut self) -> Result<(), Trouble> {
        self.site.restart()
    }

    fn exchange(&mut self, sent: &Sent, application: Application<'_>) -> Result<Exchange, Trouble> {
        let exchange = self.site.exchange(sent, application)?;
        self.watched.outcomes.borrow_mut().push(Outcome::of(&exchange));
        Ok(exchange)
    }
}

impl WasmtimeSite {
    /// A line of the log that tells one of these, since the last time it was asked.
    pub(crate) fn leak(&self, from: usize, secrets: &[String]) -> Option<String> {
        let logs = self.host.logs();
        let fresh = logs.get(from..).unwrap_or_default();
        let leak = fresh.iter().find(|line| secrets.iter().any(|secret| line.text.contains(secret.as_str())));
        leak.map(|line| line.text.clone())
    }
}

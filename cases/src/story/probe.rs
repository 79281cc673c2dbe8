//! Who could do what at a moment of a story: the gate of the story is asked, on copies of it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::decided::Decided;
use crate::case::{Answer, Case, Expect, Line, Pass, Request, Sender, Step};
use crate::native::Native;
use crate::policy::{PolicyDocument, text_at};
use crate::report::in_words;
use crate::run::{RunError, START, Stage, each_step};
use crate::site::Exchange;

/// The browser of somebody who comes for the first time. No case can call one so: it has a line break in it.
const NOBODY: &str = "a new\nbrowser";

/// The most paths that are tried with each browser's session.
const MOST_PATHS: usize = 4;

/// The most passes, and the most browsers, that are asked about at one moment.
const MOST_PEOPLE: usize = 64;

/// A moment of a story.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Moment {
    /// When, in seconds since 1970.
    pub at: u64,
    /// What would become of each pass in a new browser.
    pub people: Vec<Person>,
    /// What each browser may reach.
    pub browsers: Vec<Browser>,
    /// Why that cannot be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// A pass in a new browser.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// The pass's name.
    pub who: String,
    /// What would be decided.
    pub sign_in: String,
    /// Of a refusal, as the log has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// In a sentence.
    pub says: String,
}

/// A browser, and what it may reach.
#[derive(Clone, Debug, Serialize)]
pub struct Browser {
    /// Its name.
    pub browser: String,
    /// What it may reach.
    pub reach: Vec<Reach>,
}

/// A path that a browser goes to.
#[derive(Clone, Debug, Serialize)]
pub struct Reach {
    /// The path.
    pub path: String,
    /// What would be decided.
    pub decision: String,
    /// In a sentence.
    pub says: String,
}

/// Asks who could do what at a moment of a case, in seconds since 1970.
#[must_use]
pub fn probe(policy: &PolicyDocument, case: &Case, moment: u64) -> Moment {
    let mut found = Moment { at: moment, ..Moment::default() };
    let mut until = case.clone();
    until.steps.truncate(times(case).iter().take_while(|at| **at <= moment).count());
    let then = each_step(policy, &until, &Native, |_, _| Ok(true)).and_then(|mut stage| {
        let waited = stage.wait_until(moment).map(|()| stage);
        waited.map_err(|trouble| RunError::Host { case: case.name.clone(), trouble })
    });
    let stage = match then {
        Ok(stage) => stage,
        Err(error) => {
            found.trouble = Some(in_words(&error));
            return found;
        }
    };
    for (name, pass) in presented(case).into_iter().take(MOST_PEOPLE) {
        let Some(exchange) = stage.fork().and_then(|stage| sign_in(stage, pass)) else { continue };
        let Decided { decision, reason, says, .. } = Decided::of(&exchange);
        found.people.push(Person { who: name.to_owned(), sign_in: decision, reason, says });
    }
    let paths = paths(&stage, case);
    // Each where it was last.
    let mut browsers = BTreeMap::new();
    for request in until.steps.iter().filter_map(|step| step.request.as_ref()) {
        browsers.insert(request.browser.as_str(), request.host.as_ref());
    }
    for (browser, host) in browsers.into_iter().take(MOST_PEOPLE) {
        let reach = paths.iter().filter_map(|path| {
            let exchange = go(stage.fork()?, browser, host, path, Sender::Page)?;
            let Decided { decision, says, .. } = Decided::of(&exchange);
            Some(Reach { path: path.clone(), decision, says })
        });
        found.browsers.push(Browser { reach: reach.collect(), browser: browser.to_owned() });
    }
    found
}

/// When each step of a case happens.
fn times(case: &Case) -> Vec<u64> {
    let mut now = START;
    let mut time = |step: &Step| {
        now = step.when.after(now);
        now
    };
    case.steps.iter().map(&mut time).collect()
}

/// The passes that steps of the case present; all where none does.
fn presented(case: &Case) -> Vec<(&str, &Pass)> {
    let is_presented = |name: &str| {
        let mut lines = case.steps.iter().filter_map(|step| Some(&step.request.as_ref()?.line));
        lines.any(|line| matches!(line, Line::SignIn { shown, .. } if shown == name))
    };
    let passes = case.passes.iter().map(|(name, pass)| (name.as_str(), pass));
    let some: Vec<_> = passes.clone().filter(|(name, _)| is_presented(name)).collect();
    if some.is_empty() { passes.collect() } else { some }
}

/// The registration, what else the story visits, and if that is nothing the site's first page.
fn paths(stage: &Stage<'_>, case: &Case) -> Vec<String> {
    let policy = stage.policy();
    let page = text_at(policy, "registration.page").or_else(|| text_at(policy, "tenants[0].registration.page"));
    let mut paths: Vec<String> = page.map(str::to_owned).into_iter().collect();
    let visited = case.steps.iter().filter_map(|step| match &step.request.as_ref()?.line {
        Line::Of { method, path } if method == "GET" && !path.contains('<') && !path.contains("/.tap") => {
            Some(path.clone())
        }
        _ => None,
    });
    for path in visited.chain(["/".to_owned()]) {
        if paths.len() < MOST_PATHS && !paths.contains(&path) {
            paths.push(path);
        }
    }
    paths
}

/// Presents a pass in a new browser.
pub(super) fn sign_in(stage: Stage<'_>, pass: &Pass) -> Option<Exchange> {
    let token = stage.token(pass).ok()?;
    let tenant = format!("tenants[{}].hosts[0]", pass.tenant);
    let host = text_at(stage.policy(), &tenant).filter(|host| !host.starts_with('*')).map(str::to_owned);
    let line = Line::SignIn { user: String::new(), pass: token, shown: String::new() };
    ask(stage, &Request { host, ..request(NOBODY, line, Sender::Page) })
}

/// Asks what a browser's session is, at the host where it was last.
pub(super) fn status(stage: Stage<'_>, browser: &str, host: Option<&String>) -> Option<Exchange> {
    let base = text_at(stage.policy(), "basePath").or_else(|| text_at(stage.policy(), "tenants[0].basePath"));
    let path = format!("{}/status", base.unwrap_or("/.tap"));
    go(stage, browser, host, &path, Sender::Script)
}

fn go(stage: Stage<'_>, browser: &str, host: Option<&String>, path: &str, sender: Sender) -> Option<Exchange> {
    let line = Line::Of { method: "GET".to_owned(), path: path.to_owned() };
    ask(stage, &Request { host: host.cloned(), ..request(browser, line, sender) })
}

fn ask(mut stage: Stage<'_>, request: &Request) -> Option<Exchange> {
    stage.exchange(request).ok()
}

fn request(browser: &str, line: Line, sender: Sender) -> Request {
    Request {
        browser: browser.to_owned(),
        lost: false,
        line,
        host: None,
        sender,
        headers: Vec::new(),
        body: None,
        answer: Answer { status: 200, headers: Vec::new(), receipts: Vec::new(), by_proxy: false },
        expect: Expect::default(),
        keeps: Vec::new(),
    }
}

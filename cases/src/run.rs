//! The runner: plays a case against a host and tells what was not as expected.

use std::collections::BTreeMap;
use std::fmt;

use tapgate_core::json::{Json, Object};
use tapgate_core::policy::doc::Defect;

use crate::case::{Answer, Body, Case, Line, Pass, Request, Sender, Step, When};
use crate::expect;
use crate::fill::{Part, fill};
use crate::jar::Jar;
use crate::mint;
use crate::policy::{PolicyDocument, changed, key_of_variable, text_at, to_json, to_value, variables};
use crate::site::{Answered, Exchange, Headers, Host, Sent, Setup, Site, Trouble, values};
use crate::yaml::Position;

pub use crate::expect::Mismatch;

/// When every case starts: 2026-11-24T08:00:00Z, in seconds since 1970.
pub const START: u64 = 1_795_507_200;

/// How long before it the ledger was born.
const LEDGER_AGE: u64 = 3600;

/// A case that did not go as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The case.
    pub case: String,
    /// Where the step stands in the case file.
    pub position: Position,
    /// Which step, from 1.
    pub step: usize,
    /// What was sent, in short.
    pub sent: String,
    /// Everything in it that was not as expected.
    pub mismatches: Vec<Mismatch>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { case, position, step, sent, mismatches } = self;
        write!(f, "{position}: case `{case}`, step {step} ({sent})")?;
        for mismatch in mismatches {
            for line in mismatch.to_string().lines() {
                write!(f, "\n  {line}")?;
            }
        }
        Ok(())
    }
}

/// Why a case did not run to its end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It went otherwise than expected.
    #[error("{0}")]
    Failed(Failure),
    /// Its changes to the policy lead nowhere.
    #[error("case `{case}` changes what the policy does not have: {}", .defects.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Policy {
        /// The case.
        case: String,
        /// The changes.
        defects: Vec<Defect>,
    },
    /// It says itself that this host cannot carry it.
    #[error("case `{case}` is not for this host: {reason}")]
    NotOn {
        /// The case.
        case: String,
        /// Why not.
        reason: String,
    },
    /// The host could not do its part.
    #[error("case `{case}`: the host failed")]
    Host {
        /// The case.
        case: String,
        /// How.
        #[source]
        trouble: Trouble,
    },
}

/// Plays one case, unless it says that this host cannot carry it.
///
/// # Errors
/// The first step that does not go as expected, with everything in it that does not; or why the case was not played.
pub fn run(policy: &PolicyDocument, case: &Case, host: &dyn Host) -> Result<(), RunError> {
    match case.not_on.get(host.name()) {
        Some(reason) => Err(RunError::NotOn { case: case.name.clone(), reason: reason.clone() }),
        None => play(policy, case, host),
    }
}

/// Plays one case, whatever it says about hosts.
///
/// # Errors
/// As [`run`].
pub fn play(policy: &PolicyDocument, case: &Case, host: &dyn Host) -> Result<(), RunError> {
    each_step(policy, case, host, |played, _| {
        let (Some(request), Some(exchange)) = (&played.step.request, &played.exchange) else { return Ok(true) };
        let mismatches = expect::compare(&request.expect, exchange);
        if mismatches.is_empty() {
            return Ok(true);
        }
        Err(RunError::Failed(Failure {
            case: case.name.clone(),
            position: played.step.position,
            step: played.number,
            sent: request.line.to_string(),
            mismatches,
        }))
    })
    .map(drop)
}

/// What came of one step.
#[derive(Clone, Debug)]
pub struct Observed {
    /// Which step, from 1.
    pub step: usize,
    /// What was sent, in short.
    pub sent: String,
    /// What came of it.
    pub exchange: Exchange,
}

/// Plays one case to its end, whatever it expects, and tells what came of each request.
///
/// # Errors
/// Why the case could not be played.
pub fn observe(policy: &PolicyDocument, case: &Case, host: &dyn Host) -> Result<Vec<Observed>, RunError> {
    let mut observed = Vec::new();
    each_step(policy, case, host, |played, _| {
        if let (Some(request), Some(exchange)) = (&played.step.request, played.exchange) {
            observed.push(Observed { step: played.number, sent: request.line.to_string(), exchange });
        }
        Ok(true)
    })?;
    Ok(observed)
}

/// A step that has been played.
pub(crate) struct Played<'a> {
    /// Which step, from 1.
    pub(crate) number: usize,
    pub(crate) step: &'a Step,
    /// When it happened, in seconds since 1970.
    pub(crate) at: u64,
    /// What came of its request, if it has one.
    pub(crate) exchange: Option<Exchange>,
}

/// Plays a case, and hands over what came of each step, with the stage as it is then. It ends early where `seen` gives `false` for a
/// step. Gives the stage as it is at the end.
pub(crate) fn each_step<'a>(
    policy: &PolicyDocument,
    case: &'a Case,
    host: &dyn Host,
    mut seen: impl FnMut(Played<'a>, &Stage<'a>) -> Result<bool, RunError>,
) -> Result<Stage<'a>, RunError> {
    let tree = tree_of(policy.tree(), case, 0)?;
    let trouble = |trouble| RunError::Host { case: case.name.clone(), trouble };
    // A policy that is loaded later may take keys from variables that this one does not.
    let later = case.steps.iter().flat_map(|step| &step.policy).flat_map(|change| variables(&change.value));
    let names = variables(&tree).into_iter().chain(later);
    let environment = names.map(|name| (name.clone(), key_of_variable(&name))).collect();
    let setup = Setup { policy: to_json(&tree), environment, born: START.saturating_sub(LEDGER_AGE), now: START };
    let site = host.start(&setup).map_err(trouble)?;
    let mut stage = Stage { case, tree, site, browsers: BTreeMap::new(), kept: BTreeMap::new(), now: START };
    for (index, step) in case.steps.iter().enumerate() {
        if !step.policy.is_empty() {
            stage.tree = tree_of(policy.tree(), case, index.saturating_add(1))?;
        }
        let exchange = stage.play(step).map_err(trouble)?;
        if !seen(Played { number: index.saturating_add(1), step, at: stage.now, exchange }, &stage)? {
            break;
        }
    }
    Ok(stage)
}

/// The policy as the case has it once so many of its steps have changed it.
fn tree_of(policy: &Json, case: &Case, steps: usize) -> Result<Json, RunError> {
    let later = case.steps.iter().take(steps).flat_map(|step| &step.policy);
    let changes: Vec<_> = case.policy.iter().chain(later).cloned().collect();
    changed(policy, &changes).map_err(|defects| RunError::Policy { case: case.name.clone(), defects })
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Of { method, path } => write!(f, "{method} {path}"),
            Self::SignIn { shown, .. } => write!(f, "sign-in with {shown}"),
        }
    }
}

/// A case while it is played.
pub(crate) struct Stage<'a> {
    case: &'a Case,
    tree: Json,
    site: Box<dyn Site>,
    browsers: BTreeMap<String, Jar>,
    /// What answers have said, by the names that the case gave it.
    kept: BTreeMap<String, String>,
    now: u64,
}

impl<'a> Stage<'a> {
    /// The policy as it is now.
    pub(crate) fn policy(&self) -> &Json {
        &self.tree
    }

    /// The same moment once more, to try something at that must not have happened; `None` where the host cannot do that.
    pub(crate) fn fork(&self) -> Option<Stage<'a>> {
        Some(Stage {
            case: self.case,
            tree: self.tree.clone(),
            site: self.site.fork()?,
            browsers: self.browsers.clone(),
            kept: self.kept.clone(),
            now: self.now,
        })
    }

    /// Lets time pass until then.
    pub(crate) fn wait_until(&mut self, at: u64) -> Result<(), Trouble> {
        self.now = self.now.max(at);
        self.site.set_clock(self.now)
    }

    /// The token of a pass of the case, as it is minted under the policy as it is now.
    pub(crate) fn token(&self, pass: &Pass) -> Result<String, Trouble> {
        mint::pass(pass, &self.tree, START)
    }

    fn play(&mut self, step: &Step) -> Result<Option<Exchange>, Trouble> {
        self.now = step.when.after(self.now);
        if step.when != When::Now {
            self.site.set_clock(self.now)?;
        }
        if !step.policy.is_empty() {
            self.site.load(&to_json(&self.tree))?;
        }
        if step.restart {
            self.site.restart()?;
        }
        match &step.request {
            Some(request) => {
                if let Some(from) = &step.copies {
                    let jar = self.browsers.get(from).cloned().unwrap_or_default();
                    self.browsers.insert(request.browser.clone(), jar);
                }
                self.exchange(request).map(Some)
            }
            None => Ok(None),
        }
    }

    /// Sends a request as one of the case's browsers.
    pub(crate) fn exchange(&mut self, request: &Request) -> Result<Exchange, Trouble> {
        let jar = self.browsers.get(&request.browser).cloned().unwrap_or_default();
        let sent = self.sent(request, &jar)?;
        let host = host_of(&sent.authority).to_owned();
        // Receipts are signed before the application is asked, but say what the request that reaches it says.
        let (tree, now) = (&self.tree, self.now);
        let application = |seen: &Headers| answered(&request.answer, seen, tree, now);
        let exchange = self.site.exchange(&sent, &application)?;
        for (name, member) in &request.keeps {
            if let Some(text) = member_of(&exchange.body, member) {
                self.kept.insert(name.clone(), text);
            }
        }
        if !request.lost {
            let jar = self.browsers.entry(request.browser.clone()).or_default();
            jar.keep(&host, &exchange.headers, self.now);
        }
        Ok(exchange)
    }

    fn sent(&self, request: &Request, jar: &Jar) -> Result<Sent, Trouble> {
        let (tree, start) = (&self.tree, START);
        let tenant = text_at(tree, "tenants[0].hosts[0]").or_else(|| text_at(tree, "hosts[0]"));
        let usual = tenant.filter(|host| !host.starts_with('*')).unwrap_or("gate.example.com");
        let mut authority = request.host.clone().unwrap_or_else(|| usual.to_owned());
        let host = host_of(&authority).to_owned();
        let missing = |doing, name: &str| Trouble::new(doing, format!("there is no `{name}`"));
        let pass = |name: &str| match self.case.passes.get(name) {
            Some(pass) => mint::pass(pass, tree, start),
            None => Err(missing("looking for a pass of the case", name)),
        };
        let cookie = |name: &str| {
            let (cookie, of) = name.split_once('@').unwrap_or((name, &host));
            let value = jar.get(of, cookie).map(str::to_owned);
            value.ok_or_else(|| missing("looking for a cookie of the browser", name))
        };
        let kept = |name: &str| self.kept.get(name).ok_or_else(|| missing("looking for what an answer said", name));
        let place = |part: &Part<'_>| match part {
            Part::Pass(name) => pass(name),
            Part::Cookie(name) => cookie(name),
            Part::Kept(name) => kept(name).cloned(),
            Part::Typed(name) => kept(name).map(|text| typed(text)),
            Part::Token(subject, roles) => mint::token(tree, subject, roles, self.now),
            Part::Text(_) | Part::Filler(_) => Ok(String::new()),
        };
        let filled = |text: &str| fill(text, place);
        let (method, mut path, body) = match &request.line {
            Line::Of { method, path } => (method.clone(), filled(path)?, request.body.clone()),
            Line::SignIn { user, pass, .. } => {
                let path = text_at(tree, "signIn.path").unwrap_or("/sign-in").to_owned();
                let field = |name: &str, usual: &str| text_at(tree, name).unwrap_or(usual).to_owned();
                let fields = vec![
                    (field("signIn.userField", "username"), filled(user)?),
                    (field("signIn.passField", "pass"), pass.clone()),
                ];
                ("POST".to_owned(), path, Some(Body::Form(fields)))
            }
        };
        if method == "CONNECT" {
            authority = std::mem::take(&mut path);
        }
        let mut headers = Headers::new();
        for (name, value) in &request.headers {
            headers.push((name.clone(), filled(value)?));
        }
        let mut usual = |name: &str, value: &str| {
            if values(&headers, name).next().is_none() {
                headers.push((name.to_owned(), value.to_owned()));
            }
        };
        match request.sender {
            Sender::Page => {
                usual("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
                usual("sec-fetch-mode", "navigate");
                usual("sec-fetch-site", if method == "POST" { "same-origin" } else { "none" });
            }
            Sender::Script => {
                usual("accept", "*/*");
                usual("sec-fetch-mode", "cors");
                usual("sec-fetch-site", "same-origin");
            }
            Sender::Program => {}
        }
        let body = match &body {
            None => None,
            Some(Body::Text(text)) => Some(filled(text)?),
            Some(Body::Form(fields)) => {
                usual("content-type", "application/x-www-form-urlencoded");
                let mut form = form_urlencoded::Serializer::new(String::new());
                for (name, value) in fields {
                    form.append_pair(name, &filled(value)?);
                }
                Some(form.finish())
            }
            Some(Body::Json(json)) => {
                usual("content-type", "application/json");
                Some(to_value(&in_json(json, &filled)?).to_string())
            }
        };
        let line = jar.line(&host, self.now);
        if !line.is_empty() {
            usual("cookie", &line);
        }
        Ok(Sent { method, path, authority, headers, body: body.map(String::into_bytes) })
    }
}

/// A member of an answer's JSON, by its path with dots in it, as text.
fn member_of(body: &str, path: &str) -> Option<String> {
    let body: serde_json::Value = serde_json::from_str(body).ok()?;
    let pointer = format!("/{}", path.replace('.', "/"));
    body.pointer(&pointer)?.as_str().map(str::to_owned)
}

/// A code as a person types it who has it on paper: in lower case, in groups of four.
fn typed(code: &str) -> String {
    let letters: Vec<char> = code.to_lowercase().chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

fn in_json(json: &Json, filled: &dyn Fn(&str) -> Result<String, Trouble>) -> Result<Json, Trouble> {
    Ok(match json {
        Json::String(text) => Json::String(filled(text)?),
        Json::Array(items) => Json::Array(items.iter().map(|item| in_json(item, filled)).collect::<Result<_, _>>()?),
        Json::Object(object) => {
            let member = |(name, value): &(String, Json)| Ok((name.clone(), in_json(value, filled)?));
            Json::Object(Object(object.0.iter().map(member).collect::<Result<_, Trouble>>()?))
        }
        other => other.clone(),
    })
}

fn answered(answer: &Answer, seen: &Headers, policy: &Json, now: u64) -> Answered {
    let mut headers = answer.headers.clone();
    for receipt in &answer.receipts {
        // A receipt that cannot be made is a text that verifies nowhere: the case fails where it expects one.
        let text = mint::receipt(receipt, seen, policy, now).unwrap_or_else(|trouble| trouble.to_string());
        headers.push(("tapgate-receipt".to_owned(), text));
    }
    Answered { status: answer.status, headers, by_proxy: answer.by_proxy }
}

/// An authority's host, for cookies: without its port.
fn host_of(authority: &str) -> &str {
    let host = tapgate_core::request::host_of(authority.as_bytes());
    authority.get(..host.len()).unwrap_or(authority)
}

//! A case told step by step, for whoever wants to see what a policy does rather than to test it: what was decided and why, what
//! lasts how long, and who could do what at any moment of it.
//!
//! Nothing is computed here that the rules decide. What lasts is found by asking the very gate of the story, on a copy of it: whether
//! a session still lives and until when, whether a pass would still be taken.

mod decided;
mod inspected;
mod lasting;
mod probe;

use serde::Serialize;

pub use inspected::{Inspected, inspect};
pub use lasting::Span;
pub use probe::{Browser, Moment, Person, Reach, probe};

use crate::case::{Case, Step};
use crate::expect;
use crate::native::Native;
use crate::policy::{PolicyDocument, to_json};
use crate::report::{Difference, in_words};
use crate::run::{Played, START, each_step};

use self::decided::Decided;
use self::lasting::Lasting;

/// A story, as far as it could be told.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Story {
    /// The case's name.
    pub name: String,
    /// Where it begins in its file.
    pub line: u64,
    /// When it begins, in seconds since 1970.
    pub start: u64,
    /// When its last step happens.
    pub end: u64,
    /// What happens.
    pub steps: Vec<Told>,
    /// What lasts.
    pub spans: Vec<Span>,
    /// The passes that the case may speak of.
    pub passes: Vec<Minted>,
    /// Why it could not be told to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// What a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Somebody signs in.
    SignIn,
    /// Any other request.
    Request,
    /// The policy changes.
    Policy,
    /// The proxy is restarted.
    Restart,
    /// Time passes.
    Wait,
}

/// A step, told.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    /// Which, from 1.
    pub number: usize,
    /// Where it stands in its file.
    pub line: u64,
    /// Likewise.
    pub column: u64,
    /// When it happens, in seconds since 1970.
    pub at: u64,
    /// What it is.
    pub kind: Kind,
    /// What is done: `sign-in with alice`.
    pub title: String,
    /// Who does it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub browser: Option<String>,
    /// The answer's status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What was decided, in short.
    pub decision: String,
    /// Of a refusal, as the log has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was decided, in a sentence.
    pub says: String,
    /// The contract's statements behind it, as `7.3`.
    pub statements: Vec<&'static str>,
    /// Whether the application got the request.
    pub forwarded: bool,
    /// The events in the log, as cases write them.
    pub audit: Vec<String>,
    /// What is not as the case says.
    pub differences: Vec<Difference>,
}

/// A pass of the case.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Minted {
    /// Its name in the case.
    pub name: String,
    /// Whose it is.
    pub user: String,
    /// Its id.
    pub id: String,
    /// Whether it is a one-time pass.
    pub once: bool,
    /// From when it is valid, in seconds since 1970.
    pub starts: u64,
    /// Until when.
    pub ends: u64,
    /// Itself, minted with a key that everybody knows; empty where the policy has none to mint it with.
    pub token: String,
}

/// Tells a case. How many steps it may have is bounded where it is read.
#[must_use]
pub fn tell(policy: &PolicyDocument, case: &Case) -> Story {
    let mut story =
        Story { name: case.name.clone(), line: case.position.line, start: START, end: START, ..Story::default() };
    let mut lasting = Lasting::of(case);
    let told = each_step(policy, case, &Native, |played, stage| {
        story.end = played.at;
        lasting.saw(&played, stage);
        story.steps.push(Told::of(played));
        Ok(true)
    });
    if let Err(error) = told {
        story.trouble = Some(in_words(&error));
    }
    story.spans = lasting.spans(story.end);
    let token = |pass| crate::mint::pass(pass, policy.tree(), START).unwrap_or_default();
    story.passes = case.passes.iter().map(|(name, pass)| Minted::of(name, pass, token(pass))).collect();
    story
}

impl Minted {
    fn of(name: &str, pass: &crate::case::Pass, token: String) -> Self {
        Self {
            name: name.to_owned(),
            user: pass.user.clone(),
            id: pass.id.clone(),
            once: pass.once,
            starts: START.saturating_add_signed(pass.start),
            ends: START.saturating_add_signed(pass.end),
            token,
        }
    }
}

impl Told {
    fn of(Played { number, step, at, exchange }: Played<'_>) -> Self {
        let (kind, title) = titled(step);
        let mut told = Self {
            number,
            line: step.position.line,
            column: step.position.column,
            at,
            kind,
            title,
            browser: step.request.as_ref().map(|request| request.browser.clone()),
            status: None,
            decision: String::new(),
            reason: None,
            says: String::new(),
            statements: Vec::new(),
            forwarded: false,
            audit: Vec::new(),
            differences: Vec::new(),
        };
        match (&step.request, exchange) {
            (Some(request), Some(exchange)) => {
                let Decided { decision, reason, says, statements } = Decided::of(&exchange);
                (told.decision, told.reason, told.says) = (decision, reason, says);
                told.statements = statements.to_vec();
                told.status = Some(exchange.status);
                told.forwarded = exchange.forwarded.is_some();
                told.differences =
                    expect::compare(&request.expect, &exchange).into_iter().map(Difference::from).collect();
                told.audit = exchange.audit.iter().map(|line| expect::event(line)).collect();
            }
            _ => {
                let (decision, says, statements): (&str, &str, &[&str]) = match kind {
                    Kind::Policy => {
                        ("the policy is loaded", "It counts from the next request on, for live sessions too.", &["2.4"])
                    }
                    Kind::Restart => ("the proxy is restarted", "A ledger in its memory begins anew.", &["7.4"]),
                    _ => ("time passes", "Nothing else happens.", &[]),
                };
                (told.decision, told.says) = (decision.to_owned(), says.to_owned());
                told.statements = statements.to_vec();
            }
        }
        told
    }
}

/// What a step is, and what is done in it.
fn titled(step: &Step) -> (Kind, String) {
    let mut parts = Vec::new();
    if !step.policy.is_empty() {
        let changes = step.policy.iter().map(|change| format!("{}: {}", change.path, to_json(&change.value)));
        parts.push(format!("the policy changes, {}", changes.collect::<Vec<_>>().join(", ")));
    }
    if step.restart {
        parts.push("the proxy is restarted".to_owned());
    }
    let request = step.request.as_ref();
    let kind = match request.map(|request| &request.line) {
        Some(crate::case::Line::SignIn { .. }) => Kind::SignIn,
        Some(crate::case::Line::Of { .. }) => Kind::Request,
        None if !step.policy.is_empty() => Kind::Policy,
        None if step.restart => Kind::Restart,
        None => Kind::Wait,
    };
    match request {
        Some(request) => parts.push(request.line.to_string()),
        None if parts.is_empty() => parts.push("time passes".to_owned()),
        None => {}
    }
    (kind, parts.join("; "))
}

//! The answers as JSON.

use serde::Serialize;
use tapgate_cases::case::{Case, CaseFile};
use tapgate_cases::describe::{self, Explained, FlawReport, explained};
use tapgate_cases::policy::{PolicyDocument, stand_in};
use tapgate_cases::report::{self, Tested};
use tapgate_cases::story::{self, Story};
use tapgate_core::time::UnixSeconds;

/// The longest text that is read, in bytes: what the command line reads.
const MOST_BYTES: usize = 8 << 20;

/// A policy that people start from.
#[derive(Serialize)]
struct Shipped {
    name: &'static str,
    policy: &'static str,
    cases: &'static str,
}

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        [$(Shipped {
            name: $name,
            policy: include_str!(concat!("../../policies/", $name, ".yaml")),
            cases: include_str!(concat!("../../policies/", $name, ".cases.yaml")),
        }),*]
    };
}

/// All of them, the plainest first.
const SHIPPED: [Shipped; 5] = shipped!["entra-default", "one-time-strict", "help-desk", "day-one", "multi-tenant"];

/// What is wrong with a policy, or what it means.
#[derive(Default, Serialize)]
struct Checked {
    errors: Vec<FlawReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
    tenants: Vec<Explained>,
}

/// A story, or why there is none.
#[derive(Default, Serialize)]
struct Told {
    errors: Vec<FlawReport>,
    #[serde(flatten)]
    story: Story,
}

pub(crate) fn schema() -> String {
    json(&describe::schema())
}

pub(crate) fn shipped() -> String {
    json(&SHIPPED)
}

pub(crate) fn check(text: &str) -> String {
    json(&match read(text) {
        Err(errors) => Checked { errors, ..Checked::default() },
        Ok(document) => match document.compile(&stand_in) {
            Ok(compiled) => Checked {
                errors: Vec::new(),
                tenants: explained(&compiled.policies, document.tree()),
                hash: Some(compiled.hash),
            },
            // It has compiled a moment ago.
            Err(_) => Checked::default(),
        },
    })
}

pub(crate) fn test(policy: &str, cases: &str) -> String {
    json(&match (read(policy), bounded(cases)) {
        (Ok(document), Ok(cases)) => report::test(&document, cases, None),
        (Err(errors), _) | (_, Err(errors)) => Tested { errors, ..Tested::default() },
    })
}

pub(crate) fn story(policy: &str, cases: &str, number: usize) -> String {
    json(&match case(policy, cases, number) {
        Ok((document, case)) => Told { errors: Vec::new(), story: story::tell(&document, &case) },
        Err(errors) => Told { errors, ..Told::default() },
    })
}

pub(crate) fn probe(policy: &str, cases: &str, number: usize, at: u64) -> String {
    json(&match case(policy, cases, number) {
        Ok((document, case)) => story::probe(&document, &case, at),
        Err(_) => story::Moment { at, ..story::Moment::default() },
    })
}

pub(crate) fn inspect(policy: &str, token: &str, key: Option<&str>, now: u64) -> String {
    let document = bounded(policy).ok().and_then(|text| PolicyDocument::read(text).ok());
    let now = UnixSeconds::new(now).unwrap_or_default();
    json(&match document {
        Some(document) => story::inspect(&document, token, key, now),
        None => story::Inspected::default(),
    })
}

/// A policy that has nothing wrong with it.
fn read(text: &str) -> Result<PolicyDocument, Vec<FlawReport>> {
    let (flaws, document) = PolicyDocument::check(bounded(text)?, &stand_in);
    let tree = document.as_ref().map(PolicyDocument::tree);
    match document.as_ref().filter(|_| flaws.is_empty()) {
        Some(document) => Ok(document.clone()),
        None => Err(flaws.iter().map(|flaw| FlawReport::of_policy(flaw, tree)).collect()),
    }
}

/// A policy, and one of the cases beside it.
fn case(policy: &str, cases: &str, number: usize) -> Result<(PolicyDocument, Case), Vec<FlawReport>> {
    let document = read(policy)?;
    let file =
        CaseFile::read(bounded(cases)?).map_err(|flaws| flaws.iter().map(FlawReport::of_cases).collect::<Vec<_>>())?;
    let case = file.cases.into_iter().nth(number);
    let missing = || vec![flaw(format!("found no case {}", number.saturating_add(1)), "a number of a case")];
    Ok((document, case.ok_or_else(missing)?))
}

/// A text that is not too long.
fn bounded(text: &str) -> Result<&str, Vec<FlawReport>> {
    let too_long = || vec![flaw(format!("found {} bytes", text.len()), "at most 8 MiB")];
    if text.len() > MOST_BYTES { Err(too_long()) } else { Ok(text) }
}

fn flaw(found: String, allowed: &str) -> FlawReport {
    FlawReport {
        line: 1,
        column: 1,
        field: String::new(),
        found,
        allowed: allowed.to_owned(),
        mend: format!("write {allowed}"),
    }
}

/// What is answered has names and texts only: it always serializes.
fn json(answer: &impl Serialize) -> String {
    serde_json::to_string(answer).unwrap_or_else(|_| "{}".to_owned())
}

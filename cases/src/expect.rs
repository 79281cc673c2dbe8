//! Compares what came of a request with what was expected, one observation at a time.

use std::fmt;

use serde_json::Value;
use tapgate_core::json::Object;
use tapgate_core::refusal::Refusal;

use crate::case::{Expect, Wanted};
use crate::jar::set_cookies;
use crate::mint;
use crate::policy::to_value;
use crate::site::{Exchange, Headers, values};

/// One thing that was not as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// What was looked at, as the case file calls it: `status`, `seen.tapgate-user`.
    pub what: String,
    /// What was expected of it.
    pub expected: String,
    /// What was found.
    pub found: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, expected, found } = self;
        write!(f, "{what}\n  expected  {expected}\n  found     {found}")
    }
}

/// Every mismatch.
pub(crate) fn compare(expect: &Expect, exchange: &Exchange) -> Vec<Mismatch> {
    let mut look = Look::default();
    if let Some(status) = expect.status {
        look.at("status", status.to_string(), exchange.status.to_string());
    }
    if let Some(reason) = &expect.reason {
        look.at("reason", reason.clone(), shown_reason(exchange).unwrap_or_else(|| NOTHING.into()));
    }
    if let Some(location) = &expect.location {
        look.at("location", location.clone(), found(values(&exchange.headers, "location")));
    }
    if let Some(forwarded) = expect.forwarded {
        look.at("forwarded", forwarded.to_string(), exchange.forwarded.is_some().to_string());
    }
    let nothing = Headers::new();
    let seen = exchange.forwarded.as_ref().unwrap_or(&nothing);
    look.wanted("seen", &expect.seen, |name| values(seen, name).map(str::to_owned).collect());
    look.wanted("seenCookies", &expect.seen_cookies, |name| cookies(seen, name));
    if let Some(members) = &expect.assertion {
        let claims = mint::assertion(seen).unwrap_or_default();
        look.members("assertion", members, &to_value(&tapgate_core::json::Json::Object(claims)));
    }
    look.wanted("headers", &expect.headers, |name| values(&exchange.headers, name).map(str::to_owned).collect());
    let names = |clears: bool| {
        let matching = set_cookies(&exchange.headers).filter(|cookie| cookie.clears() == clears);
        sorted(matching.map(|cookie| cookie.name.to_owned()))
    };
    if let Some(sets) = &expect.sets {
        look.at("sets", sorted(sets.iter().cloned()), names(false));
    }
    if let Some(clears) = &expect.clears {
        look.at("clears", sorted(clears.iter().cloned()), names(true));
    }
    for (name, attributes) in &expect.attributes {
        let matching = set_cookies(&exchange.headers).filter(|cookie| cookie.name == name);
        let attributes_found = found(matching.map(|cookie| cookie.attributes));
        look.at(format!("attributes.{name}"), attributes.clone(), attributes_found);
    }
    if let Some(members) = &expect.json {
        let body = serde_json::from_str(&exchange.body).unwrap_or_default();
        look.members("json", members, &body);
    }
    for text in &expect.says {
        if !exchange.body.contains(text) {
            look.at("says", text.clone(), cut(&exchange.body));
        }
    }
    if let Some(audit) = &expect.audit {
        let events = exchange.audit.iter().map(|line| event(line));
        look.at("audit", listed(audit.iter().cloned()), listed(events));
    }
    look.0
}

const NOTHING: &str = "nothing";

#[derive(Default)]
struct Look(Vec<Mismatch>);

impl Look {
    fn at(&mut self, what: impl Into<String>, expected: String, found: String) {
        if expected != found {
            self.0.push(Mismatch { what: what.into(), expected, found });
        }
    }

    fn wanted(&mut self, what: &str, wanted: &[(String, Wanted)], read: impl Fn(&str) -> Vec<String>) {
        for (name, wanted) in wanted {
            let values = read(name);
            let expected = match wanted {
                Wanted::Absent => NOTHING.to_owned(),
                Wanted::Any if values.is_empty() => "anything".to_owned(),
                Wanted::Any => continue,
                Wanted::Values(values) => found(values.iter().map(String::as_str)),
            };
            self.at(format!("{what}.{name}"), expected, found(values.iter().map(String::as_str)));
        }
    }

    fn members(&mut self, what: &str, wanted: &Object, object: &Value) {
        for (name, wanted) in &wanted.0 {
            // `null` stands for a member that is not there.
            let value = object.get(name).unwrap_or(&Value::Null);
            self.at(format!("{what}.{name}"), to_value(wanted).to_string(), value.to_string());
        }
    }
}

/// The reason that a refusal shows: in a problem document, in the address it leads to, or in the alert of a page.
pub(crate) fn shown_reason(exchange: &Exchange) -> Option<String> {
    if let Ok(problem) = serde_json::from_str::<Value>(&exchange.body) {
        return problem.get("reason")?.as_str().map(str::to_owned);
    }
    if let Some((_, reason)) = values(&exchange.headers, "location").next().and_then(|to| to.split_once("?reason=")) {
        return Some(reason.to_owned());
    }
    // Whatever language the page is in.
    let shows = |refusal: &&Refusal| exchange.body.contains(&format!("data-reason=\"{}\"", refusal.face().reason));
    Refusal::ALL.iter().find(shows).map(|refusal| refusal.face().reason.to_owned())
}

/// The values of a cookie in the `cookie` header that the application sees.
fn cookies(seen: &Headers, name: &str) -> Vec<String> {
    let pairs = values(seen, "cookie").flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(known, _)| *known == name).map(|(_, value)| value.to_owned()).collect()
}

/// An audit line as cases write it: event, outcome, reason, and `alarm` if it is one.
pub(crate) fn event(line: &str) -> String {
    let fields: Value = serde_json::from_str(line).unwrap_or_default();
    let text = |name| fields.get(name).and_then(Value::as_str);
    let alarm = fields.get("alarm").and_then(Value::as_bool).unwrap_or_default().then_some("alarm");
    let words = [text("event"), text("outcome"), text("reason"), alarm];
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn found<'a>(values: impl Iterator<Item = &'a str>) -> String {
    listed(values.map(str::to_owned))
}

fn listed(values: impl Iterator<Item = String>) -> String {
    let list: Vec<_> = values.collect();
    if list.is_empty() { NOTHING.to_owned() } else { list.join(" | ") }
}

fn sorted(names: impl Iterator<Item = String>) -> String {
    let mut names: Vec<_> = names.collect();
    names.sort();
    listed(names.into_iter())
}

fn cut(body: &str) -> String {
    let start: String = body.chars().take(200).collect();
    if start.is_empty() { "an empty body".to_owned() } else { start }
}

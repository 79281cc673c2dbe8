//! What was decided about a request, without what differs from run to run or by a key.

use serde_json::Value;

use crate::expect::{event, shown_reason};
use crate::jar::set_cookies;
use crate::mint;
use crate::policy::to_value;
use crate::site::{Exchange, Headers, values};

/// A decision, observation by observation; the first is the outcome in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    outcome: String,
    more: Vec<(&'static str, String)>,
}

impl Decision {
    /// What was decided.
    #[must_use]
    pub fn of(exchange: &Exchange) -> Self {
        let nothing = Headers::new();
        let seen = exchange.forwarded.as_ref().unwrap_or(&nothing);
        let names = |clears: bool| {
            let mut names: Vec<&str> = set_cookies(&exchange.headers)
                .filter(|cookie| cookie.clears() == clears)
                .map(|cookie| cookie.name)
                .collect();
            names.sort_unstable();
            names.join(", ")
        };
        let identity = mint::assertion(seen)
            .map(|claims| {
                let claims = to_value(&tapgate_core::json::Json::Object(claims));
                ["sub", "tenant", "state", "iss", "aud"]
                    .map(|name| claims.get(name).and_then(Value::as_str).unwrap_or_default().to_owned())
                    .join(" ")
            })
            .unwrap_or_default();
        let mut headers: Vec<&str> = seen.iter().map(|(name, _)| name.as_str()).collect();
        headers.sort_unstable();
        let lifetimes: Vec<&str> = set_cookies(&exchange.headers).map(|cookie| cookie.attributes).collect();
        Self {
            outcome: outcome(exchange),
            more: vec![
                ("identity", identity),
                ("deadline", deadline(exchange, seen)),
                ("cookies set", names(false)),
                ("cookies cleared", names(true)),
                ("cookie attributes", lifetimes.join(" | ")),
                ("headers to the application", headers.join(", ")),
                ("log", exchange.audit.iter().map(|line| event(line)).collect::<Vec<_>>().join(" | ")),
            ],
        }
    }

    /// Both decisions in words, if they differ: by what they differ in.
    #[must_use]
    pub fn told_apart_from(&self, other: &Self) -> Option<(String, String)> {
        if self.outcome != other.outcome {
            return Some((self.outcome.clone(), other.outcome.clone()));
        }
        let (mine, theirs) = self.more.iter().zip(&other.more).find(|(mine, theirs)| mine != theirs)?;
        let in_words = |(name, value): &(&str, String)| {
            let value = if value.is_empty() { "none" } else { value.as_str() };
            format!("{}, {name}: {value}", self.outcome)
        };
        Some((in_words(mine), in_words(theirs)))
    }
}

fn outcome(exchange: &Exchange) -> String {
    let logged = |wanted: &str| exchange.audit.iter().any(|line| event(line) == wanted);
    if logged("completion done") {
        let goes_on = set_cookies(&exchange.headers).any(|cookie| !cookie.clears());
        return format!("registered, and the session {}", if goes_on { "goes on" } else { "is over" });
    }
    if exchange.forwarded.is_some() {
        return "goes on to the application".to_owned();
    }
    if let Some(reason) = shown_reason(exchange) {
        return format!("refused: {reason} ({})", exchange.status);
    }
    match values(&exchange.headers, "location").next() {
        Some(location) if logged("sign_in done") => format!("accepted, led to {location}"),
        Some(location) => format!("led to {location}"),
        None if logged("sign_in done") => "accepted".to_owned(),
        None => format!("answered with {}", exchange.status),
    }
}

/// When a session ends, as the application or the browser is told.
fn deadline(exchange: &Exchange, seen: &Headers) -> String {
    if let Some(deadline) = values(seen, "tapgate-deadline").next() {
        return deadline.to_owned();
    }
    let body: Value = serde_json::from_str(&exchange.body).unwrap_or_default();
    body.get("deadline").and_then(Value::as_str).unwrap_or_default().to_owned()
}

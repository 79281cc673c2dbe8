//! What an exchange shows to somebody who watches both sides of the gate: cookies, passes, receipts, who is who.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::Value;
use tapgate_cases::policy::key_of_variable;
use tapgate_cases::site::{Exchange, Headers, Sent};

/// The session's cookie in the policies that stories are told of.
pub(crate) const SESSION: &str = "__Host-tapgate";
/// The holder's.
pub(crate) const HOLDER: &str = "__Host-tapgate-holder";

/// All values of a header.
pub(crate) fn all<'h>(headers: &'h Headers, name: &str) -> Vec<&'h str> {
    headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str()).collect()
}

/// The value of a cookie that a request carries exactly once.
pub(crate) fn sent_cookie<'h>(headers: &'h Headers, name: &str) -> Option<&'h str> {
    let lines = all(headers, "cookie");
    let pairs = lines.iter().flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(known, _)| *known == name).map(|(_, value)| value);
    values.next().filter(|_| values.next().is_none())
}

/// The value of a cookie that an answer sets; one that it clears is not set.
pub(crate) fn set_cookie<'h>(headers: &'h Headers, name: &str) -> Option<&'h str> {
    let set = |line: &&'h str| {
        let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
        let (known, value) = pair.split_once('=')?;
        (known == name && !attributes.to_ascii_lowercase().contains("max-age=0")).then_some(value)
    };
    all(headers, "set-cookie").iter().find_map(set)
}

/// The names of the cookies that an answer sets or clears.
pub(crate) fn cookie_names(headers: &Headers) -> Vec<String> {
    let name = |line: &&str| {
        let gone = if line.to_ascii_lowercase().contains("max-age=0") { "-" } else { "+" };
        format!("{gone}{}", line.split('=').next().unwrap_or_default())
    };
    let mut names: Vec<_> = all(headers, "set-cookie").iter().map(name).collect();
    names.sort();
    names
}

/// The pass that a sign-in presents; `None` if the request is none.
pub(crate) fn presented(sent: &Sent) -> Option<String> {
    let path = sent.path.split('?').next().unwrap_or_default();
    if sent.method != "POST" || !["/sign-in", "/.tap/sign-in"].contains(&path) {
        return None;
    }
    let body = sent.body.as_deref()?;
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let in_json = json.and_then(|json| json["pass"].as_str().map(str::to_owned));
    let in_form = || form_urlencoded::parse(body).find(|(name, _)| name == "pass").map(|(_, value)| value.into_owned());
    in_json.or_else(in_form).filter(|pass| !pass.is_empty())
}

/// The claims of a token that verifies with the key in a variable. Its times are the laws' business.
pub(crate) fn verified(token: &str, variable: &str) -> Option<Value> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.required_spec_claims.clear();
    (validation.validate_exp, validation.validate_aud) = (false, false);
    let key = DecodingKey::from_base64_secret(&key_of_variable(variable)).expect("a key in base64");
    decode(token, &key, &validation).ok().map(|token| token.claims)
}

/// A whole number among claims.
pub(crate) fn number(claims: &Value, name: &str) -> u64 {
    claims[name].as_u64().expect("a whole number")
}

/// A text among claims.
pub(crate) fn text(claims: &Value, name: &str) -> String {
    claims[name].as_str().expect("a text").to_owned()
}

/// Whether the log tells of an event with this outcome.
pub(crate) fn tells(exchange: &Exchange, event: &str, outcome: &str) -> bool {
    events(exchange).iter().any(|line| line["event"] == event && line["outcome"] == outcome)
}

/// The events in the log.
pub(crate) fn events(exchange: &Exchange) -> Vec<Value> {
    exchange.audit.iter().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

/// Whether a header's name is one of identity, however it is spelt.
pub(crate) fn is_identity(name: &str) -> bool {
    let plain: String = name
        .to_ascii_lowercase()
        .chars()
        .map(|letter| if letter.is_ascii_lowercase() || letter.is_ascii_digit() { letter } else { '-' })
        .collect();
    plain.starts_with("tapgate-")
}

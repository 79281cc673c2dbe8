//! Reads case files: a walk over the tree that collects every flaw. An unknown field is one, and so is a pass that nobody
//! defined.

mod expect;
mod request;

use std::collections::BTreeMap;

use tapgate_core::json::{Json, Object};
use tapgate_core::policy::doc::{Defects, Node, Section};

use crate::case::{Case, CaseFile, Pass, Step, When};
use crate::policy::{Change, parse_path};
use crate::site::HOSTS;
use crate::yaml::{self, Flaw, Places};

/// The most cases of a file, and steps of a case.
const MOST: usize = 2000;

type Passes = BTreeMap<String, Pass>;

/// Reads a case file.
pub(crate) fn file(text: &str) -> Result<CaseFile, Vec<Flaw>> {
    let document = yaml::read(text)?;
    let defects = Defects::of("a case file");
    let cases = cases(&Node::root(&document.tree, &defects), &document.places);
    let defects = defects.into_sorted();
    match cases {
        Some(cases) if defects.is_empty() => Ok(CaseFile { cases }),
        _ => Err(document.places.locate(defects)),
    }
}

fn cases(root: &Node<'_>, places: &Places) -> Option<Vec<Case>> {
    let section = root.section()?;
    let shared = section.or("passes", Passes::new(), |node| passes(&node, Passes::new()));
    let list = section.required("cases", "a list of cases").and_then(|node| {
        let list = node.list(MOST)?;
        if list.is_empty() {
            node.wrong("at least one case");
        }
        Some(list)
    });
    section.finish();
    let shared = shared?;
    list?.iter().map(|node| case(node, &shared, places)).collect()
}

fn case(node: &Node<'_>, shared: &Passes, places: &Places) -> Option<Case> {
    let section = node.section()?;
    let name = section.required("name", "what the case shows, in words").and_then(|node| node.text());
    let shows = section
        .required("shows", "the numbers of the statements that it covers, as `[4.3, 5.1]`")
        .and_then(|node| statements(&node));
    let not_on = section.or("notOn", BTreeMap::new(), |node| not_on(&node));
    let policy = section.or("policy", Vec::new(), |node| changes(&node));
    let passes = section.or("passes", shared.clone(), |node| passes(&node, shared.clone()));
    let steps = section.required("steps", "a list of steps").and_then(|node| node.list(MOST));
    section.finish();
    let passes = passes?;
    let mut latest = 0;
    let steps: Vec<Option<Step>> = steps?.iter().map(|node| step(node, &passes, &mut latest, places)).collect();
    Some(Case {
        name: name?.to_owned(),
        position: places.find(node.path()),
        shows: shows?,
        not_on: not_on?,
        policy: policy?,
        passes,
        steps: steps.into_iter().collect::<Option<_>>()?,
    })
}

/// The hosts that a case is not for, each with the reason in words.
fn not_on(node: &Node<'_>) -> Option<BTreeMap<String, String>> {
    let entry = |(name, node): (&str, Node<'_>)| {
        if !HOSTS.contains(&name) {
            node.wrong_as(format_args!("a host `{name}`"), format_args!("one of `{}`", HOSTS.join("`, `")));
            return None;
        }
        let reason = node.as_text().filter(|reason| !reason.trim().is_empty());
        if reason.is_none() {
            node.wrong("why this host cannot carry the case");
        }
        Some((name.to_owned(), reason?.to_owned()))
    };
    node.section()?.entries().into_iter().map(entry).collect()
}

/// Statement numbers: `4.3` and `7.1a` read as a number and as text.
fn statements(node: &Node<'_>) -> Option<Vec<String>> {
    let number = |node: &Node<'_>| {
        let text = match node.value() {
            Json::Float(number) => Some(number.to_string()),
            Json::String(text) => Some(text.clone()),
            _ => None,
        };
        let is_number = |text: &String| {
            text.split_once('.').is_some_and(|(section, statement)| {
                section.parse::<u8>().is_ok() && statement.starts_with(|first: char| first.is_ascii_digit())
            })
        };
        let number = text.filter(is_number);
        if number.is_none() {
            node.wrong("a statement's number, as in `4.3`, in quotes if it ends in 0");
        }
        number
    };
    let numbers: Vec<_> = node.list(64)?.iter().map(number).collect();
    numbers.into_iter().collect()
}

fn step(node: &Node<'_>, passes: &Passes, latest: &mut u64, places: &Places) -> Option<Step> {
    let section = node.section()?;
    let at = section.or("at", None, |node| duration(&node).map(Some));
    let wait = section.or("wait", None, |node| duration(&node).map(Some));
    let when = match (at?, wait?) {
        (None, None) => When::Now,
        (Some(at), None) => When::At(u64::try_from(at).unwrap_or_default()),
        (None, Some(wait)) => When::After(u64::try_from(wait).unwrap_or_default()),
        (Some(_), Some(_)) => {
            node.wrong_as("both `at` and `wait`", "one of them");
            When::Now
        }
    };
    let moment = match when {
        When::Now => *latest,
        When::At(at) => at,
        When::After(wait) => latest.saturating_add(wait),
    };
    if moment < *latest {
        node.wrong_as("a time before the step above", "steps in the order of time");
    }
    *latest = moment;
    let restart = section.or("restart", false, |node| node.boolean());
    let policy = section.or("policy", Vec::new(), |node| changes(&node));
    let copies = section.or("copies", None, |node| node.text().map(|text| Some(text.to_owned())));
    let request = request::read(&section, node, passes);
    section.finish();
    Some(Step {
        position: places.find(node.path()),
        when,
        restart: restart?,
        policy: policy?,
        copies: copies?,
        request: request?,
    })
}

fn changes(node: &Node<'_>) -> Option<Vec<Change>> {
    let change = |(name, node): (&str, Node<'_>)| {
        let path = parse_path(name);
        if path.is_none() {
            node.wrong_as("a name that is no path", "a path of the policy, as `registration.allow[1]`");
        }
        Some(Change { path: path?, value: node.value().clone() })
    };
    node.section()?.entries().into_iter().map(change).collect()
}

fn passes(node: &Node<'_>, mut known: Passes) -> Option<Passes> {
    for (name, node) in node.section()?.entries() {
        let pass = pass(name, &node)?;
        known.insert(name.to_owned(), pass);
    }
    Some(known)
}

fn pass(name: &str, node: &Node<'_>) -> Option<Pass> {
    const HOUR: i64 = 3600;
    let section = node.section()?;
    let owned = |node: Node<'_>| node.text().map(str::to_owned);
    let user = section.required("user", "whose pass it is").and_then(owned);
    let id = section.or("id", name.to_owned(), owned);
    let issued = section.or("issued", 0, |node| duration(&node));
    let start = section.or("start", issued.unwrap_or_default(), |node| duration(&node));
    let end = section.or("end", start.unwrap_or_default().saturating_add(HOUR), |node| duration(&node));
    let once = section.or("once", false, |node| node.boolean());
    let groups = section.or("groups", None, |node| texts(&node).map(Some));
    let tenant = section.or("tenant", 0, |node| node.number(0, 1000));
    let key = section.or("key", None, |node| owned(node).map(Some));
    let forged = section.or("forged", false, |node| node.boolean());
    let header = section.or("header", Object::default(), |node| members(&node));
    let claims = section.or("claims", Object::default(), |node| members(&node));
    let claims_text = section.or("claimsText", None, |node| owned(node).map(Some));
    section.finish();
    Some(Pass {
        user: user?,
        id: id?,
        issued: issued?,
        start: start?,
        end: end?,
        once: once?,
        groups: groups?,
        tenant: usize::try_from(tenant?).ok()?,
        key: key?,
        forged: forged?,
        header: header?,
        claims: claims?,
        claims_text: claims_text?,
    })
}

/// A span of time in seconds: `+10m`, `-30s`, `1h30m`, `2d`.
fn duration(node: &Node<'_>) -> Option<i64> {
    let seconds = node.as_text().and_then(parse_duration);
    if seconds.is_none() {
        node.wrong("a span of time, as `30s`, `+10m`, `1h30m`, `-1d`");
    }
    seconds
}

fn parse_duration(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut total = 0_i64;
    while !rest.is_empty() {
        let unit = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let (number, from) = rest.split_at_checked(unit)?;
        let mut letters = from.chars();
        let seconds = match letters.next()? {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return None,
        };
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(seconds)?)?;
        rest = letters.as_str();
    }
    (!text.trim_start_matches(['+', '-']).is_empty()).then_some(total.saturating_mul(sign))
}

/// A section that is taken as it is.
fn members(node: &Node<'_>) -> Option<Object> {
    match node.value() {
        Json::Object(object) => Some(object.clone()),
        _ => {
            node.wrong("a section with fields");
            None
        }
    }
}

/// A list of strings, or one string.
fn texts(node: &Node<'_>) -> Option<Vec<String>> {
    if let Json::Array(_) = node.value() {
        let items: Vec<_> = node.list(64)?.iter().map(word).collect();
        items.into_iter().collect()
    } else {
        word(node).map(|text| vec![text])
    }
}

/// A string, or a whole number as it is written.
fn word(node: &Node<'_>) -> Option<String> {
    match node.value() {
        Json::Integer(number) => Some(number.to_string()),
        _ => node.text().map(str::to_owned),
    }
}

/// Names with the texts under them, in order; a list under a name gives it several times.
fn pairs(node: &Node<'_>) -> Option<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    for (name, node) in node.section()?.entries() {
        pairs.extend(texts(&node)?.into_iter().map(|text| (name.to_owned(), text)));
    }
    Some(pairs)
}

/// Whether any of these stands in a section; asking makes it known.
fn any(section: &Section<'_>, fields: &[&'static str]) -> bool {
    fields.iter().filter(|field| section.optional(field).is_some()).count() > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_time_are_read() {
        for (text, seconds) in [("30s", 30), ("+10m", 600), ("1h30m", 5400), ("-1d", -86_400), ("0s", 0)] {
            assert_eq!(parse_duration(text), Some(seconds), "{text}");
        }
        for text in ["", "+", "10", "m", "10x", "99999999999999999999d", "+-1s", "1h 30m"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}

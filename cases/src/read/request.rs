//! Reads a step's request and the application's answer to it.

use tapgate_core::json::{Json, Object};
use tapgate_core::policy::doc::{Node, Section};

use super::{Passes, any, duration, expect, members, pairs, word};
use crate::case::{Answer, Body, Line, Receipt, Request, Sender};
use crate::fill::{Part, parts};

/// The fields that mean something only with a request.
const OF_A_REQUEST: &[&str] =
    &["user", "host", "as", "headers", "form", "json", "body", "answer", "expect", "browser", "lost", "keeps"];

/// Reads the request of a step, which may have none.
pub(super) fn read(section: &Section<'_>, step: &Node<'_>, passes: &Passes) -> Option<Option<Request>> {
    let line = match (section.optional("request"), section.optional("signIn")) {
        (None, None) => {
            if any(section, OF_A_REQUEST) {
                step.wrong_as("parts of a request without one", "`request: METHOD PATH` or `signIn: PASS`");
            }
            return Some(None);
        }
        (Some(node), None) => line(&node, passes),
        (None, Some(node)) => sign_in(&node, section, passes),
        (Some(_), Some(_)) => {
            step.wrong_as("both `request` and `signIn`", "one of them");
            None
        }
    };
    let is_sign_in = matches!(line, Some(Line::SignIn { .. }));
    let browser = section.or("browser", "browser".to_owned(), |node| node.text().map(str::to_owned));
    let lost = section.or("lost", false, |node| node.boolean());
    let host = section.or("host", None, |node| node.text().map(|text| Some(text.to_owned())));
    let usual = if is_sign_in { Sender::Page } else { Sender::Program };
    let sender = section.or("as", usual, |node| {
        node.word(&["page", "script", "program"], &[Sender::Page, Sender::Script, Sender::Program])
    });
    let headers = section.or("headers", Vec::new(), |node| {
        let pairs = pairs(&node)?;
        pairs.iter().for_each(|(_, value)| placed(&node, value, passes));
        Some(pairs)
    });
    let body = if is_sign_in { Some(None) } else { body(section, step, passes) };
    let answer = Answer { status: 200, headers: Vec::new(), receipts: Vec::new(), by_proxy: false };
    let answer = section.or("answer", answer, |node| answer_of(&node));
    let expect =
        section.required("expect", "the decision that this request should get").and_then(|node| expect::read(&node));
    let keeps = section.or("keeps", Vec::new(), |node| pairs(&node));
    Some(Some(Request {
        browser: browser?,
        lost: lost?,
        line: line?,
        host: host?,
        sender: sender?,
        headers: headers?,
        body: body?,
        answer: answer?,
        expect: expect?,
        keeps: keeps?,
    }))
}

fn line(node: &Node<'_>, passes: &Passes) -> Option<Line> {
    let parts = node.text()?.split_once(' ');
    let Some((method, path)) = parts.filter(|(method, _)| !method.is_empty()) else {
        node.wrong("a method and a path, as `GET /register`");
        return None;
    };
    placed(node, path, passes);
    Some(Line::Of { method: method.to_owned(), path: path.to_owned() })
}

fn sign_in(node: &Node<'_>, section: &Section<'_>, passes: &Passes) -> Option<Line> {
    let name = node.text()?;
    // A bare name is a pass's; everything else is typed as it is.
    let pass = if passes.contains_key(name) { format!("<{name}>") } else { name.to_owned() };
    placed(node, &pass, passes);
    let user = section.or("user", String::new(), |node| word(&node))?;
    Some(Line::SignIn { user, pass, shown: name.to_owned() })
}

fn body(section: &Section<'_>, step: &Node<'_>, passes: &Passes) -> Option<Option<Body>> {
    let form = section.optional("form").map(|node| {
        let pairs = pairs(&node)?;
        pairs.iter().for_each(|(_, value)| placed(&node, value, passes));
        Some(Body::Form(pairs))
    });
    let json = section.optional("json").map(|node| {
        all_placed(&node, node.value(), passes);
        Some(Body::Json(node.value().clone()))
    });
    let text = section.optional("body").map(|node| {
        let text = node.text()?;
        placed(&node, text, passes);
        Some(Body::Text(text.to_owned()))
    });
    let mut bodies = [form, json, text].into_iter().flatten();
    match (bodies.next(), bodies.next()) {
        (None, _) => Some(None),
        (Some(body), None) => body.map(Some),
        (Some(_), Some(_)) => {
            step.wrong_as("several bodies", "one of `form`, `json` and `body`");
            None
        }
    }
}

/// Reports places in a text that name a pass which nobody defined.
fn placed(node: &Node<'_>, text: &str, passes: &Passes) {
    for part in parts(text) {
        if let Part::Pass(name) = part
            && !passes.contains_key(name)
        {
            let known: Vec<_> = passes.keys().map(|name| format!("`<{name}>`")).collect();
            let known = if known.is_empty() { "none is".to_owned() } else { known.join(", ") };
            node.wrong_as(format_args!("`<{name}>`"), format_args!("a pass that is defined: {known}"));
        }
    }
}

fn all_placed(node: &Node<'_>, value: &Json, passes: &Passes) {
    match value {
        Json::String(text) => placed(node, text, passes),
        Json::Array(items) => items.iter().for_each(|item| all_placed(node, item, passes)),
        Json::Object(object) => object.0.iter().for_each(|(_, value)| all_placed(node, value, passes)),
        _ => {}
    }
}

fn answer_of(node: &Node<'_>) -> Option<Answer> {
    let section = node.section()?;
    let status = section.or("status", 200, |node| node.number(200, 599));
    let headers = section.or("headers", Vec::new(), |node| pairs(&node));
    let receipts = section.or("receipt", Vec::new(), |node| receipts(&node));
    let by_proxy = section.or("byProxy", false, |node| node.boolean());
    section.finish();
    Some(Answer { status: u16::try_from(status?).ok()?, headers: headers?, receipts: receipts?, by_proxy: by_proxy? })
}

/// `true` is an honest receipt, a section one with changes, a list several.
fn receipts(node: &Node<'_>) -> Option<Vec<Receipt>> {
    if let Json::Array(_) = node.value() {
        let list: Vec<_> = node.list(8)?.iter().map(receipt).collect();
        list.into_iter().collect()
    } else {
        receipt(node).map(|receipt| vec![receipt])
    }
}

fn receipt(node: &Node<'_>) -> Option<Receipt> {
    if *node.value() == Json::Bool(true) {
        return Some(Receipt::default());
    }
    let section = node.section()?;
    let claims = section.or("claims", Object::default(), |node| members(&node));
    let ends = section.or("ends", None, |node| duration(&node).map(Some));
    let forged = section.or("forged", false, |node| node.boolean());
    section.finish();
    Some(Receipt { claims: claims?, ends: ends?, forged: forged? })
}

//! Reads what a step expects.

use tapgate_core::json::Json;
use tapgate_core::policy::doc::Node;
use tapgate_core::refusal::Refusal;

use super::{members, pairs, texts};
use crate::case::{Expect, Wanted};

pub(super) fn read(node: &Node<'_>) -> Option<Expect> {
    let section = node.section()?;
    let owned = |node: Node<'_>| node.text().map(|text| Some(text.to_owned()));
    let status =
        section.or("status", None, |node| Some(node.number(100, 599).and_then(|status| u16::try_from(status).ok())));
    let reason = section.or("reason", None, |node| reason(&node).map(Some));
    let location = section.or("location", None, owned);
    let forwarded = section.or("forwarded", None, |node| node.boolean().map(Some));
    let seen = section.or("seen", Vec::new(), |node| wanted(&node));
    let seen_cookies = section.or("seenCookies", Vec::new(), |node| wanted(&node));
    let assertion = section.or("assertion", None, |node| members(&node).map(Some));
    let headers = section.or("headers", Vec::new(), |node| wanted(&node));
    let sets = section.or("sets", None, |node| texts(&node).map(Some));
    let clears = section.or("clears", None, |node| texts(&node).map(Some));
    let attributes = section.or("attributes", Vec::new(), |node| pairs(&node));
    let json = section.or("json", None, |node| members(&node).map(Some));
    let says = section.or("says", Vec::new(), |node| texts(&node));
    let audit = section.or("audit", None, |node| texts(&node).map(Some));
    section.finish();
    Some(Expect {
        status: status?,
        reason: reason?,
        location: location?,
        forwarded: forwarded?,
        seen: seen?,
        seen_cookies: seen_cookies?,
        assertion: assertion?,
        headers: headers?,
        sets: sets?,
        clears: clears?,
        attributes: attributes?,
        json: json?,
        says: says?,
        audit: audit?,
    })
}

/// A reason that is shown: one of a closed list, so that none can be misspelled.
fn reason(node: &Node<'_>) -> Option<String> {
    let text = node.text()?;
    let known = Refusal::ALL.iter().any(|refusal| refusal.face().reason == text);
    if !known {
        node.wrong("a reason that refusals show, as `invalid_pass` or `already_used`");
    }
    known.then(|| text.to_owned())
}

/// Names with what is wanted under them: nothing (`null`), anything (`<any>`), or values.
fn wanted(node: &Node<'_>) -> Option<Vec<(String, Wanted)>> {
    let one = |(name, node): (&str, Node<'_>)| {
        let wanted = match node.value() {
            Json::Null => Wanted::Absent,
            _ if node.is_text("<any>") => Wanted::Any,
            _ => Wanted::Values(texts(&node)?),
        };
        Some((name.to_owned(), wanted))
    };
    node.section()?.entries().into_iter().map(one).collect()
}

//! The section `registration`: what a registering session may reach, and what completes it.

use super::{each, minutes};
use crate::path::{LocalPath, PathPattern};
use crate::policy::doc::Node;
use crate::policy::{Registration, ResponseRule, Then, shape};

pub(in crate::policy) fn registration(node: &Node<'_>) -> Option<Registration> {
    let section = node.section()?;
    let allow =
        section.required(shape::ALLOW.name, "the paths that a registering session may reach").and_then(|node| {
            let allow = each(&node, shape::ALLOW.most, Node::parsed::<PathPattern>)?;
            if allow.is_empty() {
                node.wrong("at least registration.page");
                return None;
            }
            Some(allow)
        });
    let page = section.required("page", "where a registering person is sent").and_then(|node| {
        let page: LocalPath = node.parsed()?;
        let inside = allow.as_ref().is_none_or(|allow| allow.iter().any(|p| p.covers(page.as_str().as_bytes())));
        if !inside {
            node.wrong("a path that registration.allow covers");
        }
        inside.then_some(page)
    });
    let ways = section
        .required(shape::COMPLETED_BY.name, "at least one of `- receipt: {}` and `- response: {method, path, status}`")
        .and_then(|node| ways(&node, allow.as_deref()));
    let then = section.or(shape::THEN.name, Then::SignIn, |node| {
        let then = shape::THEN.of(&node)?;
        if then == Then::Continue && ways.as_ref().is_some_and(|ways| !ways.0) {
            node.wrong("`signIn`, or `- receipt: {}` in completedBy: only a receipt continues");
            return None;
        }
        Some(then)
    });
    let window = minutes(shape::WINDOW, &section);
    let retries = shape::RETRIES.read(&section).and_then(|retries| u8::try_from(retries).ok());
    let cookies = shape::COOKIES.read(&section);
    section.finish();
    let (by_receipt, by_response) = ways?;
    Some(Registration {
        page: page?,
        allow: allow?,
        by_receipt,
        by_response,
        then: then?,
        window: window?,
        retries: retries?,
        cookies: cookies?,
    })
}

/// One entry of `completedBy`.
enum Way {
    Receipt,
    Response(ResponseRule),
}

fn ways(node: &Node<'_>, allow: Option<&[PathPattern]>) -> Option<(bool, Vec<ResponseRule>)> {
    let ways = each(node, shape::COMPLETED_BY.most, |node| way(node, allow))?;
    if ways.is_empty() {
        node.wrong("at least one of `- receipt: {}` and `- response: {method, path, status}`");
        return None;
    }
    let mut by_receipt = false;
    let mut by_response = Vec::new();
    for way in ways {
        match way {
            Way::Receipt => by_receipt = true,
            Way::Response(rule) => by_response.push(rule),
        }
    }
    Some((by_receipt, by_response))
}

fn way(node: &Node<'_>, allow: Option<&[PathPattern]>) -> Option<Way> {
    let section = node.section()?;
    let receipt = section.optional("receipt");
    let response = section.optional("response");
    section.finish();
    match (receipt, response) {
        (Some(receipt), None) => {
            receipt.section()?.finish();
            Some(Way::Receipt)
        }
        (None, Some(response)) => response_rule(&response, allow).map(Way::Response),
        _ => {
            node.wrong("either `receipt` or `response`");
            None
        }
    }
}

fn response_rule(node: &Node<'_>, allow: Option<&[PathPattern]>) -> Option<ResponseRule> {
    let section = node.section()?;
    let method = shape::METHOD.read(&section);
    let path = section.required("path", "the path whose answer completes").and_then(|node| {
        let path: PathPattern = node.parsed()?;
        let inside = allow.is_none_or(|allow| allow.iter().any(|allowed| allowed.includes(&path)));
        if !inside {
            node.wrong("a path that registration.allow covers");
        }
        inside.then_some(path)
    });
    let status =
        section.required(shape::STATUSES.name, "the statuses that complete, as in [200, 204]").and_then(|node| {
            let one = |node: &Node<'_>| shape::STATUS.of(node).and_then(|status| u16::try_from(status).ok());
            let status = each(&node, shape::STATUSES.most, one)?;
            if status.is_empty() {
                node.wrong("at least one status from 200 to 399");
                return None;
            }
            Some(status)
        });
    section.finish();
    Some(ResponseRule { method: method?.to_owned(), path: path?, status: status? })
}

//! The section `registration`: what a registering session may reach, and what completes it.

use super::{A_DAY, each, minutes};
use crate::path::{LocalPath, PathPattern};
use crate::policy::doc::Node;
use crate::policy::{CookieRule, Registration, ResponseRule, Then};
use crate::time::Minutes;

pub(in crate::policy) fn registration(node: &Node<'_>) -> Option<Registration> {
    let section = node.section()?;
    let allow = section.required("allow", "the paths that a registering session may reach").and_then(|node| {
        let allow = each(&node, 256, Node::parsed::<PathPattern>)?;
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
        .required("completedBy", "at least one of `- receipt: {}` and `- response: {method, path, status}`")
        .and_then(|node| ways(&node, allow.as_deref()));
    let then = section.or("then", Then::SignIn, |node| {
        let then = node.word(&[("signIn", Then::SignIn), ("continue", Then::Continue)])?;
        if then == Then::Continue && ways.as_ref().is_some_and(|ways| !ways.0) {
            node.wrong("`signIn`, or `- receipt: {}` in completedBy: only a receipt continues");
            return None;
        }
        Some(then)
    });
    let window = section.or("windowInMinutes", Minutes::new(10), |node| minutes(&node, 1, A_DAY));
    let retries = section.or("retries", 3, |node| node.number(0, 10).and_then(|retries| u8::try_from(retries).ok()));
    let cookies = section.or("cookies", CookieRule::Sealed, |node| {
        node.word(&[("sealed", CookieRule::Sealed), ("withheld", CookieRule::Withheld)])
    });
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
    let ways = each(node, 32, |node| way(node, allow))?;
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
    const METHODS: [(&str, &str); 4] = [("POST", "POST"), ("PUT", "PUT"), ("PATCH", "PATCH"), ("DELETE", "DELETE")];
    let section = node.section()?;
    let method = section.or("method", "POST", |node| node.word(&METHODS));
    let path = section.required("path", "the path whose answer completes").and_then(|node| {
        let path: PathPattern = node.parsed()?;
        let inside = allow.is_none_or(|allow| allow.iter().any(|allowed| allowed.includes(&path)));
        if !inside {
            node.wrong("a path that registration.allow covers");
        }
        inside.then_some(path)
    });
    let status = section.required("status", "the statuses that complete, as in [200, 204]").and_then(|node| {
        let status = each(&node, 32, |node| node.number(200, 399).and_then(|status| u16::try_from(status).ok()))?;
        if status.is_empty() {
            node.wrong("at least one status from 200 to 399");
            return None;
        }
        Some(status)
    });
    section.finish();
    Some(ResponseRule { method: method?.to_owned(), path: path?, status: status? })
}

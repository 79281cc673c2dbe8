//! The sections of a policy document, one reader each (2.3); names, ranges and defaults of their fields are in [`shape`].
//!
//! A reader gives `None` only after reporting why. It asks for all its fields before it gives up on any, so that every
//! defect of a document is reported at once. Here are the small sections, and what all readers share.

mod directory;
mod ledger;
mod passes;
mod registration;
mod webhook;

pub(in crate::policy) use directory::directory;
pub(in crate::policy) use ledger::{SHARED_DATA, ledger};
pub(in crate::policy) use passes::passes;
pub(in crate::policy) use registration::registration;
pub(in crate::policy) use webhook::webhook;

use super::doc::{Node, Section};
use super::fields::{Text, Whole};
use super::{Admin, Cap, HostPattern, Pages, SessionRules, SignIn, shape};
use crate::decide::RETURN_TO;
use crate::graph::Role;
use crate::headers;
use crate::session::HOLDER_COOKIE;
use crate::time::{Minutes, Seconds};

fn minutes(field: Whole, section: &Section<'_>) -> Option<Minutes> {
    field.read(section).map(Minutes::new)
}

fn seconds(field: Whole, section: &Section<'_>) -> Option<Seconds> {
    field.read(section).map(|seconds| Seconds::new(u64::from(seconds)))
}

/// All items of a list through one reader; `None` if any of them is wrong, after all have been read.
pub(in crate::policy) fn each<'a, T>(
    node: &Node<'a>,
    most: usize,
    read: impl Fn(&Node<'a>) -> Option<T>,
) -> Option<Vec<T>> {
    let items: Vec<Option<T>> = node.list(most)?.iter().map(read).collect();
    items.into_iter().collect()
}

pub(in crate::policy) fn hosts(node: &Node<'_>) -> Option<Vec<HostPattern>> {
    let hosts = each(node, shape::HOSTS.most, host)?;
    if hosts.is_empty() {
        node.wrong("at least one host");
        return None;
    }
    Some(hosts)
}

fn host(node: &Node<'_>) -> Option<HostPattern> {
    let text = node.text()?;
    let label = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    let name = |text: &str| {
        text.len() <= 253 && text.split('.').all(|part| !part.is_empty() && part.len() <= 63 && part.bytes().all(label))
    };
    let address = |text: &str| {
        text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).is_some_and(|inside| {
            !inside.is_empty() && inside.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f' | b':' | b'.'))
        })
    };
    let pattern = match text.strip_prefix('*') {
        Some("") => Some(HostPattern::Any),
        Some(suffix) => suffix.strip_prefix('.').is_some_and(name).then(|| HostPattern::Suffix(suffix.to_owned())),
        None => (name(text) || address(text)).then(|| HostPattern::Exact(text.to_owned())),
    };
    if pattern.is_none() {
        node.wrong("a host in lower case without port or trailing dot, or `*.` and a host, or `*`");
    }
    pattern
}

fn default(field: Text) -> String {
    field.default.unwrap_or_default().to_owned()
}

pub(in crate::policy) fn sign_in(node: &Node<'_>) -> Option<SignIn> {
    let section = node.section()?;
    let path =
        section.required("path", "the gateway's own sign-in path, as in `/sign-in`").and_then(|node| node.parsed());
    let user_field = section.or(shape::USER_FIELD.name, default(shape::USER_FIELD), |node| {
        let field = shape::USER_FIELD.of(&node)?;
        if field == RETURN_TO {
            node.wrong("a field of its own, not `return_to`");
        }
        (field != RETURN_TO).then_some(field)
    });
    let pass_field = section.or(shape::PASS_FIELD.name, default(shape::PASS_FIELD), |node| {
        let field = shape::PASS_FIELD.of(&node)?;
        if user_field.as_ref() == Some(&field) || field == RETURN_TO {
            node.wrong("a field of its own, not userField's nor `return_to`");
            return None;
        }
        Some(field)
    });
    let starts_within = minutes(shape::STARTS_WITHIN, &section);
    section.finish();
    Some(SignIn { path: path?, user_field: user_field?, pass_field: pass_field?, starts_within: starts_within? })
}

pub(in crate::policy) fn session(node: &Node<'_>) -> Option<SessionRules> {
    let section = node.section()?;
    let cookie = section.or("cookie", shape::COOKIE.to_owned(), |node| {
        let text = node.text()?;
        let rest = text.strip_prefix("__Host-").unwrap_or_default();
        let token = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let fits = !rest.is_empty() && text.len() <= 64 && rest.bytes().all(token) && text != HOLDER_COOKIE;
        if !fits {
            node.wrong(format_args!("`__Host-` and letters, digits, -, _ or ., but not `{HOLDER_COOKIE}`"));
        }
        fits.then(|| text.to_owned())
    });
    let ends_with_pass = shape::ENDS_WITH_PASS.read(&section);
    let maximum = minutes(shape::SESSION_MAXIMUM, &section);
    section.finish();
    Some(SessionRules { cookie: cookie?, ends_with_pass: ends_with_pass?, maximum: maximum? })
}

pub(in crate::policy) fn user_header(node: &Node<'_>) -> Option<String> {
    let section = node.section()?;
    let header = section.or("userHeader", headers::DEFAULT_USER_HEADER.to_owned(), |node| {
        let text = node.text()?;
        let fits = headers::is_fit_for_identity(text);
        if !fits {
            node.wrong("a header name in lower case without a meaning of its own, as in `remote-user`");
        }
        fits.then(|| text.to_owned())
    });
    section.finish();
    header
}

/// What a cap may be for.
const ISSUING: &str =
    "a role that issues passes, once: `Authentication Administrator` or `Privileged Authentication Administrator`";

pub(in crate::policy) fn admin(node: &Node<'_>) -> Option<Admin> {
    let section = node.section()?;
    let hosts =
        section.required(shape::HOSTS.name, "the hosts on which the admin API answers").and_then(|node| hosts(&node));
    let require_reason = shape::REQUIRE_REASON.read(&section);
    let caps = section.or("caps", Vec::new(), |node| {
        let entries = node.section()?.entries();
        let mut seen = Vec::new();
        let caps = entries.iter().map(|(name, node)| {
            let role = Role::named(name);
            if !role.issues() || seen.contains(&role) {
                node.wrong_as(format_args!("a cap for `{name}`"), ISSUING);
                return None;
            }
            seen.push(role);
            Some((role, cap(node)?))
        });
        let caps: Vec<_> = caps.collect();
        caps.into_iter().collect()
    });
    let jwt_authn = section.or("jwtAuthn", None, |node| {
        let section = node.section()?;
        let provider =
            section.required(shape::PROVIDER.name, "the provider's name").and_then(|node| shape::PROVIDER.of(&node));
        let claim = shape::ROLES_CLAIM.read(&section);
        section.finish();
        Some(Some((provider?, claim?)))
    });
    section.finish();
    Some(Admin { hosts: hosts?, require_reason: require_reason?, caps: caps?, jwt_authn: jwt_authn? })
}

fn cap(node: &Node<'_>) -> Option<Cap> {
    let section = node.section()?;
    let lifetime = section.or(shape::MAXIMUM_LIFETIME.name, None, |node| {
        shape::MAXIMUM_LIFETIME.of(&node).map(|minutes| Some(Minutes::new(minutes)))
    });
    let once = shape::IS_USABLE_ONCE.read(&section);
    section.finish();
    Some(Cap { maximum_lifetime: lifetime?, is_usable_once: once? })
}

pub(in crate::policy) fn pages(node: &Node<'_>) -> Option<Pages> {
    let section = node.section()?;
    let name = shape::PAGE_NAME.optional(&section);
    let contact = shape::CONTACT.optional(&section);
    let help = shape::HELP.optional(&section);
    let colour = section.or("colour", None, |node| {
        let text = node.text()?;
        let hex = |rest: &str| rest.len() == 6 && rest.bytes().all(|byte| byte.is_ascii_hexdigit());
        let fits = text.strip_prefix('#').is_some_and(hex);
        if !fits {
            node.wrong("a colour as `#rrggbb`, in quotes in YAML");
        }
        fits.then(|| Some(text.to_owned()))
    });
    section.finish();
    Some(Pages { name: name?.unwrap_or_default(), contact: contact?, help: help?, colour: colour? })
}

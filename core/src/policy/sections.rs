//! The sections of a policy document, one reader each: fields, ranges, defaults (2.3).
//!
//! A reader gives `None` only after reporting why. It asks for all its fields before it gives up on any, so that every
//! defect of a document is reported at once.

use super::doc::Node;
use super::scope::{Directory, Scope, Target, User, UserType, Users};
use super::{
    Admin, Cap, CookieRule, Etcd, HostPattern, LedgerPlace, Pages, Registration, ResponseRule, SessionRules, SignIn,
    TemporaryAccessPass, Then,
};
use crate::headers;
use crate::names::{GroupId, Identity, UserName};
use crate::pass::GroupTags;
use crate::path::{LocalPath, PathPattern};
use crate::session::HOLDER_COOKIE;
use crate::time::{Minutes, Seconds};

const THIRTY_DAYS: u32 = 43_200;
const A_YEAR: u32 = 525_600;
const A_DAY: u32 = 1_440;

fn minutes(node: &Node<'_>, least: u32, most: u32) -> Option<Minutes> {
    node.number(least, most).map(Minutes::new)
}

fn seconds(node: &Node<'_>, least: u32, most: u32) -> Option<Seconds> {
    node.number(least, most).map(|seconds| Seconds::new(u64::from(seconds)))
}

/// A string of 1 to `most` characters without control characters.
fn line(node: &Node<'_>, most: usize) -> Option<String> {
    let text = node.text()?;
    let fits = !text.is_empty() && text.chars().count() <= most && !text.chars().any(char::is_control);
    if !fits {
        node.wrong(format_args!("1 to {most} characters on one line"));
    }
    fits.then(|| text.to_owned())
}

/// A string of 1 to `most` visible ASCII characters.
pub(super) fn token(node: &Node<'_>, most: usize) -> Option<String> {
    let text = node.text()?;
    let fits = !text.is_empty() && text.len() <= most && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !fits {
        node.wrong(format_args!("1 to {most} visible ASCII characters without spaces"));
    }
    fits.then(|| text.to_owned())
}

/// All items of a list through one reader; `None` if any of them is wrong, after all have been read.
pub(super) fn each<'a, T>(node: &Node<'a>, most: usize, read: impl Fn(&Node<'a>) -> Option<T>) -> Option<Vec<T>> {
    let items: Vec<Option<T>> = node.list(most)?.iter().map(read).collect();
    items.into_iter().collect()
}

pub(super) fn hosts(node: &Node<'_>) -> Option<Vec<HostPattern>> {
    let hosts = each(node, 256, host)?;
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

pub(super) fn passes(node: &Node<'_>, directory: Option<&Directory>) -> Option<TemporaryAccessPass> {
    let section = node.section()?;
    let enabled = section.or("state", false, |node| node.word(&[("enabled", true), ("disabled", false)]));
    let default_length = section.or("defaultLength", 8, |node| node.number(8, 48));
    let minimum = section.or("minimumLifetimeInMinutes", Minutes::new(60), |n| minutes(&n, 10, THIRTY_DAYS));
    let least = minimum.map_or(10, Minutes::get);
    let maximum = section.or("maximumLifetimeInMinutes", Minutes::new(480), |n| minutes(&n, least, THIRTY_DAYS));
    if let (Some(least), Some(most)) = (minimum, maximum)
        && least > most
    {
        let path = section.path_of("minimumLifetimeInMinutes");
        let expected = "at most maximumLifetimeInMinutes (480 unless given)";
        section.defects().report(&path, format!("found {}", least.get()), expected);
    }
    let most = maximum.map_or(THIRTY_DAYS, Minutes::get);
    let usual = Minutes::new(60.max(least).min(most.max(least)));
    let default_lifetime = section.or("defaultLifetimeInMinutes", usual, |n| minutes(&n, least, most.max(least)));
    let is_usable_once = section.or("isUsableOnce", false, |node| node.boolean());
    let include = section
        .required("includeTargets", "whom passes are for, as in [{targetType: group, id: all_users}]")
        .and_then(|node| targets(&node, directory, true));
    let exclude = section.or("excludeTargets", Vec::new(), |node| targets(&node, directory, false));
    section.finish();
    Some(TemporaryAccessPass {
        enabled: enabled?,
        default_length: default_length?,
        default_lifetime: default_lifetime?,
        minimum_lifetime: minimum?,
        maximum_lifetime: maximum?,
        is_usable_once: is_usable_once?,
        scope: Scope { include: include?, exclude: exclude? },
    })
}

fn targets(node: &Node<'_>, directory: Option<&Directory>, include: bool) -> Option<Vec<Target>> {
    let targets = each(node, 1000, |node| target(node, directory))?;
    if include && targets.is_empty() {
        node.wrong("at least one target; to let nobody in set state: disabled");
        return None;
    }
    if !include && targets.contains(&Target::AllUsers) {
        node.wrong("targets that leave somebody; to let nobody in set state: disabled");
        return None;
    }
    Some(targets)
}

fn target(node: &Node<'_>, directory: Option<&Directory>) -> Option<Target> {
    let section = node.section()?;
    let is_group = section
        .required("targetType", "`group` or `user`")
        .and_then(|node| node.word(&[("group", true), ("user", false)]));
    let id = section.required("id", "a group's name, `all_users`, or a user");
    section.finish();
    let (is_group, id) = (is_group?, id?);
    if is_group {
        let group: GroupId = id.parsed()?;
        return Some(if group.as_str() == "all_users" { Target::AllUsers } else { Target::Group(group) });
    }
    let user: UserName = id.parsed()?;
    let identity = directory?.resolve(&user);
    if identity.is_none() {
        id.wrong("a user of the directory, by id or userPrincipalName");
    }
    identity.map(Target::User)
}

pub(super) fn directory(node: &Node<'_>) -> Option<Directory> {
    if node.is_text("open") {
        return Some(Directory::Open);
    }
    if node.is_any_text() {
        node.wrong("`open`, or a section with `users`");
        return None;
    }
    let section = node.section()?;
    let users = section.required("users", "a list of users").and_then(|node| {
        let mut users = Users::default();
        let read = each(&node, 100_000, |node| Some((node.clone(), user(node)?)))?;
        let mut unique = true;
        for (node, (id, user)) in read {
            if !users.insert(id, user) {
                node.wrong("ids and userPrincipalNames that no other user of the list has, whatever their case");
                unique = false;
            }
        }
        unique.then_some(users)
    });
    section.finish();
    users.map(Directory::Users)
}

fn user(node: &Node<'_>) -> Option<(Identity, User)> {
    let section = node.section()?;
    let id = section.required("id", "the user's id").and_then(|node| node.parsed());
    let name = section.or("userPrincipalName", None, |node| node.parsed().map(Some));
    let groups = section.or("groups", Vec::new(), |node| each(&node, 1000, Node::parsed::<GroupId>));
    let roles = section.or("roles", Vec::new(), |node| each(&node, 100, |node| line(node, 128)));
    let user_type = section.or("userType", UserType::Member, |node| {
        node.word(&[("member", UserType::Member), ("guest", UserType::Guest)])
    });
    section.finish();
    let groups = GroupTags::from_iter(&groups?);
    Some((id?, User { user_principal_name: name?, groups, roles: roles?, user_type: user_type? }))
}

pub(super) fn sign_in(node: &Node<'_>) -> Option<SignIn> {
    let section = node.section()?;
    let path =
        section.required("path", "the gateway's own sign-in path, as in `/sign-in`").and_then(|node| node.parsed());
    let user_field = section.or("userField", "username".to_owned(), |node| token(&node, 64));
    let pass_field = section.or("passField", "pass".to_owned(), |node| {
        let field = token(&node, 64)?;
        if user_field.as_ref() == Some(&field) || field == "return_to" {
            node.wrong("a field of its own, not userField's nor `return_to`");
            return None;
        }
        Some(field)
    });
    let starts_within =
        section.or("startsWithinInMinutes", Minutes::new(THIRTY_DAYS), |node| minutes(&node, 0, A_YEAR));
    section.finish();
    Some(SignIn { path: path?, user_field: user_field?, pass_field: pass_field?, starts_within: starts_within? })
}

pub(super) fn registration(node: &Node<'_>) -> Option<Registration> {
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

pub(super) fn session(node: &Node<'_>) -> Option<SessionRules> {
    let section = node.section()?;
    let cookie = section.or("cookie", DEFAULT_COOKIE.to_owned(), |node| {
        let text = node.text()?;
        let rest = text.strip_prefix("__Host-").unwrap_or_default();
        let token = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let fits = !rest.is_empty() && text.len() <= 64 && rest.bytes().all(token) && text != HOLDER_COOKIE;
        if !fits {
            node.wrong(format_args!("`__Host-` and letters, digits, -, _ or ., but not `{HOLDER_COOKIE}`"));
        }
        fits.then(|| text.to_owned())
    });
    let ends_with_pass = section.or("endsWithPass", true, |node| node.boolean());
    let maximum = section.or("maximumInMinutes", Minutes::new(480), |node| minutes(&node, 1, A_DAY));
    section.finish();
    Some(SessionRules { cookie: cookie?, ends_with_pass: ends_with_pass?, maximum: maximum? })
}

/// The session cookie's name unless the policy says otherwise.
pub(super) const DEFAULT_COOKIE: &str = "__Host-tapgate";

pub(super) fn user_header(node: &Node<'_>) -> Option<String> {
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

pub(super) fn ledger(node: &Node<'_>) -> Option<LedgerPlace> {
    if node.is_text("sharedData") {
        return Some(SHARED_DATA);
    }
    if node.is_any_text() {
        node.wrong("`sharedData`, or a section with `sharedData` or `etcd`");
        return None;
    }
    let section = node.section()?;
    let shared = section.optional("sharedData");
    let etcd = section.optional("etcd");
    section.finish();
    match (shared, etcd) {
        (Some(shared), None) => shared_data(&shared),
        (None, Some(etcd)) => etcd_cluster(&etcd).map(LedgerPlace::Etcd),
        _ => {
            node.wrong("either `sharedData` or `etcd`");
            None
        }
    }
}

/// The ledger unless the policy says otherwise.
pub(super) const SHARED_DATA: LedgerPlace = LedgerPlace::SharedData { maximum_records: 100_000 };

fn shared_data(node: &Node<'_>) -> Option<LedgerPlace> {
    let section = node.section()?;
    let maximum = section.or("maximumRecords", 100_000, |node| node.number(1, 1_000_000));
    section.finish();
    Some(LedgerPlace::SharedData { maximum_records: maximum? })
}

fn etcd_cluster(node: &Node<'_>) -> Option<Etcd> {
    let section = node.section()?;
    let cluster = section.or("cluster", "etcd".to_owned(), |node| token(&node, 128));
    let authority = section.or("authority", "etcd".to_owned(), |node| token(&node, 255));
    let prefix = section.or("prefix", "/tapgate/".to_owned(), |node| token(&node, 128));
    let timeout = section.or("timeoutInMilliseconds", 500, |node| node.number(1, 60_000));
    let recheck = section.or("recheckInSeconds", Seconds::new(5), |node| seconds(&node, 1, 60));
    let registered = section.or("recheckRegisteredInSeconds", Seconds::new(60), |node| seconds(&node, 1, 600));
    let grace = section.or("graceInSeconds", Seconds::new(30), |node| seconds(&node, 0, 120));
    let username = section.or("usernameEnv", None, |node| token(&node, 128).map(Some));
    let password = section.or("passwordEnv", None, |node| token(&node, 128).map(Some));
    section.finish();
    Some(Etcd {
        cluster: cluster?,
        authority: authority?,
        prefix: prefix?,
        timeout_in_milliseconds: timeout?,
        recheck: recheck?,
        recheck_registered: registered?,
        grace: grace?,
        username_env: username?,
        password_env: password?,
    })
}

pub(super) fn admin(node: &Node<'_>) -> Option<Admin> {
    let section = node.section()?;
    let hosts = section.required("hosts", "the hosts on which the admin API answers").and_then(|node| hosts(&node));
    let require_reason = section.or("requireReason", false, |node| node.boolean());
    let caps = section.or("caps", Vec::new(), |node| {
        let entries = node.section()?.entries();
        let caps: Vec<_> = entries.iter().map(|(role, node)| Some(((*role).to_owned(), cap(node)?))).collect();
        caps.into_iter().collect()
    });
    let jwt_authn = section.or("jwtAuthn", None, |node| {
        let section = node.section()?;
        let provider = section.required("provider", "the provider's name").and_then(|node| token(&node, 128));
        let claim = section.or("rolesClaim", "roles".to_owned(), |node| token(&node, 128));
        section.finish();
        Some(Some((provider?, claim?)))
    });
    section.finish();
    Some(Admin { hosts: hosts?, require_reason: require_reason?, caps: caps?, jwt_authn: jwt_authn? })
}

fn cap(node: &Node<'_>) -> Option<Cap> {
    let section = node.section()?;
    let lifetime = section.or("maximumLifetimeInMinutes", None, |node| minutes(&node, 10, THIRTY_DAYS).map(Some));
    let once = section.or("isUsableOnce", false, |node| node.boolean());
    section.finish();
    Some(Cap { maximum_lifetime: lifetime?, is_usable_once: once? })
}

pub(super) fn pages(node: &Node<'_>) -> Option<Pages> {
    let section = node.section()?;
    let name = section.or("name", None, |node| line(&node, 64).map(Some));
    let contact = section.or("contact", None, |node| line(&node, 256).map(Some));
    let help = section.or("help", None, |node| line(&node, 512).map(Some));
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

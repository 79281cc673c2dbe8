//! What a policy says, in sentences.

use serde::Serialize;
use tapgate_core::directory::Directory;
use tapgate_core::json::Json;
use tapgate_core::policy::{CookieRule, LedgerPlace, Policy, Target, Then};
use tapgate_core::time::{Minutes, Seconds};
use tapgate_core::webhook::Webhook;

use super::risks::GUIDE;
use super::spans::{Lifetime, Words};
use crate::policy::{at, text_at};

/// Sentences about one thing.
#[derive(Clone, Debug, Serialize)]
pub struct Fact {
    /// What they are about.
    pub about: &'static str,
    /// The sentences.
    pub says: Vec<String>,
}

/// Minutes, in words.
pub(super) fn span(minutes: Minutes) -> Lifetime {
    Lifetime(Seconds::from(minutes))
}

/// What the policy of one tenant says. `tree` is its part of the document, which names the keys.
#[must_use]
pub fn facts(policy: &Policy, tree: &Json) -> Vec<Fact> {
    let mut facts = vec![
        Fact { about: "Where", says: place(policy) },
        Fact { about: "Who may sign in", says: who(policy) },
        Fact { about: "With which passes", says: passes(policy) },
        Fact { about: "What a registering person can reach", says: reach(policy) },
        Fact { about: "When it is done", says: completion(policy) },
        Fact { about: "What the application gets", says: application(policy) },
        Fact { about: "Where the record of passes is kept", says: ledger(policy) },
    ];
    facts.extend(policy.webhook.as_ref().map(|webhook| Fact { about: "Who else is told", says: events(webhook) }));
    facts.push(Fact { about: "Keys", says: keys(tree) });
    facts
}

fn place(policy: &Policy) -> Vec<String> {
    let hosts = listed(policy.hosts.iter());
    vec![
        format!("It answers on {hosts}."),
        format!(
            "Passes are presented by a POST to {} (fields {} and {}), or on the gate's own page, {}/sign-in.",
            policy.sign_in.path, policy.sign_in.user_field, policy.sign_in.pass_field, policy.base_path
        ),
    ]
}

fn who(policy: &Policy) -> Vec<String> {
    if !policy.passes.enabled {
        return vec!["Nobody: passes are disabled, and live sessions end.".to_owned()];
    }
    let scope = &policy.passes.scope;
    let mut says = match &policy.directory {
        Directory::Open => vec!["Any user name is somebody: whoever mints a pass decides for whom.".to_owned()],
        Directory::Users(users) => {
            vec![format!("The policy names the people there are: {}. Nobody else is let in.", users.iter().count())]
        }
        Directory::Scim(scim) => vec![
            format!(
                "A SCIM server knows the people there are: the cluster {}, {}. It is asked when a pass is issued and when somebody signs in; nobody else is let in, and nobody who is not active.",
                scim.cluster, scim.path
            ),
            format!(
                "What it says is believed for {}; while it does not answer, nobody new gets in.",
                Words(scim.cache)
            ),
        ],
    };
    let included = if scope.included().contains(&Target::AllUsers) {
        "Passes are for everybody".to_owned()
    } else {
        format!("Passes are for {}", listed(scope.included().iter().map(target)))
    };
    says.push(match scope.excluded() {
        [] => format!("{included}."),
        excluded => format!("{included}, but not for {}.", listed(excluded.iter().map(target))),
    });
    let by_group = scope.included().iter().chain(scope.excluded()).any(|target| matches!(target, Target::Group(_)));
    if by_group {
        says.push(match policy.directory {
            Directory::Open => {
                "Groups are those that the pass claims; a pass that says nothing of groups is refused.".to_owned()
            }
            Directory::Users(_) => {
                "Groups are those that the policy gives; what a pass claims counts for nothing.".to_owned()
            }
            Directory::Scim(_) => {
                "Groups are those that the SCIM server says, by their ids; what a pass claims counts for nothing."
                    .to_owned()
            }
        });
    }
    says
}

fn target(target: &Target) -> String {
    match target {
        Target::AllUsers => "everybody".to_owned(),
        Target::Group(group) => format!("the group {group}"),
        Target::User(user) => format!("the user {user}"),
    }
}

fn passes(policy: &Policy) -> Vec<String> {
    let passes = &policy.passes;
    let uses = if passes.is_usable_once {
        "One-time passes only: each works for the browser that presents it first."
    } else {
        "One-time passes, and multi-use passes, which anybody who has one can use again until they end."
    };
    let (least, most) = (span(passes.minimum_lifetime), span(passes.maximum_lifetime));
    let wait = policy.sign_in.starts_within;
    let start = if wait == Minutes::new(0) {
        "A pass starts when it is issued.".to_owned()
    } else {
        format!("A pass starts within {} of its issue.", span(wait))
    };
    let mut facts = vec![
        uses.to_owned(),
        format!("A pass is valid for {least} to {most}; {} if its issuer does not say.", span(passes.default_lifetime)),
        start,
        format!("Its issuer is {}, its audience {}.", policy.issuer, policy.audience),
    ];
    if policy.admin.is_some() {
        facts.push(
            "An Authentication Policy Administrator may amend this, and whom passes are for, through the admin API."
                .to_owned(),
        );
    }
    facts
}

fn reach(policy: &Policy) -> Vec<String> {
    let registration = &policy.registration;
    let patterns = registration.allow.iter().map(ToString::to_string);
    let mut says = vec![
        format!("For {}, or until the pass ends if that is sooner:", span(registration.window)),
        format!("{}, and nothing else; any other page leads to {}.", listed(patterns), registration.page),
    ];
    says.push(match registration.retries {
        0 => "The holder of a one-time pass cannot sign in again.".to_owned(),
        1 => "The holder of a one-time pass may sign in again once until then.".to_owned(),
        times => format!("The holder of a one-time pass may sign in again {times} times until then."),
    });
    if !policy.passes.is_usable_once {
        says.push("With a multi-use pass each sign-in begins such a time anew.".to_owned());
    }
    says.push(match registration.cookies {
        CookieRule::Sealed => "The application's own cookies are sealed to the session.".to_owned(),
        CookieRule::Withheld => "The application's own cookies are held back both ways.".to_owned(),
    });
    says
}

fn completion(policy: &Policy) -> Vec<String> {
    let registration = &policy.registration;
    let mut says = Vec::new();
    if registration.by_receipt {
        says.push("When the application answers with a receipt, which it signs.".to_owned());
    }
    for rule in &registration.by_response {
        let status = listed(rule.status.iter());
        says.push(format!("When it answers a {} to {} with {status}.", rule.method, rule.path));
    }
    says.push(match registration.then {
        Then::SignIn => "Then the session is over, and the person signs in with the new method.".to_owned(),
        Then::Continue => {
            let end = if policy.session.ends_with_pass { "until the pass ends, at most " } else { "for " };
            let maximum = span(policy.session.maximum);
            let status = if registration.by_response.is_empty() {
                ""
            } else {
                " After an answer by its status the session is over."
            };
            format!("After a receipt the session goes on into the whole site, {end}{maximum} from sign-in.{status}")
        }
    });
    says
}

fn application(policy: &Policy) -> Vec<String> {
    let header = &policy.user_header;
    vec![format!(
        "Who is signed in, in {header}, and signed in tapgate-assertion; both are taken off every request that brings them along."
    )]
}

fn ledger(policy: &Policy) -> Vec<String> {
    match &policy.ledger {
        LedgerPlace::SharedData { maximum_records } => vec![
            format!("In the memory of the proxy, about {maximum_records} records; full, it refuses sign-ins."),
            "It is right across the workers of one proxy process, and is lost when that process restarts: one-time passes that"
                .to_owned(),
            "started before are refused then, sessions end, and what was replaced or revoked of multi-use passes is forgotten."
                .to_owned(),
        ],
        LedgerPlace::Etcd(etcd) => {
            let user = if etcd.credentials.is_some() { "as a user of etcd's" } else { "without a user of etcd's" };
            vec![
                format!("In the etcd cluster {}, below {}; asked {user}.", etcd.cluster, etcd.prefix),
                "One ledger for every gateway that is given the same cluster and prefix; it survives their restarts.".to_owned(),
                format!(
                    "A call may take {} ms. While etcd does not answer, nobody is let in, sessions go on for the grace, and",
                    etcd.timeout_in_milliseconds
                ),
                format!("everybody else notices nothing. How to run it, and what each failure looks like: {GUIDE}."),
            ]
        }
    }
}

fn events(webhook: &Webhook) -> Vec<String> {
    let which = if webhook.kinds.is_empty() {
        "Everything that the audit log is told".to_owned()
    } else {
        format!("What the audit log is told of {}", listed(webhook.kinds.iter()))
    };
    vec![
        format!("{which} goes to {}{} in the proxy's cluster {}.", webhook.authority, webhook.path, webhook.cluster),
        format!(
            "Up to {} events wait in each worker while it takes none; past that they are lost, and it is told how many.",
            webhook.most_waiting
        ),
    ]
}

/// The keys by name: id and where from, never what they are.
fn keys(tree: &Json) -> Vec<String> {
    let purposes = [
        ("pass", "mints passes"),
        ("gateway", "known to the gateways only"),
        ("upstream", "shared with the application"),
        ("admin", "signs administrators' tokens"),
        ("webhook", "signs events, shared with whoever receives them"),
    ];
    let mut says = Vec::new();
    for (list, purpose) in purposes {
        let Some(Json::Array(keys)) = at(tree, &format!("keys.{list}")) else { continue };
        let named = keys.iter().map(|key| {
            let id = text_at(key, "id").unwrap_or("?");
            match text_at(key, "env") {
                Some(variable) => format!("{id} (from {variable})"),
                None => format!("{id} (in the policy itself)"),
            }
        });
        let named = named.collect::<Vec<_>>();
        let first = if named.len() > 1 { "; the first signs, all verify" } else { "" };
        says.push(format!("{list}, {purpose}: {}{first}.", listed(named.iter())));
    }
    says
}

/// `a`, `a and b`, `a, b and c`.
fn listed(items: impl Iterator<Item = impl ToString>) -> String {
    let items: Vec<String> = items.map(|item| item.to_string()).collect();
    match items.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

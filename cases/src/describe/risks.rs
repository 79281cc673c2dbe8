//! What of a policy can go badly, how badly, and what to do about it.

use std::fmt;

use serde::Serialize;
use tapgate_core::directory::Directory;
use tapgate_core::json::Json;
use tapgate_core::path::PathPattern;
use tapgate_core::policy::{HostPattern, LedgerPlace, Policy, Target, Then};
use tapgate_core::time::Minutes;

use super::facts::span;
use super::spans::Words;
use crate::policy::at;

/// What a ledger in memory means (7.4).
pub const VOLATILE: &str = "the ledger lives in the proxy's shared data: a restart loses it (not of `tapgate serve` with --data-dir), and a second process, a hot restart or another vm_id is a second ledger";

/// Where it is told how to run a ledger in etcd.
pub(crate) const GUIDE: &str = "examples/etcd/README.md";

/// What a ledger in etcd means.
pub const SHARED: &str = "the ledger is in etcd: one for every gateway that is given the same cluster and prefix; examples/etcd/README.md says how to run it and what each failure looks like";

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Somebody gets in who should not.
    High,
    /// It may come to that.
    Medium,
    /// Worth knowing.
    Low,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::High => "HIGH",
            Self::Medium => "medium",
            Self::Low => "low",
        })
    }
}

/// One risk.
#[derive(Clone, Debug, Serialize)]
pub struct Risk {
    /// How bad it is.
    pub severity: Severity,
    /// What can go badly.
    pub risk: String,
    /// What to do about it.
    pub mend: String,
}

/// The risks of one tenant's policy, the worst first. `tree` is its part of the document.
#[must_use]
pub fn risks(policy: &Policy, tree: &Json) -> Vec<Risk> {
    let mut risks = Risks(Vec::new());
    risks.of_passes(policy);
    risks.of_people(policy);
    risks.of_reach(policy);
    risks.of_completion(policy);
    risks.of_ledger(policy);
    risks.of_keys(tree);
    risks.0.sort_by_key(|risk| risk.severity);
    risks.0
}

const DAY: Minutes = Minutes::new(1440);
const WEEK: Minutes = Minutes::new(7 * 1440);
const MONTH: Minutes = Minutes::new(43_200);
const HOUR: Minutes = Minutes::new(60);
const SHIFT: Minutes = Minutes::new(240);

struct Risks(Vec<Risk>);

impl Risks {
    fn add(&mut self, severity: Severity, risk: impl Into<String>, mend: impl Into<String>) {
        self.0.push(Risk { severity, risk: risk.into(), mend: mend.into() });
    }

    fn of_passes(&mut self, policy: &Policy) {
        let passes = &policy.passes;
        let longest = span(passes.maximum_lifetime);
        if !passes.is_usable_once && passes.maximum_lifetime > DAY {
            let severity = if passes.maximum_lifetime > WEEK { Severity::High } else { Severity::Medium };
            self.add(
                severity,
                format!("a multi-use pass may be valid for {longest}: whoever finds it can register a method of their own all that time"),
                "lower temporaryAccessPass.maximumLifetimeInMinutes, or set isUsableOnce: true",
            );
        } else if passes.maximum_lifetime > WEEK {
            self.add(
                Severity::Low,
                format!("a pass may lie about for {longest} before somebody uses it"),
                "lower temporaryAccessPass.maximumLifetimeInMinutes",
            );
        }
        if policy.sign_in.starts_within > MONTH {
            self.add(
                Severity::Low,
                format!("a pass may be on its way for {} before it starts", span(policy.sign_in.starts_within)),
                "lower signIn.startsWithinInMinutes, or mint later",
            );
        }
        if !passes.enabled {
            self.add(Severity::Low, "passes are disabled: nobody gets in", "set temporaryAccessPass.state: enabled");
        }
    }

    fn of_people(&mut self, policy: &Policy) {
        let everybody = policy.passes.scope.included().contains(&Target::AllUsers);
        if everybody && policy.passes.scope.excluded().is_empty() && !policy.directory.knows_users() {
            self.add(
                Severity::Low,
                "whoever has the pass key can mint a pass for anybody, administrators included",
                "exclude the groups that must never be let in so, or name the people in `directory`",
            );
        }
        if let Directory::Scim(scim) = &policy.directory {
            if scim.token.is_none() {
                self.add(
                    Severity::Low,
                    "the SCIM server is asked without a token: whoever can reach it can ask it too, or it answers nobody",
                    "give it a token for reading users and groups only, and set directory.scim.tokenEnv",
                );
            }
            if scim.cache.get() > 300 {
                self.add(
                    Severity::Low,
                    format!("whoever is deactivated may still sign in for {}", Words(scim.cache)),
                    "lower directory.scim.cacheInSeconds",
                );
            }
        }
        if policy.hosts.contains(&HostPattern::Any) {
            self.add(Severity::Low, "it answers on every host that the proxy serves", "name the hosts");
        }
    }

    fn of_reach(&mut self, policy: &Policy) {
        let registration = &policy.registration;
        for pattern in &registration.allow {
            if let Some((severity, why)) = width(pattern, policy) {
                self.add(
                    severity,
                    format!("registration.allow has `{pattern}`: {why}"),
                    "list the paths that registering needs one by one",
                );
            }
        }
        if registration.window > HOUR {
            let severity = if registration.window > SHIFT { Severity::Medium } else { Severity::Low };
            self.add(
                severity,
                format!("a session left open on a shared machine can register for {}", span(registration.window)),
                "lower registration.windowInMinutes",
            );
        }
    }

    fn of_completion(&mut self, policy: &Policy) {
        let registration = &policy.registration;
        if !registration.by_receipt {
            self.add(
                Severity::Medium,
                "a status alone says that a method is registered: an error page with that status uses the pass up",
                "let the application sign receipts, and add `- receipt: {}` to registration.completedBy",
            );
        }
        if registration.then == Then::Continue {
            if !policy.session.ends_with_pass {
                self.add(
                    Severity::Medium,
                    format!("a session may outlive its pass, up to {} from sign-in", span(policy.session.maximum)),
                    "leave session.endsWithPass out, or set it to true",
                );
            }
            self.add(
                Severity::Low,
                "the person is let into the site without having signed in with the new method once",
                "set registration.then: signIn",
            );
        }
    }

    fn of_ledger(&mut self, policy: &Policy) {
        match &policy.ledger {
            LedgerPlace::SharedData { .. } => self.add(
                Severity::Medium,
                VOLATILE,
                "run one proxy process, without hot restart, keep its vm_id, and mint new passes after a restart",
            ),
            LedgerPlace::Etcd(etcd) => {
                let every = etcd.recheck_registered.max(etcd.recheck).get();
                let away = every.saturating_add(etcd.grace.get());
                let risk = format!(
                    "a session that is ended on another worker or gateway lives on here for up to {every} s, and for up to \
                     {away} s while etcd does not answer, or if nobody has used it meanwhile"
                );
                self.add(Severity::Low, &risk, "lower recheckInSeconds, recheckRegisteredInSeconds and graceInSeconds");
                self.add(
                    Severity::Low,
                    "an etcd that is restored from a backup has forgotten what happened since: passes that were used then are good again",
                    format!("delete what lies below {} after a restore, before a gate is let at it ({GUIDE})", etcd.prefix),
                );
                if etcd.credentials.is_none() {
                    self.add(
                        Severity::Medium,
                        "etcd is asked without a user: whoever reaches it can change the ledger, and let a used pass in again",
                        format!("give etcd users and set usernameEnv and passwordEnv, or let client certificates keep others out ({GUIDE})"),
                    );
                }
            }
        }
    }

    fn of_keys(&mut self, tree: &Json) {
        for list in ["pass", "gateway", "upstream", "admin", "webhook"] {
            let Some(Json::Array(keys)) = at(tree, &format!("keys.{list}")) else { continue };
            for (index, key) in keys.iter().enumerate() {
                if at(key, "value").is_some() {
                    self.add(
                        Severity::High,
                        format!("keys.{list}[{index}] is in the policy itself: whoever reads the file, or the proxy's configuration, has it"),
                        "move it into an environment variable, name that in `env`, and rotate the key",
                    );
                }
            }
        }
    }
}

/// Names under which whole applications live.
const BROAD: [&str; 16] = [
    "account",
    "accounts",
    "admin",
    "api",
    "app",
    "dashboard",
    "graphql",
    "home",
    "internal",
    "portal",
    "private",
    "rest",
    "settings",
    "user",
    "users",
    "v1",
];

/// Names under which nothing but what pages need, or registering itself, lives.
const NARROW: [&str; 22] = [
    ".well-known",
    "assets",
    "css",
    "dist",
    "enrol",
    "enroll",
    "fido",
    "fido2",
    "fonts",
    "images",
    "img",
    "js",
    "media",
    "passkey",
    "passkeys",
    "public",
    "register",
    "registration",
    "static",
    "styles",
    "webauthn",
    "favicon",
];

/// How much too wide a pattern is, and why.
fn width(pattern: &PathPattern, policy: &Policy) -> Option<(Severity, String)> {
    let PathPattern::Below(prefix) = pattern else { return None };
    if pattern.covers(policy.sign_in.path.as_str().as_bytes()) {
        return Some((Severity::Medium, "too wide, it covers the gateway's own sign-in".to_owned()));
    }
    let first = prefix.split('/').find(|segment| !segment.is_empty())?;
    let alone = prefix.matches('/').count() <= 2;
    let name = first.to_ascii_lowercase();
    if alone && BROAD.contains(&name.as_str()) {
        return Some((Severity::High, format!("too wide, everything below /{first}/ is open to whoever holds a pass")));
    }
    if alone && !NARROW.contains(&name.as_str()) {
        return Some((Severity::Low, format!("everything below /{first}/ is open to whoever holds a pass")));
    }
    None
}

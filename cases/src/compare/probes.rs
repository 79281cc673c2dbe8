//! Stories made for a comparison: passes and requests around the bounds of both policies, from a seed, always the same.

use std::collections::{BTreeMap, BTreeSet};

use tapgate_core::directory::Directory;
use tapgate_core::json::Json;
use tapgate_core::policy::{HostPattern, Policy, Target};

use crate::case::{Answer, Body, Case, Expect, Line, Pass, Receipt, Request, Sender, Step, When};
use crate::mint;
use crate::policy::{tenants, text_at};
use crate::run::START;
use crate::yaml::Position;

/// One story.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The kind of pass that it is about.
    pub what: String,
    /// That pass.
    pub details: String,
    /// What happens.
    pub case: Case,
}

/// So many stories of passes that either policy's issuer could mint. Each document comes with what it compiles to.
#[must_use]
pub fn probes(old: (&Json, &[Policy]), new: (&Json, &[Policy]), count: usize, seed: u64) -> Vec<Probe> {
    let mut maker = Maker { state: seed };
    let both: Vec<&Policy> = old.1.iter().chain(new.1).collect();
    let pool = Pool::of(&both);
    (0..count)
        .filter_map(|index| {
            // By turns a pass of the old and of the new policy.
            let (tree, policies) = if index % 2 == 0 { old } else { new };
            let tenant = maker.below(policies.len());
            maker.probe(tree, policies.get(tenant)?, tenant, &pool)
        })
        .collect()
}

/// What both policies have bounds at.
struct Pool {
    users: Vec<String>,
    groups: Vec<String>,
    minutes: Vec<i64>,
    waits: Vec<i64>,
    windows: Vec<u64>,
    paths: Vec<String>,
    retries: usize,
}

impl Pool {
    fn of(policies: &[&Policy]) -> Self {
        let mut users = BTreeSet::from(["alice@example.com".to_owned()]);
        let mut groups = BTreeSet::from(["staff".to_owned()]);
        let mut minutes = BTreeSet::from([60]);
        let mut waits = BTreeSet::from([0]);
        let mut windows = BTreeSet::new();
        let mut paths: BTreeSet<String> = ["/", "/account", "/admin", "/api/v1/me"].map(str::to_owned).into();
        let mut retries = 0;
        for policy in policies {
            if let Directory::Users(known) = &policy.directory {
                users.extend(known.iter().take(20).map(|(id, _)| id.to_string()));
            }
            for target in policy.passes.scope.included().iter().chain(policy.passes.scope.excluded()) {
                match target {
                    Target::AllUsers => {}
                    Target::Group(group) => drop(groups.insert(group.to_string())),
                    Target::User(user) => drop(users.insert(user.to_string())),
                }
            }
            for bound in [policy.passes.minimum_lifetime, policy.passes.maximum_lifetime] {
                let bound = i64::from(bound.get());
                minutes.extend([bound.saturating_sub(1).max(1), bound, bound.saturating_add(1)]);
            }
            let wait = i64::from(policy.sign_in.starts_within.get());
            waits.extend([wait, wait.saturating_add(1)]);
            for span in [policy.registration.window, policy.session.maximum] {
                let seconds = u64::from(span.get()).saturating_mul(60);
                windows.extend([seconds.saturating_sub(1), seconds]);
            }
            paths.insert(policy.registration.page.to_string());
            paths.insert(policy.sign_in.path.to_string());
            let patterns =
                policy.registration.allow.iter().chain(policy.registration.by_response.iter().map(|rule| &rule.path));
            for pattern in patterns {
                let pattern = pattern.to_string();
                paths.insert(pattern.replace('*', "x"));
                paths.insert(format!("{}/y", pattern.trim_end_matches("/*")));
            }
            retries = retries.max(usize::from(policy.registration.retries));
        }
        Self {
            users: users.into_iter().collect(),
            groups: groups.into_iter().collect(),
            minutes: minutes.into_iter().collect(),
            waits: waits.into_iter().collect(),
            windows: windows.into_iter().collect(),
            paths: paths.into_iter().collect(),
            retries,
        }
    }
}

/// Numbers from a seed (splitmix64).
struct Maker {
    state: u64,
}

impl Maker {
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound.max(1)).unwrap_or(1);
        usize::try_from(self.next().checked_rem(bound).unwrap_or_default()).unwrap_or_default()
    }

    fn one_of<T: Clone>(&mut self, items: &[T]) -> Option<T> {
        let index = self.below(items.len());
        items.get(index).cloned()
    }

    fn probe(&mut self, tree: &Json, policy: &Policy, tenant: usize, pool: &Pool) -> Option<Probe> {
        let once = self.below(2) == 0;
        let minutes = self.one_of(&pool.minutes)?;
        // Mostly at once: a pass for later tells nothing else.
        let wait = if self.below(4) == 0 { self.one_of(&pool.waits)? } else { 0 };
        let user = self.one_of(&pool.users)?;
        let groups = match self.below(4) {
            0 => None,
            1 => Some(Vec::new()),
            2 => Some(vec![self.one_of(&pool.groups)?]),
            _ => Some(vec![self.one_of(&pool.groups)?, self.one_of(&pool.groups)?]),
        };
        let (start, end) = (0, minutes.saturating_mul(60));
        let issued = wait.saturating_mul(-60);
        let id = format!("probe-{:x}", self.next());
        let described = describe(once, minutes, wait, &user, groups.as_deref(), policy);
        let pass = Pass { user, id, issued, start, end, once, groups, tenant, ..Pass::default() };
        // The pass itself, so that both policies are shown the same one.
        let signed = mint::pass(&pass, tree, START).ok()?;
        let tree = tenants(tree).get(tenant).copied()?;
        let host = host(policy);
        let field = |name: &str, usual: &str| text_at(tree, name).unwrap_or(usual).to_owned();
        let form = vec![(field("signIn.passField", "pass"), signed)];
        let mut story = Story { host, steps: Vec::new() };
        let sign_in = |story: &mut Story, when| {
            let path = policy.sign_in.path.to_string();
            story.step(when, "POST", path, Sender::Page, Some(Body::Form(form.clone())), None);
        };
        sign_in(&mut story, When::Now);
        story.step(When::Now, "GET", format!("{}/status", policy.base_path), Sender::Script, None, None);
        for _ in 0..2 {
            let path = self.one_of(&pool.paths)?;
            let sender = if self.below(2) == 0 { Sender::Page } else { Sender::Script };
            let method = if sender == Sender::Page { "GET" } else { "POST" };
            story.step(When::Now, method, path, sender, None, None);
        }
        match self.below(3) {
            // Registered, and later still there.
            0 => {
                let path = self.one_of(&pool.paths)?;
                let status = self.one_of(&[200, 201, 204])?;
                let receipts = if self.below(2) == 0 { vec![Receipt::default()] } else { Vec::new() };
                let answer = Answer { status, headers: Vec::new(), receipts, by_proxy: false };
                story.step(When::Now, "POST", path, Sender::Script, None, Some(answer));
                story.step(When::Now, "GET", "/account".into(), Sender::Page, None, None);
                let later = self.one_of(&pool.windows)?;
                story.step(When::At(later), "GET", "/account".into(), Sender::Page, None, None);
            }
            // Not registered in time.
            1 => {
                let later = self.one_of(&pool.windows)?;
                let page = policy.registration.page.to_string();
                story.step(When::At(later), "GET", page, Sender::Page, None, None);
            }
            // Signing in again and again.
            _ => (0..=pool.retries).for_each(|_| sign_in(&mut story, When::After(1))),
        }
        let what = if once { "a one-time pass" } else { "a multi-use pass" };
        let case = Case {
            name: described.clone(),
            position: Position { line: 1, column: 1 },
            shows: Vec::new(),
            not_on: BTreeMap::new(),
            policy: Vec::new(),
            passes: BTreeMap::new(),
            steps: story.steps,
        };
        Some(Probe { what: what.to_owned(), details: described, case })
    }
}

fn describe(once: bool, minutes: i64, wait: i64, user: &str, groups: Option<&[String]>, policy: &Policy) -> String {
    let kind = if once { "one-time" } else { "multi-use" };
    let wait = if wait == 0 { String::new() } else { format!(", starting {wait} min after its issue") };
    let groups = match groups {
        None => "no word of groups".to_owned(),
        Some([]) => "no groups".to_owned(),
        Some(groups) => format!("groups {}", groups.join(", ")),
    };
    format!("{kind}, {minutes} min{wait}, for {user} of {}, {groups}", policy.tenant)
}

fn host(policy: &Policy) -> String {
    match policy.hosts.first() {
        Some(HostPattern::Exact(host)) => host.clone(),
        Some(HostPattern::Suffix(suffix)) => format!("some{suffix}"),
        Some(HostPattern::Any) | None => "gate.example.com".to_owned(),
    }
}

struct Story {
    host: String,
    steps: Vec<Step>,
}

impl Story {
    fn step(
        &mut self,
        when: When,
        method: &str,
        path: String,
        sender: Sender,
        body: Option<Body>,
        answer: Option<Answer>,
    ) {
        let usual = Answer { status: 200, headers: Vec::new(), receipts: Vec::new(), by_proxy: false };
        let request = Request {
            browser: "browser".to_owned(),
            lost: false,
            line: Line::Of { method: method.to_owned(), path },
            host: Some(self.host.clone()),
            sender,
            headers: Vec::new(),
            body,
            answer: answer.unwrap_or(usual),
            expect: Expect::default(),
            keeps: Vec::new(),
        };
        let position = Position { line: 1, column: 1 };
        let (restart, policy, copies, request) = (false, Vec::new(), None, Some(request));
        self.steps.push(Step { position, when, restart, policy, copies, request });
    }
}

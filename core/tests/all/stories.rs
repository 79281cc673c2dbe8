//! Random stories held to laws: passes, browsers, requests, times, answers, revocations by a newer pass.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;

use super::site::{Answer, Ask, Browser, Pass, START, Site, claims, first, policy, policy_with, receipt_for};

/// One step of a story.
#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    SignIn { browser: usize, pass: usize },
    Visit { browser: usize, path: usize },
    Register { browser: usize, by_receipt: bool },
    SignOut { browser: usize },
    Steal { from: usize, to: usize },
    Tighten(usize),
}

const PATHS: [&str; 8] =
    ["/register", "/webauthn/a", "/admin", "/webauthn/../admin", "/webauthn/%2e%2e", "/", "/webauthn", "/.tap/status"];
const BROWSERS: usize = 4;

fn step() -> impl Strategy<Value = Step> {
    let browser = 0..BROWSERS;
    prop_oneof![
        1 => (1_u64..900).prop_map(Step::Wait),
        3 => (browser.clone(), 0_usize..4).prop_map(|(browser, pass)| Step::SignIn { browser, pass }),
        4 => (browser.clone(), 0..PATHS.len()).prop_map(|(browser, path)| Step::Visit { browser, path }),
        2 => (browser.clone(), any::<bool>()).prop_map(|(browser, by_receipt)| Step::Register { browser, by_receipt }),
        1 => browser.clone().prop_map(|browser| Step::SignOut { browser }),
        1 => (browser.clone(), browser).prop_map(|(from, to)| Step::Steal { from, to }),
        1 => (0_usize..3).prop_map(Step::Tighten),
    ]
}

fn passes() -> [Pass; 4] {
    let bob = Pass { user: "bob".into(), ..Pass::many("bob-many") };
    [
        Pass::once("alice-once"),
        Pass { issued: START + 1, start: START + 1, end: START + 4000, ..Pass::many("alice-newer") },
        bob.clone(),
        Pass { id: "bob-once".into(), once: true, issued: START + 300, start: START + 300, end: START + 5000, ..bob },
    ]
}

struct Story {
    site: Site,
    browsers: Vec<Browser>,
    /// Who has ever been let in with the one-time passes, by holder cookie.
    holders: [BTreeSet<String>; 4],
    registered: BTreeSet<String>,
}

impl Story {
    fn new() -> Self {
        let browsers = vec![Browser::default(); BROWSERS];
        Self { site: Site::new(&policy()), browsers, holders: Default::default(), registered: BTreeSet::new() }
    }

    fn play(&mut self, step: &Step) {
        match step {
            Step::Wait(seconds) => self.site.now += seconds,
            Step::SignIn { browser, pass } => self.sign_in(*browser, *pass),
            Step::Visit { browser, path } => self.visit(*browser, PATHS[*path]),
            Step::Register { browser, by_receipt } => self.register(*browser, *by_receipt),
            Step::SignOut { browser } => {
                let exchange = self.site.send(&mut self.browsers[*browser], Ask::fetch("POST", "/.tap/sign-out"));
                assert_eq!(exchange.status, 200);
            }
            Step::Steal { from, to } => {
                if let Some(cookie) = self.browsers[*from].cookies.get("__Host-tapgate").cloned() {
                    self.browsers[*to].cookies.insert("__Host-tapgate".into(), cookie);
                }
            }
            Step::Tighten(0) => self.site.reload(&policy()),
            Step::Tighten(1) => self.site.reload(&policy_with("/registration/windowInMinutes", json!(2))),
            Step::Tighten(_) => self.site.reload(&policy_with(
                "/temporaryAccessPass/excludeTargets",
                json!([{"targetType": "user", "id": "bob"}]),
            )),
        }
    }

    fn sign_in(&mut self, browser: usize, index: usize) {
        let pass = &passes()[index];
        let browser = &mut self.browsers[browser];
        let exchange = self.site.send(browser, Ask::sign_in("", &pass.mint()).header("accept", "application/json"));
        if exchange.status != 200 {
            assert!(exchange.header("set-cookie").is_none(), "a refusal gives no cookie");
            return;
        }
        assert!(pass.start <= self.site.now + 30 && self.site.now < pass.end, "no sign-in outside a pass's time");
        if pass.once {
            self.holders[index].insert(browser.cookies["__Host-tapgate-holder"].clone());
            assert_eq!(self.holders[index].len(), 1, "one holder");
        }
    }

    fn visit(&mut self, browser: usize, path: &str) {
        let before = self.browsers[browser].clone();
        let exchange =
            self.site.send(&mut self.browsers[browser], Ask::fetch("GET", path).header("tapgate-user", "mallory"));
        let Some(forwarded) = exchange.forwarded else { return };
        assert_ne!(first(&forwarded, "tapgate-user"), Some("mallory"));
        let Some(user) = first(&forwarded, "tapgate-user") else { return };
        let session = claims(&before.cookies["__Host-tapgate"]);
        assert_eq!(user, session["sub"], "the user is the session's");
        assert!(self.site.now < session["exp"].as_u64().unwrap(), "no session outlives its end");
        assert!(self.site.now < session["pex"].as_u64().unwrap(), "no session outlives its pass");
        if first(&forwarded, "tapgate-state") == Some("registering") {
            assert!(path == "/register" || path == "/webauthn/a", "a registering session reached {path}");
        } else {
            assert!(self.registered.contains(session["sid"].as_str().unwrap()), "registered without a receipt");
        }
    }

    fn register(&mut self, browser: usize, by_receipt: bool) {
        let now = self.site.now;
        let before = self.browsers[browser].cookies.get("__Host-tapgate").cloned();
        let path = if by_receipt { "/webauthn/x" } else { "/webauthn/finish" };
        let exchange =
            self.site.send_to(&mut self.browsers[browser], Ask::fetch("POST", path), |request| {
                match first(request, "tapgate-assertion") {
                    Some(_) if by_receipt => Answer::ok().with("tapgate-receipt", &receipt_for(request, now)),
                    _ => Answer::ok(),
                }
            });
        let after = self.browsers[browser].cookies.get("__Host-tapgate");
        if let (Some(before), Some(after), true) = (before, after, exchange.header("set-cookie").is_some())
            && claims(after)["st"] == "registered"
        {
            assert!(by_receipt, "only a receipt continues");
            let session = claims(&before)["sid"].as_str().unwrap().to_owned();
            assert!(self.registered.insert(session), "a session completes once");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn every_story_keeps_the_laws(steps in prop::collection::vec(step(), 1..60)) {
        let mut story = Story::new();
        for step in &steps {
            story.play(step);
        }
    }
}

//! The policy amended while something is under way: what was decided by the former one does not come to stand under the new one.

use serde_json::{Value, json};
use tapgate_core::audit::{AuditEvent, Kind};
use tapgate_core::context::Context;
use tapgate_core::decide::{Head, Verdict};
use tapgate_core::ledger::{
    Amendment, Ledger, Loaded, Memory, Purpose, Put, RecordName, Step, SwapReply, Unavailable, Version,
};
use tapgate_core::policy::Policy;
use tapgate_core::request::RequestView;
use tapgate_core::time::UnixSeconds;

use crate::admin::{self, POLICY_ADMINISTRATOR, PRIVILEGED, ask, create, error, site_with, token};
use crate::amend::{amended, configuration, patch_in, voids};
use crate::codes::Gone;
use crate::site::{self, Ask, Browser, Exchange, Pass, Site};

const ALICE: &str = "alice@example.com";

/// The amendment that these members make, which nobody has made yet.
fn amendment(site: &mut Site, members: &Value) -> Amendment {
    let before = site.ledger.clone();
    amended(site, members);
    std::mem::replace(&mut site.ledger, before).amended(&site.gate.policies()[0])
}

trait Amended {
    fn amended(self, policy: &Policy) -> Amendment;
}

impl Amended for Memory {
    fn amended(mut self, policy: &Policy) -> Amendment {
        let loaded = self.load(policy, &RecordName::of_nobody(&policy.tenant), UnixSeconds::default()).unwrap();
        loaded.amendment.unwrap().0
    }
}

/// A ledger whose first swap is lost, since the policy has been amended meanwhile.
struct Overtaken<'a> {
    ledger: &'a mut Memory,
    by: Option<Amendment>,
}

impl Ledger for Overtaken<'_> {
    fn load(&mut self, policy: &Policy, name: &RecordName, now: UnixSeconds) -> Result<Loaded, Unavailable> {
        self.ledger.load(policy, name, now)
    }

    fn swap(&mut self, policy: &Policy, expected: Option<Version>, put: &Put, now: UnixSeconds) -> SwapReply {
        match self.by.take() {
            Some(amendment) => {
                assert_eq!(self.ledger.swap(policy, None, &Put::Amendment(amendment), now), SwapReply::Swapped);
                SwapReply::Lost
            }
            None => self.ledger.swap(policy, expected, put, now),
        }
    }
}

/// What a browser without cookies is answered if the policy is amended before its swap.
fn overtaken(site: &mut Site, members: &Value, ask: Ask) -> (Exchange, Vec<AuditEvent>) {
    let by = Some(amendment(site, members));
    let Site { gate, ledger, random, now, .. } = site;
    site::one_answer_and_audit(gate, &mut Overtaken { ledger, by }, random, *now, ask)
}

#[test]
fn a_signed_pass_is_judged_by_what_is_amended_before_its_swap() {
    for (members, reason) in [
        (json!({"state": "disabled"}), "disabled"),
        (json!({"isUsableOnce": true}), "multi_use_forbidden"),
        (json!({"maximumLifetimeInMinutes": 30, "defaultLifetimeInMinutes": 30}), "lifetime_out_of_policy"),
        (json!({"excludeTargets": [{"targetType": "user", "id": ALICE}]}), "out_of_scope"),
    ] {
        let mut site = site_with(&json!({"minimumLifetimeInMinutes": 10}));
        let asked = Ask::sign_in("", &Pass::many("m-1").mint()).header("accept", "application/json");
        let (exchange, _) = overtaken(&mut site, &members, asked);
        assert_eq!((exchange.status, exchange.reason().as_str()), (403, reason), "{members}");
        let name = RecordName::of(&"contoso".parse().unwrap(), &ALICE.parse().unwrap());
        assert_eq!(site.ledger.get(&name), None, "and nothing of it is left");
    }
    let mut site = site_with(&json!({}));
    let asked = Ask::sign_in("", &Pass::many("m-1").mint());
    let (exchange, _) = overtaken(&mut site, &json!({"defaultLength": 12}), asked);
    assert_eq!(exchange.status, 303, "this changes nothing for the pass");
}

#[test]
fn a_typed_code_is_judged_by_what_is_amended_before_its_swap() {
    let mut site = site_with(&json!({}));
    let (_, code) = create(&mut site, ALICE, &json!({}));
    let asked = Ask::sign_in(ALICE, &code).header("accept", "application/json");
    let (exchange, _) = overtaken(&mut site, &json!({"state": "disabled"}), asked);
    assert_eq!((exchange.status, exchange.reason().as_str()), (403, "disabled"));
    let mut site = site_with(&json!({}));
    let (_, code) = create(&mut site, ALICE, &json!({}));
    let (exchange, _) = overtaken(&mut site, &json!({"defaultLength": 12}), Ask::sign_in(ALICE, &code));
    assert_eq!(exchange.status, 303, "this changes nothing for the pass");
}

#[test]
fn no_pass_is_issued_by_a_policy_that_is_no_more() {
    let mut site = site_with(&json!({}));
    let token = token(&site, "root@example.com", &[PRIVILEGED]);
    let asked = || {
        let path = format!("users/{ALICE}/authentication/temporaryAccessPassMethods");
        ask("POST", &path).header("authorization", &token).body("application/json", "{}")
    };
    let (exchange, audit) = overtaken(&mut site, &json!({"state": "disabled"}), asked());
    assert_eq!(error(&exchange).0, 503);
    assert_eq!(audit.last().unwrap().kind, Kind::PassIssue);
    let again = site.send(&mut Browser::default(), asked());
    assert_eq!(error(&again).0, 400, "whoever asks again is told: {again:?}");
}

/// A ledger that amends the policy without saying so, and in which somebody builds upon it at once.
struct BuiltUpon<'a> {
    ledger: &'a mut Memory,
    other: Option<Amendment>,
}

impl Ledger for BuiltUpon<'_> {
    fn load(&mut self, policy: &Policy, name: &RecordName, now: UnixSeconds) -> Result<Loaded, Unavailable> {
        self.ledger.load(policy, name, now)
    }

    fn swap(&mut self, policy: &Policy, expected: Option<Version>, put: &Put, now: UnixSeconds) -> SwapReply {
        let Some(other) = self.other.take() else { return self.ledger.swap(policy, expected, put, now) };
        assert_eq!(self.ledger.swap(policy, expected, put, now), SwapReply::Swapped);
        let standing = self.ledger.load(policy, &RecordName::of_nobody(&policy.tenant), now).unwrap().amended_in();
        assert_eq!(self.ledger.swap(policy, standing, &Put::Amendment(other), now), SwapReply::Swapped);
        SwapReply::Unknown
    }
}

#[test]
fn what_somebody_built_upon_a_change_in_doubt_is_not_undone() {
    let mut site = site_with(&json!({}));
    let other = amendment(&mut site, &json!({"isUsableOnce": true}));
    let mut before = site.ledger.clone();
    let mut ledger = BuiltUpon { ledger: &mut before, other: Some(other.clone()) };
    let (exchange, audit) = patch_in(&mut site, &mut ledger, &json!({"defaultLength": 12}));
    assert_eq!(error(&exchange).0, 409);
    let event = audit.last().unwrap();
    assert_eq!(event.kind, Kind::PolicyChange, "it may have been in force for a while");
    let changed = &event.administration.as_ref().unwrap().changed;
    assert_eq!(changed, &[("changed.defaultLength".to_owned(), "12".to_owned())]);
    assert_eq!(before.amended(&site.gate.policies()[0]), other);
}

#[test]
fn a_session_that_an_amendment_closed_a_while_ago_is_looked_up_anew() {
    let mut site = site_with(&json!({}));
    let mut browser = site.registered(&Pass::many("m-1"));
    let shut = amendment(&mut site, &json!({"state": "disabled"}));
    let policy = site.gate.policies()[0].clone();
    let now = UnixSeconds::new(site.now).unwrap();
    let name = RecordName::of(&policy.tenant, &ALICE.parse().unwrap());
    let stands = site.ledger.load(&policy, &name, now).unwrap();
    let seen = Loaded { amendment: Some((shut, Version(7))), ..stands.clone() };
    let cookies: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let cookies = cookies.join("; ");
    let headers: [(&[u8], &[u8]); 4] = [
        (b":method", b"GET"),
        (b":authority", b"gate.example.com"),
        (b":path", b"/account"),
        (b"cookie", cookies.as_bytes()),
    ];
    for (then, goes_on) in [(stands, true), (seen.clone(), false)] {
        let mut context = Context { now, random: &mut site.random };
        let Step::Load(load) = site.gate.request(&RequestView::new(&headers), &mut context) else {
            panic!("a session is looked up")
        };
        assert!(matches!(load.purpose, Purpose::Check(_)), "what was seen a while ago will do");
        let Step::Load(load) = load.answer(Ok(seen.clone()), &mut context) else { panic!("nobody is sent away by it") };
        assert_eq!(load.purpose, Purpose::Change, "what stands now");
        let Step::Done(Head::Decided(decision)) = load.answer(Ok(then), &mut context) else { panic!("decided") };
        assert_eq!(matches!(decision.verdict, Verdict::Forward(_)), goes_on);
    }
    assert!(site.send(&mut browser, Ask::page("/account")).forwarded.is_some());
}

#[test]
fn what_the_document_switches_off_is_off_whether_the_ledger_answers_or_not() {
    let mut site = site_with(&json!({"state": "disabled"}));
    let signed = Ask::sign_in("", &Pass::many("m-1").mint()).header("accept", "application/json");
    let exchange = site::one_answer(&site.gate, &mut Gone, &mut site.random, site.now, signed);
    assert_eq!((exchange.status, exchange.reason().as_str()), (403, "disabled"));
    let typed = Ask::sign_in(ALICE, "00000000").header("accept", "application/json");
    let exchange = site::one_answer(&site.gate, &mut Gone, &mut site.random, site.now, typed);
    assert_eq!(exchange.reason(), "ledger_unavailable", "a code tells nothing of the policy");
}

#[test]
fn a_void_amendment_is_told_of_whatever_finds_it() {
    let path = format!("users/{ALICE}/authentication/methods");
    let looks: [fn(&mut Site, &str); 3] = [
        |site, _| drop(site.send(&mut Browser::default(), Ask::sign_in(ALICE, "00000000"))),
        |site, _| drop(site.send(&mut Browser::default(), Ask::sign_in("", &Pass::many("m-2").mint()))),
        |site, path| {
            let token = token(site, "root@example.com", &[PRIVILEGED]);
            assert_eq!(admin::call(site, "GET", path, &token, None).status, 200);
        },
    ];
    for look in looks {
        let mut site = site_with(&json!({}));
        amended(&mut site, &json!({"isUsableOnce": true}));
        site.reload(&admin::policy(&json!({"defaultLength": 9})));
        look(&mut site, &path);
        assert_eq!(voids(&site), ["over_another_section"]);
        configuration(&mut site);
        assert_eq!(voids(&site).len(), 1, "once");
    }
}

#[test]
fn whom_an_amendment_is_about_no_name_changes() {
    let with = |alice: &str, bob: &str| {
        let mut policy = admin::policy(&json!({}));
        policy["directory"] = json!({"users": [
            {"id": "u-1", "userPrincipalName": alice}, {"id": "u-2", "userPrincipalName": bob},
        ]});
        policy
    };
    let mut site = Site::new(&with(ALICE, "bob@example.com"));
    amended(&mut site, &json!({"excludeTargets": [{"targetType": "user", "id": "ALICE@example.com"}]}));
    assert_eq!(configuration(&mut site)["excludeTargets"][0]["id"], "u-1");
    site.reload(&with("anna@example.com", ALICE));
    let token = token(&site, "root@example.com", &[PRIVILEGED]);
    let mut status = |user: &str| {
        let path = format!("users/{user}/authentication/temporaryAccessPassMethods");
        admin::call(&mut site, "POST", &path, &token, Some(&json!({}))).status
    };
    assert_eq!((status("anna@example.com"), status(ALICE)), (400, 201), "the name is another's by now");
    let twice = json!({"excludeTargets": [{"targetType": "user", "id": "u-1", "id": "u-2"}]});
    let by = crate::admin::token(&site, "root@example.com", &[POLICY_ADMINISTRATOR]);
    let body = twice.to_string().replace(r#""id":"u-2""#, r#""id":"u-1","id":"u-2""#);
    let body = body.replacen('{', &format!(r#"{{"@odata.type":"{}","#, admin::CONFIGURATION_TYPE), 1);
    let asked = ask("PATCH", admin::CONFIGURATION).header("authorization", &by).body("application/json", &body);
    assert_eq!(site.send(&mut Browser::default(), asked).status, 400, "{body}");
}

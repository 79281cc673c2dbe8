//! The policy amended through Graph's API: what changes, for whom, and what makes an amendment void (11.3).

use proptest::prelude::*;
use serde_json::{Value, json};
use tapgate_core::audit::{AuditEvent, Kind, Origin, Outcome};
use tapgate_core::ledger::{Amendment, Ledger, Loaded, Memory, Put, RecordName, SwapReply, Unavailable, Version};
use tapgate_core::policy::Policy;
use tapgate_core::time::UnixSeconds;

use crate::admin::{
    CONFIGURATION, CONFIGURATION_TYPE, POLICY_ADMINISTRATOR, ask, call, create, error, json_of, policy, site_with,
    token,
};
use crate::codes::{Deaf, Gone};
use crate::site::{self, Ask, Browser, Exchange, Pass, Site};

const ALICE: &str = "alice@example.com";

fn patch(site: &mut Site, members: &Value) -> Exchange {
    let mut body = json!({"@odata.type": CONFIGURATION_TYPE});
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    let token = token(site, "root@example.com", &[POLICY_ADMINISTRATOR]);
    call(site, "PATCH", CONFIGURATION, &token, Some(&body))
}

pub(crate) fn amended(site: &mut Site, members: &Value) {
    let done = patch(site, members);
    assert_eq!((done.status, done.body.as_str()), (204, ""), "{members}");
}

fn restored(site: &mut Site) {
    let token = token(site, "root@example.com", &[POLICY_ADMINISTRATOR]);
    let done = call(site, "DELETE", CONFIGURATION, &token, None);
    assert_eq!((done.status, done.body.as_str()), (204, ""));
}

pub(crate) fn configuration(site: &mut Site) -> Value {
    let token = token(site, "root@example.com", &[POLICY_ADMINISTRATOR]);
    json_of(&call(site, "GET", CONFIGURATION, &token, None))
}

fn enters(site: &mut Site, pass: &Pass) -> bool {
    site.send(&mut Browser::default(), Ask::sign_in("", &pass.mint())).status == 303
}

/// What was said of void amendments, by the last events first.
pub(crate) fn voids(site: &Site) -> Vec<&'static str> {
    let ignored = site.audit.iter().filter(|event| event.kind == Kind::PolicyChange);
    ignored
        .filter_map(|event| match event.outcome {
            Outcome::Ignored(why) => Some(why),
            _ => None,
        })
        .collect()
}

#[test]
fn a_patch_changes_what_it_names_and_a_delete_takes_all_of_it_back() {
    let mut site = site_with(&json!({}));
    let before = configuration(&mut site);
    amended(&mut site, &json!({"defaultLength": 12}));
    amended(&mut site, &json!({"maximumLifetimeInMinutes": 600, "id": "TemporaryAccessPass", "state": null}));
    let after = configuration(&mut site);
    let mut expected = before.clone();
    expected["defaultLength"] = json!(12);
    expected["maximumLifetimeInMinutes"] = json!(600);
    assert_eq!(after, expected);
    assert_eq!(create(&mut site, ALICE, &json!({"lifetimeInMinutes": 600})).1.len(), 12);
    restored(&mut site);
    assert_eq!(configuration(&mut site), before);
    assert_eq!(create(&mut site, ALICE, &json!({})).1.len(), 8);
    restored(&mut site);
    assert_eq!(configuration(&mut site), before, "there is nothing to take back, and that is well");
}

#[test]
fn what_a_client_got_it_may_send_back() {
    let mut site = site_with(&json!({}));
    let before = configuration(&mut site);
    amended(&mut site, &before);
    assert_eq!(configuration(&mut site), before);
}

#[test]
fn passes_and_sessions_obey_at_once_where_the_ledger_is_the_same() {
    let mut site = site_with(&json!({"maximumLifetimeInMinutes": 600}));
    let mut elsewhere = site_with(&json!({"maximumLifetimeInMinutes": 600}));
    let mut browser = elsewhere.registering(&Pass::many("m-1"));
    // The two gateways have one ledger.
    site.ledger = std::mem::replace(&mut elsewhere.ledger, Memory::born(UnixSeconds::new(0).unwrap()));
    let both = |site: &mut Site, elsewhere: &mut Site| std::mem::swap(&mut site.ledger, &mut elsewhere.ledger);

    amended(&mut site, &json!({"isUsableOnce": true}));
    both(&mut site, &mut elsewhere);
    let refused = elsewhere.send(&mut Browser::default(), Ask::sign_in("", &Pass::many("m-2").mint()));
    assert_eq!(refused.status, 403, "a multi-use pass that is out already");
    assert_eq!(elsewhere.send(&mut browser, Ask::page("/register")).status, 200, "a session that lives goes on");

    both(&mut site, &mut elsewhere);
    amended(&mut site, &json!({"excludeTargets": [{"targetType": "user", "id": ALICE}]}));
    both(&mut site, &mut elsewhere);
    let over = elsewhere.send(&mut browser, Ask::page("/register"));
    assert_eq!(over.status, 303, "out of scope now");
    assert!(over.header("location").is_some_and(|to| to.contains("sign-in")), "{over:?}");
    assert!(!enters(&mut elsewhere, &Pass::once("o-1")), "and nobody of that name comes in");

    both(&mut site, &mut elsewhere);
    restored(&mut site);
    both(&mut site, &mut elsewhere);
    assert!(enters(&mut elsewhere, &Pass { issued: site::START + 1, ..Pass::once("o-2") }));
}

#[test]
fn a_registration_that_the_policy_has_closed_meanwhile_does_not_complete() {
    let mut site = site_with(&json!({}));
    let mut browser = site.registering(&Pass::once("o-1"));
    amended(&mut site, &json!({"state": "disabled"}));
    let finished = site.send(&mut browser, Ask::fetch("POST", "/webauthn/register/finish"));
    assert_eq!(finished.status, 401, "{finished:?}");
    let completed = site.audit.iter().any(|event| event.kind == Kind::Completion && event.outcome == Outcome::Done);
    assert!(!completed);
}

#[test]
fn what_the_document_switches_off_stays_off() {
    let mut site = site_with(&json!({"state": "disabled"}));
    amended(&mut site, &json!({"state": "enabled"}));
    assert_eq!(configuration(&mut site)["state"], "disabled");
    assert!(!enters(&mut site, &Pass::once("o-1")));
}

#[test]
fn a_patch_that_makes_no_policy_is_refused_and_changes_nothing() {
    let mut site = site_with(&json!({}));
    let before = configuration(&mut site);
    for (members, names) in [
        (json!({"defaultLength": 7}), "defaultLength"),
        (json!({"defaultLength": 49}), "defaultLength"),
        (json!({"defaultLength": 8.5}), "defaultLength"),
        (json!({"defaultLength": "8"}), "defaultLength"),
        (json!({"minimumLifetimeInMinutes": 9}), "minimumLifetimeInMinutes"),
        (json!({"maximumLifetimeInMinutes": 43201}), "maximumLifetimeInMinutes"),
        (json!({"minimumLifetimeInMinutes": 481}), "minimumLifetimeInMinutes"),
        (json!({"defaultLifetimeInMinutes": 481}), "defaultLifetimeInMinutes"),
        (json!({"state": "on"}), "state"),
        (json!({"isUsableOnce": 1}), "isUsableOnce"),
        (json!({"includeTargets": []}), "includeTargets"),
        (json!({"includeTargets": [{"targetType": "device", "id": "x"}]}), "targetType"),
        (json!({"includeTargets": [{"targetType": "group"}]}), "id"),
        (json!({"excludeTargets": [{"targetType": "group", "id": "all_users"}]}), "excludeTargets"),
        (json!({"tenant": "fabrikam"}), "defaultLength"),
    ] {
        let refused = error(&patch(&mut site, &members));
        assert_eq!((refused.0, refused.1.as_str()), (400, "badRequest"), "{members}");
        assert!(refused.2.contains(names), "{members}: {}", refused.2);
    }
    let many: Vec<Value> = (0..400).map(|n| json!({"targetType": "group", "id": format!("group-{n}")})).collect();
    let refused = error(&patch(&mut site, &json!({"excludeTargets": many})));
    assert!(refused.2.contains("no room"), "{}", refused.2);
    let token = token(&site, "root@example.com", &[POLICY_ADMINISTRATOR]);
    for body in ["", "{}", "[]", r#"{"defaultLength":12}"#, "{", &"[".repeat(9000), "{\"a\":\"\\ud800\"}"] {
        let ask = ask("PATCH", CONFIGURATION).header("authorization", &token).body("application/json", body);
        assert_eq!(error(&site.send(&mut Browser::default(), ask)).0, 400, "{}", &body[..body.len().min(40)]);
    }
    let large = ask("PATCH", CONFIGURATION).header("authorization", &token);
    let large = large.body("application/json", &" ".repeat(20_000));
    assert_eq!(error(&site.send(&mut Browser::default(), large)).0, 413);
    assert_eq!(configuration(&mut site), before);
    assert!(!site.audit.iter().any(|event| event.kind == Kind::PolicyChange));
}

#[test]
fn an_amendment_is_void_once_the_section_is_another_and_that_is_told_once() {
    let mut site = site_with(&json!({}));
    amended(&mut site, &json!({"isUsableOnce": true}));
    let mut other = policy(&json!({}));
    other["pages"] = json!({"name": "Contoso"});
    site.reload(&other);
    assert_eq!(configuration(&mut site)["isUsableOnce"], true, "another section has changed");
    other["temporaryAccessPass"]["maximumLifetimeInMinutes"] = json!(481);
    site.reload(&other);
    assert!(enters(&mut site, &Pass::many("m-1")), "the document has the last word");
    assert_eq!(configuration(&mut site)["isUsableOnce"], false);
    assert_eq!(voids(&site), ["over_another_section"]);
    // A new amendment is made over what stands now, and takes nothing over from the old one.
    amended(&mut site, &json!({"defaultLength": 12}));
    let now = configuration(&mut site);
    assert_eq!((&now["isUsableOnce"], &now["defaultLength"]), (&json!(false), &json!(12)));
    assert_eq!(voids(&site).len(), 1);
}

#[test]
fn an_amendment_that_does_not_fit_the_document_any_more_lets_nobody_in() {
    let mut document = policy(&json!({}));
    document["directory"] = json!({"users": [{"id": ALICE}, {"id": "bob"}]});
    let mut site = Site::new(&document);
    amended(&mut site, &json!({"isUsableOnce": true, "excludeTargets": [{"targetType": "user", "id": "bob"}]}));
    document["directory"] = json!({"users": [{"id": ALICE}]});
    site.reload(&document);
    assert!(!enters(&mut site, &Pass::many("m-1")) && !enters(&mut site, &Pass::once("o-1")));
    assert_eq!(configuration(&mut site)["state"], "disabled");
    assert_eq!(voids(&site), ["not_a_policy"]);
    // Whoever amends it now begins anew.
    amended(&mut site, &json!({"isUsableOnce": true}));
    assert!(enters(&mut site, &Pass::once("o-2")));
}

#[test]
fn an_amendment_lives_as_long_as_the_key_that_it_was_made_with() {
    let mut site = site_with(&json!({}));
    amended(&mut site, &json!({"isUsableOnce": true}));
    let old = policy(&json!({}));
    let mut rotated = old.clone();
    let gateway = old["keys"]["gateway"][0].clone();
    let new = json!({"id": "gw-2", "value": site::key(9)});
    rotated["keys"]["gateway"] = json!([new, gateway]);
    site.reload(&rotated);
    assert_eq!(configuration(&mut site)["isUsableOnce"], true);
    rotated["keys"]["gateway"] = json!([new]);
    site.reload(&rotated);
    assert_eq!(configuration(&mut site)["isUsableOnce"], false);
    assert_eq!(voids(&site), ["not_authentic"]);
}

#[test]
fn nobody_makes_one_up() {
    let mut site = site_with(&json!({}));
    amended(&mut site, &json!({"isUsableOnce": true}));
    let policy = site.gate.policies()[0].clone();
    let name = RecordName::of_nobody(&policy.tenant);
    let at = UnixSeconds::new(site.now).unwrap();
    let (good, version) = site.ledger.load(&policy, &name, at).unwrap().amendment.unwrap();
    let mut version = Some(version);
    let mut put = |site: &mut Site, bytes: Vec<u8>| {
        let amendment = Amendment::new(bytes).unwrap();
        assert_eq!(site.ledger.swap(&policy, version, &Put::Amendment(amendment), at), SwapReply::Swapped);
        version = site.ledger.load(&policy, &name, at).unwrap().amendment.map(|(_, version)| version);
    };
    let bytes = good.as_bytes().to_vec();
    for place in 0..bytes.len() {
        let mut forged = bytes.clone();
        forged[place] ^= 1;
        put(&mut site, forged);
        assert_eq!(configuration(&mut site)["isUsableOnce"], false, "byte {place}");
    }
    for cut in 1..bytes.len() {
        put(&mut site, bytes[..cut].to_vec());
        assert_eq!(configuration(&mut site)["isUsableOnce"], false, "cut to {cut}");
    }
    assert!(voids(&site).iter().all(|why| *why == "not_authentic"));
    assert_eq!(voids(&site).len(), 2 * bytes.len() - 1, "each is told");
    // The same gateway key gives another tenant other keys.
    let mut other = crate::admin::policy(&json!({}));
    other["tenant"] = json!("fabrikam");
    let mut other = Site::new(&other);
    put(&mut site, bytes);
    assert_eq!(configuration(&mut site)["isUsableOnce"], true);
    other.ledger = site.ledger.clone();
    assert!(enters(&mut other, &Pass::many("m-1")));
}

#[test]
fn without_an_admin_section_nothing_is_amended() {
    let mut site = site_with(&json!({}));
    amended(&mut site, &json!({"isUsableOnce": true}));
    let mut without = policy(&json!({}));
    without.as_object_mut().unwrap().remove("admin");
    site.reload(&without);
    assert!(enters(&mut site, &Pass::many("m-1")));
}

#[test]
fn a_change_is_audited_with_its_reason() {
    let mut document = policy(&json!({}));
    document["admin"]["requireReason"] = json!(true);
    let mut site = Site::new(&document);
    assert_eq!(error(&patch(&mut site, &json!({"defaultLength": 12}))).0, 400);
    let token = token(&site, "root@example.com", &[POLICY_ADMINISTRATOR]);
    assert_eq!(error(&call(&mut site, "DELETE", CONFIGURATION, &token, None)).0, 400);
    let many: Vec<Value> = (0..50).map(|n| json!({"targetType": "group", "id": format!("group-{n}")})).collect();
    let body =
        json!({"@odata.type": CONFIGURATION_TYPE, "excludeTargets": many, "defaultLength": 12, "isUsableOnce": true});
    let path = format!("{CONFIGURATION}?reason=longer%20codes");
    assert_eq!(call(&mut site, "PATCH", &path, &token, Some(&body)).status, 204);
    let line = site.audit.last().unwrap().line(Origin::default());
    for part in [
        r#""event":"policy_change","outcome":"done""#,
        r#""by":"root@example.com""#,
        r#""changed.excludeTargets":"50 targets""#,
        r#""changed.defaultLength":"12""#,
        r#""changed.isUsableOnce":"true""#,
        r#""statedReason":"longer codes""#,
    ] {
        assert!(line.contains(part), "{part} in {line}");
    }
}

/// A ledger in which somebody else amends the policy before each of the first swaps.
struct Contended<'a> {
    ledger: &'a mut Memory,
    others: Vec<Amendment>,
}

impl Ledger for Contended<'_> {
    fn load(&mut self, policy: &Policy, name: &RecordName, now: UnixSeconds) -> Result<Loaded, Unavailable> {
        self.ledger.load(policy, name, now)
    }

    fn swap(&mut self, policy: &Policy, expected: Option<Version>, put: &Put, now: UnixSeconds) -> SwapReply {
        assert!(matches!(put, Put::Amendment(_)), "nobody's record changes");
        if let Some(other) = self.others.pop() {
            let standing = self.ledger.load(policy, &RecordName::of_nobody(&policy.tenant), now).unwrap().amendment;
            self.ledger.swap(policy, standing.map(|(_, version)| version), &Put::Amendment(other), now);
        }
        self.ledger.swap(policy, expected, put, now)
    }
}

pub(crate) fn patch_in(site: &mut Site, ledger: &mut dyn Ledger, members: &Value) -> (Exchange, Vec<AuditEvent>) {
    let token = token(site, "root@example.com", &[POLICY_ADMINISTRATOR]);
    let mut body = members.clone();
    body["@odata.type"] = json!(CONFIGURATION_TYPE);
    let ask = ask("PATCH", CONFIGURATION).header("authorization", &token);
    let ask = ask.body("application/json", &body.to_string());
    site::one_answer_and_audit(&site.gate, ledger, &mut site.random, site.now, ask)
}

#[test]
fn an_amendment_that_is_overtaken_is_made_anew_over_the_other() {
    let mut site = site_with(&json!({}));
    amended(&mut site, &json!({"isUsableOnce": true}));
    let policy = site.gate.policies()[0].clone();
    let at = UnixSeconds::new(site.now).unwrap();
    let name = RecordName::of_nobody(&policy.tenant);
    let (other, _) = site.ledger.load(&policy, &name, at).unwrap().amendment.unwrap();
    for (times, status) in [(1, 204), (7, 204), (100, 409)] {
        let mut ledger = site.ledger.clone();
        let mut contended = Contended { ledger: &mut ledger, others: vec![other.clone(); times] };
        assert_eq!(patch_in(&mut site, &mut contended, &json!({"defaultLength": 12})).0.status, status, "{times}");
        let (standing, _) = ledger.load(&policy, &name, at).unwrap().amendment.unwrap();
        let in_force = policy.in_force(Some(&standing));
        assert!(in_force.passes().is_usable_once, "the other's stands, too");
        assert_eq!(in_force.passes().default_length, if status == 204 { 12 } else { 8 });
    }
}

#[test]
fn a_lost_reply_and_a_ledger_that_is_away() {
    let mut site = site_with(&json!({}));
    let mut ledger = site.ledger.clone();
    assert_eq!(
        patch_in(&mut site, &mut Deaf(&mut ledger), &json!({"defaultLength": 12})).0.status,
        204,
        "it was written"
    );
    site.ledger = ledger;
    assert_eq!(configuration(&mut site)["defaultLength"], 12);
    assert_eq!(patch_in(&mut site, &mut Gone, &json!({"defaultLength": 12})).0.status, 503);
    let token = token(&site, "root@example.com", &[POLICY_ADMINISTRATOR]);
    let show = ask("GET", CONFIGURATION).header("authorization", &token);
    assert_eq!(site::one_answer(&site.gate, &mut Gone, &mut site.random, site.now, show).status, 503);
}

/// A member and what a PATCH may say of it.
fn members() -> impl Strategy<Value = Value> {
    let one = prop_oneof![
        (7_u32..50).prop_map(|length| json!({"defaultLength": length})),
        (5_u32..700).prop_map(|minutes| json!({"defaultLifetimeInMinutes": minutes})),
        (5_u32..700).prop_map(|minutes| json!({"minimumLifetimeInMinutes": minutes})),
        (5_u32..700).prop_map(|minutes| json!({"maximumLifetimeInMinutes": minutes})),
        any::<bool>().prop_map(|once| json!({"isUsableOnce": once})),
        any::<bool>().prop_map(|on| json!({"state": if on { "enabled" } else { "disabled" }})),
        "[a-z]{1,8}".prop_map(|group| json!({"includeTargets": [{"targetType": "group", "id": group}]})),
        "[a-z]{1,8}".prop_map(|group| json!({"excludeTargets": [{"targetType": "group", "id": group}]})),
    ];
    prop::collection::vec(one, 1..4).prop_map(|all| {
        let mut object = serde_json::Map::new();
        for one in all {
            object.extend(one.as_object().unwrap().clone());
        }
        Value::Object(object)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever is patched, one after another: what is in force is what a document would say with those members in it, and a
    /// patch is refused exactly where such a document would not compile.
    #[test]
    fn what_is_in_force_is_what_a_document_would_say(patches in prop::collection::vec(members(), 1..6)) {
        let mut site = site_with(&json!({}));
        let mut document = policy(&json!({}));
        for members in patches {
            let mut next = document.clone();
            for (name, value) in members.as_object().unwrap() {
                next["temporaryAccessPass"][name] = value.clone();
            }
            let compiles = tapgate_core::policy::compile(next.to_string().as_bytes(), &|_| None);
            let status = patch(&mut site, &members).status;
            prop_assert_eq!(status, if compiles.is_ok() { 204 } else { 400 }, "{}", members);
            if compiles.is_ok() {
                document = next;
            }
        }
        let mut written = Site::new(&document);
        prop_assert_eq!(configuration(&mut site), configuration(&mut written));
    }
}

//! Requests that may be made again: the same key issues one pass, whatever happens between; and requests with conditions.

use proptest::prelude::*;
use serde_json::{Value, json};
use tapgate_core::audit::{Kind, Outcome};
use tapgate_core::ledger::{Ledger as _, Record, RecordName};
use tapgate_core::time::UnixSeconds;

use crate::admin::{
    CONFIGURATION, CONFIGURATION_TYPE, POLICY_ADMINISTRATOR, PRIVILEGED, ask, call, create, error, json_of, site_with,
    token,
};
use crate::codes::Deaf;
use crate::site::{self, Ask, Browser, Exchange, Pass, Site};

const ALICE: &str = "alice@example.com";
const PASSES: &str = "users/alice@example.com/authentication/temporaryAccessPassMethods";

fn asking(site: &Site, by: &str, headers: &[(&str, &str)], body: &Value) -> Ask {
    let token = token(site, by, &[PRIVILEGED]);
    let ask = ask("POST", PASSES).header("authorization", &token);
    let ask = headers.iter().fold(ask, |ask, (name, value)| ask.header(name, value));
    ask.body("application/json", &body.to_string())
}

fn asked_by(site: &mut Site, by: &str, headers: &[(&str, &str)]) -> Exchange {
    let ask = asking(site, by, headers, &json!({}));
    site.send(&mut Browser::default(), ask)
}

fn asked(site: &mut Site, headers: &[(&str, &str)]) -> Exchange {
    asked_by(site, "root@example.com", headers)
}

const KEY: (&str, &str) = ("idempotency-key", "row-17");

fn code(exchange: &Exchange) -> Option<String> {
    json_of(exchange)["temporaryAccessPass"].as_str().map(str::to_owned)
}

fn id(exchange: &Exchange) -> String {
    json_of(exchange)["id"].as_str().unwrap().to_owned()
}

#[test]
fn the_same_request_issues_one_pass_and_tells_its_maker_the_code_again() {
    let mut site = site_with(&json!({}));
    let first = asked(&mut site, &[KEY]);
    assert_eq!(first.status, 201);
    let code_of_first = code(&first).unwrap();
    site.now += 60;
    let again = asked(&mut site, &[KEY]);
    assert_eq!((again.status, id(&again), code(&again)), (200, id(&first), Some(code_of_first.clone())));
    let event = site.audit.last().unwrap();
    assert_eq!((event.kind, event.outcome), (Kind::PassIssue, Outcome::Ignored("repeated")));
    let another = asked_by(&mut site, "other@example.com", &[KEY]);
    assert_eq!((another.status, id(&another), code(&another)), (200, id(&first), None), "nobody else is told the code");
    let mut browser = Browser::default();
    assert_eq!(site.send(&mut browser, Ask::sign_in(ALICE, &code_of_first)).status, 303);
    let used = asked(&mut site, &[KEY]);
    assert_eq!((used.status, code(&used)), (200, None), "it has been used");
    let other = asked(&mut site, &[("idempotency-key", "row-18")]);
    assert_eq!(other.status, 201, "another key, another pass");
    assert_ne!(id(&other), id(&first));
    let gone = asked(&mut site, &[KEY]);
    assert_eq!(error(&gone).0, 409);
    assert_eq!(code(&asked(&mut site, &[("idempotency-key", "row-18")])), code(&other));
}

#[test]
fn whatever_takes_a_pass_away_its_request_issues_no_other() {
    let ends: [fn(&mut Site, &str); 4] = [
        |site, id| {
            let token = token(site, "root@example.com", &[PRIVILEGED]);
            assert_eq!(call(site, "DELETE", &format!("{PASSES}/{id}"), &token, None).status, 204);
        },
        |site, _| drop(create(site, ALICE, &json!({}))),
        |site, _| {
            let mut signed = Pass::many("m-1");
            (signed.issued, signed.start, signed.end) = (site.now + 5, site.now + 5, site.now + 3605);
            site.now += 5;
            site.registering(&signed);
        },
        |site, _| site.now += 9 * 3600,
    ];
    for (number, end) in ends.into_iter().enumerate() {
        let mut site = site_with(&json!({}));
        let first = asked(&mut site, &[KEY]);
        end(&mut site, &id(&first));
        site.now += 1;
        let again = asked(&mut site, &[KEY]);
        assert!([200, 409].contains(&again.status), "{number}: {again:?}");
        assert!(!again.body.contains(&code(&first).unwrap()), "{number}");
    }
}

#[test]
fn a_request_whose_answer_is_lost_is_made_again_in_peace() {
    let mut site = site_with(&json!({}));
    let lost = asking(&site, "root@example.com", &[KEY], &json!({}));
    let mut ledger = site.ledger.clone();
    let first = site::one_answer(&site.gate, &mut Deaf(&mut ledger), &mut site.random, site.now, lost);
    assert_eq!(first.status, 201);
    site.ledger = ledger;
    let again = asked(&mut site, &[KEY]);
    assert_eq!((again.status, code(&again)), (200, code(&first)));
}

#[test]
fn a_pass_for_somebody_without_one_replaces_none_that_is_of_use() {
    let mut site = site_with(&json!({}));
    let none = ("if-none-match", "*");
    let (_, standing) = create(&mut site, ALICE, &json!({"isUsableOnce": true}));
    let refused = asked(&mut site, &[none, KEY]);
    assert_eq!(error(&refused).0, 412);
    let mut browser = Browser::default();
    assert_eq!(site.send(&mut browser, Ask::sign_in(ALICE, &standing)).status, 303, "it stands");
    site.now += 11 * 60;
    let issued = asked(&mut site, &[none, KEY]);
    assert_eq!(issued.status, 201, "what is used up stands in nobody's way");
    assert_eq!(asked(&mut site, &[none, KEY]).status, 200, "nor does its own pass in a request's way");
}

#[test]
fn a_dry_run_tells_what_would_come_and_leaves_no_trace() {
    let mut site = site_with(&json!({}));
    let dry = ("tapgate-dry-run", "true");
    let name = RecordName::of(&"contoso".parse().unwrap(), &ALICE.parse().unwrap());
    assert_eq!(asked(&mut site, &[dry, KEY]).status, 204);
    assert_eq!(site.ledger.get(&name), None);
    let first = asked(&mut site, &[KEY]);
    let before = site.ledger.get(&name);
    let told = asked(&mut site, &[dry, KEY]);
    assert_eq!((told.status, id(&told), code(&told)), (200, id(&first), None));
    assert_eq!(error(&asked(&mut site, &[dry, ("if-none-match", "*")])).0, 412);
    assert_eq!(asked(&mut site, &[dry]).status, 204);
    let long = asking(&site, "root@example.com", &[dry], &json!({"lifetimeInMinutes": 9999}));
    assert_eq!(error(&site.send(&mut Browser::default(), long)).0, 400);
    assert_eq!(site.ledger.get(&name), before);
}

#[test]
fn what_can_only_be_done_is_not_tried() {
    let mut site = site_with(&json!({}));
    let (id, _) = create(&mut site, ALICE, &json!({}));
    let token = token(&site, "root@example.com", &[PRIVILEGED, POLICY_ADMINISTRATOR]);
    let body = json!({"@odata.type": CONFIGURATION_TYPE, "state": "disabled"});
    for (method, path) in
        [("DELETE", format!("{PASSES}/{id}")), ("PATCH", CONFIGURATION.into()), ("DELETE", CONFIGURATION.into())]
    {
        for value in ["true", "false"] {
            let ask = ask(method, &path).header("authorization", &token).header("tapgate-dry-run", value);
            let ask = ask.body("application/json", &body.to_string());
            assert_eq!(error(&site.send(&mut Browser::default(), ask)).0, 400, "{method} {path}");
        }
    }
    assert_eq!(call(&mut site, "GET", &format!("{PASSES}/{id}"), &token, None).status, 200, "it stands");
    assert_eq!(create(&mut site, "bob@example.com", &json!({})).1.len(), 8, "and so does the policy");
}

#[test]
fn a_code_that_guesses_have_killed_is_handed_to_nobody_and_stands_in_nobodys_way() {
    let mut site = site_with(&json!({"maximumLifetimeInMinutes": 43_200}));
    let long = asking(&site, "root@example.com", &[KEY], &json!({"lifetimeInMinutes": 43_200}));
    let first = site.send(&mut Browser::default(), long);
    assert_eq!(first.status, 201);
    for _ in 0..100 {
        site.send(&mut Browser::default(), Ask::sign_in(ALICE, "00000000"));
        site.now += 600;
    }
    let again = asked(&mut site, &[KEY]);
    assert_eq!((again.status, code(&again)), (200, None));
    assert_eq!(asked(&mut site, &[("if-none-match", "*")]).status, 201);
}

#[test]
fn a_pass_in_the_way_is_no_accident_to_the_log() {
    let mut site = site_with(&json!({}));
    create(&mut site, ALICE, &json!({}));
    assert_eq!(error(&asked(&mut site, &[("if-none-match", "*")])).0, 412);
    assert_eq!(site.audit.last().unwrap().outcome, Outcome::Denied("conflict"));
}

#[test]
fn conditions_that_make_no_sense_are_refused() {
    let mut site = site_with(&json!({}));
    let long = "k".repeat(129);
    for bad in [
        ("idempotency-key", ""),
        ("idempotency-key", long.as_str()),
        ("idempotency-key", "two words"),
        ("idempotency-key", "sch\u{f6}n"),
        ("if-none-match", "\"etag\""),
        ("tapgate-dry-run", "false"),
    ] {
        assert_eq!(error(&asked(&mut site, &[bad])).0, 400, "{bad:?}");
    }
    assert_eq!(error(&asked(&mut site, &[KEY, KEY])).0, 400, "twice");
    assert_eq!(asked(&mut site, &[("idempotency-key", &long[..128])]).status, 201);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever keys come in whatever order, from whomever: as long as no more come between than are remembered, a key issues one pass; and
    /// a record with what it remembers reads back as it was written.
    #[test]
    fn a_key_issues_one_pass(keys in prop::collection::vec((0_u8..4, 0_u8..2), 1..20)) {
        let mut site = site_with(&json!({}));
        let mut issued = std::collections::BTreeMap::new();
        for (key, by) in keys {
            let exchange = asked_by(&mut site, ["a@x.example", "b@x.example"][usize::from(by)], &[("idempotency-key", &format!("key-{key}"))]);
            let known = issued.contains_key(&key);
            prop_assert_eq!(exchange.status == 201, !known);
            if !known {
                issued.insert(key, id(&exchange));
            }
            let name = RecordName::of(&"contoso".parse().unwrap(), &ALICE.parse().unwrap());
            let record = site.ledger.get(&name).unwrap();
            prop_assert_eq!(record.requests.len(), issued.len());
            prop_assert_eq!(Record::decode(&record.encode()), Ok(record.clone()));
            let bytes = record.encode();
            for text in ["key-", "x.example"] {
                prop_assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()), "hashes only");
            }
        }
        let policy = site.gate.policies()[0].clone();
        let name = RecordName::of(&policy.tenant, &ALICE.parse().unwrap());
        prop_assert!(site.ledger.load(&policy, &name, UnixSeconds::default()).is_ok());
    }
}

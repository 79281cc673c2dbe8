//! A pass held against a policy: with each kind of defect it stops where it should.

use serde_json::Value;

use crate::{said, shipped};

const NOW: f64 = 1_795_507_200.0;

/// Passes of one case, each with something wrong, and where that is found.
const DEFECTS: [(&str, &str, &str, &str); 15] = [
    ("good", "{user: alice, end: +1h}", "", ""),
    ("key", "{user: alice, end: +1h, key: other-key}", "Key", "unknown_key"),
    ("typ", "{user: alice, end: +1h, header: {typ: JWT}}", "Form", "malformed"),
    ("crit", "{user: alice, end: +1h, header: {crit: [x]}}", "Form", "malformed"),
    ("claim", "{user: alice, end: +1h, claims: {jti: 'a/b'}}", "Claims", "malformed"),
    ("lacks", "{user: alice, end: +1h, claims: {iat: ~}}", "Claims", "malformed"),
    ("audience", "{user: alice, end: +1h, claims: {aud: elsewhere}}", "Issuer and audience", "wrong_audience"),
    ("issued", "{user: alice, issued: +2m, start: +2m, end: +62m}", "Issue", "not_yet_valid"),
    ("early", "{user: alice, start: +2m, end: +62m}", "Start", "not_yet_valid"),
    ("late", "{user: alice, issued: -2h, start: -2h, end: 0s}", "End", "expired"),
    ("short", "{user: alice, end: +5m}", "Lifetime", "lifetime_out_of_policy"),
    ("long", "{user: alice, end: +30d}", "Lifetime", "lifetime_out_of_policy"),
    ("ahead", "{user: alice, issued: -60d, start: 0s, end: +1h}", "Start after issue", "lifetime_out_of_policy"),
    ("scope", "{user: mallory, end: +1h}", "Person", "out_of_scope"),
    ("twice", "{user: alice, end: +1h}", "Uses", "multi_use_forbidden"),
];

fn policy(name: &str) -> String {
    let (policy, _) = shipped("entra-default");
    let once = if name == "twice" { "\n  isUsableOnce: true" } else { "" };
    let more = format!("state: enabled{once}\n  excludeTargets: [{{targetType: user, id: mallory}}]");
    policy.replace("state: enabled", &more)
}

/// The tokens of the passes, by name.
fn minted(policy: &str, passes: &str) -> Value {
    let cases = format!("passes:\n{passes}cases:\n- name: x\n  shows: ['4.3']\n  steps:\n  - {{wait: 1s}}\n");
    let story = said(&tapgate_workbench::story(policy, &cases, 0));
    assert_eq!(story["errors"].as_array().unwrap().len(), 0, "{story:#}");
    story["passes"].clone()
}

#[test]
fn a_pass_with_each_kind_of_defect_names_that_defect() {
    for (name, pass, stops_at, reason) in DEFECTS {
        let policy = policy(name);
        let minted = minted(&policy, &format!("  {name}: {pass}\n"));
        let token = minted[0]["token"].as_str().unwrap();
        let told = said(&tapgate_workbench::inspect(&policy, token, None, NOW));
        let stopped = told["stops_at"].as_str().unwrap_or_default();
        assert_eq!((stopped, told["reason"].as_str().unwrap_or_default()), (stops_at, reason), "{name}: {told:#}");
        let checks = told["checks"].as_array().unwrap();
        assert_eq!(checks.len(), 14);
        let states: Vec<_> = checks.iter().map(|check| check["state"].as_str().unwrap()).collect();
        let first = states.iter().position(|state| *state == "failed").unwrap_or(states.len());
        assert!(
            states[..first].iter().all(|state| *state == "ok" || (stops_at.is_empty() && *state == "not_reached")),
            "{name}: {states:?}"
        );
        assert!(states.iter().skip(first + 1).all(|state| *state == "not_reached"), "{name}: {states:?}");
        assert!(checks.iter().all(|check| !check["says"].as_str().unwrap().is_empty()), "{name}: {told:#}");
        assert!(told["claims"].is_object() && told["header"].is_object(), "{name}: {told:#}");
    }
}

#[test]
fn a_signature_is_verified_with_a_key_and_not_without() {
    let policy = policy("good");
    let minted = minted(&policy, "  good: {user: alice, end: +1h}\n  forged: {user: alice, end: +1h, forged: true}\n");
    let token = |name: &str| {
        minted.as_array().unwrap().iter().find(|pass| pass["name"] == name).unwrap()["token"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let inspect =
        |token: &str, key: Option<&str>| said(&tapgate_workbench::inspect(&policy, token, key.map(str::to_owned), NOW));
    // By the key that stories sign with.
    assert_eq!(inspect(&token("good"), None)["verified"], true);
    let link = format!("https://gate.example.com/.tap/sign-in#pass={}&x=1", token("good"));
    assert_eq!(inspect(&link, None)["verified"], true);
    // Somebody else's: unknown without a key, bad with a wrong one.
    let unknown = inspect(&token("forged"), None);
    assert_eq!((unknown["verified"].as_bool(), &unknown["stops_at"]), (Some(false), &Value::Null), "{unknown:#}");
    assert!(unknown["checks"][2]["says"].as_str().unwrap().contains("no key was given"), "{unknown:#}");
    let bad = inspect(&token("forged"), Some("a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="));
    assert_eq!(
        (bad["stops_at"].as_str(), bad["reason"].as_str()),
        (Some("Signature"), Some("bad_signature")),
        "{bad:#}"
    );
    let nonsense = inspect(&token("forged"), Some("hunter2"));
    assert_eq!(nonsense["verified"], false);
    assert!(!nonsense.to_string().contains("hunter2"), "a key is never shown");
}

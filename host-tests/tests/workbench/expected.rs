//! What the rules say natively of all that the people at the workbench look at.

use serde_json::{Value, json};
use tapgate_cases::case::CaseFile;
use tapgate_cases::describe::FlawReport;
use tapgate_cases::native::Native;
use tapgate_cases::policy::{PolicyDocument, key_of_variable};
use tapgate_cases::run::{Observed, observe};
use tapgate_cases::{report, story};
use tapgate_core::time::UnixSeconds;
use tapgate_host_tests::clock::now;
use tapgate_host_tests::keys::{Key, Keys};
use tapgate_host_tests::pass::{Pass, forge};
use tapgate_host_tests::secrets::Secrets;
use tapgate_host_tests::workspace;

/// The shipped policies, the page's first one first.
const SHIPPED: [&str; 5] = ["entra-default", "one-time-strict", "help-desk", "day-one", "multi-tenant"];

/// Windows that are turned to these minutes in the page: where it stands in the policy, or behind what it is written.
const TIGHTENED: [(&str, &str, u32); 4] = [
    ("entra-default", "then: continue", 1),
    ("help-desk", "windowInMinutes: 60", 2),
    ("day-one", "windowInMinutes: 30", 1),
    ("one-time-strict", "windowInMinutes: 5", 4),
];

/// A policy with ten errors of ten kinds.
const WRONG: &str = "\
version: 2
tenant: Contoso Ltd
hosts: [gate.example.com]
issuer: https://gate.example.com
audience: gate.example.com
clockSkewInSeconds: 600
keys:
  pass: [{id: pass-1, env: TAPGATE_PASS_KEY}]
  gateway: [{id: gw-1, env: TAPGATE_GATEWAY_KEY}]
  upstream: [{id: up-1, env: TAPGATE_UPSTREAM_KEY}]
temporaryAccessPass:
  state: on
  maximumLifetimeInMinutes: 30
  includeTargets: [{targetType: role, id: all_users}]
signIn:
  path: sign-in
registration:
  page: /elsewhere
  allow: [/register, '/*']
  completedBy: []
  windowInMinute: 10
";

/// All of it.
pub(crate) fn all() -> Value {
    let keys = Keys::random();
    json!({
        "shipped": SHIPPED.map(shipped),
        "tightened": TIGHTENED.map(tightened),
        "wrong": wrong(),
        "passes": passes(&keys),
        "key": keys.pass.base64(),
    })
}

fn text(name: &str, end: &str) -> String {
    std::fs::read_to_string(workspace::root().join("policies").join(format!("{name}{end}"))).expect("a shipped file")
}

fn shipped(name: &str) -> Value {
    let (policy, cases) = (text(name, ".yaml"), text(name, ".cases.yaml"));
    let document = PolicyDocument::read(&policy).expect("a policy");
    let read = CaseFile::read(&cases).expect("cases").cases;
    let told = read.iter().map(|case| {
        let seen = observe(&document, case, &Native).expect("a case that can be played");
        json!({"name": case.name, "steps": seen.iter().map(step).collect::<Vec<_>>()})
    });
    json!({"name": name, "cases": told.collect::<Vec<_>>(), "texts": {"policy": policy, "cases": cases}})
}

fn step(Observed { step, sent, exchange }: &Observed) -> Value {
    let audit: Vec<String> = exchange.audit.iter().map(|line| event(line)).collect();
    let forwarded = exchange.forwarded.is_some();
    json!({"step": step, "sent": sent, "status": exchange.status, "forwarded": forwarded, "audit": audit})
}

/// An audit line as cases write it.
fn event(line: &str) -> String {
    let fields: Value = serde_json::from_str(line).expect("an audit line");
    let words = ["event", "outcome", "reason"].into_iter().filter_map(|name| fields[name].as_str());
    let alarm = fields["alarm"].as_bool().unwrap_or_default().then_some("alarm");
    words.chain(alarm).collect::<Vec<_>>().join(" ")
}

fn tightened((name, mark, minutes): (&str, &str, u32)) -> Value {
    let policy = text(name, ".yaml");
    assert!(policy.contains(mark), "{name} has no `{mark}`");
    let now = format!("windowInMinutes: {minutes}");
    let changed = match mark.starts_with("windowInMinutes") {
        true => policy.replace(mark, &now),
        false => policy.replace(mark, &format!("{mark}\n  {now}")),
    };
    let document = PolicyDocument::read(&changed).expect("a policy");
    let tested = report::test(&document, &text(name, ".cases.yaml"), None);
    json!({"name": name, "minutes": minutes, "played": tested.played, "failures": tested.failures})
}

fn wrong() -> Value {
    let (flaws, document) = PolicyDocument::check(WRONG, &|name| Some(key_of_variable(name)));
    let tree = document.as_ref().map(PolicyDocument::tree);
    let errors: Vec<FlawReport> = flaws.iter().map(|flaw| FlawReport::of_policy(flaw, tree)).collect();
    assert_eq!(errors.len(), 10, "{errors:#?}");
    json!({"policy": WRONG, "errors": errors})
}

/// Passes as people paste them, the first a good one, each with what the rules say of it with the page's first policy.
fn passes(keys: &Keys) -> Vec<Value> {
    let (secrets, pass) = (Secrets::default(), Pass::new(keys, "alice@example.com"));
    let start = now();
    let minted = |pass: Pass| pass.mint(&secrets);
    let mut passes = vec![
        ("a good one", minted(pass.clone()), None),
        ("a good one-time pass", minted(pass.clone().once()), None),
        ("not yet valid", minted(pass.clone().valid(start + 3600, start + 7200).claim("iat", start)), Some("Start")),
        ("issued in the future", minted(pass.clone().valid(start + 3600, start + 7200)), Some("Issue")),
        ("expired", minted(pass.clone().valid(start - 7200, start - 3600)), Some("End")),
        ("too short", minted(pass.clone().valid(start, start + 600)), Some("Lifetime")),
        ("too long", minted(pass.clone().valid(start, start + 86_400)), Some("Lifetime")),
        ("too far ahead", minted(pass.clone().claim("iat", start - 31 * 86_400)), Some("Start after issue")),
        ("of a stranger", minted(pass.clone().signed_with(&Key::random())), Some("Signature")),
        ("of an unknown key", minted(pass.clone().kid("pass-9")), Some("Key")),
        ("of another issuer", minted(pass.clone().claim("iss", "https://other.example")), Some("Issuer and audience")),
        ("for another audience", minted(pass.clone().claim("aud", "other")), Some("Issuer and audience")),
        ("of another type", minted(pass.clone().typ("JWT")), Some("Form")),
        ("without an id", minted(pass.clone().without("jti")), Some("Claims")),
    ];
    let forged = forge::all(&pass, &Key::random());
    passes.extend(forged.into_iter().map(|(name, text)| (name, text, Some(""))));
    let document = PolicyDocument::read(&text(SHIPPED[0], ".yaml")).expect("a policy");
    let at = UnixSeconds::new(u64::try_from(start).expect("a time after 1970")).expect("a time");
    let key = keys.pass.base64();
    let with = |(name, text, stops): (&str, String, Option<&str>), key: Option<&str>| {
        let told = story::inspect(&document, &text, key, at);
        assert!(stops.is_none_or(|stops| stops.is_empty() || told.stops_at == Some(stops)), "{name}: {told:?}");
        assert_eq!(told.stops_at.is_some(), stops.is_some(), "{name}: {told:?}");
        json!({"name": name, "text": text, "withKey": key.is_some(), "told": told})
    };
    // Without a key a stranger's signature is not found out.
    let unverified = ["a good one", "not yet valid"].map(|wanted| {
        let one = passes.iter().find(|(name, ..)| *name == wanted).expect("a pass of this name").clone();
        with(one, None)
    });
    unverified.into_iter().chain(passes.into_iter().map(|one| with(one, Some(&key)))).collect()
}

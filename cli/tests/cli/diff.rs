//! `tapgate policy diff`: the fields and the decisions that change, and nothing else.

use std::fs;

use serde_json::Value;
use tapgate_cli::Exit;

use crate::policy::{SHIPPED, Scratch, policy, shipped};

/// Compares a shipped policy with itself, one text in it changed.
fn changed(name: &str, from: &str, to: &str, exit: Exit) -> Value {
    let scratch = Scratch::new();
    let text = fs::read_to_string(shipped(name)).unwrap();
    assert!(text.contains(from), "{name} has no {from}");
    let new = scratch.file("new.yaml", &text.replace(from, to));
    policy(&["diff", "--json", "--stories", "100", &shipped(name), &new]).ended(exit).json()
}

/// Whether some decision went from one outcome to another.
fn has(report: &Value, before: &str, now: &str) -> bool {
    report["decisions"].as_array().unwrap().iter().any(|decision| {
        decision["before"].as_str().unwrap().starts_with(before) && decision["now"].as_str().unwrap().starts_with(now)
    })
}

#[test]
fn a_policy_decides_as_itself_and_another_way_of_writing_it_does() {
    for name in SHIPPED {
        let report = changed(name, "version: 1", "version: 1 # the same", Exit::Done);
        assert_eq!(report["fields"], Value::Array(Vec::new()), "{name}");
        assert!(report["requests"].as_u64().unwrap() > 500, "{report}");
    }
    // A default that is written out changes a field and no decision.
    let report = changed("entra-default", "  state: enabled", "  state: enabled\n  isUsableOnce: false", Exit::Done);
    assert_eq!(report["fields"][0]["path"], "temporaryAccessPass.isUsableOnce");
    assert_eq!(report["fields"][0]["before"], "left out, which is `false`");
}

#[test]
fn every_kind_of_change_is_found_in_what_it_decides() {
    for (name, from, to, before, now) in [
        (
            "entra-default",
            "  state: enabled",
            "  state: enabled\n  maximumLifetimeInMinutes: 240",
            "accepted",
            "refused: lifetime_out_of_policy",
        ),
        (
            "entra-default",
            "  state: enabled",
            "  state: enabled\n  minimumLifetimeInMinutes: 59",
            "refused: lifetime_out_of_policy",
            "accepted",
        ),
        (
            "entra-default",
            "  state: enabled",
            "  state: enabled\n  isUsableOnce: true",
            "accepted",
            "refused: multi_use_forbidden",
        ),
        ("entra-default", "  state: enabled", "  state: disabled", "accepted", "refused: disabled"),
        ("entra-default", "id: all_users", "id: staff", "accepted", "refused: out_of_scope"),
        (
            "entra-default",
            "/register, \"/webauthn/*\", \"/assets/*\"",
            "/register, \"/webauthn/*\"",
            "goes on to the application",
            "led to /register",
        ),
        (
            "entra-default",
            "  then: continue",
            "  then: continue\n  windowInMinutes: 9",
            "accepted, deadline",
            "accepted, deadline",
        ),
        (
            "entra-default",
            "  then: continue",
            "  then: signIn",
            "registered, and the session goes on",
            "registered, and the session is over",
        ),
        ("entra-default", "  path: /sign-in", "  path: /log-in", "accepted", "goes on to the application"),
        (
            "entra-default",
            "issuer: https://gate.example.com",
            "issuer: https://other.example.com",
            "accepted",
            "refused: invalid_pass",
        ),
        (
            "one-time-strict",
            "  startsWithinInMinutes: 1440",
            "  startsWithinInMinutes: 60",
            "accepted",
            "refused: lifetime_out_of_policy",
        ),
        ("one-time-strict", "  retries: 1", "  retries: 2", "refused: already_used", "accepted"),
        (
            "multi-tenant",
            "  userHeader: x-fabrikam-user",
            "  userHeader: x-shop-user",
            "goes on to the application, headers",
            "goes on to the application, headers",
        ),
        ("multi-tenant", "groups: [staff]}", "groups: []}", "accepted", "refused: out_of_scope"),
    ] {
        let report = changed(name, from, to, Exit::Findings);
        assert!(has(&report, before, now), "{name}: {to}: {report:#}");
        assert!(!report["fields"].as_array().unwrap().is_empty());
    }
}

#[test]
fn what_changed_is_told_in_words() {
    let scratch = Scratch::new();
    let text = fs::read_to_string(shipped("entra-default")).unwrap();
    let new = scratch.file("new.yaml", &text.replace("  then: continue", "  then: signIn"));
    let outcome = policy(&["diff", "--stories", "100", &shipped("entra-default"), &new]).ended(Exit::Findings);
    assert!(
        outcome.stdout.starts_with("Fields\n  registration.then\n  -   \"continue\"\n  +   \"signIn\"\n\nDecisions\n"),
        "{}",
        outcome.stdout
    );
    assert!(
        outcome
            .stdout
            .contains("  -   registered, and the session goes on\n  +   registered, and the session is over\n"),
        "{}",
        outcome.stdout
    );
    assert!(outcome.stderr.contains("there are no cases beside"), "{}", outcome.stderr);
    // The same stories every time.
    let again = policy(&["diff", "--stories", "100", &shipped("entra-default"), &new]).ended(Exit::Findings);
    assert_eq!(outcome.stdout, again.stdout);
}

#[test]
fn nothing_of_a_key_is_shown() {
    let scratch = Scratch::new();
    let text = fs::read_to_string(shipped("entra-default")).unwrap();
    let key = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=";
    for to in [
        format!("{{id: pass-1, value: {key}}}"),
        format!("{{id: pass-0, value: {key}}}, {{id: pass-1, env: TAPGATE_PASS_KEY}}"),
    ] {
        let new = scratch.file("new.yaml", &text.replace("{id: pass-1, env: TAPGATE_PASS_KEY}", &to));
        let outcome = policy(&["diff", "--stories", "20", &shipped("entra-default"), &new]);
        assert!(!outcome.stdout.contains("a2tr") && !outcome.stderr.contains("a2tr"), "{}", outcome.stdout);
        assert!(outcome.stdout.contains("a key"), "{}", outcome.stdout);
    }
}

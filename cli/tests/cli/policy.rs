//! `tapgate policy check`, `test`, `explain` and `schema`.

use std::fs;
use std::path::{Path, PathBuf};

use tapgate_cli::Exit;

use crate::support::{Outcome, tapgate};

/// What people start from.
pub(crate) const SHIPPED: [&str; 5] = ["day-one", "entra-default", "help-desk", "multi-tenant", "one-time-strict"];

pub(crate) fn shipped(name: &str) -> String {
    format!("{}/../policies/{name}.yaml", env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn policy(arguments: &[&str]) -> Outcome {
    tapgate(&[&["policy"], arguments].concat()).run()
}

/// A file of a test's own.
pub(crate) struct Scratch(tempfile::TempDir);

impl Scratch {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path: PathBuf = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

/// Ten errors of ten kinds, each with its line and the words of its mend.
const TEN: &str = "\
version: 1
tenant: Contoso
hosts: [gate.example.com, gate.example.com]
issuer: https://gate.example.com
audiense: gate.example.com
keys:
  pass: [{id: pass-1, env: TAPGATE_PASS_KEY}]
  gateway: [{id: gw-1, env: TAPGATE_PASS_KEY}]
  upstream: [{id: up-1, env: TAPGATE_UPSTREAM_KEY}]
temporaryAccessPass:
  state: enabeld
  isUsableOnce: \"true\"
  includeTargets: []
signIn:
  path: /sign-in
registration:
  page: /register
  allow: [/register, /*]
  completedBy:
    - receipt: {}
  retries: 08
  windowInMinutes: 10
  windowInMinutes: 20
";

#[test]
fn ten_errors_of_different_kinds_are_told_at_once_each_with_its_line_and_mend() {
    let scratch = Scratch::new();
    let file = scratch.file("ten.yaml", TEN);
    let expected = [
        (1, "audience", "add `audience: gate.example.com`"),
        (2, "tenant", "write a name of a-z, 0-9 and -"),
        (3, "hosts", "write each host once"),
        (5, "audiense", "rename it to `audience`"),
        (8, "keys.gateway[0].env", "set the variable to a key of its own"),
        (11, "temporaryAccessPass.state", "write `enabled`"),
        (12, "temporaryAccessPass.isUsableOnce", "write `true` without quotes"),
        (13, "temporaryAccessPass.includeTargets", "name at least one target"),
        (18, "registration.allow[1]", "list the paths that registering needs"),
        (21, "registration.retries", "write `8` without quotes"),
        (23, "registration.windowInMinutes", "keep one of them"),
    ];
    let outcome = policy(&["check", &file]).ended(Exit::Findings);
    let text = &outcome.stdout;
    let blocks: Vec<&str> = text.split(&format!("{file}:")).skip(1).collect();
    assert_eq!(blocks.len(), expected.len(), "{text}");
    for (block, (line, field, mend)) in blocks.iter().zip(expected) {
        assert!(block.starts_with(&format!("{line}:")), "{line} {block}");
        assert!(block.lines().next().unwrap().ends_with(&format!(": {field}")), "{field} {block}");
        assert!(block.contains(&format!("  mend     {mend}")), "{mend} {block}");
    }
    assert!(text.ends_with("11 errors in 1 file\n"), "{text}");
    let json = policy(&["check", "--json", &file]).ended(Exit::Findings).json();
    let errors = json["files"][0]["errors"].as_array().unwrap();
    assert_eq!(errors.len(), expected.len());
    for (error, (line, field, mend)) in errors.iter().zip(expected) {
        assert_eq!((error["line"].as_u64(), error["field"].as_str()), (Some(line), Some(field)));
        assert!(error["mend"].as_str().unwrap().starts_with(mend), "{error}");
        assert!(error["column"].as_u64().unwrap() > 0 && error["found"].is_string() && error["allowed"].is_string());
    }
}

#[test]
fn a_policy_that_is_fine_is_said_to_be_with_what_its_ledger_means() {
    for name in SHIPPED {
        let outcome = policy(&["check", &shipped(name)]).succeeded();
        assert!(outcome.stdout.contains("no errors; tenants: contoso"), "{}", outcome.stdout);
        assert!(outcome.stderr.contains("note: the ledger lives in the proxy's shared data"), "{}", outcome.stderr);
    }
}

#[test]
fn keys_are_looked_at_where_that_is_asked_for() {
    let file = shipped("entra-default");
    let lacking = tapgate(&["policy", "check", "--keys", &file]).run().ended(Exit::Findings);
    assert!(lacking.stdout.contains("keys.pass[0].env"), "{}", lacking.stdout);
    let short = "c2hvcnQ=";
    let outcome = ["TAPGATE_PASS_KEY", "TAPGATE_GATEWAY_KEY", "TAPGATE_UPSTREAM_KEY"]
        .iter()
        .fold(tapgate(&["policy", "check", "--keys", &file]), |run, name| run.env(name, short))
        .run()
        .ended(Exit::Findings);
    assert!(!outcome.stdout.contains(short), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("a key of 5 bytes"), "{}", outcome.stdout);
}

#[test]
fn a_key_in_the_wrong_place_is_not_repeated() {
    let scratch = Scratch::new();
    let secret = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0";
    let text = fs::read_to_string(shipped("entra-default")).unwrap();
    for (from, to) in [
        ("{id: pass-1, env: TAPGATE_PASS_KEY}", format!("{{id: pass-1, {secret}: x}}")),
        ("{id: pass-1, env: TAPGATE_PASS_KEY}", format!("{{id: pass-1, vlaue: {secret}}}")),
        ("{id: pass-1, env: TAPGATE_PASS_KEY}", format!("\"{secret}\" x")),
        ("  pass: [", format!("  {secret}: [")),
    ] {
        let file = scratch.file("secret.yaml", &text.replace(from, &to));
        for more in [&["check"][..], &["check", "--json"], &["explain"], &["test"]] {
            let outcome = policy(&[more, &[&file]].concat()).ended(Exit::Findings);
            assert!(!outcome.stdout.contains(secret) && !outcome.stderr.contains(secret), "{more:?} {to}");
        }
    }
}

#[test]
fn files_that_are_none_are_told_apart_from_policies_with_errors() {
    policy(&["check", "nowhere.yaml"]).failed(Exit::Unreadable, "cannot read `nowhere.yaml`");
    let scratch = Scratch::new();
    let outcome = policy(&["check", &scratch.file("broken.yaml", "a: [")]).ended(Exit::Findings);
    assert!(outcome.stdout.contains("mend the YAML here"), "{}", outcome.stdout);
    let binary = scratch.file("binary.yaml", "");
    fs::write(&binary, [0xff, 0xfe]).unwrap();
    policy(&["check", &binary]).failed(Exit::Unreadable, "not UTF-8");
}

#[test]
fn the_cases_of_every_shipped_policy_go_as_they_say() {
    for name in SHIPPED {
        let outcome = policy(&["test", &shipped(name)]).succeeded();
        assert!(outcome.stdout.ends_with(" played, 0 failed\n"), "{}", outcome.stdout);
    }
}

#[test]
fn a_case_that_fails_is_shown_as_a_diff() {
    let scratch = Scratch::new();
    let text = fs::read_to_string(shipped("one-time-strict")).unwrap();
    let file = scratch.file("mine.yaml", &text);
    let cases = scratch.file(
        "mine.cases.yaml",
        "passes: {alice: {user: alice@example.com, once: true, end: +30m}}\ncases:\n- name: It opens\n  shows: [4.3]\n  steps:\n  - {signIn: alice, expect: {status: 303}}\n- name: It does not\n  shows: [4.3]\n  steps:\n  - {signIn: alice, expect: {status: 200, location: /elsewhere}}\n",
    );
    let outcome = policy(&["test", &file]).ended(Exit::Findings);
    let expected = format!(
        "{cases}:10: It does not\n  step 1, sign-in with alice\n    status\n  -   200\n  +   303\n    location\n  -   /elsewhere\n  +   /register\n{cases}: 2 played, 1 failed\n"
    );
    assert_eq!(outcome.stdout, expected);
    let json = policy(&["test", "--json", &file]).ended(Exit::Findings).json();
    assert_eq!(json["files"][0]["failures"][0]["differences"][0]["found"], "303");
    policy(&["test", &file, "--filter", "OPENS"]).succeeded().says("1 played, 0 failed");
    policy(&["test", &file, "--filter", "zzz"]).failed(Exit::Usage, "no case has `zzz`");
    scratch.file("mine.cases.yaml", "cases:\n- name: x\n  stepps: []\n");
    policy(&["test", &file]).ended(Exit::Findings).says(":3:3: cases[0].stepps");
    fs::remove_file(&cases).unwrap();
    policy(&["test", &file]).failed(Exit::Unreadable, "mine.cases.yaml");
}

/// What the program prints is checked in; `TAPGATE_BLESS=1` writes it anew.
pub(crate) fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let root = format!("{}/../", env!("CARGO_MANIFEST_DIR"));
    let text = text.replace(&root, "");
    if std::env::vars().any(|(name, _)| name == "TAPGATE_BLESS") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        text == expected,
        "tests/golden/{name} is not what is printed; if that is right, run with TAPGATE_BLESS=1\n{text}"
    );
}

#[test]
fn shipped_policies_are_explained_in_plain_words() {
    for name in SHIPPED {
        golden(&format!("explain-{name}.txt"), &policy(&["explain", &shipped(name)]).succeeded().stdout);
    }
}

#[test]
fn it_is_told_that_a_policy_may_be_amended() {
    let text = fs::read_to_string(shipped("help-desk")).unwrap();
    let with = text.replacen(
        "keys:\n",
        "admin: {hosts: [gate.example.com]}\nkeys:\n  admin: [{id: ad-1, env: ADMIN_KEY}]\n",
        1,
    );
    let file = Scratch::new();
    let told =
        |text: &str| policy(&["explain", &file.file("mine.yaml", text)]).succeeded().stdout.contains("may amend");
    assert!(told(&with));
    assert!(!told(&text));
}

#[test]
fn risks_are_named_with_how_bad_they_are() {
    let scratch = Scratch::new();
    let text = fs::read_to_string(shipped("entra-default")).unwrap();
    for (from, to, severity, words) in [
        (
            "  state: enabled",
            "  state: enabled\n  maximumLifetimeInMinutes: 43200",
            "high",
            "a multi-use pass may be valid for 43200 min (30 d)",
        ),
        (
            "  state: enabled",
            "  state: enabled\n  maximumLifetimeInMinutes: 2880",
            "medium",
            "a multi-use pass may be valid for 2880 min (2 d)",
        ),
        ("\"/assets/*\"", "\"/api/*\"", "high", "registration.allow has `/api/*`: too wide"),
        ("\"/assets/*\"", "\"/docs/*\"", "low", "everything below /docs/ is open"),
        ("  path: /sign-in", "  path: /assets/sign-in", "medium", "covers the gateway's own sign-in"),
        (
            "env: TAPGATE_PASS_KEY",
            "value: a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=",
            "high",
            "keys.pass[0] is in the policy itself",
        ),
        (
            "tenant: contoso",
            "tenant: contoso\nledger: {etcd: {}}",
            "low",
            "for up to 60 s, and for up to 90 s while etcd",
        ),
        ("tenant: contoso", "tenant: contoso\nledger: {etcd: {}}", "medium", "etcd is asked without a user"),
        ("tenant: contoso", "tenant: contoso\nledger: {etcd: {}}", "low", "restored from a backup"),
        ("hosts: [gate.example.com]", "hosts: [\"*\"]", "low", "every host that the proxy serves"),
        ("  then: continue", "  then: continue\n  windowInMinutes: 480", "medium", "for 480 min (8 h)"),
        ("tenant: contoso", "tenant: contoso\nsession: {endsWithPass: false}", "medium", "outlive its pass"),
        (
            "    - receipt: {}\n  then: continue",
            "    - response: {path: /webauthn/x, status: [200]}",
            "medium",
            "a status alone",
        ),
        ("version: 1", "version: 1", "medium", "the ledger lives in the proxy's shared data"),
    ] {
        assert!(text.contains(from), "{from}");
        let file = scratch.file("risky.yaml", &text.replace(from, to));
        let json = policy(&["explain", "--json", &file]).succeeded().json();
        let risks = json["tenants"][0]["risks"].as_array().unwrap().clone();
        let hit = risks.iter().find(|risk| risk["risk"].as_str().unwrap().contains(words));
        let hit = hit.unwrap_or_else(|| panic!("{to}: {risks:#?}"));
        assert_eq!(hit["severity"], severity, "{to}");
        assert!(!hit["mend"].as_str().unwrap().is_empty());
        let printed = policy(&["explain", &file]).succeeded().stdout;
        assert!(!printed.contains("a2tr"), "a key is printed");
        if to != from {
            assert!(!policy(&["explain", &shipped("entra-default")]).stdout.contains(words), "{words} is always said");
        }
    }
}

#[test]
fn what_is_said_of_etcd_leads_to_its_guide() {
    let file = format!("{}/../examples/etcd/policy.yaml", env!("CARGO_MANIFEST_DIR"));
    let guide = "examples/etcd/README.md";
    assert!(Path::new(&format!("{}/../{guide}", env!("CARGO_MANIFEST_DIR"))).exists());
    let explained = policy(&["explain", &file]).succeeded().says(guide).says("without a user of etcd's");
    assert!(!explained.stdout.contains("shared data"), "{}", explained.stdout);
    assert!(policy(&["check", &file]).succeeded().stderr.contains(guide));
    // With a user the risk of having none is gone.
    let scratch = Scratch::new();
    let text = fs::read_to_string(&file)
        .unwrap()
        .replace("# usernameEnv", "usernameEnv")
        .replace("# passwordEnv", "passwordEnv");
    let explained = policy(&["explain", &scratch.file("user.yaml", &text)]).succeeded().says("as a user of etcd's");
    assert!(!explained.stdout.contains("without a user"), "{}", explained.stdout);
}

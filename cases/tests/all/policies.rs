//! Policies in YAML: every defect with line and column, and the hash of what was written.

use tapgate_cases::policy::{Change, PolicyDocument, changed, key_of_variable, parse_path, to_json};
use tapgate_cases::yaml::read;
use tapgate_core::json::Json;

const POLICY: &str = include_str!("../../../policies/entra-default.yaml");

fn defects(text: &str) -> Vec<String> {
    let flaws = PolicyDocument::read(text).and_then(|policy| policy.compile(&|name| Some(key_of_variable(name))));
    flaws.err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

/// The policy with one text in it changed; the line (from 1) where that text stands.
fn with(from: &str, to: &str) -> (String, usize) {
    let line = POLICY.lines().position(|line| line.contains(from)).unwrap_or_else(|| panic!("{from} is not there"));
    (POLICY.replacen(from, to, 1), line.saturating_add(1))
}

#[test]
fn a_policy_that_is_right_compiles_to_the_hash_of_its_text() {
    let compile = |text: &str| {
        let policy = PolicyDocument::read(text).unwrap();
        policy.compile(&|name| Some(key_of_variable(name))).map_err(|flaws| format!("{flaws:?}")).unwrap()
    };
    assert_eq!(compile(POLICY).policies.len(), 1);
    assert_eq!(compile(POLICY).hash, compile(POLICY).hash);
    assert_ne!(compile(POLICY).hash, compile(&format!("{POLICY}# a comment\n")).hash);
}

#[test]
fn every_defect_has_its_line_and_column() {
    for (from, to, column, found) in [
        ("tenant: contoso", "tenant: Contoso", 1, "`tenant`: found `Contoso`"),
        ("  state: enabled", "  stat: enabled", 3, "`temporaryAccessPass.stat`: is not a field of the policy"),
        ("  then: continue", "  then: goOn", 3, "`registration.then`: found `goOn`"),
        ("allow: [/register,", "allow: [/register, /*,", 22, "`registration.allow[1]`"),
        ("  page: /register", "  page: /register\n  page: /other", 3, "`registration.page`: appears twice"),
        ("tenant: contoso", "tenant: no", 9, "`tenant`: found `no` without quotes"),
        (
            "  page: /register",
            "  windowInMinutes: 08\n  page: /register",
            20,
            "`registration.windowInMinutes`: found a number",
        ),
    ] {
        let (text, line) = with(from, to);
        let found_there = defects(&text);

        let hit = found_there.iter().find(|defect| defect.contains(found));
        let hit = hit.unwrap_or_else(|| panic!("{to}: {found_there:#?}"));
        let last = if to.contains("page: /other") { line.saturating_add(1) } else { line };
        assert!(hit.starts_with(&format!("{last}:{column}: ")), "{to}: {hit}");
    }
}

#[test]
fn defects_come_all_at_once_in_the_order_of_the_text() {
    let (text, _) = with("version: 1", "version: 2");
    let text = text.replace("then: continue", "then: goOn").replace("tenant: contoso", "tenant: \"\"");
    let found = defects(&text);
    assert_eq!(found.len(), 3, "{found:#?}");
    let lines: Vec<u32> = found.iter().map(|flaw| flaw.split(':').next().unwrap().parse().unwrap()).collect();
    assert!(lines.is_sorted(), "{found:#?}");
}

#[test]
fn nothing_of_a_key_is_in_a_defect() {
    for value in ["secret", "!secret c2VjcmV0", "[secret", "0123456789secret", "\"secret\" x"] {
        let (text, _) = with("{id: pass-1, env: TAPGATE_PASS_KEY}", &format!("{{id: pass-1, value: {value}}}"));
        let found = defects(&text);
        assert!(!found.is_empty(), "{value}");
        assert!(!found.iter().any(|flaw| flaw.contains("secret") || flaw.contains("c2Vj")), "{value}: {found:#?}");
    }
    // Nor where it stands in place of a field's name.
    let (text, _) = with("{id: pass-1, env: TAPGATE_PASS_KEY}", "{id: pass-1, c2VjcmV0: no, env: TAPGATE_PASS_KEY}");
    assert_eq!(defects(&text).len(), 1);
    assert!(!defects(&text)[0].contains("c2Vj"), "{:#?}", defects(&text));
}

#[test]
fn changes_go_where_their_paths_lead() {
    let tree = read("{a: {b: [1, 2]}, c: x}").unwrap().tree;
    let change = |path: &str, value| Change { path: parse_path(path).unwrap(), value };
    let made = changed(
        &tree,
        &[
            change("a.b[1]", Json::Integer(3)),
            change("a.b[2]", Json::Integer(4)),
            change("c", Json::Null),
            change("d.e", Json::Bool(true)),
        ],
    );
    assert_eq!(to_json(&made.unwrap()), r#"{"a":{"b":[1,3,4]},"d":{"e":true}}"#);
    for nowhere in ["c.x", "a.b[9]", "a.b.c"] {
        assert_eq!(changed(&tree, &[change(nowhere, Json::Integer(1))]).unwrap_err().len(), 1, "{nowhere}");
    }
    for no_path in ["", "a..b", "a[x]", "a[1", ".a"] {
        assert_eq!(parse_path(no_path), None, "{no_path}");
    }
}

//! `show` and `export`: what stands, for people and for programs, and never a secret.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;
use tapgate_cli::Exit;
use tapgate_core::code::CodeLength;
use tapgate_core::ledger::{Guesses, IssuedCode};
use tapgate_core::time::UnixSeconds;

use super::fake::{BASE, Fake, Reply, Store, key_of, reserved, standing};
use super::{Place, nobody};
use crate::support::NOW;

#[test]
fn a_record_is_told_in_words() {
    let store =
        Store::born(NOW - 500).holding("alice", &standing("p-1", NOW - 60)).holding("bob", &reserved("p-2", NOW - 60));
    let fake = Fake::with(store);
    let place = Place::new();
    let name = key_of("alice").rsplit_once('/').unwrap().1.to_owned();
    let outcome = place.run(&["show", "--user", "Alice"], &fake).succeeded();
    assert_eq!(
        outcome.stdout,
        format!(
            "user      alice, of tenant contoso
record    {name}, revision 3
floor     2026-11-24T06:06:53Z, 1 min ago: of what was issued before, nothing is accepted
pass      p-1, multi-use, a signed pass
issued    2026-11-24T06:06:53Z, 1 min ago
starts    2026-11-24T06:06:53Z, 1 min ago
ends      2026-11-24T07:06:53Z, in 59 min
state     standing: may be used until it ends
sessions  BwcHBwcHBwcHBwcHBwcHBw, registering until 2026-11-24T06:17:03Z, in 9 min 10 s
kept      until 2026-11-25T09:53:33Z, in 1 d 3 h
"
        )
    );
    let outcome = place.run(&["show", "--user", "bob"], &fake).succeeded();
    let outcome = outcome.says("state     reserved by one browser until 2026-11-24T06:17:03Z, in 9 min 10 s");
    outcome.says("retries   3 left");
    place.run(&["show", "--user", "carol"], &fake).succeeded().says("record    none");
}

#[test]
fn a_code_that_is_guessed_at_is_told_without_it() {
    let place = Place::new();
    for (wrong, wait, words, state) in [
        (0, 0, "guesses   0 wrong in a row\nstate     standing: may be used until it ends", "standing"),
        (
            6,
            30,
            "guesses   6 wrong in a row, its person waits until 2026-11-24T06:08:23Z, in 30 s\nstate     waiting",
            "waiting",
        ),
        (6, -1, "guesses   6 wrong in a row\nstate     standing", "standing"),
        (100, 600, "guesses   100 wrong in a row\nstate     dead: its code was guessed at too often", "dead"),
    ] {
        let mut record = standing("p-1", NOW - 60);
        let wait_until = UnixSeconds::new(if wait == 0 { 0 } else { NOW.checked_add_signed(wait).unwrap() }).unwrap();
        let pass = record.pass.as_mut().unwrap();
        pass.once = true;
        pass.code = Some(IssuedCode {
            key: "gw-1".parse().unwrap(),
            length: CodeLength::new(12).unwrap(),
            guesses: Guesses { wrong, wait_until },
        });
        let fake = Fake::with(Store::born(NOW - 500).holding("alice", &record));
        let outcome = place.run(&["show", "--user", "alice"], &fake).succeeded();
        outcome.says("pass      p-1, one-time, a typed code").says(words);
        let told = place.run(&["show", "--json", "--user", "alice"], &fake).succeeded().json();
        let (pass, dead) = (&told["record"]["pass"], wrong == 100);
        assert_eq!(told["record"]["state"], state);
        assert_eq!((&pass["kind"], &pass["oneTime"]), (&"typedCode".into(), &true.into()));
        assert_eq!((&pass["guesses"]["wrong"], &pass["guesses"]["dead"]), (&wrong.into(), &dead.into()));
        assert_eq!(pass["guesses"]["waitUntil"].is_null(), wait == 0, "{pass}");
    }
}

#[test]
fn a_record_is_told_to_programs_without_the_holder() {
    let fake = Fake::with(Store::born(NOW - 500).holding("bob", &reserved("p-2", NOW - 60)));
    let outcome = Place::new().run(&["show", "--json", "--user", "bob"], &fake).succeeded();
    let told = outcome.json();
    assert_eq!(told["record"]["pass"]["reservation"]["retriesLeft"], 3);
    assert_eq!(told["record"]["state"], "reserved");
    assert_eq!(told["record"]["floor"], "2026-11-24T06:06:53Z");
    for spelling in ["5a5a5a5a", "WlpaWlpa", "holder"] {
        assert!(!outcome.stdout.contains(spelling), "{spelling}: {}", outcome.stdout);
    }
}

#[test]
fn the_ledger_as_a_whole_is_told() {
    let fake = Fake::with(Store::born(NOW - 500).holding("alice", &standing("p-1", NOW - 60)));
    let place = Place::new();
    let members = [nobody(), fake.url()];
    let outcome = place.command(&["show"], &members).run().succeeded();
    let outcome = outcome.says("born      2026-11-24T05:59:33Z, 8 min 20 s ago").says("records   1, at revision 3");
    outcome.says(" does not answer: no connection").says(" answers, member bdae9bbc11dd390d, revision 3");
    let told = place.command(&["show", "--json"], &members).run().succeeded().json();
    let answers: Vec<_> = told["members"].as_array().unwrap().iter().map(|member| &member["answers"]).collect();
    assert_eq!((answers, &told["records"]), (vec![&Value::Bool(false), &Value::Bool(true)], &1.into()));
    place.run(&["show"], &Fake::with(Store::default())).succeeded().says("born      not yet").says("records   0");
}

#[test]
fn a_record_that_does_not_read_is_a_finding() {
    let store = Store::born(NOW - 500).with_bytes(&key_of("alice"), b"\x01junk");
    let fake = Fake::with(store);
    let place = Place::new();
    let outcome = place.run(&["show", "--user", "alice"], &fake).ended(Exit::Findings);
    outcome.says("the record does not read").says(&key_of("alice"));
    let told = place.run(&["show", "--json", "--user", "alice"], &fake).ended(Exit::Findings).json();
    assert!(told["record"]["error"].as_str().unwrap().contains("does not read"), "{told}");
}

/// More than two pages of records, two keys among them that no gateway writes.
fn many() -> Store {
    let record = standing("p-1", NOW - 60);
    let store =
        (0..600).fold(Store::born(NOW - 500), |store, number| store.holding(&format!("user-{number}"), &record));
    store.with_bytes(&format!("{BASE}record/zz\u{1b}[2J"), b"x").with_bytes(&key_of("broken"), b"\x01junk")
}

#[test]
fn every_record_is_exported_as_it_stood_at_one_revision() {
    // Each page is asked for at the revision of the first look, though another sign-in goes on meanwhile.
    let fake = Fake::doing(many(), |asked, store| {
        let limited = asked.body["limit"].is_string();
        let counted = asked.body["count_only"] == true;
        assert_eq!(asked.body["revision"].as_str(), (!counted).then_some("604"), "{}", asked.body);
        assert!(limited || counted || asked.body["range_end"].is_null(), "without a bound: {}", asked.body);
        store.answer(asked)
    });
    let place = Place::new();
    let outcome = place.run(&["export"], &fake).ended(Exit::Findings);
    let lines: Vec<Value> = outcome.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["revision"], &lines[0]["records"], lines.len()), (&604.into(), &602.into(), 603));
    assert_eq!(lines.iter().filter(|line| line["state"] == "standing").count(), 600);
    let broken: Vec<_> = lines.iter().filter(|line| line["error"].is_string()).collect();
    assert_eq!(broken.len(), 2, "{broken:?}");
    assert!(outcome.stdout.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)), "only visible ASCII");

    let file = place.scratch.file("ledger.jsonl", "former");
    place.run(&["export", "--output", &file], &fake).ended(Exit::Findings);
    assert_eq!(
        fs::read_to_string(&file).unwrap().lines().skip(1).collect::<Vec<_>>(),
        outcome.stdout.lines().skip(1).collect::<Vec<_>>()
    );
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn an_export_that_fails_leaves_what_was_there() {
    let fake = Fake::doing(many(), |asked, store| {
        if asked.body["key"].as_str().is_some_and(|key| key.ends_with("A=") || key.ends_with("AA==")) {
            return Reply::HangUp;
        }
        store.answer(asked)
    });
    let place = Place::new();
    let file = place.scratch.file("ledger.jsonl", "former");
    let folder = std::path::Path::new(&file).parent().unwrap();
    place.run(&["export", "--output", &file], &fake).failed(Exit::Failed, "no member of etcd gave an answer");
    assert_eq!(fs::read_to_string(&file).unwrap(), "former");
    assert_eq!(fs::read_dir(folder).unwrap().count(), 2, "the policy and the former export");
    let nowhere = place.run(&["export", "--output", "/nowhere/ledger.jsonl"], &fake);
    nowhere.failed(Exit::Failed, "cannot write `/nowhere/ledger.jsonl`");
}

#[test]
fn users_are_named_where_the_policy_lists_them() {
    let place = Place::new();
    let text = fs::read_to_string(&place.policy).unwrap();
    let listed =
        format!("{text}directory: {{users: [{{id: u-1, userPrincipalName: alice@example.com, userType: member}}]}}\n");
    fs::write(&place.policy, listed).unwrap();
    let fake = Fake::with(
        Store::born(NOW - 500).holding("u-1", &standing("p-1", NOW - 60)).holding("gone", &standing("p-2", NOW - 60)),
    );
    place.run(&["show", "--user", "Alice@Example.com"], &fake).succeeded().says("user      u-1").says("p-1");
    let outcome = place.run(&["show", "--user", "gone"], &fake).succeeded().says("p-2");
    assert!(outcome.stderr.contains("does not know `gone`"), "{}", outcome.stderr);
    let outcome = place.run(&["export"], &fake).succeeded();
    assert_eq!(outcome.stdout.matches("\"user\":\"u-1\"").count(), 1, "{}", outcome.stdout);
}

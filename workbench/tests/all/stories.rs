//! What lasts, and who could do what when.

use std::fmt::Write as _;

use serde_json::Value;
use tapgate_cases::run::START;

use crate::{said, shipped};

/// A story of the first shipped policy, with this as its only case.
fn told(change: &str, case: &str) -> (Value, String, String) {
    let (policy, _) = shipped("entra-default");
    let policy = match change.split_once(" -> ") {
        Some((from, to)) => {
            assert!(policy.contains(from), "{from}");
            policy.replace(from, to)
        }
        None => policy,
    };
    let story = said(&tapgate_workbench::story(&policy, case, 0));
    assert_eq!(story["errors"].as_array().unwrap().len(), 0, "{story:#}");
    assert_eq!(story["trouble"], Value::Null, "{story:#}");
    (story, policy, case.to_owned())
}

/// Spans of a kind: whose, and from when to when after the start, in minutes.
fn spans(story: &Value, kind: &str) -> Vec<(String, u64, u64)> {
    let spans = story["spans"].as_array().unwrap().iter().filter(|span| span["kind"] == kind);
    let minutes = |at: &Value| (at.as_u64().unwrap() - START) / 60;
    spans.map(|span| (span["of"].as_str().unwrap().to_owned(), minutes(&span["from"]), minutes(&span["to"]))).collect()
}

fn of(name: &str, from: u64, to: u64) -> (String, u64, u64) {
    (name.to_owned(), from, to)
}

const FIRST_DAY: &str = "
passes:
  alice: {user: alice@example.com, start: 0s, end: +2h}
  later: {user: alice@example.com, issued: +20m, start: +20m, end: +3h}
cases:
- name: A first day
  shows: ['4.3']
  steps:
  - {signIn: alice, browser: phone, expect: {status: 303}}
  - {wait: 5m, request: GET /register, as: page, browser: phone, expect: {forwarded: true}}
  - {wait: 10m, request: GET /register, as: page, browser: phone, expect: {reason: registration_deadline_passed}}
  - {at: +30m, signIn: later, browser: laptop, expect: {status: 303}}
  - {wait: 1m, signIn: alice, browser: phone, expect: {status: 401}}
";

#[test]
fn a_pass_a_window_and_a_deadline_are_as_long_as_the_rules_say() {
    let (story, ..) = told("", FIRST_DAY);
    assert_eq!(
        spans(&story, "pass"),
        [of("alice", 0, 30), of("later", 20, 180)],
        "replaced when the newer one was taken"
    );
    assert_eq!(spans(&story, "window"), [of("phone", 0, 10), of("laptop", 30, 40)]);
    assert_eq!(spans(&story, "deadline"), [of("phone", 10, 10), of("laptop", 40, 40)]);
    let decisions: Vec<_> =
        story["steps"].as_array().unwrap().iter().map(|step| step["decision"].as_str().unwrap()).collect();
    assert_eq!(
        decisions,
        [
            "admitted, led to /register",
            "forwarded as registering",
            "refused registration_deadline_passed",
            "admitted, led to /register",
            "refused replaced"
        ]
    );
}

#[test]
fn a_window_that_was_cut_short_has_no_deadline() {
    let cases = "
passes: {alice: {user: alice@example.com}}
cases:
- name: Registered in time, after a second try
  shows: ['5.5']
  steps:
  - {signIn: alice, expect: {status: 303}}
  - {wait: 2m, signIn: alice, expect: {status: 303}}
  - {wait: 2m, request: POST /webauthn/finish, as: script, answer: {receipt: true}, expect: {status: 200}}
";
    let (story, ..) = told("", cases);
    assert_eq!(spans(&story, "window"), [of("browser", 0, 2), of("browser", 2, 4)]);
    assert_eq!(spans(&story, "session"), [of("browser", 4, 60)]);
    assert_eq!(spans(&story, "deadline"), []);
}

#[test]
fn a_window_of_one_minute_strands_whoever_takes_five() {
    let (story, ..) = told("  then: continue ->   then: continue\n  windowInMinutes: 1", FIRST_DAY);
    assert_eq!(spans(&story, "window")[0], of("phone", 0, 1));
    let step = &story["steps"][1];
    assert_eq!(
        (&step["reason"], step["forwarded"].as_bool()),
        (&Value::from("registration_deadline_passed"), Some(false))
    );
    let differences = step["differences"].as_array().unwrap();
    assert_eq!(differences.len(), 1, "{step:#}");
    assert_eq!(differences[0]["what"], "forwarded");
}

#[test]
fn who_could_do_what_is_asked_of_the_gate_at_that_moment() {
    let (_, policy, cases) = told("", FIRST_DAY);
    let minutes = |at: u32| f64::from(at) * 60.0 + 1_795_507_200.0;
    let moment = |at| said(&tapgate_workbench::probe(&policy, &cases, 0, minutes(at)));
    let sign_ins = |at| {
        let people = moment(at);
        let people = people["people"].as_array().unwrap().clone();
        people
            .iter()
            .map(|person| format!("{} {}", person["who"].as_str().unwrap(), person["signIn"].as_str().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(sign_ins(1), ["alice admitted, led to /register", "later refused not_yet_valid"]);
    assert_eq!(sign_ins(29), ["alice admitted, led to /register", "later admitted, led to /register"]);
    assert_eq!(sign_ins(35), ["alice refused replaced", "later admitted, led to /register"]);
    assert_eq!(sign_ins(200), ["alice refused expired", "later refused expired"]);
    let reach = |at| {
        let found = moment(at);
        let phone = found["browsers"].as_array().unwrap().iter().find(|one| one["browser"] == "phone").unwrap().clone();
        phone["reach"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| format!("{} {}", one["path"].as_str().unwrap(), one["decision"].as_str().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(reach(5), ["/register forwarded as registering", "/ redirected to /register"]);
    assert_eq!(reach(12)[0], "/register refused registration_deadline_passed");
    // Asking has changed nothing.
    assert_eq!(sign_ins(1), sign_ins(1));
}

#[test]
fn what_the_admin_api_issues_and_takes_back_lasts_as_long() {
    let file = |name: &str| {
        std::fs::read_to_string(format!("{}/../cases/tests/corpus/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    };
    let (policy, cases) = (file("admin.yaml"), file("admin.cases.yaml"));
    let count = tapgate_cases::case::CaseFile::read(&cases).unwrap().cases.len();
    let stories: Vec<Value> =
        (0..count).map(|number| said(&tapgate_workbench::story(&policy, &cases, number))).collect();
    let issued =
        |story: &&Value| story["steps"].as_array().unwrap().iter().any(|step| step["decision"] == "a pass is issued");
    let drawn = |story: &&Value| {
        story["spans"].as_array().unwrap().iter().any(|span| span["of"].as_str().unwrap().starts_with("issued"))
    };
    assert!(stories.iter().filter(issued).count() > 0 && stories.iter().filter(issued).all(|story| drawn(&story)));
}

#[test]
fn a_story_of_two_hundred_steps_is_told_and_one_of_too_many_is_not() {
    let with = |steps: usize| {
        let mut cases = String::from(
            "passes:\n  alice: {user: alice, end: +8h}\ncases:\n- name: Long\n  shows: ['4.3']\n  steps:\n",
        );
        for step in 0..steps {
            let line = if step % 10 == 0 {
                "signIn: alice, expect: {status: 303}"
            } else {
                "request: GET /register, as: page, expect: {forwarded: true}"
            };
            writeln!(cases, "  - {{wait: 30s, browser: b{}, {line}}}", step / 10 % 3).unwrap();
        }
        cases
    };
    let (story, ..) = told("", &with(200));
    assert_eq!(story["steps"].as_array().unwrap().len(), 200);
    assert!(spans(&story, "window").len() >= 20, "{}", spans(&story, "window").len());
    let (policy, _) = shipped("entra-default");
    let story = said(&tapgate_workbench::story(&policy, &with(2001), 0));
    assert_eq!(story["errors"][0]["allowed"], "at most 2000 items", "{story:.400}");
    let none = said(&tapgate_workbench::story(&policy, &with(10), 7));
    assert_eq!(none["errors"][0]["found"], "found no case 8");
}

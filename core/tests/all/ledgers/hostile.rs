//! Answers that no etcd gives, and answers that somebody changed on the way: never a grant that did not happen, never a loss
//! of what did, never a panic.

use proptest::prelude::*;
use serde_json::{Value, json};
use tapgate_core::ledger::Version;
use tapgate_core::ledger::etcd::{Answer, Credentials, CredentialsError, Failure, Grant, MOST_BYTES, SwapAnswer};

use super::goldens::{begun, found, golden, keyspace, load, looked, ok, swap, swapped};
use super::{at, name, policy, record};

/// Nobody makes anything of it.
fn is_nonsense(answer: Answer<'_>) {
    let text = String::from_utf8_lossy(answer.body).into_owned();
    assert_eq!(load().read(answer), Err(Failure::Unavailable), "{text}");
    assert_eq!(keyspace().look(&name(1)).read(answer), Err(Failure::Unavailable), "{text}");
    assert_eq!(swap().read(answer), SwapAnswer::Unknown, "{text}");
    let other = keyspace().swap(&name(1), at(1), None, &record(2), None);
    assert_eq!(other.read(answer), SwapAnswer::Unknown, "{text}");
    assert!(Grant::new(&policy(), &record(1), at(200)).read(answer).is_err(), "{text}");
}

#[test]
fn what_is_no_answer_of_etcds_is_nothing() {
    for text in ["", " ", "null", "true", "[]", "{}", "upstream connect error", "\u{feff}{}", "{\"header\":{}}"] {
        is_nonsense(ok(text));
    }
    for bytes in [&b"\xff\xfe"[..], b"{\"header\":\"\xff\"}"] {
        is_nonsense(Answer { status: 200, body: bytes });
    }
    is_nonsense(ok(&"[".repeat(MOST_BYTES)));
    is_nonsense(ok(&"{\"header\":".repeat(1000)));
}

#[test]
fn only_200_is_done() {
    for text in [begun(), found(), looked(), swapped()] {
        for status in [0, 100, 199, 201, 202, 204, 206, 301, 304, 400, 401, 403, 404, 429, 500, 503, 504, 999] {
            is_nonsense(Answer { status, body: text.as_bytes() });
        }
    }
}

#[test]
fn an_answer_is_bounded() {
    let padded = |length: usize| format!("{}{}", swapped(), " ".repeat(length - swapped().len()));
    assert_eq!(swap().read(ok(&padded(MOST_BYTES))), SwapAnswer::Swapped);
    assert_eq!(swap().read(ok(&padded(MOST_BYTES + 1))), SwapAnswer::Unknown);
    assert!(found().len() < 3 << 10, "{}", found().len());
}

#[test]
fn one_questions_answer_is_no_others() {
    assert_eq!(swap().read(ok(&begun())), SwapAnswer::Unknown);
    assert_eq!(swap().read(ok(&looked())), SwapAnswer::Unknown);
    assert_eq!(load().read(ok(&swapped())), Err(Failure::Unavailable));
    assert_eq!(load().read(ok(&looked())), Err(Failure::Unavailable), "its then-branch puts");
    assert_eq!(keyspace().look(&name(1)).read(ok(&found())), Err(Failure::Unavailable), "it has no else-branch");
    assert_eq!(keyspace().look(&name(1)).read(ok(&swapped())), Err(Failure::Unavailable));
    assert_eq!(keyspace().load(&name(2), at(1)).read(ok(&found())), Err(Failure::Unavailable), "another's record");
}

/// Each of these is one thing wrong with an answer that would make sense.
#[test]
fn a_success_with_anything_wrong_is_in_doubt() {
    for (from, to) in [
        (r#""succeeded":true"#, r#""succeeded":"true""#),
        (r#""succeeded":true"#, r#""succeeded":1"#),
        (r#""succeeded":true"#, r#""succeeded":null"#),
        (r#""succeeded":true"#, r#""succeeded":false"#),
        (r#""succeeded":true"#, r#""succeeded":true,"succeeded":true"#),
        (r#""succeeded":true"#, r#""Succeeded":true"#),
        (r#""succeeded":true,"#, ""),
        ("response_put", "response_range"),
        ("response_put", "response_delete_range"),
        (r#"{"response_put":"#, r#"{"response_range":{},"response_put":"#),
        (r#"[{"response_put":{"header":{"revision":"4"}}}]"#, "[]"),
        (r#"[{"response_put":{"header":{"revision":"4"}}}]"#, r#"[{"response_put":{}},{"response_put":{}}]"#),
        (r#"[{"response_put":{"header":{"revision":"4"}}}]"#, r#"{"response_put":{}}"#),
        (r#"{"response_put":{"header":{"revision":"4"}}}"#, r#"{"response_put":[]}"#),
        (r#"{"response_put":{"header":{"revision":"4"}}}"#, r#"{"response_put":true}"#),
        (r#"{"response_put":{"header":{"revision":"4"}}}"#, "[]"),
        (r#","responses""#, r#","answers""#),
        // The revision that is replaced is 3, so this cannot be that write.
        (r#""revision":"4","raft_term""#, r#""revision":"3","raft_term""#),
        (r#""revision":"4","raft_term""#, r#""revision":"1","raft_term""#),
        (r#""revision":"4","raft_term""#, r#""revision":"0","raft_term""#),
        (r#""revision":"4","raft_term""#, r#""revision":"","raft_term""#),
        (r#""revision":"4","raft_term""#, r#""revision":"-4","raft_term""#),
        (r#""revision":"4","raft_term""#, r#""revision":"+4","raft_term""#),
        (r#""revision":"4","raft_term""#, r#""revision":"04","raft_term""#),
        (r#""revision":"4","raft_term""#, r#""revision":" 4","raft_term""#),
        (r#""revision":"4","raft_term""#, r#""revision":"4.0","raft_term""#),
        (r#""revision":"4","raft_term""#, r#""revision":"9223372036854775808","raft_term""#),
        (r#""revision":"4","raft_term""#, r#""revision":4,"raft_term""#),
        (r#""revision":"4","raft_term""#, r#""raft_term""#),
        (r#""header":{"cluster"#, r#""heading":{"cluster"#),
        ("}]}", "}]}x"),
        ("}]}", "}]}{}"),
        ("}]}", "}]"),
    ] {
        let changed = swapped().replacen(from, to, 1);
        assert_ne!(changed, swapped(), "{from}");
        assert_eq!(swap().read(ok(&changed)), SwapAnswer::Unknown, "{changed}");
    }
}

#[test]
fn a_record_with_anything_wrong_is_none() {
    let other = keyspace().swap(&name(1), at(1), None, &record(2), None);
    assert!(matches!(other.read(ok(&found())), SwapAnswer::Lost(_)) && load().read(ok(&found())).is_ok());
    for (from, to) in [
        (golden(r#""key":"RECORD""#), golden(r#""key":"BIRTH""#)),
        (golden(r#""key":"BIRTH""#), golden(r#""key":"RECORD""#)),
        (golden(r#""key":"RECORD""#), r#""key":"""#.to_owned()),
        (golden(r#""key":"RECORD","#), String::new()),
        (golden(r#""value":"ENCODED""#), r#""value":"""#.to_owned()),
        (golden(r#""value":"ENCODED""#), golden(r#""value":"TIME""#)),
        (golden(r#""value":"ENCODED""#), golden(r#""value":"ENCODED=""#)),
        (golden(r#""value":"ENCODED""#), r#""value":"A_-="#.to_owned() + "\""),
        (golden(r#""value":"ENCODED""#), r#""value":5"#.to_owned()),
        (golden(r#","value":"ENCODED""#), String::new()),
        (golden(r#""value":"TIME""#), golden(r#""value":"ENCODED""#)),
        (golden(r#""value":"TIME""#), r#""value":"//////////8=""#.to_owned()),
        (golden(r#","value":"TIME""#), String::new()),
        (r#""mod_revision":"4""#.to_owned(), r#""mod_revision":"5""#.to_owned()),
        (r#""mod_revision":"4""#.to_owned(), r#""mod_revision":"2""#.to_owned()),
        (r#""mod_revision":"4""#.to_owned(), r#""mod_revision":"0""#.to_owned()),
        (r#""mod_revision":"4""#.to_owned(), r#""mod_revision":4"#.to_owned()),
        (r#""mod_revision":"4""#.to_owned(), r#""mod_revision":"4e0""#.to_owned()),
        (r#""mod_revision":"4","#.to_owned(), String::new()),
        (r#""create_revision":"3","#.to_owned(), String::new()),
        (r#""create_revision":"3""#.to_owned(), r#""create_revision":"-3""#.to_owned()),
        (r#","count":"1""#.to_owned(), String::new()),
        (r#""count":"1""#.to_owned(), r#""count":"2""#.to_owned()),
        (r#""count":"1""#.to_owned(), r#""count":1"#.to_owned()),
        (r#""count":"1""#.to_owned(), r#""count":"1","more":true"#.to_owned()),
        (r#""count":"1""#.to_owned(), r#""count":"1","more":0"#.to_owned()),
        (r#""kvs":[{"#.to_owned(), r#""kvs":[{},{"#.to_owned()),
        (r#""kvs":[{"#.to_owned(), r#""kvs":[[],{"#.to_owned()),
        (r#""kvs":["#.to_owned(), r#""kvs":{},"more":["#.to_owned()),
        (r#""kvs":"#.to_owned(), r#""kvz":"#.to_owned()),
        (r#"{"response_range""#.to_owned(), r#"{"response_put""#.to_owned()),
        (r#""responses":["#.to_owned(), r#""responses":[{"response_put":{}},"#.to_owned()),
        (r#","responses""#.to_owned(), r#","succeeded":true,"responses""#.to_owned()),
    ] {
        let changed = found().replacen(&from, &to, 1);
        assert_ne!(changed, found(), "{from}");
        assert_eq!(load().read(ok(&changed)), Err(Failure::Unavailable), "{changed}");
        assert_eq!(other.read(ok(&changed)), SwapAnswer::Unknown, "{changed}");
    }
}

#[test]
fn a_lost_swap_that_cannot_have_been_lost_is_in_doubt() {
    // Version 4 of this ledger stands: whoever expects that has not lost.
    let expects = |version| keyspace().swap(&name(1), at(1), Some(Version(version)), &record(2), None);
    assert!(matches!(expects(3).read(ok(&found())), SwapAnswer::Lost(_)));
    assert_eq!(expects(4).read(ok(&found())), SwapAnswer::Unknown);
    let of_another = keyspace().swap(&name(1), at(2), Some(Version(4)), &record(2), None);
    assert!(matches!(of_another.read(ok(&found())), SwapAnswer::Lost(_)), "another ledger's birth stands");
}

#[test]
fn a_token_is_a_header_value_or_none() {
    let credentials = Credentials::new("tapgate".to_owned(), "s3cret".to_owned().into()).unwrap();
    let reads = |token: &Value| credentials.read(ok(&json!({"token": token}).to_string())).is_ok();
    assert!(reads(&json!("dPXSLLWktLKfSCLu.23")) && reads(&json!("x".repeat(4096))));
    for token in [json!(""), json!("a b"), json!("a\r\nx: y"), json!("a\0"), json!("\u{e9}"), json!("x".repeat(4097))] {
        assert!(!reads(&token), "{token}");
    }
    for token in [json!(5), json!(true), json!(["a"]), json!({})] {
        assert!(!reads(&token), "{token}");
    }
    assert!(credentials.read(ok(r#"{"token":"a","token":"b"}"#)).is_err() && credentials.read(ok("{}")).is_err());
}

#[test]
fn credentials_are_one_line_of_text_each() {
    let error = |name: &str, password: &str| Credentials::new(name.to_owned(), password.to_owned().into()).err();
    assert_eq!(error("n", "p"), None);
    assert_eq!(error(&"n".repeat(256), &"\u{e9}".repeat(512)), None);
    for bad in ["", "a\n", "\u{0}", &"n".repeat(257)] {
        assert_eq!(error(bad, "p"), Some(CredentialsError::Name), "{bad:?}");
    }
    for bad in ["", "a\n", "a\tb", &"p".repeat(1025)] {
        assert_eq!(error("n", bad), Some(CredentialsError::Password), "{bad:?}");
    }
}

/// One change to JSON, wherever it hits.
#[derive(Clone, Debug)]
enum Change {
    Remove,
    Becomes(Value),
    /// Another part of the answer comes in its place.
    Copies(usize),
}

fn any_change() -> impl Strategy<Value = Change> {
    let value = prop_oneof![
        Just(json!(null)),
        Just(json!(true)),
        Just(json!(false)),
        Just(json!([])),
        Just(json!({})),
        Just(json!([[[[[[[[]]]]]]]])),
        any::<i64>().prop_map(|number| json!(number)),
        any::<u64>().prop_map(|number| json!(number.to_string())),
        any::<f64>().prop_map(|number| json!(number)),
        ".{0,12}".prop_map(|text| json!(text)),
        Just(json!("1".repeat(400))),
    ];
    prop_oneof![Just(Change::Remove), value.prop_map(Change::Becomes), (0_usize..64).prop_map(Change::Copies)]
}

/// Every value inside, by JSON pointer.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let inside: Vec<(String, &Value)> = match value {
        Value::Array(items) => items.iter().enumerate().map(|(index, item)| (format!("{at}/{index}"), item)).collect(),
        Value::Object(members) => members.iter().map(|(name, member)| (format!("{at}/{name}"), member)).collect(),
        _ => Vec::new(),
    };
    for (pointer, value) in inside {
        found.push(pointer.clone());
        pointers(value, &pointer, found);
    }
}

fn changed(text: &str, changes: &[(usize, Change)]) -> String {
    let mut value: Value = serde_json::from_str(text).unwrap();
    for (place, change) in changes {
        let mut places = Vec::new();
        pointers(&value, "", &mut places);
        let Some(pointer) = (!places.is_empty()).then(|| &places[place % places.len()]) else { continue };
        match change {
            Change::Becomes(new) => *value.pointer_mut(pointer).unwrap() = new.clone(),
            Change::Copies(from) => {
                let copy = value.pointer(&places[from % places.len()]).unwrap().clone();
                *value.pointer_mut(pointer).unwrap() = copy;
            }
            Change::Remove => {
                let (parent, name) = pointer.rsplit_once('/').unwrap();
                match value.pointer_mut(parent).unwrap() {
                    Value::Array(items) => drop(items.remove(name.parse().unwrap())),
                    Value::Object(members) => drop(members.remove(name)),
                    other => panic!("{other} has nothing inside"),
                }
            }
        }
    }
    value.to_string()
}

/// What may be read from bytes that began as an answer to anything but a swap that was carried out.
fn grants_nothing(text: &[u8], status: u16) -> Result<(), TestCaseError> {
    let answer = Answer { status, body: text };
    // That put of a birth, alone, is what a swap's answer looks like: whoever cuts it out writes one.
    if !String::from_utf8_lossy(text).contains("response_put") {
        prop_assert_ne!(swap().read(answer), SwapAnswer::Swapped);
    }
    if let Ok(loaded) = load().read(answer) {
        holds(&String::from_utf8_lossy(text), loaded.record)?;
    }
    if let Ok(Some(loaded)) = keyspace().look(&name(1)).read(answer) {
        holds(&String::from_utf8_lossy(text), loaded.record)?;
    }
    Ok(())
}

/// No record is read that is not in the bytes under its own key, whole, with its version.
fn holds(text: &str, record: Option<(tapgate_core::ledger::Record, Version)>) -> Result<(), TestCaseError> {
    use base64::Engine as _;
    let Some((record, Version(version))) = record else { return Ok(()) };
    let value = base64::engine::general_purpose::STANDARD.encode(record.encode());
    // A fault may have put an escape in place of a character; what is asked here is asked of plain text.
    prop_assume!(!text.contains('\\'));
    let version = format!("\"{version}\"");
    prop_assert!(text.contains(&value) && text.contains(&golden("RECORD")) && text.contains(&version));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn no_changed_answer_grants_what_did_not_happen(
        which in 0_usize..3,
        changes in prop::collection::vec((any::<usize>(), any_change()), 1..4),
        status in prop_oneof![Just(200_u16), any::<u16>()],
    ) {
        let text = changed(&[begun(), found(), looked()][which], &changes);
        grants_nothing(text.as_bytes(), status)?;
    }

    #[test]
    fn no_damaged_answer_grants_what_did_not_happen(
        which in 0_usize..3,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut text = [begun(), found(), looked()][which].clone().into_bytes();
        for (place, byte) in damage {
            *place.get_mut(&mut text) = byte;
        }
        text.truncate(cut.index(text.len() * 2));
        grants_nothing(&text, 200)?;
    }

    /// A swap that was carried out is never said to be lost: it would be made again.
    #[test]
    fn no_changed_answer_loses_what_did_happen(
        changes in prop::collection::vec((any::<usize>(), any_change()), 1..4),
    ) {
        let read = swap().read(ok(&changed(&swapped(), &changes)));
        prop_assert!(matches!(read, SwapAnswer::Swapped | SwapAnswer::Unknown), "{read:?}");
    }

    /// Nor is anything made of an error by changing it, but what an error can be.
    #[test]
    fn no_changed_error_grants_anything(
        status in prop_oneof![Just(200_u16), 400_u16..520],
        changes in prop::collection::vec((any::<usize>(), any_change()), 0..3),
    ) {
        let error = r#"{"error":"etcdserver: permission denied","message":"etcdserver: permission denied","code":7}"#;
        let text = changed(error, &changes);
        let answer = Answer { status, body: text.as_bytes() };
        let read = swap().read(answer);
        prop_assert!(!matches!(read, SwapAnswer::Swapped | SwapAnswer::Lost(_)), "{read:?}");
        prop_assert!(load().read(answer).is_err());
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), status in any::<u16>()) {
        is_nonsense_or_refused(Answer { status, body: &bytes })?;
    }
}

fn is_nonsense_or_refused(answer: Answer<'_>) -> Result<(), TestCaseError> {
    prop_assert!(!matches!(swap().read(answer), SwapAnswer::Swapped | SwapAnswer::Lost(_)));
    prop_assert!(load().read(answer).is_err() && keyspace().look(&name(1)).read(answer).is_err());
    Ok(())
}

//! Answers that no etcd gives: each is an error that names what is wrong, none is believed, and none brings anything down.

use proptest::prelude::*;
use serde_json::json;
use tapgate_cli::Exit;

use super::Place;
use super::fake::{BASE, Fake, Reply, Store, key_of, standing};
use crate::support::NOW;

/// What etcd tells of one key, with something else in it.
fn told(from: &str, to: &str) -> String {
    let (key, value) = (base64(key_of("alice")), base64(standing("p-1", NOW - 60).encode()));
    let kv = json!({"key": key, "create_revision": "3", "mod_revision": "4", "version": "2", "value": value});
    let header = json!({"cluster_id": "1", "member_id": "2", "revision": "4", "raft_term": "2"});
    let text = json!({"header": header, "kvs": [kv], "count": "1"}).to_string();
    let changed = text.replacen(from, to, 1);
    assert!(from.is_empty() || changed != text, "{from}: {text}");
    changed
}

fn base64(bytes: impl AsRef<[u8]>) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[test]
fn what_makes_no_sense_is_named() {
    let place = Place::new();
    let show = |fake: &Fake| place.run(&["show", "--user", "alice", "--timeout", "1"], fake);
    show(&Fake::saying(200, told("", ""))).succeeded().says("p-1");
    let other = base64(key_of("mallory"));
    for (status, body, words) in [
        (200, String::new(), "in its body"),
        (200, "<html>".to_owned(), "in its body"),
        (200, "[]".to_owned(), "in its body"),
        (200, "{}".to_owned(), "in `header`"),
        (200, told("\"revision\":\"4\"", "\"revision\":4"), "in `header.revision`"),
        (200, told("\"member_id\":\"2\"", "\"member_id\":\"x\""), "in `header.member_id`"),
        (200, told("\"count\":\"1\"", "\"count\":\"-1\""), "in `count`"),
        (200, told("\"count\":\"1\"", "\"more\":true"), "in `count` or `more`"),
        (200, told("\"kvs\":[", "\"kvs\":[7,"), "in `kvs`"),
        (200, told(&base64(key_of("alice")), &other), "in `kvs`, which has keys that were not asked for"),
        (200, told("\"mod_revision\":\"4\"", "\"mod_revision\":\"5\""), "in `kvs`, which has a revision of the future"),
        (200, told("\"create_revision\":\"3\"", "\"create_revision\":\"5\""), "in `create_revision`"),
        (200, told("\"value\":\"", "\"value\":\"*"), "in `value`"),
        (200, format!("{{\"header\":\"{}\"}}", "x".repeat(2 << 20)), "an answer of more than 1048576 bytes"),
        (404, "404 page not found".to_owned(), "HTTP status 404: 404 page not found"),
        (500, r#"{"message":"boom\u001b[2J","code":2}"#.to_owned(), "HTTP status 500: boom\\u{1b}[2J"),
        (301, String::new(), "HTTP status 301: nothing said; is that etcd?"),
    ] {
        show(&Fake::saying(status, body)).failed(Exit::Failed, words);
    }
    show(&Fake::saying(403, r#"{"code":7,"message":"etcdserver: permission denied"}"#))
        .failed(Exit::Key, "wants to know who asks");
    show(&Fake::doing(Store::default(), |_, _| Reply::HangUp)).failed(Exit::Failed, "no HTTP answer");
    show(&Fake::doing(Store::default(), |_, _| Reply::Silence)).failed(Exit::Failed, "nothing within 1 s");
    let half = Reply::Pieces;
    show(&Fake::doing(Store::default(), move |_, _| half(vec![told("", "").into_bytes()[..50].to_vec()])))
        .failed(Exit::Failed, "in its body");
}

#[test]
fn a_birth_that_is_no_time_is_named() {
    let fake = Fake::with(Store::default().with_bytes(&format!("{BASE}birth"), b"long ago"));
    Place::new().run(&["show"], &fake).failed(Exit::Failed, "the ledger's birth, which is no time");
}

#[test]
fn an_export_is_not_led_in_circles() {
    let first = Store::born(NOW - 500).holding("alice", &standing("p-1", NOW - 60));
    // There is always more, and it is always the same.
    let fake = Fake::doing(first, |asked, store| match store.answer(asked) {
        Reply::Body(200, body) if asked.body["limit"].is_string() => {
            let mut told: serde_json::Value = serde_json::from_slice(&body).unwrap();
            if told["kvs"].is_null() {
                told["kvs"] = json!([{"key": base64(key_of("alice")), "create_revision": "3", "mod_revision": "3"}]);
            }
            told["more"] = true.into();
            told["count"] = "99".into();
            Reply::json(200, &told)
        }
        reply => reply,
    });
    let outcome = Place::new().run(&["export"], &fake).ended(Exit::Failed);
    assert!(outcome.stderr.contains("keys that were not asked for"), "{}", outcome.stderr);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_was_changed_on_the_way_brings_it_down(at in 0_usize..400, byte in any::<u8>(), cut in any::<bool>()) {
        let mut body = told("", "").into_bytes();
        let at = at % body.len();
        if cut { body.truncate(at) } else { body[at] = byte }
        let outcome = Place::new().run(&["show", "--user", "alice"], &Fake::saying(200, body));
        prop_assert!(matches!(outcome.exit, Exit::Done | Exit::Findings | Exit::Failed), "{}", outcome.stderr);
    }
}

//! `watch`: lines in pieces, members that go, revisions that are gone.

use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tapgate_cli::Exit;
use tapgate_core::ledger::Record;

use super::fake::{Fake, Reply, Store, key_of, standing};
use super::{Place, nobody};
use crate::support::NOW;

fn kv(user: &str, revision: u64, record: &Record) -> Value {
    let (key, value) = (STANDARD.encode(key_of(user)), STANDARD.encode(record.encode()));
    json!({"key": key, "create_revision": revision.to_string(), "mod_revision": revision.to_string(), "version": "1", "value": value})
}

fn line(result: &Value) -> Vec<u8> {
    let mut result = result.clone();
    result["header"] = json!({"cluster_id": "1", "member_id": "2", "raft_term": "2"});
    // A watch that is cancelled tells no revision.
    if result["canceled"].is_null() {
        result["header"]["revision"] = "90".into();
    }
    format!("{}\n", json!({ "result": result })).into_bytes()
}

/// Somebody signs in.
fn signed_in(user: &str, revision: u64) -> Vec<u8> {
    line(&json!({"events": [{"kv": kv(user, revision, &standing("p-1", NOW - 60))}]}))
}

/// What watches are answered with, one after another; then with nothing.
fn watched(answers: Vec<Vec<Vec<u8>>>) -> Fake {
    let next = AtomicU32::new(0);
    Fake::doing(Store::born(NOW - 500), move |asked, store| {
        if asked.path != "/v3/watch" {
            return store.answer(asked);
        }
        let number = usize::try_from(next.fetch_add(1, Ordering::SeqCst)).unwrap();
        answers.get(number).cloned().map_or(Reply::Silence, Reply::Pieces)
    })
}

fn watch(fakes: &[&Fake], arguments: &[&str]) -> crate::support::Outcome {
    let urls: Vec<_> = fakes.iter().map(|fake| fake.url()).collect();
    Place::new().command(&[&["watch", "--timeout", "1"], arguments].concat(), &urls).run()
}

#[test]
fn changes_are_told_however_they_are_cut() {
    let mut stream = line(&json!({"created": true}));
    stream.extend(signed_in("alice", 5));
    let gone = json!({"type": "DELETE", "kv": {"key": STANDARD.encode(key_of("alice")), "mod_revision": "6"}});
    stream.extend(line(&json!({"events": [gone]})));
    for size in [1, 7, 100, 100_000] {
        let pieces = stream.chunks(size).map(<[u8]>::to_vec).collect();
        let outcome = watch(&[&watched(vec![pieces])], &["--changes", "2", "--user", "ALICE"]).succeeded();
        let lines: Vec<_> = outcome.stdout.lines().collect();
        assert_eq!(lines.len(), 2, "{}", outcome.stdout);
        assert!(lines[0].contains("Z  alice  signed in with the pass p-1: session BwcH"), "{}", lines[0]);
        assert!(lines[1].ends_with("Z  alice  cleaned up: the record is gone"), "{}", lines[1]);
    }
    let outcome = watch(&[&watched(vec![vec![stream]])], &["--changes", "1", "--json"]).succeeded();
    let told = outcome.json();
    assert_eq!((&told["revision"], &told["changes"][0]["what"]), (&5.into(), &"signedIn".into()), "{told}");
}

#[test]
fn a_watch_goes_on_at_another_member_from_what_it_has_seen() {
    let first =
        watched(vec![vec![line(&json!({"created": true})), signed_in("alice", 5), b"{\"result\":{\"hea".to_vec()]]);
    let next = Fake::doing(Store::born(NOW - 500), |asked, store| {
        if asked.path != "/v3/watch" {
            return store.answer(asked);
        }
        assert_eq!(asked.body["create_request"]["start_revision"], "6", "{}", asked.body);
        Reply::Pieces(vec![signed_in("bob", 7)])
    });
    let outcome = watch(&[&first, &next], &["--changes", "2"]).succeeded();
    assert_eq!(outcome.stdout.lines().count(), 2, "{}", outcome.stdout);
    let words = format!("the watch has broken off; going on from revision 6 at {}", next.url());
    assert!(outcome.stderr.contains(&words), "{}", outcome.stderr);
}

#[test]
fn what_was_compacted_is_said_to_be_skipped() {
    let compacted = line(&json!({"canceled": true, "compact_revision": "40"}));
    let fake = watched(vec![vec![compacted], vec![signed_in("alice", 41)]]);
    let outcome = watch(&[&fake], &["--changes", "1"]).succeeded();
    assert!(outcome.stderr.contains("skipped revisions 3 to 39: etcd has compacted them away"), "{}", outcome.stderr);
    assert_eq!(outcome.stdout.lines().count(), 1);
}

#[test]
fn a_fragment_is_asked_for_again_as_a_whole() {
    let event = json!({"kv": kv("alice", 5, &standing("p-1", NOW - 60))});
    let half = watched(vec![vec![line(&json!({"fragment": true, "events": [event]}))]]);
    let next = Fake::doing(Store::born(NOW - 500), |asked, store| {
        if asked.path != "/v3/watch" {
            return store.answer(asked);
        }
        assert_eq!(asked.body["create_request"]["start_revision"], "3", "{}", asked.body);
        Reply::Pieces(vec![signed_in("alice", 5), signed_in("bob", 6)])
    });
    let outcome = watch(&[&half, &next], &["--changes", "3"]).succeeded();
    assert_eq!(outcome.stdout.lines().count(), 3, "{}", outcome.stdout);
}

#[test]
fn what_makes_no_sense_ends_in_an_error() {
    let stranger = {
        let mut event = kv("alice", 5, &standing("p-1", NOW - 60));
        event["key"] = STANDARD.encode("/elsewhere").into();
        line(&json!({"events": [{"kv": event}]}))
    };
    for (answer, words) in [
        (b"hello\n".to_vec(), "in a line, which is no JSON"),
        (b"{}\n".to_vec(), "in `result`"),
        (b"{\"result\":{}}\n".to_vec(), "in `header`"),
        (stranger, "in `key`, which was not asked for"),
        (signed_in("alice", 2), "in `mod_revision`, which was not asked for"),
        (line(&json!({"canceled": true, "compact_revision": "2"})), "in `compact_revision`, which is not ahead"),
        (vec![b'x'; 5 << 20], "more than 4194304 bytes"),
        (b"{\"error\":{\"grpc_code\":2,\"message\":\"boom\"}}\n".to_vec(), "in `error`"),
    ] {
        let fake = watched(vec![vec![answer]; 3]);
        watch(&[&fake], &[]).failed(Exit::Failed, words);
    }
    let cancelled = line(&json!({"canceled": true, "cancel_reason": "etcdserver: boom"}));
    watch(&[&watched(vec![vec![cancelled]])], &[]).failed(Exit::Failed, "says: etcdserver: boom");
    let denied = "rpc error: code = PermissionDenied desc = etcdserver: permission denied";
    let denied = line(&json!({"created": true, "canceled": true, "cancel_reason": denied}));
    watch(&[&watched(vec![vec![denied]])], &[]).failed(Exit::Key, "wants to know who asks");
    let unknown = line(&json!({"canceled": true, "cancel_reason": "rpc error: etcdserver: invalid auth token"}));
    watch(&[&watched(vec![vec![unknown]])], &[]).failed(Exit::Key, "wants to know who asks");
    Place::new().command(&["watch"], &[nobody()]).run().failed(Exit::Failed, "no connection");
}

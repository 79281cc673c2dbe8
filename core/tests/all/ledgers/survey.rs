//! What operators ask of etcd: ranges of records and watches on them, to the byte; and answers that somebody changed on the way.

use proptest::prelude::*;
use tapgate_core::ledger::RecordName;
use tapgate_core::ledger::etcd::{Answer, Cancelled, MOST_PAGE_BYTES, Range, Unread, Watch};

use super::fake::body;
use super::goldens::{golden, keyspace, ok};
use super::{at, name, record};

const HEADER: &str = r#""header":{"cluster_id":"15118495548433857066","member_id":"13668033151171901709","revision":"4","raft_term":"2"}"#;
const KV: &str =
    r#"{"key":"RECORD","create_revision":"3","mod_revision":"4","version":"2","value":"ENCODED","lease":"7"}"#;

fn one() -> Range {
    keyspace().record(&name(1))
}

fn found() -> String {
    golden(&format!(r#"{{{HEADER},"kvs":[{KV}],"count":"1"}}"#))
}

fn watch() -> Watch {
    keyspace().watch(Some(&name(1)), 4)
}

/// A line of a watch: the record was written, and stood before.
fn changed() -> String {
    let before = KV.replace(r#""mod_revision":"4""#, r#""mod_revision":"3""#);
    golden(&format!(r#"{{"result":{{{HEADER},"watch_id":"7","events":[{{"kv":{KV},"prev_kv":{before}}}]}}}}"#))
}

#[test]
fn questions_are_as_etcd_reads_them() {
    let call = one().call();
    assert_eq!((call.path, body(&call)), ("/v3/kv/range", golden(r#"{"key":"RECORD"}"#)));
    let (from, to) = ("L3RhcGdhdGUvbGVkZ2VyLjEvY29udG9zby9yZWNvcmQv", "L3RhcGdhdGUvbGVkZ2VyLjEvY29udG9zby9yZWNvcmQw");
    let all = keyspace().records();
    let counting = format!(r#"{{"key":"{from}","range_end":"{to}","count_only":true}}"#);
    assert_eq!(body(&all.clone().counting().call()), counting);
    let page = format!(r#"{{"key":"{from}","range_end":"{to}","revision":"9","limit":"256"}}"#);
    assert_eq!(body(&all.clone().at(9).limit(256).call()), page);
    let behind = format!(r#"{{"key":"YQA=","range_end":"{to}"}}"#);
    assert_eq!(body(&all.behind(b"a").call()), behind);
    assert_eq!(body(&keyspace().birth().call()), golden(r#"{"key":"BIRTH"}"#));
    let call = watch().call();
    let create = r#"{"create_request":{"key":"RECORD","start_revision":"4","prev_kv":true,"fragment":true}}"#;
    assert_eq!((call.path, body(&call)), ("/v3/watch", golden(create)));
}

#[test]
fn what_is_found_is_read() {
    let found = one().read(ok(&found())).unwrap();
    assert_eq!((found.revision, found.member, found.count, found.more), (4, 13_668_033_151_171_901_709, 1, false));
    assert_eq!(found.kept[0].record(), Ok(record(1)));
    assert_eq!(keyspace().name_of(&found.kept[0].key), Some(name(1)));
    assert_eq!(one().read(ok(&format!("{{{HEADER}}}"))).unwrap().kept, []);
    let birth = golden(&format!(
        r#"{{{HEADER},"kvs":[{{"key":"BIRTH","create_revision":"2","mod_revision":"2","value":"TIME"}}],"count":"1"}}"#
    ));
    let birth = keyspace().birth().read(ok(&birth)).unwrap();
    assert_eq!(birth.birth(), Ok(Some(at(1))));
    // A record that does not read is found all the same.
    let broken = found_with("\"value\":\"ENCODED\"", "\"value\":\"AAAA\"");
    assert!(one().read(ok(&broken)).unwrap().kept[0].record().is_err());
}

fn found_with(from: &str, to: &str) -> String {
    let changed = found().replacen(&golden(from), &golden(to), 1);
    assert_ne!(changed, found(), "{from}");
    changed
}

#[test]
fn names_are_read_from_the_keys_of_this_tenant_alone() {
    let base = "/tapgate/ledger.1/contoso/record/";
    let key = format!("{base}{}", name(1));
    assert_eq!(keyspace().name_of(key.as_bytes()), Some(name(1)));
    for bad in [
        key.to_uppercase(),
        key[..key.len() - 1].to_owned(),
        format!("{key}0"),
        format!("{key}00"),
        base.to_owned(),
        key.replace("contoso", "other"),
        format!("{base}{}", "g".repeat(64)),
    ] {
        assert_eq!(keyspace().name_of(bad.as_bytes()), None::<RecordName>, "{bad}");
    }
}

#[test]
fn an_answer_to_another_question_is_named_as_senseless() {
    for (from, to) in [
        ("\"key\":\"RECORD\"", "\"key\":\"BIRTH\""),
        ("\"key\":\"RECORD\",", ""),
        ("\"count\":\"1\"", "\"count\":1"),
        ("\"count\":\"1\"", "\"more\":1"),
        ("\"mod_revision\":\"4\"", "\"mod_revision\":\"5\""),
        ("\"create_revision\":\"3\"", "\"create_revision\":\"0\""),
        ("\"revision\":\"4\"", "\"revision\":\"04\""),
        ("\"count\":\"1\"", ""),
    ] {
        let changed = found_with(from, to).replace(",}", "}");
        assert!(matches!(one().read(ok(&changed)), Err(Unread::Senseless(_))), "{changed}");
    }
    assert!(one().at(5).read(ok(&found())).is_err(), "older than asked for");
    assert!(one().at(3).read(ok(&found())).is_err(), "newer than asked for");
    assert!(one().counting().read(ok(&found())).is_err(), "keys where a number was asked for");
    assert!(one().limit(0).read(ok(&found())).is_err(), "more than asked for");
    let twice = golden(&format!(r#"{{{HEADER},"kvs":[{KV},{KV}],"count":"2"}}"#));
    assert!(keyspace().records().read(ok(&twice)).is_err(), "a key twice");
    let long = format!("{}{}", found(), " ".repeat(MOST_PAGE_BYTES));
    assert_eq!(one().read(ok(&long)), Err(Unread::Refused));
    let unknown = Answer { status: 401, body: br#"{"code":16,"message":"etcdserver: invalid auth token"}"# };
    assert_eq!(one().read(unknown), Err(Unread::Unauthenticated));
    assert_eq!(unknown.complaint().as_deref(), Some("etcdserver: invalid auth token"));
}

#[test]
fn what_is_told_is_read() {
    let told = watch().read(changed().as_bytes()).unwrap();
    let [happened] = told.events.as_slice() else { panic!("one event") };
    assert_eq!((happened.revision, happened.is_new()), (4, false));
    assert_eq!(happened.before.as_ref().unwrap().version.0, 3);
    assert_eq!(happened.now.as_ref().unwrap().record(), Ok(record(1)));
    let gone = golden(&format!(
        r#"{{"result":{{{HEADER},"events":[{{"type":"DELETE","kv":{{"key":"RECORD","mod_revision":"4"}}}}]}}}}"#
    ));
    assert_eq!(watch().read(gone.as_bytes()).unwrap().events[0].now, None);
    // As etcd 3.4 writes it.
    let compacted = r#"{"result":{"header":{"cluster_id":"1","member_id":"2","raft_term":"2"},"canceled":true,"compact_revision":"4"}}"#;
    assert_eq!(watch().read(compacted.as_bytes()).unwrap().cancelled, Some(Cancelled::Compacted(4)));
    let ended = |more: &str| watch().read(format!(r#"{{"result":{{{HEADER},"canceled":true{more}}}}}"#).as_bytes());
    assert_eq!(ended(r#","compact_revision":"9""#).unwrap().cancelled, Some(Cancelled::Compacted(9)));
    assert_eq!(ended(r#","cancel_reason":"no""#).unwrap().cancelled, Some(Cancelled::Because("no".to_owned())));
    assert_eq!(
        ended(r#","cancel_reason":"rpc error: code = Unauthenticated desc = etcdserver: invalid auth token""#)
            .unwrap()
            .cancelled,
        Some(Cancelled::Unauthenticated)
    );
    assert!(ended(r#","compact_revision":9"#).is_err());
    for (from, to) in [
        ("\"prev_kv\":{\"key\":\"RECORD\"", "\"prev_kv\":{\"key\":\"BIRTH\""),
        ("\"kv\":{\"key\":\"RECORD\"", "\"kv\":{\"key\":\"BIRTH\""),
        ("\"kv\":", "\"vk\":"),
        ("\"events\":[", "\"type\":{},\"events\":[7,"),
        ("\"events\":[{", "\"events\":[{\"type\":\"POUT\","),
        ("\"mod_revision\":\"3\"", "\"mod_revision\":\"4\""),
    ] {
        let other = changed().replacen(&golden(from), &golden(to), 1);
        assert_ne!(other, changed(), "{from}");
        assert!(matches!(watch().read(other.as_bytes()), Err(Unread::Senseless(_))), "{other}");
    }
    assert!(keyspace().watch(None, 5).read(changed().as_bytes()).is_err(), "before what was asked for");
}

proptest! {
    #[test]
    fn no_change_on_the_way_makes_another_record(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut text = found().into_bytes();
        let at = at.index(text.len());
        text[at] = byte;
        if let Ok(found) = one().read(Answer { status: 200, body: &text }) {
            let mine = found.kept.iter().all(|kept| keyspace().name_of(&kept.key) == Some(name(1)));
            prop_assert!(mine && found.kept.len() <= 1);
        }
        let mut line = changed().into_bytes();
        let at = at % line.len();
        line[at] = byte;
        if let Ok(told) = watch().read(&line) {
            prop_assert!(told.events.iter().all(|event| keyspace().name_of(&event.key) == Some(name(1))));
        }
    }
}

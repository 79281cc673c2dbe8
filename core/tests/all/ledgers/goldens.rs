//! Every request to the byte, and answers as etcd's gateway writes them: 3.4.23 asked with these very requests, and the
//! same in the manner of later versions, whose `protojson` may put white space anywhere between and whose errors have no
//! `error`. `BIRTH`, `AMENDMENT` and `RECORD` stand for the keys, `ENCODED` for the record, `TIME` for the birth, all in base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tapgate_core::ledger::etcd::{
    AUTHORIZATION, Answer, Call, Credentials, Failure, Grant, Keyspace, Load, NoToken, Swap, SwapAnswer,
};
use tapgate_core::ledger::{Amendment, Loaded, Version};

use super::fake::body;
use super::{at, name, policy, record};

/// Puts the keys and values in for their names.
pub(crate) fn golden(text: &str) -> String {
    let hex: String = name(1).as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    text.replace("AMENDMENT", &STANDARD.encode("/tapgate/ledger.1/contoso/policy"))
        .replace("BIRTH", &STANDARD.encode("/tapgate/ledger.1/contoso/birth"))
        .replace("RECORD", &STANDARD.encode(format!("/tapgate/ledger.1/contoso/record/{hex}")))
        .replace("ENCODED", &STANDARD.encode(record(1).encode()))
        .replace("TIME", "AAAAAAAPQkE=")
}

pub(crate) fn keyspace() -> Keyspace {
    Keyspace::of("/tapgate/", &"contoso".parse().unwrap())
}

pub(crate) fn load() -> Load {
    keyspace().load(&name(1), at(1))
}

/// Of `record(1)`, if version 3 stands.
pub(crate) fn swap() -> Swap {
    keyspace().swap(&name(1), at(1), Some(Version(3)), &record(1), None)
}

/// What is amended of the policy, if this version stands.
fn amend(expected: Option<Version>) -> Swap {
    let amendment = Amendment::new(b"amended".to_vec()).unwrap();
    keyspace().amend(&"contoso".parse().unwrap(), at(1), expected, &amendment)
}

const HEADER: &str = r#""header":{"cluster_id":"15118495548433857066","member_id":"13668033151171901709","revision":"4","raft_term":"2"}"#;
const BIRTH: &str = r#"{"response_range":{"header":{"revision":"4"},"kvs":[{"key":"BIRTH","create_revision":"2","mod_revision":"2","version":"1","value":"TIME"}],"count":"1"}}"#;
const RECORD: &str = r#"{"response_range":{"header":{"revision":"4"},"kvs":[{"key":"RECORD","create_revision":"3","mod_revision":"4","version":"2","value":"ENCODED","lease":"4111120215105347337"}],"count":"1"}}"#;
const AMENDED: &str = r#"{"response_range":{"header":{"revision":"4"},"kvs":[{"key":"AMENDMENT","create_revision":"3","mod_revision":"3","version":"1","value":"YW1lbmRlZA=="}],"count":"1"}}"#;
const NOTHING: &str = r#"{"response_range":{"header":{"revision":"4"}}}"#;
const PUT: &str = r#"{"response_put":{"header":{"revision":"4"}}}"#;

/// A transaction's answer.
pub(crate) fn txn(succeeded: bool, responses: &[&str]) -> String {
    let succeeded = if succeeded { r#","succeeded":true"# } else { "" };
    golden(&format!(r#"{{{HEADER}{succeeded},"responses":[{}]}}"#, responses.join(",")))
}

/// The answers that make sense: to a load that began its ledger, to one that did not, to a swap that was carried out and to
/// one of another record that was lost.
pub(crate) fn begun() -> String {
    txn(true, &[PUT, NOTHING, NOTHING])
}

pub(crate) fn found() -> String {
    txn(false, &[BIRTH, NOTHING, RECORD])
}

pub(crate) fn looked() -> String {
    txn(true, &[BIRTH, NOTHING, RECORD])
}

pub(crate) fn swapped() -> String {
    txn(true, &[PUT])
}

pub(crate) fn ok(body: &str) -> Answer<'_> {
    Answer { status: 200, body: body.as_bytes() }
}

fn sent(call: &Call) -> (&'static str, String) {
    (call.path, body(call))
}

#[test]
fn a_load_as_it_is_sent() {
    let golden = golden(concat!(
        r#"{"compare":[{"key":"BIRTH","result":"EQUAL","target":"CREATE","create_revision":"0"}],"#,
        r#""success":[{"request_put":{"key":"BIRTH","value":"TIME"}},{"request_range":{"key":"AMENDMENT"}},"#,
        r#"{"request_range":{"key":"RECORD"}}],"#,
        r#""failure":[{"request_range":{"key":"BIRTH"}},{"request_range":{"key":"AMENDMENT"}},"#,
        r#"{"request_range":{"key":"RECORD"}}]}"#,
    ));
    assert_eq!(sent(&load().call()), ("/v3/kv/txn", golden));
}

#[test]
fn a_look_as_it_is_sent() {
    let golden = golden(concat!(
        r#"{"compare":[],"success":[{"request_range":{"key":"BIRTH"}},{"request_range":{"key":"AMENDMENT"}},"#,
        r#"{"request_range":{"key":"RECORD"}}],"#,
        r#""failure":[]}"#,
    ));
    assert_eq!(sent(&keyspace().look(&name(1)).call()), ("/v3/kv/txn", golden));
}

#[test]
fn a_swap_as_it_is_sent() {
    let common = |standing: &str, lease: &str| {
        golden(&format!(
            concat!(
                r#"{{"compare":[{{"key":"BIRTH","result":"EQUAL","target":"VALUE","value":"TIME"}},"#,
                r#"{{"key":"RECORD","result":"EQUAL",{}}}],"#,
                r#""success":[{{"request_put":{{"key":"RECORD","value":"ENCODED"{}}}}}],"#,
                r#""failure":[{{"request_range":{{"key":"BIRTH"}}}},{{"request_range":{{"key":"AMENDMENT"}}}},"#,
                r#"{{"request_range":{{"key":"RECORD"}}}}]}}"#,
            ),
            standing, lease
        ))
    };
    let golden = common(r#""target":"MOD","mod_revision":"3""#, "");
    assert_eq!(sent(&swap().call()), ("/v3/kv/txn", golden));
    let grant = Grant::new(&policy(), &record(1), at(200));
    let lease = grant.read(ok(r#"{"header":{"revision":"3"},"ID":"7","TTL":"2628060"}"#)).unwrap();
    let first = keyspace().swap(&name(1), at(1), None, &record(1), Some(&lease));
    let golden = common(r#""target":"CREATE","create_revision":"0""#, r#","lease":"7""#);
    assert_eq!(sent(&first.call()), ("/v3/kv/txn", golden));
}

#[test]
fn an_amendment_as_it_is_sent() {
    let golden = golden(concat!(
        r#"{"compare":[{"key":"BIRTH","result":"EQUAL","target":"VALUE","value":"TIME"},"#,
        r#"{"key":"AMENDMENT","result":"EQUAL","target":"CREATE","create_revision":"0"}],"#,
        r#""success":[{"request_put":{"key":"AMENDMENT","value":"YW1lbmRlZA=="}}],"#,
        r#""failure":[{"request_range":{"key":"BIRTH"}},{"request_range":{"key":"AMENDMENT"}},"#,
        r#"{"request_range":{"key":"KEY"}}]}"#,
    ));
    let (path, body) = sent(&amend(None).call());
    let record = body.rsplit(r#""key":""#).next().and_then(|rest| rest.split('"').next()).unwrap();
    assert_eq!((path, body.as_str()), ("/v3/kv/txn", golden.replace("KEY", record).as_str()));
    assert_ne!(record, self::golden("RECORD"), "nobody's");
}

#[test]
fn a_grant_and_its_answer() {
    // 30 days until a pass starts, 8 hours of it, twice half a minute of skew; an hour to share it and one to spare.
    let grant = Grant::new(&policy(), &record(1), at(200));
    assert_eq!(sent(&grant.call()), ("/v3/lease/grant", r#"{"TTL":"2628060"}"#.to_owned()));
    let granted = format!(r#"{{{HEADER},"ID":"4111120215105347337","TTL":"2628060"}}"#);
    assert!(grant.read(ok(&granted)).unwrap().serves(&record(1), at(200)));
}

#[test]
fn credentials_and_a_token() {
    let credentials = Credentials::new("tapgate".to_owned(), "s3\"cret\\".to_owned().into()).unwrap();
    let golden = r#"{"name":"tapgate","password":"s3\"cret\\"}"#.to_owned();
    assert_eq!(sent(&credentials.call()), ("/v3/auth/authenticate", golden));
    let token = format!(r#"{{{HEADER},"token":"dPXSLLWktLKfSCLu.23"}}"#);
    let token = credentials.read(ok(&token)).ok().unwrap();
    assert_eq!((AUTHORIZATION, token.header_value()), ("authorization", "dPXSLLWktLKfSCLu.23"));
}

#[test]
fn answers_as_etcd_writes_them() {
    let standing = Loaded { record: Some((record(1), Version(4))), ..Loaded::empty(at(1)) };
    assert_eq!(load().read(ok(&begun())), Ok(Loaded::empty(at(1))));
    assert_eq!(
        load().read(ok(&txn(true, &[PUT, NOTHING, RECORD]))),
        Ok(standing.clone()),
        "whoever deleted the birth alone"
    );
    assert_eq!(load().read(ok(&txn(false, &[BIRTH, NOTHING, NOTHING]))), Ok(Loaded::empty(at(1))));
    assert_eq!(load().read(ok(&found())), Ok(standing.clone()));
    let look = keyspace().look(&name(1));
    assert_eq!(look.read(ok(&looked())), Ok(Some(standing.clone())));
    assert_eq!(look.read(ok(&txn(true, &[NOTHING, NOTHING, NOTHING]))), Ok(None));
    assert_eq!(look.read(ok(&txn(true, &[NOTHING, NOTHING, RECORD]))), Ok(None), "to a load, which begins it");
    assert_eq!(swap().read(ok(&swapped())), SwapAnswer::Swapped);
    let other = keyspace().swap(&name(1), at(1), None, &record(2), None);
    assert_eq!(other.read(ok(&found())), SwapAnswer::Lost(Box::new(standing.clone())));
    let amendment = |version| Some((Amendment::new(b"amended".to_vec()).unwrap(), Version(version)));
    let amended = Loaded { amendment: amendment(3), ..standing };
    assert_eq!(look.read(ok(&txn(true, &[BIRTH, AMENDED, RECORD]))), Ok(Some(amended.clone())));
    assert_eq!(amend(Some(Version(2))).read(ok(&txn(true, &[PUT]))), SwapAnswer::Swapped);
    assert_eq!(amend(None).read(ok(&txn(false, &[BIRTH, AMENDED, NOTHING]))), SwapAnswer::Unknown, "it is its own");
    let alone = Loaded { record: None, ..amended };
    let other = keyspace().amend(&"contoso".parse().unwrap(), at(1), None, &Amendment::none());
    assert_eq!(other.read(ok(&txn(false, &[BIRTH, AMENDED, NOTHING]))), SwapAnswer::Lost(Box::new(alone)));
    let gone = SwapAnswer::Lost(Box::new(Loaded::empty(at(1))));
    assert_eq!(swap().read(ok(&txn(false, &[BIRTH, NOTHING, NOTHING]))), gone, "the record's lease has ended");
}

#[test]
fn white_space_and_members_of_later_versions_change_nothing() {
    let later = |text: String| {
        text.replace(",", ",  ")
            .replace("{\"cluster_id\"", "{ \"new\": [1],\n\"cluster_id\"")
            .replace("\"create_revision\"", "\"new\":\"x\", \"create_revision\"")
            .replace("\"count\"", "\"new\":{}, \"count\"")
            .replace("\"responses\"", "\"new\":true, \"responses\"")
    };
    assert_eq!(later(found()).matches("new").count(), 6);
    assert_eq!(load().read(ok(&later(found()))), load().read(ok(&found())));
    assert_eq!(swap().read(ok(&later(swapped()))), SwapAnswer::Swapped);
}

/// HTTP status, gRPC code and message, and what they mean to a swap and to a load.
#[test]
fn errors_as_etcd_writes_them() {
    let (unknown, refused) = (SwapAnswer::Unknown, SwapAnswer::Refused);
    for (status, code, message, swapped, loaded) in [
        (400, 3, "etcdserver: user name is empty", SwapAnswer::Unauthenticated, Failure::Unauthenticated),
        (400, 3, "etcdserver: revision of auth store is old", SwapAnswer::Unauthenticated, Failure::Unauthenticated),
        (401, 16, "etcdserver: invalid auth token", SwapAnswer::Unauthenticated, Failure::Unauthenticated),
        (403, 7, "etcdserver: permission denied", refused.clone(), Failure::Unavailable),
        (404, 5, "etcdserver: requested lease not found", SwapAnswer::LeaseGone, Failure::Unavailable),
        (404, 5, "Not Found", refused.clone(), Failure::Unavailable),
        (400, 3, "etcdserver: request is too large", refused.clone(), Failure::Unavailable),
        (400, 3, "invalid character 'n' looking for beginning of object key string", refused, Failure::Unavailable),
        // Written first, and refused afterwards: etcd's quota looks at a transaction that it has carried out.
        (429, 8, "etcdserver: mvcc: database space exceeded", unknown.clone(), Failure::Unavailable),
        (503, 14, "etcdserver: request timed out", unknown.clone(), Failure::Unavailable),
        (503, 14, "etcdserver: leader changed", unknown.clone(), Failure::Unavailable),
        (500, 2, "etcdserver: too many requests", unknown.clone(), Failure::Unavailable),
        (500, 13, "transport is closing", unknown.clone(), Failure::Unavailable),
        (504, 4, "context deadline exceeded", unknown.clone(), Failure::Unavailable),
        (499, 1, "context canceled", unknown.clone(), Failure::Unavailable),
        (500, 15, "etcdserver: corrupt cluster", unknown.clone(), Failure::Unavailable),
        // A status that the gateway does not give for the code, or none of etcd's.
        (503, 7, "etcdserver: permission denied", unknown.clone(), Failure::Unavailable),
        (200, 7, "etcdserver: permission denied", unknown.clone(), Failure::Unavailable),
        (403, 16, "etcdserver: invalid auth token", unknown, Failure::Unavailable),
    ] {
        let old = format!(r#"{{"error":"{message}","message":"{message}","code":{code}}}"#);
        let new = format!(r#"{{"code":{code}, "message":"{message}", "details":[]}}"#);
        for body in [old, new] {
            let answer = Answer { status, body: body.as_bytes() };
            assert_eq!(swap().read(answer), swapped, "{status} {body}");
            assert_eq!(load().read(answer), Err(loaded), "{status} {body}");
            assert_eq!(keyspace().look(&name(1)).read(answer), Err(loaded), "{status} {body}");
            let grant = Grant::new(&policy(), &record(1), at(200));
            assert_eq!(grant.read(answer), Err(loaded), "{status} {body}");
        }
    }
}

#[test]
fn errors_of_a_sign_in_to_etcd() {
    let credentials = Credentials::new("tapgate".to_owned(), "s3cret".to_owned().into()).unwrap();
    for (status, code, message, expected) in [
        (400, 3, "etcdserver: authentication failed, invalid user ID or password", NoToken::Refused),
        (412, 9, "etcdserver: authentication is not enabled", NoToken::Refused),
        (400, 9, "etcdserver: authentication is not enabled", NoToken::Refused),
        (401, 16, "etcdserver: invalid auth token", NoToken::Unavailable),
        (503, 14, "etcdserver: leader changed", NoToken::Unavailable),
    ] {
        let body = format!(r#"{{"code":{code},"message":"{message}"}}"#);
        let answer = Answer { status, body: body.as_bytes() };
        assert_eq!(credentials.read(answer).err(), Some(expected), "{message}");
    }
}

//! Streams that end while etcd is asked: what may have been done is told all the same, and nothing else is.

use serde_json::{Value, json};
use tapgate_core::audit::PREFIX;
use tapgate_host_tests::pass::{Receipt, read_assertion};

use crate::codes::Desk;
use crate::etcd::Site;
use crate::gate::{navigation, ok, request};

/// The audit lines so far.
fn audit(site: &Site) -> Vec<Value> {
    let lines = site.gate.host.logs();
    lines.iter().filter_map(|line| serde_json::from_str(line.text.strip_prefix(PREFIX)?).ok()).collect()
}

/// Event, outcome and reason of an audit line.
fn told(event: &Value) -> String {
    let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or("-").to_owned();
    ["event", "outcome", "reason"].map(text).join(" ")
}

#[test]
fn a_sign_in_is_told_wherever_its_person_leaves() {
    // Before its load is answered, and before its swap is.
    for answered in [0, 1] {
        let mut site = Site::new();
        let pass = site.one_time("alice");
        let stream = site.present(0, &pass);
        for _ in 0..answered {
            site.answer_next();
        }
        assert_eq!(site.close(stream).downstream.headers, None, "{answered}: nothing was answered");
        let events: Vec<_> = audit(&site).iter().map(told).collect();
        assert_eq!(events, ["sign_in refused ledger_unavailable"], "{answered}");
        assert_eq!(audit(&site).first().and_then(|event| event.get("user").cloned()), Some(json!("alice")));
        site.no_misuse();
    }
}

#[test]
fn what_an_administrator_did_is_told_though_nobody_heard_of_it() {
    let mut desk = Desk::new();
    let stream = desk.asks(0, "alice", &json!({}));
    desk.site.answer_next();
    desk.site.close(stream);
    let events = audit(&desk.site);
    assert_eq!(events.iter().map(told).collect::<Vec<_>>(), ["pass_issue denied ledger_unavailable"]);
    let event = events.first().expect("an event");
    assert!(event.get("pass").is_some() && event.get("by") == Some(&json!("root@example.com")), "{event}");
    desk.site.no_misuse();
}

#[test]
fn a_registration_whose_browser_has_gone_is_told() {
    let mut site = Site::new();
    let cookie = site.sign_in(0, "alice");
    let page = site.exchange(0, navigation("/register", &cookie), ok());
    let claims = read_assertion(&site.gate.keys, &page.upstream.header("tapgate-assertion").expect("an assertion"));
    let sid = claims.get("sid").and_then(Value::as_str).expect("a session id").to_owned();
    let receipt = Receipt::new(&site.gate.keys, "alice", &sid).mint(&site.gate.secrets);
    let finish = request("POST", "/register/finish").with("cookie", &cookie).with("sec-fetch-site", "same-origin");
    let finish = site.ask(0, finish);
    let mut stream = site.gate.host.at(finish).expect("a stream");
    stream.response_headers(ok().with("tapgate-receipt", &receipt), true).expect("an answer");
    site.answer_next();
    site.close(finish);
    let last = audit(&site).last().map(told);
    assert_eq!(last.as_deref(), Some("completion refused ledger_unavailable"));
    site.no_misuse();
}

#[test]
fn what_was_answered_is_told_once() {
    let mut site = Site::new();
    let cookie = site.sign_in(0, "alice");
    site.exchange(0, navigation("/register", &cookie), ok());
    let events: Vec<_> = audit(&site).iter().map(told).collect();
    assert_eq!(events, ["sign_in done -"]);
}

#[test]
fn of_a_session_that_was_only_to_be_checked_there_is_nothing_to_tell() {
    let mut site = Site::new();
    let cookie = site.sign_in(0, "alice");
    // The other worker has not seen her session yet.
    let stream = site.ask(1, navigation("/register", &cookie));
    assert_eq!(site.gate.host.calls().len(), 1, "etcd is asked");
    site.close(stream);
    let events: Vec<_> = audit(&site).iter().map(told).collect();
    assert_eq!(events, ["sign_in done -"]);
    assert_eq!(site.counted("tapgate.session.ledger_unavailable"), 0);
    site.no_misuse();
}

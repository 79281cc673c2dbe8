//! Events on their way to a webhook: sent from the timer, kept while nobody takes them, and told when too many were lost; and passes
//! that nobody used, told when they end. The receiver is the test itself.

use serde_json::{Value, json};
use tapgate_host::{CallAnswer, HttpCall};
use tapgate_host_tests::keys::Key;
use tapgate_host_tests::policy::Policy;

use crate::codes::{Desk, status};

const CLUSTER: &str = "hr";

/// A desk whose policy has a webhook, and what that has taken.
struct Office {
    desk: Desk,
    taken: Vec<Value>,
    /// What the receiver answers.
    answers: Box<dyn Fn() -> CallAnswer>,
}

fn taken() -> CallAnswer {
    CallAnswer::response(204, Vec::new())
}

impl Office {
    fn open(most_waiting: u32) -> Self {
        let webhook = json!({
            "cluster": CLUSTER, "authority": "hr.internal", "path": "/tapgate", "mostWaiting": most_waiting,
            "events": ["pass_issue", "sign_in", "pass_expire"],
        });
        let alter = |policy: Policy| {
            policy
                .with("/webhook", webhook)
                .with("/keys/webhook", json!([{"id": "wh-1", "value": Key::random().base64()}]))
        };
        Self { desk: Desk::by(alter, |config| config.cluster(CLUSTER)), taken: Vec::new(), answers: Box::new(taken) }
    }

    fn is_ours(call: &HttpCall) -> bool {
        call.cluster == CLUSTER
    }

    /// The receiver takes what is sent to it, event by event, and etcd answers what it is asked, until nobody is asked any more.
    fn settle(&mut self) {
        while let Some(call) = self.desk.site.gate.host.calls().first().cloned() {
            if !Self::is_ours(&call) {
                self.desk.site.answer_next();
                continue;
            }
            let header = |name: &str| call.headers.get(name).unwrap_or_default();
            assert_eq!((header(":authority"), header(":path")), ("hr.internal".to_owned(), "/tapgate".to_owned()));
            assert_eq!(header("content-type"), "application/cloudevents+json; charset=utf-8");
            let event: Value = serde_json::from_slice(&call.body).expect("JSON");
            assert_eq!(event.get("id").and_then(Value::as_str), Some(header("webhook-id").as_str()));
            assert!(header("webhook-signature").starts_with("v1,"));
            let answer = (self.answers)();
            if answer == taken() {
                self.taken.push(event);
            }
            self.desk.site.gate.host.answer(call.id, answer).expect("an open call");
        }
    }

    /// So long later, second by second.
    fn later(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.desk.site.later(1);
            self.tick();
        }
    }

    fn tick(&mut self) {
        for worker in [0, 1] {
            self.desk.site.gate.host.tick(worker).expect("a worker");
            self.settle();
        }
    }

    /// What has been taken since the last time: types and subjects.
    fn told(&mut self) -> Vec<(String, String)> {
        let text = |event: &Value, name: &str| event.get(name).and_then(Value::as_str).unwrap_or("-").to_owned();
        let told = self.taken.iter().map(|event| (text(event, "type"), text(event, "subject"))).collect();
        self.taken.clear();
        told
    }

    fn lost(&self) -> u64 {
        self.desk.site.counted("tapgate.webhook.lost")
    }
}

fn said(kind: &str, subject: &str) -> (String, String) {
    (kind.to_owned(), subject.to_owned())
}

#[test]
fn what_happens_is_told_in_order_and_from_the_timer() {
    let mut office = Office::open(100);
    let code = office.desk.issue(0, "alice", &json!({}));
    assert_eq!(office.told(), [], "nothing is sent while somebody waits for an answer");
    office.desk.guess(0, "alice", "00000000");
    office.desk.guess(0, "alice", &code);
    office.desk.site.exchange(0, crate::gate::request("GET", "/"), crate::gate::ok());
    office.tick();
    let told = office.told();
    assert_eq!(
        told,
        [
            said("tapgate.pass_issue.done", "alice"),
            said("tapgate.sign_in.refused", "-"),
            said("tapgate.sign_in.done", "alice"),
        ],
        "a typed name is nobody's"
    );
    assert_eq!(office.desk.site.counted("tapgate.webhook.delivered"), 3);
    office.desk.site.no_misuse();
}

#[test]
fn while_nobody_takes_them_events_wait_and_past_the_bound_it_is_told_how_many_were_lost() {
    for answer in [CallAnswer::response(503, Vec::new()), CallAnswer::TimedOut, CallAnswer::Reset] {
        let mut office = Office::open(5);
        let down = answer.clone();
        office.answers = Box::new(move || down.clone());
        for number in 0..4 {
            office.desk.issue(0, &format!("user-{number}"), &json!({}));
            office.tick();
        }
        office.later(100);
        assert_eq!((office.told(), office.lost()), (Vec::new(), 0), "{answer:?}");
        for number in 4..9 {
            office.desk.issue(0, &format!("user-{number}"), &json!({}));
        }
        assert_eq!(office.lost(), 4);
        office.answers = Box::new(taken);
        office.later(61);
        let lost = office.taken.last().and_then(|event| event.pointer("/data/lost").cloned());
        assert_eq!(lost, Some(json!(4)));
        let told = office.told();
        let mut expected: Vec<_> =
            (0..5).map(|number| said("tapgate.pass_issue.done", &format!("user-{number}"))).collect();
        expected.push(said("tapgate.events.lost", "-"));
        assert_eq!(told, expected, "{answer:?}");
        office.desk.site.no_misuse();
    }
}

#[test]
fn a_pass_that_nobody_used_is_told_when_it_ends() {
    let mut office = Office::open(100);
    let lifetime = json!({"lifetimeInMinutes": 60});
    let [used, unused, replaced] = ["used", "unused", "replaced"];
    let code = office.desk.issue(0, used, &lifetime);
    office.desk.issue(0, unused, &lifetime);
    office.desk.issue(1, replaced, &lifetime);
    office.desk.guess(1, used, &code);
    office.desk.guess(0, unused, &code);
    office.desk.site.later(1);
    office.desk.issue(0, replaced, &json!({"lifetimeInMinutes": 120}));
    office.tick();
    office.told();
    office.desk.site.later(3590);
    office.tick();
    assert_eq!(office.told(), []);
    office.later(20);
    assert_eq!(office.told(), [said("tapgate.pass_expire.done", unused)]);
    office.desk.site.later(3600);
    office.later(2);
    assert_eq!(office.told(), [said("tapgate.pass_expire.done", replaced)], "the one that took its place");
    assert_eq!(office.desk.site.counted("tapgate.pass_expire.done"), 2);
    office.desk.site.no_misuse();
}

#[test]
fn whether_a_pass_was_used_is_asked_again_if_etcd_does_not_say() {
    let mut office = Office::open(100);
    office.desk.issue(0, "alice", &json!({"lifetimeInMinutes": 60}));
    office.tick();
    office.told();
    office.desk.site.later(3601);
    for worker in [0, 1] {
        office.desk.site.gate.host.tick(worker).expect("a worker");
    }
    while let Some(call) = office.desk.site.gate.host.calls().first().cloned() {
        office.desk.site.gate.host.answer(call.id, CallAnswer::TimedOut).expect("an open call");
    }
    office.tick();
    assert_eq!(office.told(), []);
    office.later(31);
    assert_eq!(office.told(), [said("tapgate.pass_expire.done", "alice")]);
}

#[test]
fn a_refused_sign_in_is_no_ones_business_unless_it_is_named() {
    let mut office = Office::open(100);
    let exchange = office.desk.guess(0, "nobody", "00000000");
    assert_eq!(status(&exchange), "401");
    let deleted = office.desk.issue(0, "alice", &json!({}));
    assert!(!deleted.is_empty());
    office.tick();
    assert!(office.taken.iter().all(|event| !event.to_string().contains(&deleted)), "no code in any event");
    assert_eq!(office.told().len(), 2);
}

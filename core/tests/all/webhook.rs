//! Events on their way to a webhook: what they look like, who signed them, and that none is lost unsaid.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::Sha256;
use tapgate_core::audit::{AuditEvent, Kind, Origin, Outcome, Who};
use tapgate_core::policy::{Policy, compile};
use tapgate_core::refusal::Refusal;
use tapgate_core::time::UnixSeconds;
use tapgate_core::webhook::{Came, Delivery, LONGEST_WAIT, MOST_REFUSALS, Queue, is_sent};

use crate::admin::{self, create, site_with};
use crate::site::{self, Ask, Browser, Pass, START, Site};

fn at(second: u64) -> UnixSeconds {
    UnixSeconds::new(second).unwrap()
}

fn event(number: u64) -> AuditEvent {
    AuditEvent {
        time: at(START + number),
        kind: Kind::SignIn,
        outcome: Outcome::Refused(Refusal::AlreadyUsed),
        tenant: Some("contoso".parse().unwrap()),
        who: Who::User(format!("user-{number}").parse().unwrap()),
        pass: Some("p-1".parse().unwrap()),
        session: None,
        took: None,
        administration: None,
    }
}

fn queue(most: usize) -> Queue {
    Queue::new("contoso".parse().unwrap(), [7; 8], most)
}

fn body(delivery: &Delivery) -> Value {
    serde_json::from_str(&delivery.body).unwrap()
}

fn document(webhook: &Value) -> Value {
    let mut policy = admin::policy(&json!({}));
    policy["webhook"] = webhook.clone();
    policy["keys"]["webhook"] = json!([{"id": "wh-2", "value": site::key(6)}, {"id": "wh-1", "value": site::key(5)}]);
    policy
}

fn policy() -> Policy {
    let document = document(&json!({"path": "/events"})).to_string();
    let Ok(mut compiled) = compile(document.as_bytes(), &|_| None) else { panic!("a policy") };
    compiled.policies.remove(0)
}

#[test]
fn an_event_is_a_cloud_event_whose_data_is_the_audit_line() {
    let mut queue = queue(9);
    assert!(queue.push(&event(1), Origin { address: b"192.0.2.1:5", request_id: b"r-1" }));
    let delivery = queue.next(at(START)).unwrap();
    assert_eq!(
        body(delivery),
        json!({
            "specversion": "1.0", "id": "0707070707070707-1", "source": "/tapgate/contoso", "type": "tapgate.sign_in.refused",
            "time": "2026-11-24T08:00:01Z", "subject": "user-1", "datacontenttype": "application/json",
            "data": {
                "time": "2026-11-24T08:00:01Z", "event": "sign_in", "outcome": "refused", "reason": "already_used", "alarm": true,
                "tenant": "contoso", "user": "user-1", "pass": "p-1", "source": "192.0.2.1:5", "requestId": "r-1",
            },
        })
    );
}

#[test]
fn strangers_who_are_refused_leave_room_for_what_happens() {
    let noise = AuditEvent { outcome: Outcome::Refused(Refusal::UnknownCode), ..event(1) };
    let mut queue = queue(10);
    let taken = (0..20).filter(|_| queue.push(&noise, Origin::default())).count();
    assert_eq!(taken, 5, "half of the room");
    let done = AuditEvent { outcome: Outcome::Done, ..event(2) };
    let taken = (0..20).filter(|_| queue.push(&done, Origin::default())).count();
    assert_eq!((taken, queue.len()), (4, 10), "the rest, but for what tells of the losses");
}

#[test]
fn one_person_is_not_taken_for_another() {
    let alike = |end: &str| format!("{}{end}", "a".repeat(200));
    let subject = |name: String| {
        let mut queue = queue(2);
        queue.push(&AuditEvent { who: Who::User(name.parse().unwrap()), ..event(1) }, Origin::default());
        body(queue.next(at(START)).unwrap())["subject"].as_str().unwrap().to_owned()
    };
    assert_eq!(subject(alike("1")), alike("1"));
    assert_ne!(subject(alike("1")), subject(alike("2")));
}

/// What Standard Webhooks' own libraries do.
fn verifies(secret: u8, headers: &[(&'static str, String)], body: &str) -> bool {
    let header = |name: &str| headers.iter().find(|(known, _)| *known == name).unwrap().1.clone();
    let message = format!("{}.{}.{body}", header("webhook-id"), header("webhook-timestamp"));
    let key = STANDARD.decode(site::key(secret)).unwrap();
    let expected = Hmac::<Sha256>::new_from_slice(&key).unwrap().chain_update(message).finalize().into_bytes();
    let expected = format!("v1,{}", STANDARD.encode(expected));
    header("webhook-signature").split(' ').any(|one| one == expected)
}

#[test]
fn every_key_signs_so_that_they_can_be_rotated() {
    let policy = policy();
    let keys = policy.webhook_keys.as_ref().unwrap();
    let mut queue = queue(9);
    queue.push(&event(1), Origin::default());
    let delivery = queue.next(at(START)).unwrap();
    let headers = delivery.headers(keys, at(START));
    assert_eq!(headers[0], ("content-type", "application/cloudevents+json; charset=utf-8".to_owned()));
    assert!(verifies(5, &headers, &delivery.body) && verifies(6, &headers, &delivery.body));
    assert!(!verifies(4, &headers, &delivery.body), "no other key of the policy");
    assert!(!verifies(5, &headers, &delivery.body.replace("user-1", "user-2")));
}

#[test]
fn an_event_is_sent_again_the_same_with_longer_and_longer_waits() {
    let mut queue = queue(9);
    queue.push(&event(1), Origin::default());
    let mut now = START;
    let first = queue.next(at(now)).unwrap().clone();
    assert_eq!(queue.next(at(now)), None, "one at a time");
    for (number, wait) in [1, 2, 4, 8, 16, 32, 60, 60, 60].into_iter().enumerate() {
        let status = [None, Some(503), Some(429)][number % 3];
        assert_eq!(queue.answered(status, at(now)), Came::Failed { first: number == 0 });
        assert_eq!(queue.next(at(now + wait - 1)), None, "{wait}");
        now += wait;
        assert_eq!(queue.next(at(now)), Some(&first));
    }
    assert_eq!(queue.answered(Some(204), at(now)), Came::Delivered);
    assert!(queue.is_empty());
    queue.push(&event(2), Origin::default());
    assert!(queue.next(at(now)).is_some(), "at once");
    queue.answered(None, at(now));
    queue.heed(at(START - 1000));
    assert!(queue.next(at(START - 1000).plus(LONGEST_WAIT)).is_some(), "though the clock was set back");
}

#[test]
fn what_a_receiver_will_never_take_is_given_up_and_told() {
    let mut queue = queue(9);
    queue.push(&event(1), Origin::default());
    queue.push(&event(2), Origin::default());
    let mut now = START;
    for number in 1..=MOST_REFUSALS {
        assert!(queue.next(at(now)).is_some());
        let came = queue.answered(Some(400), at(now));
        assert_eq!(came == Came::GivenUp, number == MOST_REFUSALS);
        now += 60;
    }
    let second = queue.next(at(now)).unwrap();
    assert_eq!(body(second)["subject"], "user-2");
    queue.answered(Some(200), at(now));
    let told = body(queue.next(at(now)).unwrap());
    assert_eq!((&told["type"], &told["data"]), (&json!("tapgate.events.lost"), &json!({"lost": 1})));
}

/// What may happen to a queue.
#[derive(Clone, Copy, Debug)]
enum Happens {
    Event,
    Asked { status: Option<u16>, later: u64 },
}

fn happens() -> impl Strategy<Value = Happens> {
    let status = prop_oneof![Just(Some(200)), Just(Some(503)), Just(Some(404)), Just(None)];
    prop_oneof![Just(Happens::Event), (status, 0_u64..90).prop_map(|(status, later)| Happens::Asked { status, later })]
}

proptest! {
    /// Whatever comes and however the receiver answers: no more wait than may, they are taken in order and once, and each event is
    /// taken, waits, or has been told as lost.
    #[test]
    fn nothing_is_lost_unsaid(most in 2_usize..6, steps in prop::collection::vec(happens(), 0..200)) {
        let mut queue = queue(most);
        let (mut now, mut pushed) = (START, 0_u64);
        let (mut taken, mut told, mut ids) = (Vec::new(), 0_u64, std::collections::BTreeSet::new());
        let take = |delivery: &Delivery, taken: &mut Vec<u64>, told: &mut u64| {
            let body = body(delivery);
            match body["subject"].as_str() {
                Some(subject) => taken.push(subject.trim_start_matches("user-").parse().unwrap()),
                None => *told += body["data"]["lost"].as_u64().unwrap(),
            }
        };
        for step in steps {
            match step {
                Happens::Event => {
                    pushed += 1;
                    queue.push(&event(pushed), Origin::default());
                }
                Happens::Asked { status, later } => {
                    now += later;
                    if let Some(delivery) = queue.next(at(now)).cloned()
                        && queue.answered(status, at(now)) == Came::Delivered
                    {
                        prop_assert!(ids.insert(delivery.id.clone()), "once");
                        take(&delivery, &mut taken, &mut told);
                    }
                }
            }
            prop_assert!(queue.len() <= most);
        }
        while !queue.is_empty() {
            now += 60;
            let delivery = queue.next(at(now)).cloned().unwrap();
            prop_assert_eq!(queue.answered(Some(200), at(now)), Came::Delivered);
            prop_assert!(ids.insert(delivery.id.clone()), "once");
            take(&delivery, &mut taken, &mut told);
        }
        prop_assert!(taken.is_sorted());
        prop_assert_eq!(taken.len() as u64 + told, pushed);
    }
}

#[test]
fn a_policy_names_what_is_sent() {
    let compiled = |webhook: Value| {
        let document = document(&webhook).to_string();
        compile(document.as_bytes(), &|_| None).map(|mut compiled| compiled.policies.remove(0))
    };
    let Ok(all) = compiled(json!({"path": "/events"})) else { panic!("a policy") };
    let Ok(some) = compiled(json!({"path": "/events", "events": ["pass_issue", "completion"]})) else {
        panic!("a policy")
    };
    assert!(is_sent(all.webhook.as_ref().unwrap(), &event(1)));
    assert!(!is_sent(some.webhook.as_ref().unwrap(), &event(1)));
    assert!(is_sent(some.webhook.as_ref().unwrap(), &AuditEvent { kind: Kind::Completion, ..event(1) }));
    let counted = AuditEvent { outcome: Outcome::Refused(Refusal::RegistrationRequired), ..event(1) };
    assert!(!is_sent(all.webhook.as_ref().unwrap(), &counted), "what the log is not told of");
    for (webhook, says) in [
        (json!({}), "webhook.path"),
        (json!({"path": "/events", "events": ["signed_in"]}), "one of sign_in, confinement, completion"),
        (json!({"path": "/events", "mostWaiting": 1}), "webhook.mostWaiting"),
        (json!({"path": "/events", "url": "https://hr.example.com"}), "webhook.url"),
    ] {
        let Err(defects) = compiled(webhook.clone()) else { panic!("{webhook}") };
        assert!(defects.iter().any(|defect| defect.to_string().contains(says)), "{webhook}: {defects:?}");
    }
    let mut unsigned = document(&json!({"path": "/events"}));
    unsigned["keys"].as_object_mut().unwrap().remove("webhook");
    let Err(defects) = compile(unsigned.to_string().as_bytes(), &|_| None) else { panic!("unsigned") };
    assert!(defects.iter().any(|defect| defect.to_string().contains("keys.webhook")), "{defects:?}");
    let mut shared = document(&json!({"path": "/events"}));
    shared["keys"]["webhook"] = json!([{"id": "wh-1", "value": site::key(1)}]);
    assert!(compile(shared.to_string().as_bytes(), &|_| None).is_err(), "the receiver could mint passes");
}

/// What is told when a pass has ended.
fn ended(site: &mut Site, user: &str, pass: &str) -> Option<AuditEvent> {
    let step =
        tapgate_core::decide::expired(&site.gate.policies()[0].clone(), user.parse().unwrap(), pass.parse().unwrap());
    let mut context = tapgate_core::context::Context { now: at(site.now), random: &mut site.random };
    tapgate_core::ledger::settle(step, &mut site.ledger, &mut context).unwrap()
}

#[test]
fn a_pass_that_nobody_used_is_told_and_no_other() {
    const ALICE: &str = "alice@example.com";
    for once in [true, false] {
        let mut site = site_with(&json!({}));
        let (id, code) = create(&mut site, ALICE, &json!({"isUsableOnce": once}));
        let told = ended(&mut site, ALICE, &id).unwrap();
        assert_eq!(
            (told.kind, told.who, told.pass),
            (Kind::PassExpire, Who::User(ALICE.parse().unwrap()), Some(id.parse().unwrap()))
        );
        let mut browser = Browser::default();
        assert_eq!(site.send(&mut browser, Ask::sign_in(ALICE, "00000000")).status, 401);
        assert!(ended(&mut site, ALICE, &id).is_some(), "guessed at, not used");
        assert_eq!(site.send(&mut browser, Ask::sign_in(ALICE, &code)).status, 303);
        assert_eq!(ended(&mut site, ALICE, &id), None, "used");
        site.send(&mut browser, Ask::fetch("POST", "/.tap/sign-out"));
        assert_eq!(ended(&mut site, ALICE, &id), None, "used, and signed out");
        let (second, _) = create(&mut site, ALICE, &json!({}));
        assert_eq!(ended(&mut site, ALICE, &id), None, "replaced");
        let mut signed = Pass::many("m-1");
        signed.issued = site.now + 2;
        site.now += 2;
        site.registering(&signed);
        assert_eq!(ended(&mut site, ALICE, &second), None, "replaced by a signed one");
    }
}

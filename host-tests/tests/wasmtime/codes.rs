//! Typed codes on two workers over one etcd: guessed at together, guessed to death, and nothing to be learnt from what is asked
//! (7.7). etcd is the one of `core`'s tests.

use serde_json::{Value, json};
use tapgate_core::jws::sign_as_written;
use tapgate_core::key::{Admins, KeyRing};
use tapgate_host::{Config, Exchange, Headers, StreamId};
use tapgate_host_tests::keys::Key;
use tapgate_host_tests::policy::Policy;

use crate::etcd::Site;
use crate::gate::{request, session};

/// A month, so that a hundred guesses fit into a pass.
const LIFETIME: u64 = 43_200;

/// A gate whose administrators may issue passes.
pub(crate) struct Desk {
    pub(crate) site: Site,
    key: Key,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self::by(|policy| policy, |config| config)
    }

    /// Likewise with an altered policy, on a proxy that the configuration describes.
    pub(crate) fn by(alter: impl FnOnce(Policy) -> Policy, describe: impl FnOnce(Config) -> Config) -> Self {
        let key = Key::random();
        let policy = Policy::shipped()
            .with("/ledger", json!({"etcd": {"cluster": "etcd", "authority": "etcd.internal"}}))
            .with("/keys/admin", json!([{"id": "ad-1", "value": key.base64()}]))
            .with("/admin", json!({"hosts": ["admin.example.com"]}))
            .with("/temporaryAccessPass/maximumLifetimeInMinutes", json!(LIFETIME));
        Self { site: Site::on(&alter(policy), describe), key }
    }

    fn now(&self) -> u64 {
        self.site.gate.host.clock().wall.as_secs()
    }

    fn token(&self) -> String {
        let ring =
            KeyRing::<Admins>::new(&[("ad-1".parse().expect("an id"), self.key.base64().parse().expect("a key"))]);
        let claims = json!({
            "iss": "https://gate.example.com", "aud": "gate.example.com", "tid": "contoso", "sub": "root@example.com",
            "roles": ["Privileged Authentication Administrator"], "iat": self.now(), "exp": self.now() + 600,
        });
        let header = r#"{"alg":"HS256","typ":"at+jwt","kid":"ad-1"}"#;
        sign_as_written(&ring.expect("a ring"), header, &claims.to_string())
    }

    /// An administrator asks for a user's passes; etcd has not answered yet.
    pub(crate) fn asks(&mut self, worker: usize, user: &str, body: &Value) -> StreamId {
        let path = format!("/.tap/graph/v1.0/users/{user}/authentication/temporaryAccessPassMethods");
        let body = body.to_string();
        let asked = Headers::new()
            .with(":method", "POST")
            .with(":scheme", "https")
            .with(":authority", "admin.example.com")
            .with(":path", path)
            .with("authorization", format!("Bearer {}", self.token()))
            .with("content-type", "application/json")
            .with("content-length", body.len().to_string());
        let mut stream = self.site.gate.host.stream(worker).expect("a worker");
        stream.request_headers(asked, false).expect("a request");
        stream.request_body(body, true).expect("a body");
        stream.id()
    }

    /// Issues a pass; its code.
    pub(crate) fn issue(&mut self, worker: usize, user: &str, body: &Value) -> String {
        let stream = self.asks(worker, user, body);
        self.site.answer_all();
        let exchange = self.site.close(stream);
        assert_eq!(status(&exchange), "201", "{exchange:?}");
        let pass: Value = serde_json::from_slice(&exchange.downstream.body).expect("JSON");
        pass.get("temporaryAccessPass").and_then(Value::as_str).expect("a code").to_owned()
    }

    /// Somebody types a code; etcd has not answered yet.
    fn types(&mut self, worker: usize, user: &str, code: &str) -> StreamId {
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("username", user)
            .append_pair("pass", code)
            .finish();
        let asked = request("POST", "/.tap/sign-in")
            .with("content-type", "application/x-www-form-urlencoded")
            .with("content-length", body.len().to_string())
            .with("sec-fetch-site", "same-origin");
        let mut stream = self.site.gate.host.stream(worker).expect("a worker");
        stream.request_headers(asked, false).expect("a request");
        stream.request_body(body, true).expect("a body");
        stream.id()
    }

    pub(crate) fn guess(&mut self, worker: usize, user: &str, code: &str) -> Exchange {
        let stream = self.types(worker, user, code);
        self.site.answer_all();
        self.site.close(stream)
    }

    fn refused(&self, name: &str) -> u64 {
        self.site.counted(&format!("tapgate.sign_in.refused.{name}"))
    }
}

pub(crate) fn status(exchange: &Exchange) -> String {
    exchange.downstream.headers.as_ref().and_then(|headers| headers.get(":status")).unwrap_or_default()
}

#[test]
fn a_code_issued_at_one_worker_opens_registration_at_the_other() {
    let mut desk = Desk::new();
    let code = desk.issue(0, "alice", &json!({}));
    let signed_in = desk.guess(1, "alice", &code.to_lowercase());
    assert!(session(&signed_in).is_some(), "{signed_in:?}");
}

#[test]
fn of_guesses_made_together_none_is_compared_without_being_counted() {
    let mut desk = Desk::new();
    let code = desk.issue(0, "alice", &json!({}));
    let wrong = if code.starts_with('0') { "1AAAAAAA" } else { "0AAAAAAA" };
    let together: Vec<_> = (0..64).map(|number| desk.types(number % 2, "alice", wrong)).collect();
    desk.site.answer_all();
    let told: Vec<_> = together.into_iter().map(|stream| desk.site.close(stream)).collect();
    assert!(told.iter().all(|exchange| status(exchange) == "401"), "all alike");
    assert_eq!(
        (desk.refused("unknown_code"), desk.refused("locked_out")),
        (5, 59),
        "five are free, and then one waits"
    );
    let right = desk.guess(0, "alice", &code);
    assert_eq!((status(&right).as_str(), desk.refused("locked_out")), ("401", 60));
    desk.site.later(30);
    assert!(session(&desk.guess(1, "alice", &code)).is_some());
}

#[test]
fn a_hundred_wrong_guesses_over_two_workers_kill_the_code_and_no_signed_pass() {
    let mut desk = Desk::new();
    let code = desk.issue(0, "alice", &json!({"lifetimeInMinutes": LIFETIME}));
    let wrong = if code.starts_with('0') { "1AAAAAAA" } else { "0AAAAAAA" };
    for number in 0..101 {
        desk.guess(number % 2, "alice", wrong);
        desk.site.later(600);
    }
    assert_eq!((desk.refused("unknown_code"), desk.refused("locked_out")), (100, 1));
    assert_eq!(session(&desk.guess(0, "alice", &code)), None, "dead, however long one waits");
    desk.site.sign_in(1, "alice");
}

#[test]
fn whatever_a_stranger_types_etcd_is_asked_the_same() {
    let mut desk = Desk::new();
    desk.issue(0, "alice", &json!({}));
    let codes: Vec<String> =
        ["waiting", "dead"].map(|user| desk.issue(0, user, &json!({"lifetimeInMinutes": LIFETIME}))).into();
    let wrong = |code: &str| if code.starts_with('0') { "1AAAAAAA" } else { "0AAAAAAA" };
    for number in 0..100 {
        desk.guess(number % 2, "dead", wrong(&codes[1]));
        desk.site.later(600);
    }
    desk.issue(0, "waiting", &json!({}));
    for _ in 0..5 {
        desk.guess(0, "waiting", "0AAAAAAA");
    }
    desk.issue(0, "alice", &json!({}));
    let mut asked = Vec::new();
    for user in ["nobody", "alice", "waiting", "dead"] {
        let stream = desk.types(0, user, "0AAAAAAA");
        let mut calls = Vec::new();
        while let Some(call) = desk.site.gate.host.calls().first() {
            let body: Value = serde_json::from_slice(&call.body).expect("JSON");
            calls.push((call.headers.get(":path"), shape(&body)));
            desk.site.answer_next();
        }
        let exchange = desk.site.close(stream);
        asked.push((user, status(&exchange), exchange.downstream.body.clone(), calls));
    }
    for one in &asked {
        assert_eq!((&one.1, &one.2, &one.3), (&asked[0].1, &asked[0].2, &asked[0].3), "{}", one.0);
    }
    assert_eq!(asked[0].3.len(), 2);
}

/// A question without what it is about: which members it has, and how many.
fn shape(body: &Value) -> Value {
    match body {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), shape(value))).collect(),
        Value::Array(items) => items.iter().map(shape).collect(),
        _ => Value::Null,
    }
}

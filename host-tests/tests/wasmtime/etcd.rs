//! The ledger in etcd (7.5): what a stream does while a call is out, what is asked and what is not, and what becomes of people
//! while etcd is away. etcd is the one of `core`'s tests, answering the calls that the plugin makes of the host.

#[expect(dead_code, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "core's own test double")]
#[path = "../../../core/tests/all/ledgers/fake.rs"]
mod fake;

use std::time::Duration;

use tapgate_core::ledger::etcd::{AUTHORIZATION, Call};
use tapgate_host::{CallAnswer, Config, Exchange, Headers, HttpCall, Metric, Origin, StreamId};
use tapgate_host_tests::pass::{Pass, Receipt, read_assertion};
use tapgate_host_tests::policy::Policy;

use self::fake::FakeEtcd;
use crate::gate::{Gate, navigation, ok, present, request, session};
use crate::profiles::granted;

/// How often sessions are checked in these tests, and for how long a check may be overdue.
const RECHECK: u64 = 5;
const GRACE: u64 = 30;

/// A gate of two workers before an etcd.
pub(crate) struct Site {
    pub(crate) gate: Gate,
    pub(crate) etcd: FakeEtcd,
}

fn policy() -> Policy {
    Policy::shipped().with("/ledger", serde_json::json!({"etcd": {"cluster": "etcd", "authority": "etcd.internal"}}))
}

impl Site {
    pub(crate) fn new() -> Self {
        Self::on(&policy(), |config| config)
    }

    /// A gate whose timer has gone off once on each worker.
    pub(crate) fn on(policy: &Policy, describe: impl FnOnce(Config) -> Config) -> Self {
        let configure = |config: Config| describe(config.configuration(policy.text()).cluster("etcd"));
        let mut site = Self { gate: Gate::on(configure).expect("a policy that loads"), etcd: FakeEtcd::new() };
        site.tick();
        site.gate.host.advance(Duration::from_secs(5));
        site
    }

    pub(crate) fn tick(&mut self) {
        for worker in [0, 1] {
            self.gate.host.tick(worker).expect("a worker");
        }
        self.answer_all();
    }

    /// What etcd does with a call.
    pub(crate) fn etcds(&mut self, call: &HttpCall) -> CallAnswer {
        let paths = ["/v3/kv/txn", "/v3/lease/grant", "/v3/auth/authenticate"];
        let path = call.headers.get(":path").expect("a path");
        let path = paths.into_iter().find(|known| *known == path).expect("a path of etcd's");
        assert_eq!(call.headers.get(":authority").as_deref(), Some("etcd.internal"));
        assert_eq!(call.headers.get("content-type").as_deref(), Some("application/json"));
        assert_eq!((call.cluster.as_str(), call.timeout), ("etcd", Some(Duration::from_millis(500))));
        let token = call.headers.get(AUTHORIZATION);
        let (status, body) = self.etcd.post(&Call { path, body: call.body.clone().into() }, token.as_deref());
        CallAnswer::response(status, body)
    }

    /// Answers the oldest open call as etcd does.
    pub(crate) fn answer_next(&mut self) {
        let call = self.gate.host.calls().first().expect("a call is out").clone();
        let answer = self.etcds(&call);
        self.gate.host.answer(call.id, answer).expect("an open call");
    }

    /// Answers calls as etcd does until none is out; how many those were.
    pub(crate) fn answer_all(&mut self) -> u32 {
        let mut answered = 0;
        while !self.gate.host.calls().is_empty() {
            self.answer_next();
            answered += 1;
        }
        answered
    }

    /// The oldest open call ends in another way.
    pub(crate) fn fail(&mut self, answer: CallAnswer) {
        let call = self.gate.host.calls().first().expect("a call is out").id;
        self.gate.host.answer(call, answer).expect("an open call");
    }

    pub(crate) fn ask(&mut self, worker: usize, request: Headers) -> StreamId {
        let mut stream = self.gate.host.stream(worker).expect("a worker");
        stream.request_headers(request, true).expect("a request");
        stream.id()
    }

    pub(crate) fn present(&mut self, worker: usize, pass: &str) -> StreamId {
        let mut stream = self.gate.host.stream(worker).expect("a worker");
        present(&mut stream, pass).expect("a sign-in");
        stream.id()
    }

    pub(crate) fn seen(&mut self, stream: StreamId) -> Exchange {
        self.gate.host.at(stream).expect("an open stream").seen().expect("an open stream")
    }

    pub(crate) fn close(&mut self, stream: StreamId) -> Exchange {
        self.gate.host.at(stream).expect("an open stream").close().expect("an open stream")
    }

    /// A request without a body and the application's answer, etcd being there.
    pub(crate) fn exchange(&mut self, worker: usize, request: Headers, answer: Headers) -> Exchange {
        let stream = self.ask(worker, request);
        self.answer_all();
        if self.seen(stream).upstream.complete {
            self.gate.host.at(stream).expect("a stream").response_headers(answer, true).expect("an answer");
            self.answer_all();
        }
        self.close(stream)
    }

    pub(crate) fn pass(&self, user: &str) -> String {
        let now = self.gate.host.clock().wall.as_secs();
        let pass = Pass::new(&self.gate.keys, user).claim("iat", now - 1).claim("nbf", now - 1);
        pass.claim("exp", now + 3000).mint(&self.gate.secrets)
    }

    /// A pass for one holder that starts after the ledger's birth.
    pub(crate) fn one_time(&self, user: &str) -> String {
        let start = self.gate.host.clock().wall.as_secs() - 1;
        Pass::new(&self.gate.keys, user).once().claim("iat", start).claim("nbf", start).mint(&self.gate.secrets)
    }

    /// Signs in, etcd being there; gives the session's cookie.
    pub(crate) fn sign_in(&mut self, worker: usize, user: &str) -> String {
        let pass = self.pass(user);
        let stream = self.present(worker, &pass);
        self.answer_all();
        session(&self.close(stream)).expect("a session")
    }

    pub(crate) fn counted(&self, name: &str) -> u64 {
        match self.gate.host.metric(name) {
            Some(Metric::Counter(count)) => count,
            _ => 0,
        }
    }

    pub(crate) fn later(&mut self, seconds: u64) {
        self.gate.host.advance(Duration::from_secs(seconds));
    }

    pub(crate) fn no_misuse(&self) {
        assert_eq!(self.gate.host.misuses(), []);
        assert!(self.gate.host.reports().iter().all(|report| report.trap.is_none()));
    }
}

/// B4.3, B5.5, B7.5: two calls to sign in, none to be known on the same worker, one on another, two to complete.
#[test]
fn a_person_signs_in_registers_and_signs_out() {
    for shows_all in [false, true] {
        signs_in_registers_and_signs_out(Site::on(&policy(), |config| config.headers_stop_iteration(shows_all)));
    }
}

fn signs_in_registers_and_signs_out(mut site: Site) {
    let pass = site.pass("alice");
    let stream = site.present(0, &pass);
    assert_eq!(site.seen(stream).downstream.headers, None, "held");
    assert_eq!(site.answer_all(), 2);
    let signed_in = site.close(stream);
    assert_eq!((signed_in.origin, signed_in.downstream.status()), (Origin::Guest, Some(303)));
    assert!(!signed_in.upstream.complete);
    let cookie = session(&signed_in).expect("a session");

    let page = site.ask(0, navigation("/register", &cookie));
    assert_eq!((site.gate.host.calls(), site.seen(page).upstream.complete), (vec![], true), "its own swap told it");
    let seen = site.close(page);
    let claims = read_assertion(&site.gate.keys, &seen.upstream.header("tapgate-assertion").expect("an assertion"));
    let sid = claims.get("sid").and_then(|sid| sid.as_str()).expect("a session id").to_owned();

    let elsewhere = site.ask(1, navigation("/register", &cookie));
    assert!(site.seen(elsewhere).upstream.headers.is_none(), "held");
    assert_eq!(site.answer_all(), 1);
    assert_eq!(site.close(elsewhere).upstream.header("tapgate-user").as_deref(), Some("alice"));

    let receipt = Receipt::new(&site.gate.keys, "alice", &sid).mint(&site.gate.secrets);
    let finish = request("POST", "/register/finish").with("cookie", &cookie).with("sec-fetch-site", "same-origin");
    let finish = site.ask(1, finish);
    assert_eq!(site.answer_all(), 0);
    let mut stream = site.gate.host.at(finish).expect("a stream");
    stream.response_headers(ok().with("tapgate-receipt", &receipt), false).expect("an answer");
    stream.response_body("registered", true).expect("an answer");
    assert_eq!(site.seen(finish).downstream.headers, None, "held, with its body");
    assert_eq!(site.answer_all(), 2);
    let finished = site.close(finish);
    assert_eq!((finished.downstream.status(), finished.downstream.body.as_slice()), (Some(200), &b"registered"[..]));
    assert_eq!(finished.downstream.header("tapgate-receipt"), None);
    let opened = session(&finished).expect("a new session");

    // Worker 0 has seen the session, but not that it is registered: that has to be asked.
    let shop = site.ask(0, navigation("/shop", &opened));
    assert_eq!(site.answer_all(), 1);
    assert_eq!(site.close(shop).upstream.header("tapgate-state").as_deref(), Some("registered"));

    let sign_out = request("POST", "/.tap/sign-out").with("cookie", &opened).with("sec-fetch-site", "same-origin");
    let out = site.exchange(0, sign_out, ok());
    assert!(matches!(out.downstream.status(), Some(200..400)), "{out:?}");
    let gone = site.exchange(0, request("GET", "/shop").with("cookie", &opened), ok());
    assert_eq!((gone.origin, gone.downstream.status()), (Origin::Guest, Some(401)));
    let secrets = [pass.as_str(), receipt.as_str(), &cookie, &opened];
    assert_eq!(site.gate.host.leaks(secrets), []);
    site.no_misuse();
}

/// B7.5: a recheck that falls due is asked for once, by the timer, and holds nobody; what it finds counts.
#[test]
fn a_due_recheck_holds_nobody() {
    let mut site = Site::new();
    let cookie = site.sign_in(0, "alice");
    site.later(RECHECK - 1);
    for _ in 0..3 {
        site.ask(0, navigation("/register", &cookie));
    }
    site.gate.host.tick(0).expect("a worker");
    assert_eq!(site.gate.host.calls(), [], "not due");
    site.later(1);
    for _ in 0..3 {
        let stream = site.ask(0, navigation("/register", &cookie));
        assert!(site.close(stream).upstream.complete, "not held");
    }
    assert_eq!(site.gate.host.calls(), [], "nor does its end lose the answer");
    site.gate.host.tick(0).expect("a worker");
    site.gate.host.tick(0).expect("a worker");
    assert_eq!(site.answer_all(), 1);
    site.later(RECHECK - 1);
    site.ask(0, navigation("/register", &cookie));
    site.gate.host.tick(0).expect("a worker");
    assert_eq!(site.gate.host.calls(), [], "seen anew");

    // Signed out on the other worker: this one finds out by its next recheck, and not before.
    let sign_out = request("POST", "/.tap/sign-out").with("cookie", &cookie).with("sec-fetch-site", "same-origin");
    site.exchange(1, sign_out, ok());
    site.later(1);
    let last = site.ask(0, navigation("/register", &cookie));
    assert!(site.close(last).upstream.complete);
    site.gate.host.tick(0).expect("a worker");
    site.answer_all();
    let dead = site.exchange(0, request("GET", "/register").with("cookie", &cookie), ok());
    assert_eq!((dead.upstream.headers, dead.downstream.status()), (None, Some(401)));
    site.no_misuse();
}

/// B5.4: what was asked before this worker's own change and comes back after it says nothing any more.
#[test]
fn an_answer_that_was_overtaken_brings_no_session_back() {
    let mut site = Site::new();
    let cookie = site.sign_in(0, "alice");
    site.later(RECHECK);
    site.ask(0, navigation("/register", &cookie));
    site.gate.host.tick(0).expect("a worker");
    let recheck = site.gate.host.calls().first().expect("a recheck").clone();
    let late = site.etcds(&recheck);
    let sign_out = request("POST", "/.tap/sign-out").with("cookie", &cookie).with("sec-fetch-site", "same-origin");
    let out = site.ask(0, sign_out);
    while let Some(call) = site.gate.host.calls().into_iter().find(|call| call.id != recheck.id) {
        let answer = site.etcds(&call);
        site.gate.host.answer(call.id, answer).expect("an open call");
    }
    assert!(matches!(site.close(out).downstream.status(), Some(200..400)));
    site.gate.host.answer(recheck.id, late).expect("an open call");
    let gone = site.exchange(0, request("GET", "/register").with("cookie", &cookie), ok());
    assert_eq!((gone.upstream.headers, gone.downstream.status()), (None, Some(401)));
    site.no_misuse();
}

/// How etcd can fail a call that it got.
fn failures() -> Vec<(&'static str, CallAnswer)> {
    vec![
        ("unreachable", CallAnswer::Unreachable),
        ("too late", CallAnswer::TimedOut),
        ("broken off", CallAnswer::Reset),
        ("half an answer", CallAnswer::response(200, r#"{"header":{"revision":"9"},"succe"#)),
        ("nothing", CallAnswer::response(200, "")),
        ("not JSON", CallAnswer::response(200, "<html>ok</html>")),
        ("not an answer", CallAnswer::response(200, r#"{"succeeded":true}"#)),
        ("no responses", CallAnswer::response(200, r#"{"header":{"revision":"9"},"succeeded":true,"responses":[]}"#)),
        ("`succeeded` absent", CallAnswer::response(200, r#"{"header":{"revision":"9"},"responses":[]}"#)),
        ("a fault", CallAnswer::response(500, r#"{"code":13,"message":"etcdserver: something"}"#)),
        ("no status", CallAnswer::Response { headers: Headers::new(), body: b"{}".to_vec(), trailers: Headers::new() }),
        ("huge", CallAnswer::response(200, vec![b' '; 1 << 20])),
    ]
}

fn assert_unavailable(seen: &Exchange, what: &str) {
    assert_eq!((seen.origin, seen.downstream.status()), (Origin::Guest, Some(503)), "{what}");
    assert!(seen.downstream.header("retry-after").is_some(), "{what}");
    assert!(session(seen).is_none() && !seen.upstream.complete, "{what}");
}

/// B10.2, B7.1: whichever call of a sign-in fails, and however, nobody is let in and everybody is told when to come again.
/// Strangers notice nothing, and once etcd is back the same pass is good.
#[test]
fn nobody_signs_in_while_etcd_is_away() {
    for (what, failure) in failures() {
        for good in [0, 1] {
            let mut site = Site::new();
            let pass = site.one_time("alice");
            let stream = site.present(0, &pass);
            (0..good).for_each(|_| site.answer_next());
            while !site.gate.host.calls().is_empty() {
                site.fail(failure.clone());
            }
            assert_unavailable(&site.close(stream), what);
            assert!(site.counted("tapgate.ledger.failure") > 0, "{what}");
            let stranger = site.ask(0, request("GET", "/shop"));
            assert!(site.seen(stranger).upstream.complete, "{what}");
            let again = site.present(1, &pass);
            site.answer_all();
            assert!(session(&site.close(again)).is_some(), "{what}: once it is back");
            site.no_misuse();
        }
    }
}

/// Likewise where nothing can be sent at all, with no callback to come.
#[test]
fn nobody_signs_in_while_no_host_of_etcd_is_healthy() {
    for good in [0, 1] {
        let mut site = Site::new();
        let pass = site.one_time("alice");
        site.gate.host.set_healthy("etcd", good == 1);
        let stream = site.present(0, &pass);
        site.gate.host.set_healthy("etcd", false);
        if good == 1 {
            site.answer_next();
        }
        assert_eq!(site.gate.host.calls(), []);
        assert_unavailable(&site.close(stream), "nothing sent");
        site.gate.host.set_healthy("etcd", true);
        let again = site.present(1, &pass);
        site.answer_all();
        assert!(session(&site.close(again)).is_some(), "once it is back");
        site.no_misuse();
    }
}

/// B7.5, B10.2: a session lives through the grace, is refused after it, and is let on once etcd is back. One that the worker
/// has never seen waits, and is refused at once.
#[test]
fn a_session_outlives_etcd_by_the_grace() {
    for (what, failure) in failures() {
        let mut site = Site::new();
        let cookie = site.sign_in(0, "alice");
        let away = |site: &mut Site, worker| {
            let stream = site.ask(worker, request("GET", "/register").with("cookie", &cookie));
            while !site.gate.host.calls().is_empty() {
                site.fail(failure.clone());
            }
            site.close(stream)
        };
        assert_unavailable(&away(&mut site, 1), what);
        for _ in 0..RECHECK + GRACE {
            site.later(1);
            assert!(away(&mut site, 0).upstream.complete, "{what}");
            site.gate.host.tick(0).expect("a worker");
            while !site.gate.host.calls().is_empty() {
                site.fail(failure.clone());
            }
        }
        site.later(1);
        assert_unavailable(&away(&mut site, 0), what);
        let back = site.exchange(0, request("GET", "/register").with("cookie", &cookie), ok());
        assert!(back.upstream.complete, "{what}: back");
        site.no_misuse();
    }
}

/// B7.3: the answer to a swap is lost, and the swap was not: the attempt that looks again knows its own.
#[test]
fn a_lost_reply_to_a_swap_is_found_out() {
    let mut site = Site::new();
    let pass = site.one_time("alice");
    let stream = site.present(0, &pass);
    site.answer_next();
    let swap = site.gate.host.calls().first().expect("a swap").clone();
    site.etcds(&swap);
    site.fail(CallAnswer::TimedOut);
    assert_eq!(site.answer_all(), 1, "one look");
    assert!(session(&site.close(stream)).is_some());
    let other = site.present(1, &pass);
    site.answer_all();
    assert_eq!(site.close(other).downstream.status(), Some(401), "and it was written");
    site.no_misuse();
}

/// B7.3: one holder in every order in which two workers' calls can be answered; who lost looks no second time.
#[test]
fn one_holder_in_every_order_of_answers() {
    for order in 0..16_u32 {
        let mut site = Site::new();
        let pass = site.one_time("alice");
        let streams = [0, 1].map(|worker| site.present(worker, &pass));
        let mut calls = 0;
        while !site.gate.host.calls().is_empty() {
            let open = site.gate.host.calls();
            let last = order >> calls & 1 == 1;
            let call = if last { open.last() } else { open.first() }.expect("a call").clone();
            let answer = site.etcds(&call);
            site.gate.host.answer(call.id, answer).expect("an open call");
            calls += 1;
        }
        let seen = streams.map(|stream| site.close(stream));
        let mut statuses = seen.each_ref().map(|seen| seen.downstream.status());
        statuses.sort();
        assert_eq!(statuses, [Some(303), Some(401)], "order {order:b}");
        assert!(calls <= 4, "order {order:b}: {calls} calls");
        site.no_misuse();
    }
}

/// B4.2: bodies, trailers and ends of streams that come while a call is out, on proxies that show them and on those that do not.
#[test]
fn what_comes_while_a_call_is_out_waits_with_it() {
    for shows_all in [false, true] {
        let mut site = Site::on(&policy(), |config| config.headers_stop_iteration(shows_all));
        let cookie = site.sign_in(0, "alice");
        let upload =
            || request("POST", "/register/begin").with("cookie", &cookie).with("sec-fetch-site", "same-origin");

        // A body and trailers behind headers that wait.
        let id = site.ask_open(1, upload());
        let mut stream = site.gate.host.at(id).expect("a stream");
        stream.request_body("one, ", false).expect("a body").request_body("two", false).expect("a body");
        stream.request_trailers(Headers::new().with("tapgate-user", "admin").with("x-sum", "7")).expect("trailers");
        assert_eq!(site.seen(id).upstream.headers, None, "held");
        assert_eq!(site.answer_all(), 1);
        let seen = site.close(id);
        assert_eq!(seen.upstream.body, b"one, two");
        assert_eq!(seen.upstream.trailers, Some(Headers::new().with("x-sum", "7")));
        assert!(seen.upstream.complete);

        // A sign-in with a session that this worker must ask about first, its body coming early.
        site.later(RECHECK + GRACE + 1);
        let pass = site.pass("bob");
        let body = format!("pass={pass}");
        let sign_in = request("POST", "/.tap/sign-in")
            .with("cookie", &cookie)
            .with("content-type", "application/x-www-form-urlencoded")
            .with("sec-fetch-site", "same-origin");
        let id = site.ask_open(1, sign_in.clone());
        let (first, rest) = body.split_at(20);
        let mut stream = site.gate.host.at(id).expect("a stream");
        stream.request_body(first, false).expect("a body");
        site.answer_next();
        assert!(site.seen(id).upstream.body.is_empty(), "no part of a pass goes on");
        let mut stream = site.gate.host.at(id).expect("a stream");
        stream.request_body(rest, true).expect("a body");
        assert_eq!(site.answer_all(), 2);
        let seen = site.close(id);
        assert_eq!((seen.downstream.status(), seen.upstream.body.as_slice()), (Some(303), &b""[..]));

        // Reset in each of the three waits; the answers come to nobody.
        let waits: [fn(&mut Site, &str, &str) -> StreamId; 2] = [
            |site, cookie, _| site.ask(1, navigation("/register", cookie)),
            |site, _, pass| {
                let id = site.present(1, pass);
                site.answer_next();
                id
            },
        ];
        for wait in waits {
            site.later(RECHECK + GRACE + 1);
            let id = wait(&mut site, &cookie, &pass);
            assert_eq!(site.gate.host.calls().len(), 1);
            site.close(id);
            site.answer_all();
        }
        site.no_misuse();
    }
}

/// The proxy answers a request that is held, and later the call comes back: nobody is answered twice.
#[test]
fn a_request_that_the_proxy_answered_is_not_answered_again() {
    let mut site = Site::new();
    let cookie = site.sign_in(0, "alice");
    let id = site.ask(1, navigation("/shop", &cookie));
    let mut stream = site.gate.host.at(id).expect("a stream");
    stream.proxy_answer(408, Headers::new(), "stream_idle_timeout").expect("an answer");
    site.answer_all();
    assert_eq!(site.close(id).downstream.status(), Some(408));
    site.no_misuse();
}

/// Without the buffer filter the application can answer a sign-in's headers while the pass is being looked up.
#[test]
fn an_early_answer_waits_for_the_decision() {
    let mut site = Site::new();
    let pass = site.pass("alice");
    let id = site.present(0, &pass);
    let mut stream = site.gate.host.at(id).expect("a stream");
    stream.response_headers(Headers::new().with(":status", "404"), false).expect("an answer");
    stream.response_body("not here", true).expect("an answer");
    assert_eq!(site.seen(id).downstream.headers, None);
    site.answer_all();
    let seen = site.close(id);
    assert_eq!(seen.downstream.status(), Some(303));
    assert!(session(&seen).is_some());
    site.no_misuse();
}

/// B7.5: a token is got ahead, renewed once when etcd refuses it, and never sent with the password; without one nobody gets in.
#[test]
fn tokens_are_renewed_when_etcd_refuses_them() {
    let policy = policy()
        .with("/ledger/etcd/usernameEnv", "TAPGATE_ETCD_USER")
        .with("/ledger/etcd/passwordEnv", "TAPGATE_ETCD_PASSWORD");
    let configure = |config: Config| {
        let config = config.variable("TAPGATE_ETCD_USER", "tapgate").variable("TAPGATE_ETCD_PASSWORD", "s3cret-word");
        config.configuration(policy.text()).cluster("etcd")
    };
    let mut site = Site { gate: Gate::on(configure).expect("a policy that loads"), etcd: FakeEtcd::new() };
    site.etcd.user = Some(("tapgate", "s3cret-word"));
    site.tick();
    site.later(5);
    let present = |site: &mut Site, user: &str| {
        let pass = site.pass(user);
        let id = site.present(0, &pass);
        (site.answer_all(), session(&site.close(id)).is_some())
    };
    assert_eq!(present(&mut site, "alice"), (2, true));
    site.etcd.forget_tokens();
    assert_eq!(present(&mut site, "bob"), (4, true), "refused, a token, and the two");
    let pass = site.pass("carol");
    let id = site.present(0, &pass);
    site.answer_next();
    site.etcd.forget_tokens();
    assert_eq!(site.answer_all(), 3, "a swap refused, a token, the swap");
    assert!(session(&site.close(id)).is_some());
    site.etcd.forget_tokens();
    site.etcd.user = Some(("tapgate", "another"));
    assert_eq!(present(&mut site, "dave"), (2, false), "refused, and no token");
    assert_eq!(site.gate.host.leaks(["s3cret-word"]), []);
    site.no_misuse();
}

/// B7.2: a lease is there before it is needed, and one that has ended is replaced, once.
#[test]
fn leases_are_granted_ahead() {
    let mut site = Site::new();
    let grants = |site: &Site| {
        let granted = |call: &&HttpCall| call.headers.get(":path").as_deref() == Some("/v3/lease/grant");
        site.gate.host.calls().iter().filter(granted).count()
    };
    site.gate.host.tick(0).expect("a worker");
    assert_eq!(site.gate.host.calls(), [], "it has one");
    site.later(3001);
    site.gate.host.tick(0).expect("a worker");
    assert_eq!(grants(&site), 1);
    site.answer_all();
    site.later(3001);
    let pass = site.pass("alice");
    let id = site.present(0, &pass);
    assert_eq!(site.answer_all(), 2, "the new one serves");
    assert!(session(&site.close(id)).is_some());
    site.etcd.forget_leases();
    let pass = site.pass("bob");
    let id = site.present(0, &pass);
    assert_eq!(site.answer_all(), 4, "a look, a swap in vain, a lease, the swap");
    assert!(session(&site.close(id)).is_some());
    site.no_misuse();
}

/// What the shipped configuration grants is enough for this ledger too.
#[test]
fn the_granted_capabilities_are_enough() {
    let granted = granted();
    let mut site = Site::on(&policy(), |config| config.grant_only(granted.iter().map(String::as_str)));
    assert_eq!(site.gate.host.tick_period(0), Ok(Some(Duration::from_millis(200))));
    let cookie = site.sign_in(0, "alice");
    let page = site.exchange(1, navigation("/register", &cookie), ok());
    assert_eq!(page.upstream.header("tapgate-user").as_deref(), Some("alice"));
    site.no_misuse();
}

impl Site {
    /// A request whose body is still to come.
    fn ask_open(&mut self, worker: usize, request: Headers) -> StreamId {
        let mut stream = self.gate.host.stream(worker).expect("a worker");
        stream.request_headers(request, false).expect("a request");
        stream.id()
    }
}

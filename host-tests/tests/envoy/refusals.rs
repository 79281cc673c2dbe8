//! Every refusal of B8 that can occur: its status, its reason, the form it takes, and what it gives away.

use serde_json::json;
use tapgate_core::ledger::{RecordName, bucket};
use tapgate_core::names::TenantId;
use tapgate_host_tests::client::{Call, Protocol};
use tapgate_host_tests::clock::now;
use tapgate_host_tests::gate::{Gate, SESSION, sign_in, sign_in_json};
use tapgate_host_tests::keys::Key;
use tapgate_host_tests::pass::{Pass, forge};
use tapgate_host_tests::policy::Policy;

use crate::support::timeless;

#[tokio::test]
async fn whatever_is_not_an_authentic_pass_gets_one_neutral_answer() {
    let gate = Gate::start().await;
    let honest = gate.pass("alice");
    let stranger = Key::random();
    let mut neutral = None;
    let forged = forge::all(&honest, &stranger);
    let others = ["12345678", "", "a", "wrong-code-that-is-long-enough"].map(|code| ("a code", code.to_owned()));
    for (what, pass) in forged.iter().chain(&others) {
        gate.secrets.note(pass);
        for protocol in Protocol::BOTH {
            let page = timeless(
                gate.browser_on(protocol).submit("/.tap/sign-in", &[("username", "alice"), ("pass", pass)]).await,
            );
            let call = Call::fetch("POST", "/.tap/sign-in").json(&json!({"username": "alice", "pass": pass}));
            let problem = timeless(gate.browser_on(protocol).send(call).await);
            assert_eq!((page.status, problem.status), (401, 401), "{what}");
            assert_eq!(problem.reason(), "invalid_pass", "{what}");
            assert!(
                page.text()
                    .contains("That Temporary Access Pass is not valid. After several tries, wait a few minutes."),
                "{what}"
            );
            assert_eq!(
                page.header("www-authenticate").as_deref(),
                Some("TemporaryAccessPass realm=\"contoso\""),
                "{what}"
            );
            assert!(page.set_cookie(SESSION).is_none() && problem.set_cookie(SESSION).is_none(), "{what}");
            let answers = (page, problem);
            let neutral = neutral.get_or_insert_with(|| answers.clone());
            assert_eq!(&answers, neutral, "{what} is told apart");
        }
    }
    // The same for people whom the gate has met.
    assert_eq!(sign_in(&mut gate.browser(), &honest.mint(&gate.secrets)).await.status, 303);
    let wrong = forge::compact(forge::HEADER, &honest.claims().to_string(), &stranger);
    let call = Call::fetch("POST", "/.tap/sign-in").json(&json!({"username": "alice", "pass": wrong}));
    assert_eq!(Some(timeless(gate.browser().send(call).await)), neutral.map(|(_, problem)| problem));
    let events = gate.envoy.log().audit();
    assert!(
        events.iter().all(|event| event["outcome"] == "done" || event.get("user").is_none()),
        "a forged name was believed: {events:?}"
    );
}

/// A pass under a policy, and what becomes of it.
struct Case {
    what: &'static str,
    policy: Policy,
    pass: fn(Pass) -> Pass,
    expect: (u16, &'static str),
}

fn case(what: &'static str, policy: Policy, pass: fn(Pass) -> Pass, expect: (u16, &'static str)) -> Case {
    Case { what, policy, pass, expect }
}

fn cases() -> Vec<Case> {
    let shipped = Policy::shipped;
    let tap = |member: &str, value: serde_json::Value| shipped().with(&format!("/temporaryAccessPass/{member}"), value);
    let group = |id: &str| json!([{"targetType": "group", "id": id}]);
    let directory = json!({"users": [{"id": "u-1", "userPrincipalName": "alice@example.com", "groups": ["staff"]}]});
    vec![
        case(
            "in the future",
            shipped(),
            |pass| pass.valid(now() + 60, now() + 3600).claim("iat", now()),
            (401, "not_yet_valid"),
        ),
        case("issued in the future", shipped(), |pass| pass.claim("iat", now() + 60), (401, "not_yet_valid")),
        case("within the skew", shipped(), |pass| pass.valid(now() + 20, now() + 3600).claim("iat", now()), (200, "")),
        case(
            "one-time within the skew",
            shipped(),
            |pass| pass.once().valid(now() + 20, now() + 3600).claim("iat", now()),
            (401, "not_yet_valid"),
        ),
        case("over", shipped(), |pass| pass.valid(now() - 3600, now()), (401, "expired")),
        case("over within the skew", shipped(), |pass| pass.valid(now() - 3600, now() - 1), (401, "expired")),
        case("too short", shipped(), |pass| pass.valid(now(), now() + 599), (403, "lifetime_out_of_policy")),
        case("just long enough", shipped(), |pass| pass.valid(now(), now() + 600), (200, "")),
        case("too long", shipped(), |pass| pass.valid(now(), now() + 480 * 60 + 1), (403, "lifetime_out_of_policy")),
        case(
            "starts too long after its issue",
            shipped().with("/signIn/startsWithinInMinutes", 1),
            |pass| pass.claim("iat", now() - 61),
            (403, "lifetime_out_of_policy"),
        ),
        case("switched off", tap("state", "disabled".into()), |pass| pass, (403, "disabled")),
        case("only one-time passes", tap("isUsableOnce", true.into()), |pass| pass, (403, "multi_use_forbidden")),
        case(
            "outside the group",
            tap("includeTargets", group("staff")),
            |pass| pass.claim("groups", vec!["guests"]),
            (403, "out_of_scope"),
        ),
        case("no groups at all", tap("includeTargets", group("staff")), |pass| pass, (403, "out_of_scope")),
        case(
            "inside the group",
            tap("includeTargets", group("staff")),
            |pass| pass.claim("groups", vec!["staff"]),
            (200, ""),
        ),
        case(
            "excluded",
            tap("excludeTargets", group("leavers")),
            |pass| pass.claim("groups", vec!["staff", "leavers"]),
            (403, "out_of_scope"),
        ),
        case(
            "not in the directory",
            shipped().with("/directory", directory.clone()),
            |pass| pass.claim("sub", "bob@example.com"),
            (403, "out_of_scope"),
        ),
        case(
            "in the directory",
            shipped().with("/directory", directory),
            |pass| pass.claim("sub", "ALICE@example.com"),
            (200, ""),
        ),
    ]
}

#[tokio::test]
async fn an_authentic_pass_is_told_the_precise_reason() {
    for Case { what, policy, pass, expect } in cases() {
        let gate = Gate::with(|setup| setup.policy(&policy)).await;
        let pass = pass(gate.pass("alice@example.com")).mint(&gate.secrets);
        let answer = sign_in_json(&mut gate.browser(), &pass).await;
        let reason = if answer.status == 200 { String::new() } else { answer.reason() };
        assert_eq!((answer.status, reason.as_str()), expect, "{what}");
        assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"), "{what}");
        assert_eq!(answer.header("www-authenticate").is_some(), answer.status == 401, "{what}");
        if answer.status != 200 {
            let body = answer.json();
            assert!(
                body["type"].is_string() && body["title"].is_string() && body["status"] == answer.status,
                "{what}: {body}"
            );
            let page = sign_in(&mut gate.browser(), &pass).await;
            assert_eq!(page.status, answer.status, "{what}");
            assert_eq!(page.header("content-type").as_deref(), Some("text/html; charset=utf-8"), "{what}");
        }
    }
}

#[tokio::test]
async fn a_newer_pass_replaces_an_older_one() {
    let gate = Gate::start().await;
    let (older, newer) = (gate.pass("alice").claim("iat", now() - 20), gate.pass("alice").claim("iat", now() - 10));
    let twin = gate.pass("alice").claim("iat", now() - 10).mint(&gate.secrets);
    let (older, newer) = (older.mint(&gate.secrets), newer.mint(&gate.secrets));
    let mut first = gate.browser();
    assert_eq!(sign_in(&mut first, &older).await.status, 303);
    let mut second = gate.browser();
    assert_eq!(sign_in(&mut second, &newer).await.status, 303);
    let answer = first.fetch("GET", "/register").await;
    assert_eq!(
        (answer.status, answer.reason().as_str()),
        (401, "registration_deadline_passed"),
        "a replaced pass's session lives on"
    );
    for (what, pass) in [("older", &older), ("twin", &twin)] {
        let answer = sign_in_json(&mut gate.browser(), pass).await;
        assert_eq!((answer.status, answer.reason().as_str()), (401, "replaced"), "{what}");
    }
    assert_eq!(second.navigate("/register").await.status, 200);
    // Never seen before, but older than the newest: replaced just the same.
    let unseen = gate.pass("alice").claim("iat", now() - 30).mint(&gate.secrets);
    assert_eq!(sign_in_json(&mut gate.browser(), &unseen).await.reason(), "replaced");
    // Another user's passes are another matter.
    assert_eq!(
        sign_in(&mut gate.browser(), &gate.pass("bob").claim("iat", now() - 30).mint(&gate.secrets)).await.status,
        303
    );
}

#[tokio::test]
async fn a_pass_that_is_refused_replaces_nothing() {
    let gate = Gate::start().await;
    let mut browser = gate.registering("alice", Protocol::Http1).await;
    let newer = gate.pass("alice").claim("iat", now() + 5);
    for pass in [
        newer.clone().valid(now() + 5, now() + 100),
        newer.clone().claim("aud", "x"),
        newer.signed_with(&Key::random()),
    ] {
        assert_ne!(sign_in(&mut gate.browser(), &pass.mint(&gate.secrets)).await.status, 303);
    }
    assert_eq!(browser.navigate("/register").await.status, 200);
}

/// Users whose records lie in one bucket: a ledger is full where a bucket is.
fn neighbours() -> impl Iterator<Item = String> {
    let tenant: TenantId = "contoso".parse().expect("a tenant");
    let place =
        move |user: &String| bucket::key(&tenant, &RecordName::of(&tenant, &user.parse().expect("an identity")));
    let first = place(&"user-0".to_owned());
    (0..).map(|number: u32| format!("user-{number}")).filter(move |user| place(user) == first)
}

#[tokio::test]
async fn a_full_ledger_refuses_rather_than_forgets() {
    let policy = Policy::shipped().with("/ledger", json!({"sharedData": {"maximumRecords": 1}}));
    let gate = Gate::with(|setup| setup.policy(&policy)).await;
    let mut first = gate.registering("user-0", Protocol::Http2).await;
    let mut browser = gate.browser_on(Protocol::Http2);
    let mut refused = None;
    for user in neighbours().skip(1).take(100) {
        browser.jar = tapgate_host_tests::client::Jar::default();
        let answer = sign_in_json(&mut browser, &gate.pass(&user).mint(&gate.secrets)).await;
        if answer.status != 200 {
            refused = Some(answer);
            break;
        }
    }
    let answer = refused.expect("a bounded ledger");
    assert_eq!((answer.status, answer.reason().as_str()), (503, "ledger_unavailable"));
    assert!(answer.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok()), "{answer:?}");
    assert_eq!(first.navigate("/register").await.status, 200, "the first session was forgotten");
    assert_eq!(browser.send(Call::get("/anonymous")).await.status, 200, "anonymous traffic is unaffected");
}

#[tokio::test]
async fn a_live_session_obeys_the_policy_of_the_day() {
    // One set of keys over two policies: the session was opened under the first.
    let open = Gate::start().await;
    let session = open.registering("alice", Protocol::Http1).await.jar.get(SESSION).expect("a session").to_owned();
    let keys = open.keys.environment();
    let closed = Policy::shipped().with("/temporaryAccessPass/state", "disabled");
    let gate =
        Gate::with(|setup| keys.iter().fold(setup.policy(&closed), |setup, (name, value)| setup.variable(name, value)))
            .await;
    let mut browser = gate.browser();
    browser.jar.put(SESSION, &session);
    let answer = browser.fetch("GET", "/register").await;
    assert_eq!((answer.status, answer.reason().as_str()), (401, "registration_deadline_passed"));
    assert_eq!(gate.upstream.count(), 0);
}

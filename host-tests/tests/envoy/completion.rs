//! Registration completed (B5.5, B5.6): by a receipt or by a status, on the application's own answer, once, in time.

use std::sync::Arc;
use std::time::Duration;

use tapgate_host_tests::body::Body;
use tapgate_host_tests::client::{Browser, Call, Protocol};
use tapgate_host_tests::clock::{self, now};
use tapgate_host_tests::envoy::Setup;
use tapgate_host_tests::gate::{Gate, SESSION, sign_in};
use tapgate_host_tests::keys::Keys;
use tapgate_host_tests::pass::Receipt;
use tapgate_host_tests::policy::Policy;
use tapgate_host_tests::secrets::Secrets;
use tapgate_host_tests::upstream::{Handler, Recorded, Reply};

use crate::support::VARIANTS;

async fn state(browser: &mut Browser) -> Option<String> {
    let status = browser.fetch("GET", "/.tap/status").await;
    (status.status == 200).then(|| status.json()["state"].as_str().expect("a state").to_owned())
}

/// An application whose answer to `POST /register/finish` is made of an honest receipt.
fn answering(
    reply: impl Fn(&Keys, Receipt, &Secrets) -> Reply + Send + Sync + 'static,
) -> impl FnOnce(&Keys, &Secrets) -> Handler {
    move |keys, secrets| {
        let (keys, secrets) = (keys.clone(), secrets.clone());
        Arc::new(move |request: &Recorded| match Receipt::answering(&keys, request) {
            Some(receipt) if request.target == "/register/finish" => reply(&keys, receipt, &secrets),
            _ => Reply::text(format!("{} {}", request.method, request.target)),
        })
    }
}

#[tokio::test]
async fn a_receipt_opens_the_site() {
    for (variant, setup) in VARIANTS {
        let gate = Gate::with(setup).await;
        for protocol in Protocol::BOTH {
            let mut browser = gate.registering("alice", protocol).await;
            let old = browser.jar.get(SESSION).expect("a session").to_owned();
            let answer = browser.fetch("POST", "/register/finish").await;
            assert_eq!((answer.status, answer.text().as_str()), (200, "registered"), "{variant} {protocol:?}");
            assert_eq!(answer.header("tapgate-receipt"), None);
            assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"));
            assert!(
                answer.set_cookie(SESSION).is_some_and(|cookie| !cookie.deletes()),
                "{variant} {protocol:?}: {answer:?}"
            );
            assert_eq!(state(&mut browser).await.as_deref(), Some("registered"));
            assert_eq!(browser.navigate("/mail").await.text(), "GET /mail", "{variant} {protocol:?}");
            assert_eq!(gate.upstream.last().header("tapgate-state").as_deref(), Some("registered"));
            // The cookie from before never opens more than registration.
            let mut stale = gate.browser_on(protocol);
            stale.jar.put(SESSION, &old);
            assert_ne!(stale.navigate("/mail").await.status, 200, "{variant} {protocol:?}");
            stale.jar.put(SESSION, &old);
            assert_ne!(stale.fetch("GET", "/mail").await.status, 200, "{variant} {protocol:?}");
        }
    }
}

#[tokio::test]
async fn a_status_sends_the_person_to_sign_in() {
    for (variant, setup) in VARIANTS {
        let gate = Gate::with(setup).await;
        for protocol in Protocol::BOTH {
            let mut browser = gate.registering("alice", protocol).await;
            let session = browser.jar.get(SESSION).expect("a session").to_owned();
            let answer = browser.fetch("POST", "/register/finish-by-status").await;
            assert_eq!(answer.status, 204, "{variant} {protocol:?}");
            assert!(
                answer.set_cookie(SESSION).is_some_and(|cookie| cookie.deletes()),
                "{variant} {protocol:?}: {answer:?}"
            );
            browser.jar.put(SESSION, &session);
            assert_ne!(
                browser.fetch("GET", "/register").await.status,
                200,
                "{variant} {protocol:?}: the session lives on"
            );
        }
    }
}

#[tokio::test]
async fn sign_in_is_what_follows_a_receipt_when_the_policy_says_so() {
    let policy = Policy::shipped().without("/registration/then");
    let gate = Gate::with(|setup| setup.policy(&policy)).await;
    let mut browser = gate.registering("alice", Protocol::Http1).await;
    let answer = browser.fetch("POST", "/register/finish").await;
    assert!(answer.status == 200 && answer.set_cookie(SESSION).is_some_and(|cookie| cookie.deletes()), "{answer:?}");
    assert_eq!(state(&mut browser).await, None);
}

#[tokio::test]
async fn the_rule_is_the_method_the_path_and_the_status() {
    let gate = Gate::start().await;
    let mut browser = gate.registering("alice", Protocol::Http1).await;
    for (method, path) in [
        ("GET", "/register/finish-by-status"),
        ("PUT", "/register/finish-by-status"),
        ("POST", "/register/finish-by-status/"),
        ("POST", "/register/Finish-by-status"),
        ("POST", "/register/finish-by-statu"),
    ] {
        assert_eq!(browser.fetch(method, path).await.status, 200, "{method} {path}");
        assert_eq!(state(&mut browser).await.as_deref(), Some("registering"), "{method} {path}");
    }
    assert_eq!(
        browser.fetch("POST", "/register/finish-by-status?x=y").await.status,
        200,
        "the standard application wants no query"
    );
    assert_eq!(state(&mut browser).await.as_deref(), Some("registering"), "200 is not 204");
}

#[tokio::test]
async fn answers_are_held_whole_and_go_on_as_they_were() {
    let big = "y".repeat(3 << 20);
    let sent = big.clone();
    let answer = move |_: &Keys, receipt: Receipt, secrets: &Secrets| {
        Reply::status(201)
            .header("tapgate-receipt", receipt.mint(secrets))
            .header("x-more", "1")
            .body(Body::chunked(&sent, 60_000).trailer("x-sum", "2"))
    };
    for (variant, setup) in VARIANTS {
        let gate = Gate::serving(answering(answer.clone()), |chosen| setup(chosen).http2_application()).await;
        for protocol in Protocol::BOTH {
            let mut browser = gate.registering("alice", protocol).await;
            let answer = browser.send(Call::fetch("POST", "/register/finish").header("te", "trailers")).await;
            assert_eq!((answer.status, answer.body.len()), (201, big.len()), "{variant} {protocol:?}");
            assert_eq!(answer.header("x-more").as_deref(), Some("1"));
            assert!(answer.trailers.contains(&("x-sum".to_owned(), b"2".to_vec())), "{variant} {protocol:?}");
            assert_eq!(state(&mut browser).await.as_deref(), Some("registered"), "{variant} {protocol:?}");
        }
    }
}

#[tokio::test]
async fn the_proxys_own_answers_complete_nothing() {
    let path = "/register/finish-by-status";
    let gate = Gate::with(|setup| setup.direct_response(path, 204)).await;
    for protocol in Protocol::BOTH {
        let mut browser = gate.registering("alice", protocol).await;
        assert_eq!(browser.fetch("POST", path).await.status, 204);
        assert_eq!(state(&mut browser).await.as_deref(), Some("registering"));
    }
    assert_eq!(gate.upstream.count(), 0, "the same answer from the application is another test's");
}

#[tokio::test]
async fn an_answer_after_the_deadline_completes_nothing() {
    let late = |_: &Keys, receipt: Receipt, secrets: &Secrets| {
        Reply::text("late").header("tapgate-receipt", receipt.mint(secrets)).after(Duration::from_secs(4))
    };
    let gate = Gate::serving(answering(late), |setup| setup).await;
    let end = now() + 3;
    let mut browser = gate.browser();
    assert_eq!(sign_in(&mut browser, &gate.pass("alice").valid(end - 600, end).mint(&gate.secrets)).await.status, 303);
    // A request that runs at the deadline is not cut, but it opens nothing any more.
    let answer = browser.fetch("POST", "/register/finish").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "late"));
    assert!(answer.set_cookie(SESSION).is_none_or(|cookie| cookie.deletes()), "{answer:?}");
    assert_eq!(state(&mut browser).await, None);
}

#[tokio::test]
async fn an_answer_after_signing_out_completes_nothing() {
    let late = |_: &Keys, receipt: Receipt, secrets: &Secrets| {
        Reply::text("late").header("tapgate-receipt", receipt.mint(secrets)).after(Duration::from_secs(2))
    };
    let gate = Gate::serving(answering(late), |setup| setup).await;
    let mut browser = gate.registering("alice", Protocol::Http1).await;
    let mut other = gate.browser();
    other.jar.put(SESSION, browser.jar.get(SESSION).expect("a session"));
    let (answer, out) = tokio::join!(browser.fetch("POST", "/register/finish"), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        other.submit("/.tap/sign-out", &[]).await
    });
    assert_eq!((answer.text().as_str(), out.status), ("late", 200));
    assert!(answer.set_cookie(SESSION).is_none_or(|cookie| cookie.deletes()), "{answer:?}");
    assert_eq!(state(&mut browser).await, None);
}

#[tokio::test]
async fn a_registered_session_ends_with_its_pass() {
    let gate = Gate::start().await;
    let end = now() + 4;
    let mut browser = gate.browser();
    assert_eq!(sign_in(&mut browser, &gate.pass("alice").valid(end - 600, end).mint(&gate.secrets)).await.status, 303);
    assert_eq!(browser.fetch("POST", "/register/finish").await.status, 200);
    assert_eq!(browser.navigate("/mail").await.status, 200);
    let session = browser.jar.get(SESSION).expect("a session").to_owned();
    clock::reach(end).await;
    let answer = browser.navigate("/mail").await;
    assert_eq!(answer.status, 303, "{answer:?}");
    let page = answer.header("location").expect("a place to go");
    assert!(page.starts_with("/.tap/sign-in") && page.contains("session_expired"), "{page}");
    browser.jar.put(SESSION, &session);
    let answer = browser.fetch("GET", "/mail").await;
    assert_eq!((answer.status, answer.reason().as_str()), (401, "session_expired"));
    assert!(answer.set_cookie(SESSION).is_some_and(|cookie| cookie.deletes()), "{answer:?}");
}

#[tokio::test]
async fn a_registered_session_signs_out() {
    let gate = Gate::start().await;
    let mut browser = gate.registering("alice", Protocol::Http1).await;
    assert_eq!(browser.fetch("POST", "/register/finish").await.status, 200);
    let copy = browser.jar.get(SESSION).expect("a session").to_owned();
    assert_eq!(browser.submit("/.tap/sign-out", &[]).await.status, 200);
    browser.jar.put(SESSION, &copy);
    let answer = browser.fetch("GET", "/mail").await;
    assert_eq!((answer.status, answer.reason().as_str()), (401, "session_expired"));
}

#[tokio::test]
async fn a_completed_session_is_confined_no_longer_in_paths_but_still_in_cookies() {
    let application = |keys: &Keys, secrets: &Secrets| -> Handler {
        let inner = tapgate_host_tests::upstream::standard(keys, secrets);
        Arc::new(move |request: &Recorded| {
            inner(request).header("set-cookie", "login=an-application-login-of-its-own; Path=/")
        })
    };
    let gate = Gate::serving(application, |setup: Setup| setup).await;
    let mut browser = gate.registering("alice", Protocol::Http1).await;
    assert_eq!(browser.fetch("POST", "/register/finish").await.status, 200);
    let answer = browser.navigate("/mail").await;
    assert!(answer.set_cookie("login").is_some_and(|cookie| !cookie.value.contains("login-of-its-own")), "{answer:?}");
    assert_eq!(browser.navigate("/mail").await.status, 200);
    assert_eq!(gate.upstream.last().cookie("login").as_deref(), Some("an-application-login-of-its-own"));
}

//! One-time passes (B7.3): one holder, whatever happens.

use tapgate_host_tests::client::{Browser, Protocol};
use tapgate_host_tests::clock::{self, now};
use tapgate_host_tests::gate::{Gate, HOLDER, SESSION, sign_in, sign_in_json};
use tapgate_host_tests::policy::Policy;

async fn deadline(browser: &mut Browser) -> String {
    let status = browser.fetch("GET", "/.tap/status").await;
    status.json()["deadline"].as_str().expect("a deadline").to_owned()
}

#[tokio::test]
async fn another_browser_is_refused_and_it_raises_an_alarm() {
    let gate = Gate::start().await;
    for protocol in Protocol::BOTH {
        let user = format!("alice-{protocol:?}");
        let pass = gate.one_time(&user).await.mint(&gate.secrets);
        let mut holder = gate.browser_on(protocol);
        assert_eq!(sign_in(&mut holder, &pass).await.status, 303);
        for _ in 0..3 {
            let mut stranger = gate.browser_on(protocol);
            let answer = sign_in(&mut stranger, &pass).await;
            assert_eq!(answer.status, 401);
            assert!(answer.text().contains("can be used once"), "{}", answer.text());
            assert!(stranger.jar.get(SESSION).is_none());
            let answer = sign_in_json(&mut stranger, &pass).await;
            assert_eq!((answer.status, answer.reason().as_str()), (401, "already_used"));
        }
        assert_eq!(holder.navigate("/register").await.status, 200, "the stranger cost the holder the session");
        let alarms = gate
            .envoy
            .log()
            .audit()
            .into_iter()
            .filter(|event| event["reason"] == "already_used" && event["user"] == user.to_lowercase());
        assert_eq!(alarms.filter(|event| event["alarm"] == true).count(), 6);
    }
}

#[tokio::test]
async fn the_holder_may_try_again_until_the_retries_are_used_up() {
    let gate = Gate::start().await;
    let pass = gate.one_time("alice").await.mint(&gate.secrets);
    let mut browser = gate.browser();
    assert_eq!(sign_in(&mut browser, &pass).await.status, 303);
    let first = deadline(&mut browser).await;
    clock::reach(now() + 1).await;
    // Three retries, as the policy has them by default.
    for retry in 1..=3 {
        let former = browser.jar.get(SESSION).expect("a session").to_owned();
        assert_eq!(sign_in(&mut browser, &pass).await.status, 303, "retry {retry}");
        assert_eq!(deadline(&mut browser).await, first, "a retry keeps the deadline");
        let mut copy = gate.browser();
        copy.jar.put(SESSION, &former);
        assert_eq!(copy.fetch("GET", "/register").await.status, 401, "the former session lives on");
    }
    let answer = sign_in_json(&mut browser, &pass).await;
    assert_eq!((answer.status, answer.reason().as_str()), (401, "already_used"));
    assert_eq!(browser.navigate("/register").await.status, 200, "the last session is still the holder's");
}

#[tokio::test]
async fn no_retries_means_none() {
    let policy = Policy::shipped().with("/registration/retries", 0);
    let gate = Gate::with(|setup| setup.policy(&policy)).await;
    let pass = gate.one_time("alice").await.mint(&gate.secrets);
    let mut browser = gate.browser();
    assert_eq!(sign_in(&mut browser, &pass).await.status, 303);
    assert_eq!(sign_in(&mut browser, &pass).await.status, 401);
    assert_eq!(browser.navigate("/register").await.status, 200);
}

#[tokio::test]
async fn a_lost_answer_can_be_retried_by_whoever_saw_the_page() {
    let gate = Gate::start().await;
    let pass = gate.one_time("alice").await.mint(&gate.secrets);
    let mut browser = gate.browser();
    assert_eq!(browser.navigate("/.tap/sign-in").await.status, 200);
    let holder = browser.jar.get(HOLDER).expect("a holder cookie").to_owned();
    assert_eq!(sign_in(&mut browser, &pass).await.status, 303);
    // The answer never came: the browser knows of no session, but it has the cookie of the page.
    let mut again = gate.browser();
    again.jar.put(HOLDER, &holder);
    assert_eq!(sign_in(&mut again, &pass).await.status, 303);
    // A holder cookie that the ledger does not know is a stranger's.
    let mut stranger = gate.browser();
    assert_eq!(stranger.navigate("/.tap/sign-in").await.status, 200);
    assert_eq!(sign_in(&mut stranger, &pass).await.status, 401);
}

#[tokio::test]
async fn completion_consumes_it_for_good() {
    for finish in ["/register/finish", "/register/finish-by-status"] {
        let gate = Gate::start().await;
        let pass = gate.one_time("alice").await.mint(&gate.secrets);
        let mut browser = gate.browser();
        assert_eq!(sign_in(&mut browser, &pass).await.status, 303);
        assert!(browser.fetch("POST", finish).await.status < 300, "{finish}");
        let answer = sign_in_json(&mut browser, &pass).await;
        assert_eq!((answer.status, answer.reason().as_str()), (401, "already_used"), "{finish}");
    }
}

#[tokio::test]
async fn the_deadline_consumes_it_too() {
    let policy = Policy::shipped().with("/registration/windowInMinutes", 1);
    let gate = Gate::with(|setup| setup.policy(&policy)).await;
    let pass = gate.one_time("alice").await.mint(&gate.secrets);
    let mut browser = gate.browser();
    let before = now();
    assert_eq!(sign_in(&mut browser, &pass).await.status, 303);
    clock::reach(before + 62).await;
    let answer = sign_in_json(&mut browser, &pass).await;
    assert_eq!((answer.status, answer.reason().as_str()), (401, "already_used"));
}

#[tokio::test]
async fn a_pass_from_before_the_ledger_is_refused() {
    let gate = Gate::start().await;
    let born = gate.envoy.born();
    for (start, once, status) in [(born - 30, true, 401), (born - 30, false, 303)] {
        let pass =
            gate.pass(&format!("alice-{once}")).valid(start, start + 3600).claim("once", once).mint(&gate.secrets);
        let answer = sign_in(&mut gate.browser(), &pass).await;
        assert_eq!(answer.status, status, "once {once}: {}", answer.text());
        if once {
            assert_eq!(sign_in_json(&mut gate.browser(), &pass).await.reason(), "ledger_too_young");
        }
    }
}

#[tokio::test]
async fn a_ledger_in_memory_dies_with_its_process() {
    let first = Gate::start().await;
    let pass = first.one_time("alice").await.mint(&first.secrets);
    let mut browser = first.browser();
    assert_eq!(sign_in(&mut browser, &pass).await.status, 303);
    let session = browser.jar.get(SESSION).expect("a session").to_owned();
    let keys = first.keys.environment();
    drop(first.stop());
    clock::reach(now() + 1).await;
    let second = Gate::with(|setup| keys.iter().fold(setup, |setup, (name, value)| setup.variable(name, value))).await;
    let answer = sign_in_json(&mut second.browser(), &pass).await;
    assert_eq!((answer.status, answer.reason().as_str()), (401, "ledger_too_young"));
    let mut browser = second.browser();
    browser.jar.put(SESSION, &session);
    let answer = browser.fetch("GET", "/register").await;
    assert_eq!((answer.status, answer.reason().as_str()), (401, "registration_deadline_passed"));
}

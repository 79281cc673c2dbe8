//! A real passkey, with an authenticator in software, by the whole way: pass, forced page, ceremony, receipt, sign-in. What
//! `cargo xtask demo` plays with a person.

use serde_json::{Value, json};
use tapgate_host_tests::client::{Browser, Call, Response};
use tapgate_host_tests::gate::{SESSION, sign_in};
use tapgate_host_tests::walk::{Kind, Stage};

use crate::authenticator::Authenticator;

const ALICE: &str = "alice@example.com";
/// The application's own session.
const LOGIN: &str = "__Host-passkey-app";

async fn post(browser: &mut Browser, path: &str, body: &Value) -> Response {
    browser.send(Call::fetch("POST", path).json(body)).await
}

/// The whole sign-in with a passkey.
async fn with_passkey(browser: &mut Browser, device: &mut Authenticator) -> Response {
    let started = post(browser, "/webauthn/login/start", &json!({})).await;
    assert_eq!(started.status, 200, "{started:?}");
    let credential = device.get(&started.json()["options"]).expect("a passkey for this site");
    post(browser, "/webauthn/login/finish", &json!({ "credential": credential })).await
}

async fn played(kind: Kind) {
    let stage = Stage::with_passkeys(kind, None).await.expect("a stage");
    let mut browser = stage.visitor();
    let mut device = Authenticator::new(&browser.origin());
    assert_eq!(browser.navigate("/passkeys").await.header("location").as_deref(), Some("/login"));

    let pass = stage.pass(ALICE).once().mint(&stage.secrets);
    let answer = sign_in(&mut browser, &pass).await;
    assert_eq!((answer.status, answer.header("location").as_deref()), (303, Some("/register")), "{answer:?}");
    let page = browser.navigate("/register").await;
    assert!(page.status == 200 && page.text().contains(ALICE), "{page:?}");
    for path in ["/", "/passkeys", "/login"] {
        let answer = browser.navigate(path).await;
        assert_eq!((answer.status, answer.header("location").as_deref()), (303, Some("/register")), "{path}");
    }
    let answer = post(&mut browser, "/webauthn/login/start", &json!({})).await;
    assert_eq!((answer.status, &answer.json()["reason"]), (403, &json!("registration_required")));

    let started = post(&mut browser, "/webauthn/register/start", &json!({})).await;
    assert_eq!(started.status, 200, "{started:?}");
    let credential = device.create(&started.json()["options"]).expect("a new passkey");
    let finish = json!({ "name": "Phone", "credential": credential });
    let answer = post(&mut browser, "/webauthn/register/finish", &finish).await;
    assert_eq!((answer.status, answer.header("tapgate-receipt")), (201, None), "{answer:?}");
    assert_eq!(browser.jar.get(SESSION), None, "then: signIn leaves the session behind");

    assert_eq!(with_passkey(&mut browser, &mut device).await.status, 200);
    assert!(browser.jar.get(LOGIN).is_some(), "no session of the application's own");
    let page = browser.navigate("/passkeys").await;
    assert!(page.text().contains("Phone") && page.text().contains(ALICE), "{page:?}");

    // The pass has done its work, for everybody.
    let answer = sign_in(&mut stage.visitor(), &pass).await;
    assert_eq!(answer.status, 401, "{answer:?}");
    // Another browser, with the device.
    let mut other = stage.visitor();
    assert_eq!(with_passkey(&mut other, &mut device).await.status, 200);
    assert_eq!(other.navigate("/passkeys").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passkey_registered_with_a_pass_signs_in_without_one_behind_serve() {
    played(Kind::Serve).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passkey_registered_with_a_pass_signs_in_without_one_behind_envoy() {
    played(Kind::Envoy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passkey_registered_with_a_pass_signs_in_without_one_behind_two_gates() {
    played(Kind::Etcd).await;
}

//! What a ceremony is held to.

use axum::http::StatusCode;
use serde_json::json;

use crate::authenticator::Authenticator;
use crate::site::{ORIGIN, Site};

const ALICE: &str = "alice@example.com";

#[tokio::test]
async fn a_challenge_is_good_once_and_for_whoever_it_was_given() {
    let site = Site::new();
    let mut alice = site.registering(ALICE);
    let mut bob = site.registering("bob@example.com");
    let mut phone = Authenticator::new(ORIGIN);
    let options = alice.post("/webauthn/register/start", &json!({})).await.json()["options"].clone();
    let finish = json!({ "credential": phone.create(&options).unwrap() });
    assert_eq!(bob.post("/webauthn/register/finish", &finish).await.reason(), "start_again");
    bob.post("/webauthn/register/start", &json!({})).await;
    assert_eq!(bob.post("/webauthn/register/finish", &finish).await.reason(), "not_verified", "Alice's challenge");
    assert_eq!(alice.post("/webauthn/register/finish", &finish).await.status, StatusCode::CREATED);
    let again = alice.post("/webauthn/register/finish", &finish).await;
    assert_eq!((again.reason().as_str(), again.header("tapgate-receipt")), ("start_again", None));

    let mut browser = site.browser();
    let options = browser.post("/webauthn/login/start", &json!({})).await.json()["options"].clone();
    let finish = json!({ "credential": phone.get(&options).unwrap() });
    let mut other = site.browser();
    assert_eq!(other.post("/webauthn/login/finish", &finish).await.reason(), "start_again", "no browser began it");
    other.post("/webauthn/login/start", &json!({})).await;
    assert_eq!(other.post("/webauthn/login/finish", &finish).await.reason(), "not_verified", "another's challenge");
    let mut same = browser.clone();
    assert_eq!(browser.post("/webauthn/login/finish", &finish).await.status, StatusCode::OK);
    assert_eq!(same.post("/webauthn/login/finish", &finish).await.reason(), "start_again", "a replay");
}

#[tokio::test]
async fn a_ceremony_that_failed_can_be_begun_again() {
    let site = Site::new();
    let mut alice = site.registering(ALICE);
    let mut phone = Authenticator::new(ORIGIN);
    phone.verifies = false;
    let answer = alice.register(&mut phone, "").await;
    assert_eq!(
        (answer.reason().as_str(), answer.header("tapgate-receipt")),
        ("not_verified", None),
        "nobody proved who"
    );
    phone.verifies = true;
    phone.origin = "https://gate.example.com.evil.example".to_owned();
    assert_eq!(alice.register(&mut phone, "").await.reason(), "not_verified", "a page elsewhere");
    phone.origin = ORIGIN.to_owned();
    let answer = alice.register(&mut phone, "").await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
}

#[tokio::test]
async fn a_sign_in_is_held_to_page_person_and_counter() {
    let site = Site::new();
    let (_, mut phone) = site.signed_in(ALICE).await;
    for username in ["", ALICE] {
        let mut browser = site.browser();
        phone.verifies = false;
        assert_eq!(browser.sign_in(&mut phone, username).await.reason(), "not_verified", "nobody proved who");
        phone.verifies = true;
        phone.origin = "https://evil.example.com".to_owned();
        assert_eq!(browser.sign_in(&mut phone, username).await.reason(), "not_verified", "a page elsewhere");
        phone.origin = ORIGIN.to_owned();
        assert_eq!(browser.sign_in(&mut phone, username).await.status, StatusCode::OK);
        phone.counts = false;
        assert_eq!(browser.sign_in(&mut phone, username).await.reason(), "not_verified", "a copy");
        phone.counts = true;
    }
}

#[tokio::test]
async fn a_passkey_is_one_persons() {
    let site = Site::new();
    let mut phone = Authenticator::new(ORIGIN);
    site.registered(ALICE, &mut phone).await;
    let (_, mut other) = site.signed_in("bob@example.com").await;
    // Bob's authenticator answers as if the passkey were Alice's.
    let mut browser = site.browser();
    let options = browser.post("/webauthn/login/start", &json!({})).await.json()["options"].clone();
    let mut credential = other.get(&options).unwrap();
    let alices = phone.get(&options).unwrap();
    credential["response"]["userHandle"] = alices["response"]["userHandle"].clone();
    let answer = browser.post("/webauthn/login/finish", &json!({ "credential": credential })).await;
    assert_eq!(answer.reason(), "unknown_passkey");
    assert!(browser.get("/").await.text.contains("You are not signed in"));
}

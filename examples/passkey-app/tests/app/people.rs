//! What people do: register, sign in, look, remove.

use std::collections::HashSet;

use axum::http::StatusCode;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};

use crate::authenticator::{Authenticator, InvalidState};
use crate::site::{Answer, KEY, ORIGIN, Site, assertion, claims, signed};

const ALICE: &str = "alice@example.com";

/// The claims of the receipt on an answer.
#[track_caller]
fn receipt(answer: &Answer) -> Value {
    let token = answer.header("tapgate-receipt").expect("a receipt");
    assert_eq!(decode_header(token).unwrap().typ.as_deref(), Some("tap-receipt+jwt"));
    let mut rules = Validation::new(Algorithm::HS256);
    rules.required_spec_claims = HashSet::from(["exp".to_owned(), "sub".to_owned()]);
    decode(token, &DecodingKey::from_base64_secret(KEY).unwrap(), &rules).unwrap().claims
}

/// The ids in the forms of the list.
fn listed(page: &str) -> Vec<String> {
    let after = page.split(r#"name="id" value=""#).skip(1);
    after.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_passkey_from_the_forced_page_signs_in() {
    let site = Site::new();
    let mut alice = site.registering(ALICE);
    let page = alice.get("/register").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains(ALICE) && page.text.contains(r#"data-base="/.tap""#), "{}", page.text);

    let mut phone = Authenticator::new(ORIGIN);
    let answer = alice.register(&mut phone, "  My <phone> ").await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    let claims = receipt(&answer);
    assert_eq!((&claims["sub"], &claims["sid"]), (&json!(ALICE), &json!("session of alice@example.com")));
    assert!(alice.cookies.is_empty(), "a registering person got a cookie: {:?}", alice.cookies);

    // The gate has ended the session: the browser is anybody's.
    let mut alice = site.browser();
    assert!(alice.get("/").await.text.contains("You are not signed in"));
    let answer = alice.sign_in(&mut phone, "").await;
    assert_eq!(answer.json()["next"], "/", "{}", answer.text);
    let page = alice.get("/").await.text;
    assert!(page.contains(ALICE) && page.contains(r#"action="/sign-out""#), "{page}");
    let page = alice.get("/passkeys").await.text;
    assert!(page.contains("My &#60;phone&#62;") && page.contains("last used"), "{page}");

    let answer = alice.submit("/sign-out", "").await;
    assert_eq!(answer.header("location"), Some("/login"));
    assert!(alice.cookies.is_empty(), "{:?}", alice.cookies);
    assert!(alice.get("/").await.text.contains("You are not signed in"));
}

#[tokio::test]
async fn somebody_signed_in_adds_and_removes_passkeys() {
    let site = Site::new();
    let (mut alice, mut phone) = site.signed_in(ALICE).await;
    let options = alice.post("/webauthn/register/start", &json!({})).await.json();
    assert_eq!(phone.create(&options["options"]).unwrap_err(), InvalidState, "the same device is excluded");
    let mut key = Authenticator::new(ORIGIN);
    let answer = alice.register(&mut key, "Key").await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert!(answer.header("tapgate-receipt").is_none(), "a receipt without a registering session");

    let ids = listed(&alice.get("/passkeys").await.text);
    assert_eq!(ids.len(), 2);
    let answer = alice.submit("/passkeys/remove", &format!("id={}", ids[1])).await;
    assert_eq!(answer.header("location"), Some("/passkeys"));
    let page = alice.get("/passkeys").await.text;
    assert_eq!(listed(&page), ids[..1]);
    let answer = site.browser().sign_in(&mut key, "").await;
    assert_eq!((answer.status, answer.reason().as_str()), (StatusCode::UNAUTHORIZED, "unknown_passkey"));

    // The only one is asked about, and takes with it whoever is signed in with it.
    let asked = alice.submit("/passkeys/remove", &format!("id={}", ids[0])).await;
    assert_eq!(asked.status, StatusCode::CONFLICT);
    assert!(
        asked.text.contains(r#"id="confirm""#) && asked.text.contains(r#"name="last" value="yes""#),
        "{}",
        asked.text
    );
    assert_eq!(listed(&alice.get("/passkeys").await.text).len(), 1);
    alice.submit("/passkeys/remove", &format!("id={}&last=yes", ids[0])).await;
    assert_eq!(alice.get("/passkeys").await.header("location"), Some("/login"));
}

#[tokio::test]
async fn nobody_removes_what_is_not_theirs() {
    let site = Site::new();
    let (mut alice, _phone) = site.signed_in(ALICE).await;
    let (mut bob, _key) = site.signed_in("bob@example.com").await;
    let ids = listed(&alice.get("/passkeys").await.text);
    bob.submit("/passkeys/remove", &format!("id={}&last=yes", ids[0])).await;
    assert_eq!(listed(&alice.get("/passkeys").await.text), ids);
    let answer = site.browser().submit("/passkeys/remove", &format!("id={}&last=yes", ids[0])).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(listed(&alice.get("/passkeys").await.text), ids);
}

#[tokio::test]
async fn a_name_leads_to_its_passkeys_and_an_unknown_one_to_a_decoy() {
    let site = Site::new();
    let (_, mut phone) = site.signed_in(ALICE).await;
    let mut browser = site.browser();
    assert_eq!(browser.sign_in(&mut phone, " Alice@Example.com ").await.status, StatusCode::OK);

    let shape = |mut answer: Value| {
        let options = &mut answer["options"]["publicKey"];
        let ids = options["allowCredentials"].as_array().unwrap().clone();
        options["allowCredentials"] = json!([]);
        options["challenge"] = json!("");
        let length = ids.iter().map(|id| id["id"].as_str().unwrap().len()).collect::<Vec<_>>();
        (answer, length, ids)
    };
    let ask = async |name: &str| {
        let answer = site.browser().post("/webauthn/login/start", &json!({ "username": name })).await;
        shape(answer.json())
    };
    let (known, unknown, again) = (ask(ALICE).await, ask("mallory").await, ask("MALLORY").await);
    assert_eq!((&known.0, &known.1), (&unknown.0, &unknown.1));
    assert_eq!(unknown.2, again.2);
    assert_ne!(unknown.2, ask("malory").await.2);
}

#[tokio::test]
async fn a_session_that_goes_on_is_signed_in() {
    let site = Site::new();
    let mut alice = site.browser().with("tapgate-assertion", &assertion(ALICE, "registered"));
    let page = alice.get("/").await.text;
    assert!(page.contains(ALICE) && page.contains(r#"action="/.tap/sign-out""#), "{page}");
    assert_eq!(alice.get("/register").await.header("location"), Some("/passkeys"));
    let answer = alice.register(&mut Authenticator::new(ORIGIN), "").await;
    assert_eq!((answer.status, answer.header("tapgate-receipt")), (StatusCode::CREATED, None));
    assert!(alice.get("/passkeys").await.text.contains("Passkey"));
}

#[tokio::test]
async fn a_receipt_that_was_lost_is_given_again() {
    let site = Site::new();
    let mut alice = site.registering(ALICE);
    let mut phone = Authenticator::new(ORIGIN);
    alice.register(&mut phone, "").await;
    let again = alice.post("/webauthn/register/start", &json!({})).await;
    assert_eq!(again.json()["done"], true, "{}", again.text);
    assert_eq!(receipt(&again)["sub"], ALICE);
    // Bob's session is another, and so is a later one of Alice's.
    let bob = site.registering("bob@example.com").post("/webauthn/register/start", &json!({})).await;
    assert!(bob.header("tapgate-receipt").is_none() && bob.json()["options"].is_object());
}

#[tokio::test]
async fn a_restart_keeps_passkeys_and_sign_ins() {
    let site = Site::new();
    let (alice, mut phone) = site.signed_in(ALICE).await;
    let decoy = async |site: &Site| {
        let answer = site.browser().post("/webauthn/login/start", &json!({ "username": "nobody" })).await;
        answer.json()["options"]["publicKey"]["allowCredentials"].clone()
    };
    let before = decoy(&site).await;
    let cookies = alice.cookies.clone();
    drop(alice);
    let site = site.restarted();
    let mut alice = site.browser().with_cookies(cookies);
    assert!(alice.get("/").await.text.contains(ALICE));
    assert_eq!(site.browser().sign_in(&mut phone, "").await.status, StatusCode::OK);
    assert_eq!(decoy(&site).await, before);
}

#[tokio::test]
async fn twenty_passkeys_are_enough() {
    let site = Site::new();
    let (mut alice, _phone) = site.signed_in(ALICE).await;
    for _ in 1..20 {
        assert_eq!(alice.register(&mut Authenticator::new(ORIGIN), "").await.status, StatusCode::CREATED);
    }
    // Said before an authenticator makes one that nobody keeps.
    let started = alice.post("/webauthn/register/start", &json!({})).await;
    assert_eq!((started.status, started.reason().as_str()), (StatusCode::CONFLICT, "too_many"));
    // Whoever has registered in this session is owed the receipt all the same.
    let mut same = site.registering(ALICE);
    assert_eq!(same.get("/register").await.status, StatusCode::OK);
    assert_eq!(same.post("/webauthn/register/start", &json!({})).await.json()["done"], true);
    // Whoever comes with another pass is told as well, and can leave.
    let mut later = claims(ALICE, "registering");
    later["sid"] = json!("a later session");
    let later = signed(Algorithm::HS256, "tap-assertion+jwt", "up-1", KEY, &later);
    let mut registering = site.browser().with("tapgate-assertion", &later);
    assert_eq!(registering.post("/webauthn/register/start", &json!({})).await.reason(), "too_many");
    let page = registering.get("/register").await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    let cancel = r#"action="/.tap/sign-out"><button id="cancel">"#;
    assert!(page.text.contains("as many passkeys as one may have") && page.text.contains(cancel), "{}", page.text);
}

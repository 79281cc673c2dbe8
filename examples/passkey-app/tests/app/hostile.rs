//! What nobody sends by accident, and a database that fails.

use axum::http::StatusCode;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::authenticator::Authenticator;
use crate::site::{ORIGIN, Site, assertion};

const ALICE: &str = "alice@example.com";
const PATHS: &[&str] =
    &["/webauthn/register/start", "/webauthn/register/finish", "/webauthn/login/start", "/webauthn/login/finish"];

#[tokio::test]
async fn nothing_that_is_sent_breaks_it() {
    let site = Site::new();
    let deep = format!("{}1{}", "[".repeat(4000), "]".repeat(4000));
    let bodies = [
        "",
        "{",
        "null",
        "[]",
        "1",
        "\"\"",
        "{\"credential\":null}",
        "{\"credential\":{}}",
        "{\"username\":1}",
        &deep,
        "{\"name\":\"\\u0000\",\"credential\":{\"id\":\"\",\"rawId\":\"\",\"type\":\"\",\"response\":{\"attestationObject\":\"\",\"clientDataJSON\":\"\"}}}",
        "{\"credential\":{\"id\":\"\",\"rawId\":\"\",\"type\":\"public-key\",\"response\":{\"authenticatorData\":\"\",\"clientDataJSON\":\"\",\"signature\":\"\",\"userHandle\":null}}}",
        "{\"credential\":{\"id\":\"*\",\"rawId\":\"=\",\"type\":\"x\",\"response\":{\"attestationObject\":\"////\",\"clientDataJSON\":\"e30\"}}}",
    ];
    let headers = [("sec-fetch-site", "same-origin"), ("content-type", "application/json")];
    let mut people = [site.browser(), site.browser().with("tapgate-assertion", &assertion(ALICE, "registering"))];
    for person in &mut people {
        for path in PATHS {
            for body in bodies {
                person.post("/webauthn/register/start", &json!({})).await;
                person.post("/webauthn/login/start", &json!({})).await;
                let answer = person.send("POST", path, &headers, body).await;
                assert!(answer.status.as_u16() < 500, "{path} {body}: {answer:?}");
                assert!(answer.header("tapgate-receipt").is_none(), "{path} {body}");
            }
            let large = format!("{{\"username\":\"{}\"}}", "a".repeat(40_000));
            let answer = person.send("POST", path, &headers, &large).await;
            assert!(answer.status.is_client_error() || path.ends_with("register/start"), "{path}: {}", answer.status);
            let answer = person.send("POST", path, &[("sec-fetch-site", "same-origin")], "{}").await;
            assert!(answer.status.is_client_error() || path.ends_with("register/start"), "{path}: {}", answer.status);
        }
    }
    let answer = people[0].post("/webauthn/login/start", &json!({ "username": "a".repeat(257) })).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn answers_that_are_bent_in_one_place_are_refused() {
    let site = Site::new();
    let mut alice = site.registering(ALICE);
    for (pointer, value) in [
        ("/rawId", json!(null)),
        ("/response/attestationObject", json!("oA")),
        ("/response/attestationObject", json!("A".repeat(20_000))),
        ("/response/clientDataJSON", json!("e30")),
        ("/response/clientDataJSON", json!("bnVsbA")),
        ("/response", json!([])),
    ] {
        let options = alice.post("/webauthn/register/start", &json!({})).await.json()["options"].clone();
        let mut credential: Value = Authenticator::new(ORIGIN).create(&options).unwrap();
        *credential.pointer_mut(pointer).unwrap() = value.clone();
        let answer = alice.post("/webauthn/register/finish", &json!({ "credential": credential })).await;
        assert!(answer.status.is_client_error(), "{pointer} {value}: {answer:?}");
        assert!(answer.header("tapgate-receipt").is_none(), "{pointer}");
    }
}

#[tokio::test]
async fn forms_that_do_not_read_are_refused() {
    let site = Site::new();
    let (mut alice, _phone) = site.signed_in(ALICE).await;
    for body in ["", "id=", "id=x", "id=99999999999999999999999", "last=yes", "id=1&id=2", "%"] {
        let answer = alice.submit("/passkeys/remove", body).await;
        assert!(answer.status.is_client_error() || answer.status.is_redirection(), "{body}: {}", answer.status);
    }
    assert!(alice.get("/passkeys").await.text.contains("My phone"));
}

#[tokio::test]
async fn a_database_that_fails_is_a_plain_page() {
    let site = Site::new();
    let (mut alice, mut phone) = site.signed_in(ALICE).await;
    let mut bob = site.registering("bob@example.com");
    let options = bob.post("/webauthn/register/start", &json!({})).await.json()["options"].clone();
    let connection = Connection::open(site.database()).unwrap();
    connection.execute_batch("PRAGMA foreign_keys = OFF; DROP TABLE logins; DROP TABLE passkeys").unwrap();
    for path in ["/", "/passkeys", "/login"] {
        let answer = alice.get(path).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        assert!(answer.text.contains("Sorry") && !answer.text.contains("logins"), "{}", answer.text);
    }
    let finish = json!({ "credential": phone.create(&options).unwrap() });
    let answer = bob.post("/webauthn/register/finish", &finish).await;
    assert_eq!((answer.status, answer.reason().as_str()), (StatusCode::INTERNAL_SERVER_ERROR, "broken"));
    assert!(answer.header("tapgate-receipt").is_none(), "a receipt for a passkey that was not kept");
}

#[tokio::test]
async fn the_database_holds_no_token() {
    let site = Site::new();
    let (alice, _phone) = site.signed_in(ALICE).await;
    let token = alice.cookies["__Host-passkey-app"].clone();
    let holds = |what: &str| site.written().windows(what.len()).any(|part| part == what.as_bytes());
    assert!(holds(ALICE) && !holds(&token));
}

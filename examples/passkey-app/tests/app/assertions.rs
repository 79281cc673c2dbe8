//! What is believed, and what a registering person may do.

use axum::http::StatusCode;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use jsonwebtoken::{Algorithm, get_current_timestamp};
use serde_json::{Value, json};

use crate::site::{Browser, KEY, ORIGIN, OTHER_KEY, Site, assertion, claims, signed};

const ALICE: &str = "alice@example.com";

/// Every route with a way to ask for it.
const ROUTES: &[(&str, &str)] = &[
    ("GET", "/"),
    ("GET", "/register"),
    ("POST", "/webauthn/register/start"),
    ("POST", "/webauthn/register/finish"),
    ("GET", "/login"),
    ("POST", "/webauthn/login/start"),
    ("POST", "/webauthn/login/finish"),
    ("GET", "/passkeys"),
    ("POST", "/passkeys/remove"),
    ("POST", "/sign-out"),
    ("GET", "/nothing"),
];

async fn ask(browser: &mut Browser, method: &str, path: &str) -> crate::site::Answer {
    let kind = if path.starts_with("/webauthn/") { "application/json" } else { "application/x-www-form-urlencoded" };
    let body = if path.starts_with("/webauthn/") { "{}" } else { "id=1&last=yes" };
    browser.send(method, path, &[("sec-fetch-site", "same-origin"), ("content-type", kind)], body).await
}

/// Tokens that look like assertions and are none.
fn forged() -> Vec<(&'static str, String)> {
    let with = |name: &str, value: Value| {
        let mut claims = claims(ALICE, "registered");
        claims[name] = value;
        signed(Algorithm::HS256, "tap-assertion+jwt", "up-1", KEY, &claims)
    };
    let good = claims(ALICE, "registered");
    let none = format!(
        "{}.{}.",
        BASE64.encode(json!({ "alg": "none", "typ": "tap-assertion+jwt", "kid": "up-1" }).to_string()),
        BASE64.encode(good.to_string())
    );
    vec![
        ("another key", signed(Algorithm::HS256, "tap-assertion+jwt", "up-1", OTHER_KEY, &good)),
        ("an unknown key", signed(Algorithm::HS256, "tap-assertion+jwt", "up-2", KEY, &good)),
        ("another algorithm", signed(Algorithm::HS512, "tap-assertion+jwt", "up-1", KEY, &good)),
        ("no algorithm", none),
        ("a receipt", signed(Algorithm::HS256, "tap-receipt+jwt", "up-1", KEY, &good)),
        ("a pass", signed(Algorithm::HS256, "tap+jwt", "up-1", KEY, &good)),
        ("expired", with("exp", json!(get_current_timestamp() - 10))),
        ("another audience", with("aud", json!("other.example.com"))),
        ("another issuer", with("iss", json!("https://other.example.com"))),
        ("another tenant", with("tenant", json!("fabrikam"))),
        ("no tenant", with("tenant", Value::Null)),
        ("no session", with("sid", Value::Null)),
        ("no user", with("sub", Value::Null)),
        ("an unknown state", with("state", json!("done"))),
        ("no token", "yes".to_owned()),
        ("nothing", String::new()),
    ]
}

#[tokio::test]
async fn what_is_no_assertion_opens_nothing_and_is_refused() {
    let site = Site::new();
    for (what, token) in forged() {
        for (method, path) in ROUTES {
            let mut browser = site.browser().with("tapgate-assertion", &token);
            let answer = ask(&mut browser, method, path).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{what}: {method} {path}");
            assert!(!answer.text.contains(ALICE) && answer.header("tapgate-receipt").is_none(), "{what}: {path}");
        }
    }
    let mut two = site.browser().with("tapgate-assertion", &assertion(ALICE, "registered"));
    two = two.with("tapgate-assertion", &assertion(ALICE, "registered"));
    assert_eq!(two.get("/").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn without_an_assertion_nobody_registers() {
    let site = Site::new();
    // Headers that say who it is are for logs.
    let mut browser = site.browser().with("tapgate-user", ALICE).with("tapgate-state", "registering");
    assert_eq!(browser.get("/register").await.status, StatusCode::FORBIDDEN);
    for path in ["/webauthn/register/start", "/webauthn/register/finish"] {
        let answer = browser.post(path, &json!({})).await;
        assert_eq!((answer.status, answer.reason().as_str()), (StatusCode::FORBIDDEN, "forbidden"), "{path}");
    }
}

#[tokio::test]
async fn a_registering_person_registers_and_does_nothing_else() {
    let site = Site::new();
    // A session of their own from before, with which they would be signed in.
    let (before, _phone) = site.signed_in(ALICE).await;
    let mut alice = site.registering(ALICE).with_cookies(before.cookies.clone());
    for (method, path) in ROUTES {
        let answer = ask(&mut alice, method, path).await;
        assert!(answer.header("set-cookie").is_none(), "{method} {path} sets a cookie");
        assert!(!answer.text.contains("You are signed in"), "{method} {path}");
        match *path {
            "/register" => assert_eq!(answer.status, StatusCode::OK),
            "/webauthn/register/start" => assert_eq!(answer.json()["done"], true, "{}", answer.text),
            "/webauthn/register/finish" => assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY),
            _ if *method == "GET" => assert_eq!(answer.header("location"), Some("/register"), "{path}"),
            _ => assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}"),
        }
    }
    assert_eq!(alice.get("/assets/register.js").await.status, StatusCode::OK);
    // Nothing of theirs has gone.
    assert!(site.browser().with_cookies(before.cookies).get("/passkeys").await.text.contains("My phone"));
}

#[tokio::test]
async fn changes_come_from_pages_of_the_site() {
    let site = Site::new();
    let refused: &[&[(&str, &str)]] = &[
        &[],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
        &[("origin", "null")],
        &[("origin", "https://evil.example.com")],
        &[("origin", "http://gate.example.com")],
        &[("sec-fetch-site", "cross-site"), ("origin", ORIGIN)],
    ];
    let (mut alice, _phone) = site.signed_in(ALICE).await;
    for (_, path) in ROUTES.iter().filter(|(method, _)| *method == "POST") {
        for headers in refused {
            let json = [*headers, &[("content-type", "application/json")]].concat();
            let answer = alice.send("POST", path, &json, "{}").await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {headers:?}");
            assert!(answer.header("set-cookie").is_none(), "{path} {headers:?}");
        }
    }
    assert!(alice.get("/").await.text.contains(ALICE), "a foreign page has signed somebody out");
    let answer = alice.send("POST", "/sign-out", &[("origin", ORIGIN)], "").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "a browser without fetch metadata");
}

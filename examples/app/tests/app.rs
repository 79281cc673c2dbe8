//! The application as the gate sees it: requests in, with and without an assertion, answers out. No proxy, no network.
#![expect(clippy::arithmetic_side_effects, clippy::unwrap_used, reason = "a test that cannot go on fails")]

use axum::Router;
use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use axum::http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde_json::{Value, json};
use tapgate_example_app::application;
use tapgate_example_app::gate::Gate;
use tower::ServiceExt;

const KEY: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
const OLD_KEY: &str = "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWY=";
const ISSUER: &str = "https://gate.example.com";
const AUDIENCE: &str = "gate.example.com";

fn app() -> Router {
    application(Gate::new(ISSUER, AUDIENCE, &[("up-2", KEY), ("up-1", OLD_KEY)]).unwrap())
}

fn now() -> u64 {
    jsonwebtoken::get_current_timestamp()
}

fn claims(state: &str) -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "alice@example.com", "sid": "session-1", "tenant": "contoso",
        "amr": ["tap"], "state": state, "iat": now(), "exp": now() + 60,
    })
}

fn signed(typ: &str, kid: &str, key: &str, claims: &Value) -> String {
    let header = Header { typ: Some(typ.to_owned()), kid: Some(kid.to_owned()), ..Header::new(Algorithm::HS256) };
    encode(&header, claims, &EncodingKey::from_base64_secret(key).unwrap()).unwrap()
}

fn assertion(state: &str) -> String {
    signed("tap-assertion+jwt", "up-2", KEY, &claims(state))
}

/// Sends `METHOD PATH` with these headers and no body.
async fn send(app: &Router, line: &str, headers: &[(&str, &str)]) -> Response<Body> {
    send_form(app, line, headers, "").await
}

async fn send_form(app: &Router, line: &str, headers: &[(&str, &str)], body: &str) -> Response<Body> {
    let (method, path) = line.split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(path);
    if !body.is_empty() {
        request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap()
}

async fn text(answer: Response<Body>) -> String {
    String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

async fn json_of(answer: Response<Body>) -> Value {
    serde_json::from_str(&text(answer).await).unwrap()
}

fn location(answer: &Response<Body>) -> &str {
    answer.headers().get(LOCATION).unwrap().to_str().unwrap()
}

/// `name=value` of the cookie that an answer sets.
fn cookie_set(answer: &Response<Body>) -> String {
    let line = answer.headers().get(SET_COOKIE).unwrap().to_str().unwrap();
    line.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn anonymous_people_see_the_public_pages_only() {
    let app = app();
    assert!(text(send(&app, "GET /", &[]).await).await.contains("You are not signed in"));
    assert_eq!(send(&app, "GET /sign-in", &[]).await.status(), StatusCode::OK);
    assert_eq!(location(&send(&app, "GET /account", &[]).await), "/sign-in");
    assert_eq!(location(&send(&app, "GET /register", &[]).await), "/sign-in");
    assert_eq!(send(&app, "GET /api/profile", &[]).await.status(), StatusCode::UNAUTHORIZED);
    for path in ["/register/finish", "/register/trap"] {
        assert_eq!(send(&app, &format!("POST {path}"), &[]).await.status(), StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn the_user_header_alone_is_worth_nothing() {
    let headers = [("tapgate-user", "alice@example.com"), ("tapgate-state", "registered")];
    assert_eq!(send(&app(), "GET /api/profile", &headers).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_registered_assertion_opens_the_account() {
    let app = app();
    let token = assertion("registered");
    let headers = [("tapgate-assertion", token.as_str())];
    assert_eq!(json_of(send(&app, "GET /api/profile", &headers).await).await["user"], "alice@example.com");
    assert!(text(send(&app, "GET /account", &headers).await).await.contains("alice@example.com"));
    let old = signed("tap-assertion+jwt", "up-1", OLD_KEY, &claims("registered"));
    let answer = send(&app, "GET /api/profile", &[("tapgate-assertion", &old)]).await;
    assert_eq!(answer.status(), StatusCode::OK, "a key that is being rotated out still verifies");
}

#[tokio::test]
async fn a_registering_assertion_opens_registration_only() {
    let app = app();
    let token = assertion("registering");
    let headers = [("tapgate-assertion", token.as_str())];
    assert!(text(send(&app, "GET /register", &headers).await).await.contains("alice@example.com"));
    assert_eq!(send(&app, "GET /api/profile", &headers).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(location(&send(&app, "GET /account", &headers).await), "/sign-in");
}

#[tokio::test]
async fn assertions_that_must_not_be_believed_are_refused() {
    let app = app();
    let with = |name: &str, value: Value| {
        let mut claims = claims("registered");
        claims[name] = value;
        signed("tap-assertion+jwt", "up-2", KEY, &claims)
    };
    let without = |name: &str| {
        let mut claims = claims("registered");
        claims.as_object_mut().unwrap().remove(name);
        signed("tap-assertion+jwt", "up-2", KEY, &claims)
    };
    let mut unsigned = assertion("registered");
    unsigned.truncate(unsigned.rfind('.').unwrap() + 1);
    let table = [
        ("nothing", String::new()),
        ("no token", "alice".to_owned()),
        ("another key", signed("tap-assertion+jwt", "up-2", OLD_KEY, &claims("registered"))),
        ("an unknown key id", signed("tap-assertion+jwt", "up-9", KEY, &claims("registered"))),
        ("a pass", signed("tap+jwt", "up-2", KEY, &claims("registered"))),
        ("a plain JWT", signed("JWT", "up-2", KEY, &claims("registered"))),
        ("another issuer", with("iss", json!("https://evil.example.com"))),
        ("another audience", with("aud", json!("other.example.com"))),
        ("an end in the past", with("exp", json!(now() - 10))),
        ("another state", with("state", json!("admin"))),
        ("no end", without("exp")),
        ("no user", without("sub")),
        ("no session", without("sid")),
        ("no issuer", without("iss")),
        ("no audience", without("aud")),
        ("no signature", unsigned),
    ];
    for (what, token) in table {
        let answer = send(&app, "GET /api/profile", &[("tapgate-assertion", &token)]).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{what}");
        let answer = send(&app, "GET /", &[("tapgate-assertion", &token)]).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{what}, on a public page");
    }
    let good = assertion("registered");
    let twice = [("tapgate-assertion", good.as_str()), ("tapgate-assertion", good.as_str())];
    assert_eq!(send(&app, "GET /", &twice).await.status(), StatusCode::UNAUTHORIZED, "two assertions");
}

#[tokio::test]
async fn finishing_registers_a_method_and_answers_with_a_receipt() {
    let app = app();
    let token = assertion("registering");
    let answer = send(&app, "POST /register/finish", &[("tapgate-assertion", &token)]).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let receipt = answer.headers().get("tapgate-receipt").unwrap().to_str().unwrap().to_owned();
    let code = json_of(answer).await["code"].as_str().unwrap().to_owned();

    let header = decode_header(&receipt).unwrap();
    assert_eq!(header.typ.as_deref(), Some("tap-receipt+jwt"));
    assert_eq!(header.kid.as_deref(), Some("up-2"));
    let key = DecodingKey::from_base64_secret(KEY).unwrap();
    let claims = decode::<Value>(&receipt, &key, &Validation::new(Algorithm::HS256)).unwrap().claims;
    assert_eq!(claims["sub"], "alice@example.com");
    assert_eq!(claims["sid"], "session-1");
    assert!(claims["exp"].as_u64().unwrap() <= now() + 300);

    let form = format!("username=Alice%40example.com&code={code}");
    let answer = send_form(&app, "POST /sign-in", &[], &form).await;
    assert_eq!(location(&answer), "/account");
    let cookie = cookie_set(&answer);
    let answer = send(&app, "GET /api/profile", &[(COOKIE.as_str(), &cookie)]).await;
    assert_eq!(json_of(answer).await["user"], "alice@example.com");
    send(&app, "POST /sign-out", &[(COOKIE.as_str(), &cookie)]).await;
    let answer = send(&app, "GET /api/profile", &[(COOKIE.as_str(), &cookie)]).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "signed out");
}

#[tokio::test]
async fn a_browser_that_finishes_is_shown_a_page() {
    let token = assertion("registering");
    let headers = [("tapgate-assertion", token.as_str()), (ACCEPT.as_str(), "text/html,*/*;q=0.8")];
    let answer = send(&app(), "POST /register/finish", &headers).await;
    assert!(answer.headers().contains_key("tapgate-receipt"));
    assert!(text(answer).await.contains("You are set up"));
}

#[tokio::test]
async fn nobody_else_is_given_a_receipt() {
    let token = assertion("registered");
    let answer = send(&app(), "POST /register/finish", &[("tapgate-assertion", &token)]).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(!answer.headers().contains_key("tapgate-receipt"));
}

#[tokio::test]
async fn the_trap_is_a_real_one() {
    let app = app();
    let token = assertion("registering");
    let answer = send(&app, "POST /register/trap", &[("tapgate-assertion", &token)]).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    let cookie = cookie_set(&answer);
    let answer = send(&app, "GET /api/profile", &[(COOKIE.as_str(), &cookie)]).await;
    assert_eq!(answer.status(), StatusCode::OK, "without the gate the cookie opens the site by itself");
    let headers = [("tapgate-assertion", token.as_str()), (COOKIE.as_str(), cookie.as_str())];
    let seen = json_of(send(&app, "GET /register/seen", &headers).await).await;
    assert_eq!(seen["gate"]["state"], "registering");
    assert_eq!(seen["ownLogin"], "alice@example.com");
}

#[tokio::test]
async fn a_wrong_code_and_a_pass_sign_nobody_in() {
    let app = app();
    let answer = send_form(&app, "POST /sign-in", &[], "username=alice&code=2222-2222-2222").await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let answer = send_form(&app, "POST /sign-in", &[], "username=alice&pass=a.b.c").await;
    assert_eq!(answer.status(), StatusCode::MISDIRECTED_REQUEST);
    assert!(!answer.headers().contains_key(SET_COOKIE));
}

#[tokio::test]
async fn names_are_escaped() {
    let mut claims = claims("registered");
    claims["sub"] = json!("<script>alert(1)</script>");
    let token = signed("tap-assertion+jwt", "up-2", KEY, &claims);
    let page = text(send(&app(), "GET /account", &[("tapgate-assertion", &token)]).await).await;
    assert!(!page.contains("<script>alert"), "{page}");
}

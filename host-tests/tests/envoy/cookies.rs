//! The application's own cookies (B5.7) and session cookies that are none (B6.3).

use std::sync::Arc;

use serde_json::json;
use tapgate_host_tests::client::{Browser, Call, Protocol, raw};
use tapgate_host_tests::envoy::Setup;
use tapgate_host_tests::gate::{AUTHORITY, Gate, SESSION, sign_in};
use tapgate_host_tests::keys::Key;
use tapgate_host_tests::policy::Policy;
use tapgate_host_tests::upstream::{Handler, Recorded, Reply};

/// An application that signs people in with a cookie of its own, wherever they go.
fn application() -> Handler {
    Arc::new(|_: &Recorded| {
        Reply::text("hello")
            .header(
                "set-cookie",
                "login=the-application-s-own-login-token; Path=/; Domain=example.com; HttpOnly; Max-Age=600",
            )
            .header("set-cookie", "theme=dark; Path=/")
            .header("set-cookie", "old=; Max-Age=0; Path=/")
    })
}

async fn gate(alter: impl FnOnce(Setup) -> Setup) -> Gate {
    Gate::serving(|_, _| application(), alter).await
}

const LOGIN: &str = "the-application-s-own-login-token";

#[tokio::test]
async fn a_login_cookie_is_sealed_and_opened_in_its_own_session_only() {
    let gate = gate(|setup| setup).await;
    for protocol in Protocol::BOTH {
        let pass = gate.pass("alice").mint(&gate.secrets);
        let (mut browser, mut again) = (gate.browser_on(protocol), gate.browser_on(protocol));
        for browser in [&mut browser, &mut again] {
            assert_eq!(sign_in(browser, &pass).await.status, 303);
        }
        let answer = browser.navigate("/register").await;
        let login = answer.set_cookie("login").expect("a login cookie");
        assert!(!login.value.contains(LOGIN) && !login.value.is_empty(), "{login:?}");
        assert!(login.attributes.contains_key("httponly") && login.attributes.contains_key("path"), "{login:?}");
        assert_eq!(login.attributes.get("max-age").map(String::as_str), Some("600"));
        assert!(!login.attributes.contains_key("domain"), "{login:?}");
        assert!(answer.set_cookie("old").is_some_and(|cookie| cookie.deletes()), "{answer:?}");

        assert_eq!(browser.navigate("/register").await.status, 200);
        let mut seen = gate.upstream.last().cookies();
        seen.sort();
        assert_eq!(
            seen,
            [("login", LOGIN), ("theme", "dark")].map(|(name, value)| (name.to_owned(), value.to_owned()))
        );

        // Worthless without the live session: for nobody, for another session, under another name, changed.
        let sealed = login.value;
        let mut nobody = gate.browser_on(protocol);
        nobody.jar.put("login", &sealed);
        assert_eq!(nobody.navigate("/hello").await.status, 200);
        assert!(gate.upstream.last().cookie("login").is_none_or(|value| value != LOGIN));

        let mut other = gate.registering("bob", protocol).await;
        for browser in [&mut other, &mut again] {
            browser.jar.put("login", &sealed);
            assert_eq!(browser.navigate("/register").await.status, 200);
            assert_eq!(gate.upstream.last().cookies(), [], "{protocol:?}");
        }
        browser.jar.put("theme", &sealed);
        browser.jar.put("login", &tampered(&sealed));
        assert_eq!(browser.navigate("/register").await.status, 200);
        assert_eq!(gate.upstream.last().cookies(), [], "{protocol:?}");
    }
}

/// The same value with its last letter but one changed: the last one may carry nothing but padding bits.
fn tampered(value: &str) -> String {
    let mut letters: Vec<char> = value.chars().collect();
    let place = letters.len() - 2;
    letters[place] = if letters[place] == 'A' { 'B' } else { 'A' };
    letters.into_iter().collect()
}

#[tokio::test]
async fn cookies_from_before_do_not_reach_the_application() {
    let gate = gate(|setup| setup).await;
    let mut browser = gate.browser();
    assert_eq!(browser.navigate("/hello").await.status, 200);
    assert_eq!(browser.jar.get("login"), Some(LOGIN));
    assert_eq!(sign_in(&mut browser, &gate.pass("alice").mint(&gate.secrets)).await.status, 303);
    assert_eq!(browser.navigate("/register").await.status, 200);
    assert_eq!(gate.upstream.last().cookies(), []);
}

#[tokio::test]
async fn withheld_cookies_pass_neither_way() {
    let policy = Policy::shipped().with("/registration/cookies", "withheld");
    let gate = gate(|setup| setup.policy(&policy)).await;
    let mut browser = gate.registering("alice", Protocol::Http1).await;
    browser.jar.put("login", LOGIN);
    let answer = browser.navigate("/register").await;
    assert_eq!(answer.set_cookies(), []);
    assert_eq!(gate.upstream.last().cookies(), []);
}

#[tokio::test]
async fn nobodys_cookies_are_not_touched() {
    let gate = gate(|setup| setup).await;
    let mut browser = gate.browser();
    let answer = browser.navigate("/hello").await;
    assert!(
        answer
            .set_cookie("login")
            .is_some_and(|cookie| cookie.value == LOGIN && cookie.attributes.contains_key("domain"))
    );
    assert_eq!(browser.navigate("/hello").await.status, 200);
    assert_eq!(gate.upstream.last().cookie("login").as_deref(), Some(LOGIN));
}

#[tokio::test]
async fn what_is_no_session_is_cleared_and_goes_on_as_nobody() {
    let gate = Gate::start().await;
    for protocol in Protocol::BOTH {
        let real = gate.registering("alice", protocol).await.jar.get(SESSION).expect("a session").to_owned();
        let (head, tail) = real.split_at(real.len() / 2);
        let long = "x".repeat(5000);
        for bad in
            ["", "x", "a.b.c", "..", head, tail, &tampered(&real), &format!("{real}."), &format!("{real}x"), &long]
        {
            let mut browser = gate.browser_on(protocol);
            browser.jar.put(SESSION, bad);
            let answer = browser.navigate("/mail").await;
            assert_eq!((answer.status, answer.text().as_str()), (200, "GET /mail"), "{bad}");
            assert!(answer.set_cookie(SESSION).is_some_and(|cookie| cookie.deletes()), "{bad}: {answer:?}");
            assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"));
            assert!(!gate.upstream.last().names("tapgate-user"), "{bad}");
        }
    }
}

#[tokio::test]
async fn two_session_cookies_are_no_session() {
    let gate = Gate::start().await;
    let session = |browser: &Browser| browser.jar.get(SESSION).expect("a session").to_owned();
    let (one, two) = (
        session(&gate.registering("alice", Protocol::Http1).await),
        session(&gate.registering("bob", Protocol::Http1).await),
    );
    for (cookies, left) in [
        (format!("cookie: {SESSION}={one}; {SESSION}={two}\r\n"), None),
        (format!("cookie: {SESSION}={one}; {SESSION}={one}\r\n"), None),
        (format!("cookie: {SESSION}={one}\r\ncookie: {SESSION}={two}\r\n"), None),
        (format!("cookie: {SESSION}={one}; a=b; {SESSION}=\r\n"), Some("a=b")),
    ] {
        let request = format!("GET /register HTTP/1.1\r\nhost: {AUTHORITY}\r\n{cookies}connection: close\r\n\r\n");
        let answer = raw::exchange(gate.envoy.address(), request.as_bytes()).await;
        assert_eq!(raw::status(&answer), 200, "{answer}");
        assert!(answer.contains(&format!("set-cookie: {SESSION}=;")), "{answer}");
        let seen = gate.upstream.last();
        assert!(!seen.names("tapgate-user"), "{seen:?}");
        assert_eq!(seen.header("cookie").as_deref(), left);
    }
    // On HTTP/2 the pairs come in fields of their own.
    let mut browser = gate.browser_on(Protocol::Http2);
    let call = Call::get("/register")
        .header("cookie", format!("{SESSION}={one}"))
        .header("cookie", format!("{SESSION}={two}"));
    let answer = browser.send(call).await;
    assert!(answer.status == 200 && answer.set_cookie(SESSION).is_some_and(|cookie| cookie.deletes()), "{answer:?}");
    assert!(!gate.upstream.last().names("tapgate-user"));
}

#[tokio::test]
async fn another_tenants_session_is_no_session() {
    // A second tenant with keys of its own, written into its policy: the bootstrap hands on no more variables.
    let value = |name: &str| json!([{"id": format!("{name}-2"), "value": Key::random().base64()}]);
    let other = Policy::shipped()
        .with("/tenant", "fabrikam")
        .with("/hosts", json!(["fabrikam.example.com"]))
        .with("/issuer", "https://fabrikam.example.com")
        .with("/audience", "fabrikam.example.com")
        .with("/keys/pass", value("pass"))
        .with("/keys/gateway", value("gateway"))
        .with("/keys/upstream", value("upstream"));
    let both = json!({"tenants": [Policy::shipped().value(), other.value()]}).to_string();
    let gate = Gate::with(|setup| setup.policy_text(&both)).await;
    let session = gate.registering("alice", Protocol::Http1).await.jar.get(SESSION).expect("a session").to_owned();
    let mut browser = Browser::new(gate.envoy.address(), Protocol::Http1, "fabrikam.example.com", &gate.secrets);
    browser.jar.put(SESSION, &session);
    let answer = browser.navigate("/mail").await;
    assert_eq!(answer.text(), "GET /mail");
    assert!(answer.set_cookie(SESSION).is_some_and(|cookie| cookie.deletes()), "{answer:?}");
    assert!(!gate.upstream.last().names("tapgate-user"));
    // Nor is a pass of one tenant any good at the other.
    let answer = sign_in(&mut browser, &gate.pass("alice").mint(&gate.secrets)).await;
    assert_eq!(answer.status, 401);
}

//! The registering session: one thing only, until the deadline (section 5).

use proptest::prelude::*;
use serde_json::{Value, json};

use super::site::{Answer, Ask, Browser, Pass, START, Site, first, policy, policy_with};

#[test]
fn a_registering_session_reaches_what_is_allowed_and_nothing_else() {
    let mut site = Site::new(&policy());
    let browser = site.registering(&Pass::once("p"));
    for path in ["/register", "/register?next=/admin", "/webauthn/", "/webauthn/begin", "/webauthn/a/b?c"] {
        let exchange = site.send(&mut browser.clone(), Ask::fetch("GET", path));
        assert!(exchange.forwarded.is_some(), "{path}");
    }
    for path in [
        "/",
        "/admin",
        "/webauthn",
        "/register/",
        "/Register",
        "/registers",
        "/webauthn/../admin",
        "/webauthn/..",
        "/webauthn/.",
        "/webauthn/%2e%2e/admin",
        "/webauthn/%2E%2E",
        "/webauthn//x",
        "//register",
        "/webauthn/a;b=c",
        "/webauthn/a\\b",
        "/webauthn/%2fadmin",
        "/webauthn/%5cadmin",
        "/webauthn/#/admin",
        "/webauthn/%00",
        "/webauthn/%",
        "/webauthn/%zz",
        "http://gate.example.com/register",
        "*",
        "",
        "/./register",
        "/webauthn/\u{e9}",
    ] {
        let fetch = site.send(&mut browser.clone(), Ask::fetch("GET", path));
        assert_eq!((fetch.status, fetch.reason().as_str()), (403, "registration_required"), "{path}");
        let page = site.send(&mut browser.clone(), Ask::page(path));
        assert_eq!((page.status, page.header("location")), (303, Some("/register")), "{path}");
    }
}

#[test]
fn what_is_refused_says_where_to_register_and_until_when() {
    let mut site = Site::new(&policy());
    let mut browser = site.registering(&Pass::once("p"));
    let exchange = site.send(&mut browser, Ask::fetch("POST", "/api"));
    let body: Value = serde_json::from_str(&exchange.body).unwrap();
    assert_eq!(body["registrationUrl"], "/register");
    assert_eq!(body["deadline"], "2026-11-24T08:10:00Z");
}

#[test]
fn tunnels_are_refused() {
    let mut site = Site::new(&policy());
    let browser = site.registering(&Pass::once("p"));
    for ask in [
        Ask::new("CONNECT", ""),
        Ask::page("/register").header("upgrade", "websocket").header("connection", "upgrade"),
        Ask::new("GET", "/register").header("upgrade", "h2c"),
    ] {
        assert_eq!(site.send(&mut browser.clone(), ask).status, 403);
    }
    assert!(site.send(&mut Browser::default(), Ask::new("CONNECT", "")).forwarded.is_some());
}

#[test]
fn no_header_can_make_the_application_see_another_path() {
    let mut site = Site::new(&policy());
    let names = [
        "x-original-url",
        "X-Rewrite-Url",
        "x_original_uri",
        "x-envoy-original-path",
        "x-http-method-override",
        "X_Method_Override",
        "x-http-method",
    ];
    let ask = names.iter().fold(Ask::fetch("GET", "/register"), |ask, name| ask.header(name, "/admin"));
    let mut browser = site.registering(&Pass::once("p"));
    let exchange = site.send(&mut browser, ask.clone());
    for name in names {
        assert!(first(exchange.forwarded.as_ref().unwrap(), name).is_none(), "{name}");
    }
    let anonymous = site.send(&mut Browser::default(), ask);
    assert_eq!(anonymous.seen("x-original-url"), ["/admin"], "everybody else's traffic is untouched");
}

#[test]
fn at_the_deadline_it_is_over() {
    let mut site = Site::new(&policy());
    let browser = site.registering(&Pass::once("p"));
    site.now = START + 599;
    assert!(site.send(&mut browser.clone(), Ask::page("/register")).forwarded.is_some());
    site.now = START + 600;
    let mut page = browser.clone();
    let exchange = site.send(&mut page, Ask::page("/register"));
    assert_eq!(
        (exchange.status, exchange.header("location")),
        (303, Some("/.tap/sign-in?reason=registration_deadline_passed"))
    );
    assert!(!page.cookies.contains_key("__Host-tapgate"), "the cookie is cleared");
    let fetch = site.send(&mut browser.clone(), Ask::fetch("GET", "/register"));
    assert_eq!((fetch.status, fetch.reason().as_str()), (401, "registration_deadline_passed"));
    let status = site.send(&mut browser.clone(), Ask::fetch("GET", "/.tap/status"));
    assert_eq!(status.status, 401);
    let shown = site.send(&mut browser.clone(), Ask::page("/.tap/sign-in"));
    assert!(shown.status == 200 && shown.body.contains("Time is up"));
}

#[test]
fn the_status_counts_down() {
    let mut site = Site::new(&policy());
    let mut browser = site.registering(&Pass::once("p"));
    site.now = START + 10;
    let exchange = site.send(&mut browser, Ask::fetch("GET", "/.tap/status"));
    let body: Value = serde_json::from_str(&exchange.body).unwrap();
    let expected = json!({
        "state": "registering", "user": "alice@example.com", "deadline": "2026-11-24T08:10:00Z", "secondsLeft": 590, "registrationUrl": "/register",
    });
    assert_eq!(body, expected);
    assert_eq!(site.send(&mut Browser::default(), Ask::fetch("GET", "/.tap/status")).status, 401);
}

#[test]
fn signing_out_kills_copies_of_the_cookie() {
    let mut site = Site::new(&policy());
    let mut browser = site.registering(&Pass::many("p"));
    let mut copy = browser.clone();
    let cross = site.send(&mut browser, Ask::new("POST", "/.tap/sign-out").header("sec-fetch-site", "cross-site"));
    assert_eq!(cross.status, 403);
    assert_eq!(site.send(&mut browser, Ask::fetch("GET", "/.tap/sign-out")).status, 405);
    let exchange = site.send(&mut browser, Ask::fetch("POST", "/.tap/sign-out"));
    assert_eq!(exchange.status, 200);
    assert!(!browser.cookies.contains_key("__Host-tapgate"));
    assert_eq!(site.send(&mut copy, Ask::fetch("GET", "/register")).status, 401);
    assert_eq!(site.send(&mut browser, Ask::fetch("POST", "/.tap/sign-out")).status, 200, "twice is fine");
    site.registering(&Pass::many("p"));
}

#[test]
fn signing_out_is_for_good_even_where_the_policy_had_ended_the_session() {
    let mut site = Site::new(&policy());
    let mut browser = site.registering(&Pass::once("p"));
    let mut copy = browser.clone();
    site.reload(&policy_with("/temporaryAccessPass/state", json!("disabled")));
    assert_eq!(site.send(&mut browser, Ask::fetch("POST", "/.tap/sign-out")).status, 200);
    site.reload(&policy());
    assert_eq!(site.send(&mut copy, Ask::fetch("GET", "/register")).status, 401);
}

#[test]
fn unknown_endpoints_are_not_found_and_never_forwarded() {
    let mut site = Site::new(&policy());
    for path in ["/.tap", "/.tap/", "/.tap/x", "/.tap/sign-in/x", "/.tap/graph/v1.0", "/.tap/sign-in/"] {
        let exchange = site.send(&mut Browser::default(), Ask::page(path));
        assert_eq!(exchange.status, 404, "{path}");
    }
    assert!(site.send(&mut Browser::default(), Ask::page("/.tapx")).forwarded.is_some());
}

#[test]
fn a_tightened_policy_ends_live_sessions() {
    for (pointer, value) in [
        ("/temporaryAccessPass/state", json!("disabled")),
        ("/temporaryAccessPass/includeTargets", json!([{"targetType": "user", "id": "bob"}])),
        ("/temporaryAccessPass/excludeTargets", json!([{"targetType": "group", "id": "contractors"}])),
        ("/registration/windowInMinutes", json!(1)),
    ] {
        let mut site = Site::new(&policy());
        let mut browser = site.registering(&Pass { groups: Some(vec!["contractors".into()]), ..Pass::once("p") });
        site.now = START + 60;
        site.reload(&policy_with(pointer, value));
        assert_eq!(site.send(&mut browser, Ask::fetch("GET", "/register")).status, 401, "{pointer}");
    }
}

#[test]
fn a_loosened_policy_lengthens_no_session() {
    let mut site = Site::new(&policy());
    let mut browser = site.registering(&Pass::once("p"));
    site.reload(&policy_with("/registration/windowInMinutes", json!(60)));
    site.now = START + 600;
    assert_eq!(site.send(&mut browser, Ask::fetch("GET", "/register")).status, 401);
}

#[test]
fn a_registered_session_reaches_everything_until_its_end() {
    let mut site = Site::new(&policy());
    let mut browser = site.registered(&Pass::once("p"));
    site.now = START + 3599;
    assert!(site.send(&mut browser, Ask::page("/admin")).forwarded.is_some());
    site.now = START + 3600;
    let exchange = site.send(&mut browser.clone(), Ask::fetch("GET", "/admin"));
    assert_eq!((exchange.status, exchange.reason().as_str()), (401, "session_expired"));

    let mut apart = policy_with("/registration/windowInMinutes", json!(10));
    apart["session"] = json!({"endsWithPass": false, "maximumInMinutes": 120});
    let mut site = Site::new(&apart);
    let mut browser = site.registered(&Pass::once("p"));
    site.now = START + 7199;
    assert!(site.send(&mut browser, Ask::page("/admin")).forwarded.is_some());
    site.now = START + 7200;
    assert_eq!(site.send(&mut browser, Ask::fetch("GET", "/admin")).status, 401);
}

proptest! {
    /// Whatever the path, what goes on from a registering session is covered byte for byte by the policy's list.
    #[test]
    fn nothing_outside_the_list_is_reached(path in "(/(register|webauthn|\\.\\.|\\.|%2e|%2F|;|admin|a|)){1,5}[/?#;%.]{0,2}") {
        let mut site = Site::new(&policy());
        let mut browser = site.registering(&Pass::once("p"));
        let exchange = site.send_to(&mut browser, Ask::fetch("GET", &path), |_| Answer::ok());
        if exchange.forwarded.is_some() {
            let bare = path.split('?').next().unwrap();
            prop_assert!(bare == "/register" || bare.starts_with("/webauthn/"), "{}", path);
            // Three dots are a name like any other.
            prop_assert!(!bare.split('/').any(|segment| matches!(segment, "." | "..")), "{}", path);
            prop_assert!(!bare.contains("//") && !bare.contains('%') && !bare.contains(';'), "{}", path);
        }
    }
}

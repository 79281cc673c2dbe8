//! Registration is complete when the application says so, and not otherwise (5.5).

use serde_json::{Value, json};
use tapgate_core::audit::{Kind, Outcome};

use super::site::{Answer, Ask, Pass, START, Site, claims, first, jws, policy, policy_with, receipt, receipt_for};

fn last(site: &Site) -> (Kind, Outcome) {
    let event = site.audit.last().unwrap();
    (event.kind, event.outcome)
}

#[test]
fn a_receipt_opens_the_site_and_the_old_cookie_does_not() {
    let mut site = Site::new(&policy());
    let mut browser = site.registering(&Pass::once("p"));
    let mut old = browser.clone();
    site.now = START + 42;
    let now = site.now;
    let exchange = site.send_to(&mut browser, Ask::fetch("POST", "/webauthn/x"), |request| {
        Answer::ok().with("tapgate-receipt", &receipt_for(request, now)).with("cache-control", "public, max-age=60")
    });
    assert_eq!(exchange.header("tapgate-receipt"), None);
    assert_eq!(exchange.header("cache-control"), Some("no-store"));
    assert_eq!(last(&site), (Kind::Completion, Outcome::Done));
    assert_eq!(site.audit.last().unwrap().took.unwrap().get(), 42);
    let after = site.send(&mut browser, Ask::page("/account"));
    assert_eq!(after.seen("tapgate-state"), ["registered"]);

    // The old cookie goes on to open registration, and nothing more; nor can it complete again.
    assert_eq!(site.send(&mut old, Ask::fetch("GET", "/account")).status, 403);
    let again = site.send_to(&mut old, Ask::fetch("POST", "/webauthn/x"), |request| {
        Answer::ok().with("tapgate-receipt", &receipt_for(request, now))
    });
    assert_eq!(again.header("set-cookie"), None);
    assert_eq!(last(&site), (Kind::Completion, Outcome::Ignored("not_live")));
    // And the pass is used up, even for its holder.
    let exchange =
        site.send(&mut browser, Ask::sign_in("", &Pass::once("p").mint()).header("accept", "application/json"));
    assert_eq!(exchange.reason(), "already_used");
}

#[test]
fn a_status_completes_and_ends_the_session() {
    let mut site = Site::new(&policy());
    let mut browser = site.registering(&Pass::once("p"));
    let copy = browser.clone();
    for (method, path, status) in
        [("GET", "/webauthn/finish", 200), ("POST", "/webauthn/finish", 201), ("POST", "/webauthn/other", 200)]
    {
        let exchange = site.send_to(&mut browser, Ask::fetch(method, path), |_| Answer { status, ..Answer::ok() });
        assert_eq!(exchange.header("set-cookie"), None, "{method} {path} {status}");
    }
    let exchange = site.send(&mut browser, Ask::fetch("POST", "/webauthn/finish?x"));
    assert!(exchange.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert!(!browser.cookies.contains_key("__Host-tapgate"));
    assert_eq!(site.send(&mut copy.clone(), Ask::fetch("GET", "/register")).status, 401);
}

#[test]
fn then_sign_in_ends_the_session_by_a_receipt_too() {
    let mut site = Site::new(&policy_with("/registration/then", json!("signIn")));
    let mut browser = site.registering(&Pass::many("p"));
    let exchange = site.send_to(&mut browser, Ask::fetch("POST", "/webauthn/x"), |request| {
        Answer::ok().with("tapgate-receipt", &receipt_for(request, START))
    });
    assert!(exchange.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert!(site.send(&mut browser, Ask::page("/account")).seen("tapgate-user").is_empty());
}

#[test]
fn receipts_that_do_not_verify_change_nothing() {
    let alter = |change: fn(&mut Value)| {
        move |request: &[(String, String)]| {
            let assertion = claims(first(request, "tapgate-assertion").unwrap());
            let mut claims = json!({"sub": assertion["sub"], "sid": assertion["sid"], "exp": START + 60});
            change(&mut claims);
            vec![receipt(&claims)]
        }
    };
    type Make = Box<dyn Fn(&[(String, String)]) -> Vec<String>>;
    let cases: Vec<(&str, Make)> = vec![
        ("another_user", Box::new(alter(|claims| claims["sub"] = json!("bob")))),
        ("another_session", Box::new(alter(|claims| claims["sid"] = json!("AAAAAAAAAAAAAAAAAAAAAA")))),
        ("not_in_time", Box::new(alter(|claims| claims["exp"] = json!(START)))),
        ("not_in_time", Box::new(alter(|claims| claims["exp"] = json!(START + 301)))),
        ("not_in_time", Box::new(alter(|claims| drop(claims.as_object_mut().unwrap().remove("exp"))))),
        ("not_authentic", Box::new(|_| vec!["junk".into()])),
        ("not_authentic", Box::new(|request| vec![first(request, "tapgate-assertion").unwrap().to_owned()])),
        (
            "not_authentic",
            Box::new(|request| {
                let receipt = claims(&receipt_for(request, START)).to_string();
                vec![jws(r#"{"alg":"HS256","typ":"tap-receipt+jwt","kid":"up-1"}"#, &receipt, 1)]
            }),
        ),
        ("several", Box::new(|request| vec![receipt_for(request, START), receipt_for(request, START)])),
    ];
    for (why, make) in cases {
        let mut site = Site::new(&policy());
        let mut browser = site.registering(&Pass::once("p"));
        let exchange = site.send_to(&mut browser, Ask::fetch("POST", "/webauthn/x"), |request| {
            make(request).iter().fold(Answer::ok(), |answer, receipt| answer.with("tapgate-receipt", receipt))
        });
        assert_eq!(exchange.headers, [], "{why}");
        assert_eq!(last(&site), (Kind::Receipt, Outcome::Ignored(why)));
        assert_eq!(site.send(&mut browser, Ask::fetch("GET", "/account")).status, 403, "{why}");
    }
}

#[test]
fn the_proxys_own_answers_complete_nothing() {
    let mut site = Site::new(&policy());
    let mut browser = site.registering(&Pass::once("p"));
    let exchange = site.send_to(&mut browser, Ask::fetch("POST", "/webauthn/finish"), |_| Answer {
        from_application: false,
        ..Answer::ok()
    });
    assert_eq!(exchange.header("set-cookie"), None);
    assert!(site.send(&mut browser, Ask::page("/register")).forwarded.is_some());
}

#[test]
fn an_answer_that_comes_too_late_completes_nothing() {
    let mut site = Site::new(&policy());
    let mut browser = site.registering(&Pass::once("p"));
    // The clock of the answer is that of its request here; move the deadline instead.
    site.now = START + 599;
    let sealed = browser.clone();
    site.reload(&policy());
    let exchange = site.send(&mut browser, Ask::fetch("POST", "/webauthn/finish"));
    assert!(exchange.header("set-cookie").is_some());
    site.now = START + 600;
    assert_eq!(site.send(&mut sealed.clone(), Ask::fetch("POST", "/webauthn/finish")).status, 401);
}

#[test]
fn a_receipt_counts_only_where_the_policy_says_so() {
    let mut policy = policy_with("/registration/then", json!("signIn"));
    policy["registration"]["completedBy"] = json!([{"response": {"path": "/webauthn/finish", "status": [200]}}]);
    let mut site = Site::new(&policy);
    let mut browser = site.registering(&Pass::once("p"));
    let exchange = site.send_to(&mut browser, Ask::fetch("POST", "/webauthn/x"), |request| {
        Answer::ok().with("tapgate-receipt", &receipt_for(request, START))
    });
    assert_eq!(exchange.headers, [], "the header is the plugin's, so it goes; nothing else happens");
}

#[test]
fn the_person_lands_where_they_wanted_to_go_once() {
    let mut site = Site::new(&policy());
    let mut browser = super::site::Browser::default();
    let ask = Ask::new("POST", "/sign-in").form(&[("pass", &Pass::once("p").mint()), ("return_to", "/account?a=1")]);
    site.send(&mut browser, ask);
    site.send_to(&mut browser, Ask::fetch("POST", "/webauthn/x"), |request| {
        Answer::ok().with("tapgate-receipt", &receipt_for(request, START))
    });
    let exchange = site.send(&mut browser, Ask::page("/register"));
    assert_eq!((exchange.status, exchange.header("location")), (303, Some("/account?a=1")));
    assert!(site.send(&mut browser, Ask::page("/register")).forwarded.is_some(), "once");
}

#[test]
fn an_answer_that_leads_somewhere_leads_there() {
    let mut site = Site::new(&policy());
    let mut browser = super::site::Browser::default();
    let ask = Ask::new("POST", "/sign-in").form(&[("pass", &Pass::once("p").mint()), ("return_to", "/account")]);
    site.send(&mut browser, ask);
    let exchange = site.send_to(&mut browser, Ask::page("/webauthn/x"), |request| {
        Answer { status: 303, ..Answer::ok() }
            .with("tapgate-receipt", &receipt_for(request, START))
            .with("location", "/done")
    });
    assert_eq!(exchange.header("location"), Some("/account"));
    assert!(site.send(&mut browser, Ask::page("/register")).forwarded.is_some(), "and only once");
}

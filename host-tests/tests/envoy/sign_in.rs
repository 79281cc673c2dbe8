//! Signing in (B4): where a pass is taken, what comes of it, and what is none of the plugin's business.

use serde_json::json;
use tapgate_host_tests::client::{Call, Protocol};
use tapgate_host_tests::clock::now;
use tapgate_host_tests::gate::{Gate, HOLDER, SESSION, sign_in, sign_in_json};
use tapgate_host_tests::pass::pyjwt;

use crate::support::VARIANTS;

#[tokio::test]
async fn a_pass_opens_the_registration_and_the_application_sees_nothing_of_it() {
    for (variant, setup) in VARIANTS {
        let gate = Gate::with(setup).await;
        for protocol in Protocol::BOTH {
            let seen_before = gate.upstream.count();
            let pass = gate.pass("alice@example.com").mint(&gate.secrets);
            let mut browser = gate.browser_on(protocol);
            let answer = sign_in(&mut browser, &pass).await;
            assert_eq!(answer.status, 303, "{variant} {protocol:?}: {answer:?}");
            assert_eq!(answer.header("location").as_deref(), Some("/register"));
            assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"));
            assert!(gate.upstream.requests()[seen_before..].iter().all(|request| !request.complete), "{variant}");
            let page = browser.navigate("/register").await;
            assert_eq!((page.status, page.text().as_str()), (200, "GET /register"), "{variant} {protocol:?}");
        }
        let pass_field = b"pass=";
        let leaked =
            gate.upstream.requests().into_iter().find(|seen| seen.body.windows(5).any(|part| part == pass_field));
        assert!(leaked.is_none(), "{variant}: the application saw a pass: {leaked:?}");
        if !variant.contains("without buffer") {
            assert!(
                gate.upstream.requests().iter().all(|seen| seen.method == "GET"),
                "{variant}: half a sign-in went on"
            );
        }
    }
}

#[tokio::test]
async fn the_session_cookie_is_what_a_browser_must_not_hand_on() {
    let gate = Gate::start().await;
    let answer = sign_in(&mut gate.browser(), &gate.pass("alice").mint(&gate.secrets)).await;
    let cookie = answer.set_cookie(SESSION).expect("a session");
    for attribute in ["httponly", "secure"] {
        assert!(cookie.attributes.contains_key(attribute), "{cookie:?}");
    }
    assert_eq!(cookie.attributes.get("samesite").map(String::as_str), Some("Lax"));
    assert_eq!(cookie.attributes.get("path").map(String::as_str), Some("/"));
    // Ten minutes to the deadline, and an hour to be told so (B4.3).
    assert_eq!(cookie.attributes.get("max-age").map(String::as_str), Some("4200"));
    assert!(!cookie.attributes.contains_key("domain"));
}

#[tokio::test]
async fn a_program_is_answered_in_json() {
    let gate = Gate::start().await;
    for protocol in Protocol::BOTH {
        let mut browser = gate.browser_on(protocol);
        let before = now();
        let answer = sign_in_json(&mut browser, &gate.pass("alice@example.com").mint(&gate.secrets)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let body = answer.json();
        assert_eq!((&body["state"], &body["user"]), (&json!("registering"), &json!("alice@example.com")));
        assert_eq!(body["registrationUrl"], "/register");
        assert!(body["deadline"].as_str().is_some_and(|text| text.ends_with('Z')), "{body}");
        assert!(answer.set_cookie(SESSION).is_some());
        let status = browser.fetch("GET", "/.tap/status").await.json();
        assert_eq!((&status["state"], &status["deadline"]), (&body["state"], &body["deadline"]));
        let left = status["secondsLeft"].as_i64().expect("seconds");
        assert!((0..=600 + now() - before).contains(&left), "{left}");
    }
}

#[tokio::test]
async fn the_gateways_own_sign_in_takes_a_pass_too() {
    for (variant, setup) in VARIANTS {
        let gate = Gate::with(setup).await;
        for protocol in Protocol::BOTH {
            let pass = gate.pass("alice").mint(&gate.secrets);
            let mut browser = gate.browser_on(protocol);
            let answer = browser.submit("/sign-in", &[("username", "Alice"), ("pass", &pass)]).await;
            assert_eq!(answer.status, 303, "{variant} {protocol:?}: {}", answer.text());
            assert!(browser.jar.get(SESSION).is_some());
            let call = Call::fetch("POST", "/sign-in").json(&json!({"pass": pass, "other": {"deep": [1, 2]}}));
            assert_eq!(gate.browser_on(protocol).send(call).await.status, 200, "{variant} {protocol:?}");
        }
        assert!(gate.upstream.requests().iter().all(|seen| !seen.complete), "{variant}");
    }
}

#[tokio::test]
async fn another_librarys_pass_signs_in_and_it_verifies_our_assertion() {
    let gate = Gate::start().await;
    let mut browser = gate.browser();
    let pass = pyjwt::mint(&gate.pass("alice@example.com").claim("groups", vec!["staff"]), &gate.secrets);
    assert_eq!(sign_in(&mut browser, &pass).await.status, 303);
    assert_eq!(browser.navigate("/register").await.status, 200);
    let assertion = gate.upstream.last().header("tapgate-assertion").expect("an assertion");
    let claims = pyjwt::verify(&assertion, &gate.keys.upstream);
    assert_eq!((&claims["sub"], &claims["state"]), (&json!("alice@example.com"), &json!("registering")));
}

#[tokio::test]
async fn names_compare_without_case_and_must_match_when_given() {
    let gate = Gate::start().await;
    let pass = gate.pass("Alice@Example.COM").mint(&gate.secrets);
    for (name, status) in
        [("alice@example.com", 303), ("ALICE@example.com", 303), ("bob@example.com", 401), ("alice", 401)]
    {
        let answer = gate.browser().submit("/.tap/sign-in", &[("username", name), ("pass", &pass)]).await;
        assert_eq!(answer.status, status, "{name}");
    }
    let mut browser = gate.registering("Alice@Example.COM", Protocol::Http1).await;
    assert_eq!(browser.fetch("GET", "/.tap/status").await.json()["user"], "alice@example.com");
}

#[tokio::test]
async fn reading_changes_nothing() {
    let gate = Gate::start().await;
    let pass = gate.one_time("alice").await.mint(&gate.secrets);
    for protocol in Protocol::BOTH {
        let mut browser = gate.browser_on(protocol);
        for method in ["GET", "HEAD"] {
            let answer = browser
                .send(
                    Call::new(method, &format!("/.tap/sign-in?pass={pass}&username=alice"))
                        .header("accept", "text/html"),
                )
                .await;
            assert_eq!(answer.status, 200, "{method}");
            assert!(answer.set_cookie(SESSION).is_none());
            assert_eq!(answer.body.is_empty(), method == "HEAD");
            assert!(!answer.text().contains(&pass), "the page repeats the pass");
        }
        for method in ["GET", "HEAD"] {
            assert_eq!(browser.send(Call::new(method, "/.tap/sign-out")).await.status, 405);
        }
    }
    // Nobody has used it, so it still can be used, once.
    assert_eq!(sign_in(&mut gate.browser(), &pass).await.status, 303);
}

#[tokio::test]
async fn the_page_gives_a_holder_cookie_once_and_allows_nothing_foreign() {
    let gate = Gate::start().await;
    let mut browser = gate.browser();
    let page = browser.navigate("/.tap/sign-in").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type").as_deref(), Some("text/html; charset=utf-8"));
    assert_eq!(page.header("cache-control").as_deref(), Some("no-store"));
    let policy = page.header("content-security-policy").expect("a content security policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert!(page.text().contains("Contoso"));
    let holder = page.set_cookie(HOLDER).expect("a holder cookie");
    assert!(holder.attributes.contains_key("httponly") && holder.attributes.contains_key("secure"), "{holder:?}");
    assert!(browser.navigate("/.tap/sign-in").await.set_cookie(HOLDER).is_none(), "a second holder cookie");
    // Alone it opens nothing (B7.3).
    assert_eq!(browser.fetch("GET", "/.tap/status").await.status, 401);
}

#[tokio::test]
async fn what_lies_under_the_base_path_is_never_forwarded() {
    let gate = Gate::start().await;
    for protocol in Protocol::BOTH {
        let mut browser = gate.browser_on(protocol);
        for path in ["/.tap", "/.tap/", "/.tap/nothing", "/.tap/sign-in/", "/.tap/status/x", "/.tap/graph/v1.0/me"] {
            for method in ["GET", "POST", "PUT", "DELETE"] {
                assert_eq!(browser.send(Call::new(method, path)).await.status, 404, "{method} {path}");
            }
        }
        for path in ["/.tap/sign-in", "/.tap/status", "/.tap/sign-out"] {
            let call = Call::new("OPTIONS", path)
                .header("origin", "https://evil.example")
                .header("access-control-request-method", "POST");
            let answer = browser.send(call).await;
            assert_eq!(answer.status, 405, "{path}");
            assert!(answer.headers.iter().all(|(name, _)| !name.starts_with("access-control-")), "{answer:?}");
        }
    }
    assert_eq!(gate.upstream.count(), 0);
}

#[tokio::test]
async fn a_person_arrives_where_they_wanted_to_go() {
    let gate = Gate::start().await;
    for (wanted, reached) in [
        ("/mail?folder=in&x=%20", true),
        ("//evil.example/", false),
        ("https://evil.example/", false),
        ("/\\evil.example", false),
        ("/a/../b", false),
    ] {
        let pass = gate.pass("alice").mint(&gate.secrets);
        let mut browser = gate.browser();
        let answer = browser.submit("/.tap/sign-in", &[("username", ""), ("pass", &pass), ("return_to", wanted)]).await;
        assert_eq!((answer.status, answer.header("location").as_deref()), (303, Some("/register")), "{wanted}");
        assert_eq!(browser.fetch("POST", "/register/finish").await.status, 200);
        let back = browser.navigate("/register").await;
        if reached {
            assert_eq!((back.status, back.header("location").as_deref()), (303, Some(wanted)));
            assert_eq!(browser.navigate("/register").await.status, 200, "once is enough");
        } else {
            assert_eq!(back.status, 200, "{wanted}");
        }
    }
}

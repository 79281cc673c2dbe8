//! Presenting a pass: where, how, and what comes back (section 4).

use serde_json::{Value, json};
use tapgate_core::audit::{Kind, Outcome, Who};

use super::site::{Ask, Browser, Pass, START, Site, claims, policy, policy_with};

#[test]
fn a_pass_in_the_form_leads_to_registration() {
    let mut site = Site::new(&policy());
    let mut browser = Browser::default();
    let exchange = site.send(&mut browser, Ask::sign_in("alice@example.com", &Pass::once("p").mint()));
    assert_eq!((exchange.status, exchange.header("location")), (303, Some("/register")));
    assert_eq!(exchange.header("cache-control"), Some("no-store"));
    let cookies: Vec<_> = exchange.headers.iter().filter(|(name, _)| name == "set-cookie").collect();
    assert_eq!(cookies.len(), 2);
    for (_, cookie) in cookies {
        // 10 minutes of window and an hour more.
        assert!(cookie.ends_with("; Path=/; Max-Age=4200; Secure; HttpOnly; SameSite=Lax"), "{cookie}");
    }
    assert_eq!(site.audit.len(), 1);
    assert_eq!((site.audit[0].kind, site.audit[0].outcome), (Kind::SignIn, Outcome::Done));
}

#[test]
fn a_caller_of_json_gets_json_and_the_same_cookie() {
    let mut site = Site::new(&policy());
    let mut browser = Browser::default();
    let body = json!({"pass": Pass::once("p").mint(), "username": ""}).to_string();
    let exchange = site.send(&mut browser, Ask::new("POST", "/.tap/sign-in").body("application/json", &body));
    assert_eq!(exchange.status, 200);
    let answer: Value = serde_json::from_str(&exchange.body).unwrap();
    let expected = json!({
        "state": "registering", "user": "alice@example.com", "deadline": "2026-11-24T08:10:00Z", "registrationUrl": "/register",
    });
    assert_eq!(answer, expected);
    assert!(browser.cookies.contains_key("__Host-tapgate"));
}

#[test]
fn only_a_post_that_carries_a_pass_is_taken() {
    let mut site = Site::new(&policy());
    let pass = Pass::once("p").mint();
    let form = [("username", "alice"), ("pass", "")];
    let json = |body: &str| Ask::new("POST", "/sign-in").body("application/json", body);
    for ask in [
        Ask::new("POST", "/sign-in").form(&form),
        Ask::new("POST", "/sign-in").form(&[("password", "secret")]),
        Ask::new("POST", "/sign-in").form(&[("pass", "  ")]),
        Ask::new("POST", "/sign-in"),
        Ask::new("POST", "/sign-in").body("text/plain", &format!("pass={pass}")),
        Ask::new("POST", "/sign-in").form(&[("pass", &"x".repeat(17_000))]),
        Ask::new("PUT", "/sign-in").form(&[("pass", &pass)]),
        Ask::new("POST", "/sign-in/").form(&[("pass", &pass)]),
        Ask::page(&format!("/sign-in?pass={pass}")),
        json("{"),
        json("[]"),
        json(r#"{"pass":null}"#),
    ] {
        let exchange = site.send(&mut Browser::default(), ask.clone());
        assert!(exchange.forwarded.is_some(), "{ask:?}");
    }
    for ask in [
        Ask::new("POST", "/sign-in").form(&[("pass", &pass), ("pass", "")]),
        Ask::new("POST", "/sign-in").form(&[("pass", "a.b.c"), ("username", "a"), ("username", "b")]),
        json(&format!(r#"{{"pass":"{pass}","pass":""}}"#)),
        json(&format!(r#"{{"pass":"{pass}","x":null}}"#)),
        json(r#"{"pass":["a.b.c"]}"#),
        json(r#"{"pass":12345678}"#),
        json(&format!(r#"{{"pass":"{pass}","deviceId":18446744073709551615}}"#)),
        json(&format!(r#"{{"pass":"{pass}","x":1e999}}"#)),
        json(&format!(r#"{{"pass":"{pass}","x":{}1{}}}"#, "[".repeat(40), "]".repeat(40))),
        json(&format!(r#"{{"pass":"{pass}""#)),
        json(&format!(r#"{{"p\u0061ss":"{pass}"}} x"#)),
    ] {
        let exchange = site.send(&mut Browser::default(), ask.header("accept", "application/json"));
        assert_eq!((exchange.status, exchange.reason().as_str()), (401, "invalid_pass"));
    }
}

#[test]
fn the_plugins_own_endpoint_takes_nothing_but_a_pass() {
    let mut site = Site::new(&policy());
    let own = |ask: Ask| Ask { path: "/.tap/sign-in".into(), ..ask }.header("accept", "application/json");
    for (ask, status) in [
        (Ask::new("POST", "/"), 401),
        (Ask::new("POST", "/").form(&[("pass", "")]), 401),
        (Ask::new("POST", "/").body("text/plain", "pass=a.b.c"), 401),
        (Ask::new("POST", "/").form(&[("pass", &"x".repeat(17_000))]), 413),
        (Ask::new("POST", "/").form(&[]).header("content-length", "17000"), 413),
        (Ask::new("PUT", "/"), 405),
        (Ask::new("OPTIONS", "/"), 405),
        (Ask::new("POST", "/").form(&[("pass", "a.b.c")]).header("sec-fetch-site", "cross-site"), 403),
    ] {
        let exchange = site.send(&mut Browser::default(), own(ask.clone()));
        assert_eq!(exchange.status, status, "{ask:?}");
        assert!(exchange.forwarded.is_none());
        assert!(!exchange.headers.iter().any(|(name, _)| name.starts_with("access-control")));
    }
}

#[test]
fn another_sites_page_cannot_sign_anybody_in() {
    let mut site = Site::new(&policy());
    let pass = Pass::once("p").mint();
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        let ask = Ask::new("POST", "/sign-in")
            .form(&[("pass", &pass)])
            .header("accept", "application/json")
            .header(name, value);
        let exchange = site.send(&mut Browser::default(), ask);
        assert_eq!((exchange.status, exchange.reason().as_str()), (403, "cross_site"), "{value}");
    }
    // The pass is still good.
    site.registering(&Pass::once("p"));
}

#[test]
fn a_refusal_is_a_page_for_people_and_a_problem_for_programs() {
    let mut site = Site::new(&policy());
    let expired = Pass { issued: START - 7200, start: START - 7200, end: START - 1, ..Pass::many("p") }.mint();
    let page = site.send(&mut Browser::default(), Ask::sign_in("", &expired));
    assert_eq!(page.status, 401);
    assert!(page.body.contains("Your Temporary Access Pass has expired"), "{}", page.body);
    assert_eq!(page.header("www-authenticate"), Some("TemporaryAccessPass realm=\"contoso\""));
    let problem =
        site.send(&mut Browser::default(), Ask::sign_in("", &expired).header("accept", "application/problem+json"));
    assert_eq!(problem.header("content-type"), Some("application/problem+json"));
    let body: Value = serde_json::from_str(&problem.body).unwrap();
    assert_eq!((body["status"].as_u64(), body["reason"].as_str()), (Some(401), Some("expired")));
    assert!(body["type"].is_string() && body["title"].is_string());
}

#[test]
fn the_sign_in_page_gives_a_holder_cookie_and_tells_the_reason() {
    let mut site = Site::new(&policy());
    let mut browser = Browser::default();
    let exchange =
        site.send(&mut browser, Ask::page("/.tap/sign-in?reason=registration_deadline_passed&return_to=/a%3Fb%22"));
    assert_eq!(exchange.status, 200);
    assert!(exchange.body.contains("Time is up"));
    assert!(browser.cookies.contains_key("__Host-tapgate-holder"));
    let again = site.send(&mut browser, Ask::page("/.tap/sign-in?reason=<script>&return_to=//evil"));
    assert!(again.body.contains("data-session-names=\"\""));
    assert!(again.header("set-cookie").is_none(), "a browser keeps its holder cookie");
    assert!(!again.body.contains("evil") && !again.body.contains("&lt;script"));
}

#[test]
fn the_pages_policy_names_its_script_and_style_by_hash() {
    use base64::Engine as _;
    use sha2::Digest as _;
    let mut site = Site::new(&policy());
    let exchange = site.send(&mut Browser::default(), Ask::page("/.tap/sign-in"));
    let csp = exchange.header("content-security-policy").unwrap();
    assert!(csp.starts_with("default-src 'none';") && csp.contains("frame-ancestors 'none'"));
    for element in ["script", "style"] {
        let start = exchange.body.find(&format!("<{element}>")).unwrap() + element.len() + 2;
        let end = exchange.body.find(&format!("</{element}>")).unwrap();
        let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(&exchange.body[start..end]));
        assert!(csp.contains(&format!("{element}-src 'sha256-{hash}'")), "{element} in {csp}");
    }
}

#[test]
fn where_one_wanted_to_go_is_kept_and_only_if_it_is_local() {
    for (target, kept) in
        [("/account?tab=1", true), ("//evil.example", false), ("https://evil.example", false), ("/a/../b", false)]
    {
        let mut site = Site::new(&policy());
        let mut browser = Browser::default();
        let ask = Ask::new("POST", "/sign-in").form(&[("pass", &Pass::once("p").mint()), ("return_to", target)]);
        assert_eq!(site.send(&mut browser, ask).header("location"), Some("/register"));
        assert_eq!(claims(&browser.cookies["__Host-tapgate"])["rt"].as_str(), kept.then_some(target));
    }
}

#[test]
fn a_pass_is_taken_whatever_session_comes_with_it() {
    let mut site = Site::new(&policy());
    let mut browser = site.registering(&Pass::many("p"));
    let other = Pass { user: "bob".into(), ..Pass::once("q") };
    let exchange = site.send(&mut browser, Ask::sign_in("", &other.mint()));
    assert_eq!(exchange.status, 303);
    assert_eq!(claims(&browser.cookies["__Host-tapgate"])["sub"], "bob");
    browser.cookies.insert("__Host-tapgate".into(), "junk".into());
    let third = Pass { user: "carol".into(), ..Pass::once("r") };
    assert_eq!(site.send(&mut browser, Ask::sign_in("", &third.mint())).status, 303);
}

#[test]
fn a_typed_name_reaches_the_log_as_a_hash_only() {
    let mut site = Site::new(&policy());
    let secret = "MyPassTypedIntoTheWrongField";
    site.send(&mut Browser::default(), Ask::sign_in(secret, "a.b.c"));
    let event = site.audit.last().unwrap();
    assert!(matches!(&event.who, Who::Typed(hash) if hash.len() == 16));
    assert!(!event.line(Default::default()).contains(secret));
}

#[test]
fn a_full_window_ends_with_the_pass() {
    let mut site = Site::new(&policy_with("/registration/windowInMinutes", json!(60)));
    let pass = Pass { issued: START - 3500, start: START - 3500, end: START + 100, ..Pass::many("p") };
    let browser = site.registering(&pass);
    assert_eq!(claims(&browser.cookies["__Host-tapgate"])["exp"], START + 100);
}

#[test]
fn our_own_page_may_post_in_every_browser() {
    // Without Fetch metadata a browser sends its origin, unless the page's referrer policy makes it `null`.
    let mut site = Site::new(&policy());
    let mut browser = Browser::default();
    let page = site.send(&mut browser, Ask::page("/.tap/sign-in"));
    assert_eq!(page.header("referrer-policy"), Some("same-origin"));
    let ask = Ask::new("POST", "/.tap/sign-in").form(&[("pass", &Pass::once("p").mint())]);
    assert_eq!(site.send(&mut browser, ask.header("origin", "https://gate.example.com")).status, 303);
}

#[test]
fn a_mistyped_pass_does_not_lose_where_one_wanted_to_go() {
    let mut site = Site::new(&policy());
    let ask = Ask::sign_in("", "a.b.c").form(&[("pass", "a.b.c"), ("return_to", "/account?x")]);
    let ask = Ask { headers: ask.headers.into_iter().take(3).collect(), ..ask };
    let exchange = site.send(&mut Browser::default(), ask);
    assert!(exchange.body.contains(r#"name="return_to" value="/account?x""#), "{}", exchange.body);
}

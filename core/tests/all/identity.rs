//! What the application is told, and what nobody else may tell it (section 6).

use serde_json::json;

use super::site::{Answer, Ask, Browser, Pass, START, Site, claims, first, key, policy, policy_with};

#[test]
fn an_identity_from_outside_never_goes_on() {
    let mut policy = policy();
    policy["upstream"] = json!({"userHeader": "remote-user"});
    let mut site = Site::new(&policy);
    let names = [
        "tapgate-user",
        "Tapgate_User",
        "TAPGATE-ASSERTION",
        "tapgate.state",
        "REMOTE_USER",
        "remote-user",
        "Remote.User",
    ];
    let ask = names.iter().fold(Ask::page("/"), |ask, name| ask.header(name, "mallory"));
    for authority in ["gate.example.com", "other.example.com", ""] {
        let exchange = site.send(&mut Browser::default(), Ask { authority: authority.into(), ..ask.clone() });
        for name in names {
            assert!(first(exchange.forwarded.as_ref().unwrap(), name).is_none(), "{name} on {authority}");
        }
    }
    let mut browser = site.registering(&Pass::once("p"));
    let exchange = site.send(&mut browser, Ask { path: "/register".into(), ..ask });
    assert_eq!(exchange.seen("remote-user"), ["alice@example.com"]);
    assert!(!exchange.forwarded.unwrap().iter().any(|(_, value)| value.contains("mallory")));
    let trailers: [(&[u8], &[u8]); 3] = [(b"Remote_User", b"x"), (b"tapgate-user", b"x"), (b"checksum", b"x")];
    let edits = site.gate.request_trailers(&trailers, false);
    assert_eq!(edits.remove, [b"Remote_User".to_vec(), b"tapgate-user".to_vec()]);
}

#[test]
fn a_session_is_introduced_by_headers_and_an_assertion() {
    let mut site = Site::new(&policy());
    let mut browser = site.registering(&Pass { user: "Alice@Example.com".into(), ..Pass::once("p") });
    site.now = START + 570;
    let exchange = site.send(&mut browser, Ask::page("/register"));
    assert_eq!(exchange.seen("tapgate-user"), ["alice@example.com"]);
    assert_eq!(exchange.seen("tapgate-tenant"), ["contoso"]);
    assert_eq!(exchange.seen("tapgate-state"), ["registering"]);
    assert_eq!(exchange.seen("tapgate-deadline"), ["2026-11-24T08:10:00Z"]);
    let assertion = claims(exchange.seen("tapgate-assertion")[0]);
    assert_eq!(assertion["sub"], "alice@example.com");
    assert_eq!(
        (&assertion["iss"], &assertion["aud"]),
        (&json!("https://gate.example.com"), &json!("gate.example.com"))
    );
    assert_eq!((&assertion["amr"], &assertion["tenant"]), (&json!(["tap"]), &json!("contoso")));
    // Sixty seconds ahead, but never past the session's end.
    assert_eq!((assertion["iat"].as_u64(), assertion["exp"].as_u64()), (Some(START + 570), Some(START + 600)));
}

#[test]
fn the_plugins_cookies_stay_with_the_plugin() {
    let mut site = Site::new(&policy());
    let mut browser = site.registering(&Pass::once("p"));
    assert!(site.send(&mut browser, Ask::page("/register")).seen("cookie").is_empty());
    browser.cookies.remove("__Host-tapgate");
    browser.cookies.insert("theme".into(), "dark".into());
    assert_eq!(site.send(&mut browser, Ask::page("/")).seen("cookie"), ["theme=dark"]);
}

#[test]
fn untouched_traffic_is_untouched() {
    let mut site = Site::new(&policy());
    let ask = Ask::page("/").header("cookie", "a=1;b=2;;  c").header("x-original-url", "/x").header("accept", "*/*");
    let exchange = site.send_to(&mut Browser::default(), ask, |_| Answer::ok().with("set-cookie", "a=1; Domain=x"));
    assert_eq!(exchange.seen("cookie"), ["a=1;b=2;;  c"]);
    assert_eq!(exchange.header("set-cookie"), Some("a=1; Domain=x"));
    assert_eq!(exchange.header("cache-control"), None);
}

#[test]
fn the_application_cannot_speak_for_the_plugin() {
    let mut site = Site::new(&policy());
    let answer = |_: &[(String, String)]| {
        Answer::ok()
            .with("tapgate-receipt", "x")
            .with("Tapgate_Anything", "x")
            .with("set-cookie", "__Host-tapgate=evil; Path=/; Secure")
            .with("set-cookie", "=__HOST-TAPGATE-HOLDER=evil; Path=/; Secure")
            .with("set-cookie", "theme=dark")
    };
    let exchange = site.send_to(&mut Browser::default(), Ask::page("/"), answer);
    assert_eq!(exchange.headers, [("set-cookie".to_owned(), "theme=dark".to_owned())]);
    let other = Ask { authority: "other.example.com".into(), ..Ask::page("/") };
    assert_eq!(site.send_to(&mut Browser::default(), other, answer).headers.len(), 1);
}

#[test]
fn cookies_that_are_no_session_are_cleared_and_open_nothing() {
    let mut site = Site::new(&policy());
    let live = site.registering(&Pass::once("p")).cookies["__Host-tapgate"].clone();
    let pass = Pass::once("q").mint();
    for line in [
        "__Host-tapgate=junk".to_owned(),
        format!("__Host-tapgate={pass}"),
        format!("__Host-tapgate={live}; __Host-tapgate={live}"),
        format!("__Host-tapgate={live}x"),
        "__Host-tapgate=".to_owned(),
    ] {
        let exchange = site.send(&mut Browser::default(), Ask::page("/admin").header("cookie", &line));
        assert!(exchange.seen("tapgate-user").is_empty() && exchange.seen("cookie").is_empty(), "{line}");
        assert!(exchange.header("set-cookie").unwrap().starts_with("__Host-tapgate=; Path=/; Max-Age=0"), "{line}");
        assert_eq!(exchange.header("cache-control"), Some("no-store"));
    }
    let two =
        Ask::page("/admin").header("cookie", &format!("__Host-tapgate={live}")).header("cookie", "__Host-tapgate=x");
    assert!(site.send(&mut Browser::default(), two).seen("tapgate-user").is_empty());
    let other_name = Ask::fetch("GET", "/register").header("cookie", &format!("__host-tapgate={live}"));
    assert!(site.send(&mut Browser::default(), other_name).seen("tapgate-user").is_empty());
}

#[test]
fn a_session_is_good_on_its_own_tenants_hosts_only() {
    let mut fabrikam = policy();
    fabrikam["tenant"] = json!("fabrikam");
    fabrikam["hosts"] = json!(["*.fabrikam.example", "deep.x.fabrikam.example"]);
    fabrikam["issuer"] = json!("https://fabrikam.example");
    for (index, purpose) in ["pass", "gateway", "upstream"].iter().enumerate() {
        fabrikam["keys"][purpose][0]["value"] = json!(key(20 + u8::try_from(index).unwrap()));
    }
    let mut contoso = policy_with("/hosts", json!(["gate.example.com", "*.x.fabrikam.example"]));
    contoso["tenant"] = json!("contoso");
    let mut site = Site::new(&json!({"tenants": [contoso, fabrikam]}));
    let browser = site.registering(&Pass::once("p"));
    for (authority, tenant) in [
        ("gate.example.com", Some("contoso")),
        ("GATE.example.com.:8443", Some("contoso")),
        ("a.x.fabrikam.example", Some("contoso")),
        ("deep.x.fabrikam.example", None),
        ("a.fabrikam.example", None),
        ("fabrikam.example", None),
        ("gate.example.com..", None),
        ("gate.example.com@x", None),
        ("xgate.example.com", None),
        ("x.gate.example.com", None),
    ] {
        let ask = Ask { authority: authority.into(), ..Ask::fetch("GET", "/register") };
        let exchange = site.send(&mut browser.clone(), ask);
        let seen = exchange.seen("tapgate-tenant");
        assert_eq!(seen.first().copied(), tenant, "{authority}");
    }
    let forwarded_host =
        Ask { authority: "other.example".into(), ..Ask::page("/admin") }.header("x-forwarded-host", "gate.example.com");
    assert!(site.send(&mut browser.clone(), forwarded_host).seen("tapgate-user").is_empty());
}

#[test]
fn without_headers_nothing_goes_on() {
    let site = Site::new(&policy());
    let mut random = super::site::Seeded(1);
    let now = tapgate_core::time::UnixSeconds::new(START).unwrap();
    let mut context = tapgate_core::context::Context { now, random: &mut random };
    let step = site.gate.request(&tapgate_core::request::RequestView::new(&[]), &mut context);
    let tapgate_core::ledger::Step::Done(tapgate_core::decide::Head::Decided(decision)) = step else {
        panic!("a decision")
    };
    let tapgate_core::decide::Verdict::Reply(reply) = decision.verdict else { panic!("a reply") };
    assert_eq!(reply.status, 500);
}

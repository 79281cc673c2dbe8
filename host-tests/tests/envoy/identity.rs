//! Identity to the application (B6): forged names go, on every request; a session's are set; answers carry none.

use std::sync::Arc;

use serde_json::json;
use tapgate_host_tests::body::Body;
use tapgate_host_tests::client::{Browser, Call, Protocol, raw};
use tapgate_host_tests::clock::now;
use tapgate_host_tests::envoy::Setup;
use tapgate_host_tests::gate::{AUTHORITY, Gate, HOLDER, SESSION};
use tapgate_host_tests::pass::read_assertion;
use tapgate_host_tests::policy::Policy;
use tapgate_host_tests::upstream::{Handler, Recorded, Reply};

/// Names that an application could take for the gate's word, and some that it could not.
const FORGED: [&str; 12] = [
    "tapgate-user",
    "tapgate_user",
    "Tapgate-State",
    "TAPGATE_TENANT",
    "tapgate-assertion",
    "tapgate.user",
    "tapgate~deadline",
    "tapgate-anything-at-all",
    "remote-user",
    "REMOTE_USER",
    "Remote.User",
    "tapgate-receipt",
];
const INNOCENT: [&str; 4] = ["x-tapgate-user", "tapgate", "tapgateuser", "x-remote-user"];

fn remote_user(setup: Setup) -> Setup {
    setup.softened().policy(&Policy::shipped().with("/upstream/userHeader", "remote-user"))
}

fn assert_clean(seen: &Recorded, context: &str) {
    let fields = || seen.headers.iter().chain(&seen.trailers);
    for name in FORGED {
        let name = name.to_ascii_lowercase();
        assert!(!fields().any(|(known, _)| *known == name), "{context}: {name} reached the application");
    }
    assert!(!fields().any(|(_, value)| value == b"mallory"), "{context}: {seen:?}");
    for name in INNOCENT {
        assert!(seen.names(name), "{context}: {name} is none of the plugin's");
    }
}

#[tokio::test]
async fn forged_names_never_reach_the_application() {
    let gate = Gate::with(remote_user).await;
    for protocol in Protocol::BOTH {
        for host in [AUTHORITY, "nobody.example"] {
            let mut browser = Browser::new(gate.envoy.address(), protocol, host, &gate.secrets);
            let call = INNOCENT.iter().fold(Call::post("/hello"), |call, name| call.header(name, "fine"));
            let call = FORGED.iter().fold(call, |call, name| call.header(name, "mallory").header(name, "mallory"));
            assert_eq!(browser.send(call).await.status, 200);
            assert_clean(&gate.upstream.last(), &format!("{protocol:?} {host}"));
        }
    }
}

#[tokio::test]
async fn forged_names_do_not_pass_in_trailers() {
    // Behind the buffer filter a request has a length, and HTTP/1.1 then has no place for trailers.
    let gate = Gate::with(|setup| remote_user(setup).http2_application()).await;
    for protocol in Protocol::BOTH {
        for host in [AUTHORITY, "nobody.example"] {
            for path in ["/upload", "/sign-in", "/register/upload"] {
                let mut browser = Browser::new(gate.envoy.address(), protocol, host, &gate.secrets);
                let body = INNOCENT.iter().fold(Body::chunked("hello", 2), |body, name| body.trailer(name, "fine"));
                let body = FORGED.iter().fold(body, |body, name| body.trailer(name, "mallory"));
                let call = Call::post(path).header("content-type", "application/json").body(body);
                assert_eq!(browser.send(call).await.status, 200, "{protocol:?} {host} {path}");
                let seen = gate.upstream.last();
                assert!(!seen.trailers.is_empty(), "{protocol:?} {host} {path}: no trailers at all");
                let seen = Recorded { headers: Vec::new(), ..seen };
                assert_clean(&seen, &format!("{protocol:?} {host} {path}"));
            }
        }
    }
}

#[tokio::test]
async fn a_session_is_introduced_in_place_of_what_was_forged() {
    let gate = Gate::with(remote_user).await;
    for protocol in Protocol::BOTH {
        let mut browser = gate.registering("Alice@Example.com", protocol).await;
        let call = FORGED.iter().fold(Call::fetch("GET", "/register"), |call, name| call.header(name, "mallory"));
        assert_eq!(browser.send(call).await.status, 200);
        let seen = gate.upstream.last();
        assert!(seen.headers.iter().all(|(_, value)| value != b"mallory"), "{seen:?}");
        assert_eq!(seen.header("remote-user").as_deref(), Some("alice@example.com"));
        assert_eq!(seen.header("tapgate-tenant").as_deref(), Some("contoso"));
        assert_eq!(seen.header("tapgate-state").as_deref(), Some("registering"));
        assert!(seen.header("tapgate-deadline").is_some_and(|text| text.ends_with('Z')));
        let claims = read_assertion(&gate.keys, &seen.header("tapgate-assertion").expect("an assertion"));
        assert_eq!(claims["sub"], "alice@example.com");
        assert_eq!(
            (&claims["tenant"], &claims["amr"], &claims["state"]),
            (&json!("contoso"), &json!(["tap"]), &json!("registering"))
        );
        let (issued, end) = (claims["iat"].as_i64().expect("iat"), claims["exp"].as_i64().expect("exp"));
        assert!(issued <= now() && end - issued <= 60, "{claims}");
        assert!(claims["sid"].as_str().is_some_and(|session| !session.is_empty()));
    }
}

#[tokio::test]
async fn the_plugins_cookies_stay_with_the_plugin() {
    let gate = Gate::start().await;
    for protocol in Protocol::BOTH {
        let mut browser = gate.browser_on(protocol);
        browser.jar.put("theme", "dark");
        browser.jar.put(HOLDER, "whatever");
        browser.jar.put(SESSION, "no.such.session");
        for host in [AUTHORITY, "nobody.example"] {
            let mut browser = Browser::new(gate.envoy.address(), protocol, host, &gate.secrets);
            for (name, value) in [("theme", "dark"), (HOLDER, "whatever"), (SESSION, "no.such.session")] {
                browser.jar.put(name, value);
            }
            assert_eq!(browser.navigate("/hello").await.status, 200);
            assert_eq!(
                gate.upstream.last().cookies(),
                [("theme".to_owned(), "dark".to_owned())],
                "{protocol:?} {host}"
            );
        }
    }
    // Two Cookie lines, and a line of nothing but the plugin's.
    let request = format!(
        "GET /two HTTP/1.1\r\nhost: {AUTHORITY}\r\ncookie: a=1; {HOLDER}=x\r\ncookie: {SESSION}=y\r\ncookie: b=2\r\nconnection: close\r\n\r\n"
    );
    assert_eq!(raw::status(&raw::exchange(gate.envoy.address(), request.as_bytes()).await), 200);
    let cookies = gate.upstream.last().cookies();
    assert_eq!(cookies, [("a", "1"), ("b", "2")].map(|(name, value)| (name.to_owned(), value.to_owned())));
}

fn talkative() -> Handler {
    Arc::new(|_: &Recorded| {
        Reply::text("hello")
            .header("tapgate-user", "mallory")
            .header("Tapgate-Receipt", "x")
            .header("tapgate_state", "registered")
            .header("cache-control", "max-age=600")
            .header("set-cookie", format!("{SESSION}=forged; Path=/; Secure"))
            .header("set-cookie", format!("{HOLDER}=forged; Path=/; Secure"))
            .header("set-cookie", "theme=dark; Path=/")
            .body(Body::chunked("hello", 2).trailer("tapgate-user", "mallory").trailer("x-sum", "1"))
    })
}

#[tokio::test]
async fn the_applications_answers_do_not_speak_for_the_gate() {
    let gate = Gate::serving(|_, _| talkative(), Setup::http2_application).await;
    for protocol in Protocol::BOTH {
        for mut browser in [gate.browser_on(protocol), gate.registering("alice", protocol).await] {
            let (session, holder) =
                (browser.jar.get(SESSION).map(str::to_owned), browser.jar.get(HOLDER).map(str::to_owned));
            let answer = browser.send(Call::get("/register").header("te", "trailers")).await;
            assert_eq!(answer.text(), "hello");
            for (name, _) in answer.headers.iter().chain(&answer.trailers) {
                assert!(!name.starts_with("tapgate"), "{protocol:?}: {name} came back");
            }
            assert!(answer.trailers.contains(&("x-sum".to_owned(), b"1".to_vec())), "{protocol:?}: {answer:?}");
            assert!(answer.set_cookie(SESSION).is_none() && answer.set_cookie(HOLDER).is_none(), "{answer:?}");
            assert_eq!(browser.jar.get(SESSION), session.as_deref());
            assert_eq!(browser.jar.get(HOLDER), holder.as_deref());
            assert!(answer.set_cookie("theme").is_some());
        }
    }
}

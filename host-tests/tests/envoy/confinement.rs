//! The registering session (B5.1-B5.4): one thing only, until the deadline.

use tapgate_host_tests::body::Body;
use tapgate_host_tests::client::raw::{self, Raw};
use tapgate_host_tests::client::{Call, Protocol};
use tapgate_host_tests::clock::{self, now};
use tapgate_host_tests::envoy::Setup;
use tapgate_host_tests::gate::{AUTHORITY, Gate, SESSION, sign_in};

use crate::support::VARIANTS;

#[tokio::test]
async fn a_registering_person_is_led_back_to_registration() {
    let gate = Gate::start().await;
    for protocol in Protocol::BOTH {
        let mut browser = gate.registering("alice", protocol).await;
        for path in ["/", "/mail", "/registers", "/assets", "/Register", "/register.html", "/mail?next=/register"] {
            let answer = browser.navigate(path).await;
            assert_eq!((answer.status, answer.header("location").as_deref()), (303, Some("/register")), "{path}");
            assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"));
        }
        // Without Fetch metadata the wish for HTML makes a navigation (B5.2).
        let old = Call::get("/mail").header("accept", "text/html,*/*;q=0.5");
        assert_eq!(browser.send(old).await.status, 303);
        for path in ["/register", "/register?step=2", "/register/a/b", "/register/", "/assets/app.js", "/assets/%C3%A9"]
        {
            assert_eq!(browser.navigate(path).await.text(), format!("GET {path}"));
        }
    }
}

#[tokio::test]
async fn an_api_call_is_refused_with_what_to_do() {
    let gate = Gate::start().await;
    for protocol in Protocol::BOTH {
        let mut browser = gate.registering("alice", protocol).await;
        for (method, path) in
            [("GET", "/api/mail"), ("POST", "/api/mail"), ("DELETE", "/"), ("OPTIONS", "/api"), ("HEAD", "/api")]
        {
            let answer = browser.fetch(method, path).await;
            assert_eq!(answer.status, 403, "{method} {path}");
            if method != "HEAD" {
                assert_eq!(answer.reason(), "registration_required");
                let body = answer.json();
                assert_eq!((&body["registrationUrl"], &body["status"]), (&"/register".into(), &403.into()));
                assert!(
                    body["deadline"].as_str().is_some_and(|text| text.ends_with('Z')) && body["title"].is_string(),
                    "{body}"
                );
            }
        }
        // An image of another page is no navigation, whatever it accepts.
        let image = Call::get("/logo").header("sec-fetch-mode", "no-cors").header("accept", "text/html");
        assert_eq!(browser.send(image).await.status, 403);
    }
    assert_eq!(gate.upstream.count(), 0);
}

#[tokio::test]
async fn ambiguous_paths_never_match() {
    let gate = Gate::with(Setup::softened).await;
    for protocol in Protocol::BOTH {
        let mut browser = gate.registering("alice", protocol).await;
        for path in [
            "/assets/../mail",
            "/assets/..",
            "/assets/.",
            "/assets/./x",
            "/register/%2e%2e/mail",
            "/assets/%2E%2E/mail",
            "/assets/..%2fmail",
            "/assets/%2fmail",
            "/assets/%5cmail",
            "/assets//mail",
            "//assets/x",
            "/assets/x;y=z",
            "/assets/..;/mail",
            "/assets/x\\y",
            "/%61ssets/x",
            "/assets/%41",
            "/assets/%00",
            "/assets/%",
            "/assets/%2",
            "/assets/%zz",
            "/assets/%7f",
            "/register%3f",
            "/register%23",
            "/register%20",
            "/register/..;a=b/mail",
        ] {
            // What HTTP's own parsers refuse never reaches the plugin; what they let through must not match.
            let call = Call::fetch("GET", path);
            if let Ok(answer) = browser.try_send(call).await {
                assert!([400, 403].contains(&answer.status), "{protocol:?} {path}: {}", answer.status);
            }
            if browser.jar.get(SESSION).is_none() {
                panic!("{path} cost the session");
            }
        }
    }
    let session = gate.registering("alice", Protocol::Http1).await.jar.field().expect("cookies");
    for target in [
        "/assets/x#y",
        "/assets/x y",
        "/assets/\u{e9}",
        "*",
        "http://gate.example.com/assets/x",
        "assets/x",
        "/assets\t/x",
    ] {
        let request =
            format!("GET {target} HTTP/1.1\r\nhost: {AUTHORITY}\r\ncookie: {session}\r\nconnection: close\r\n\r\n");
        let status = raw::status(&raw::exchange(gate.envoy.address(), request.as_bytes()).await);
        // An absolute target is origin-form by the time it has passed Envoy, and then as good as any other.
        let fine = if target.starts_with("http:") { status == 200 } else { [400, 403].contains(&status) };
        assert!(fine, "{target}: {status}");
    }
    assert!(gate.upstream.requests().iter().all(|seen| seen.target == "/assets/x"), "{:?}", gate.upstream.requests());
}

#[tokio::test]
async fn tunnels_are_refused() {
    let gate = Gate::with(Setup::connect).await;
    let cookies = gate.registering("alice", Protocol::Http1).await.jar.field().expect("cookies");
    for path in ["/register", "/assets/socket", "/mail"] {
        for upgrade in ["websocket", "anything"] {
            let request = format!(
                "GET {path} HTTP/1.1\r\nhost: {AUTHORITY}\r\ncookie: {cookies}\r\nconnection: upgrade, close\r\nupgrade: {upgrade}\r\n\r\n"
            );
            let answer = raw::exchange(gate.envoy.address(), request.as_bytes()).await;
            assert_eq!(raw::status(&answer), 403, "{path} {upgrade}: {answer}");
        }
    }
    // Envoy does not speak h2c by upgrade: it takes the wish off and forwards a plain request.
    let request = format!(
        "GET /mail HTTP/1.1\r\nhost: {AUTHORITY}\r\ncookie: {cookies}\r\nconnection: upgrade, http2-settings, close\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n"
    );
    assert_eq!(raw::status(&raw::exchange(gate.envoy.address(), request.as_bytes()).await), 403);
    let request = format!("CONNECT {AUTHORITY}:443 HTTP/1.1\r\nhost: {AUTHORITY}:443\r\ncookie: {cookies}\r\n\r\n");
    let mut connection = Raw::open(gate.envoy.address()).await;
    connection.write(request.as_bytes()).await;
    let answer = connection.read_until(|seen| seen.ends_with(b"}")).await;
    let answer = String::from_utf8_lossy(&answer);
    assert_eq!(raw::status(&answer), 403, "{answer}");
    let mut browser = gate.registering("alice", Protocol::Http2).await;
    for call in [Call::connect(), Call::extended_connect("/register"), Call::extended_connect("/mail")] {
        let answer = browser.send(call).await;
        assert_eq!((answer.status, answer.reason().as_str()), (403, "registration_required"));
    }
    assert_eq!(gate.upstream.count(), 0);
    // Nobody's CONNECT and upgrade are none of the plugin's business.
    let mut connection = Raw::open(gate.envoy.address()).await;
    connection
        .write(
            format!("GET /socket HTTP/1.1\r\nhost: {AUTHORITY}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")
                .as_bytes(),
        )
        .await;
    let head = connection.read_until(|seen| seen.windows(4).any(|end| end == b"\r\n\r\n")).await;
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
}

#[tokio::test]
async fn headers_that_rename_path_or_method_do_not_pass() {
    let gate = Gate::start().await;
    let renaming = [
        "x-original-url",
        "x-original-uri",
        "x-rewrite-url",
        "x-envoy-original-path",
        "x-http-method-override",
        "x-method-override",
        "x-http-method",
    ];
    for protocol in Protocol::BOTH {
        let mut browser = gate.registering("alice", protocol).await;
        let call = renaming.iter().fold(Call::fetch("GET", "/register"), |call, name| call.header(name, "/mail"));
        assert_eq!(browser.send(call).await.status, 200);
        let seen = gate.upstream.last();
        for name in renaming {
            assert!(!seen.names(name), "{name} reached the application");
        }
    }
}

#[tokio::test]
async fn a_large_upload_passes() {
    for (variant, setup) in VARIANTS {
        let gate = Gate::with(setup).await;
        for protocol in Protocol::BOTH {
            let mut browser = gate.registering("alice", protocol).await;
            let upload = vec![b'x'; 3 << 20];
            for body in [Body::whole(upload.clone()), Body::chunked(&upload, 60_000).trailer("x-sum", "1")] {
                let answer = browser.send(Call::fetch("POST", "/register/photo").body(body)).await;
                assert_eq!(answer.status, 200, "{variant} {protocol:?}: {}", answer.text());
                let seen = gate.upstream.last();
                assert!(seen.complete && seen.body.len() == upload.len(), "{variant} {protocol:?}");
            }
        }
    }
}

#[tokio::test]
async fn at_the_deadline_it_is_over() {
    let gate = Gate::start().await;
    // Ten minutes long, as the policy wants, and almost at its end.
    let end = now() + 3;
    let pass = gate.pass("alice").valid(end - 600, end).mint(&gate.secrets);
    let mut browser = gate.browser();
    assert_eq!(sign_in(&mut browser, &pass).await.status, 303);
    assert_eq!(browser.navigate("/register").await.status, 200);
    let session = browser.jar.get(SESSION).expect("a session").to_owned();
    clock::reach(end).await;
    let seen = gate.upstream.count();

    let answer = browser.navigate("/register").await;
    assert_eq!(answer.status, 303);
    let page = answer.header("location").expect("a place to go");
    assert!(page.starts_with("/.tap/sign-in") && page.contains("registration_deadline_passed"), "{page}");
    assert!(answer.set_cookie(SESSION).is_some_and(|cookie| cookie.deletes()), "{answer:?}");
    assert!(browser.jar.get(SESSION).is_none());
    let shown = browser.navigate(&page).await;
    assert!(
        shown.status == 200 && shown.text().contains("Your time to register a sign-in method is over"),
        "{}",
        shown.text()
    );

    for path in ["/register", "/api/mail", "/.tap/status"] {
        browser.jar.put(SESSION, &session);
        let answer = browser.fetch("GET", path).await;
        assert_eq!((answer.status, answer.reason().as_str()), (401, "registration_deadline_passed"), "{path}");
        assert_eq!(answer.header("www-authenticate").as_deref(), Some("TemporaryAccessPass realm=\"contoso\""));
        assert!(answer.set_cookie(SESSION).is_some_and(|cookie| cookie.deletes()), "{path}");
    }
    assert_eq!(gate.upstream.count(), seen, "nothing of a dead session goes on");
    // Without the cookie they are anonymous, as anybody.
    assert_eq!(browser.navigate("/mail").await.text(), "GET /mail");
}

#[tokio::test]
async fn a_new_window_begins_when_a_multi_use_pass_signs_in_again() {
    let gate = Gate::start().await;
    let pass = gate.pass("alice").mint(&gate.secrets);
    let (mut first, mut second) = (gate.browser(), gate.browser());
    assert_eq!(sign_in(&mut first, &pass).await.status, 303);
    assert_eq!(sign_in(&mut second, &pass).await.status, 303);
    for browser in [&mut first, &mut second] {
        assert_eq!(browser.navigate("/register").await.status, 200);
    }
}

#[tokio::test]
async fn signing_out_ends_copies_too() {
    let gate = Gate::start().await;
    for protocol in Protocol::BOTH {
        let mut browser = gate.registering("alice", protocol).await;
        let mut thief = gate.browser_on(protocol);
        thief.jar.put(SESSION, browser.jar.get(SESSION).expect("a session"));
        assert_eq!(thief.navigate("/register").await.status, 200);
        let answer = browser.submit("/.tap/sign-out", &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(browser.jar.get(SESSION).is_none());
        let answer = thief.fetch("GET", "/register").await;
        assert_eq!((answer.status, answer.reason().as_str()), (401, "registration_deadline_passed"));
        assert_eq!(browser.fetch("GET", "/.tap/status").await.status, 401);
    }
}

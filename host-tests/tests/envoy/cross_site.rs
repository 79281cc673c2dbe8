//! Requests that another site's page makes (B4.2).

use tapgate_host_tests::client::{Browser, Call, Protocol};
use tapgate_host_tests::gate::{Gate, SESSION};

use crate::support::form;

/// What a browser says of where a request comes from, and whether it may sign in.
const CASES: [(&[(&str, &str)], bool); 16] = [
    (&[("sec-fetch-site", "same-origin")], true),
    (&[("sec-fetch-site", "none")], true),
    (&[("sec-fetch-site", "same-site")], false),
    (&[("sec-fetch-site", "cross-site")], false),
    (&[("sec-fetch-site", "")], false),
    (&[("sec-fetch-site", "same-origin, cross-site")], false),
    (&[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")], false),
    (&[("sec-fetch-site", "cross-site"), ("origin", "https://gate.example.com")], false),
    (&[], true),
    (&[("origin", "https://gate.example.com")], true),
    (&[("origin", "http://gate.example.com")], false),
    (&[("origin", "https://gate.example.com:8443")], false),
    (&[("origin", "https://gate.example.com.evil.example")], false),
    (&[("origin", "https://evil.example")], false),
    (&[("origin", "null")], false),
    (&[("origin", "https://gate.example.com"), ("origin", "https://evil.example")], false),
];

#[tokio::test]
async fn a_sign_in_from_another_site_is_refused() {
    let gate = Gate::start().await;
    for protocol in Protocol::BOTH {
        for path in ["/.tap/sign-in", "/sign-in"] {
            for (headers, allowed) in CASES {
                let body = form(&[("pass", &gate.pass("alice").mint(&gate.secrets))]);
                let call = Call::post(path)
                    .header("content-type", "application/x-www-form-urlencoded")
                    .header("accept", "application/json")
                    .body(tapgate_host_tests::body::Body::whole(body));
                let call = headers.iter().fold(call, |call, (name, value)| call.header(name, value));
                let answer = gate.browser_on(protocol).send(call).await;
                if allowed {
                    assert_eq!(answer.status, 200, "{protocol:?} {path} {headers:?}: {}", answer.text());
                } else {
                    assert_eq!(
                        (answer.status, answer.reason().as_str()),
                        (403, "cross_site"),
                        "{protocol:?} {path} {headers:?}"
                    );
                    assert!(answer.set_cookie(SESSION).is_none());
                }
            }
        }
    }
    assert!(gate.upstream.requests().iter().all(|seen| !seen.complete));
}

#[tokio::test]
async fn plain_http_is_an_origin_on_loopback_only() {
    let gate = Gate::start().await;
    let port = gate.envoy.address().port();
    for (authority, origin, allowed) in [
        (format!("localhost:{port}"), format!("http://localhost:{port}"), true),
        (format!("127.0.0.1:{port}"), format!("http://127.0.0.1:{port}"), true),
        (format!("localhost:{port}"), "http://localhost".to_owned(), false),
        (format!("localhost:{port}"), format!("http://127.0.0.1:{port}"), false),
    ] {
        let mut browser = Browser::new(gate.envoy.address(), Protocol::Http1, &authority, &gate.secrets);
        let call = Call::post("/.tap/sign-in").form(&[("pass", &gate.pass("alice").mint(&gate.secrets))]);
        let answer = browser.send(call.header("origin", &origin)).await;
        assert_eq!(answer.status, if allowed { 303 } else { 403 }, "{origin} at {authority}");
    }
}

#[tokio::test]
async fn another_site_cannot_sign_anybody_out() {
    let gate = Gate::start().await;
    for protocol in Protocol::BOTH {
        let mut browser = gate.registering("alice", protocol).await;
        for headers in [
            [("sec-fetch-site", "cross-site"), ("accept", "*/*")],
            [("origin", "https://evil.example"), ("accept", "*/*")],
        ] {
            let call =
                headers.iter().fold(Call::post("/.tap/sign-out"), |call, (name, value)| call.header(name, value));
            let answer = browser.send(call).await;
            assert_eq!((answer.status, answer.reason().as_str()), (403, "cross_site"), "{headers:?}");
            assert_eq!(browser.navigate("/register").await.status, 200);
        }
        assert_eq!(browser.submit("/.tap/sign-out", &[]).await.status, 200);
    }
}

#[tokio::test]
async fn a_sign_in_of_the_applications_own_is_none_of_the_plugins_business() {
    let gate = Gate::start().await;
    let call =
        Call::post("/sign-in").form(&[("username", "alice"), ("password", "x")]).header("sec-fetch-site", "cross-site");
    assert_eq!(gate.browser().send(call).await.text(), "POST /sign-in");
}

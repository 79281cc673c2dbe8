//! Bytes that no honest client sends (B10.1): whatever they are, the plugin lives on and nothing gets through.

use tapgate_host_tests::client::{Call, Protocol, raw};
use tapgate_host_tests::envoy::Setup;
use tapgate_host_tests::gate::{AUTHORITY, Gate, SESSION, sign_in};

use crate::support::{VARIANTS, form};

/// A raw request with these header lines.
fn request(method: &str, target: &str, lines: &[&[u8]], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{method} {target} HTTP/1.1\r\nhost: {AUTHORITY}\r\nconnection: close\r\n").into_bytes();
    for line in lines {
        bytes.extend_from_slice(line);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes
}

async fn still_works(gate: &Gate) {
    assert_eq!(gate.browser().navigate("/hello").await.text(), "GET /hello");
    let mut browser = gate.browser();
    assert_eq!(sign_in(&mut browser, &gate.pass("witness").mint(&gate.secrets)).await.status, 303);
    assert_eq!(browser.navigate("/register").await.status, 200);
    assert_eq!(gate.envoy.stats("wasm.tapgate.vm_reload").await.values().sum::<u64>(), 0, "a virtual machine died");
}

#[tokio::test]
async fn header_values_that_are_no_text() {
    let gate = Gate::with(Setup::softened).await;
    let session = gate.registering("alice", Protocol::Http1).await.jar.get(SESSION).expect("a session").to_owned();
    let with_session = format!("cookie: {SESSION}={session}; a=\u{e9}");
    let values: [&[u8]; 9] = [
        b"cookie: \xff\xfe=\xfd",
        b"cookie: __Host-tapgate=\xff\xff\xff",
        b"cookie: __Host-tapgate-holder=\xff\xff\xff",
        b"accept: \xff/\xfe",
        b"content-type: \xff",
        b"sec-fetch-mode: \xff",
        b"sec-fetch-site: \xff",
        b"tapgate-user: \xff\xfe",
        b"x-request-id: \xff\xfe\"},{",
    ];
    for target in ["/register", "/mail", "/.tap/sign-in", "/.tap/status", "/.tap/nothing"] {
        for method in ["GET", "POST", "PUT"] {
            for value in values {
                for lines in [&[value][..], &[value, with_session.as_bytes()][..]] {
                    let sent = request(method, target, &[lines, &[b"content-length: 0"]].concat(), b"");
                    let status = raw::status(&raw::exchange(gate.envoy.address(), &sent).await);
                    assert!(
                        (200..500).contains(&status),
                        "{method} {target} {}: {status}",
                        String::from_utf8_lossy(value)
                    );
                }
            }
        }
    }
    // Names that are no text do not get past the codec.
    let sent = request("GET", "/hello", &[b"x-\xff\xfe: 1"], b"");
    assert_eq!(raw::status(&raw::exchange(gate.envoy.address(), &sent).await), 400);
    still_works(&gate).await;
}

#[tokio::test]
async fn duplicate_headers() {
    let gate = Gate::start().await;
    let pass = gate.pass("alice").mint(&gate.secrets);
    let body = form(&[("pass", &pass)]);
    let length = format!("content-length: {}", body.len());
    let form_type: &[u8] = b"content-type: application/x-www-form-urlencoded";
    // Two content types: readers might pick different ones, so it is not a form that the plugin takes.
    let sent = request(
        "POST",
        "/.tap/sign-in",
        &[form_type, b"content-type: application/json", length.as_bytes()],
        body.as_bytes(),
    );
    assert_eq!(raw::status(&raw::exchange(gate.envoy.address(), &sent).await), 401);
    for line in [&b"content-length: 3"[..], b"transfer-encoding: chunked"] {
        let sent = request("POST", "/.tap/sign-in", &[form_type, length.as_bytes(), line], body.as_bytes());
        assert_eq!(
            raw::status(&raw::exchange(gate.envoy.address(), &sent).await),
            400,
            "{}",
            String::from_utf8_lossy(line)
        );
    }
    // Two hosts arrive as one that is nobody's: no endpoint, no session.
    let sent = request("GET", "/.tap/sign-in", &[b"host: evil.example"], b"");
    let answer = raw::exchange(gate.envoy.address(), &sent).await;
    assert!(!answer.contains("set-cookie"), "{answer}");
    let mut browser = gate.registering("alice", Protocol::Http1).await;
    let call = Call::get("/mail")
        .header("sec-fetch-mode", "navigate")
        .header("sec-fetch-mode", "cors")
        .header("accept", "text/html");
    assert_eq!(browser.send(call).await.status, 403, "two fetch modes are no navigation");
    assert!(gate.upstream.requests().iter().all(|seen| seen.method == "GET"), "a sign-in went on");
    still_works(&gate).await;
}

#[tokio::test]
async fn bodies_that_are_no_sign_in() {
    let bodies: [(&str, Vec<u8>); 12] = [
        ("application/x-www-form-urlencoded", b"pass=\xff\xfe\xfd.a.b".to_vec()),
        ("application/x-www-form-urlencoded", b"pass=%ff%fe.a.b&pass=%00".to_vec()),
        ("application/x-www-form-urlencoded", b"&&&=&==&pass".to_vec()),
        ("application/x-www-form-urlencoded", b"pass=%".to_vec()),
        ("application/x-www-form-urlencoded", vec![b'&'; 16_000]),
        ("application/x-www-form-urlencoded", [b"pass=a.b.c&username=".to_vec(), vec![b'u'; 10_000]].concat()),
        ("application/json", b"{\"pass\":\"\xff\xfe.a.b\"}".to_vec()),
        ("application/json", vec![b'['; 16_000]),
        ("application/json", [vec![b'{'; 1], b"\"a\":{".repeat(2000)].concat()),
        ("application/json", b"{\"pass\":\"\\ud800.a.b\"}".to_vec()),
        ("application/json", b"{\"pass\":1e999}".to_vec()),
        ("application/json", b"null".to_vec()),
    ];
    for (variant, setup) in VARIANTS {
        let gate = Gate::with(setup).await;
        for protocol in Protocol::BOTH {
            for (kind, body) in &bodies {
                let call = |path| {
                    Call::post(path)
                        .header("content-type", kind)
                        .body(tapgate_host_tests::body::Body::whole(body.clone()))
                };
                let own = gate.browser_on(protocol).send(call("/.tap/sign-in")).await;
                assert_eq!(
                    own.status,
                    401,
                    "{variant} {kind} {}",
                    String::from_utf8_lossy(&body[..body.len().min(60)])
                );
                let theirs = gate.browser_on(protocol).send(call("/sign-in")).await;
                assert!([200, 401].contains(&theirs.status), "{variant} {kind}: {}", theirs.status);
            }
        }
        still_works(&gate).await;
    }
}

#[tokio::test]
async fn a_pass_given_twice_is_not_a_pass() {
    let gate = Gate::start().await;
    let pass = gate.pass("alice").mint(&gate.secrets);
    let bodies = [
        ("application/x-www-form-urlencoded", format!("pass={pass}&pass={pass}")),
        ("application/x-www-form-urlencoded", format!("pass={pass}&pass=")),
        ("application/x-www-form-urlencoded", format!("pass={pass}&username=alice&username=bob")),
        ("application/json", format!("{{\"pass\":\"{pass}\",\"pass\":\"{pass}\"}}")),
        ("application/json", format!("{{\"pass\":\"{pass}\"}} x")),
    ];
    for (kind, body) in bodies {
        for path in ["/.tap/sign-in", "/sign-in"] {
            let call =
                Call::post(path).header("content-type", kind).body(tapgate_host_tests::body::Body::whole(body.clone()));
            let answer = gate.browser().send(call).await;
            assert!(answer.set_cookie(SESSION).is_none() && answer.status != 303, "{path} {body}");
            if path == "/.tap/sign-in" {
                assert_eq!(answer.status, 401, "{body}");
            }
        }
    }
}

#[tokio::test]
async fn many_and_large_headers() {
    let gate = Gate::start().await;
    for protocol in Protocol::BOTH {
        for (count, size) in [(90, 100), (1, 50_000), (50, 1000)] {
            let call = (0..count)
                .fold(Call::get("/hello"), |call, number| call.header(&format!("x-{number}"), "v".repeat(size)));
            assert_eq!(gate.browser_on(protocol).send(call).await.status, 200, "{protocol:?} {count} of {size}");
            let cookies =
                (0..count).map(|number| format!("c{number}={}", "v".repeat(size))).collect::<Vec<_>>().join("; ");
            let mut browser = gate.registering("alice", protocol).await;
            let call = Call::get("/register").header("cookie", cookies);
            assert_eq!(browser.send(call).await.status, 200, "{protocol:?} {count} cookies of {size}");
            assert_eq!(gate.upstream.last().cookies(), []);
        }
    }
    // The bitmap of all cookies: thousands of empty ones.
    let call = Call::get("/register").header("cookie", "a=;".repeat(15_000));
    assert_eq!(gate.registering("alice", Protocol::Http2).await.send(call).await.status, 200);
    still_works(&gate).await;
}

#[tokio::test]
async fn requests_that_are_abandoned() {
    for (_, setup) in VARIANTS {
        let gate = Gate::with(setup).await;
        for (target, length) in
            [("/.tap/sign-in", 100), ("/sign-in", 100), ("/register", 100), ("/.tap/sign-in", 1_u64 << 40)]
        {
            let lines = [
                &b"content-type: application/x-www-form-urlencoded"[..],
                &format!("content-length: {length}").into_bytes()[..],
            ];
            raw::abandon(gate.envoy.address(), &request("POST", target, &lines, b"pass=a.")).await;
            raw::abandon(
                gate.envoy.address(),
                &request("POST", target, &[lines[0], b"transfer-encoding: chunked"], b"5\r\npass=\r\n"),
            )
            .await;
        }
        still_works(&gate).await;
    }
}

#[tokio::test]
async fn methods_that_nobody_knows() {
    let gate = Gate::start().await;
    for protocol in Protocol::BOTH {
        let mut browser = gate.registering("alice", protocol).await;
        for method in ["PATCH", "TRACE", "PROPFIND", "get", "X"] {
            for (target, statuses) in
                [("/register", &[200][..]), ("/mail", &[403]), ("/.tap/sign-in", &[405]), ("/.tap/x", &[404])]
            {
                let answer = browser.send(Call::new(method, target)).await;
                assert!(
                    statuses.contains(&answer.status) || answer.status == 400,
                    "{protocol:?} {method} {target}: {}",
                    answer.status
                );
            }
        }
        assert_eq!(browser.navigate("/register").await.status, 200);
    }
}

#[tokio::test]
async fn grpc_is_refused_in_its_own_words() {
    let gate = Gate::start().await;
    let mut browser = gate.registering("alice", Protocol::Http2).await;
    let call = Call::post("/mail.Service/Read").header("content-type", "application/grpc").header("te", "trailers");
    let answer = browser.send(call).await;
    // Envoy turns local answers to gRPC into a gRPC status.
    assert!(answer.header("grpc-status").is_some_and(|status| status != "0"), "{answer:?}");
    let call = Call::post("/.tap/sign-in").header("content-type", "application/grpc").header("te", "trailers");
    assert!(browser.send(call).await.header("grpc-status").is_some_and(|status| status != "0"));
    assert_eq!(gate.upstream.count(), 0);
    assert_eq!(browser.navigate("/register").await.status, 200);
}

#[tokio::test]
async fn hosts_in_every_spelling_are_one_tenant_or_none() {
    let gate = Gate::start().await;
    for (host, ours) in [
        ("gate.example.com", true),
        ("GATE.example.COM:8443", true),
        ("gate.example.com.", true),
        ("gate.example.com.:443", true),
        ("127.0.0.1:10000", true),
        ("gate.example.com..", false),
        ("xgate.example.com", false),
        ("gate.example.com.evil.example", false),
        ("other.example", false),
        ("[::1]:80", false),
    ] {
        let sent = format!(
            "GET /.tap/status HTTP/1.1\r\nhost: {host}\r\nx-forwarded-host: gate.example.com\r\nconnection: close\r\n\r\n"
        );
        let status = raw::status(&raw::exchange(gate.envoy.address(), sent.as_bytes()).await);
        assert_eq!(status, if ours { 401 } else { 200 }, "{host}");
    }
}

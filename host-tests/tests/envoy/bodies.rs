//! The bodies of sign-ins (B4.1, B4.2): in pieces, slow, with trailers, over the limit, and those that carry no pass and go
//! on as they came.

use std::time::Duration;

use tapgate_host_tests::body::Body;
use tapgate_host_tests::client::{Call, Protocol};
use tapgate_host_tests::gate::{Gate, SESSION};

use crate::support::{VARIANTS, form};

/// The longest body that is read for a pass (B4.2).
const LIMIT: usize = 16 << 10;

#[tokio::test]
async fn a_sign_in_without_a_pass_goes_on_untouched() {
    let password = form(&[("username", "alice"), ("password", "correct horse")]);
    let empty = form(&[("username", "alice"), ("pass", ""), ("password", "correct horse")]);
    let long = form(&[("pass", "a.b.c"), ("filler", &"x".repeat(LIMIT))]);
    for (variant, setup) in VARIANTS {
        // Behind the buffer filter a request has a length, and HTTP/1.1 then has no place for trailers.
        let gate = Gate::with(|chosen| setup(chosen).http2_application()).await;
        for protocol in Protocol::BOTH {
            for (kind, body) in [
                ("application/x-www-form-urlencoded", password.as_str()),
                ("application/x-www-form-urlencoded", &empty),
                ("application/x-www-form-urlencoded", &long),
                ("application/json", r#"{"username":"alice","password":"pass"}"#),
                ("application/json", r#"{"username":"#),
                ("application/json", r#"["pass","a.b.c"]"#),
                ("text/plain", "pass=a.b.c"),
                (
                    "multipart/form-data; boundary=x",
                    "--x\r\nContent-Disposition: form-data; name=\"pass\"\r\n\r\na.b.c\r\n--x--",
                ),
            ] {
                for body in [
                    Body::whole(body.to_owned()),
                    Body::chunked(body, 5000),
                    Body::chunked(body, 5000).trailer("x-sum", "1"),
                ] {
                    let call = Call::post("/sign-in").header("content-type", kind).body(body.clone());
                    let answer = gate.browser_on(protocol).send(call).await;
                    assert_eq!(answer.text(), "POST /sign-in", "{variant} {protocol:?} {kind} {body:?}");
                    let seen = gate.upstream.last();
                    assert!(seen.complete && seen.body == whole(&body), "{variant} {protocol:?} {kind}");
                    if matches!(&body, Body::Pieces { trailers, .. } if !trailers.is_empty()) {
                        assert_eq!(
                            seen.trailers,
                            [("x-sum".to_owned(), b"1".to_vec())],
                            "{variant} {protocol:?} {kind}"
                        );
                    }
                }
            }
        }
    }
}

fn whole(body: &Body) -> Vec<u8> {
    match body {
        Body::Empty => Vec::new(),
        Body::Whole(bytes) => bytes.to_vec(),
        Body::Pieces { pieces, .. } => pieces.concat(),
    }
}

#[tokio::test]
async fn a_large_body_is_the_applications_as_far_as_the_buffer_filter_lets_it() {
    let large = format!("username=alice&file={}", "x".repeat(3 << 20));
    for (variant, setup) in VARIANTS {
        let gate = Gate::with(setup).await;
        for protocol in Protocol::BOTH {
            for body in [Body::whole(large.clone()), Body::chunked(&large, 60_000)] {
                let call =
                    Call::post("/sign-in").header("content-type", "application/x-www-form-urlencoded").body(body);
                let answer = gate.browser_on(protocol).try_send(call).await;
                if variant.contains("without buffer") {
                    assert_eq!(answer.expect("an answer").text(), "POST /sign-in", "{variant} {protocol:?}");
                    assert_eq!(gate.upstream.last().body.len(), large.len(), "{variant} {protocol:?}");
                } else {
                    // The example's limit on this path is 1 MiB. Whoever is still sending may see only the end of it.
                    assert!(answer.map_or(true, |answer| answer.status == 413), "{variant} {protocol:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_sign_in_without_a_body_is_none() {
    for (variant, setup) in VARIANTS {
        let gate = Gate::with(setup).await;
        for protocol in Protocol::BOTH {
            let call = |path| Call::submit(path, &[]).body(Body::Empty).header("content-length", "0");
            assert_eq!(
                gate.browser_on(protocol).send(call("/.tap/sign-in")).await.status,
                401,
                "{variant} {protocol:?}"
            );
            assert_eq!(
                gate.browser_on(protocol).send(call("/sign-in")).await.text(),
                "POST /sign-in",
                "{variant} {protocol:?}"
            );
        }
    }
}

#[tokio::test]
async fn bodies_come_slowly_in_pieces_and_with_trailers() {
    for (variant, setup) in VARIANTS {
        let gate = Gate::with(setup).await;
        for protocol in Protocol::BOTH {
            for path in ["/.tap/sign-in", "/sign-in"] {
                let body = form(&[("username", ""), ("pass", &gate.pass("alice").mint(&gate.secrets))]);
                for body in [
                    Body::chunked(&body, 100).slowly(Duration::from_millis(20)),
                    Body::chunked(&body, 100_000).trailer("x-sum", "1"),
                    Body::chunked(&body, 100).slowly(Duration::from_millis(20)).trailer("x-sum", "1"),
                ] {
                    let call = Call::submit(path, &[]).body(body);
                    let answer = gate.browser_on(protocol).send(call).await;
                    assert_eq!(answer.status, 303, "{variant} {protocol:?} {path}: {}", answer.text());
                }
            }
        }
        assert!(gate.upstream.requests().iter().all(|seen| !seen.complete), "{variant}");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_where_it_can_only_be_a_sign_in() {
    for (variant, setup) in VARIANTS {
        let gate = Gate::with(setup).await;
        for protocol in Protocol::BOTH {
            let pass = gate.pass("alice").mint(&gate.secrets);
            let long = form(&[("pass", &pass), ("filler", &"x".repeat(LIMIT))]);
            for body in [
                Body::whole(long.clone()),
                Body::chunked(&long, 3000),
                Body::chunked(&long, 3000).trailer("x-sum", "1"),
            ] {
                let call = Call::submit("/.tap/sign-in", &[]).body(body).replaced("accept", "application/json");
                let answer = gate.browser_on(protocol).send(call).await;
                assert_eq!((answer.status, answer.reason().as_str()), (413, "too_large"), "{variant} {protocol:?}");
                assert!(answer.set_cookie(SESSION).is_none());
            }
            let exact = form(&[("pass", &pass), ("filler", "")]);
            let exact = format!("{exact}{}", "x".repeat(LIMIT - exact.len()));
            let answer =
                gate.browser_on(protocol).send(Call::submit("/.tap/sign-in", &[]).body(Body::whole(exact))).await;
            assert_eq!(answer.status, 303, "{variant} {protocol:?}: exactly the limit");
        }
        assert!(gate.upstream.requests().iter().all(|seen| !seen.complete), "{variant}");
    }
}

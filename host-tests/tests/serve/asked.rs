//! What operators do with it: ask for its health and its numbers, stop it, start it on a folder or a port that is taken.

use std::net::SocketAddr;

use tapgate_host_tests::client::{Browser, Call, Protocol};
use tapgate_host_tests::pass::Pass;
use tapgate_host_tests::serve::Serve;

use crate::site::{Site, try_sign_in};

#[tokio::test]
async fn health_and_numbers_are_on_a_port_of_their_own() {
    let site = Site::new().await;
    let setup = site.setup().option("--admin", "127.0.0.1:0");
    let serve = Serve::start(&setup).await.unwrap_or_else(|refused| panic!("{refused}"));
    let mut alice = site.browser(&serve, Protocol::Http1);
    let answer = try_sign_in(&mut alice, &Pass::new(&site.keys, "alice@example.com").mint(&site.secrets)).await;
    assert_eq!(answer.expect("an answer").status, 303);

    let log = serve.log();
    let (_, rest) = log.text().split_once("health and metrics on http://").expect("the address");
    let admin: SocketAddr = rest.lines().next().and_then(|line| line.parse().ok()).expect("an address");
    let mut operator = Browser::new(admin, Protocol::Http1, "localhost", &site.secrets);
    assert_eq!(operator.send(Call::get("/healthz")).await.text(), "ok\n");
    let numbers = operator.send(Call::get("/metrics")).await.text();
    assert!(numbers.lines().any(|line| line == "tapgate_ledger_swap_total 1"), "{numbers}");
    assert_eq!(operator.send(Call::post("/metrics")).await.status, 405);
    // Neither is where browsers are.
    assert_eq!(alice.fetch("GET", "/healthz").await.status, 403);
    site.stop(serve);
}

#[tokio::test]
async fn what_is_in_use_is_not_used_twice() {
    let site = Site::new().await;
    let serve = site.start().await;
    let refused = Serve::start(&site.setup()).await.expect_err("a folder that another gateway uses");
    assert!(refused.log.text().contains("is another gateway using it?"), "{}", refused.log.text());
    let elsewhere = tempfile::tempdir().expect("a folder");
    let setup = site.setup().data(elsewhere.path()).port(serve.address().port());
    let refused = Serve::start(&setup).await.expect_err("a port that another gateway uses");
    assert!(refused.log.text().contains("cannot listen on"), "{}", refused.log.text());
    site.stop(serve);
}

#[tokio::test]
async fn a_restart_forgets_no_session() {
    let site = Site::new().await;
    let serve = site.start().await;
    let mut alice = site.browser(&serve, Protocol::Http1);
    let answer = try_sign_in(&mut alice, &Pass::new(&site.keys, "alice@example.com").mint(&site.secrets)).await;
    assert_eq!(answer.expect("an answer").status, 303);
    let port = serve.address().port();
    site.stop(serve);

    let serve = Serve::start(&site.setup().port(port)).await.unwrap_or_else(|refused| panic!("{refused}"));
    let answer = alice.navigate("/register").await;
    assert_eq!((answer.status, answer.text()), (200, "GET /register".to_owned()));
    let answer = alice.navigate("/account").await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/register".to_owned())));
    site.stop(serve);
}

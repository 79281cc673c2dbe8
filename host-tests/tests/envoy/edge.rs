//! The hardening that the example puts before the plugin: Envoy's own, so that these hold for whatever stands behind it.

use tapgate_host_tests::client::{Call, Protocol, raw};
use tapgate_host_tests::envoy::Setup;
use tapgate_host_tests::gate::Gate;

#[tokio::test]
async fn paths_have_one_spelling_before_anyone_reads_them() {
    let gate = Gate::start().await;
    let mut browser = gate.browser();
    for (sent, seen) in
        [("/a/../b", "/b"), ("/a/./b", "/a/b"), ("//a///b", "/a/b"), ("/%61", "/a"), ("/a/%2e%2e/b", "/b")]
    {
        assert_eq!(browser.fetch("GET", sent).await.text(), format!("GET {seen}"));
    }
    for refused in ["/a%2fb", "/a%5cb", "/a%2F..%2fb"] {
        assert_eq!(browser.fetch("GET", refused).await.status, 400, "{refused}");
    }
}

#[tokio::test]
async fn names_with_underscores_are_refused() {
    let gate = Gate::start().await;
    for protocol in Protocol::BOTH {
        let answer = gate.browser_on(protocol).try_send(Call::get("/").header("tapgate_user", "mallory")).await;
        // HTTP/2 has no words for it but a reset.
        assert!(answer.map_or(true, |answer| answer.status == 400), "{protocol:?}");
    }
    assert_eq!(gate.upstream.count(), 0);
}

#[tokio::test]
async fn connect_goes_nowhere() {
    let gate = Gate::start().await;
    let request = b"CONNECT gate.example.com:443 HTTP/1.1\r\nhost: gate.example.com:443\r\nconnection: close\r\n\r\n";
    let answer = raw::exchange(gate.envoy.address(), request).await;
    assert_eq!(raw::status(&answer), 404, "{answer}");
    assert_eq!(gate.upstream.count(), 0);
}

#[tokio::test]
async fn the_softened_bootstrap_sends_paths_and_names_raw() {
    let gate = Gate::with(Setup::softened).await;
    for path in ["/a/../b", "//a", "/a%2fb", "/%61"] {
        let answer = gate.browser().send(Call::get(path).header("x_y", "1")).await;
        assert_eq!(answer.text(), format!("GET {path}"));
        assert!(gate.upstream.last().names("x_y"));
    }
}

#[tokio::test]
async fn the_admin_interface_shows_no_configuration() {
    let gate = Gate::start().await;
    for path in ["/config_dump", "/logging", "/"] {
        assert_eq!(gate.envoy.admin_status(path).await, 403, "{path}");
    }
}

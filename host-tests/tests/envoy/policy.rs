//! Policies at the door (B2): what loads, what stops Envoy from starting, and what the log says of either.

use serde_json::{Value, json};
use tapgate_host_tests::gate::Gate;
use tapgate_host_tests::keys::Key;
use tapgate_host_tests::policy::Policy;

#[tokio::test]
async fn a_policy_that_does_not_compile_stops_envoy_from_starting() {
    let shipped = Policy::shipped;
    let same = Key::random().base64();
    let bad: Vec<(&str, Policy, &str)> = vec![
        ("an unknown field", shipped().with("/tenent", "x"), "tenent"),
        ("a field deep down", shipped().with("/registration/pages", "x"), "registration.pages"),
        ("no tenant", shipped().without("/tenant"), "tenant"),
        ("a tenant with capitals", shipped().with("/tenant", "Contoso"), "tenant"),
        ("another version", shipped().with("/version", 2), "version"),
        ("the wrong type", shipped().with("/registration/retries", "3"), "registration.retries"),
        ("out of range", shipped().with("/registration/windowInMinutes", 0), "registration.windowInMinutes"),
        (
            "minimum above maximum",
            shipped().with("/temporaryAccessPass/minimumLifetimeInMinutes", 500),
            "temporaryAccessPass",
        ),
        ("a page outside allow", shipped().with("/registration/page", "/elsewhere"), "registration.page"),
        (
            "a completion outside allow",
            shipped().with("/registration/completedBy/1/response/path", "/elsewhere"),
            "registration.completedBy",
        ),
        ("everything allowed", shipped().with("/registration/allow/0", "/*"), "registration.allow"),
        ("a page on another site", shipped().with("/registration/page", "https://evil.example/"), "registration.page"),
        ("a page of two slashes", shipped().with("/registration/page", "//evil.example"), "registration.page"),
        ("no completion", shipped().with("/registration/completedBy", json!([])), "registration.completedBy"),
        ("a base path in allow", shipped().with("/basePath", "/register"), "basePath"),
        ("the same host twice", shipped().with("/hosts", json!(["a.example", "A.example"])), "hosts"),
        ("a session cookie without __Host-", shipped().with("/session/cookie", "tapgate"), "session.cookie"),
        (
            "a user header with a meaning",
            shipped().with("/upstream/userHeader", "authorization"),
            "upstream.userHeader",
        ),
        ("a key that is not there", shipped().with("/keys/pass/0/env", "TAPGATE_NO_SUCH_KEY"), "keys.pass"),
        ("a key too short", shipped().with("/keys/pass/0", json!({"id": "pass-1", "value": "c2hvcnQ="})), "keys.pass"),
        ("a key for two purposes", shipped().with("/keys/pass/0/env", "TAPGATE_GATEWAY_KEY"), "keys"),
        ("a key id twice", shipped().with("/keys/pass/1", json!({"id": "pass-1", "value": same})), "keys.pass"),
    ];
    for (what, policy, path) in bad {
        let log = Gate::refused(|setup| setup.policy(&policy)).await;
        assert!(log.text().contains(path), "{what}: `{path}` is not in the log:\n{}", plugin_lines(log.text()));
    }
}

#[tokio::test]
async fn every_error_is_told_at_once() {
    let policy = Policy::shipped()
        .with("/tenent", "x")
        .with("/registration/retries", 11)
        .with("/registration/page", "/elsewhere")
        .with("/temporaryAccessPass/state", "on")
        .without("/issuer");
    let log = Gate::refused(|setup| setup.policy(&policy)).await;
    for path in ["tenent", "registration.retries", "registration.page", "temporaryAccessPass.state", "issuer"] {
        assert!(log.text().contains(path), "`{path}` is not in the log:\n{}", plugin_lines(log.text()));
    }
}

#[tokio::test]
async fn what_is_no_policy_at_all_is_refused() {
    for text in ["", " ", "null", "[]", "{}", "42", "{", "\"policy\"", "version: 1", "{\"tenants\": []}", "\u{0}"] {
        let log = Gate::refused(|setup| setup.policy_text(text)).await;
        assert!(log.text().contains("tapgate"), "{text:?}");
    }
    let twice = Policy::shipped().text().replacen('{', "{\"tenant\":\"fabrikam\",", 1);
    drop(Gate::refused(|setup| setup.policy_text(&twice)).await);
    let both = json!({"tenants": [Policy::shipped().value(), Policy::shipped().value()]}).to_string();
    let log = Gate::refused(|setup| setup.policy_text(&both)).await;
    assert!(log.text().contains("tenants"), "{}", plugin_lines(log.text()));
}

#[tokio::test]
async fn a_protobuf_struct_is_refused_with_the_mend() {
    for value in [Policy::shipped().value().clone(), json!({"a": 1}), Value::Object(serde_json::Map::new())] {
        let log = Gate::refused(|setup| setup.policy_struct(&value)).await;
        let lines = plugin_lines(log.text());
        // An empty Struct is no bytes at all: nobody can tell that it was one.
        assert!(lines.contains("StringValue") || value == json!({}), "{lines}");
    }
}

#[tokio::test]
async fn the_load_line_names_the_policy_and_never_its_keys() {
    let gate = Gate::start().await;
    assert_eq!(gate.browser().navigate("/").await.status, 200);
    let log = gate.stop();
    let lines = plugin_lines(log.text());
    assert!(lines.contains("contoso"), "{lines}");
    // What a ledger in memory does not do, it says (B7.4).
    assert!(lines.to_lowercase().contains("ledger") || lines.contains("sharedData"), "{lines}");
}

#[tokio::test]
async fn tenants_are_told_apart_by_host() {
    let value = |name: &str| json!([{"id": format!("{name}-2"), "value": Key::random().base64()}]);
    let other = Policy::shipped()
        .with("/tenant", "fabrikam")
        .with("/hosts", json!(["*.example.com", "fabrikam.example"]))
        .with("/issuer", "https://fabrikam.example")
        .with("/audience", "fabrikam.example")
        .with("/basePath", "/.fabrikam")
        .with("/keys/pass", value("pass"))
        .with("/keys/gateway", value("gateway"))
        .with("/keys/upstream", value("upstream"));
    let both = json!({"tenants": [Policy::shipped().value(), other.value()]}).to_string();
    let gate = Gate::with(|setup| setup.policy_text(&both)).await;
    for (host, base) in [
        ("gate.example.com", "/.tap"), // exact beats wildcard
        ("other.example.com", "/.fabrikam"),
        ("deep.other.example.com:8443", "/.fabrikam"),
        ("FABRIKAM.example.", "/.fabrikam"),
    ] {
        let address = gate.envoy.address();
        let mut browser = tapgate_host_tests::client::Browser::new(
            address,
            tapgate_host_tests::client::Protocol::Http1,
            host,
            &gate.secrets,
        );
        for known in ["/.tap", "/.fabrikam"] {
            let status = browser.fetch("GET", &format!("{known}/status")).await.status;
            assert_eq!(status, if known == base { 401 } else { 200 }, "{host} {known}");
        }
    }
}

/// What the plugin, or Envoy about it, had to say.
fn plugin_lines(log: &str) -> String {
    log.lines().filter(|line| line.contains("tapgate") || line.contains("[critical]")).collect::<Vec<_>>().join("\n")
}

//! What operators see (B9): audit lines and counters.

use tapgate_host_tests::client::{Call, Protocol};
use tapgate_host_tests::gate::{Gate, sign_in};

#[tokio::test]
async fn every_event_has_a_line_and_a_counter() {
    let gate = Gate::start().await;
    let mut browser = gate.registering("alice@example.com", Protocol::Http1).await;
    assert_eq!(browser.fetch("GET", "/mail").await.status, 403);
    assert_eq!(browser.fetch("POST", "/register/finish").await.status, 200);
    assert_eq!(browser.submit("/.tap/sign-out", &[]).await.status, 200);
    assert_eq!(sign_in(&mut gate.browser(), "x.y.z").await.status, 401);

    let events = gate.envoy.log().audit();
    let find = |event: &str, outcome: &str| {
        let found = events.iter().find(|line| line["event"] == event && line["outcome"] == outcome);
        found.unwrap_or_else(|| panic!("no {event} {outcome} in {events:?}")).clone()
    };
    for done in ["sign_in", "completion", "sign_out"] {
        let line = find(done, "done");
        assert_eq!((&line["tenant"], &line["user"]), (&"contoso".into(), &"alice@example.com".into()), "{line}");
        for member in ["time", "pass", "session", "source", "requestId"] {
            assert!(line[member].as_str().is_some_and(|text| !text.is_empty()), "{member} in {line}");
        }
        assert!(line["source"].as_str().is_some_and(|source| source.starts_with("127.0.0.1")), "{line}");
        assert!(line["time"].as_str().is_some_and(|time| time.ends_with('Z')), "{line}");
    }
    let refused = find("sign_in", "refused");
    // Exact inside, coarse outside (B3.4).
    assert_eq!(refused["reason"], "malformed", "{refused}");

    let stats = gate.envoy.stats("tapgate").await;
    let counted =
        |part: &str| stats.iter().filter(|(name, _)| name.contains(part)).map(|(_, value)| value).sum::<u64>();
    for (part, times) in [
        ("sign_in.done", 1),
        ("completion.done", 1),
        ("sign_out.done", 1),
        ("sign_in.refused.malformed", 1),
        ("refused.registration_required", 1),
    ] {
        assert_eq!(counted(part), times, "{part} in {stats:?}");
    }
    assert!(stats.keys().all(|name| !name.contains("alice") && !name.contains("register/")), "{stats:?}");
}

#[tokio::test]
async fn a_typed_name_is_never_written_down() {
    let gate = Gate::start().await;
    let typed = "people-paste-the-pass-into-this-field";
    gate.secrets.note(typed);
    for pass in ["x.y.z", "12345678"] {
        let answer = gate.browser().submit("/.tap/sign-in", &[("username", typed), ("pass", pass)]).await;
        assert_eq!(answer.status, 401);
    }
    // A pass in the name's field, and beside an honest one.
    let pass = gate.pass("alice").mint(&gate.secrets);
    for other in ["x.y.z", &pass] {
        assert_eq!(gate.browser().submit("/.tap/sign-in", &[("username", &pass), ("pass", other)]).await.status, 401);
    }
    let events = gate.envoy.log().audit();
    assert_eq!(events.len(), 4, "{events:?}");
    assert!(
        events[0]["typedUserHash"] == events[1]["typedUserHash"] && events[0]["typedUserHash"].is_string(),
        "{events:?}"
    );
}

#[tokio::test]
async fn lines_from_outside_stay_one_line_of_ascii() {
    let gate = Gate::start().await;
    let mut browser = gate.browser();
    for id in ["\"}\u{e9}\\", &"x".repeat(5000)] {
        let call =
            Call::submit("/.tap/sign-in", &[("username", "eve\n\"{}"), ("pass", "x.y.z")]).header("x-request-id", id);
        assert_eq!(browser.send(call.header("x-forwarded-for", "\"evil\", 1.2.3.4")).await.status, 401);
    }
    let log = gate.envoy.log();
    assert_eq!(log.audit().len(), 2);
    for line in log.text().lines().filter(|line| line.contains("tapgate.audit")) {
        assert!(line.is_ascii() && line.len() < 2000, "{line}");
    }
}

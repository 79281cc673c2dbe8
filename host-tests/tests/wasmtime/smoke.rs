//! One way through the gate: nobody's traffic, a sign-in, the confinement, the receipt, and what is outside all of it.

use std::time::Duration;

use tapgate_host::{HostError, Metric, Misuse, Origin};
use tapgate_host_tests::keys::Keys;
use tapgate_host_tests::pass::{Pass, Receipt, read_assertion};

use crate::gate::{Gate, navigation, ok, request, session};

/// B6.1: anonymous traffic goes through, minus forged identity headers.
#[test]
fn anonymous_traffic_goes_on_without_forged_headers() {
    let mut gate = Gate::new();
    let forged = request("GET", "/shop").with("tapgate-user", "admin").with("tapgate_state", "registered");
    let seen = gate.exchange(0, forged, ok());
    assert_eq!(seen.upstream.headers, Some(request("GET", "/shop")));
    assert_eq!((seen.origin, seen.downstream.status()), (Origin::Application, Some(200)));
    assert_eq!(gate.host.misuses(), [Misuse::MapGone("nothing"); 0]);
}

/// B4.3, B5.2, B5.5, B7.4: signed in on one worker, confined and completed on the other.
#[test]
fn a_person_signs_in_registers_and_is_let_in() {
    let mut gate = Gate::new();
    let pass = Pass::new(&gate.keys, "alice").mint(&gate.secrets);
    let signed_in = gate.sign_in(0, &pass);
    assert_eq!((signed_in.origin, signed_in.downstream.status()), (Origin::Guest, Some(303)));
    assert_eq!(signed_in.downstream.header("location").as_deref(), Some("/register"));
    assert!(!signed_in.upstream.complete, "the application never has the whole POST");
    let cookie = session(&signed_in).expect("a session");

    let elsewhere = gate.exchange(1, navigation("/shop", &cookie), ok());
    assert_eq!((elsewhere.origin, elsewhere.downstream.status()), (Origin::Guest, Some(303)));
    assert_eq!(elsewhere.downstream.header("location").as_deref(), Some("/register"));
    assert_eq!(elsewhere.upstream.headers, None);

    let page = gate.exchange(1, navigation("/register", &cookie), ok());
    assert_eq!(page.upstream.header("tapgate-user").as_deref(), Some("alice"));
    assert_eq!(page.upstream.header("tapgate-state").as_deref(), Some("registering"));
    let claims = read_assertion(&gate.keys, &page.upstream.header("tapgate-assertion").expect("an assertion"));

    let sid = claims["sid"].as_str().expect("a session id");
    let receipt = Receipt::new(&gate.keys, "alice", sid).mint(&gate.secrets);
    let finish = request("POST", "/register/finish").with("cookie", &cookie).with("sec-fetch-site", "same-origin");
    let finished = gate.exchange(1, finish, ok().with("tapgate-receipt", &receipt));
    assert_eq!((finished.origin, finished.downstream.status()), (Origin::Application, Some(200)));
    assert_eq!(finished.downstream.header("tapgate-receipt"), None);
    let opened = session(&finished).expect("a new session");
    assert_ne!(opened, cookie);

    let shop = gate.exchange(0, navigation("/shop", &opened), ok());
    assert_eq!(shop.upstream.header("tapgate-state").as_deref(), Some("registered"));

    let secrets = [pass.as_str(), receipt.as_str(), &cookie, &opened];
    assert_eq!(gate.host.leaks(secrets), []);
    assert!(gate.host.logs().iter().any(|line| line.text.starts_with("tapgate.audit ")));
    assert_eq!(gate.host.misuses(), []);
}

/// B5.3: the clock is the test's, so a deadline takes no time.
#[test]
fn at_the_deadline_the_session_is_over() {
    let mut gate = Gate::new();
    let pass = Pass::new(&gate.keys, "alice").mint(&gate.secrets);
    let signed_in = gate.sign_in(0, &pass);
    let cookie = session(&signed_in).expect("a session");
    gate.host.advance(Duration::from_secs(10 * 60 + 1));
    let late = gate.exchange(0, request("GET", "/register").with("cookie", &cookie), ok());
    assert_eq!((late.origin, late.downstream.status()), (Origin::Guest, Some(401)));
    assert_eq!(late.upstream.headers, None);
}

/// B2.2: a policy that does not compile never loads.
#[test]
fn a_bad_policy_is_refused_on_the_canary() {
    assert_eq!(Gate::host(&Keys::random(), |config| config.configuration("{}")).err(), Some(HostError::Rejected));
}

/// B9.2: outcomes are counted for the whole process.
#[test]
fn sign_ins_are_counted_over_all_workers() {
    let mut gate = Gate::new();
    for (worker, user) in [(0, "alice"), (1, "bob")] {
        let pass = Pass::new(&gate.keys, user).mint(&gate.secrets);
        assert_eq!(gate.sign_in(worker, &pass).downstream.status(), Some(303));
    }
    let counted = gate.host.metrics().into_iter().filter(|name| gate.host.metric(name) == Some(Metric::Counter(2)));
    assert!(counted.count() > 0, "{:?}", gate.host.metrics());
}

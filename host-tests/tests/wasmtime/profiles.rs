//! The plugin on proxies other than Envoy, and with no more capabilities than the shipped configuration grants: what it
//! needs, and that it fails closed without it.

use tapgate_host::{Config, Fit, Origin, Profile, Refusal};
use tapgate_host_tests::pass::Pass;
use tapgate_host_tests::workspace;

use crate::gate::{Gate, module, ok, request, session};

/// The capabilities that the shipped configuration grants.
pub(crate) fn granted() -> Vec<String> {
    let text = std::fs::read_to_string(workspace::bootstrap()).expect("the shipped configuration");
    let tree: serde_json::Value = serde_saphyr::from_str(&text).expect("YAML");
    let filters = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/http_filters/0";
    let at = format!("{filters}/typed_config/config/capability_restriction_config/allowed_capabilities");
    tree.pointer(&at).and_then(|list| list.as_object()).expect("a list of capabilities").keys().cloned().collect()
}

#[test]
fn every_import_is_one_that_envoy_serves() {
    assert_eq!(module().misfits(&Profile::ENVOY), []);
}

/// It loads on nginx, what traps there it does not call (the SDK links it), and its ledger is right there too, where an
/// absent key has the version 0.
#[test]
fn on_nginx_a_one_time_pass_has_one_holder() {
    let misfits = module().misfits(&Profile::NGINX);
    assert!(misfits.iter().all(|misfit| misfit.fit == Fit::NotImplemented(Refusal::Traps)), "{misfits:?}");
    let mut gate = Gate::on(|config| config.like(&Profile::NGINX)).expect("a policy that loads");
    let start = gate.host.clock().wall.as_secs() - 1;
    let pass = Pass::new(&gate.keys, "alice").once().claim("iat", start).claim("nbf", start).mint(&gate.secrets);
    let statuses = [0, 1].map(|worker| gate.sign_in(worker, &pass).downstream.status());
    assert_eq!(statuses, [Some(303), Some(401)]);
}

/// On APISIX there is no clock and no shared data: nobody gets in, and nothing goes on.
#[test]
fn on_apisix_it_fails_closed() {
    let mut gate = Gate::on(|config| config.like(&Profile::APISIX)).expect("a policy that loads");
    let pass = Pass::new(&gate.keys, "alice").mint(&gate.secrets);
    let signed_in = gate.sign_in(0, &pass);
    assert!(session(&signed_in).is_none(), "{signed_in:?}");
    assert!(matches!(signed_in.downstream.status(), Some(500 | 503)), "{signed_in:?}");
    let page = gate.exchange(1, request("GET", "/shop"), ok());
    assert_eq!((page.origin, page.upstream.headers), (Origin::Guest, None));
}

/// What the shipped configuration grants is enough for all that a person does, and no host call beside it is made.
#[test]
fn the_granted_capabilities_are_enough() {
    let granted = granted();
    let describe = |config: Config| config.grant_only(granted.iter().map(String::as_str));
    let mut gate = Gate::on(describe).expect("a policy that loads");
    let pass = Pass::new(&gate.keys, "alice").mint(&gate.secrets);
    let cookie = session(&gate.sign_in(0, &pass)).expect("a session");
    let page = gate.exchange(1, request("GET", "/register").with("cookie", &cookie), ok());
    assert_eq!(page.upstream.header("tapgate-user").as_deref(), Some("alice"));
    let calls: Vec<_> = gate.host.reports().into_iter().flat_map(|report| report.host_calls).collect();
    let stray: Vec<_> = calls.iter().filter(|call| !granted.iter().any(|name| name == *call)).collect();
    assert_eq!(stray, [&""; 0], "host calls that are not granted");
}

/// B10.2: with any one capability missing it loads not at all, refuses, or does as before; it never lets more through.
#[test]
fn with_any_capability_missing_nobody_gets_further() {
    let granted = granted();
    let guards = ["proxy_on_vm_start", "proxy_on_configure", "proxy_on_context_create", "proxy_on_request_headers"];
    for missing in granted.iter().filter(|name| !guards.contains(&name.as_str())) {
        let names = granted.iter().map(String::as_str).filter(|name| *name != missing);
        let Ok(mut gate) = Gate::on(|config| config.grant_only(names)) else { continue };
        let forged = request("GET", "/shop").with("tapgate-user", "admin");
        let seen = gate.exchange(0, forged, ok());
        let reached = seen.upstream.headers.clone().unwrap_or_default();
        assert_eq!(reached.get("tapgate-user"), None, "without {missing} a forged header went on");
    }
}

//! A policy amended at one gate, and what people notice of it at the other (11.3).

use std::time::Duration;

use serde_json::{Value, json};
use tapgate_core::graph::mint_token;
use tapgate_core::policy::compile;
use tapgate_core::time::{Seconds, UnixSeconds};
use tapgate_host_tests::client::{Browser, Call, Response};
use tapgate_host_tests::clock::{self, HANG, now};
use tapgate_host_tests::etcd::Etcd;
use tapgate_host_tests::gate::AUTHORITY;
use tapgate_host_tests::keys::Key;
use tapgate_host_tests::pass::Pass;
use tapgate_host_tests::policy::Policy;

use crate::site::{GRACE, MEMBERS, RECHECK, Site, policy, sign_in_at_last};

const CONFIGURATION: &str =
    "/.tap/graph/v1.0/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/temporaryAccessPass";

/// Whoever may amend this policy, as its bearer.
fn administrator(site: &Site, policy: &Policy) -> String {
    let environment = site.keys.environment();
    let value = |name: &str| environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let Ok(compiled) = compile(policy.text().as_bytes(), &value) else { panic!("the policy") };
    let now = UnixSeconds::new(u64::try_from(now()).expect("after 1970")).expect("before the year 9999");
    let roles = ["Authentication Policy Administrator".to_owned()];
    let subject = "root@example.com".parse().expect("a name");
    let token = mint_token(&compiled.policies[0], &subject, &roles, Seconds::new(600), now).expect("a token");
    format!("Bearer {}", token.as_str())
}

async fn ask(browser: &mut Browser, method: &str, token: &str, body: Option<Value>) -> Response {
    let call = Call::new(method, CONFIGURATION).header("authorization", token);
    let call = match &body {
        Some(body) => call.json(body),
        None => call,
    };
    // etcd may be slow to answer while it elects.
    loop {
        let answer = browser.send(call.clone()).await;
        if answer.status != 503 {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_amended_at_one_gate_binds_at_the_other_and_survives_it() {
    let mut etcd = Etcd::start(MEMBERS).await;
    let policy = policy()
        .with("/admin/hosts", json!([AUTHORITY]))
        .with("/keys/admin", json!([{"id": "ad-1", "value": Key::random().base64()}]));
    let site = Site::by(&policy, &etcd).await;
    let token = administrator(&site, &policy);
    let mut desk = [site.browser(0), site.browser(1)];

    let mut alice = site.browser(1);
    let pass = Pass::new(&site.keys, "alice").mint(&site.secrets);
    assert_eq!(sign_in_at_last(&mut alice, &pass).await.status, 303);

    let patch = json!({
        "@odata.type": "#microsoft.graph.temporaryAccessPassAuthenticationMethodConfiguration",
        "excludeTargets": [{"targetType": "user", "id": "alice"}],
    });
    let done = ask(&mut desk[0], "PATCH", &token, Some(patch)).await;
    assert_eq!((done.status, done.text().as_str()), (204, ""));
    let amended = now();
    // Whoever asks etcd is told at once; a session that lives is looked at again within its recheck time.
    let shown = ask(&mut desk[1], "GET", &token, None).await.json();
    assert_eq!(shown["excludeTargets"], json!([{"targetType": "user", "id": "alice"}]));
    let again = Pass::new(&site.keys, "alice").mint(&site.secrets);
    assert_eq!(sign_in_at_last(&mut site.browser(1), &again).await.status, 403);
    while alice.navigate("/register").await.status == 200 {
        assert!(now() <= amended + RECHECK + GRACE + 1, "her session goes on too long");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    // It is in etcd, so it outlives a member's death.
    etcd.kill(0);
    etcd.restart(0);
    etcd.answers(0).await;
    let shown = ask(&mut desk[0], "GET", &token, None).await.json();
    assert_eq!(shown["excludeTargets"], json!([{"targetType": "user", "id": "alice"}]));

    assert_eq!(ask(&mut desk[1], "DELETE", &token, None).await.status, 204);
    let began = std::time::Instant::now();
    clock::reach(now() + 1).await;
    let last = Pass::new(&site.keys, "alice").mint(&site.secrets);
    assert_eq!(sign_in_at_last(&mut site.browser(0), &last).await.status, 303);
    assert!(began.elapsed() < HANG);
    site.stop();
}

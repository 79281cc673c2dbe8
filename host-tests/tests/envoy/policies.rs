//! The policies that people start from, rendered by the command line: each bootstrap starts on real Envoy as it is, and a
//! person goes the whole way through it.

use std::path::PathBuf;
use std::sync::Arc;

use tapgate_host_tests::clock;
use tapgate_host_tests::gate::{Gate, SESSION, sign_in};
use tapgate_host_tests::keys::{Key, Keys};
use tapgate_host_tests::pass::Receipt;
use tapgate_host_tests::secrets::Secrets;
use tapgate_host_tests::upstream::{Handler, Recorded, Reply};
use tapgate_host_tests::workspace;

use crate::command_line::tapgate;

fn shipped() -> Vec<PathBuf> {
    let folder = workspace::root().join("policies");
    let files = std::fs::read_dir(folder).expect("the policies").map(|entry| entry.expect("an entry").path());
    // Beside each stand its cases.
    let is_policy = |path: &PathBuf| {
        let name = path.to_string_lossy();
        name.ends_with(".yaml") && !name.ends_with(".cases.yaml")
    };
    let mut policies: Vec<_> = files.filter(is_policy).collect();
    policies.sort();
    policies
}

/// Answers `POST /webauthn/finish` with a receipt, and everything else with what was asked for.
fn application(keys: &Keys, secrets: &Secrets) -> Handler {
    let (keys, secrets) = (keys.clone(), secrets.clone());
    Arc::new(move |request: &Recorded| match (request.method.as_str(), request.target.as_str()) {
        ("POST", "/webauthn/finish") => match Receipt::answering(&keys, request) {
            Some(receipt) => Reply::text("registered").header("tapgate-receipt", receipt.mint(&secrets)),
            None => Reply::status(401),
        },
        _ => Reply::text(format!("{} {}", request.method, request.target)),
    })
}

/// A gate with the bootstrap that a policy renders to. The first tenant's keys are the gate's; another's are nobody's.
async fn gate(policy: &str) -> Gate {
    let rendered = tapgate(&["policy", "render", "--for", "envoy", policy], &[]);
    Gate::serving(application, |setup| {
        // `Setup` has put the gate's keys into variables of these names.
        let mut setup = setup.rendered(&rendered);
        for purpose in ["PASS", "GATEWAY", "UPSTREAM"] {
            let key = setup.value(&format!("TAPGATE_{purpose}_KEY")).expect("a key of the gate's").to_owned();
            setup = setup.variable(&format!("CONTOSO_{purpose}_KEY"), &key);
            setup = setup.variable(&format!("FABRIKAM_{purpose}_KEY"), &Key::random().base64());
        }
        setup
    })
    .await
}

#[tokio::test]
async fn every_policy_renders_to_a_bootstrap_that_a_person_can_walk_through() {
    let index = std::fs::read_to_string(workspace::root().join("policies/README.md")).expect("the index");
    let policies = shipped();
    assert!(!policies.is_empty());
    for path in policies {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        assert!(index.contains(&format!("({name})")), "{name} is not in policies/README.md");
        let text = std::fs::read_to_string(&path).expect("a policy");
        let gate = gate(path.to_str().expect("a path that is text")).await;
        let mut browser = gate.browser();
        // One-time, for an hour, of somebody who is new: what all of them allow.
        let pass = gate.one_time("alice").await;
        let now = clock::now();
        let pass = pass.claim("iat", now).claim("nbf", now).claim("exp", now + 3600);
        let pass = pass.claim("groups", vec!["new-hires"]).mint(&gate.secrets);
        assert_eq!(sign_in(&mut browser, &pass).await.status, 303, "{name}");
        assert_eq!(browser.navigate("/admin").await.header("location").as_deref(), Some("/register"), "{name}");
        assert_eq!(browser.navigate("/register").await.status, 200, "{name}");
        let answer = browser.fetch("POST", "/webauthn/finish").await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "registered"), "{name}");
        // `continue` lets the person into the site; `signIn` leaves nobody signed in, for whom the site is the application's.
        let goes_on = text.contains("then: continue");
        let session = answer.set_cookie(SESSION).expect("the cookie is set anew, or cleared");
        assert_eq!(session.deletes(), !goes_on, "{name}");
        assert_eq!(browser.navigate("/admin").await.status, 200, "{name}");
        let user = gate.upstream.last().header("tapgate-user");
        assert_eq!(user.as_deref(), goes_on.then_some("alice"), "{name}");
        // The pass is consumed: nobody else gets in with it.
        let mut another = gate.browser();
        assert_eq!(sign_in(&mut another, &pass).await.status, 401, "{name}");
    }
}

//! The policies that people start from, rendered by the command line: each bootstrap starts on real Envoy as it is, and a
//! person goes the whole way through it.

use std::path::PathBuf;
use std::process::Command;
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

#[test]
fn what_is_rendered_for_etcd_is_a_bootstrap_to_envoy() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = |name: &str| folder.path().join(name).to_str().expect("text").to_owned();
    let (ca, certificate, key) = (place("ca.pem"), place("gate.pem"), place("key.pem"));
    let made = rcgen::generate_simple_self_signed(["etcd-1.internal".to_owned()]).expect("a certificate");
    for (file, text) in
        [(&ca, made.cert.pem()), (&certificate, made.cert.pem()), (&key, made.signing_key.serialize_pem())]
    {
        std::fs::write(file, text).expect("a file");
    }
    let policy = workspace::root().join("examples/etcd/policy.yaml");
    let policy = policy.to_str().expect("a path that is text");
    let known = ["--etcd-tls-ca", &ca, "--etcd-tls-cert", &certificate, "--etcd-tls-key", &key];
    let named = [&known[..], &["--etcd-tls-name", "etcd"]].concat();
    for member in ["127.0.0.1:2379", "[::1]:2379", "etcd-1.internal:2379"] {
        for tls in [&[][..], &known[..2], &known, &named] {
            let arguments = [&["policy", "render", "--for", "envoy", "--etcd", member], tls, &[policy]].concat();
            assert_eq!(validated(&tapgate(&arguments, &[]), &place("envoy.yaml")), None, "{arguments:?}");
        }
    }
    // Envoy would tell.
    let arguments = [&["policy", "render", "--for", "envoy", "--etcd", "127.0.0.1:2379"][..], &[policy]].concat();
    let broken = tapgate(&arguments, &[]).replace("lb_policy: LEAST_REQUEST", "lb_policy: LEAST_REQUESTS");
    assert!(validated(&broken, &place("envoy.yaml")).expect("a complaint").contains("LEAST_REQUESTS"));
}

/// What Envoy has against a bootstrap.
fn validated(bootstrap: &str, place: &str) -> Option<String> {
    std::fs::write(place, bootstrap).expect("a file");
    let keys = Keys::random();
    let envoy = Command::new(workspace::envoy())
        .args(["--mode", "validate", "--config-path", place])
        .current_dir(workspace::root())
        .envs(keys.environment())
        .output()
        .expect("envoy can be run");
    (!envoy.status.success()).then(|| String::from_utf8_lossy(&envoy.stderr).into_owned())
}

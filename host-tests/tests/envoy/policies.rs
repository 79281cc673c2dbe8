//! The policies that people start from: each one loads as it stands.

use std::path::PathBuf;

use serde_json::Value;
use tapgate_host_tests::clock;
use tapgate_host_tests::gate::{Gate, sign_in};
use tapgate_host_tests::workspace;

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

#[tokio::test]
async fn every_policy_loads_and_lets_a_person_in() {
    let index = std::fs::read_to_string(workspace::root().join("policies/README.md")).expect("the index");
    let policies = shipped();
    assert!(!policies.is_empty());
    for path in policies {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        assert!(index.contains(&format!("({name})")), "{name} is not in policies/README.md");
        let text = std::fs::read_to_string(&path).expect("a policy");
        let document: Value = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let gate = Gate::with(|setup| setup.policy_text(&document.to_string())).await;
        let mut browser = gate.browser();
        // One-time, for an hour: what all of them allow.
        let pass = gate.one_time("alice").await;
        let now = clock::now();
        let pass = pass.claim("iat", now).claim("nbf", now).claim("exp", now + 3600).mint(&gate.secrets);
        assert_eq!(sign_in(&mut browser, &pass).await.status, 303, "{name}");
        assert_eq!(browser.navigate("/admin").await.header("location").as_deref(), Some("/register"), "{name}");
    }
}

//! Passes of the project's own command line: another library verifies them, and the gate takes them (B3.1).

use serde_json::Value;
use tapgate_host_tests::clock;
use tapgate_host_tests::gate::{Gate, sign_in};
use tapgate_host_tests::keys::Key;
use tapgate_host_tests::pass::pyjwt;

use crate::command_line::tapgate;

/// What `tapgate mint` prints to a pipe: the pass, then the link.
fn mint(key: &Key, arguments: &[&str]) -> [String; 2] {
    let site = ["--key-id", "pass-1", "--issuer", "https://gate.example.com", "--audience", "gate.example.com"];
    let printed = tapgate(&[&["mint"], arguments, &site].concat(), &[("TAPGATE_PASS_KEY", key.base64())]);
    let mut lines = printed.lines().map(str::to_owned);
    [lines.next().expect("a pass"), lines.next().expect("a link")]
}

#[tokio::test]
async fn what_the_command_line_mints_verifies_elsewhere_and_signs_in() {
    let gate = Gate::start().await;
    // A one-time pass must start after the ledger began.
    clock::reach(gate.envoy.born() + 1).await;
    for arguments in [
        &["--user", "Alice@example.com", "--once", "--lifetime", "1h"][..],
        &["--user", "bob", "--group", "staff", "--group", "night shift", "--lifetime", "480"],
        &["--user", "carol", "--start=-5m", "--end", "+2h", "--id", "pass-of-carol"],
    ] {
        let [pass, link] = mint(&gate.keys.pass, arguments);
        gate.secrets.note(&pass);
        assert_eq!(link, format!("https://gate.example.com/.tap/sign-in#pass={pass}"));
        let claims = pyjwt::verify(&pass, &gate.keys.pass);
        assert_eq!(claims["sub"].as_str(), Some(arguments[1]));
        assert_eq!(claims["once"], Value::Bool(arguments.contains(&"--once")));
        let mut browser = gate.browser();
        assert_eq!(sign_in(&mut browser, &pass).await.status, 303, "{arguments:?}");
        assert_eq!(browser.navigate("/register").await.status, 200, "{arguments:?}");
    }
}

//! Passes of the project's own command line: another library verifies them, and the gate takes them (B3.1).

use std::ffi::OsString;

use serde_json::Value;
use tapgate_cli::{Exit, World};
use tapgate_core::random::{NoEntropy, Random};
use tapgate_core::time::UnixSeconds;
use tapgate_host_tests::clock;
use tapgate_host_tests::gate::{Gate, sign_in};
use tapgate_host_tests::keys::Key;
use tapgate_host_tests::pass::pyjwt;

struct System;

impl Random for System {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        getrandom::fill(buffer).map_err(|_| NoEntropy)
    }
}

/// What `tapgate mint` prints to a pipe: the pass, then the link.
fn mint(key: &Key, arguments: &[&str]) -> [String; 2] {
    let site = ["--key-id", "pass-1", "--issuer", "https://gate.example.com", "--audience", "gate.example.com"];
    let arguments = ["tapgate", "mint"].iter().chain(arguments).chain(&site).map(OsString::from);
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let environment = |name: &str| (name == "TAPGATE_PASS_KEY").then(|| OsString::from(key.base64()));
    let exit = tapgate_cli::run(
        arguments,
        &mut World {
            stdin: &mut std::io::empty(),
            typed: false,
            stdout: &mut stdout,
            screen: None,
            stderr: &mut stderr,
            environment: &environment,
            now: UnixSeconds::new(u64::try_from(clock::now()).expect("a clock after 1970")),
            random: &mut System,
        },
    );
    assert_eq!(exit, Exit::Done, "{}", String::from_utf8_lossy(&stderr));
    let printed = String::from_utf8(stdout).expect("text");
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

//! `tapgate serve`: what keeps it from starting. How it serves is tested with the plugin, in `host-tests`.

use tapgate_cli::Exit;

use crate::policy::{Scratch, shipped};
use crate::support::{KEY, OTHER_KEY, Outcome, tapgate};

/// Starts a gateway that cannot, with this for a plugin.
fn serve(plugin: Option<&str>, keys: bool, more: &[&str]) -> Outcome {
    let scratch = Scratch::new();
    let plugin = plugin.map_or_else(|| "/nowhere/tapgate.wasm".to_owned(), |text| scratch.file("tapgate.wasm", text));
    let policy = shipped("entra-default");
    let arguments = ["serve", "--policy", policy.as_str(), "--module", plugin.as_str()];
    let mut run = tapgate(&[&arguments, more].concat());
    if keys {
        let third = KEY.replace('a', "b");
        for (name, key) in
            [("TAPGATE_PASS_KEY", KEY), ("TAPGATE_GATEWAY_KEY", OTHER_KEY), ("TAPGATE_UPSTREAM_KEY", third.as_str())]
        {
            run = run.env(name, key);
        }
    }
    run.run()
}

const APPLICATION: [&str; 2] = ["--upstream", "http://127.0.0.1:9"];

#[test]
fn what_is_missing_is_named_with_its_mend() {
    for (exit, words, outcome) in [
        (Exit::Unreadable, "build it with `cargo xtask wasm`", serve(None, true, &APPLICATION)),
        (Exit::Unreadable, "the plugin cannot be loaded", serve(Some("no module"), true, &APPLICATION)),
        (Exit::Findings, "`keys.gateway[0].env`", serve(Some(""), false, &APPLICATION)),
        (Exit::Findings, "`tapgate policy check --keys` tells the mend", serve(Some(""), false, &APPLICATION)),
        (
            Exit::Usage,
            "`ftp://app` is no address of an application",
            serve(Some(""), true, &["--upstream", "ftp://app"]),
        ),
        (Exit::Usage, "--upstream", serve(Some(""), true, &[])),
        (
            Exit::Unreadable,
            "cannot read `/nowhere/a.pem`",
            serve(Some(""), true, &[&APPLICATION[..], &["--tls-cert", "/nowhere/a.pem", "--tls-key", "/b"]].concat()),
        ),
        (Exit::Usage, "--tls-key", serve(Some(""), true, &[&APPLICATION[..], &["--tls-cert", "a.pem"]].concat())),
        (Exit::Usage, "--workers", serve(Some(""), true, &[&APPLICATION[..], &["--workers", "0"]].concat())),
    ] {
        assert_eq!(outcome.exit, exit, "{words}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(words), "{words}: {}", outcome.stderr);
        assert_eq!(outcome.stdout, "", "{words}");
    }
}

#[test]
fn what_an_operator_should_know_is_said_before_anybody_depends_on_it() {
    let open = [&APPLICATION[..], &["--listen", "0.0.0.0:0"]].concat();
    let told = serve(Some("no module"), true, &open).stderr;
    assert!(told.contains("warning: without `--data-dir`") && told.contains("warning: without TLS"), "{told}");
    let quiet = [&APPLICATION[..], &["--listen", "0.0.0.0:0", "--data-dir", "/x", "--tls-self-signed", "a"]].concat();
    let told = serve(Some("no module"), true, &quiet).stderr;
    assert!(!told.contains("warning"), "{told}");
}

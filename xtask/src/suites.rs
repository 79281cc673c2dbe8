//! `cargo xtask test [SUITE...]`: runs the suites, streams what they print, and adds up what cargo's test runners close
//! with. Nothing is skipped: an ignored test, a suite that does not build and a suite without a test all count as failed.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::process::{say, shown};
use crate::workspace::Workspace;
use crate::{Exit, Failure, setup, wasm};

/// A named part of the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Suite {
    /// The layer rules and these commands themselves
    House,
    /// Every rule of the gate, without a proxy; the ledger's are in `ledger`
    Core,
    /// The ledger: its rules, and a model that tries every order of losses, crashes and clocks on them
    Ledger,
    /// Policies in YAML, and every case of the corpus without a proxy, under the wasmtime host, real Envoy and `tapgate serve`
    Cases,
    /// The proxy-wasm host, with small guests
    Host,
    /// The embedded gateway, with small filters
    Gateway,
    /// The command line
    Cli,
    /// The plugin under the wasmtime host, real Envoy and `tapgate serve`, the host against Envoy, the example application, the bench
    Envoy,
}

/// The test of the host tests that plays every case in every host. It is the suite `cases`'s, and nobody else's.
const EVERY_HOST: &str = "hosts::every_case_goes_the_same_way_in_four_hosts";

/// What the names of core's tests of the ledger have in them. They are the suite `ledger`'s, and nobody else's.
const LEDGER: &str = "ledger::";

impl Suite {
    /// The runs of `cargo test` that make up the suite, as their arguments.
    fn runs(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::House => &[&["--package", "xtask"]],
            Self::Core => &[&["--package", "tapgate-core", "--", "--skip", LEDGER]],
            // What it prints is shown: the number of states, and how each fault was found.
            Self::Ledger => {
                &[&["--package", "tapgate-core", "--", LEDGER], &["--package", "tapgate-model", "--", "--nocapture"]]
            }
            // What they print is shown: without it the number of cases played would be swallowed.
            Self::Cases => &[
                &["--package", "tapgate-cases", "--", "--nocapture"],
                &["--package", "tapgate-host-tests", "--test", "corpus", "--", "--nocapture", "--exact", EVERY_HOST],
            ],
            Self::Host => &[&["--package", "tapgate-host"]],
            Self::Gateway => &[&["--package", "tapgate-gateway"]],
            Self::Cli => &[&["--package", "tapgate-cli"]],
            // One run, so that cargo builds the wasm engine no second time for other features.
            Self::Envoy => &[&[
                "--package",
                "tapgate-example-app",
                "--package",
                "tapgate-host-tests",
                "--package",
                "tapgate-bench",
                "--",
                "--exact",
                "--skip",
                EVERY_HOST,
            ]],
        }
    }

    /// Whether it needs Envoy and the plugin's module.
    const fn needs_a_proxy(self) -> bool {
        matches!(self, Self::Cases | Self::Envoy)
    }

    /// Builds the modules that it loads into a proxy.
    fn modules(self, workspace: &Workspace) -> Result<()> {
        wasm::run(workspace)?;
        if self == Self::Envoy { wasm::noop(workspace) } else { Ok(()) }
    }

    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    passed: u64,
    failed: u64,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.passed = self.passed.saturating_add(other.passed);
        self.failed = self.failed.saturating_add(other.failed);
    }
}

/// Runs the named suites, or all of them.
pub(crate) fn run(workspace: &Workspace, named: &[Suite]) -> Result<Exit, Failure> {
    let suites = if named.is_empty() { Suite::value_variants() } else { named };
    let names: Vec<_> = suites.iter().map(|suite| suite.name()).collect();
    say(format_args!("suites: {}", names.join(", ")));
    let mut total = Tally::default();
    let mut broken = Vec::new();
    for suite in suites {
        let name = suite.name();
        say(format_args!("suite {name}"));
        if suite.needs_a_proxy() {
            setup::run(workspace).map_err(Failure::Setup)?;
            if let Err(error) = suite.modules(workspace) {
                eprintln!("error: {error:#}");
                total.add(Tally { passed: 0, failed: 1 });
                broken.push(name);
                continue;
            }
        }
        let mut tally = Tally::default();
        for run in suite.runs() {
            tally.add(cargo_test(workspace, run)?);
        }
        say(format_args!("suite {name}: {} passed, {} failed", tally.passed, tally.failed));
        if tally.failed > 0 {
            broken.push(name);
        }
        total.add(tally);
    }
    if !broken.is_empty() {
        say(format_args!("failed: {}", broken.join(", ")));
    }
    println!("{} passed, {} failed", total.passed, total.failed);
    Ok(if total.failed == 0 { Exit::Success } else { Exit::Failed })
}

/// Runs tests with cargo, shows what they print, and counts.
fn cargo_test(workspace: &Workspace, arguments: &[&str]) -> Result<Tally> {
    let mut command = workspace.cargo();
    command.args(["test", "--no-fail-fast"]).args(arguments);
    let line = shown(&command);
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().with_context(|| format!("starting `{line}`"))?;
    let output = child.stdout.take().context("no output to read")?;
    let mut tally = Tally::default();
    for text in BufReader::new(output).split(b'\n') {
        let text = text.with_context(|| format!("reading from `{line}`"))?;
        let text = String::from_utf8_lossy(&text);
        println!("{text}");
        tally.add(closing_line(&text).unwrap_or_default());
    }
    let success = child.wait().with_context(|| format!("waiting for `{line}`"))?.success();
    Ok(judged(tally, success))
}

/// What a run comes to: one that failed without a failed test (it did not build) or that ran no test has failed once.
fn judged(tally: Tally, success: bool) -> Tally {
    let ran_nothing = tally == Tally::default();
    let failed_silently = !success && tally.failed == 0;
    Tally { failed: tally.failed.max(u64::from(ran_nothing || failed_silently)), ..tally }
}

/// Reads `test result: ok. 12 passed; 0 failed; 1 ignored; ...`. An ignored test counts as failed: it showed nothing.
fn closing_line(line: &str) -> Option<Tally> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let count = |word: &str| -> u64 {
        counts
            .split(';')
            .filter_map(|part| part.trim().split_once(' '))
            .find(|(_, is)| *is == word)
            .and_then(|(number, _)| number.parse().ok())
            .unwrap_or(0)
    };
    Some(Tally { passed: count("passed"), failed: count("failed").saturating_add(count("ignored")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_read() {
        let line = "test result: FAILED. 12 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s";
        assert_eq!(closing_line(line), Some(Tally { passed: 12, failed: 3 }));
        assert_eq!(closing_line("test names::result ... ok"), None);
    }

    #[test]
    fn a_suite_that_shows_nothing_has_failed() {
        let nothing = Tally::default();
        let good = Tally { passed: 3, failed: 0 };
        assert_eq!(judged(nothing, true).failed, 1);
        assert_eq!(judged(nothing, false).failed, 1);
        assert_eq!(judged(good, false).failed, 1);
        assert_eq!(judged(good, true), good);
        assert_eq!(judged(Tally { passed: 3, failed: 2 }, false).failed, 2);
    }

    #[test]
    fn every_suite_names_its_packages() {
        for suite in Suite::value_variants() {
            assert!(!suite.runs().is_empty(), "{}", suite.name());
            for run in suite.runs() {
                assert_eq!(run.first(), Some(&"--package"), "{}", suite.name());
            }
        }
    }

    /// What one suite leaves to another must be there.
    #[test]
    fn the_tests_of_the_ledger_are_where_the_suites_look_for_them() {
        let root = Workspace::find().unwrap().root().join("core/tests/all");
        let main = std::fs::read_to_string(root.join("main.rs")).unwrap();
        assert!(main.contains("\nmod ledger;"), "core's tests have no module for `{LEDGER}`");
        assert!(std::fs::read_to_string(root.join("ledger.rs")).unwrap().contains("#[test]"));
    }

    /// A test that one suite leaves to another must be there, by its very name.
    #[test]
    fn the_test_of_every_host_is_where_the_suites_look_for_it() {
        let root = Workspace::find().unwrap().root().join("host-tests/tests/corpus");
        let (file, name) = EVERY_HOST.split_once("::").unwrap();
        let text = std::fs::read_to_string(root.join(file).with_extension("rs")).unwrap();
        assert!(text.contains(&format!("#[test]\nfn {name}()")), "no `{name}` in {file}.rs");
    }
}

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
    /// Every rule of the gate, without a proxy
    Core,
    /// Policies in YAML, and every case of the corpus without a proxy
    Cases,
    /// The proxy-wasm host, with small guests
    Host,
    /// The command line
    Cli,
    /// The plugin under the wasmtime host and real Envoy, the host against Envoy, and the example application
    Envoy,
}

impl Suite {
    /// The packages whose tests make up the suite.
    fn packages(self) -> &'static [&'static str] {
        match self {
            Self::House => &["xtask"],
            Self::Core => &["tapgate-core"],
            Self::Cases => &["tapgate-cases"],
            Self::Host => &["tapgate-host"],
            Self::Cli => &["tapgate-cli"],
            Self::Envoy => &["tapgate-example-app", "tapgate-host-tests"],
        }
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
        say(format_args!("suite {name}: {}", suite.packages().join(", ")));
        if *suite == Suite::Envoy {
            setup::run(workspace).map_err(Failure::Setup)?;
            if let Err(error) = wasm::run(workspace) {
                eprintln!("error: {error:#}");
                total.add(Tally { passed: 0, failed: 1 });
                broken.push(name);
                continue;
            }
        }
        let tally = cargo_test(workspace, suite)?;
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

/// Runs the tests of a suite with cargo, shows what they print, and counts.
fn cargo_test(workspace: &Workspace, suite: &Suite) -> Result<Tally> {
    let mut command = workspace.cargo();
    command.args(["test", "--no-fail-fast"]);
    for package in suite.packages() {
        command.args(["--package", package]);
    }
    // Without it the number of cases played would be swallowed with what tests print.
    if *suite == Suite::Cases {
        command.args(["--", "--nocapture"]);
    }
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
            assert!(!suite.packages().is_empty(), "{}", suite.name());
        }
    }
}

//! `cargo xtask test [SUITE...]`: builds the tests of the suites, runs them, and adds up what their runners close with.
//! Nothing is skipped: an ignored test, a suite that does not build and a suite without a test all count as failed.

mod built;
mod tally;

use anyhow::Result;
use clap::ValueEnum;

use self::built::Built;
use self::tally::Tally;
use crate::process::say;
use crate::workspace::Workspace;
use crate::{Exit, Failure, setup, wasm, workbench};

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
    /// The passkey application, with an authenticator in software
    Passkey,
    /// The plugin under the wasmtime host, real Envoy and `tapgate serve`, the host against Envoy, two Envoys over etcd, the example
    /// application, the bench
    Envoy,
    /// Microsoft's own Graph client, in node, against the admin API of a plugin under real Envoy
    Graph,
    /// The plugin under real Envoy before a SCIM server that nobody here wrote
    Scim,
    /// People in Chromium, from a link or a typed code to a passkey, before real Envoy and `tapgate serve`
    Browser,
    /// The policy workbench: what it answers, and its page in Chromium, held against what the command line says
    Workbench,
}

/// The test of the host tests that plays every case in every host. It is the suite `cases`'s, and nobody else's.
const EVERY_HOST: &str = "hosts::every_case_goes_the_same_way_in_four_hosts";

/// The target of the host tests that is the suite `graph`'s, and nobody else's.
const GRAPH: &str = "graph";

/// The same of the suite `browser`.
const BROWSER: &str = "browser";

/// The same of the suite `workbench`.
const WORKBENCH: &str = "workbench";

/// The same of the suite `scim`.
const SCIM: &str = "scim";

/// The packages of the programs that the host tests start.
const PROGRAMS: [&str; 2] = ["tapgate-cli", "tapgate-passkey-app"];

/// What the names of core's tests of the ledger have in them. They are the suite `ledger`'s, and nobody else's.
const LEDGER: &str = "ledger::";

/// Tests of one package.
#[derive(Clone, Copy, Debug)]
struct Run {
    package: &'static str,
    /// Only this target's.
    target: Option<&'static str>,
    /// Not these targets': they are another suite's.
    but: &'static [&'static str],
    /// What their runner is told.
    arguments: &'static [&'static str],
}

impl Run {
    const fn of(package: &'static str) -> Self {
        Self { package, target: None, but: &[], arguments: &[] }
    }

    const fn with(self, arguments: &'static [&'static str]) -> Self {
        Self { arguments, ..self }
    }
}

impl Suite {
    /// What the suite runs.
    fn runs(self) -> Vec<Run> {
        match self {
            Self::House => vec![Run::of("xtask")],
            Self::Core => vec![Run::of("tapgate-core").with(&["--skip", LEDGER])],
            // What it prints is shown: the number of states, and how each fault was found.
            Self::Ledger => {
                vec![Run::of("tapgate-core").with(&[LEDGER]), Run::of("tapgate-model").with(&["--nocapture"])]
            }
            // What they print is shown: without it the number of cases played would be swallowed.
            Self::Cases => vec![
                Run::of("tapgate-cases").with(&["--nocapture"]),
                Run { target: Some("corpus"), ..Run::of("tapgate-host-tests") }.with(&[
                    "--nocapture",
                    "--exact",
                    EVERY_HOST,
                ]),
            ],
            Self::Host => vec![Run::of("tapgate-host")],
            Self::Gateway => vec![Run::of("tapgate-gateway")],
            Self::Cli => vec![Run::of("tapgate-cli")],
            Self::Passkey => vec![Run::of("tapgate-passkey-app")],
            Self::Envoy => vec![
                Run::of("tapgate-example-app"),
                Run { but: &[GRAPH, SCIM, BROWSER, WORKBENCH], ..Run::of("tapgate-host-tests") }
                    .with(&["--exact", "--skip", EVERY_HOST]),
                Run::of("tapgate-bench"),
            ],
            Self::Graph => vec![Run { target: Some(GRAPH), ..Run::of("tapgate-host-tests") }],
            Self::Scim => vec![Run { target: Some(SCIM), ..Run::of("tapgate-host-tests") }],
            Self::Browser => vec![Run { target: Some(BROWSER), ..Run::of("tapgate-host-tests") }],
            Self::Workbench => {
                vec![Run::of("tapgate-workbench"), Run { target: Some(WORKBENCH), ..Run::of("tapgate-host-tests") }]
            }
        }
    }

    /// The packages that have to be built for it: those whose tests it runs, and that of the program that they start.
    fn packages(self) -> Vec<&'static str> {
        let mut packages: Vec<_> = self.runs().iter().map(|run| run.package).collect();
        if self.needs_a_proxy() {
            packages.extend(PROGRAMS);
        }
        packages
    }

    /// Whether it needs Envoy and the plugin's module.
    const fn needs_a_proxy(self) -> bool {
        matches!(self, Self::Cases | Self::Envoy | Self::Graph | Self::Scim | Self::Browser)
    }

    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// Installs what a suite needs.
type Ensure = fn(&Workspace) -> Result<()>;

/// Runs the named suites, or all of them.
pub(crate) fn run(workspace: &Workspace, named: &[Suite]) -> Result<Exit, Failure> {
    let suites = if named.is_empty() { Suite::value_variants() } else { named };
    let names: Vec<_> = suites.iter().map(|suite| suite.name()).collect();
    say(format_args!("suites: {}", names.join(", ")));
    let mut packages: Vec<_> = suites.iter().flat_map(|suite| suite.packages()).collect();
    packages.sort_unstable();
    packages.dedup();
    if suites.iter().any(|suite| suite.needs_a_proxy()) {
        setup::run(workspace).map_err(Failure::Setup)?;
    }
    let more: [(Suite, Ensure); 3] =
        [(Suite::Scim, setup::scim_server), (Suite::Browser, setup::browser), (Suite::Workbench, setup::workbench)];
    for (suite, ensure) in more {
        if suites.contains(&suite)
            && let Err(error) = ensure(workspace)
        {
            // The suite fails for want of it, and the others are run all the same.
            say(format_args!("error: {error:#}"));
        }
    }
    let (total, broken) = match ready(workspace, suites, &packages) {
        Ok(built) => played(&built, suites)?,
        Err(error) => {
            eprintln!("error: {error:#}");
            (Tally::BROKEN, vec!["the build".to_owned()])
        }
    };
    if !broken.is_empty() {
        say(format_args!("failed: {}", broken.join(", ")));
    }
    println!("{} passed, {} failed", total.passed, total.failed);
    Ok(if total.failed == 0 { Exit::Success } else { Exit::Failed })
}

/// Builds the modules and the tests.
fn ready<'a>(workspace: &'a Workspace, suites: &[Suite], packages: &[&'static str]) -> Result<Built<'a>> {
    if suites.iter().any(|suite| suite.needs_a_proxy()) {
        wasm::run(workspace)?;
        wasm::noop(workspace)?;
    }
    if suites.contains(&Suite::Workbench) {
        workbench::run(workspace)?;
    }
    Built::new(workspace, packages)
}

/// Runs the suites; gives what they come to, and the names of those that failed.
fn played(built: &Built<'_>, suites: &[Suite]) -> Result<(Tally, Vec<String>)> {
    let (mut total, mut broken) = (Tally::default(), Vec::new());
    let mut count = |name: String, tally: Tally| {
        say(format_args!("{name}: {} passed, {} failed", tally.passed, tally.failed));
        if tally.failed > 0 {
            broken.push(name);
        }
        total.add(tally);
    };
    for suite in suites {
        say(format_args!("suite {}", suite.name()));
        let mut tally = Tally::default();
        for run in suite.runs() {
            tally.add(built.run(&run)?);
        }
        count(format!("suite {}", suite.name()), tally);
    }
    count("examples in documentation".to_owned(), built.examples()?);
    Ok((total, broken))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_suite_runs_something_that_is_built_for_it() {
        for suite in Suite::value_variants() {
            assert!(!suite.runs().is_empty(), "{}", suite.name());
            assert!(suite.runs().iter().all(|run| suite.packages().contains(&run.package)), "{}", suite.name());
        }
    }

    /// A package whose tests no suite runs would be tested by nobody.
    #[test]
    fn every_member_with_tests_is_in_a_suite() {
        let house = crate::house::House::load(Workspace::find().unwrap().root()).unwrap();
        let run: Vec<_> = Suite::value_variants().iter().flat_map(|suite| suite.packages()).collect();
        let elsewhere = ["tapgate-plugin", "tapgate-bench-noop", "tapgate-test-clock", "tapgate-bindgen"];
        for package in &house.packages {
            let name = package.name.as_str();
            assert!(run.contains(&name) != elsewhere.contains(&name), "`{name}`");
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

    /// A target that one suite leaves to another must be there.
    #[test]
    fn the_targets_of_suites_are_where_the_suites_look_for_them() {
        let root = Workspace::find().unwrap().root().join("host-tests/tests");
        let (mut wanted, mut left) = (Vec::new(), Vec::new());
        for run in Suite::value_variants().iter().flat_map(|suite| suite.runs()) {
            wanted.extend(run.target);
            left.extend(run.but);
        }
        for target in wanted.iter().chain(&left) {
            assert!(root.join(target).join("main.rs").exists(), "{target}");
        }
        assert!(left.iter().all(|target| wanted.contains(target)), "{left:?} of {wanted:?}");
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

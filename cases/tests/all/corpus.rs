//! The corpus: every case of every policy, played natively, and what of the contract no case shows yet.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tapgate_cases::case::CaseFile;
use tapgate_cases::native::Native;
use tapgate_cases::policy::{PolicyDocument, key_of_variable};
use tapgate_cases::run::{RunError, run};
use tapgate_cases::site::{Application, Exchange, Host, Sent, Setup, Site, Trouble};

/// Where policies stand beside their cases: those that people start from, and those that exist to be tested.
const FOLDERS: [&str; 2] = ["../policies", "tests/corpus"];

/// The statements of the contract that concern a request.
const STATEMENTS: &[&str] = &[
    "2.1a", "2.4", "3.1", "3.2", "3.3", "3.4", "3.5", "3.6", "4.1", "4.2", "4.3", "4.4", "4.5", "5.1", "5.2", "5.3",
    "5.4", "5.5", "5.6", "5.7", "6.1", "6.2", "6.3", "7.2", "7.3", "7.4", "7.6", "7.7", "8.1", "8.1a", "8.2", "11.1",
    "11.2", "11.3", "11.4",
];

/// Those that no case shows yet. This list may only shrink.
const GAPS: &[&str] = &[];

/// A policy with its cases.
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) policy: PolicyDocument,
    pub(crate) cases: Option<CaseFile>,
}

/// Every policy of the corpus.
pub(crate) fn corpus() -> Vec<Entry> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<PathBuf> = FOLDERS
        .iter()
        .flat_map(|folder| fs::read_dir(root.join(folder)).expect("a folder of policies"))
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.to_string_lossy().ends_with(".yaml") && !path.to_string_lossy().ends_with(".cases.yaml"))
        .collect();
    paths.sort();
    paths.iter().map(|path| entry(path)).collect()
}

fn entry(path: &Path) -> Entry {
    let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = |flaws: Vec<tapgate_cases::yaml::Flaw>| -> String {
        flaws.iter().map(|flaw| format!("\n{name}:{flaw}")).collect()
    };
    let policy = PolicyDocument::read(&read(path)).unwrap_or_else(|flaws| panic!("{}", lines(flaws)));
    let beside = path.with_extension("cases.yaml");
    let cases =
        beside.exists().then(|| CaseFile::read(&read(&beside)).unwrap_or_else(|flaws| panic!("{}", lines(flaws))));
    Entry { name, policy, cases }
}

fn shown() -> BTreeSet<String> {
    let corpus = corpus();
    let files = corpus.iter().filter_map(|entry| entry.cases.as_ref());
    files.flat_map(|file| &file.cases).flat_map(|case| case.shows.clone()).collect()
}

#[test]
fn every_case_goes_as_it_says() {
    let mut failures = Vec::new();
    let mut played = 0_usize;
    for Entry { name, policy, cases } in corpus() {
        for case in cases.iter().flat_map(|file| &file.cases) {
            played = played.saturating_add(1);
            match run(&policy, case, &Native) {
                Ok(()) => {}
                Err(RunError::Failed(failure)) => failures.push(format!("{name}.cases.yaml:{failure}")),
                Err(RunError::Host { case, trouble }) => {
                    failures.push(format!("{name}.cases.yaml: case `{case}`: {trouble}: {}", trouble.cause));
                }
                Err(error) => failures.push(format!("{name}.cases.yaml: {error}")),
            }
        }
    }
    // `cargo xtask test cases` shows this line.
    println!("cases played natively: {played}, of which {} failed", failures.len());
    assert!(failures.is_empty(), "\n{}", failures.join("\n\n"));
    assert!(played > 0);
}

#[test]
fn every_policy_compiles_and_stands_beside_its_cases() {
    for Entry { name, policy, cases } in corpus() {
        if let Err(flaws) = policy.compile(&|variable| Some(key_of_variable(variable))) {
            panic!("{name}: {flaws:#?}");
        }
        assert!(cases.is_some(), "{name}.yaml has no cases beside it");
    }
}

#[test]
fn every_statement_about_requests_has_a_case_or_is_a_known_gap() {
    let shown = shown();
    let missing: Vec<_> =
        STATEMENTS.iter().filter(|number| !shown.contains(**number) && !GAPS.contains(number)).collect();
    assert!(missing.is_empty(), "no case shows {missing:?}");
    let closed: Vec<_> = GAPS.iter().filter(|number| shown.contains(**number)).collect();
    assert!(closed.is_empty(), "take these out of the gaps, a case shows them: {closed:?}");
    let strays: Vec<_> = shown.iter().filter(|number| !STATEMENTS.contains(&number.as_str())).collect();
    assert!(strays.is_empty(), "these are no statements about requests: {strays:?}");
}

#[test]
fn no_two_cases_of_a_policy_have_one_name() {
    for Entry { name, cases, .. } in corpus() {
        let mut names = BTreeSet::new();
        for case in cases.iter().flat_map(|file| &file.cases) {
            assert!(names.insert(&case.name), "{name}: `{}` twice", case.name);
        }
    }
}

/// A host with a fault: whoever is refused with 403 gets through.
struct Lenient;

struct LenientSite(Box<dyn Site>);

impl Host for Lenient {
    fn name(&self) -> &'static str {
        Native.name()
    }

    fn start(&self, setup: &Setup) -> Result<Box<dyn Site>, Trouble> {
        Ok(Box::new(LenientSite(Native.start(setup)?)))
    }
}

impl Site for LenientSite {
    fn load(&mut self, policy: &str) -> Result<(), Trouble> {
        self.0.load(policy)
    }

    fn set_clock(&mut self, now: u64) -> Result<(), Trouble> {
        self.0.set_clock(now)
    }

    fn restart(&mut self) -> Result<(), Trouble> {
        self.0.restart()
    }

    fn exchange(&mut self, request: &Sent, application: Application<'_>) -> Result<Exchange, Trouble> {
        let exchange = self.0.exchange(request, application)?;
        let status = if exchange.status == 403 { 200 } else { exchange.status };
        Ok(Exchange { status, ..exchange })
    }
}

#[test]
fn a_host_with_a_fault_is_found_by_the_cases_that_it_concerns_and_by_no_others() {
    for Entry { name, policy, cases } in corpus() {
        for case in cases.iter().flat_map(|file| &file.cases) {
            let concerns = case
                .steps
                .iter()
                .any(|step| step.request.as_ref().is_some_and(|request| request.expect.status == Some(403)));
            match run(&policy, case, &Lenient) {
                Ok(()) => assert!(!concerns, "{name}: `{}` noticed nothing", case.name),
                Err(RunError::Failed(failure)) => {
                    assert!(concerns, "{name}: {failure}");
                    assert_eq!(failure.mismatches[0].what, "status", "{failure}");
                }
                Err(error) => panic!("{name}: {error}"),
            }
        }
    }
}

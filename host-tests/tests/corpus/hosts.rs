//! Every case in every host: each goes as it says, and what came of each request is the same wherever it was sent.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tapgate_cases::case::{Case, CaseFile};
use tapgate_cases::native::Native;
use tapgate_cases::policy::PolicyDocument;
use tapgate_cases::run::{RunError, play};
use tapgate_cases::site::Host;
use tapgate_host_tests::workspace;

use crate::embedded::Wasmtime;
use crate::envoy::RealEnvoy;
use crate::proxied::{CANNOT, SLIPPED};
use crate::serve::TapgateServe;
use crate::stories::watch::{Noting, Outcome, Watched};

/// Where policies stand beside their cases.
const FOLDERS: [&str; 2] = ["policies", "cases/tests/corpus"];

/// How many cases must go the same way in all four hosts.
const AT_LEAST: usize = 150;

/// How many cases are played at once, each with proxies of its own.
const AT_ONCE: usize = 2;

/// How often a case is begun anew because the machine could not hold a proxy's clock.
const TRIES: usize = 10;

/// A policy and its cases.
pub(crate) struct Entry {
    /// The case file, from the root.
    name: String,
    policy: PolicyDocument,
    pub(crate) cases: Vec<Case>,
}

fn corpus() -> Vec<Entry> {
    let files = FOLDERS.iter().flat_map(|folder| fs::read_dir(workspace::root().join(folder)).expect("a folder"));
    let mut paths: Vec<PathBuf> = files
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.to_string_lossy().ends_with(".cases.yaml"))
        .collect();
    paths.sort();
    paths.iter().map(|path| entry(path)).collect()
}

pub(crate) fn entry(path: &Path) -> Entry {
    let name = path.strip_prefix(workspace::root()).unwrap_or(path).to_string_lossy().into_owned();
    let policy = path.to_string_lossy().replace(".cases.yaml", ".yaml");
    let policy = PolicyDocument::read(&fs::read_to_string(policy).expect("a policy")).expect("a policy");
    let cases = CaseFile::read(&fs::read_to_string(path).expect("cases")).expect("cases").cases;
    Entry { name, policy, cases }
}

/// How a case went in a host: what came of each request, and what was not as it says.
pub(crate) struct Played {
    outcomes: Vec<Outcome>,
    pub(crate) failure: Option<String>,
    /// Whether the host has said that it cannot carry the last request.
    cannot: bool,
}

pub(crate) fn played<H: Host + Copy>(entry: &Entry, case: &Case, host: H) -> Played {
    let mut tries = 1;
    loop {
        let watched = Watched::default();
        let mut cannot = false;
        let failure = match play(&entry.policy, case, &Noting { host, watched: watched.clone() }) {
            Ok(()) => None,
            Err(RunError::Host { trouble, .. }) if trouble.doing == CANNOT => {
                cannot = true;
                Some(format!("{}: case `{}`: {trouble}: {}", entry.name, case.name, trouble.cause))
            }
            Err(RunError::Host { trouble, .. }) if trouble.doing == SLIPPED && tries < TRIES => {
                tries += 1;
                continue;
            }
            Err(RunError::Failed(failure)) => Some(format!("{}:{failure}", entry.name)),
            Err(RunError::Host { case, trouble }) => {
                Some(format!("{}: case `{case}`: {trouble}: {}", entry.name, trouble.cause))
            }
            Err(error) => Some(format!("{}: {error}", entry.name)),
        };
        return Played { outcomes: watched.outcomes.take(), failure, cannot };
    }
}

/// What one case showed.
#[derive(Default)]
struct Shown {
    /// How often it was played, natively, under wasmtime, under Envoy and under `tapgate serve`.
    played: [usize; 4],
    /// The hosts that cannot carry it.
    left_out: Vec<&'static str>,
    /// How it went in another way than it says, or in another than natively.
    differences: Vec<String>,
}

fn show(entry: &Entry, case: &Case) -> Shown {
    let mut shown = Shown::default();
    let native = played(entry, case, Native);
    shown.played[0] += 1;
    compare(&mut shown, entry, case, (1, Wasmtime.name()), &native, played(entry, case, Wasmtime));
    compare(&mut shown, entry, case, (2, RealEnvoy.name()), &native, played(entry, case, RealEnvoy));
    compare(&mut shown, entry, case, (3, TapgateServe.name()), &native, played(entry, case, TapgateServe));
    shown.differences.extend(native.failure.map(|failure| format!("native: {failure}")));
    shown
}

/// Holds how a case went in a host, which stands at this place in [`Shown::played`], against what it says and how it went
/// natively.
fn compare(
    shown: &mut Shown,
    entry: &Entry,
    case: &Case,
    (at, host): (usize, &'static str),
    native: &Played,
    other: Played,
) {
    let place = format!("{host}: {}:{}: case `{}`", entry.name, case.position, case.name);
    if case.not_on.contains_key(host) {
        shown.left_out.push(host);
        // It was played up to the request that the host cannot carry: that one must not have got as far as the gate.
        let refused = other.failure.is_some() && other.outcomes.last().is_some_and(Outcome::is_refused_before_the_gate);
        if !other.cannot && !refused {
            let last = other.outcomes.last();
            shown
                .differences
                .push(format!("{place} is said not to be for this host, but it got to the gate: {last:?}"));
        }
        return;
    }
    shown.played[at] += 1;
    if let Some(failure) = other.failure {
        shown.differences.push(format!("{host}: {failure}"));
    } else if other.outcomes != native.outcomes {
        let mut text = format!("{place} goes as it says, but not as it goes natively");
        for (index, (native, other)) in native.outcomes.iter().zip(&other.outcomes).enumerate() {
            if native != other {
                let _ = write!(text, "\n  request {}\n    native  {native:?}\n    {host}  {other:?}", index + 1);
            }
        }
        shown.differences.push(text);
    }
}

#[test]
fn every_case_goes_the_same_way_in_four_hosts() {
    let corpus = corpus();
    let cases: Vec<_> = corpus.iter().flat_map(|entry| entry.cases.iter().map(move |case| (entry, case))).collect();
    let (next, shown) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((entry, case)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let one = show(entry, case);
                    shown.lock().expect("a list").push(one);
                }
            });
        }
    });
    let shown = shown.into_inner().expect("a list");
    assert_eq!(shown.len(), cases.len());
    let count = |at: usize| shown.iter().map(|one| one.played[at]).sum::<usize>();
    let differing = shown.iter().filter(|one| !one.differences.is_empty()).count();
    let same = shown.iter().filter(|one| one.differences.is_empty() && one.left_out.is_empty()).count();
    let left_out = |host| match shown.iter().filter(|one| one.left_out.contains(&host)).count() {
        0 => String::new(),
        some => format!(" ({some} that it cannot carry left out)"),
    };
    // `cargo xtask test cases` shows this line.
    println!(
        "cases: {} played natively, {} under wasmtime{}, {} under Envoy{}, {} under `tapgate serve`{}; {differing} differ",
        count(0),
        count(1),
        left_out("wasmtime"),
        count(2),
        left_out("envoy"),
        count(3),
        left_out("serve"),
    );
    let differences: Vec<_> = shown.iter().flat_map(|one| one.differences.iter().map(String::as_str)).collect();
    assert!(differences.is_empty(), "\n{}", differences.join("\n\n"));
    assert!(same >= AT_LEAST, "only {same} cases go the same way in all four hosts");
}

//! Plays a story, and writes one that breaks a law out as a case.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};

use tapgate_cases::case::{Case, CaseFile};
use tapgate_cases::native::Native;
use tapgate_cases::policy::PolicyDocument;
use tapgate_cases::run::{RunError, run};
use tapgate_cases::site::Host;

use crate::stories::faults::Fault;
use crate::stories::laws::{Breach, Law};
use crate::stories::story::Story;
use crate::stories::watch::{Noting, Outcome, Watch, Watched};

/// The policy that stories are told of.
const POLICY: &str = include_str!("../../../../policies/entra-default.yaml");

/// A law that a story broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) law: Law,
    /// At which of its requests, from 0.
    request: usize,
    found: String,
    expect: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "law `{}` broken at request {}: {}", self.law.name(), self.request + 1, self.found)
    }
}

/// What stories without a fault came to, all threads together: how often each event was told.
static TALLY: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());

/// Plays a story.
pub(crate) fn play(story: &Story, fault: Option<Fault>) -> Result<(), Broken> {
    let case = case(&story.case_file(None));
    let (outcomes, played) = watch(&case, fault);
    played?;
    let noting = Noting { host: Native, watched: Watched::default() };
    let natively = run(policy(), &case, &noting);
    natively.unwrap_or_else(|error| panic!("natively: {error}\n{story}"));
    let natively = noting.watched.outcomes.take();
    let differs = outcomes.iter().zip(&natively).position(|(ours, native)| ours != native);
    if let Some(request) = differs {
        let (ours, native) = (&outcomes[request], &natively[request]);
        return Err(Broken {
            law: Law::AsNatively,
            request,
            found: format!("\n  in the module {ours:?}\n  natively      {native:?}"),
            expect: format!("status: {}", native.status),
        });
    }
    if fault.is_none() {
        outcomes.iter().for_each(count);
    }
    Ok(())
}

fn count(outcome: &Outcome) {
    let mut tally = TALLY.lock().expect("a tally");
    let state = outcome.state.iter().map(|state| format!("requests {state}"));
    for what in outcome.events.iter().cloned().chain(state).chain(["requests".to_owned()]) {
        *tally.entry(what).or_default() += 1;
    }
}

/// Plays a case under the laws; gives what came of each request, and whether a law was broken.
fn watch(case: &Case, fault: Option<Fault>) -> (Vec<Outcome>, Result<(), Broken>) {
    let seed = case.steps.len() as u64;
    let host = Watch { seed, fault, watched: Watched::default() };
    let played = run(policy(), case, &host);
    let outcomes = host.watched.outcomes.take();
    let request = outcomes.len();
    let played = match (played, host.watched.breach.take()) {
        (Ok(()), _) => Ok(()),
        (Err(_), Some(Breach { law, found, expect })) => Err(Broken { law, request, found, expect }),
        (Err(RunError::Host { trouble, .. }), None) => {
            let found = format!("{trouble}: {}", trouble.cause);
            Err(Broken { law: Law::Running, request, found, expect: String::new() })
        }
        (Err(error), None) => panic!("a story expects nothing, but: {error}"),
    };
    (outcomes, played)
}

/// What all stories came to.
pub(crate) fn tally() -> String {
    let tally = TALLY.lock().expect("a tally");
    tally.iter().map(|(event, count)| format!("{count} {event}")).collect::<Vec<_>>().join(", ")
}

/// How often an event was told.
pub(crate) fn told(event: &str) -> u64 {
    TALLY.lock().expect("a tally").get(event).copied().unwrap_or_default()
}

/// The story as a case file that fails where the law was broken.
pub(crate) fn as_case_file(story: &Story, broken: &Broken) -> String {
    let found: Vec<_> = broken.to_string().lines().map(|line| format!("# {line}\n")).collect();
    format!("{}{}", found.concat(), story.case_file(Some((broken.request, &broken.expect))))
}

/// Writes it out, beside what the tests leave behind; gives the place and the text.
pub(crate) fn write_out(story: &Story, broken: &Broken) -> (PathBuf, String) {
    let text = as_case_file(story, broken);
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("story-{}.cases.yaml", broken.law.name().replace(' ', "-")));
    fs::write(&path, &text).expect("a place for the story");
    (path, text)
}

/// Checks that a written case fails where the story did, and holds on a gate without the fault.
pub(crate) fn fails_only_with(text: &str, fault: Fault, broken: &Broken) {
    let case = case(text);
    let (_, healthy) = watch(&case, None);
    assert_eq!(healthy, Ok(()), "{fault:?}: a gate without it breaks a law too\n{text}");
    run(policy(), &case, &Native).unwrap_or_else(|error| panic!("{fault:?}: natively {error}\n{text}"));
    if broken.expect.is_empty() {
        return;
    }
    let faulty = FaultyHost(fault, case.steps.len() as u64);
    match run(policy(), &case, &faulty) {
        Err(RunError::Failed(failure)) => {
            let requests = case.steps.iter().take(failure.step).filter(|step| step.request.is_some()).count();
            assert_eq!(requests, broken.request + 1, "{fault:?}: {failure}\n{text}");
        }
        other => panic!("{fault:?}: the case should have failed, but {other:?}\n{text}"),
    }
}

/// A gate with a fault that nobody watches.
struct FaultyHost(Fault, u64);

impl Host for FaultyHost {
    fn name(&self) -> &'static str {
        "wasmtime"
    }

    fn start(
        &self,
        setup: &tapgate_cases::site::Setup,
    ) -> Result<Box<dyn tapgate_cases::site::Site>, tapgate_cases::site::Trouble> {
        Ok(Box::new(crate::stories::faults::FaultySite::start(Some(self.0), self.1, setup)?))
    }
}

fn case(text: &str) -> Case {
    let file = CaseFile::read(text).unwrap_or_else(|flaws| {
        let flaws: Vec<_> = flaws.iter().map(ToString::to_string).collect();
        panic!("{}\n{text}", flaws.join("\n"))
    });
    file.cases.into_iter().next().expect("a case")
}

fn policy() -> &'static PolicyDocument {
    static POLICY_DOCUMENT: OnceLock<PolicyDocument> = OnceLock::new();
    POLICY_DOCUMENT.get_or_init(|| PolicyDocument::read(POLICY).expect("the shipped policy"))
}

//! The corpus of cases in the module: under the wasmtime host.
#![expect(clippy::arithmetic_side_effects, clippy::expect_used, reason = "a test that meets the unexpected must fail")]

mod embedded;
mod stories;

use std::fs;
use std::path::{Path, PathBuf};

use tapgate_cases::case::CaseFile;
use tapgate_cases::policy::PolicyDocument;
use tapgate_cases::run::{RunError, run};
use tapgate_host_tests::workspace;

use crate::embedded::Wasmtime;

#[test]
fn every_case_goes_as_it_says() {
    let mut failures = Vec::new();
    let mut played = 0;
    for folder in ["policies", "cases/tests/corpus"] {
        let mut paths: Vec<PathBuf> = fs::read_dir(workspace::root().join(folder))
            .expect("a folder")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.to_string_lossy().ends_with(".cases.yaml"))
            .collect();
        paths.sort();
        for path in paths {
            let name = path.to_string_lossy().into_owned();
            let policy = Path::new(name.trim_end_matches(".cases.yaml")).with_extension("yaml");
            let policy = PolicyDocument::read(&fs::read_to_string(policy).expect("a policy")).expect("a policy");
            let cases = CaseFile::read(&fs::read_to_string(&path).expect("cases")).expect("cases");
            for case in &cases.cases {
                played += 1;
                match run(&policy, case, &Wasmtime) {
                    Ok(()) => {}
                    Err(RunError::Failed(failure)) => failures.push(format!("{name}:{failure}")),
                    Err(RunError::Host { case, trouble }) => {
                        failures.push(format!("{name}: case `{case}`: {trouble}: {}", trouble.cause));
                    }
                    Err(error) => failures.push(format!("{name}: {error}")),
                }
            }
        }
    }
    println!("{played} played, {} failed", failures.len());
    assert!(failures.is_empty(), "\n{}", failures.join("\n\n"));
}

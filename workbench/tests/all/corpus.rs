//! Every shipped policy: in the page as on the command line.

use tapgate_cases::case::CaseFile;
use tapgate_cases::describe::{FlawReport, explained};
use tapgate_cases::native::Native;
use tapgate_cases::policy::{PolicyDocument, key_of_variable};
use tapgate_cases::run::observe;

use crate::{said, shipped};

const NAMES: [&str; 5] = ["entra-default", "one-time-strict", "help-desk", "day-one", "multi-tenant"];

#[test]
fn all_that_are_shipped_are_there() {
    let folder = format!("{}/../policies", env!("CARGO_MANIFEST_DIR"));
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|file| Some(file.ok()?.file_name().to_str()?.strip_suffix(".cases.yaml")?.to_owned()))
        .collect();
    names.sort();
    let mut here = NAMES.map(str::to_owned).to_vec();
    here.sort();
    assert_eq!(names, here);
    assert_eq!(said(&tapgate_workbench::schema())["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

#[test]
fn every_case_goes_as_it_says_and_every_decision_is_the_runner_s() {
    let mut cases_played = 0;
    for name in NAMES {
        let (policy, cases) = shipped(name);
        let tested = said(&tapgate_workbench::test(&policy, &cases));
        assert_eq!(
            (tested["errors"].as_array().unwrap().len(), tested["failures"].as_array().unwrap().len()),
            (0, 0),
            "{tested}"
        );
        let document = PolicyDocument::read(&policy).unwrap();
        for (number, case) in CaseFile::read(&cases).unwrap().cases.iter().enumerate() {
            let story = said(&tapgate_workbench::story(&policy, &cases, number));
            assert_eq!(story["trouble"], serde_json::Value::Null, "{}: {story}", case.name);
            assert_eq!(story["name"], case.name.as_str());
            let observed = observe(&document, case, &Native).unwrap();
            let steps = story["steps"].as_array().unwrap();
            assert_eq!(steps.len(), case.steps.len());
            let asked: Vec<_> = steps.iter().filter(|step| step["status"].is_number()).collect();
            assert_eq!(asked.len(), observed.len(), "{}", case.name);
            for (told, seen) in asked.iter().zip(&observed) {
                assert_eq!(told["number"], seen.step);
                assert_eq!(told["status"], seen.exchange.status);
                assert_eq!(told["forwarded"], seen.exchange.forwarded.is_some());
                assert_eq!(told["audit"].as_array().unwrap().len(), seen.exchange.audit.len());
                assert_eq!(told["differences"].as_array().unwrap().len(), 0, "{told}");
                assert!(
                    !told["decision"].as_str().unwrap().is_empty() && !told["says"].as_str().unwrap().is_empty(),
                    "{told}"
                );
                assert!(!told["statements"].as_array().unwrap().is_empty(), "{told}");
            }
            cases_played += 1;
        }
        assert_eq!(tested["played"], CaseFile::read(&cases).unwrap().cases.len());
    }
    assert!(cases_played > 20, "{cases_played}");
}

#[test]
fn what_a_policy_means_is_what_explain_says() {
    for name in NAMES {
        let (policy, _) = shipped(name);
        let checked = said(&tapgate_workbench::check(&policy));
        let document = PolicyDocument::read(&policy).unwrap();
        let compiled = document.compile(&|name| Some(key_of_variable(name))).unwrap();
        assert_eq!(checked["hash"], compiled.hash.as_str());
        assert_eq!(checked["tenants"], serde_json::to_value(explained(&compiled.policies, document.tree())).unwrap());
        assert_eq!(checked["errors"].as_array().unwrap().len(), 0);
    }
}

#[test]
fn ten_errors_are_ten_at_their_lines() {
    let (policy, cases) = shipped("entra-default");
    let wrong = policy
        .replace("version: 1", "version: 2")
        .replace("tenant: contoso", "tenant: Contoso")
        .replace("state: enabled", "state: on\n  defaultLength: 4\n  isUsableOnce: maybe\n  colour: red")
        .replace("issuer: https://gate.example.com", "issuer: 7");
    let wrong = format!("{wrong}\nsesion: {{}}\nsession: {{cookie: x}}\nbasePath: tap\n");
    let checked = said(&tapgate_workbench::check(&wrong));
    let errors = checked["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 10, "{checked:#}");
    let (flaws, document) = PolicyDocument::check(&wrong, &|name| Some(key_of_variable(name)));
    let reports: Vec<_> =
        flaws.iter().map(|flaw| FlawReport::of_policy(flaw, document.as_ref().map(PolicyDocument::tree))).collect();
    assert_eq!(checked["errors"], serde_json::to_value(&reports).unwrap());
    for error in errors {
        let line = wrong.lines().nth(usize::try_from(error["line"].as_u64().unwrap()).unwrap() - 1).unwrap();
        let field = error["field"].as_str().unwrap().rsplit('.').next().unwrap();
        assert!(line.contains(field), "{line}: {error}");
        assert!(!error["mend"].as_str().unwrap().is_empty(), "{error}");
    }
    // Nothing is told of a policy with errors but the errors.
    assert_eq!(said(&tapgate_workbench::test(&wrong, &cases))["errors"], checked["errors"]);
    assert_eq!(said(&tapgate_workbench::story(&wrong, &cases, 0))["errors"], checked["errors"]);
}

//! The policy workbench in Chromium, from a plain file server: what its page tells is what `tapgate-cases` says natively, to the letter,
//! and people get along with it.
//!
//! The people are in `host-tests/js/workbench`, a file a flow. Here is what they stand before, and what the rules say of it; what they
//! save is played once more. Where there is no Chromium, or no page, these tests fail and say what mends it.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected must fail"
)]

mod expected;
mod files;

use std::path::Path;

use tapgate_cases::policy::PolicyDocument;
use tapgate_cases::report::{self, Tested};
use tapgate_host_tests::node::Script;
use tapgate_host_tests::workspace;
use tempfile::TempDir;

/// What plays the flows.
const SCRIPT: &str = "workbench/main.cjs";

/// The most that a browser loads before the page stands, in bytes as servers compress them.
const FIRST_LOAD: usize = 800 * 1000;

/// Has people do what a flow says, and gives the folder with what they saved.
async fn played(flow: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let expected = folder.path().join("expected.json");
    std::fs::write(&expected, expected::all().to_string()).expect("a file");
    let address = files::served(workspace::workbench()).await;
    let said = Script::new(SCRIPT, &[flow])
        .variable("HOME", folder.path())
        .variable("OUT", folder.path())
        .variable("EXPECTED", &expected)
        .variable("CHROMIUM", workspace::chromium())
        .variable("ORIGIN", format!("http://{address}"))
        .variable("SCREENSHOTS", workspace::root().join("target/screenshots"))
        .run()
        .await;
    assert!(said.checks.contains(&format!("the flow {flow}")), "{said:?}");
    folder
}

/// What the command line would say of a policy and the cases beside it, as they were saved.
fn tested(folder: &Path, name: &str) -> Tested {
    let read = |end: &str| std::fs::read_to_string(folder.join(format!("{name}{end}"))).expect("a file that was saved");
    let policy = PolicyDocument::read(&read(".yaml")).expect("a policy");
    report::test(&policy, &read(".cases.yaml"), None)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_shipped_case_goes_in_the_page_as_it_goes_natively() {
    played("corpus").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_errors_stand_under_their_lines() {
    played("policy").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_user_sees_somebody_stranded_and_takes_the_story_along() {
    let folder = played("newcomer").await;
    let tested = tested(folder.path(), "newcomer-entra-default");
    let first = tested.failures.first().expect("somebody is stranded");
    assert_eq!(first.case, "A pass opens registration, and a receipt opens the rest of the site");
    assert!(tested.errors.is_empty(), "{tested:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_story_put_together_with_buttons_is_played_natively() {
    let folder = played("story").await;
    let tested = tested(folder.path(), "story-entra-default");
    assert!(tested.errors.is_empty() && tested.failures.is_empty(), "{tested:?}");
    assert!(tested.played > 59, "the new one is among them: {}", tested.played);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_story_of_200_steps_is_redrawn_in_proportion() {
    played("many").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passes_name_their_defects() {
    played("pass").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_hold_stories_and_no_keys_and_do_no_harm() {
    played("link").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_is_fit_for_everybody_to_look_at() {
    played("sights").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_is_used_by_keyboard_alone() {
    played("keyboard").await;
}

#[test]
fn the_first_load_is_small() {
    let compressed = |name: &str| {
        let packed = workspace::workbench().join(format!("{name}.gz"));
        usize::try_from(std::fs::metadata(packed).expect("a file of the page, compressed").len()).expect("a length")
    };
    let load: usize = files::NAMES.iter().map(|name| compressed(name)).sum();
    println!("the first load is {load} bytes");
    assert!(load < FIRST_LOAD, "{load} bytes");
}

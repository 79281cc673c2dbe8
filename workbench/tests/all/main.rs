//! What the page is told: the same as the command line, and nothing panics.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected must fail"
)]

mod corpus;
mod hostile;
mod passes;
mod stories;

use serde_json::Value;

/// An answer, read.
fn said(answer: &str) -> Value {
    serde_json::from_str(answer).unwrap_or_else(|error| panic!("{error}: {answer:.400}"))
}

/// A shipped policy and its cases.
fn shipped(name: &str) -> (String, String) {
    let all = said(&tapgate_workbench::shipped());
    let one = all.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("{name}"));
    (one["policy"].as_str().unwrap().to_owned(), one["cases"].as_str().unwrap().to_owned())
}

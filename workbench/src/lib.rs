//! The rules in a browser: what the page of the policy workbench asks, text in, JSON out.
//!
//! Each function here is what `tapgate-cases` says of the same texts, and nothing else is decided; the command line says the same of
//! them to the letter. No text makes one of them panic, and none is read that is longer than the command line reads.

mod answers;

use wasm_bindgen::prelude::wasm_bindgen;

/// The JSON Schema of policies: what `tapgate policy schema` prints.
#[wasm_bindgen]
#[must_use]
pub fn schema() -> String {
    answers::schema()
}

/// The policies that people start from, each with its cases: `[{name, policy, cases}]`.
#[wasm_bindgen]
#[must_use]
pub fn shipped() -> String {
    answers::shipped()
}

/// What is wrong with a policy, or what it means: `{errors: [{line, column, field, found, allowed, mend}], hash, tenants: [{tenant, facts,
/// risks}]}`.
#[wasm_bindgen]
#[must_use]
pub fn check(policy: &str) -> String {
    answers::check(policy)
}

/// Whether the cases go as they say: `{played, errors, failures}`.
#[wasm_bindgen]
#[must_use]
pub fn test(policy: &str, cases: &str) -> String {
    answers::test(policy, cases)
}

/// One case, from 0, step by step: `{errors, name, line, start, end, steps, spans, passes, trouble}`.
#[wasm_bindgen]
#[must_use]
pub fn story(policy: &str, cases: &str, case: usize) -> String {
    answers::story(policy, cases, case)
}

/// Who could do what at a moment of it, in seconds since 1970: `{at, people, browsers, trouble}`.
#[wasm_bindgen]
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of the page's: saturates, which is as good a moment as any"
)]
pub fn probe(policy: &str, cases: &str, case: usize, at: f64) -> String {
    answers::probe(policy, cases, case, at as u64)
}

/// A pass held against a policy at a moment, in seconds since 1970: `{checks: [{name, state, says}], stops_at, reason, header, claims,
/// verified}`. With the pass key, in base64, its signature is verified.
#[wasm_bindgen]
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as for `probe`")]
#[expect(clippy::needless_pass_by_value, reason = "an optional text comes over as one of its own")]
pub fn inspect(policy: &str, token: &str, key: Option<String>, now: f64) -> String {
    answers::inspect(policy, token, key.as_deref(), now as u64)
}

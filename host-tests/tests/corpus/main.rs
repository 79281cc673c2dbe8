//! The corpus of cases in four hosts: the rules themselves, the module under the wasmtime host, under real Envoy and under
//! `tapgate serve`. They may not differ.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected must fail"
)]

mod embedded;
mod envoy;
mod hosts;
mod ledger;
mod proxied;
mod serve;
mod stories;

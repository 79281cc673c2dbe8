//! The corpus of cases in three hosts: the rules themselves, the module under the wasmtime host, and the module under real
//! Envoy. They may not differ.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected must fail"
)]

mod embedded;
mod envoy;
mod hosts;
mod stories;

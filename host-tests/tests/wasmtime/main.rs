//! The plugin under the wasmtime host: the same module that proxies load, in a process of the test's own making.
//!
//! Statements in comments (B4.2) are those of the behaviour contract.
#![expect(clippy::arithmetic_side_effects, clippy::expect_used, reason = "a test that meets the unexpected must fail")]

mod abandoned;
mod codes;
mod cost;
mod etcd;
mod gate;
mod profiles;
mod races;
mod smoke;
mod webhook;

//! The command line from outside: arguments, streams, environment and clock in; exit code and text out.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that meets what it did not expect should stop"
)]

mod agreement;
mod diff;
mod forge;
mod hostile;
mod inspect;
mod keygen;
mod ledger;
mod mint;
mod pass;
mod policy;
mod program;
mod render;
mod serve;
mod support;
mod workbench;

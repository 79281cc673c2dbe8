//! The plugin under real Envoy: a module per area.
//!
//! Statements in comments (B4.2) are those of the behaviour contract. Nothing here asserts how long something takes.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected must fail"
)]

mod audit;
mod bodies;
mod command_line;
mod completion;
mod confinement;
mod cookies;
mod cross_site;
mod early;
mod edge;
mod footprint;
mod harness;
mod hostile;
mod identity;
mod minted;
mod one_time;
mod policies;
mod policy;
mod race;
mod receipts;
mod refusals;
mod sign_in;
mod support;
mod verified;
mod webhook;

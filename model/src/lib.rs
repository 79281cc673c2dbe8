//! The redemption protocol as a bounded model: several browsers, gateways and passes, one store, and everything that may
//! go wrong between them, in every order.
//!
//! The gateways run `tapgate-core`'s own attempts and transitions, the code that the plugin runs; only what surrounds them
//! is modelled here. What this crate must never do: decide anything about a record. README.md says what is modelled and
//! what is not.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "numbers of a scenario are small; one that is wrong must stop the search, loudly and at once"
)]

pub mod check;
pub mod fault;
mod gateway;
pub mod laws;
pub mod request;
pub mod scenario;
pub mod scenarios;
pub mod sight;
pub mod state;
pub mod step;
pub mod store;
pub mod witness;

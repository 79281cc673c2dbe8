//! The harness: real Envoy with the plugin as a `.wasm` file, a recording application behind it, browsers before it.
//!
//! Everything here stands outside the product: it knows the plugin by the bytes on the wire and in Envoy's log, mints
//! passes with a JWT library that is not the project's own, and runs the very bootstrap of `examples/envoy`. What it must
//! never do: link `tapgate-plugin`, decide what is right (that is what the tests say), or leave an Envoy running.
//!
//! A test usually needs one [`gate::Gate`], some [`client::Browser`]s and some [`pass::Pass`]es.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a harness that meets the unexpected must fail its test, loudly and at once"
)]

pub mod body;
pub mod client;
pub mod clock;
pub mod envoy;
pub mod gate;
pub mod keys;
pub mod pass;
pub mod policy;
pub mod secrets;
pub mod upstream;
pub mod walk;
pub mod workspace;

//! The harness: real Envoy and `tapgate serve` with the plugin as a `.wasm` file, a recording application behind them, browsers
//! before them.
//!
//! Everything here stands outside the product: it knows the plugin by the bytes on the wire and in the proxy's log, mints
//! passes with a JWT library that is not the project's own, and runs the very bootstrap of `examples/envoy`. What it must
//! never do: link `tapgate-plugin`, decide what is right (that is what the tests say), or leave a proxy running.
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
mod child;
pub mod client;
pub mod clock;
pub mod desk;
pub mod envoy;
pub mod etcd;
pub mod gate;
pub mod gates;
pub mod keys;
pub mod log;
pub mod node;
pub mod pass;
pub mod policy;
pub mod ports;
pub mod relay;
pub mod scim;
pub mod secrets;
pub mod serve;
pub mod smtp;
pub mod storm;
pub mod upstream;
pub mod walk;
pub mod workspace;

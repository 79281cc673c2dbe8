//! The application as the gate and browsers see it: requests in, answers out, and an authenticator in software. No proxy, no network.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected must fail"
)]

mod assertions;
mod authenticator;
mod ceremonies;
mod hostile;
mod pages;
mod people;
mod site;

//! `tapgate serve` as the process that it is: killed, reloaded, stopped and asked, with people behind it all the while.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected must fail"
)]

#[path = "../../../examples/passkey-app/tests/app/authenticator.rs"]
mod authenticator;

mod asked;
mod crash;
mod integrate;
mod passkey;
mod provision;
mod reload;
mod site;
mod story;
mod typed;

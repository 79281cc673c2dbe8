//! `tapgate serve` as the process that it is: killed, reloaded, stopped and asked, with people behind it all the while.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets the unexpected must fail"
)]

mod asked;
mod crash;
mod reload;
mod site;
mod story;
mod typed;

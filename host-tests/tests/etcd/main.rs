//! One ledger for two gateways: real Envoys over a real etcd cluster, whose members die and come back.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected must fail"
)]

mod amended;
mod contract;
mod guessed;
mod operator;
mod outage;
mod site;
mod storm;

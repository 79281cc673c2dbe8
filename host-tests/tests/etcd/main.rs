//! One ledger for two gateways: real Envoys over a real etcd cluster, whose members die and come back.
#![expect(clippy::arithmetic_side_effects, reason = "a test that meets the unexpected must fail")]

mod outage;
mod site;
mod storm;

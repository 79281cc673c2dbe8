//! The rules, tested at their boundary: a site with a policy, a ledger in memory and a clock that tests set; browsers
//! with cookie jars before it, an application behind it. No test here looks inside the crate.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected must fail, loudly and at once"
)]

mod admin;
mod amend;
mod codes;
mod completion;
mod confinement;
mod cookies;
mod directory;
mod directory_asked;
mod identity;
mod ledger;
mod ledgers;
mod noise;
mod overtaken;
mod pages;
mod passes;
mod policy;
mod requests;
mod sign_in;
mod site;
mod stories;
mod webhook;

//! Policies and cases, tested at their boundary; and the corpus, played against the rules.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected must fail, loudly and at once"
)]

mod corpus;
mod describe;
mod format;
mod policies;
mod yaml;

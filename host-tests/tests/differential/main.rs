//! `tapgate-host` against real Envoy: small guests run under both, and what the client, the application and the guest see
//! must be the same, and be what the test says. Where they differ Envoy is right.
//!
//! What cannot be compared: a guest that never returns, since Envoy has no limit on a callback's time.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test that meets the unexpected must fail"
)]

mod buffers;
mod calls;
mod check;
mod ends;
mod envoy;
mod guest;
mod headers;
mod life;
mod metrics;
mod ours;
mod pauses;
mod properties;
mod replies;
mod scenario;
mod seen;
mod shared;
mod trailers;

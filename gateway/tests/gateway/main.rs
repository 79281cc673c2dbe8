//! The gateway, with small filters in text form before a small application.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test that meets the unexpected must fail")]

mod bodies;
mod hostile;
mod life;
mod support;

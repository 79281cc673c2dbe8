//! The host, held to what real proxies do: small guests in text form, a module per point of the README's table.
#![expect(clippy::expect_used, reason = "a test that meets the unexpected must fail")]

mod calls;
mod capabilities;
mod embedding;
mod guest;
mod headers;
mod hostile;
mod interleave;
mod limits;
mod malformed;
mod observed;
mod pauses;
mod replies;
mod shared;
mod time;
mod wasi;
mod workers;

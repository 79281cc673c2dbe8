//! The application behind the gate: writes down every request as it arrived and answers as the test says.

mod recorded;
mod reply;
mod serve;
mod standard;

pub use recorded::Recorded;
pub use reply::Reply;
pub use serve::{Handler, Upstream};
pub use standard::standard;

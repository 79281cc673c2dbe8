//! x
mod digest;
pub mod json;
pub mod jws;
pub mod key;
pub mod names;
pub mod pass;
pub mod random;
pub mod refusal;
mod seal;
pub mod time;

//! Passes, receipts and assertions, made and read by JWT libraries that are not the project's own.
//!
//! `jsonwebtoken` mints what is well-formed, PyJWT does so again from another world, and `forge` builds by hand what no
//! library would.

mod assertion;
pub mod forge;
mod minted;
pub mod pyjwt;
mod receipt;

pub use assertion::read_assertion;
pub use minted::Pass;
pub use receipt::Receipt;

//! What is in a text that should be a signed pass, and in which ways it is none: for eyes only. What is accepted
//! `tapgate-core` decides.

mod defect;
mod form;

pub use defect::{Defect, Piece};
pub use form::{Form, Part, moment};

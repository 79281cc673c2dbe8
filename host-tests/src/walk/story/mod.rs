//! The story, a chapter a file; read it as the documentation of what a person meets.

pub(super) mod deadline;
pub(super) mod one_time;
pub(super) mod registration;
pub(super) mod secrets;
pub(super) mod two_gates;

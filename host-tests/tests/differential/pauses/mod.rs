//! Point (e): what a pause holds, what a resume lets go, and what becomes of too much.

mod answers;
mod limits;
mod requests;
mod resumes;

use crate::guest::{Guest, On, act_on, resume};
use crate::scenario::{Event, answer_part, part};

/// Resumes the first stream's request when a call has been answered.
pub(super) fn resuming(side: i32) -> Guest {
    Guest::new().on(On::CallResponse, [act_on(0), resume(side)])
}

/// A frame of 16 KiB: four of them are more than 65 535 bytes, the smallest limit that HTTP/2 has.
pub(super) fn big() -> Event {
    part(&"x".repeat(16_384))
}

pub(super) fn big_answer() -> Event {
    answer_part(&"x".repeat(16_384))
}

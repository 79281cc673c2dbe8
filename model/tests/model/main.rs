//! Every state of every scenario keeps every law, and each law is broken by a fault.
#![expect(clippy::print_stdout, reason = "the counts are for people to see")]

mod faults;
mod laws;

//! The door of `cargo xtask`. What the commands do lives in the library beside it; nothing else belongs here.

use std::process::ExitCode;

fn main() -> ExitCode {
    xtask::main().into()
}

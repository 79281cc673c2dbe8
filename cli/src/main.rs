//! The program `tapgate`: reads clock, environment, randomness and streams, and hands them to the library. Nothing else.
#![expect(clippy::disallowed_methods, reason = "this is the one place that may read them")]

use std::env;
use std::io::{self, IsTerminal as _};
use std::process::ExitCode;
use std::time::SystemTime;

use tapgate_cli::{Screen, World};
use tapgate_core::random::{NoEntropy, Random};
use tapgate_core::time::UnixSeconds;

/// The operating system's generator.
struct System;

impl Random for System {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        getrandom::fill(buffer).map_err(|_| NoEntropy)
    }
}

fn now() -> Option<UnixSeconds> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
    UnixSeconds::new(since.as_secs())
}

fn screen() -> Option<Screen> {
    let stdout = io::stdout();
    stdout
        .is_terminal()
        .then(|| Screen { columns: terminal_size::terminal_size_of(&stdout).map(|(width, _)| usize::from(width.0)) })
}

fn main() -> ExitCode {
    let mut world = World {
        screen: screen(),
        typed: io::stdin().is_terminal(),
        stdin: &mut io::stdin(),
        stdout: &mut io::stdout(),
        stderr: &mut io::stderr(),
        log: || Box::new(io::stderr()),
        environment: &|name| env::var_os(name),
        watched: io::stderr().is_terminal(),
        now: now(),
        clock: &now,
        random: &mut System,
    };
    tapgate_cli::run(env::args_os(), &mut world).into()
}

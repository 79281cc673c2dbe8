//! The command line as a test calls it: arguments in, what it prints out.

use std::ffi::OsString;

use tapgate_cli::{Exit, World};
use tapgate_core::random::{NoEntropy, Random};
use tapgate_core::time::UnixSeconds;
use tapgate_host_tests::clock;

struct System;

impl Random for System {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        getrandom::fill(buffer).map_err(|_| NoEntropy)
    }
}

fn now() -> Option<UnixSeconds> {
    UnixSeconds::new(u64::try_from(clock::now()).expect("a clock after 1970"))
}

/// What `tapgate` prints with these arguments and these environment variables.
pub(crate) fn tapgate(arguments: &[&str], environment: &[(&str, String)]) -> String {
    let arguments = ["tapgate"].iter().chain(arguments).map(OsString::from);
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let value = |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
    let exit = tapgate_cli::run(
        arguments,
        &mut World {
            stdin: &mut std::io::empty(),
            typed: false,
            stdout: &mut stdout,
            screen: None,
            stderr: &mut stderr,
            log: || Box::new(std::io::sink()),
            environment: &value,
            watched: false,
            now: now(),
            clock: &now,
            random: &mut System,
        },
    );
    assert_eq!(exit, Exit::Done, "{}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).expect("text")
}

//! Processes of a test's own, which must not outlive it.

use std::path::Path;
use std::process::{Child, Command};

/// A program, so wrapped that it dies with the thread that started it where the system has a tool for that (util-linux on
/// Linux); elsewhere a test run that is itself killed could leave one behind.
pub(crate) fn bound(program: &Path) -> Command {
    if Path::new("/usr/bin/setpriv").exists() {
        let mut command = Command::new("/usr/bin/setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    }
}

/// Ends and reaps a child; one that has ended already is only reaped.
pub(crate) fn end(child: &mut Child) {
    drop(child.kill());
    drop(child.wait());
}

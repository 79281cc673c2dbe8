//! Running other programs: said before, watched while they are slow, an error that names the command when they fail.

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How often a program that is still running is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// How long a program may be silent about itself before we say that it still runs.
const PATIENCE: Duration = Duration::from_secs(15);

/// Says what happens next.
pub(crate) fn say(text: impl std::fmt::Display) {
    eprintln!("==> {text}");
}

/// Runs a program with its output shown.
///
/// # Errors
/// If it cannot be started or exits with anything but success.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    watched(command, |_| {})
}

/// As [`run`], for a program that may be silent for long: says now and then that it still runs.
///
/// # Errors
/// If it cannot be started or exits with anything but success.
pub(crate) fn run_slow(command: &mut Command) -> Result<()> {
    watched(command, |time| eprintln!("    still running after {} s", time.as_secs()))
}

fn watched(command: &mut Command, alive: impl Fn(Duration)) -> Result<()> {
    let shown = shown(command);
    let mut child = command.stdin(Stdio::null()).spawn().with_context(|| format!("starting `{shown}`"))?;
    let started = Instant::now();
    let mut said = started;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if said.elapsed() >= PATIENCE {
            said = Instant::now();
            alive(started.elapsed());
        }
        sleep(LOOK);
    };
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// Runs a program quietly and gives its standard output, trimmed; its standard error becomes the error's text.
///
/// # Errors
/// If it cannot be started or exits with anything but success.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("starting `{shown}`"))?;
    if !output.status.success() {
        bail!("`{shown}` failed ({}): {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The command as one would type it, the program without its folder.
pub(crate) fn shown(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    std::iter::once(name).chain(command.get_args()).map(|part| part.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_command() {
        let error = run(Command::new("/bin/sh").args(["-c", "exit 7"])).unwrap_err();
        assert!(error.to_string().contains("sh -c exit 7"), "{error}");
    }

    #[test]
    fn a_quiet_failure_brings_its_reason() {
        let error = capture(Command::new("/bin/sh").args(["-c", "echo why >&2; exit 1"])).unwrap_err();
        assert!(error.to_string().contains("why"), "{error}");
    }

    #[test]
    fn output_comes_trimmed() {
        let text = capture(Command::new("/bin/sh").args(["-c", "echo ' a b '"])).unwrap();
        assert_eq!(text, "a b");
    }
}

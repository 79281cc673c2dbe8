//! Chromium, which the browser tests drive, and a font with Japanese letters, for the pages that are in Japanese.
//!
//! The machine's own where it has one. Otherwise Debian's packages, installed rather than unpacked: it stands on some eighty libraries of
//! the system's. The rest of the project sees one file, `target/tools/chromium`.

use std::os::unix::fs::symlink;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::remove;
use crate::process::{capture, run_slow, say};
use crate::workspace::Workspace;

/// What it may be called on the path, in the order of preference.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// The packages: without the font a page in Japanese is a row of boxes on the pictures.
const PACKAGES: [&str; 2] = ["chromium", "fonts-ipafont-gothic"];

/// What to do where it cannot be installed from here.
const MEND: &str = "the browser tests need Chromium; install it (Debian: `apt-get install chromium fonts-ipafont-gothic`, as root) or \
                    Google Chrome, so that `chromium`, `chromium-browser` or `google-chrome` is on the path, and run `cargo xtask setup` again";

/// Finds Chromium, or installs it.
///
/// # Errors
/// If there is none and it cannot be installed.
pub(crate) fn ensure(workspace: &Workspace) -> Result<()> {
    let found = match of_machine(workspace) {
        Some(found) => found,
        None => installed(workspace)?,
    };
    let place = workspace.chromium();
    remove(&place)?;
    symlink(&found.program, &place).with_context(|| format!("linking {}", place.display()))?;
    say(format_args!("{}: there", found.version));
    Ok(())
}

/// A Chromium that runs.
struct Found {
    program: PathBuf,
    version: String,
}

/// The first on the path that says its version. (Ubuntu's `chromium-browser` may be a script that asks for a snap, and fails.)
fn of_machine(workspace: &Workspace) -> Option<Found> {
    let path = std::env::var_os("PATH")?;
    let places = NAMES.iter().flat_map(|name| std::env::split_paths(&path).map(move |folder| folder.join(name)));
    places.filter(|program| program.is_file()).find_map(|program| {
        let version = capture(workspace.command(&program).arg("--version")).ok()?;
        Some(Found { program, version })
    })
}

/// Installs Debian's packages; takes root.
fn installed(workspace: &Workspace) -> Result<Found> {
    if capture(workspace.command("id").arg("-u")).ok().as_deref() != Some("0") {
        bail!(MEND);
    }
    say(format_args!(
        "chromium: missing; installing Debian's packages {} (about 150 MB to download)",
        PACKAGES.join(", ")
    ));
    let install = || {
        let mut command = workspace.command("apt-get");
        command
            .args(["install", "-q", "-y", "--no-install-recommends"])
            .args(PACKAGES)
            .env("DEBIAN_FRONTEND", "noninteractive");
        run_slow(&mut command).context(MEND)
    };
    if install().is_err() {
        say("apt could not install it; asking it to look again");
        run_slow(workspace.command("apt-get").args(["update", "-q"])).context(MEND)?;
        install()?;
    }
    of_machine(workspace).context(MEND)
}

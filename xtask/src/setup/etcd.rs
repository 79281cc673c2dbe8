//! etcd, from Debian's package `etcd-server`, unpacked rather than installed: installing it would start a service.
//!
//! apt checks the package's signature. The rest of the project sees one file, `target/tools/etcd`.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::process::{capture, run as run_program, say};
use crate::workspace::Workspace;

/// The package, and where the program lies in it.
const PACKAGE: &str = "etcd-server";
const PROGRAM: &str = "usr/bin/etcd";

/// What to do where there is no apt.
const MEND: &str = "etcd could not be fetched; on Debian or Ubuntu run `apt-get update` and try again, elsewhere put etcd 3.4 or \
                    newer at target/tools/etcd";

/// Fetches etcd unless it is there.
///
/// # Errors
/// If it is missing and cannot be fetched.
pub(crate) fn ensure(workspace: &Workspace) -> Result<()> {
    let place = workspace.etcd();
    if let Ok(version) = capture(workspace.command(&place).arg("--version")) {
        say(format_args!("{}: there", version.lines().next().unwrap_or("etcd")));
        return Ok(());
    }
    say(format_args!("etcd: missing; fetching Debian's package {PACKAGE} into target/tools (about 8 MB to download)"));
    let folder = workspace.tools().join("etcd-package");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("removing {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    let download = || {
        run_program(workspace.command("apt-get").args(["download", "-q", PACKAGE]).current_dir(&folder)).context(MEND)
    };
    if download().is_err() {
        say("apt knows of no such package; asking it to look again");
        run_program(workspace.command("apt-get").args(["update", "-q"])).context(MEND)?;
        download()?;
    }
    let package = package(&folder)?;
    run_program(workspace.command("dpkg-deb").arg("--extract").arg(&package).arg(&folder)).context(MEND)?;
    if place.symlink_metadata().is_ok() {
        fs::remove_file(&place).with_context(|| format!("removing {}", place.display()))?;
    }
    symlink(folder.join(PROGRAM), &place).with_context(|| format!("linking {}", place.display()))?;
    let version = capture(workspace.command(&place).arg("--version")).context("what was fetched does not run")?;
    say(format_args!("{}: fetched", version.lines().next().unwrap_or("etcd")));
    Ok(())
}

/// The package that was downloaded, which has its version in its name.
fn package(folder: &PathBuf) -> Result<PathBuf> {
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            return Ok(path);
        }
    }
    bail!("apt-get has downloaded no package into {}", folder.display())
}

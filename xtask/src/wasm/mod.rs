//! `cargo xtask wasm`: the plugin as proxies load it, at `target/plugin/tapgate.wasm`.
//!
//! Builds, copies, and then looks at the module as a proxy would: how large it is and what it imports ([`profile`]).

mod profile;

use std::fs;

use anyhow::{Context, Result, bail};

use crate::process::{run as run_program, say};
use crate::setup::TRIPLE;
use crate::workspace::Workspace;

/// The package of the plugin, and the name of its module.
const PACKAGE: &str = "tapgate-plugin";
const MODULE: &str = "tapgate_plugin.wasm";
/// The cargo profile, in the root's `Cargo.toml`.
const PROFILE: &str = "plugin";
/// The most bytes that the module may have: it is fetched and compiled at every start of every proxy.
const MOST_BYTES: usize = 500_000;

/// Builds the plugin, checks it, and puts it in its place.
///
/// # Errors
/// If it does not build, is too large, or imports something that a proxy may lack.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    say(format_args!("building {PACKAGE} for {TRIPLE}"));
    run_program(workspace.cargo().args(["build", "--package", PACKAGE, "--target", TRIPLE, "--profile", PROFILE]))?;
    let built = workspace.build_dir()?.join(TRIPLE).join(PROFILE).join(MODULE);
    let module = fs::read(&built).with_context(|| format!("reading {}", built.display()))?;

    let imports = profile::check(&module)?;
    if module.len() > MOST_BYTES {
        bail!("the module has {} bytes, more than {MOST_BYTES}", module.len());
    }

    let place = workspace.plugin();
    let folder = place.parent().context("the plugin's place has no folder")?;
    fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    // Renamed into its place, so that a proxy that starts meanwhile reads the former module or this one, never half of one.
    let half = place.with_extension("wasm.new");
    fs::write(&half, &module).with_context(|| format!("writing {}", half.display()))?;
    fs::rename(&half, &place).with_context(|| format!("writing {}", place.display()))?;
    println!(
        "{}: {} bytes of {MOST_BYTES} allowed, {imports} imports, all known",
        workspace.shown(&place),
        module.len()
    );
    Ok(())
}

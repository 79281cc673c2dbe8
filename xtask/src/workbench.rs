//! `cargo xtask workbench`: the page of the policy workbench, at `target/workbench`.
//!
//! The rules are compiled for browsers, wasm-bindgen puts functions around them, esbuild makes one script of both and of the page's own,
//! and what a browser loads is weighed.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::process::{capture, run as run_program, run_slow, say};
use crate::setup::BROWSER_TRIPLE;
use crate::workspace::Workspace;

/// The package of the rules.
const RULES: &str = "tapgate-workbench";
/// The package that has wasm-bindgen.
const BINDGEN: &str = "tapgate-bindgen";
/// The cargo profile, in the root's `Cargo.toml`.
const PROFILE: &str = "page";
/// Where the page's sources are, relative to the workspace's root.
const PAGE: &str = "workbench/page";
/// The most bytes of a first load, as a browser gets them: compressed.
const MOST_BYTES: u64 = 800_000;

/// Makes the page, and says what its first load weighs.
///
/// # Errors
/// If something of it does not build, or it is too large.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let bindings = rules(workspace)?;
    let page = workspace.workbench();
    fs::create_dir_all(&page).with_context(|| format!("creating {}", page.display()))?;
    say("bundling the page");
    node(workspace, "build.mjs", &[&bindings, &page])?;
    let weighed = capture(workspace.command(workspace.node()).arg(script(workspace, "pack.mjs")).arg(&page))?;
    let sum = weighed.lines().last().and_then(|line| line.parse::<u64>().ok()).context("pack.mjs says no sum")?;
    if sum > MOST_BYTES {
        bail!("a first load has {sum} bytes, more than {MOST_BYTES}:\n{weighed}");
    }
    say(format_args!(
        "{}: a first load has {sum} bytes of {MOST_BYTES} allowed, by gzip; `tapgate workbench` serves it",
        workspace.shown(&page)
    ));
    Ok(())
}

/// Compiles the rules for browsers; gives the folder with the module and the functions around it.
fn rules(workspace: &Workspace) -> Result<std::path::PathBuf> {
    say(format_args!("building {RULES} for {BROWSER_TRIPLE}"));
    run_slow(workspace.cargo().args(["build", "--package", RULES, "--lib"]).args([
        "--target",
        BROWSER_TRIPLE,
        "--profile",
        PROFILE,
    ]))?;
    let file = format!("{}.wasm", RULES.replace('-', "_"));
    let module = workspace.build_dir()?.join(BROWSER_TRIPLE).join(PROFILE).join(file);
    let bindings = workspace.root().join("target/workbench-rules");
    run_slow(
        workspace
            .cargo()
            .args(["run", "--quiet", "--package", BINDGEN, "--profile", "tool", "--"])
            .arg(&module)
            .arg(&bindings),
    )?;
    Ok(bindings)
}

/// Runs one of the page's own scripts.
fn node(workspace: &Workspace, name: &str, arguments: &[&Path]) -> Result<()> {
    let mut command = workspace.command(workspace.node());
    command.env("NODE_PATH", workspace.page_packages().join("node_modules"));
    run_program(command.arg(script(workspace, name)).args(arguments))
}

fn script(workspace: &Workspace, name: &str) -> std::path::PathBuf {
    workspace.root().join(PAGE).join(name)
}

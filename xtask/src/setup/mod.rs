//! `cargo xtask setup`: what the other commands need and a fresh machine lacks.
//!
//! Idempotent: what is there is said and left alone. Everything lands under `target/tools`, but for the wasm32 standard
//! library, which rustup keeps, and Chromium, which apt installs. Nothing here is ever skipped in silence: what cannot be installed is an error that names
//! the mend.

mod chromium;
mod etcd;
mod node;
mod python;
mod target;

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result};

use crate::workspace::Workspace;

pub(crate) use chromium::ensure as browser;
pub(crate) use python::ensure_scim as scim_server;
pub(crate) use target::{BROWSER_TRIPLE, TRIPLE, ensure as wasm_target};

/// Installs whatever is missing of what everything but the suites `scim` and `browser` needs.
///
/// # Errors
/// If something is missing and cannot be installed.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    wasm_target(workspace)?;
    let tools = workspace.tools();
    fs::create_dir_all(&tools).with_context(|| format!("creating {}", tools.display()))?;
    // Two commands started at once (a demo beside the tests) must not install into each other's half-made folder.
    let lock = File::create(tools.join(".lock")).context("creating the lock of target/tools")?;
    lock.lock().context("waiting for another setup to end")?;
    python::ensure(workspace)?;
    etcd::ensure(workspace)?;
    node::ensure(workspace)
}

/// Installs whatever is missing of what the workbench's page is made with.
///
/// # Errors
/// As [`run`].
pub(crate) fn page(workspace: &Workspace) -> Result<()> {
    target::ensure_browser(workspace)?;
    let tools = workspace.tools();
    fs::create_dir_all(&tools).with_context(|| format!("creating {}", tools.display()))?;
    node::ensure_page(workspace)
}

/// Installs whatever is missing of what the workbench is made and tested with.
///
/// # Errors
/// As [`run`].
pub(crate) fn workbench(workspace: &Workspace) -> Result<()> {
    page(workspace)?;
    node::ensure(workspace)?;
    chromium::ensure(workspace)
}

/// Removes a file, a link or a folder, if it is there.
fn remove(path: &Path) -> Result<()> {
    let Ok(found) = fs::symlink_metadata(path) else {
        return Ok(());
    };
    let removed = if found.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.with_context(|| format!("removing {}", path.display()))
}

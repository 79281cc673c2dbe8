//! The standard libraries of WebAssembly, without which the plugin and the workbench's page cannot be built.

use std::path::Path;

use anyhow::{Context, Result};

use crate::process::{capture, run_slow, say};
use crate::workspace::Workspace;

/// What the plugin is compiled for: WASI, because the gateway's keys reach it as environment variables.
pub(crate) const TRIPLE: &str = "wasm32-wasip1";

/// What the workbench's page is compiled for: a browser, which has nothing of a system.
pub(crate) const BROWSER_TRIPLE: &str = "wasm32-unknown-unknown";

/// Adds the standard library of [`TRIPLE`] to the toolchain in use, if it lacks it.
///
/// # Errors
/// If it is missing and rustup cannot add it.
pub(crate) fn ensure(workspace: &Workspace) -> Result<()> {
    library(workspace, TRIPLE)
}

/// Likewise that of [`BROWSER_TRIPLE`].
///
/// # Errors
/// As [`ensure`].
pub(crate) fn ensure_browser(workspace: &Workspace) -> Result<()> {
    library(workspace, BROWSER_TRIPLE)
}

fn library(workspace: &Workspace, triple: &str) -> Result<()> {
    if is_there(workspace, triple)? {
        say(format_args!("{triple} standard library: there"));
        return Ok(());
    }
    say(format_args!("{triple} standard library: missing; installing with `rustup target add {triple}` (about 20 MB)"));
    run_slow(workspace.command("rustup").args(["target", "add", triple])).with_context(|| {
        format!(
            "the toolchain lacks the {triple} standard library and rustup could not add it; install Rust with rustup, \
             or add that library to the toolchain by its own means, and run `cargo xtask setup` again"
        )
    })
}

/// Whether the rustc in use can compile for a triple.
fn is_there(workspace: &Workspace, triple: &str) -> Result<bool> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let folder = capture(workspace.command(rustc).args(["--print", "target-libdir", "--target", triple]))
        .context("asking rustc for its libraries")?;
    Ok(has_std(Path::new(&folder)))
}

/// Whether a folder of a toolchain's libraries holds the standard library.
fn has_std(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return false;
    };
    entries.filter_map(Result::ok).any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with("libstd-") && name.ends_with(".rlib")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_folder_has_no_standard_library() {
        assert!(!has_std(Path::new("/nonexistent")));
    }

    #[test]
    fn this_toolchain_has_one_for_this_machine() {
        let folder = capture(std::process::Command::new("rustc").args(["--print", "target-libdir"])).unwrap();
        assert!(has_std(Path::new(&folder)));
    }
}

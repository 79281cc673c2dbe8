//! The standard library of wasm32-wasip1, without which the plugin cannot be built.

use std::path::Path;

use anyhow::{Context, Result};

use crate::process::{capture, run_slow, say};
use crate::workspace::Workspace;

/// What the plugin is compiled for: WASI, because the gateway's keys reach it as environment variables.
pub(crate) const TRIPLE: &str = "wasm32-wasip1";

/// Adds the standard library of [`TRIPLE`] to the toolchain in use, if it lacks it.
///
/// # Errors
/// If it is missing and rustup cannot add it.
pub(crate) fn ensure(workspace: &Workspace) -> Result<()> {
    if is_there(workspace)? {
        say(format_args!("{TRIPLE} standard library: there"));
        return Ok(());
    }
    say(format_args!("{TRIPLE} standard library: missing; installing with `rustup target add {TRIPLE}` (about 20 MB)"));
    run_slow(workspace.command("rustup").args(["target", "add", TRIPLE])).with_context(|| {
        format!(
            "the toolchain lacks the {TRIPLE} standard library and rustup could not add it; install Rust with rustup, \
             or add that library to the toolchain by its own means, and run `cargo xtask setup` again"
        )
    })
}

/// Whether the rustc in use can compile for [`TRIPLE`].
fn is_there(workspace: &Workspace) -> Result<bool> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let folder = capture(workspace.command(rustc).args(["--print", "target-libdir", "--target", TRIPLE]))
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

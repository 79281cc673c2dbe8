//! Where the things are that a run needs: the bootstrap, Envoy, the module, a Python with PyJWT.
//!
//! A missing one is a failure that names its mend. Nothing is skipped, nothing is installed here.

use std::path::{Path, PathBuf};

/// The root of the workspace, where `examples/` and `target/` are.
#[must_use]
pub fn root() -> PathBuf {
    // Cargo says at run time where the crate stands now; the path of build time is right unless the folder moved.
    let here =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.parent().expect("host-tests lies in the workspace").to_owned()
}

/// The bootstrap that people copy.
#[must_use]
pub fn bootstrap() -> PathBuf {
    root().join("examples/envoy/envoy.yaml")
}

/// The Envoy binary: `TAPGATE_ENVOY`, else the one that `cargo xtask setup` installs.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn envoy() -> PathBuf {
    needed("TAPGATE_ENVOY", "target/tools/envoy", "cargo xtask setup")
}

/// The etcd binary: `TAPGATE_ETCD`, else the one that `cargo xtask setup` fetches.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn etcd() -> PathBuf {
    needed("TAPGATE_ETCD", "target/tools/etcd", "cargo xtask setup")
}

/// The plugin: `TAPGATE_WASM`, else the one that `cargo xtask wasm` builds.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn module() -> PathBuf {
    needed("TAPGATE_WASM", "target/plugin/tapgate.wasm", "cargo xtask wasm")
}

/// The command line: `TAPGATE_CLI`, else the program that cargo builds beside this one.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn command_line() -> PathBuf {
    let here = std::env::current_exe().expect("a program knows where it lies");
    // Tests lie in a folder of their own below the one where programs are.
    let folder =
        here.parent().map(|folder| if folder.ends_with("deps") { folder.with_file_name("") } else { folder.into() });
    let place = folder.expect("a program lies in a folder").join("tapgate");
    needed("TAPGATE_CLI", place, "cargo build --package tapgate-cli")
}

/// The passkey application: `TAPGATE_PASSKEY_APP`, else the program that cargo builds beside the command line.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn passkey_app() -> PathBuf {
    let place = command_line().with_file_name("passkey-app");
    needed("TAPGATE_PASSKEY_APP", place, "cargo build --package tapgate-passkey-app")
}

/// A Python that can `import jwt`: `TAPGATE_PYTHON`, else the one that `cargo xtask setup` installs.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn python() -> PathBuf {
    needed("TAPGATE_PYTHON", "target/tools/python3-jwt", "cargo xtask setup")
}

/// A Python that has scim2-server: `TAPGATE_SCIM_PYTHON`, else the one that `cargo xtask setup` installs.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn python_with_scim() -> PathBuf {
    needed("TAPGATE_SCIM_PYTHON", "target/tools/python3-scim", "cargo xtask setup")
}

/// node: `TAPGATE_NODE`, else the one that `cargo xtask setup` finds or fetches.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn node() -> PathBuf {
    needed("TAPGATE_NODE", "target/tools/node", "cargo xtask setup")
}

/// The packages of `host-tests/js`, as `cargo xtask setup` installs them.
///
/// # Panics
/// If they are not there.
#[must_use]
pub fn node_modules() -> PathBuf {
    needed("TAPGATE_NODE_MODULES", "target/tools/js/node_modules", "cargo xtask setup")
}

/// Chromium: `TAPGATE_CHROMIUM`, else the one that `cargo xtask setup` finds or installs.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn chromium() -> PathBuf {
    needed("TAPGATE_CHROMIUM", "target/tools/chromium", "cargo xtask setup")
}

/// The page of the policy workbench: `TAPGATE_WORKBENCH`, else the folder that `cargo xtask workbench` makes.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn workbench() -> PathBuf {
    needed("TAPGATE_WORKBENCH", "target/workbench", "cargo xtask workbench")
}

fn needed(variable: &str, place: impl AsRef<Path>, mend: &str) -> PathBuf {
    let path = std::env::var_os(variable).map_or_else(|| root().join(place), |given| absolute(given.as_ref()));
    assert!(path.exists(), "{} is not there: run `{mend}`, or set {variable}", path.display());
    path
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).expect("a path that can be made absolute")
}

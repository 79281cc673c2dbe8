//! Where things are: the workspace's root, cargo, and what the commands leave under `target/`.
//!
//! Paths only; nothing is read or written here.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;

/// The places of this workspace.
#[derive(Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// Finds the workspace that this crate is a member of, whatever the current directory.
    pub(crate) fn find() -> Result<Self> {
        // Cargo says at run time where the crate stands now; the path of build time is right unless the folder moved.
        let here = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = here.parent().context("xtask has no parent folder")?;
        Ok(Self { root: root.to_owned() })
    }

    /// The root of the workspace.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where `setup` installs.
    pub(crate) fn tools(&self) -> PathBuf {
        self.root.join("target/tools")
    }

    /// The Envoy binary that `setup` installs.
    pub(crate) fn envoy(&self) -> PathBuf {
        self.tools().join("envoy")
    }

    /// The etcd binary that `setup` fetches.
    pub(crate) fn etcd(&self) -> PathBuf {
        self.tools().join("etcd")
    }

    /// The node that `setup` finds or fetches.
    pub(crate) fn node(&self) -> PathBuf {
        self.tools().join("node")
    }

    /// The Chromium that `setup` finds or installs.
    pub(crate) fn chromium(&self) -> PathBuf {
        self.tools().join("chromium")
    }

    /// A Python that can import PyJWT, installed by `setup`.
    pub(crate) fn python_with_jwt(&self) -> PathBuf {
        self.tools().join("python3-jwt")
    }

    /// A Python that has the SCIM server.
    pub(crate) fn python_with_scim(&self) -> PathBuf {
        self.tools().join("python3-scim")
    }

    /// Node's packages of the tests, as `setup` installs them.
    pub(crate) fn test_packages(&self) -> PathBuf {
        self.tools().join("js")
    }

    /// Node's packages of the workbench's page, likewise.
    pub(crate) fn page_packages(&self) -> PathBuf {
        self.tools().join("page")
    }

    /// The workbench's page, as `workbench` leaves it.
    pub(crate) fn workbench(&self) -> PathBuf {
        self.root.join("target/workbench")
    }

    /// The plugin as `wasm` leaves it.
    pub(crate) fn plugin(&self) -> PathBuf {
        self.root.join("target/plugin/tapgate.wasm")
    }

    /// The filter that does nothing, as `bench` leaves it.
    pub(crate) fn noop(&self) -> PathBuf {
        self.root.join("target/plugin/noop.wasm")
    }

    /// The folder that cargo builds into, which `CARGO_TARGET_DIR` or a configuration may have moved.
    pub(crate) fn build_dir(&self) -> Result<PathBuf> {
        let metadata = MetadataCommand::new().current_dir(&self.root).no_deps().exec().context("cargo metadata")?;
        Ok(metadata.target_directory.into_std_path_buf())
    }

    /// The cargo that started us, to be run at the root.
    pub(crate) fn cargo(&self) -> Command {
        self.command(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
    }

    /// A program to be run at the root.
    pub(crate) fn command(&self, program: impl Into<OsString>) -> Command {
        let mut command = Command::new(program.into());
        command.current_dir(&self.root);
        command
    }

    /// A path as people at the root would type it.
    pub(crate) fn shown<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }
}

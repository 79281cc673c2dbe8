//! The layer rules as functions over the workspace's packages and files: who may import whom, who may name what.
//!
//! `tests/house.rs` holds the workspace against them. Each rule has a test of its own on a planted violation, so that no
//! rule can pass because it looks at nothing. A rule that needs a list keeps it in one constant at the top of its file.

pub mod code;
pub mod crates;
pub mod layers;
pub mod manners;
pub mod words;

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;

/// A folder of the root that is never looked into: built things and git's own.
const SKIPPED: &[&str] = &["target", ".git", "node_modules"];

/// A file of the repository.
#[derive(Clone, Debug)]
pub struct File {
    /// Relative to the root, with `/`.
    pub path: String,
    /// Its text; bytes that are not UTF-8 are replaced.
    pub text: String,
}

/// A member of the workspace.
#[derive(Clone, Debug)]
pub struct Package {
    /// As in its manifest.
    pub name: String,
    /// Its folder, relative to the root.
    pub folder: String,
    /// The text of its `Cargo.toml`.
    pub manifest: String,
    /// The packages it depends on by name, for whatever purpose (tests and build scripts too).
    pub dependencies: Vec<String>,
}

/// Everything the rules look at.
#[derive(Clone, Debug, Default)]
pub struct House {
    /// The members of the workspace.
    pub packages: Vec<Package>,
    /// Every text file of the repository.
    pub files: Vec<File>,
}

/// One place where a rule does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The file, or the folder of the package.
    pub path: String,
    /// From 1; 0 if it is about the whole file.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(out, "{}: {}", self.path, self.message),
            line => write!(out, "{}:{line}: {}", self.path, self.message),
        }
    }
}

/// A rule: what it finds in a house.
pub type Rule = fn(&House) -> Vec<Violation>;

impl House {
    /// Reads the workspace whose root this is.
    ///
    /// # Errors
    /// If cargo cannot describe it or a file cannot be read.
    pub fn load(root: &Path) -> Result<Self> {
        let metadata = MetadataCommand::new().current_dir(root).no_deps().exec().context("cargo metadata")?;
        let mut packages = Vec::new();
        for package in metadata.workspace_packages() {
            let manifest = package.manifest_path.as_std_path();
            let folder = manifest.parent().context("a manifest without a folder")?;
            packages.push(Package {
                name: package.name.to_string(),
                folder: relative(root, folder),
                manifest: fs::read_to_string(manifest).with_context(|| format!("reading {}", manifest.display()))?,
                dependencies: package.dependencies.iter().map(|one| one.name.clone()).collect(),
            });
        }
        let mut files = Vec::new();
        collect(root, root, &mut files)?;
        files.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(Self { packages, files })
    }

    /// The Rust files below a folder (`""` for all of them).
    pub fn rust<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a File> {
        self.files.iter().filter(move |file| {
            let inside = folder.is_empty() || file.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
            inside && file.path.ends_with(".rs")
        })
    }
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<File>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let entry = entry?;
        let path = entry.path();
        let name = entry.file_name();
        if SKIPPED.iter().any(|skipped| name == *skipped) {
            continue;
        }
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(root, &path, files)?;
        } else if kind.is_file() {
            let bytes = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
            files.push(File { path: relative(root, &path), text: String::from_utf8_lossy(&bytes).into_owned() });
        }
    }
    Ok(())
}

fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

/// What the rules' own tests build houses from.
#[cfg(test)]
pub(crate) mod planted {
    use super::{File, House, Package};

    /// A house of files only.
    pub(crate) fn files(files: &[(&str, &str)]) -> House {
        House {
            packages: Vec::new(),
            files: files
                .iter()
                .map(|(path, text)| File { path: (*path).to_owned(), text: (*text).to_owned() })
                .collect(),
        }
    }

    /// A house of one package with these dependencies.
    pub(crate) fn package(name: &str, dependencies: &[&str]) -> House {
        House {
            packages: vec![Package {
                name: name.to_owned(),
                folder: name.to_owned(),
                manifest: String::new(),
                dependencies: dependencies.iter().map(|&one| one.to_owned()).collect(),
            }],
            files: Vec::new(),
        }
    }
}

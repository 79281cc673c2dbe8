//! Policies and cases from files, and what is wrong with them, shown alike by every subcommand.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use tapgate_cases::describe::mend;
use tapgate_cases::policy::{PolicyDocument, key_of_variable};
use tapgate_cases::yaml::Flaw;
use tapgate_core::json::Json;
use tapgate_core::policy::Policy;

use crate::error::{Error, Failure};
use crate::exit::Exit;
use crate::world::World;

/// The largest file that is read: what the policy compiler reads at most.
const MOST_BYTES: u64 = 8 << 20;

/// Why a file gives no policy.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    /// It cannot be read.
    #[error("cannot read `{}`", .path.display())]
    Read { path: PathBuf, source: io::Error },
    /// It is longer than a policy can be.
    #[error("`{}` has more than {MOST_BYTES} bytes, which no policy has", .0.display())]
    TooLong(PathBuf),
    /// It is not text.
    #[error("`{}` is not UTF-8 text", .0.display())]
    NotText(PathBuf),
    /// What is in it has errors, which have been told.
    #[error("`{}` has errors; `tapgate policy check` names them all", .0.display())]
    Broken(PathBuf),
}

impl Failure for FileError {
    fn exit(&self) -> Exit {
        match self {
            Self::Broken(_) => Exit::Findings,
            Self::Read { .. } | Self::TooLong(_) | Self::NotText(_) => Exit::Unreadable,
        }
    }
}

/// The text of a file.
pub(super) fn text(path: &Path) -> Result<String, FileError> {
    let failed = |source| FileError::Read { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MOST_BYTES.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(failed)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MOST_BYTES) {
        return Err(FileError::TooLong(path.to_owned()));
    }
    String::from_utf8(bytes).map_err(|_| FileError::NotText(path.to_owned()))
}

/// A policy that compiles. Its keys are stand-ins: nothing here needs the real ones.
pub(super) struct Loaded {
    pub(super) document: PolicyDocument,
    pub(super) policies: Vec<Policy>,
    pub(super) hash: String,
}

/// Reads and compiles a policy; what is wrong with it is told on standard error.
pub(super) fn load(path: &Path, world: &mut World<'_>) -> Result<Loaded, Error> {
    let text = text(path)?;
    let (flaws, document) = PolicyDocument::check(&text, &stand_in);
    let compiled = document.as_ref().filter(|_| flaws.is_empty()).and_then(|document| document.compile(&stand_in).ok());
    if let (Some(document), Some(compiled)) = (document, compiled) {
        return Ok(Loaded { document, policies: compiled.policies, hash: compiled.hash });
    }
    for flaw in &flaws {
        world.complain_as_is(format_args!("{}:{flaw}", path.display()));
    }
    Err(FileError::Broken(path.to_owned()).into())
}

/// A key in place of the one that a variable holds in the proxy.
pub(super) fn stand_in(variable: &str) -> Option<String> {
    Some(key_of_variable(variable))
}

/// What is wrong somewhere, for a program.
#[derive(Serialize)]
pub(super) struct FlawReport {
    line: u64,
    column: u64,
    field: String,
    found: String,
    allowed: String,
    mend: String,
}

impl FlawReport {
    /// About a policy.
    pub(super) fn of_policy(flaw: &Flaw, tree: Option<&Json>) -> Self {
        let mend = match tree {
            None => "mend the YAML here; the rest is checked once it can be read".to_owned(),
            Some(_) => mend(&flaw.defect, tree),
        };
        Self::new(flaw, mend)
    }

    /// About a file of cases.
    pub(super) fn of_cases(flaw: &Flaw) -> Self {
        Self::new(flaw, format!("write {}; docs/cases.md has the format", flaw.defect.expected))
    }

    fn new(flaw: &Flaw, mend: String) -> Self {
        let (position, defect) = (flaw.position, &flaw.defect);
        Self {
            line: position.line,
            column: position.column,
            field: defect.path.to_string(),
            found: defect.found.clone(),
            allowed: defect.expected.clone(),
            mend,
        }
    }

    /// For a person: where, then what was found, what is allowed, what to do.
    pub(super) fn print(&self, file: &Path, world: &mut World<'_>) -> Result<(), Error> {
        let Self { line, column, field, found, allowed, mend } = self;
        world.print(format_args!("{}:{line}:{column}: {field}", file.display()))?;
        world.print(format_args!("  found    {}", found.strip_prefix("found ").unwrap_or(found)))?;
        world.print(format_args!("  allowed  {allowed}"))?;
        world.print(format_args!("  mend     {mend}"))
    }
}

//! Policies and cases from files, and what is wrong with them, shown alike by every subcommand.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use tapgate_cases::describe::FlawReport;
use tapgate_cases::policy::{PolicyDocument, stand_in, tenants};
use tapgate_core::json::Json;
use tapgate_core::names::TenantId;
use tapgate_core::policy::{Environment, Policy};

use crate::error::{Error, Failure};
use crate::exit::Exit;
use crate::world::World;

/// The largest file that is read: what the policy compiler reads at most.
const MOST_BYTES: u64 = 8 << 20;

/// Why a file gives no policy.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
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
    #[error("`{}` has errors; `tapgate policy {check}` tells the mend of each", .path.display())]
    Broken { path: PathBuf, check: &'static str },
}

impl Failure for FileError {
    fn exit(&self) -> Exit {
        match self {
            Self::Broken { .. } => Exit::Findings,
            Self::Read { .. } | Self::TooLong(_) | Self::NotText(_) => Exit::Unreadable,
        }
    }
}

/// The text of a file.
pub(crate) fn text(path: &Path) -> Result<String, FileError> {
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

/// A policy that compiles.
pub(crate) struct Loaded {
    pub(crate) document: PolicyDocument,
    pub(crate) policies: Vec<Policy>,
    pub(crate) hash: String,
}

/// Which tenant of a policy is meant is not told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TenantError {
    #[error("the policy has several tenants; say which one by `--tenant`: {0}")]
    Which(String),
    #[error("the policy has no tenant `{tenant}`; it has: {tenants}")]
    None { tenant: TenantId, tenants: String },
}

impl Failure for TenantError {
    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

impl Loaded {
    /// The tenant of this name, or the only one, with its part of the document.
    pub(crate) fn tenant(&mut self, name: Option<&TenantId>) -> Result<(Policy, &Json), TenantError> {
        let policies = std::mem::take(&mut self.policies);
        let names = policies.iter().map(|policy| policy.tenant.to_string()).collect::<Vec<_>>().join(", ");
        if name.is_none() && policies.len() > 1 {
            return Err(TenantError::Which(names));
        }
        let wanted = |policy: &Policy| name.is_none_or(|tenant| *tenant == policy.tenant);
        let found = policies.into_iter().zip(tenants(self.document.tree())).find(|(policy, _)| wanted(policy));
        match (found, name) {
            (Some(found), _) => Ok(found),
            (None, Some(tenant)) => Err(TenantError::None { tenant: tenant.clone(), tenants: names }),
            (None, None) => Err(TenantError::Which(names)),
        }
    }
}

/// Where a policy's keys come from.
#[derive(Clone, Copy)]
pub(crate) enum Keys<'a> {
    /// Nowhere: each variable holds one that everybody knows. For what needs no real ones.
    StandIns,
    /// From an environment, as the proxy has it.
    Real(Environment<'a>),
}

/// Reads and compiles a policy; what is wrong with it is told on standard error.
pub(crate) fn load(path: &Path, keys: Keys<'_>, world: &mut World<'_>) -> Result<Loaded, Error> {
    let text = text(path)?;
    let (environment, check): (Environment<'_>, _) = match keys {
        Keys::StandIns => (&stand_in, "check"),
        Keys::Real(environment) => (environment, "check --keys"),
    };
    let (flaws, document) = PolicyDocument::check(&text, environment);
    let compiled = document.as_ref().filter(|_| flaws.is_empty());
    let compiled = compiled.and_then(|document| document.compile(environment).ok());
    if let (Some(document), Some(compiled)) = (document, compiled) {
        return Ok(Loaded { document, policies: compiled.policies, hash: compiled.hash });
    }
    for flaw in &flaws {
        world.complain_as_is(format_args!("{}:{flaw}", path.display()));
    }
    Err(FileError::Broken { path: path.to_owned(), check }.into())
}

/// Reads and compiles a policy, with stand-ins for keys that are not in the environment: for whoever needs some of them only, and
/// sees to it that those are there.
pub(crate) fn load_in_part(path: &Path, world: &mut World<'_>) -> Result<Loaded, Error> {
    let environment = world.environment;
    let set =
        |name: &str| environment(name).and_then(|value| value.into_string().ok()).filter(|value| !value.is_empty());
    load(path, Keys::Real(&|name| set(name).or_else(|| stand_in(name))), world)
}

/// What is wrong somewhere, for a person: where, then what was found, what is allowed, what to do.
pub(super) fn print(flaw: &FlawReport, file: &Path, world: &mut World<'_>) -> Result<(), Error> {
    let FlawReport { line, column, field, found, allowed, mend } = flaw;
    world.print(format_args!("{}:{line}:{column}: {field}", file.display()))?;
    world.print(format_args!("  found    {}", found.strip_prefix("found ").unwrap_or(found)))?;
    world.print(format_args!("  allowed  {allowed}"))?;
    world.print(format_args!("  mend     {mend}"))
}

//! What the gateway is handed: the module, the policy as the plugin reads it, its keys, and who the gateway is to browsers.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use tapgate_cases::policy::{to_json, variables};
use tapgate_core::directory::Directory;
use tapgate_core::policy::{LedgerPlace, Policy};
use tapgate_gateway::{Identity, Plugin};

use super::Options;
use crate::error::{Error, Failure};
use crate::exit::Exit;
use crate::policy::file::{self, Keys, Loaded};
use crate::world::World;

/// The largest module that is read; a plugin has half a megabyte.
const MOST_MODULE: u64 = 64 << 20;

/// The largest certificate chain or key that is read.
const MOST_PEM: u64 = 1 << 20;

/// A file that is needed and not there as it should be.
#[derive(Debug, thiserror::Error)]
pub(super) enum LoadError {
    /// The module cannot be read.
    #[error(
        "cannot read the plugin `{}`; build it with `cargo xtask wasm`, or say with `--module` where it is",
        .path.display()
    )]
    Module { path: PathBuf, source: io::Error },
    /// The certificate or its key cannot be read.
    #[error("cannot read `{}`", .path.display())]
    Pem { path: PathBuf, source: io::Error },
    /// A ledger that this gateway has no way to.
    #[error(
        "the policy keeps its ledger in etcd; `tapgate serve` keeps ledgers in shared data only: write `ledger: sharedData`"
    )]
    Etcd,
    /// A webhook, which this gateway does not send to.
    #[error(
        "the policy sends events to a webhook; `tapgate serve` makes no calls of its own: leave `webhook` out of its policy"
    )]
    Webhook,
    /// A directory, which this gateway does not ask.
    #[error(
        "the policy's users are a SCIM server's; `tapgate serve` makes no calls of its own: write `directory: open`, or list the users"
    )]
    Scim,
}

impl Failure for LoadError {
    fn exit(&self) -> Exit {
        match self {
            Self::Module { .. } | Self::Pem { .. } => Exit::Unreadable,
            Self::Etcd | Self::Webhook | Self::Scim => Exit::Findings,
        }
    }
}

/// A policy in the form that the gateway takes, and what is said of it.
pub(super) struct Site {
    pub(super) plugin: Plugin,
    pub(super) tenants: String,
}

/// The plugin's module.
pub(super) fn module(options: &Options) -> Result<Vec<u8>, LoadError> {
    let path = options.module.clone();
    read(&path, MOST_MODULE).map_err(|source| LoadError::Module { path, source })
}

/// The policy with the keys of the environment; what is wrong with either is told on standard error.
pub(super) fn site(module: Vec<u8>, options: &Options, world: &mut World<'_>) -> Result<Site, Error> {
    let environment = world.environment;
    let key = |name: &str| environment(name).and_then(|value| value.into_string().ok());
    let Loaded { document, policies, .. } = file::load(&options.policy, Keys::Real(&key), world)?;
    if policies.iter().any(|policy| matches!(policy.ledger, LedgerPlace::Etcd(_))) {
        return Err(LoadError::Etcd.into());
    }
    if policies.iter().any(|policy| policy.webhook.is_some()) {
        return Err(LoadError::Webhook.into());
    }
    if policies.iter().any(|policy| matches!(policy.directory, Directory::Scim(_))) {
        return Err(LoadError::Scim.into());
    }
    let tree = document.tree();
    // Of the environment the plugin sees what its policy names, and nothing else.
    let environment = variables(tree).into_iter().filter_map(|name| key(&name).map(|value| (name, value))).collect();
    let plugin = Plugin {
        module,
        configuration: to_json(tree),
        environment,
        buffered: sign_ins(&policies),
        buffered_below: policies.iter().filter_map(Policy::admin_api).collect(),
    };
    let tenants = policies.iter().map(|policy| policy.tenant.to_string()).collect::<Vec<_>>().join(", ");
    Ok(Site { plugin, tenants })
}

/// Where the plugin decides by the body: the application's sign-ins, and the plugin's own.
fn sign_ins(policies: &[Policy]) -> Vec<String> {
    let mut paths: Vec<String> = policies.iter().flat_map(Policy::sign_in_paths).collect();
    paths.sort();
    paths.dedup();
    paths
}

/// Who the gateway is to browsers.
pub(super) fn identity(options: &Options) -> Result<Identity, LoadError> {
    let pem = |path: &PathBuf| read(path, MOST_PEM).map_err(|source| LoadError::Pem { path: path.clone(), source });
    match (&options.tls_cert, &options.tls_key) {
        (Some(certificates), Some(key)) => Ok(Identity::Given { certificates: pem(certificates)?, key: pem(key)? }),
        _ if options.tls_self_signed.is_empty() => Ok(Identity::Plain),
        _ => Ok(Identity::SelfMade(options.tls_self_signed.clone())),
    }
}

fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > most) {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {most} bytes")));
    }
    Ok(bytes)
}

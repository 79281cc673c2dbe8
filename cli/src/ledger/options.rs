//! What all of `tapgate ledger` takes: whose ledger, and how etcd is reached.

use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use tapgate_core::names::TenantId;

use super::address::Address;

/// Whose ledger, and where.
#[derive(Debug, clap::Args)]
pub(super) struct Place {
    /// The policy, in YAML or JSON: it says where the ledger lies and who is who
    #[arg(long, value_name = "FILE")]
    pub(super) policy: PathBuf,
    /// The tenant, where the policy has several
    #[arg(long, value_name = "NAME")]
    pub(super) tenant: Option<TenantId>,
    /// A member of etcd, as http(s)://HOST:PORT; once for each, they are tried in turn [env: TAPGATE_ETCD]
    #[arg(long, value_name = "URL", help_heading = "etcd")]
    pub(super) etcd: Vec<Address>,
    /// The certificate by which etcd's are signed, in PEM; `https` needs it
    #[arg(long, value_name = "FILE", help_heading = "etcd")]
    pub(super) cacert: Option<PathBuf>,
    /// The certificate to show to etcd, in PEM
    #[arg(long, value_name = "FILE", requires = "key", help_heading = "etcd")]
    pub(super) cert: Option<PathBuf>,
    /// Its private key, in PEM
    #[arg(long, value_name = "FILE", requires = "cert", help_heading = "etcd")]
    pub(super) key: Option<PathBuf>,
    /// The user that etcd knows, in place of the one of the policy's `usernameEnv`
    #[arg(long, value_name = "NAME", requires = "etcd_password_file", help_heading = "etcd")]
    pub(super) etcd_user: Option<String>,
    /// File that holds that user's password
    #[arg(long, value_name = "FILE", requires = "etcd_user", help_heading = "etcd")]
    pub(super) etcd_password_file: Option<PathBuf>,
    /// How long a call to a member may take
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = RangedU64ValueParser::<u64>::new().range(1..=60), help_heading = "etcd")]
    pub(super) timeout: u64,
}

//! What all of `tapgate pass` takes: which gateway, whose pass, and by what token.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::RangedU64ValueParser;
use tapgate_core::names::{TenantId, UserName};
use tapgate_core::policy::{Policy, shape};

use super::api::{Api, Bearer};
use super::error::PassError;
use crate::admin_token;
use crate::error::Error;
use crate::http::{Server, Trust};
use crate::key::{Secret, read_file};
use crate::link::{BasePath, Gate};
use crate::policy::file;
use crate::world::World;

/// The variable that stands in for `--token-file`.
const VARIABLE: &str = "TAPGATE_ADMIN_TOKEN";

/// How long a token lives that is minted for one call, in minutes.
pub(super) const ONE_CALL: u64 = 5;

/// Which gateway, whose pass, by what token.
#[derive(Debug, clap::Args)]
pub(super) struct Place {
    /// Whose pass it is: a user id or a user principal name
    #[arg(long, short, value_name = "USER")]
    pub(super) user: UserName,
    #[command(flatten)]
    pub(super) door: Door,
}

/// Which gateway, by what token.
#[derive(Debug, clap::Args)]
pub(crate) struct Door {
    /// Where the admin API answers: scheme and host
    #[arg(long, value_name = "URL")]
    pub(crate) gateway: Gate,
    /// The policy's `basePath` [default: the policy's, or /.tap]
    #[arg(long, value_name = "PATH", help_heading = "Gateway")]
    base_path: Option<BasePath>,
    /// The certificate by which the gateway's is signed, in PEM; `https` needs it
    #[arg(long, value_name = "FILE", help_heading = "Gateway")]
    cacert: Option<PathBuf>,
    /// How long the call may take
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = RangedU64ValueParser::<u64>::new().range(1..=60), help_heading = "Gateway")]
    timeout: u64,
    /// File that holds the token [default: the environment variable TAPGATE_ADMIN_TOKEN]
    #[arg(long, value_name = "FILE", conflicts_with = "subject", help_heading = "Token")]
    token_file: Option<PathBuf>,
    /// The policy: names the place and its base path, and with `--subject` makes a token on the spot
    #[arg(long, value_name = "FILE", help_heading = "Token")]
    policy: Option<PathBuf>,
    /// The tenant, where the policy has several
    #[arg(long, value_name = "NAME", requires = "policy", help_heading = "Token")]
    tenant: Option<TenantId>,
    /// Make a token for this administrator, by the policy's `admin` key
    #[arg(long, value_name = "NAME", requires_all = ["policy", "role"], help_heading = "Token")]
    subject: Option<UserName>,
    /// A role of theirs; may be repeated
    #[arg(long, value_name = "ROLE", requires = "subject", help_heading = "Token")]
    role: Vec<String>,
}

/// A gateway that is ready to be called, and what is known of the place.
pub(crate) struct Site {
    pub(crate) api: Api,
    pub(crate) policy: Option<Policy>,
    pub(crate) base: BasePath,
}

impl Site {
    /// The address of the sign-in page: at this host, or at that of the policy's audience, or at the gateway.
    pub(crate) fn sign_in(&self, host: Option<&Gate>, door: &Door) -> String {
        let audience = self.policy.as_ref().and_then(|policy| Gate::of_audience(&policy.audience));
        let gate = host.cloned().or(audience).unwrap_or_else(|| door.gateway.clone());
        gate.sign_in(&self.base)
    }
}

impl Door {
    /// Finds token and gateway; makes no call. A token that is made on the spot lives for so many minutes.
    pub(crate) fn open(&self, minutes: u64, world: &mut World<'_>) -> Result<Site, Error> {
        let (bearer, policy) = self.bearer(minutes, world)?;
        let base = match (&self.base_path, &policy) {
            (Some(base), _) => base.clone(),
            (None, Some(policy)) => policy.base_path.clone().into(),
            (None, None) => shape::BASE_PATH.parse().map_err(PassError::BasePath)?,
        };
        let (tls, host, port) = self.gateway.parts();
        let trust = Trust { cacert: self.cacert.as_deref(), own: None };
        let tls = if tls { Some(trust.config()?) } else { None };
        let limit = Duration::from_secs(self.timeout);
        let server = Server { host, port, authority: self.gateway.authority().to_owned(), tls, limit };
        let api = Api::new(server, self.gateway.to_string(), &base, bearer);
        Ok(Site { api, policy, base })
    }

    fn bearer(&self, minutes: u64, world: &mut World<'_>) -> Result<(Bearer, Option<Policy>), Error> {
        if let (Some(subject), Some(path)) = (&self.subject, &self.policy) {
            let minted = admin_token::mint(path, self.tenant.as_ref(), (subject, &self.role), minutes, world)?;
            return Ok((Bearer::read(minted.token.as_bytes())?, Some(minted.policy)));
        }
        let policy = match &self.policy {
            Some(path) => Some(file::load_in_part(path, world)?.tenant(self.tenant.as_ref())?.0),
            None => None,
        };
        let bearer = match &self.token_file {
            Some(path) => Bearer::read(&read_file(Secret::Token, path, world)?)?,
            None => {
                let token = world.variable(VARIABLE)?.map(zeroize::Zeroizing::new).ok_or(PassError::NoToken)?;
                Bearer::read(token.as_bytes())?
            }
        };
        Ok((bearer, policy))
    }
}

//! `tapgate admin-token`: a bearer token for the admin API, for whoever has the policy's `admin` key and no identity provider.

use std::path::{Path, PathBuf};

use clap::builder::RangedU64ValueParser;
use tapgate_cases::policy::{at, text_at};
use tapgate_core::graph::{LONGEST_TOKEN, NoAdminToken, Role, mint_token};
use tapgate_core::json::Json;
use tapgate_core::names::{TenantId, UserName};
use tapgate_core::policy::Policy;
use tapgate_core::time::{Seconds, UnixSeconds};
use zeroize::Zeroizing;

use crate::error::{Error, Failure};
use crate::exit::Exit;
use crate::moment::Words;
use crate::policy::file;
use crate::world::World;

const EXAMPLES: &str = "\
The token goes to standard output and nothing else does; what it opens is said on standard error. Of the policy's keys only the \
first of `keys.admin` has to be in the environment.

Roles that may do something:
  Privileged Authentication Administrator  issue, see and delete passes, of administrators too
  Authentication Administrator             the same for people without a role, or with a low one
  Global Reader                            see passes (never codes) and the policy
  Authentication Policy Administrator      see the policy

Examples:
  export TAPGATE_ADMIN_TOKEN=$(tapgate admin-token --policy policy.yaml --subject desk@example.com \\
      --role 'Authentication Administrator' --lifetime 10)
  tapgate pass create --gateway https://gate.example.com --user alice@example.com";

/// Make a bearer token for the admin API
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// The policy, in YAML or JSON
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// The tenant, where the policy has several
    #[arg(long, value_name = "NAME")]
    tenant: Option<TenantId>,
    /// The administrator who the token says is calling: nobody issues a pass for themselves
    #[arg(long, value_name = "NAME")]
    subject: UserName,
    /// A role of theirs, by Entra's name; may be repeated
    #[arg(long, value_name = "ROLE", required = true)]
    role: Vec<String>,
    /// How long the token is valid, 1 to 60
    #[arg(long, value_name = "MINUTES", default_value = "60", value_parser = RangedU64ValueParser::<u64>::new().range(1..=60))]
    lifetime: u64,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    #[error(
        "a token of {} may do nothing; one of these may: {}",
        .0.join(", "),
        USEFUL.map(|(name, _)| name).join(", ")
    )]
    NoSuchRole(Vec<String>),
    #[error(
        "the policy of `{0}` has no `keys.admin`; add one: `keys: {{admin: [{{id: admin-1, env: TAPGATE_ADMIN_KEY}}]}}`"
    )]
    NoKey(TenantId),
    #[error(
        "the policy of `{0}` has no `admin`, so that its gateways have no admin API; add it: `admin: {{hosts: [...]}}`"
    )]
    NoApi(TenantId),
    #[error(
        "the environment variable `{0}` is not set; the policy names it for the first of `keys.admin`: set it to the key in base64"
    )]
    KeyNotSet(String),
    #[error("no gateway would take the token; give fewer or shorter roles")]
    NotTaken,
}

impl Failure for TokenError {
    fn exit(&self) -> Exit {
        match self {
            Self::NoSuchRole(_) | Self::NotTaken => Exit::Usage,
            Self::NoKey(_) | Self::KeyNotSet(_) => Exit::Key,
            Self::NoApi(_) => Exit::Findings,
        }
    }
}

/// The roles that may do something, and what.
const USEFUL: [(&str, Role); 4] = [
    ("Privileged Authentication Administrator", Role::PrivilegedAuthenticationAdministrator),
    ("Authentication Administrator", Role::AuthenticationAdministrator),
    ("Global Reader", Role::GlobalReader),
    ("Authentication Policy Administrator", Role::AuthenticationPolicyAdministrator),
];

/// A token, for a while. It has no `Debug`.
pub(crate) struct Minted {
    pub(crate) token: Zeroizing<String>,
    pub(crate) policy: Policy,
    end: UnixSeconds,
}

/// Mints a token and prints it.
pub(crate) fn run(options: &Options, world: &mut World<'_>) -> Result<Exit, Error> {
    let Options { policy, tenant, subject, role, lifetime } = options;
    let now = world.now()?;
    let Minted { token, policy, end } = mint(policy, tenant.as_ref(), (subject, role), *lifetime, world)?;
    let (roles, tenant) = (role.join(", "), &policy.tenant);
    world.note(format_args!(
        "whoever has this token is {subject} ({roles}) to the gateways of tenant {tenant} until {end}, in {}; keep it out of files \
         and logs",
        Words(end.since(now))
    ));
    world.print(&*token)?;
    Ok(Exit::Done)
}

/// Mints a token by a policy's `admin` key, for somebody with roles and so many minutes; what may not be as wished is told.
pub(crate) fn mint(
    path: &Path,
    tenant: Option<&TenantId>,
    (subject, roles): (&UserName, &[String]),
    minutes: u64,
    world: &mut World<'_>,
) -> Result<Minted, Error> {
    let useful = |name: &String| USEFUL.iter().any(|(_, role)| *role == Role::named(name));
    if !roles.iter().any(useful) {
        return Err(TokenError::NoSuchRole(roles.iter().map(|role| format!("`{role}`")).collect()).into());
    }
    let mut loaded = file::load_in_part(path, world)?;
    let (policy, tree) = loaded.tenant(tenant)?;
    if let Some(missing) = missing_key(tree, world) {
        return Err(TokenError::KeyNotSet(missing).into());
    }
    let now = world.now()?;
    let lifetime = Seconds::new(minutes.saturating_mul(60)).min(LONGEST_TOKEN);
    let token = mint_token(&policy, subject, roles, lifetime, now).map_err(|error| match error {
        NoAdminToken::NoKey => TokenError::NoKey(policy.tenant.clone()),
        NoAdminToken::NoApi => TokenError::NoApi(policy.tenant.clone()),
        NoAdminToken::NotTaken => TokenError::NotTaken,
    })?;
    for role in roles.iter().filter(|role| !useful(role)) {
        world.warn(format_args!("the role `{role}` may do nothing"));
    }
    let privileged = roles.iter().any(|role| Role::named(role) == Role::PrivilegedAuthenticationAdministrator);
    let may_issue = privileged || roles.iter().any(|role| Role::named(role) == Role::AuthenticationAdministrator);
    if !policy.directory.knows_users() && may_issue && !privileged {
        world.warn(
            "the policy's directory is `open`, where nobody's roles are known: only a Privileged Authentication Administrator may issue or delete",
        );
    }
    Ok(Minted { token, policy, end: now.plus(lifetime) })
}

/// The variable of the first `admin` key, if that is not set: tokens are never signed with a stand-in, which everybody knows.
fn missing_key(tree: &Json, world: &World<'_>) -> Option<String> {
    let variable = text_at(at(tree, "keys.admin[0]")?, "env")?;
    let value = (world.environment)(variable).and_then(|value| value.into_string().ok());
    let set = value.map(Zeroizing::new).is_some_and(|value| !value.is_empty());
    (!set).then(|| variable.to_owned())
}

//! Whose ledger: the policy's tenant, and the cluster that it lies in, ready to be asked.
//!
//! Nobody who looks after a ledger needs the gateways' keys. So keys that are not in the environment are stood in for, but never
//! the pass keys where a pass is to be verified by them: stand-ins are known to everybody.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tapgate_cases::policy::{PolicyDocument, at, stand_in, tenants, text_at, variables};
use tapgate_core::directory::{Directory, Found};
use tapgate_core::json::Json;
use tapgate_core::ledger::RecordName;
use tapgate_core::ledger::etcd::{Credentials, Keyspace};
use tapgate_core::names::{Identity, UserName};
use tapgate_core::policy::{LedgerPlace, Policy};
use tapgate_core::time::Seconds;
use zeroize::Zeroizing;

use super::address::Address;
use super::cluster::Cluster;
use super::connection::Member;
use super::error::LedgerError;
use super::options::Place;
use crate::error::Error;
use crate::http::{Server, Trust};
use crate::key::{Secret, read_file};
use crate::policy::file::{self, Keys};
use crate::world::World;

/// The variable that stands in for `--etcd`.
const VARIABLE: &str = "TAPGATE_ETCD";

/// What a password is named by in a policy.
const CREDENTIALS: [&str; 2] = ["ledger.etcd.usernameEnv", "ledger.etcd.passwordEnv"];

/// A tenant's ledger.
pub(super) struct Site {
    pub(super) policy: Policy,
    pub(super) keyspace: Keyspace,
    pub(super) cluster: Cluster,
    /// How long a session is believed without being looked at: the longer of both rechecks.
    pub(super) recheck: Seconds,
    pub(super) grace: Seconds,
}

/// What passes are verified by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PassKeys {
    /// Nothing: no pass is looked at.
    StoodInFor,
    /// The policy's keys.
    Real,
}

impl Site {
    /// Reads the policy and finds the cluster; makes no call.
    pub(super) fn open(place: &Place, pass_keys: PassKeys, world: &mut World<'_>) -> Result<Self, Error> {
        let text = file::text(&place.policy)?;
        let (_, document) = PolicyDocument::check(&text, &stand_in);
        let tree = document.as_ref().filter(|_| pass_keys == PassKeys::Real).map(PolicyDocument::tree);
        let asked =
            |tenant: &&Json| place.tenant.as_ref().is_none_or(|name| text_at(tenant, "tenant") == Some(name.as_str()));
        let real: BTreeSet<String> = tree
            .map(tenants)
            .unwrap_or_default()
            .into_iter()
            .filter(asked)
            .filter_map(|tenant| at(tenant, "keys.pass"))
            .flat_map(variables)
            .collect();
        let environment = world.environment;
        let set =
            |name: &str| environment(name).and_then(|value| value.into_string().ok()).filter(|value| !value.is_empty());
        if let Some(missing) = real.iter().find(|name| set(name).is_none()) {
            return Err(LedgerError::NoPassKey(missing.clone()).into());
        }
        let resolve = |name: &str| set(name).or_else(|| stand_in(name));
        let mut loaded = file::load(&place.policy, Keys::Real(&resolve), world)?;
        let (mut policy, tree) = loaded.tenant(place.tenant.as_ref())?;
        let LedgerPlace::Etcd(etcd) = &mut policy.ledger else {
            return Err(LedgerError::SharedData(policy.tenant).into());
        };
        let credentials = match given_credentials(place, world)? {
            Some(given) => Some(given),
            None => {
                for field in CREDENTIALS {
                    if let Some(variable) = text_at(tree, field).filter(|name| set(name).is_none()) {
                        return Err(LedgerError::NoCredential { variable: variable.to_owned(), field }.into());
                    }
                }
                etcd.credentials.take()
            }
        };
        let keyspace = Keyspace::of(&etcd.prefix, &policy.tenant);
        let (recheck, grace) = (etcd.recheck.max(etcd.recheck_registered), etcd.grace);
        let members = members(place, credentials.is_some(), world)?;
        Ok(Self { policy, keyspace, cluster: Cluster::new(members, credentials), recheck, grace })
    }

    /// Who is meant (3.3). Somebody whom the directory no longer knows may have a record still: then it is an id.
    pub(super) fn identity(&self, user: &UserName, world: &mut World<'_>) -> Result<Identity, Error> {
        match self.policy.directory.find(user) {
            Found::AtHand(Some(known)) => return Ok(known.identity),
            Found::AtHand(None) => world.warn(format_args!(
                "the policy's directory does not know `{user}`; taken for the id of somebody it once knew"
            )),
            Found::Elsewhere(_) if user.as_str().contains('@') => return Err(LedgerError::NotAnId(user.clone()).into()),
            Found::Elsewhere(_) => world.warn(format_args!(
                "`{user}` is taken for the id that the SCIM server has for them: this command does not ask it"
            )),
        }
        // A name and an id have the same form.
        user.as_str().parse().map_err(|_| LedgerError::UnknownUser(user.clone()).into())
    }

    /// Whose a record is, as far as the policy's directory tells; under `open` and of a SCIM server nobody is listed.
    pub(super) fn names(&self) -> BTreeMap<RecordName, Identity> {
        match &self.policy.directory {
            Directory::Open | Directory::Scim(_) => BTreeMap::new(),
            Directory::Users(users) => {
                users.iter().map(|(id, _)| (RecordName::of(&self.policy.tenant, id), id.clone())).collect()
            }
        }
    }
}

fn given_credentials(place: &Place, world: &mut World<'_>) -> Result<Option<Credentials>, Error> {
    let (Some(user), Some(path)) = (&place.etcd_user, &place.etcd_password_file) else { return Ok(None) };
    let bytes = read_file(Secret::Password, path, world)?;
    let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut password = Zeroizing::new(String::with_capacity(line.len()));
    match str::from_utf8(line) {
        Ok(text) => password.push_str(text),
        Err(_) => return Err(LedgerError::Credentials(tapgate_core::ledger::etcd::CredentialsError::Password).into()),
    }
    let credentials = Credentials::new(user.clone(), password).map_err(LedgerError::Credentials)?;
    Ok(Some(credentials))
}

fn members(place: &Place, secret: bool, world: &mut World<'_>) -> Result<Vec<Member>, Error> {
    let mut addresses = place.etcd.clone();
    if addresses.is_empty() {
        let listed = world.variable(VARIABLE)?.unwrap_or_default();
        let read = listed.split(',').map(str::trim).filter(|text| !text.is_empty()).map(str::parse);
        addresses = read.collect::<Result<_, _>>().map_err(LedgerError::Variable)?;
    }
    if addresses.is_empty() {
        return Err(LedgerError::NoMember.into());
    }
    let own = place.cert.as_deref().zip(place.key.as_deref());
    let trust = Trust { cacert: place.cacert.as_deref(), own };
    let tls = if addresses.iter().any(|address| address.tls) { Some(trust.config()?) } else { None };
    for Address { tls: encrypted, .. } in addresses.iter().filter(|address| secret && !address.is_near()).take(1) {
        if !encrypted {
            world.warn("`http` shows the password of etcd's user to everybody on the way; use `https`");
        }
    }
    let limit = Duration::from_secs(place.timeout);
    let member = |address: Address| {
        let (host, port, authority) = (address.host.clone(), address.port, address.authority());
        let server = Server { host, port, authority, tls: tls.clone().filter(|_| address.tls), limit };
        Member { address, server }
    };
    Ok(addresses.into_iter().map(member).collect())
}

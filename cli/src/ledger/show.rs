//! `tapgate ledger show`: one user's record, or the ledger as a whole.

use serde::Serialize;
use tapgate_core::ledger::RecordName;
use tapgate_core::names::UserName;

use super::connection::Trouble;
use super::error::{LedgerError, told};
use super::options::Place;
use super::report::{self, RecordReport};
use super::site::{PassKeys, Site};
use crate::error::Error;
use crate::exit::Exit;
use crate::moment::Relative;
use crate::world::World;

const EXAMPLES: &str = "\
Examples:
  export TAPGATE_ETCD=http://127.0.0.1:2379
  tapgate ledger show --policy policy.yaml                               # records, birth, members
  tapgate ledger show --policy policy.yaml --user alice@example.com      # what stands of hers";

/// Show a user's record, or the ledger as a whole
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    #[command(flatten)]
    place: Place,
    /// Whose record, by id or user principal name; without it the ledger as a whole
    #[arg(long, short, value_name = "USER")]
    user: Option<UserName>,
    /// Print JSON: {tenant, user, record}, or {tenant, prefix, birth, records, revision, members}
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UserReport {
    tenant: String,
    user: String,
    /// `null` where there is none.
    record: Option<Shown>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Shown {
    Read(Box<RecordReport>),
    #[serde(rename_all = "camelCase")]
    Unreadable {
        record: String,
        revision: u64,
        error: &'static str,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    tenant: String,
    birth: Option<String>,
    records: u64,
    revision: u64,
    members: Vec<MemberReport>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MemberReport {
    address: String,
    answers: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// What is said of a record that does not read.
pub(super) const UNREADABLE: &str = "the record does not read: no gateway can decide by it";

pub(super) async fn run(options: &Options, world: &mut World<'_>) -> Result<Exit, Error> {
    let mut site = Site::open(&options.place, PassKeys::StoodInFor, world)?;
    match &options.user {
        Some(user) => one(&mut site, user, options.json, world).await,
        None => summary(&mut site, options.json, world).await,
    }
}

async fn one(site: &mut Site, user: &UserName, json: bool, world: &mut World<'_>) -> Result<Exit, Error> {
    let identity = site.identity(user, world)?;
    let tenant = site.policy.tenant.to_string();
    let name = RecordName::of(&site.policy.tenant, &identity);
    let found = site.cluster.ask(&site.keyspace.record(&name)).await?;
    let now = world.clock()?;
    let kept = found.kept.first();
    let read = kept.map(|kept| (kept.version.0, kept.record()));
    let exit = if matches!(read, Some((_, Err(_)))) { Exit::Findings } else { Exit::Done };
    if json {
        let record = read.map(|(revision, record)| match record {
            Ok(record) => Shown::Read(Box::new(RecordReport::of(&name, Some(&identity), revision, &record, now))),
            Err(_) => Shown::Unreadable { record: name.to_string(), revision, error: UNREADABLE },
        });
        world.print_json(&UserReport { tenant, user: identity.to_string(), record })?;
        return Ok(exit);
    }
    world.print(format_args!("user      {identity}, of tenant {tenant}"))?;
    match (kept, read) {
        (Some(kept), Some((revision, record))) => {
            world.print(format_args!("record    {name}, revision {revision}"))?;
            match record {
                Ok(record) => report::text(&record, now, world)?,
                Err(_) => {
                    let (key, length) = (String::from_utf8_lossy(&kept.key), kept.length());
                    world.print(format_args!("key       {key}, {length} bytes"))?;
                    world.print(format_args!("state     {UNREADABLE}, and their sign-ins are refused"))?;
                    world.print("mend      delete the key: that forgets what was used and revoked, so change the pass keys first")?;
                }
            }
        }
        _ => world.print(
            "record    none: no pass of this user has been used, and none was revoked, that could still be valid",
        )?,
    }
    Ok(exit)
}

async fn summary(site: &mut Site, json: bool, world: &mut World<'_>) -> Result<Exit, Error> {
    let count = site.keyspace.records().counting();
    let each = site.cluster.ask_each(&count).await?;
    let Some(found) = each.iter().find_map(|(_, told)| told.as_ref().ok()) else {
        let mut troubles = super::error::Troubles::default();
        for (member, told) in &each {
            if let Err(trouble) = told {
                troubles.add(member, trouble);
            }
        }
        return Err(LedgerError::NoAnswer(troubles).into());
    };
    let (records, revision) = (found.count, found.revision);
    let birth = site.cluster.ask(&site.keyspace.birth()).await?;
    let birth = birth.birth().map_err(|_| {
        let mut troubles = super::error::Troubles::default();
        troubles.add(site.cluster.here(), &Trouble::Senseless("the ledger's birth, which is no time"));
        LedgerError::NoAnswer(troubles)
    })?;
    let now = world.clock()?;
    let tenant = site.policy.tenant.to_string();
    if json {
        let members = each.into_iter().map(MemberReport::from).collect();
        let birth = birth.map(|birth| birth.to_string());
        world.print_json(&Summary { tenant, birth, records, revision, members })?;
        return Ok(Exit::Done);
    }
    world.print(format_args!("tenant    {tenant}"))?;
    match birth {
        Some(birth) => {
            world.print(format_args!("born      {birth}, {}", Relative { moment: birth, now }))?;
        }
        None => world.print("born      not yet: no gateway has asked for this ledger")?,
    }
    world.print(format_args!("records   {records}, at revision {revision}"))?;
    for (number, (address, told_by)) in each.iter().enumerate() {
        let label = if number == 0 { "members" } else { "" };
        match told_by {
            Ok(found) => {
                world.print(format_args!(
                    "{label:<9} {address} answers, member {:x}, revision {}",
                    found.member, found.revision
                ))?;
            }
            Err(trouble) => world.print(format_args!("{label:<9} {address} does not answer: {}", told(trouble)))?,
        }
    }
    Ok(Exit::Done)
}

impl From<(String, Result<tapgate_core::ledger::etcd::Found, Trouble>)> for MemberReport {
    fn from((address, told_by): (String, Result<tapgate_core::ledger::etcd::Found, Trouble>)) -> Self {
        match told_by {
            Ok(found) => Self {
                address,
                answers: true,
                id: Some(format!("{:x}", found.member)),
                revision: Some(found.revision),
                error: None,
            },
            Err(trouble) => Self { address, answers: false, id: None, revision: None, error: Some(told(&trouble)) },
        }
    }
}

//! Making something happen to a record from here: `core`'s own attempt, with etcd asked as it says.

use tapgate_core::ledger::etcd::{Grant, SwapAnswer};
use tapgate_core::ledger::{Attempt, Event, Loaded, Next, Record, RecordName, SwapReply, Unavailable, Version};
use tapgate_core::names::{AttemptId, Identity};
use tapgate_core::time::UnixSeconds;

use super::error::LedgerError;
use super::site::Site;
use crate::error::Error;
use crate::world::World;

/// What has happened.
pub(super) struct Changed<O> {
    pub(super) outcome: O,
    /// The record that this took the place of, if it wrote one.
    pub(super) before: Option<Record>,
    /// What stands now, if this wrote it.
    pub(super) after: Option<Record>,
}

/// Makes it happen: a lost swap loads and decides again, and one of which nobody knows is looked for in what stands (7.1).
pub(super) async fn make<E: Event>(
    site: &mut Site,
    name: RecordName,
    identity: &Identity,
    event: E,
    world: &mut World<'_>,
) -> Result<Changed<E::Outcome>, Error> {
    let id = AttemptId::from_bytes(world.random.bytes()?);
    let mut next = Next::Load(Attempt::begin(id, name, event));
    let (mut before, mut after, mut birth, mut in_doubt) = (None, None, UnixSeconds::default(), false);
    let mut seen: Option<Loaded> = None;
    loop {
        next = match next {
            Next::Load(loading) => {
                let now = world.clock()?;
                let loaded = load(site, &name, identity, now).await.map_err(|error| doubted(error, in_doubt))?;
                birth = loaded.birth;
                let next = loading.answer(Ok(loaded.clone()), now);
                seen = Some(loaded);
                next
            }
            Next::Swap(swapping) => {
                before = seen.take().and_then(|loaded| loaded.record).map(|(record, _)| record);
                after = Some(swapping.record().clone());
                let now = world.clock()?;
                let reply = swap(site, &name, birth, swapping.expected(), swapping.record(), now).await;
                let reply = reply.map_err(|error| doubted(error, in_doubt))?;
                in_doubt |= reply == SwapReply::Unknown;
                swapping.answer(reply)
            }
            Next::Done(Ok(outcome)) => return Ok(Changed { outcome, before, after }),
            Next::Done(Err(Unavailable)) => return Err(LedgerError::GaveUp.into()),
        };
    }
}

/// An error behind a swap of which nobody knows leaves that open.
fn doubted(error: LedgerError, in_doubt: bool) -> LedgerError {
    if in_doubt { LedgerError::InDoubt(Box::new(error)) } else { error }
}

/// The record, and its ledger begun if it has not begun: what is revoked in none would be forgotten.
async fn load(
    site: &mut Site,
    name: &RecordName,
    identity: &Identity,
    now: UnixSeconds,
) -> Result<Loaded, LedgerError> {
    // A record that does not read would look like an etcd that makes no sense.
    let found = site.cluster.ask(&site.keyspace.record(name)).await?;
    if found.kept.first().is_some_and(|kept| kept.record().is_err()) {
        return Err(LedgerError::UnreadableRecord { user: identity.clone() });
    }
    match site.cluster.ask(&site.keyspace.look(name)).await? {
        Some(loaded) => Ok(loaded),
        None => site.cluster.ask(&site.keyspace.load(name, now)).await,
    }
}

async fn swap(
    site: &mut Site,
    name: &RecordName,
    birth: UnixSeconds,
    expected: Option<Version>,
    record: &Record,
    now: UnixSeconds,
) -> Result<SwapReply, LedgerError> {
    // A record that is kept for ever is better than a pass that is not revoked.
    let mut lease = site.cluster.ask(&Grant::new(&site.policy, record, now)).await.ok();
    loop {
        let swap = site.keyspace.swap(name, birth, expected, record, lease.as_ref());
        match site.cluster.swap(&swap).await? {
            SwapAnswer::LeaseGone if lease.is_some() => lease = None,
            answer => return Ok(answer.reply()),
        }
    }
}

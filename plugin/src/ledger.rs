//! The ledger in the proxy's shared data (7.4): right across the workers of one process, gone with it.
//!
//! Records lie packed in buckets; a bucket's version stands for its records'. Every write is a compare-and-swap of the
//! whole bucket, so no two workers can both have changed it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use tapgate_core::ledger::bucket::{self, Bucket};
use tapgate_core::ledger::{Amendment, Ledger, Loaded, Put, Record, RecordName, SwapReply, Unavailable, Version};
use tapgate_core::names::TenantId;
use tapgate_core::policy::{LedgerPlace, Policy};
use tapgate_core::time::UnixSeconds;

use crate::host::{self, HostError};
use crate::metrics::Metrics;

impl From<HostError> for Failed {
    fn from(_: HostError) -> Self {
        Self
    }
}

impl From<Unavailable> for Failed {
    fn from(_: Unavailable) -> Self {
        Self
    }
}

/// The proxy failed, or what it holds makes no sense.
struct Failed;

/// When ledgers began, as far as this worker has asked: a birth never changes while shared data lives.
pub(crate) type Births = Rc<RefCell<BTreeMap<TenantId, UnixSeconds>>>;

/// Shared data as a ledger.
pub(crate) struct SharedData<'a> {
    pub(crate) metrics: &'a Metrics,
    pub(crate) births: &'a Births,
}

impl Ledger for SharedData<'_> {
    fn load(&mut self, policy: &Policy, name: &RecordName, now: UnixSeconds) -> Result<Loaded, Unavailable> {
        self.metrics.count("tapgate.ledger.load");
        self.read(policy, name, now).map_err(|Failed| {
            self.metrics.count("tapgate.ledger.failure");
            Unavailable
        })
    }

    fn swap(&mut self, policy: &Policy, expected: Option<Version>, put: &Put, now: UnixSeconds) -> SwapReply {
        self.metrics.count("tapgate.ledger.swap");
        let decoy = expected == Some(Version::NEVER);
        let reply = match put {
            Put::Record(name, record) if decoy => self.lose(policy, name, record, now),
            Put::Record(name, record) => swap(policy, name, expected, record, now),
            Put::Amendment(amendment) => amend(&policy.tenant, expected, amendment),
        };
        let reply = reply.unwrap_or(SwapReply::Refused);
        match reply {
            SwapReply::Lost if !decoy => self.metrics.count("tapgate.ledger.swap_lost"),
            SwapReply::Refused => self.metrics.count("tapgate.ledger.failure"),
            SwapReply::Swapped | SwapReply::Lost | SwapReply::Unknown => {}
        }
        reply
    }
}

impl SharedData<'_> {
    /// Does what a swap does, and loses: the version wanted is none that a proxy gives. A proxy writes to a key that it does not
    /// know whatever version is wanted, so it is asked about one that it does: when the ledger began, which it would at
    /// worst be told again.
    fn lose(&self, policy: &Policy, name: &RecordName, record: &Record, now: UnixSeconds) -> Result<SwapReply, Failed> {
        let LedgerPlace::SharedData { maximum_records } = policy.ledger else { return Err(Failed) };
        let birth = self.births.borrow().get(&policy.tenant).copied().ok_or(Failed)?;
        let stored = host::shared_data(&bucket::key(&policy.tenant, name))?.map(|(bytes, _)| bytes).unwrap_or_default();
        // Whether there would be room matters as little as the bytes.
        let _ = Bucket::decode(&stored)?.with(name, record, bucket::capacity(maximum_records), now);
        let key = bucket::birth_key(&policy.tenant);
        let lost = !host::set_shared_data(&key, &bucket::encode_birth(birth), Some(u32::MAX))?;
        Ok(if lost { SwapReply::Lost } else { SwapReply::Refused })
    }

    fn read(&self, policy: &Policy, name: &RecordName, now: UnixSeconds) -> Result<Loaded, Failed> {
        let tenant = &policy.tenant;
        let known = self.births.borrow().get(tenant).copied();
        let birth = match known {
            Some(birth) => birth,
            None => {
                let birth = begin(tenant, now)?;
                self.births.borrow_mut().insert(tenant.clone(), birth);
                birth
            }
        };
        let record = match host::shared_data(&bucket::key(tenant, name))? {
            None => None,
            Some((bytes, cas)) => Bucket::decode(&bytes)?.get(name)?.map(|record| (record, Version(u64::from(cas)))),
        };
        // Without an admin API nothing is amended, and most requests need not ask.
        let amendment = if policy.admin.is_some() { amendment(tenant)? } else { None };
        Ok(Loaded { birth, amendment, record })
    }
}

fn swap(
    policy: &Policy,
    name: &RecordName,
    expected: Option<Version>,
    record: &Record,
    now: UnixSeconds,
) -> Result<SwapReply, Failed> {
    let LedgerPlace::SharedData { maximum_records } = policy.ledger else { return Err(Failed) };
    let key = bucket::key(&policy.tenant, name);
    let stored = host::shared_data(&key)?;
    let cas = stored.as_ref().map(|(_, cas)| *cas);
    let bytes = stored.map(|(bytes, _)| bytes).unwrap_or_default();
    let bucket = Bucket::decode(&bytes)?;
    let standing = bucket.get(name)?.and(cas).map(|cas| Version(u64::from(cas)));
    if standing != expected {
        return Ok(SwapReply::Lost);
    }
    let Ok(bytes) = bucket.with(name, record, bucket::capacity(maximum_records), now) else {
        return Ok(SwapReply::Refused);
    };
    Ok(if host::set_shared_data(&key, &bytes, cas)? { SwapReply::Swapped } else { SwapReply::Lost })
}

/// What is amended of a tenant's policy.
fn amendment(tenant: &TenantId) -> Result<Option<(Amendment, Version)>, Failed> {
    let Some((bytes, cas)) = host::shared_data(&bucket::amendment_key(tenant))? else { return Ok(None) };
    let amendment = Amendment::new(bytes).ok_or(Failed)?;
    Ok(Some((amendment, Version(u64::from(cas)))))
}

fn amend(tenant: &TenantId, expected: Option<Version>, amendment: &Amendment) -> Result<SwapReply, Failed> {
    let cas = expected.map(|Version(cas)| u32::try_from(cas)).transpose().map_err(|_| Failed)?;
    let swapped = host::set_shared_data(&bucket::amendment_key(tenant), amendment.as_bytes(), cas)?;
    Ok(if swapped { SwapReply::Swapped } else { SwapReply::Lost })
}

/// When this tenant's ledger began; begins it, insert-once, if it has not (7.1a).
fn begin(tenant: &TenantId, now: UnixSeconds) -> Result<UnixSeconds, Failed> {
    let key = bucket::birth_key(tenant);
    if let Some((bytes, _)) = host::shared_data(&key)? {
        return Ok(bucket::decode_birth(&bytes)?);
    }
    if host::set_shared_data(&key, &bucket::encode_birth(now), None)? {
        return Ok(now);
    }
    let (bytes, _) = host::shared_data(&key)?.ok_or(Failed)?;
    Ok(bucket::decode_birth(&bytes)?)
}

/// Begins a tenant's ledger as early as can be, so that few passes are older than it. That it may fail changes nothing:
/// the first load begins it then.
pub(crate) fn begin_early(tenant: &TenantId) {
    if let Ok(now) = host::now() {
        let _ = begin(tenant, now);
    }
}

//! Records packed into buckets, for a store that has neither expiry nor deletion, such as a proxy's shared data (7.4).
//!
//! A fixed number of buckets a tenant bounds the number of keys; a bound on each bucket's records bounds their size. A
//! record that no longer matters makes room; one that still does is never forgotten: then the ledger is full.

use super::codec::Reader;
use super::record::Record;
use super::{RecordName, Unavailable};
use crate::names::TenantId;
use crate::time::UnixSeconds;

/// Buckets of a tenant. It is part of where a record is found, so no policy may change it (7.1a).
const BUCKETS: u16 = 4096;

/// The largest bucket that is read, in bytes.
const MOST_BYTES: usize = 1 << 20;

/// The name of the bucket that holds a record.
#[must_use]
pub fn key(tenant: &TenantId, name: &RecordName) -> String {
    let [high, low, ..] = *name.as_bytes();
    let index = u16::from_be_bytes([high, low]) % BUCKETS;
    format!("tapgate.ledger.1/{tenant}/{index}")
}

/// The name under which a tenant's ledger keeps when it began.
#[must_use]
pub fn birth_key(tenant: &TenantId) -> String {
    format!("tapgate.ledger.1/{tenant}/birth")
}

/// The name under which a tenant's ledger keeps what is amended of its policy.
#[must_use]
pub fn amendment_key(tenant: &TenantId) -> String {
    format!("tapgate.ledger.1/{tenant}/policy")
}

/// A point in time as stored under [`birth_key`].
#[must_use]
pub fn encode_birth(birth: UnixSeconds) -> [u8; 8] {
    birth.get().to_be_bytes()
}

/// Reads [`encode_birth`] back.
///
/// # Errors
/// [`Unavailable`] for anything else.
pub fn decode_birth(bytes: &[u8]) -> Result<UnixSeconds, Unavailable> {
    let bytes = bytes.try_into().map_err(|_| Unavailable)?;
    UnixSeconds::new(u64::from_be_bytes(bytes)).ok_or(Unavailable)
}

/// How many records a bucket may hold for a ledger of about `maximum_records`: twice its share, since hashing does not
/// spread evenly, and at least 24, so that no ledger is full before some 30 000.
#[must_use]
pub fn capacity(maximum_records: u32) -> usize {
    let share = maximum_records.div_ceil(u32::from(BUCKETS));
    usize::try_from(share.saturating_mul(2)).unwrap_or(usize::MAX).max(24)
}

/// A bucket: records by name, still as bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket<'a>(&'a [u8]);

/// Every record of the bucket still matters: there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

type Entry<'a> = (RecordName, &'a [u8]);

impl<'a> Bucket<'a> {
    /// Takes a stored bucket; no bytes are an empty one.
    ///
    /// # Errors
    /// [`Unavailable`] if they are too many.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Unavailable> {
        if bytes.len() > MOST_BYTES { Err(Unavailable) } else { Ok(Self(bytes)) }
    }

    /// The bucket's entries, up to and including the first that makes no sense.
    fn entries(self) -> impl Iterator<Item = Result<Entry<'a>, Unavailable>> {
        let mut reader = Reader(self.0);
        std::iter::from_fn(move || {
            if reader.0.is_empty() {
                return None;
            }
            let entry = read_entry(&mut reader).ok_or(Unavailable);
            if entry.is_err() {
                reader = Reader(&[]);
            }
            Some(entry)
        })
    }

    /// A record of the bucket.
    ///
    /// # Errors
    /// [`Unavailable`] if what is stored is no bucket or no record.
    pub fn get(self, name: &RecordName) -> Result<Option<Record>, Unavailable> {
        for entry in self.entries() {
            let (known, bytes) = entry?;
            if known == *name {
                return Record::decode(bytes).map(Some);
            }
        }
        Ok(None)
    }

    /// The bucket's bytes with a record put in, in place of its former version.
    ///
    /// # Errors
    /// [`Full`] if a new record would make more than `capacity` that still matter at `now`, or if the bucket makes no
    /// sense.
    pub fn with(self, name: &RecordName, record: &Record, capacity: usize, now: UnixSeconds) -> Result<Vec<u8>, Full> {
        let mut records = self.entries().collect::<Result<Vec<_>, _>>().map_err(|_| Full)?;
        let before = records.len();
        records.retain(|(known, _)| known != name);
        let is_new = records.len() == before;
        if is_new && records.len() >= capacity {
            // What cannot be read is kept: it may matter.
            records.retain(|(_, bytes)| Record::decode(bytes).map_or(true, |old| now < old.keep_until));
        }
        // A record that is there already may always change: a smaller bound must not keep anybody from signing out.
        if is_new && records.len() >= capacity {
            return Err(Full);
        }
        let encoded = record.encode();
        records.push((*name, &encoded));
        let mut bytes = Vec::new();
        for (name, record) in &records {
            let length = u16::try_from(record.len()).map_err(|_| Full)?;
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(record);
        }
        if bytes.len() > MOST_BYTES { Err(Full) } else { Ok(bytes) }
    }
}

fn read_entry<'a>(reader: &mut Reader<'a>) -> Option<Entry<'a>> {
    let name = RecordName(reader.array()?);
    let length = u16::from_be_bytes(reader.array()?);
    Some((name, reader.take(usize::from(length))?))
}

//! Where a tenant's ledger lies: `PREFIXledger.1/TENANT/birth`, `PREFIXledger.1/TENANT/policy` and, a user each, `PREFIXledger.1/TENANT/record/NAME`.
//!
//! `NAME` is the record's name in hexadecimal, so no key has a byte that anybody but the policy's author chose. Neither
//! tenant nor name has a `/`, so a key reads one way only from its end, and no two prefixes or tenants share one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::load::{Load, Look};
use super::survey::{Interval, Range};
use super::swap::Swap;
use super::watch::Watch;
use super::{Lease, lease};
use crate::digest;
use crate::ledger::{Amendment, Put, Record, RecordName, Version};
use crate::names::TenantId;
use crate::time::UnixSeconds;

/// Where one tenant's ledger lies in etcd, and what may be asked of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyspace {
    base: String,
}

/// A key, in base64 as it is sent and comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key(pub(super) String);

/// The keys that a question about one record is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Keys {
    pub(super) birth: Key,
    pub(super) amendment: Key,
    pub(super) record: Key,
}

impl Keyspace {
    /// The ledger of a tenant below the policy's prefix.
    #[must_use]
    pub fn of(prefix: &str, tenant: &TenantId) -> Self {
        Self { base: format!("{prefix}ledger.1/{tenant}/") }
    }

    /// Asks for a record, and begins the ledger at `now` if it has not begun.
    #[must_use]
    pub fn load(&self, name: &RecordName, now: UnixSeconds) -> Load {
        Load { keys: self.keys(name), now }
    }

    /// Asks for a record of a ledger that has begun.
    #[must_use]
    pub fn look(&self, name: &RecordName) -> Look {
        Look { keys: self.keys(name) }
    }

    /// Asks for a record to be written if what was loaded still stands: this birth, and this version of the record (`None`:
    /// no record). Without a lease, or with one that does not [serve](Lease::serves) the record, it is kept for ever.
    #[must_use]
    pub fn swap(
        &self,
        name: &RecordName,
        birth: UnixSeconds,
        expected: Option<Version>,
        record: &Record,
        lease: Option<&Lease>,
    ) -> Swap {
        let lease = lease.filter(|lease| lease.outlives(record)).map(lease::id);
        let put = Put::Record(*name, Box::new(record.clone()));
        Swap { keys: self.keys(name), birth, expected, amended_in: None, put, lease }
    }

    /// Asks for what is amended of the policy to be written, likewise. It is kept for ever.
    #[must_use]
    pub fn amend(
        &self,
        tenant: &TenantId,
        birth: UnixSeconds,
        expected: Option<Version>,
        amendment: &Amendment,
    ) -> Swap {
        let keys = self.keys(&RecordName::of_nobody(tenant));
        Swap { keys, birth, expected, amended_in: None, put: Put::Amendment(amendment.clone()), lease: None }
    }

    /// Asks when the ledger began.
    #[must_use]
    pub fn birth(&self) -> Range {
        Range::of(Interval::one(format!("{}birth", self.base).into_bytes()))
    }

    /// Asks for one record as it stands, whether a gateway could read it or not.
    #[must_use]
    pub fn record(&self, name: &RecordName) -> Range {
        Range::of(self.one(name))
    }

    /// Asks for all records. They are many: say [`Range::behind`], [`Range::at`] and [`Range::limit`], or only
    /// [count](Range::counting) them.
    #[must_use]
    pub fn records(&self) -> Range {
        Range::of(self.all())
    }

    /// Asks to be told of every change of a record, or of this one, from a revision on.
    #[must_use]
    pub fn watch(&self, name: Option<&RecordName>, from: u64) -> Watch {
        Watch { interval: name.map_or_else(|| self.all(), |name| self.one(name)), from }
    }

    /// Whose record lies under a key; `None` for a key that no gateway writes.
    #[must_use]
    pub fn name_of(&self, key: &[u8]) -> Option<RecordName> {
        let digits = key.strip_prefix(format!("{}record/", self.base).as_bytes())?;
        let (pairs, rest) = digits.as_chunks::<2>();
        let nibble = |digit: u8| match digit {
            b'0'..=b'9' => digit.checked_sub(b'0'),
            b'a'..=b'f' => digit.checked_sub(b'a').and_then(|digit| digit.checked_add(10)),
            _ => None,
        };
        let byte = |[high, low]: &[u8; 2]| nibble(*high)?.checked_mul(16)?.checked_add(nibble(*low)?);
        let bytes: Vec<u8> = pairs.iter().map(byte).collect::<Option<_>>()?;
        rest.is_empty().then(|| bytes.try_into().ok().map(RecordName)).flatten()
    }

    fn one(&self, name: &RecordName) -> Interval {
        Interval::one(format!("{}record/{name}", self.base).into_bytes())
    }

    /// The byte behind `/` is `0`.
    fn all(&self) -> Interval {
        Interval::between(format!("{}record/", self.base).into_bytes(), format!("{}record0", self.base).into_bytes())
    }

    fn keys(&self, name: &RecordName) -> Keys {
        let key = |rest: &str| Key(STANDARD.encode(format!("{}{rest}", self.base)));
        Keys {
            birth: key("birth"),
            amendment: key("policy"),
            record: key(&format!("record/{}", digest::hex(name.as_bytes()))),
        }
    }
}

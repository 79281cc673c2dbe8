//! What the ledger keeps, a tenant, of amendments to its policy (11.3): bytes that only the policy can make and read.

use std::sync::Arc;

/// An amendment to a policy, as it is kept. None is kept as no bytes, since shared data cannot forget a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Amendment(Arc<[u8]>);

impl Amendment {
    /// The most bytes that one has: with a record beside it, what etcd answers must be short of what is read of an answer.
    pub const MOST_BYTES: usize = 6 << 10;

    /// Takes the bytes; `None` if they are too many.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() <= Self::MOST_BYTES).then(|| Self(bytes.into()))
    }

    /// That nothing is amended.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Whether nothing is amended.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

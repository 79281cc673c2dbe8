//! The worker's side of a ledger in etcd (7.5): what it knows of each policy's cluster, and who asks it what.
//!
//! `core` says what to send and what an answer means; [`talk`] carries one load or swap through as many calls as it needs,
//! [`memory`] is what was last seen of records, and [`beside`] asks from the timer what no request should wait for: rechecks,
//! the next lease, a ledger's birth.

pub(crate) mod beside;
mod memory;
pub(crate) mod talk;

use std::cell::RefCell;
use std::rc::Rc;

use tapgate_core::ledger::etcd::{Keyspace, Lease, Token};
use tapgate_core::names::TenantId;
use tapgate_core::policy::{Etcd, LedgerPlace, Policy};
use tapgate_core::time::UnixSeconds;

use self::memory::Memory;

/// What a worker knows of one policy's cluster.
pub(crate) struct Cluster {
    tenant: TenantId,
    keyspace: Keyspace,
    token: Option<Token>,
    /// Which of all tokens that one is, so that nobody throws away a newer one than etcd refused.
    token_number: u64,
    lease: Option<Lease>,
    /// When that lease was asked for.
    leased_at: Option<UnixSeconds>,
    /// When the timer last asked for a lease, and for the ledger's birth.
    asked_for_lease: Option<UnixSeconds>,
    asked_for_birth: Option<UnixSeconds>,
    begun: bool,
    pub(crate) memory: Memory,
}

/// The clusters of a worker, one a policy.
#[derive(Clone, Default)]
pub(crate) struct Clusters(Rc<RefCell<Vec<Rc<RefCell<Cluster>>>>>);

impl Clusters {
    /// A policy's cluster.
    pub(crate) fn of(&self, policy: &Policy, etcd: &Etcd) -> Rc<RefCell<Cluster>> {
        let mut clusters = self.0.borrow_mut();
        if let Some(cluster) = clusters.iter().find(|cluster| cluster.borrow().tenant == policy.tenant) {
            return Rc::clone(cluster);
        }
        let cluster = Rc::new(RefCell::new(Cluster::of(policy, etcd)));
        clusters.push(Rc::clone(&cluster));
        cluster
    }
}

impl Cluster {
    fn of(policy: &Policy, etcd: &Etcd) -> Self {
        Self {
            tenant: policy.tenant.clone(),
            keyspace: Keyspace::of(&etcd.prefix, &policy.tenant),
            token: None,
            token_number: 0,
            lease: None,
            leased_at: None,
            asked_for_lease: None,
            asked_for_birth: None,
            begun: false,
            memory: Memory::default(),
        }
    }
}

/// A policy's etcd, if its ledger lies in one.
pub(crate) fn of(policy: &Policy) -> Option<&Etcd> {
    match &policy.ledger {
        LedgerPlace::Etcd(etcd) => Some(etcd),
        LedgerPlace::SharedData { .. } => None,
    }
}

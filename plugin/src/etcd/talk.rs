//! One load, look, swap or lease carried through as many calls as it needs: a token first where there is none, a lease before
//! a swap, each renewed at most once.
//!
//! An uncontended load is one call, and so is a swap, token and lease being there. Nothing is granted by any failure: what was
//! surely not sent or not done is [`Outcome::Failed`], and a swap of which nobody knows is [`Outcome::Unknown`].

use std::sync::Arc;

use tapgate_core::ledger::etcd::{
    AUTHORIZATION, Answer, Call, Credentials, Failure, Grant, Lease, Load, Look, MOST_BYTES, Swap, SwapAnswer, Token,
};
use tapgate_core::ledger::{Loaded, Put, RecordName, Version};
use tapgate_core::policy::{Etcd, Policy};
use tapgate_core::time::UnixSeconds;

use super::{Cluster, Clusters, of};
use crate::host;

/// What is wanted of etcd.
#[derive(Clone)]
pub(crate) enum Want {
    /// A record; its ledger is begun if it has not begun.
    Load(RecordName),
    /// A record, and nothing written.
    Look(RecordName),
    /// A record written, or the policy amended.
    Swap {
        /// What the ledger had besides by which this was decided.
        began: Began,
        /// What must stand.
        expected: Option<Version>,
        /// What to write.
        put: Put,
    },
    /// A lease for the next hour.
    Lease,
}

/// What a swap is decided by besides its record.
#[derive(Clone, Copy)]
pub(crate) struct Began {
    /// When the ledger began.
    pub(crate) birth: UnixSeconds,
    /// Which version of what is amended of the policy stood.
    pub(crate) amended_in: Option<Version>,
}

/// What came of it.
pub(crate) enum Outcome {
    /// This is the record.
    Loaded(Box<Loaded>),
    /// There is no ledger to look into.
    NotBegun,
    /// The record stands as wanted.
    Swapped,
    /// Another stands.
    Lost(Box<Loaded>),
    /// Nobody knows whether the record stands as wanted.
    Unknown,
    /// There is a lease.
    Leased,
    /// Nothing was loaded, and nothing written.
    Failed,
}

/// A talk with a call out.
pub(crate) struct Talk {
    pub(crate) policy: Arc<Policy>,
    pub(crate) want: Want,
    /// The number of the call that is out.
    pub(crate) call: u32,
    /// When it was made.
    pub(crate) at: UnixSeconds,
    /// Its place among the questions about records.
    pub(crate) number: u64,
    asking: Asking,
    token_number: u64,
    /// Whether a token that etcd refused has been renewed.
    renewed: bool,
    /// Whether the ledger has to be begun.
    begins: bool,
    lease: Leasing,
}

/// Where a swap's lease comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leasing {
    /// From the worker, if it has one that serves.
    Shared,
    /// The worker's has ended: another.
    Wanted,
    /// It has been asked for once: from the worker, or none.
    Asked,
    /// None.
    Without,
}

enum Asking {
    Nothing,
    Token,
    Look(Look),
    Load(Load),
    Grant(Grant),
    Swap(Box<Swap>, Option<Lease>),
}

/// How a talk goes on.
pub(crate) enum Turn {
    /// A call is out.
    Waits(Box<Talk>),
    /// It is over.
    Over(Outcome),
}

impl Talk {
    /// Begins a talk by its first call.
    pub(crate) fn begin(policy: &Arc<Policy>, want: Want, clusters: &Clusters, now: UnixSeconds) -> Turn {
        let talk = Self {
            policy: Arc::clone(policy),
            want,
            call: 0,
            at: now,
            number: 0,
            asking: Asking::Nothing,
            token_number: 0,
            renewed: false,
            begins: false,
            lease: Leasing::Shared,
        };
        talk.ask(clusters, now)
    }

    /// Goes on with what its call came back with; `None` if with nothing that can be read.
    pub(crate) fn hear(mut self, sent: Option<&(u16, Vec<u8>)>, clusters: &Clusters, now: UnixSeconds) -> Turn {
        let policy = Arc::clone(&self.policy);
        let Some(etcd) = of(&policy) else { return Turn::Over(Outcome::Failed) };
        let answer = sent.map(|(status, body)| Answer { status: *status, body });
        let over = self.read(answer, &mut clusters.of(&policy, etcd).borrow_mut(), etcd.credentials.as_ref());
        over.map_or_else(|| self.ask(clusters, now), Turn::Over)
    }

    /// The most of an answer's body that is looked at: one byte too many is enough to know that it is too long.
    pub(crate) const MOST_ANSWER: usize = MOST_BYTES.saturating_add(1);

    fn ask(mut self, clusters: &Clusters, now: UnixSeconds) -> Turn {
        let policy = Arc::clone(&self.policy);
        let Some(etcd) = of(&policy) else { return Turn::Over(Outcome::Failed) };
        let cluster = clusters.of(&policy, etcd);
        let mut cluster = cluster.borrow_mut();
        self.asking = self.next(&cluster, etcd, now);
        (self.token_number, self.number) = (cluster.token_number, cluster.memory.number());
        match self.post(&cluster, etcd) {
            Some(call) => {
                (self.call, self.at) = (call, now);
                Turn::Waits(Box::new(self))
            }
            None => Turn::Over(Outcome::Failed),
        }
    }

    fn next(&self, cluster: &Cluster, etcd: &Etcd, now: UnixSeconds) -> Asking {
        if etcd.credentials.is_some() && cluster.token.is_none() {
            return Asking::Token;
        }
        match &self.want {
            Want::Load(name) if self.begins => Asking::Load(cluster.keyspace.load(name, now)),
            Want::Load(name) | Want::Look(name) => Asking::Look(cluster.keyspace.look(name)),
            Want::Lease => Asking::Grant(Grant::ahead(&self.policy, now)),
            Want::Swap { began, expected, put: Put::Amendment(amendment) } => {
                let swap = cluster.keyspace.amend(&self.policy.tenant, began.birth, *expected, amendment);
                Asking::Swap(Box::new(swap), None)
            }
            Want::Swap { began, expected, put: Put::Record(name, record) } => {
                let shared = cluster.lease.filter(|lease| self.lease != Leasing::Without && lease.serves(record, now));
                if self.lease == Leasing::Wanted || (shared.is_none() && self.lease == Leasing::Shared) {
                    return Asking::Grant(Grant::new(&self.policy, record, now));
                }
                let swap = cluster.keyspace.swap(name, began.birth, *expected, record, shared.as_ref());
                Asking::Swap(Box::new(swap.amended_in(began.amended_in)), shared)
            }
        }
    }

    fn post(&self, cluster: &Cluster, etcd: &Etcd) -> Option<u32> {
        let call: Call = match &self.asking {
            Asking::Nothing => return None,
            Asking::Token => etcd.credentials.as_ref()?.call(),
            Asking::Look(look) => look.call(),
            Asking::Load(load) => load.call(),
            Asking::Grant(grant) => grant.call(),
            Asking::Swap(swap, _) => swap.call(),
        };
        let mut headers = vec![
            (":method", "POST"),
            (":path", call.path),
            (":authority", etcd.authority.as_str()),
            ("content-type", "application/json"),
        ];
        if let Some(token) = cluster.token.as_ref().filter(|_| !matches!(self.asking, Asking::Token)) {
            headers.push((AUTHORIZATION, Token::header_value(token)));
        }
        host::call(&etcd.cluster, &headers, Some(&call.body), etcd.timeout_in_milliseconds).ok()
    }

    /// Reads an answer. `None` if there is more to ask.
    fn read(
        &mut self,
        answer: Option<Answer<'_>>,
        cluster: &mut Cluster,
        credentials: Option<&Credentials>,
    ) -> Option<Outcome> {
        match (std::mem::replace(&mut self.asking, Asking::Nothing), answer) {
            (Asking::Swap(..), None) => Some(Outcome::Unknown),
            (Asking::Grant(_), None) => self.without_lease(),
            (Asking::Nothing | Asking::Token | Asking::Look(_) | Asking::Load(_), None) | (Asking::Nothing, _) => {
                Some(Outcome::Failed)
            }
            (Asking::Token, Some(answer)) => match credentials.map(|credentials| credentials.read(answer)) {
                Some(Ok(token)) => {
                    cluster.token = Some(token);
                    cluster.token_number = cluster.token_number.saturating_add(1);
                    None
                }
                _ => Some(Outcome::Failed),
            },
            (Asking::Look(look), Some(answer)) => match look.read(answer) {
                Ok(Some(loaded)) => Some(Outcome::Loaded(Box::new(loaded))),
                Ok(None) if matches!(self.want, Want::Load(_)) => {
                    self.begins = true;
                    None
                }
                Ok(None) => Some(Outcome::NotBegun),
                Err(Failure::Unauthenticated) => self.renew(cluster, credentials),
                Err(Failure::Unavailable) => Some(Outcome::Failed),
            },
            (Asking::Load(load), Some(answer)) => match load.read(answer) {
                Ok(loaded) => Some(Outcome::Loaded(Box::new(loaded))),
                Err(Failure::Unauthenticated) => self.renew(cluster, credentials),
                Err(Failure::Unavailable) => Some(Outcome::Failed),
            },
            (Asking::Grant(grant), Some(answer)) => match grant.read(answer) {
                Ok(lease) => {
                    (cluster.lease, cluster.leased_at) = (Some(lease), Some(self.at));
                    self.leased()
                }
                Err(Failure::Unauthenticated) => self.renew(cluster, credentials),
                Err(Failure::Unavailable) => self.without_lease(),
            },
            (Asking::Swap(swap, lease), Some(answer)) => self.swapped(swap.read(answer), lease, cluster, credentials),
        }
    }

    fn swapped(
        &mut self,
        answer: SwapAnswer,
        lease: Option<Lease>,
        cluster: &mut Cluster,
        credentials: Option<&Credentials>,
    ) -> Option<Outcome> {
        match answer {
            SwapAnswer::Swapped => Some(Outcome::Swapped),
            SwapAnswer::Lost(loaded) => Some(Outcome::Lost(loaded)),
            SwapAnswer::Unknown => Some(Outcome::Unknown),
            SwapAnswer::Refused => Some(Outcome::Failed),
            SwapAnswer::Unauthenticated => self.renew(cluster, credentials),
            SwapAnswer::LeaseGone => {
                if lease.is_none() {
                    return Some(Outcome::Failed);
                }
                if cluster.lease == lease {
                    cluster.lease = None;
                }
                self.lease = if self.lease == Leasing::Shared { Leasing::Wanted } else { Leasing::Without };
                None
            }
        }
    }

    /// etcd does not take the token: another, once.
    fn renew(&mut self, cluster: &mut Cluster, credentials: Option<&Credentials>) -> Option<Outcome> {
        if credentials.is_none() || std::mem::replace(&mut self.renewed, true) {
            return Some(Outcome::Failed);
        }
        if cluster.token_number == self.token_number {
            cluster.token = None;
        }
        None
    }

    fn leased(&mut self) -> Option<Outcome> {
        self.lease = Leasing::Asked;
        matches!(self.want, Want::Lease).then_some(Outcome::Leased)
    }

    /// There is no lease: a record may be kept for ever rather than its person be refused.
    fn without_lease(&mut self) -> Option<Outcome> {
        self.lease = Leasing::Asked;
        matches!(self.want, Want::Lease).then_some(Outcome::Failed)
    }
}

//! The ledger: the shared record of what has happened to passes (section 7). One record per tenant and user, every
//! change one compare-and-swap on it, and nothing granted on an error.
//!
//! The rules never call a ledger. They yield a [`Step`] and are given the answer; who keeps the records, and where, is
//! the caller's business: [`bucket`] packs them for a proxy's shared data, [`etcd`] says what to ask an etcd cluster and what
//! its answers mean, [`Memory`] keeps them for tests and tools.

mod amendment;
mod attempt;
pub mod bucket;
mod check;
mod codec;
pub mod etcd;
pub mod event;
mod memory;
mod record;

pub use amendment::Amendment;
pub use attempt::{Attempt, Loading, MOST_TRIES, Next, Swapping};
pub use check::{Check, Purpose};
pub use event::{
    Change, Compared, Complete, Completion, Event, Guess, Guessed, Issue, Issued, KeyedRequest, PassRevoked,
    PresentedPass, Revoke, RevokePass, SignIn, SignOut, SignedIn, Withdraw, Write,
};
pub use memory::Memory;
pub use record::{
    Guesses, HolderHash, IssuedCode, IssuingRequest, MOST_REQUESTS, MOST_SESSIONS, Record, Reservation, SessionEntry,
    StandingPass,
};

use std::sync::Arc;

use crate::context::Context;
use crate::digest;
use crate::directory::{self, By, Found, Known};
use crate::names::{Identity, TenantId, UserName};
use crate::policy::Policy;
use crate::time::UnixSeconds;

/// A record's name: SHA-256 over tenant and identity. No key, policy or version enters it (7.1a).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordName([u8; 32]);

impl RecordName {
    /// The name of a user's record.
    #[must_use]
    pub fn of(tenant: &TenantId, identity: &Identity) -> Self {
        let fields = [b"tapgate-ledger-1", tenant.as_str().as_bytes(), identity.as_str().as_bytes()];
        Self(digest::sha256(&fields))
    }

    /// A name that no user's record has, for whoever wants only what comes with every record.
    #[must_use]
    pub fn of_nobody(tenant: &TenantId) -> Self {
        Self(digest::sha256(&[b"tapgate-ledger-1", tenant.as_str().as_bytes()]))
    }

    /// Its 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// In hexadecimal, as it stands in a key of etcd's.
impl std::fmt::Display for RecordName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&digest::hex(&self.0))
    }
}

/// Which version of a record was read; only its keeper knows what the number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u64);

impl Version {
    /// The version that no record ever has: a swap that expects it is lost, and costs what any other does (7.7).
    pub const NEVER: Self = Self(i64::MAX.unsigned_abs());
}

/// What a ledger answers to a load.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Loaded {
    /// When this tenant's ledger began.
    pub birth: UnixSeconds,
    /// What is amended of this tenant's policy, if it ever was, and that entry's version.
    pub amendment: Option<(Amendment, Version)>,
    /// The record and its version, if there is one.
    pub record: Option<(Record, Version)>,
}

impl Loaded {
    /// A ledger that began then, with nothing in it.
    #[must_use]
    pub fn empty(birth: UnixSeconds) -> Self {
        Self { birth, amendment: None, record: None }
    }

    /// What is amended of the policy.
    #[must_use]
    pub fn amendment(&self) -> Option<&Amendment> {
        self.amendment.as_ref().map(|(amendment, _)| amendment)
    }

    /// Which version of that it is.
    #[must_use]
    pub fn amended_in(&self) -> Option<Version> {
        self.amendment.as_ref().map(|(_, version)| *version)
    }
}

/// What a ledger answers to a swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SwapReply {
    /// The record stands as given.
    Swapped,
    /// Another version stood: nothing was written.
    Lost,
    /// Nobody knows whether it was written.
    Unknown,
    /// Not written, and there is no use in trying again: the ledger is full, or down.
    Refused,
}

/// The ledger did not answer, or its answer made no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Unavailable;

/// What a rule needs next on its way to a `D`.
pub enum Step<D> {
    /// A record.
    Load(Load<D>),
    /// A record swapped, or the policy amended.
    Swap(Swap<D>),
    /// Somebody looked up in the directory.
    Ask(Ask<D>),
    /// Nothing.
    Done(D),
}

type Then<A, D> = Box<dyn FnOnce(A, &mut Context<'_>) -> Step<D>>;

/// A rule that waits for a record. Only a loaded record, or the lack of one, can answer it.
pub struct Load<D> {
    /// Whose ledger.
    pub policy: Arc<Policy>,
    /// Which record.
    pub name: RecordName,
    /// What for.
    pub purpose: Purpose,
    then: Then<Result<Loaded, Unavailable>, D>,
}

/// A rule that waits for the directory. Only the answer about this name, or the lack of one, can answer it.
pub struct Ask<D> {
    /// Whose directory.
    pub policy: Arc<Policy>,
    /// Who is looked for.
    pub name: UserName,
    /// By what.
    pub by: By,
    then: Then<Result<Option<Known>, directory::Unavailable>, D>,
}

/// A rule that waits for a swap.
pub struct Swap<D> {
    /// Whose ledger.
    pub policy: Arc<Policy>,
    /// The version that must stand; `None` if none may.
    pub expected: Option<Version>,
    /// What to write, and where.
    pub put: Put,
    then: Then<SwapReply, D>,
}

/// What a swap writes, and by that where.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Put {
    /// The record of this name.
    Record(RecordName, Box<Record>),
    /// What is amended of the policy.
    Amendment(Amendment),
}

impl<D: 'static> Step<D> {
    /// Goes on to an `E` once there is a `D`.
    pub(crate) fn and_then<E>(
        self,
        next: impl FnOnce(D, &mut Context<'_>) -> Step<E> + 'static,
        context: &mut Context<'_>,
    ) -> Step<E> {
        match self {
            Self::Done(done) => next(done, context),
            Self::Load(Load { policy, name, purpose, then }) => {
                let then = Box::new(|loaded, context: &mut Context<'_>| then(loaded, context).and_then(next, context));
                Step::Load(Load { policy, name, purpose, then })
            }
            Self::Swap(Swap { policy, expected, put, then }) => {
                let then = Box::new(|reply, context: &mut Context<'_>| then(reply, context).and_then(next, context));
                Step::Swap(Swap { policy, expected, put, then })
            }
            Self::Ask(Ask { policy, name, by, then }) => {
                let then = Box::new(|known, context: &mut Context<'_>| then(known, context).and_then(next, context));
                Step::Ask(Ask { policy, name, by, then })
            }
        }
    }
}

impl<D> Load<D> {
    /// Goes on with what was loaded.
    pub fn answer(self, loaded: Result<Loaded, Unavailable>, context: &mut Context<'_>) -> Step<D> {
        (self.then)(loaded, context)
    }
}

impl<D> Ask<D> {
    /// Goes on with whom the directory knows.
    pub fn answer(self, known: Result<Option<Known>, directory::Unavailable>, context: &mut Context<'_>) -> Step<D> {
        (self.then)(known, context)
    }
}

impl<D> Swap<D> {
    /// Goes on with the swap's reply.
    pub fn answer(self, reply: SwapReply, context: &mut Context<'_>) -> Step<D> {
        (self.then)(reply, context)
    }
}

/// Finds out who is called so: at once where the policy's directory is at hand.
pub(crate) fn find<D>(
    policy: &Arc<Policy>,
    name: UserName,
    by: By,
    then: impl FnOnce(Result<Option<Known>, directory::Unavailable>, &mut Context<'_>) -> Step<D> + 'static,
    context: &mut Context<'_>,
) -> Step<D> {
    match policy.directory.find(&name) {
        Found::AtHand(known) => then(Ok(known), context),
        Found::Elsewhere(scim) => {
            let says_all_roles = scim.says_all_roles;
            let then = move |known: Result<Option<Known>, directory::Unavailable>, context: &mut Context<'_>| {
                then(known.map(|known| known.map(|known| known.with_roles_said(says_all_roles))), context)
            };
            Step::Ask(Ask { policy: Arc::clone(policy), name, by, then: Box::new(then) })
        }
    }
}

/// Amends a policy.
pub(crate) fn amend<D>(
    policy: Arc<Policy>,
    expected: Option<Version>,
    amendment: Amendment,
    then: impl FnOnce(SwapReply, &mut Context<'_>) -> Step<D> + 'static,
) -> Step<D> {
    Step::Swap(Swap { policy, expected, put: Put::Amendment(amendment), then: Box::new(then) })
}

/// Loads a record.
pub(crate) fn load<D>(
    policy: Arc<Policy>,
    name: RecordName,
    purpose: Purpose,
    then: impl FnOnce(Result<Loaded, Unavailable>, &mut Context<'_>) -> Step<D> + 'static,
) -> Step<D> {
    Step::Load(Load { policy, name, purpose, then: Box::new(then) })
}

/// Carries an attempt through as many steps as it needs. Where `overtaken` has an outcome for what was loaded anew, it has come to
/// that: what an event was decided by besides its record may have changed meanwhile.
pub(crate) fn carry_out<E, D>(
    policy: Arc<Policy>,
    next: Next<E>,
    mut overtaken: impl FnMut(&Loaded) -> Option<Result<E::Outcome, Unavailable>> + 'static,
    then: impl FnOnce(Result<E::Outcome, Unavailable>, &mut Context<'_>) -> Step<D> + 'static,
    context: &mut Context<'_>,
) -> Step<D>
where
    E: Event + 'static,
    D: 'static,
{
    match next {
        Next::Done(outcome) => then(outcome, context),
        Next::Load(loading) => {
            let name = *loading.name();
            load(Arc::clone(&policy), name, Purpose::Change, move |loaded, context| {
                let next = match loaded.as_ref().ok().and_then(&mut overtaken) {
                    Some(outcome) => Next::Done(outcome),
                    None => loading.answer(loaded, context.now),
                };
                carry_out(policy, next, overtaken, then, context)
            })
        }
        Next::Swap(swapping) => Step::Swap(Swap {
            policy: Arc::clone(&policy),
            expected: swapping.expected(),
            put: Put::Record(*swapping.name(), Box::new(swapping.record().clone())),
            then: Box::new(move |reply, context| {
                let next = swapping.answer(reply);
                carry_out(policy, next, overtaken, then, context)
            }),
        }),
    }
}

/// Carries a step through with a ledger that answers at once.
pub fn settle<D>(mut step: Step<D>, ledger: &mut dyn Ledger, context: &mut Context<'_>) -> D {
    loop {
        step = match step {
            Step::Done(done) => return done,
            Step::Load(load) => {
                let loaded = ledger.load(&load.policy, &load.name, context.now);
                load.answer(loaded, context)
            }
            Step::Swap(swap) => {
                let reply = ledger.swap(&swap.policy, swap.expected, &swap.put, context.now);
                swap.answer(reply, context)
            }
            Step::Ask(ask) => {
                let known = ledger.find(&ask.policy, &ask.name, ask.by);
                ask.answer(known, context)
            }
        };
    }
}

/// A ledger that answers at once.
pub trait Ledger {
    /// Reads a record.
    ///
    /// # Errors
    /// [`Unavailable`] if it cannot be read or makes no sense.
    fn load(&mut self, policy: &Policy, name: &RecordName, now: UnixSeconds) -> Result<Loaded, Unavailable>;

    /// Writes it if `expected` stands there (`None`: if nothing does).
    fn swap(&mut self, policy: &Policy, expected: Option<Version>, put: &Put, now: UnixSeconds) -> SwapReply;

    /// Looks somebody up in a directory that has to be asked. Nobody answers unless whoever keeps the ledger can do that too.
    ///
    /// # Errors
    /// [`directory::Unavailable`] if it cannot be asked.
    fn find(&mut self, _policy: &Policy, _name: &UserName, _by: By) -> Result<Option<Known>, directory::Unavailable> {
        Err(directory::Unavailable)
    }
}

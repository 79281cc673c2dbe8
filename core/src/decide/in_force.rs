//! A record, and with it what the policy says of passes now: the ledger tells both at once (11.3).

use std::sync::Arc;

use super::{Decision, Head, ResponseDecision, event};
use crate::audit::{AuditEvent, Kind, Outcome};
use crate::context::Context;
use crate::ledger::{self, Event, Loaded, Loading, Next, Purpose, RecordName, Step, Unavailable};
use crate::policy::{InForce, Policy};

/// What a load brought.
pub(super) struct Found {
    pub(super) loaded: Loaded,
    pub(super) in_force: InForce,
}

/// A decision that operators can be told something besides with.
pub(super) trait Noting {
    fn noting(self, notice: AuditEvent) -> Self;
}

impl Noting for Decision {
    fn noting(self, notice: AuditEvent) -> Self {
        self.audited(notice)
    }
}

impl Noting for Head {
    fn noting(self, notice: AuditEvent) -> Self {
        match self {
            Self::Decided(decision) => Self::Decided(decision.audited(notice)),
            // No body is awaited once a record has been loaded.
            Self::Body(_) => self,
        }
    }
}

impl Noting for ResponseDecision {
    fn noting(mut self, notice: AuditEvent) -> Self {
        self.audit.push(notice);
        self
    }
}

/// Loads a record as it stands. That its amendment is void, operators are told once.
pub(super) fn load<D: Noting + 'static>(
    policy: Arc<Policy>,
    name: RecordName,
    then: impl FnOnce(Result<Found, Unavailable>, &mut Context<'_>) -> Step<D> + 'static,
) -> Step<D> {
    ledger::load(Arc::clone(&policy), name, Purpose::Change, move |loaded, context| {
        let Ok(loaded) = loaded else { return then(Err(Unavailable), context) };
        let in_force = policy.in_force(loaded.amendment());
        let notice = notice(&in_force, context);
        let step = then(Ok(Found { loaded, in_force }), context);
        match notice {
            Some(notice) => step.and_then(|done, _| Step::Done(done.noting(notice)), context),
            None => step,
        }
    })
}

/// Carries an attempt out as the policy has it. `judge` is asked with every load, for an amendment may have come between two of
/// them, and what it says stands in the event's place.
pub(super) fn carry_out<E, D>(
    policy: &Arc<Policy>,
    loading: Loading<E>,
    mut judge: impl FnMut(&InForce) -> Option<E::Outcome> + 'static,
    then: impl FnOnce(Result<E::Outcome, Unavailable>, &mut Context<'_>) -> Step<D> + 'static,
) -> Step<D>
where
    E: Event + 'static,
    D: Noting + 'static,
{
    let owner = Arc::clone(policy);
    load(Arc::clone(policy), *loading.name(), move |found, context| {
        let Ok(Found { loaded, in_force }) = found else { return then(Err(Unavailable), context) };
        let next = match judge(&in_force) {
            Some(outcome) => Next::Done(Ok(outcome)),
            None => loading.answer(Ok(loaded), context.now),
        };
        let policy = Arc::clone(&owner);
        let overtaken = move |loaded: &Loaded| judge(&owner.in_force(loaded.amendment())).map(Ok);
        ledger::carry_out(policy, next, overtaken, then, context)
    })
}

fn notice(in_force: &InForce, context: &Context<'_>) -> Option<AuditEvent> {
    let void = in_force.void_to_report()?;
    Some(event(in_force.policy(), context, Kind::PolicyChange, Outcome::Ignored(void.name())))
}

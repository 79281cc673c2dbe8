//! A record, and with it what the policy says of passes now: the ledger tells both at once (11.3).

use std::sync::Arc;

use super::event;
use crate::audit::{AuditEvent, Kind, Outcome};
use crate::context::Context;
use crate::ledger::{self, Loaded, Purpose, RecordName, Step, Unavailable};
use crate::policy::{InForce, Policy};

/// What a load brought.
pub(super) struct Found {
    pub(super) loaded: Loaded,
    pub(super) in_force: InForce,
}

/// Loads a record.
pub(super) fn load<D>(
    policy: Arc<Policy>,
    name: RecordName,
    purpose: Purpose,
    then: impl FnOnce(Result<Found, Unavailable>, &mut Context<'_>) -> Step<D> + 'static,
) -> Step<D> {
    ledger::load(Arc::clone(&policy), name, purpose, move |loaded, context| {
        then(loaded.map(|loaded| Found { in_force: policy.in_force(loaded.amendment()), loaded }), context)
    })
}

/// What operators are told of an amendment that is void, once.
pub(super) fn notice(in_force: &InForce, context: &Context<'_>) -> Option<AuditEvent> {
    let void = in_force.void_to_report()?;
    Some(event(in_force.policy(), context, Kind::PolicyChange, Outcome::Ignored(void.name())))
}

//! A pass that was issued here ends: whether anybody has used it.

use std::sync::Arc;

use super::event;
use crate::audit::{AuditEvent, Kind, Outcome, Who};
use crate::ledger::{self, Purpose, RecordName, Step, Unavailable};
use crate::names::{Identity, PassId};
use crate::policy::Policy;

/// What operators are told once a user's pass has ended: something if it stands and was never used. A pass that was replaced or taken
/// back has been told of.
///
/// # Errors
/// [`Unavailable`] if the ledger does not say.
pub fn expired(
    policy: &Arc<Policy>,
    identity: Identity,
    pass: PassId,
) -> Step<Result<Option<AuditEvent>, Unavailable>> {
    let owner = Arc::clone(policy);
    let name = RecordName::of(&policy.tenant, &identity);
    ledger::load(Arc::clone(policy), name, Purpose::Change, move |loaded, context| {
        Step::Done(loaded.map(|loaded| {
            let standing = loaded.record.and_then(|(record, _)| record.pass);
            let unused = standing.is_some_and(|standing| standing.id == pass && !standing.presented);
            unused.then(|| AuditEvent {
                who: Who::User(identity),
                pass: Some(pass),
                ..event(&owner, context, Kind::PassExpire, Outcome::Done)
            })
        }))
    })
}

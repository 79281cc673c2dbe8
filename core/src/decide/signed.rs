//! A signed pass is presented: against keys, claims, policy and ledger, in that order (3.4).

use std::sync::Arc;

use super::asked::Asked;
use super::begin::{self, Beginning};
use super::presented::Presented;
use super::{Decision, event, internal, refusals};
use crate::audit::{AuditEvent, Kind, Outcome, Who};
use crate::context::Context;
use crate::ledger::{self, Attempt, PresentedPass, RecordName, Step};
use crate::names::{AttemptId, PassId};
use crate::pass::{Expected, SignedPass};
use crate::path::ReturnTo;
use crate::policy::{Admitted, Policy};
use crate::random::NoEntropy;
use crate::refusal::Refusal;

/// Decides about a signed pass.
pub(super) fn present(
    policy: &Arc<Policy>,
    asked: Asked,
    presented: Presented,
    context: &mut Context<'_>,
) -> Step<Decision> {
    let admitted = match admit(policy, &presented, context) {
        Ok(admitted) => admitted,
        Err(Refused { refusal, who, pass }) => {
            let event = AuditEvent { who, pass, ..event(policy, context, Kind::SignIn, Outcome::Refused(refusal)) };
            let reply = refusals::of_sign_in(policy, &asked, refusal, presented.return_to.as_ref());
            return Step::Done(Decision::reply(reply).audited(event));
        }
    };
    match redeem(policy, asked, admitted, presented.return_to, context) {
        Ok(step) => step,
        Err(NoEntropy) => Step::Done(internal(policy, context)),
    }
}

/// A refusal, and what the log may say of the person.
struct Refused {
    refusal: Refusal,
    who: Who,
    /// The pass's id, if it is authentic.
    pass: Option<PassId>,
}

fn admit(policy: &Policy, presented: &Presented, context: &Context<'_>) -> Result<Admitted, Refused> {
    let typed = || presented.who(policy);
    let neutral = |refusal| Refused { refusal, who: typed(), pass: None };
    let expected = Expected { issuer: &policy.issuer, audience: &policy.audience };
    let signed = SignedPass::new(presented.pass.as_bytes());
    let pass = signed.authenticate(&policy.pass_keys, expected).map_err(neutral)?;
    let id = pass.id.clone();
    let identity = policy.directory.resolve(&pass.user);
    policy.admit(pass, presented.user.as_deref(), context.now).map_err(|refusal| {
        let who = identity.map_or_else(typed, Who::User);
        Refused { refusal, who, pass: Some(id) }
    })
}

/// Redeems an admitted pass in the ledger: the only step that can tell one holder from two.
fn redeem(
    policy: &Arc<Policy>,
    asked: Asked,
    admitted: Admitted,
    return_to: Option<ReturnTo>,
    context: &mut Context<'_>,
) -> Result<Step<Decision>, NoEntropy> {
    let Admitted { pass, identity } = admitted;
    let presented = PresentedPass {
        id: pass.id,
        issued: pass.issued,
        start: pass.start,
        end: pass.end,
        once: pass.once,
        typed: false,
    };
    let name = RecordName::of(&policy.tenant, &identity);
    let Beginning { event, newcomer } =
        begin::begin(policy, &asked, presented, (identity, pass.groups), return_to, context)?;
    let attempt = AttemptId::from_bytes(context.random.bytes()?);
    let next = ledger::Next::Load(Attempt::begin(attempt, name, event));
    let owner = Arc::clone(policy);
    let finish = move |outcome, context: &mut Context<'_>| {
        Step::Done(match outcome {
            Ok(Ok(signed_in)) => newcomer.let_in(&owner, &asked, signed_in, context),
            Ok(Err(refusal)) => newcomer.refuse(&owner, &asked, refusal, context),
            Err(_) => newcomer.refuse(&owner, &asked, Refusal::LedgerUnavailable, context),
        })
    };
    Ok(ledger::carry_out(Arc::clone(policy), next, finish, context))
}

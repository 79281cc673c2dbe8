//! A signed pass is presented: against keys, claims, policy and ledger, in that order (3.4).

use std::sync::Arc;

use super::asked::Asked;
use super::begin::{self, Beginning};
use super::in_force;
use super::presented::Presented;
use super::{Decision, event, internal, refusals};
use crate::audit::{AuditEvent, Kind, Outcome, Who};
use crate::context::Context;
use crate::ledger::{Attempt, PresentedPass, RecordName, Step, Unavailable};
use crate::names::{AttemptId, PassId};
use crate::pass::{Expected, SignedPass};
use crate::path::ReturnTo;
use crate::policy::{Claimed, InForce, Policy};
use crate::random::NoEntropy;
use crate::refusal::Refusal;

/// Decides about a signed pass.
pub(super) fn present(
    policy: &Arc<Policy>,
    asked: Asked,
    presented: Presented,
    context: &mut Context<'_>,
) -> Step<Decision> {
    let claimed = match claim(policy, &presented, context) {
        Ok(claimed) => claimed,
        Err(Refused { refusal, who, pass }) => {
            let event = AuditEvent { who, pass, ..event(policy, context, Kind::SignIn, Outcome::Refused(refusal)) };
            let reply = refusals::of_sign_in(policy, &asked, refusal, presented.return_to.as_ref());
            return Step::Done(Decision::reply(reply).audited(event));
        }
    };
    match redeem(policy, asked, claimed, presented.return_to, context) {
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

fn claim(policy: &Policy, presented: &Presented, context: &Context<'_>) -> Result<Claimed, Refused> {
    let typed = || presented.who(policy);
    let neutral = |refusal| Refused { refusal, who: typed(), pass: None };
    let expected = Expected { issuer: &policy.issuer, audience: &policy.audience };
    let signed = SignedPass::new(presented.pass.as_bytes());
    let pass = signed.authenticate(&policy.pass_keys, expected).map_err(neutral)?;
    let id = pass.id.clone();
    let identity = policy.directory.resolve(&pass.user);
    policy.claim(pass, presented.user.as_deref(), context.now).map_err(|refusal| {
        let who = identity.map_or_else(typed, Who::User);
        Refused { refusal, who, pass: Some(id) }
    })
}

/// Redeems a claimed pass, if the policy lets it in, in the ledger: the only step that can tell one holder from two.
fn redeem(
    policy: &Arc<Policy>,
    asked: Asked,
    claimed: Claimed,
    return_to: Option<ReturnTo>,
    context: &mut Context<'_>,
) -> Result<Step<Decision>, NoEntropy> {
    let Claimed { pass, identity } = &claimed;
    let presented = PresentedPass {
        id: pass.id.clone(),
        issued: pass.issued,
        start: pass.start,
        end: pass.end,
        once: pass.once,
        typed: false,
    };
    let name = RecordName::of(&policy.tenant, identity);
    let person = (identity.clone(), pass.groups.clone());
    let Beginning { event, newcomer } = begin::begin(policy, &asked, presented, person, return_to, context)?;
    let id = AttemptId::from_bytes(context.random.bytes()?);
    let owner = Arc::clone(policy);
    let judge = move |in_force: &InForce| in_force.admit(&claimed).err().map(Err);
    Ok(in_force::carry_out(policy, Attempt::begin(id, name, event), judge, move |outcome, context| {
        Step::Done(match outcome {
            Ok(Ok(signed_in)) => newcomer.let_in(&owner, &asked, signed_in, context),
            Ok(Err(refusal)) => newcomer.refuse(&owner, &asked, refusal, context),
            Err(Unavailable) => newcomer.refuse(&owner, &asked, Refusal::LedgerUnavailable, context),
        })
    }))
}

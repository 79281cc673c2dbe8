//! A signed pass is presented: against keys, claims, directory, policy and ledger, in that order (3.4).

use std::sync::Arc;

use super::asked::Asked;
use super::begin::{self, Beginning};
use super::in_force;
use super::presented::Presented;
use super::{Decision, event, internal, refusals};
use crate::audit::{AuditEvent, Kind, Outcome, Who};
use crate::context::Context;
use crate::directory::{By, Known, Unavailable};
use crate::ledger::{self, Attempt, PresentedPass, RecordName, Step};
use crate::names::{AttemptId, PassId};
use crate::pass::{AuthenticPass, Expected, SignedPass};
use crate::path::ReturnTo;
use crate::policy::{Claimed, InForce, Policy};
use crate::random::NoEntropy;
use crate::refusal::Refusal;
use crate::time::UnixSeconds;

/// Decides about a signed pass.
pub(super) fn present(
    policy: &Arc<Policy>,
    asked: Asked,
    presented: Presented,
    context: &mut Context<'_>,
) -> Step<Decision> {
    let pass = match authenticate(policy, &presented) {
        Ok(pass) => pass,
        Err(refused) => return refuse(policy, &asked, &presented, refused, context),
    };
    let (owner, name) = (Arc::clone(policy), pass.user.clone());
    let then = move |known, context: &mut Context<'_>| {
        let claimed = match claim(&owner, pass, known, &presented, context.now) {
            Ok(claimed) => claimed,
            Err(refused) => return refuse(&owner, &asked, &presented, refused, context),
        };
        match redeem(&owner, asked, claimed, presented.return_to, context) {
            Ok(step) => step,
            Err(NoEntropy) => Step::Done(internal(&owner, context)),
        }
    };
    ledger::find(policy, name, By::NameOrId, then, context)
}

/// A refusal, and what the log may say of the person.
struct Refused {
    refusal: Refusal,
    who: Who,
    /// The pass's id, if it is authentic.
    pass: Option<PassId>,
}

fn refuse(
    policy: &Policy,
    asked: &Asked,
    presented: &Presented,
    Refused { refusal, who, pass }: Refused,
    context: &Context<'_>,
) -> Step<Decision> {
    let event = AuditEvent { who, pass, ..event(policy, context, Kind::SignIn, Outcome::Refused(refusal)) };
    let reply = refusals::of_sign_in(policy, asked, refusal, presented.return_to.as_ref());
    Step::Done(Decision::reply(reply).audited(event))
}

fn authenticate(policy: &Policy, presented: &Presented) -> Result<AuthenticPass, Refused> {
    let expected = Expected { issuer: &policy.issuer, audience: &policy.audience };
    let signed = SignedPass::new(presented.pass.as_bytes());
    let neutral = |refusal| Refused { refusal, who: presented.who(policy), pass: None };
    signed.authenticate(&policy.pass_keys, expected).map_err(neutral)
}

fn claim(
    policy: &Policy,
    pass: AuthenticPass,
    known: Result<Option<Known>, Unavailable>,
    presented: &Presented,
    now: UnixSeconds,
) -> Result<Claimed, Refused> {
    let id = Some(pass.id.clone());
    let known = match known {
        Ok(known) => known,
        Err(Unavailable) => {
            return Err(Refused { refusal: Refusal::DirectoryUnavailable, who: presented.who(policy), pass: id });
        }
    };
    let identity = known.as_ref().map(|known| known.identity.clone());
    policy.claim(pass, known, presented.user.as_deref(), now).map_err(|refusal| {
        let who = identity.map_or_else(|| presented.who(policy), Who::User);
        Refused { refusal, who, pass: id }
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
    let Claimed { pass, known } = &claimed;
    let identity = &known.identity;
    let presented = PresentedPass {
        id: pass.id.clone(),
        issued: pass.issued,
        start: pass.start,
        end: pass.end,
        once: pass.once,
        typed: false,
    };
    let name = RecordName::of(&policy.tenant, identity);
    let person = (identity.clone(), policy.carried_groups(known, pass.groups.as_ref()));
    let Beginning { event, newcomer } = begin::begin(policy, &asked, presented, person, return_to, context)?;
    let id = AttemptId::from_bytes(context.random.bytes()?);
    let owner = Arc::clone(policy);
    let judge = move |in_force: &InForce| in_force.admit(&claimed).err().map(Err);
    Ok(in_force::carry_out(policy, Attempt::begin(id, name, event), judge, move |outcome, context| {
        Step::Done(match outcome {
            Ok(Ok(signed_in)) => newcomer.let_in(&owner, &asked, signed_in, context),
            Ok(Err(refusal)) => newcomer.refuse(&owner, &asked, refusal, context),
            Err(ledger::Unavailable) => newcomer.refuse(&owner, &asked, Refusal::LedgerUnavailable, context),
        })
    }))
}

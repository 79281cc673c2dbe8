//! A code is typed (7.7). Whether its user exists, has a code, must wait or has guessed wrong: the ledger is asked the same
//! and the answer is the same. Only whoever knows the code learns more.

use std::sync::Arc;

use super::asked::Asked;
use super::begin::{self, Beginning, Newcomer};
use super::in_force::{self, Found};
use super::presented::Presented;
use super::{Decision, event, internal, refusals};
use crate::audit::{AuditEvent, Kind, Outcome, Who};
use crate::code::{Code, CodeLength, TypedCode};
use crate::context::Context;
use crate::directory::{By, Known, Unavailable};
use crate::ledger::{self, Attempt, Compared, Guess, Guessed, Loaded, PresentedPass, RecordName, StandingPass, Step};
use crate::names::{AttemptId, HolderId, Identity, PassId, UserName};
use crate::path::ReturnTo;
use crate::policy::{InForce, Policy, Terms};
use crate::random::NoEntropy;
use crate::refusal::Refusal;
use crate::time::UnixSeconds;

/// How often a code is compared anew because another pass, or another amendment, has come to stand meanwhile.
const MOST_COMPARISONS: u8 = 4;

/// Somebody who types a code.
struct Typing {
    policy: Arc<Policy>,
    asked: Asked,
    code: TypedCode,
    /// Who is called what was typed, or would be; and whether there is such a user.
    user: Known,
    is_known: bool,
    /// What the log may say of whoever does not know the code.
    who: Who,
    /// The holder id that the browser has not been told of yet.
    newly_held: Option<HolderId>,
    return_to: Option<ReturnTo>,
}

/// What a comparison has come to, and whom it would let in.
struct Verdict {
    compared: Compared,
    newcomer: Option<Newcomer>,
    /// The pass, if the code is its own.
    pass: Option<PassId>,
}

/// Decides about a typed code.
pub(super) fn present(
    policy: &Arc<Policy>,
    asked: Asked,
    presented: Presented,
    context: &mut Context<'_>,
) -> Step<Decision> {
    let who = presented.who(policy);
    let user = presented.user.as_deref().and_then(|user| user.parse::<UserName>().ok());
    let (Some(code), Some(user)) = (TypedCode::read(&presented.pass), user) else {
        // Nobody's code, whoever exists.
        let refusal = Refusal::UnknownCode;
        let event = AuditEvent { who, ..event(policy, context, Kind::SignIn, Outcome::Refused(refusal)) };
        let reply = refusals::of_sign_in(policy, &asked, refusal, presented.return_to.as_ref());
        return Step::Done(Decision::reply(reply).audited(event));
    };
    // Everybody gets one, whatever the code is: a redemption whose reply is lost must not lock its person out (7.3).
    let mut asked = asked;
    let newly_held = match asked.holder {
        Some(_) => None,
        None => match begin::new_holder(context) {
            Ok(holder) => Some(holder),
            Err(NoEntropy) => return Step::Done(internal(policy, context)),
        },
    };
    asked.holder = asked.holder.or(newly_held);
    let (owner, name) = (Arc::clone(policy), user.clone());
    let then = move |known: Result<Option<Known>, Unavailable>, context: &mut Context<'_>| {
        let answered = known.is_ok();
        // Whoever may not sign in is answered as somebody who does not exist.
        let known = known.unwrap_or_default().filter(|known| known.active);
        let typing = Typing {
            policy: owner,
            newly_held,
            asked,
            code,
            is_known: known.is_some(),
            user: known.unwrap_or_else(|| Known::of_open(&user)),
            who,
            return_to: presented.return_to,
        };
        if answered {
            typing.compare(MOST_COMPARISONS)
        } else {
            typing.refuse(Refusal::DirectoryUnavailable, None, context)
        }
    };
    ledger::find(policy, name, By::TypedName, then, context)
}

impl Typing {
    fn compare(self, comparisons_left: u8) -> Step<Decision> {
        let policy = Arc::clone(&self.policy);
        let name = RecordName::of(&policy.tenant, &self.user.identity);
        in_force::load(Arc::clone(&policy), name, move |found, context| {
            let Ok(found) = found else { return self.refuse(Refusal::LedgerUnavailable, None, context) };
            let Ok((verdict, id)) = self.judge(&found, context) else {
                return Step::Done(internal(&self.policy, context));
            };
            let Verdict { compared, newcomer, pass } = verdict;
            let guess = Guess { compared, longest_from_issue: policy.longest_from_issue() };
            let amended_in = found.loaded.amended_in();
            let next = Attempt::begin(id, name, guess).answer(Ok(found.loaded), context.now);
            let overtaken = move |loaded: &Loaded| (loaded.amended_in() != amended_in).then_some(Ok(Guessed::Stale));
            let finish = move |outcome, context: &mut Context<'_>| match (outcome, newcomer) {
                (Ok(Guessed::Redeemed(signed_in)), Some(newcomer)) => {
                    Step::Done(newcomer.let_in(&self.policy, &self.asked, signed_in, context))
                }
                (Ok(Guessed::Redeemed(_)), None) => Step::Done(internal(&self.policy, context)),
                (Ok(Guessed::Refused(refusal)), _) => self.refuse(refusal, pass, context),
                (Ok(Guessed::Wrong), _) => self.refuse(Refusal::UnknownCode, None, context),
                (Ok(Guessed::Waits), _) => self.refuse(Refusal::LockedOut, None, context),
                (Ok(Guessed::Stale), _) if comparisons_left > 1 => self.compare(comparisons_left.saturating_sub(1)),
                (Ok(Guessed::Stale) | Err(_), _) => self.refuse(Refusal::LedgerUnavailable, None, context),
            };
            ledger::carry_out(policy, next, overtaken, finish, context)
        })
    }

    /// Compares the code with that of the pass that stands. Where there is nothing to compare it with, or it must not be, it is
    /// compared all the same, with a code of nobody's.
    fn judge(&self, found: &Found, context: &mut Context<'_>) -> Result<(Verdict, AttemptId), NoEntropy> {
        let Found { loaded, in_force } = found;
        let id = AttemptId::from_bytes(context.random.bytes()?);
        let record = loaded.record.as_ref().map(|(record, _)| record).filter(|_| self.is_known);
        let standing = record.and_then(|record| Some((record, record.pass.as_ref()?)));
        let standing = standing.and_then(|(record, pass)| Some((record, pass, pass.code.as_ref()?)));
        let open = standing.filter(|(_, _, code)| code.guesses.are_open(context.now));
        let keys = &self.policy.gateway_keys;
        let derived = match open {
            Some((_, pass, code)) => Code::derive(keys, &code.key, &self.user.identity, &pass.id, code.length),
            None => nobodys(in_force, &self.user.identity),
        };
        let same = derived.is_some_and(|code| code.is(&self.code));
        let compared = |compared| Verdict { compared, newcomer: None, pass: None };
        let verdict = match standing {
            None if self.is_known => compared(Compared::NoCode),
            None => compared(Compared::NoUser),
            Some((record, pass, _)) if same && open.is_some() => self.right(record.floor, pass, in_force, context)?,
            Some((_, pass, _)) => compared(Compared::Wrong(pass.id.clone())),
        };
        Ok((verdict, id))
    }

    /// The code is right: what the policy says of its pass.
    fn right(
        &self,
        issued: UnixSeconds,
        pass: &StandingPass,
        in_force: &InForce,
        context: &mut Context<'_>,
    ) -> Result<Verdict, NoEntropy> {
        let terms = Terms { start: pass.start, end: pass.end, once: pass.once };
        let refused = |refusal| Verdict {
            compared: Compared::Right(pass.id.clone(), Err(refusal)),
            newcomer: None,
            pass: Some(pass.id.clone()),
        };
        if let Err(refusal) = in_force.admit_standing(terms, &self.user, context.now) {
            return Ok(refused(refusal));
        }
        let presented = PresentedPass {
            id: pass.id.clone(),
            issued,
            start: pass.start,
            end: pass.end,
            once: pass.once,
            typed: true,
        };
        let person = (self.user.identity.clone(), self.policy.carried_groups(&self.user, None));
        let Beginning { event, newcomer } =
            begin::begin(&self.policy, &self.asked, presented, person, self.return_to.clone(), context)?;
        Ok(Verdict {
            compared: Compared::Right(pass.id.clone(), Ok(Box::new(event))),
            newcomer: Some(newcomer),
            pass: Some(pass.id.clone()),
        })
    }

    /// `pass` is the pass whose code was right.
    fn refuse(self, refusal: Refusal, pass: Option<PassId>, context: &Context<'_>) -> Step<Decision> {
        let who = if pass.is_some() { Who::User(self.user.identity) } else { self.who };
        let outcome = Outcome::Refused(refusal);
        let event = AuditEvent { who, pass, ..event(&self.policy, context, Kind::SignIn, outcome) };
        let reply = refusals::of_sign_in(&self.policy, &self.asked, refusal, self.return_to.as_ref());
        let doubtful = self.newly_held.filter(|_| refusal == Refusal::LedgerUnavailable);
        let reply = reply.cookie(doubtful.map(|holder| begin::holder_cookie(&self.policy, holder)));
        Step::Done(Decision::reply(reply).audited(event))
    }
}

/// A code that nobody has, derived like any other.
fn nobodys(in_force: &InForce, identity: &Identity) -> Option<Code> {
    let keys = &in_force.policy().gateway_keys;
    let length = CodeLength::new(in_force.passes().default_length)?;
    Code::derive(keys, keys.code_key(), identity, &"-".parse().ok()?, length)
}

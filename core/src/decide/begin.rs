//! The session that a sign-in begins, if the ledger lets it: the same for a signed pass and a typed code (4.3).

use serde::Serialize;

use super::asked::Asked;
use super::{Decision, internal, refusals};
use crate::audit::{AuditEvent, Kind, Outcome};
use crate::context::Context;
use crate::cookie;
use crate::ledger::{self, PresentedPass, SignedIn};
use crate::names::{HolderId, Identity, SessionId};
use crate::pass::GroupTags;
use crate::path::ReturnTo;
use crate::policy::Policy;
use crate::random::NoEntropy;
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::session::{HOLDER_COOKIE, Session, State};
use crate::time::{Minutes, Seconds};

/// What is asked of the ledger, and whom it would let in.
pub(super) struct Beginning {
    pub(super) event: ledger::SignIn,
    pub(super) newcomer: Newcomer,
}

/// Somebody about to be let in.
pub(super) struct Newcomer {
    session: Session,
    holder: HolderId,
}

/// Prepares the sign-in of a user with a pass that has passed every check but the ledger's.
pub(super) fn begin(
    policy: &Policy,
    asked: &Asked,
    pass: PresentedPass,
    (identity, groups): (Identity, Option<GroupTags>),
    return_to: Option<ReturnTo>,
    context: &mut Context<'_>,
) -> Result<Beginning, NoEntropy> {
    let holder = match asked.holder {
        Some(holder) => holder,
        None => new_holder(context)?,
    };
    let id = SessionId::from_bytes(context.random.bytes()?);
    let session = Session {
        id,
        pass: pass.id.clone(),
        pass_end: pass.end,
        state: State::Registering,
        since: context.now,
        end: pass.end,
        groups,
        return_to,
        identity,
    };
    let event = ledger::SignIn {
        pass,
        session: id,
        holder: policy.gateway_keys.holder_hashes(&session.identity, holder.as_bytes()),
        window: Seconds::from(policy.registration.window),
        retries: policy.registration.retries,
        longest_from_issue: policy.longest_from_issue(),
    };
    Ok(Beginning { event, newcomer: Newcomer { session, holder } })
}

/// What a caller that asks for JSON is told of its new session (4.3).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SignedInBody<'a> {
    state: &'static str,
    user: &'a str,
    deadline: String,
    registration_url: &'a str,
}

impl Newcomer {
    /// The ledger lets them in.
    pub(super) fn let_in(
        self,
        policy: &Policy,
        asked: &Asked,
        SignedIn { since, deadline }: SignedIn,
        context: &Context<'_>,
    ) -> Decision {
        let session = Session { since, end: deadline, ..self.session };
        let Some(value) = session.to_cookie(policy) else { return internal(policy, context) };
        let page = policy.registration.page.as_str();
        let reply = if refusals::wants_json(asked) {
            let deadline = session.end.to_string();
            let body = SignedInBody {
                state: session.state.name(),
                user: session.identity.as_str(),
                deadline,
                registration_url: page,
            };
            Reply::json(200, &body)
        } else {
            Reply::see_other(page)
        };
        let reply = reply
            .cookie(Some(cookie::own(&policy.session.cookie, &value, session.kept_for(context.now))))
            .cookie(Some(holder_cookie(policy, self.holder)));
        Decision::reply(reply).audited(refusals::about(policy, context, Kind::SignIn, Outcome::Done, &session))
    }

    /// The ledger does not.
    pub(super) fn refuse(self, policy: &Policy, asked: &Asked, refusal: Refusal, context: &Context<'_>) -> Decision {
        let event = AuditEvent {
            // There is no such session: it was refused.
            session: None,
            ..refusals::about(policy, context, Kind::SignIn, Outcome::Refused(refusal), &self.session)
        };
        let reply = refusals::of_sign_in(policy, asked, refusal, self.session.return_to.as_ref());
        // The swap may have been carried out although nobody could say so: whoever comes again with this is its holder (7.3).
        let doubtful = refusal == Refusal::LedgerUnavailable && asked.holder.is_none();
        let reply = reply.cookie(doubtful.then(|| holder_cookie(policy, self.holder)));
        Decision::reply(reply).audited(event)
    }
}

/// 128 fresh bits for a browser that holds none.
pub(super) fn new_holder(context: &mut Context<'_>) -> Result<HolderId, NoEntropy> {
    context.random.bytes().map(HolderId::from_bytes)
}

/// The holder cookie, kept as long as a holder may need it.
pub(super) fn holder_cookie(policy: &Policy, holder: HolderId) -> String {
    let window = policy.registration.window;
    let keep = Minutes::new(window.get().saturating_add(60));
    cookie::own(HOLDER_COOKIE, &holder.to_string(), Seconds::from(keep))
}

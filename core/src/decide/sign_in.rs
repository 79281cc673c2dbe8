//! A sign-in: the body that carries a pass, the pass against keys, claims, policy and ledger in that order, and the
//! session that comes of it (sections 3 and 4).

use std::sync::Arc;

use serde::Serialize;

use super::answer::Stream;
use super::asked::Asked;
use super::presented::{NotOnePass, Presented};
use super::{Decision, MOST_BODY, Verdict, event, internal, refusals};
use crate::audit::{AuditEvent, Kind, Outcome, Who};
use crate::context::Context;
use crate::cookie;
use crate::headers::HeaderEdits;
use crate::ledger::{self, Attempt, PresentedPass, RecordName, SignedIn, Step};
use crate::names::{AttemptId, HolderId, PassId, SessionId, UserName};
use crate::pass::{Expected, SignedPass};
use crate::path::ReturnTo;
use crate::policy::{Admitted, Policy};
use crate::random::NoEntropy;
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::request::BodyFormat;
use crate::session::{HOLDER_COOKIE, Session, State};
use crate::time::{Minutes, Seconds};

/// Whether a request to the gateway's own sign-in may carry a pass, so that its body has to be read (4.1, 4.2).
pub(super) fn may_carry_pass(policy: &Policy, asked: &Asked) -> bool {
    asked.method == b"POST"
        && policy.sign_in.path.is(&asked.path)
        && asked.body_format.is_some()
        && asked.content_length.is_none_or(|length| length <= MOST_BODY as u64)
        && !asked.tunnel
}

/// A request whose body may hold a pass.
///
/// Its headers may go on once [`AwaitBody::edits`] are made, as long as its body is held until the decision.
pub struct AwaitBody {
    policy: Arc<Policy>,
    asked: Asked,
    edits: HeaderEdits,
    /// What becomes of it if it carries no pass; `None` if it must carry one.
    otherwise: Option<Decision>,
}

impl AwaitBody {
    /// A POST to the plugin's own sign-in.
    pub(super) fn alone(policy: &Arc<Policy>, mut asked: Asked) -> Self {
        let edits = asked.strip_all();
        asked.forget_headers();
        Self { policy: Arc::clone(policy), asked, edits, otherwise: None }
    }

    /// A POST to the gateway's sign-in, which has become `otherwise` should it carry no pass.
    pub(super) fn beside(policy: &Arc<Policy>, mut asked: Asked, mut otherwise: Decision) -> Self {
        let edits = match &mut otherwise.verdict {
            Verdict::Forward(forward) => std::mem::take(&mut forward.edits),
            Verdict::Reply(_) => asked.strip_all(),
        };
        asked.forget_headers();
        Self { policy: Arc::clone(policy), asked, edits, otherwise: Some(otherwise) }
    }

    /// What to change in the headers before they go on.
    #[must_use]
    pub fn edits(&self) -> &HeaderEdits {
        &self.edits
    }

    /// What an answer that comes before the body has ended is judged by; `None` if the request must not have gone on,
    /// so that no answer to it may come back: then [`AwaitBody::refused`] decides.
    #[must_use]
    pub fn stream(&self) -> Option<Stream> {
        match &self.otherwise.as_ref()?.verdict {
            Verdict::Forward(forward) => Some(forward.stream.clone()),
            Verdict::Reply(_) => None,
        }
    }

    /// Decides in place of an answer that must not come back.
    #[must_use]
    pub fn refused(self, context: &Context<'_>) -> Decision {
        let refused = self.otherwise.filter(|decision| matches!(decision.verdict, Verdict::Reply(_)));
        refused.unwrap_or_else(|| internal(&self.policy, context))
    }

    /// Whether a body may go on that can be no sign-in any more, since its request has been answered: not with a pass
    /// in it.
    #[must_use]
    pub fn may_go_on(&self, body: &[u8]) -> bool {
        body.len() > MOST_BODY || matches!(self.presented(body), Ok(None))
    }

    fn presented(&self, body: &[u8]) -> Result<Option<Presented>, NotOnePass> {
        Presented::read(body, self.asked.body_format.unwrap_or(BodyFormat::Form), &self.policy)
    }

    /// Decides once more than [`MOST_BODY`] bytes have come: it is not ours, or too large (4.2).
    pub fn too_large(self, context: &mut Context<'_>) -> Decision {
        match self.otherwise {
            Some(otherwise) => otherwise,
            None => refusals::sign_in(&self.policy, &self.asked, Refusal::TooLarge, context),
        }
    }

    /// Decides by the whole body.
    pub fn complete(self, body: &[u8], context: &mut Context<'_>) -> Step<Decision> {
        if body.len() > MOST_BODY {
            return Step::Done(self.too_large(context));
        }
        let presented = match (self.presented(body), self.otherwise) {
            (Ok(Some(presented)), _) => presented,
            (Ok(None), Some(otherwise)) => return Step::Done(otherwise),
            (Ok(None) | Err(NotOnePass), _) => {
                return Step::Done(refusals::sign_in(&self.policy, &self.asked, Refusal::Malformed, context));
            }
        };
        if self.asked.cross_site {
            return Step::Done(refusals::cross_site(&self.policy, &self.asked, Kind::SignIn, context));
        }
        present(&self.policy, self.asked, presented, context)
    }
}

fn present(policy: &Arc<Policy>, asked: Asked, presented: Presented, context: &mut Context<'_>) -> Step<Decision> {
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
    let typed = || match presented.user.as_ref().and_then(|user| user.parse::<UserName>().ok()) {
        Some(name) => Who::Typed(policy.gateway_keys.typed_name(&name)),
        None => Who::Unknown,
    };
    let neutral = |refusal| Refused { refusal, who: typed(), pass: None };
    // A signed pass has dots in it; a typed code has none (4.1).
    if !presented.pass.contains('.') {
        return Err(neutral(Refusal::UnknownCode));
    }
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
    let holder = match asked.holder {
        Some(holder) => holder,
        None => new_holder(context)?,
    };
    let id = SessionId::from_bytes(context.random.bytes()?);
    let event = ledger::SignIn {
        pass: PresentedPass {
            id: pass.id.clone(),
            issued: pass.issued,
            start: pass.start,
            end: pass.end,
            once: pass.once,
        },
        session: id,
        holder: policy.gateway_keys.holder_hashes(&identity, holder.as_bytes()),
        window: Seconds::from(policy.registration.window),
        retries: policy.registration.retries,
        longest_from_issue: policy.longest_from_issue(),
    };
    let name = RecordName::of(&policy.tenant, &identity);
    let attempt = AttemptId::from_bytes(context.random.bytes()?);
    let next = ledger::Next::Load(Attempt::begin(attempt, name, event));
    let session = Session {
        id,
        identity,
        pass: pass.id,
        pass_end: pass.end,
        state: State::Registering,
        since: context.now,
        end: pass.end,
        groups: pass.groups,
        return_to,
    };
    let owner = Arc::clone(policy);
    let finish = move |outcome, context: &mut Context<'_>| {
        Step::Done(match outcome {
            Ok(Ok(SignedIn { since, deadline })) => {
                signed_in(&owner, &asked, &Session { since, end: deadline, ..session }, holder, context)
            }
            Ok(Err(refusal)) => refused_by_ledger(&owner, &asked, &session, refusal, context),
            Err(_) => refused_by_ledger(&owner, &asked, &session, Refusal::LedgerUnavailable, context),
        })
    };
    Ok(ledger::carry_out(Arc::clone(policy), next, finish, context))
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

fn signed_in(policy: &Policy, asked: &Asked, session: &Session, holder: HolderId, context: &Context<'_>) -> Decision {
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
        .cookie(Some(holder_cookie(policy, holder)));
    Decision::reply(reply).audited(refusals::about(policy, context, Kind::SignIn, Outcome::Done, session))
}

fn refused_by_ledger(
    policy: &Policy,
    asked: &Asked,
    session: &Session,
    refusal: Refusal,
    context: &Context<'_>,
) -> Decision {
    let event = AuditEvent {
        // There is no such session: it was refused.
        session: None,
        ..refusals::about(policy, context, Kind::SignIn, Outcome::Refused(refusal), session)
    };
    let reply = refusals::of_sign_in(policy, asked, refusal, session.return_to.as_ref());
    Decision::reply(reply).audited(event)
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

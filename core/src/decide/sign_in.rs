//! A sign-in: the body that carries a pass, the pass against keys, claims, policy and ledger in that order, and the
//! session that comes of it (sections 3 and 4).

use std::sync::Arc;

use serde::Serialize;

use super::asked::Asked;
use super::{Decision, MOST_BODY, Verdict, confine, event, internal};
use crate::audit::{AuditEvent, Kind, Outcome, Who};
use crate::context::Context;
use crate::cookie;
use crate::headers::HeaderEdits;
use crate::json::{self, Json};
use crate::ledger::{self, Attempt, PresentedPass, RecordName, SignedIn, Step};
use crate::names::{AttemptId, SessionId, UserName};
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
    pub(super) fn alone(policy: &Arc<Policy>, asked: Asked) -> Self {
        let edits = asked.strip();
        Self { policy: Arc::clone(policy), asked, edits, otherwise: None }
    }

    /// A POST to the gateway's sign-in, which has become `otherwise` should it carry no pass.
    pub(super) fn beside(policy: &Arc<Policy>, asked: Asked, mut otherwise: Decision) -> Self {
        let edits = match &mut otherwise.verdict {
            Verdict::Forward(forward) => std::mem::take(&mut forward.edits),
            Verdict::Reply(_) => asked.strip(),
        };
        Self { policy: Arc::clone(policy), asked, edits, otherwise: Some(otherwise) }
    }

    /// What to change in the headers before they go on.
    #[must_use]
    pub fn edits(&self) -> &HeaderEdits {
        &self.edits
    }

    /// Decides once more than [`MOST_BODY`] bytes have come: it is not ours, or too large (4.2).
    pub fn too_large(self, context: &mut Context<'_>) -> Decision {
        match self.otherwise {
            Some(otherwise) => otherwise,
            None => refuse(&self.policy, &self.asked, Refusal::TooLarge, context),
        }
    }

    /// Decides by the whole body.
    pub fn complete(self, body: &[u8], context: &mut Context<'_>) -> Step<Decision> {
        if body.len() > MOST_BODY {
            return Step::Done(self.too_large(context));
        }
        let format = self.asked.body_format.unwrap_or(BodyFormat::Form);
        let presented = match (Presented::read(body, format, &self.policy), self.otherwise) {
            (Ok(Some(presented)), _) => presented,
            (Ok(None), Some(otherwise)) => return Step::Done(otherwise),
            (Ok(None) | Err(NotOnePass), _) => {
                return Step::Done(refuse(&self.policy, &self.asked, Refusal::Malformed, context));
            }
        };
        if self.asked.cross_site {
            return Step::Done(cross_site(&self.policy, &self.asked, context));
        }
        present(&self.policy, self.asked, presented, context)
    }
}

/// What a body says.
struct Presented {
    pass: String,
    user: Option<String>,
    return_to: Option<ReturnTo>,
}

/// A body that carries a pass, but not in one way only: a field twice, or JSON that is not strict.
struct NotOnePass;

impl Presented {
    /// Reads a body; `None` if it carries no pass.
    fn read(body: &[u8], format: BodyFormat, policy: &Policy) -> Result<Option<Self>, NotOnePass> {
        let fields = match format {
            BodyFormat::Form => {
                form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
            }
            BodyFormat::Json => members(body),
        };
        let all = |name: &str| {
            fields.iter().filter(|(known, _)| known == name).map(|(_, value)| value.trim()).collect::<Vec<_>>()
        };
        let passes = all(&policy.sign_in.pass_field);
        if passes.iter().all(|pass| pass.is_empty()) {
            return Ok(None);
        }
        let strict = format == BodyFormat::Form || json::strict(body).is_ok();
        match (passes.as_slice(), all(&policy.sign_in.user_field).as_slice(), all("return_to").as_slice()) {
            ([pass], user @ ([] | [_]), target @ ([] | [_])) if strict => Ok(Some(Self {
                pass: (*pass).to_owned(),
                user: user.first().filter(|user| !user.is_empty()).map(|user| (*user).to_owned()),
                return_to: target.first().and_then(|target| target.parse().ok()),
            })),
            _ => Err(NotOnePass),
        }
    }
}

/// The string members of a JSON object, leniently: only to find out whether a pass is in it at all.
fn members(body: &[u8]) -> Vec<(String, String)> {
    let Ok(Json::Object(object)) = json::document(body) else { return Vec::new() };
    let text = |(name, value)| match value {
        Json::String(text) => Some((name, text)),
        _ => None,
    };
    object.0.into_iter().filter_map(text).collect()
}

fn present(policy: &Arc<Policy>, asked: Asked, presented: Presented, context: &mut Context<'_>) -> Step<Decision> {
    let admitted = match admit(policy, &presented, context) {
        Ok(admitted) => admitted,
        Err(Refused { refusal, who }) => {
            let event = AuditEvent { who, ..event(policy, context, Kind::SignIn, Outcome::Refused(refusal)) };
            return Step::Done(Decision::reply(refused_sign_in(policy, &asked, refusal)).audited(event));
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
}

fn admit(policy: &Policy, presented: &Presented, context: &Context<'_>) -> Result<Admitted, Refused> {
    let typed = || match presented.user.as_ref().and_then(|user| user.parse::<UserName>().ok()) {
        Some(name) => Who::Typed(policy.gateway_keys.typed_name(&name)),
        None => Who::Unknown,
    };
    // A signed pass has dots in it; a typed code has none (4.1).
    if !presented.pass.contains('.') {
        return Err(Refused { refusal: Refusal::UnknownCode, who: typed() });
    }
    let expected = Expected { issuer: &policy.issuer, audience: &policy.audience };
    let pass = SignedPass::new(presented.pass.as_bytes())
        .authenticate(&policy.pass_keys, expected)
        .map_err(|refusal| Refused { refusal, who: typed() })?;
    let identity = policy.directory.resolve(&pass.user);
    policy.admit(pass, presented.user.as_deref(), context.now).map_err(|refusal| {
        let who = identity.map_or_else(typed, Who::User);
        Refused { refusal, who }
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

fn signed_in(policy: &Policy, asked: &Asked, session: &Session, holder: SessionId, context: &Context<'_>) -> Decision {
    let Some(value) = session.to_cookie(policy) else { return internal(policy, context) };
    let page = policy.registration.page.as_str();
    let reply = if wants_json(asked) {
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
    Decision::reply(reply).audited(confine::about(policy, context, Kind::SignIn, Outcome::Done, session))
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
        ..confine::about(policy, context, Kind::SignIn, Outcome::Refused(refusal), session)
    };
    Decision::reply(refused_sign_in(policy, asked, refusal)).audited(event)
}

/// Refuses a sign-in before anything is known of its person.
pub(super) fn refuse(policy: &Policy, asked: &Asked, refusal: Refusal, context: &Context<'_>) -> Decision {
    let event = event(policy, context, Kind::SignIn, Outcome::Refused(refusal));
    Decision::reply(refused_sign_in(policy, asked, refusal)).audited(event)
}

/// Refuses a request that another site's page made (4.2).
pub(super) fn cross_site(policy: &Policy, asked: &Asked, context: &Context<'_>) -> Decision {
    refuse(policy, asked, Refusal::CrossSite, context)
}

fn refused_sign_in(policy: &Policy, asked: &Asked, refusal: Refusal) -> Reply {
    if wants_json(asked) {
        Reply::problem(refusal, None).owed(Some(&policy.tenant))
    } else {
        confine::refused(policy, asked, refusal)
    }
}

/// Whether the caller reads JSON: its body was JSON, or it says so (4.5).
fn wants_json(asked: &Asked) -> bool {
    asked.body_format == Some(BodyFormat::Json) || asked.prefers_json
}

/// 128 fresh bits for a browser that holds none.
pub(super) fn new_holder(context: &mut Context<'_>) -> Result<SessionId, NoEntropy> {
    context.random.bytes().map(SessionId::from_bytes)
}

/// The holder cookie, kept as long as a holder may need it.
pub(super) fn holder_cookie(policy: &Policy, holder: SessionId) -> String {
    let window = policy.registration.window;
    let keep = Minutes::new(window.get().saturating_add(60));
    cookie::own(HOLDER_COOKIE, &holder.to_string(), Seconds::from(keep))
}

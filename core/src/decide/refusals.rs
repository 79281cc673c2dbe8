//! How a refusal is worded: a page for people, a problem for programs (4.5), and the event that goes with it.

use super::asked::Asked;
use super::{Decision, event};
use crate::audit::{AuditEvent, Kind, Outcome, Who};
use crate::context::Context;
use crate::pages;
use crate::path::ReturnTo;
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::request::BodyFormat;
use crate::session::Session;

/// Whether the caller reads JSON: its body was JSON, or it says so (4.5).
pub(super) fn wants_json(asked: &Asked) -> bool {
    asked.body_format == Some(BodyFormat::Json) || asked.prefers_json
}

/// The answer to a refused sign-in: the sign-in page again, with the reason and where the person wanted to go.
pub(super) fn of_sign_in(policy: &Policy, asked: &Asked, refusal: Refusal, return_to: Option<&ReturnTo>) -> Reply {
    let reply = if wants_json(asked) {
        Reply::problem(refusal, None)
    } else {
        let page = pages::sign_in(policy, asked.language, Some(refusal), return_to, None);
        Reply::page(refusal.face().status, page)
    };
    reply.owed(Some(&policy.tenant))
}

/// The answer to any other refused request: a page only for whoever is on the way to one.
pub(super) fn of_request(policy: &Policy, asked: &Asked, refusal: Refusal) -> Reply {
    if asked.navigation {
        of_sign_in(policy, asked, refusal, asked.address.return_to.as_ref())
    } else {
        Reply::problem(refusal, None).owed(Some(&policy.tenant))
    }
}

/// Refuses a sign-in before anything is known of its person.
pub(super) fn sign_in(policy: &Policy, asked: &Asked, refusal: Refusal, context: &Context<'_>) -> Decision {
    let reply = of_sign_in(policy, asked, refusal, asked.address.return_to.as_ref());
    Decision::reply(reply).audited(event(policy, context, Kind::SignIn, Outcome::Refused(refusal)))
}

/// Refuses a request that another site's page made (4.2).
pub(super) fn cross_site(policy: &Policy, asked: &Asked, kind: Kind, context: &Context<'_>) -> Decision {
    let refusal = Refusal::CrossSite;
    let reply = if kind == Kind::SignIn {
        of_sign_in(policy, asked, refusal, None)
    } else {
        of_request(policy, asked, refusal)
    };
    Decision::reply(reply).audited(event(policy, context, kind, Outcome::Refused(refusal)))
}

/// An event about a session's person.
pub(super) fn about(
    policy: &Policy,
    context: &Context<'_>,
    kind: Kind,
    outcome: Outcome,
    session: &Session,
) -> AuditEvent {
    AuditEvent {
        who: Who::User(session.identity.clone()),
        pass: Some(session.pass.clone()),
        session: Some(session.id),
        ..event(policy, context, kind, outcome)
    }
}

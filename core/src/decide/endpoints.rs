//! The plugin's own endpoints under `basePath`: sign-in page, status, sign-out (4.1, 5.4). Nothing here goes on to the
//! application, and OPTIONS gets no CORS.

use std::sync::Arc;

use serde::Serialize;

use super::asked::Asked;
use super::begin;
use super::person::Person;
use super::sign_in::Carried;
use super::{Decision, Head, confine, decided, internal, refusals};
use crate::audit::{Kind, Outcome};
use crate::context::Context;
use crate::cookie;
use crate::ledger::{self, Attempt, RecordName, SignOut, Step};
use crate::names::AttemptId;
use crate::pages;
use crate::path::ReturnTo;
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::session::Session;

/// Answers a request for `endpoint`, the path below `basePath`.
pub(super) fn answer(
    policy: &Arc<Policy>,
    endpoint: &[u8],
    asked: Asked,
    person: Person,
    context: &mut Context<'_>,
) -> Step<Head> {
    let methods = match endpoint {
        b"sign-in" => "GET, HEAD, POST",
        b"status" => "GET, HEAD",
        b"sign-out" => "POST",
        _ if asked.method == b"OPTIONS" => "GET, HEAD, POST",
        _ => return decided(nowhere()),
    };
    let method = asked.method.as_slice();
    let known = methods.split(", ").any(|known| known.as_bytes() == method);
    if !known || asked.tunnel {
        let reply = Reply::plain_problem(405, "Method not allowed", "This address does not take that method.");
        return decided(Decision::reply(reply.header("allow", methods.into())));
    }
    if asked.cross_site && !asked.safe && (asked.has_cookies || endpoint == b"sign-in") {
        let kind = if endpoint == b"sign-in" { Kind::SignIn } else { Kind::SignOut };
        return decided(refusals::cross_site(policy, &asked, kind, context));
    }
    match (endpoint, method) {
        (b"sign-in", b"POST") => sign_in_body(policy, asked, context),
        (b"sign-in", _) => decided(sign_in_page(policy, &asked, &person, context)),
        (b"status", _) => decided(status(policy, &asked, person, context)),
        _ => sign_out(policy, asked, person, context),
    }
}

/// The answer at an address where there is nothing.
pub(super) fn nowhere() -> Decision {
    Decision::reply(Reply::plain_problem(404, "Not found", "There is nothing at this address."))
}

fn sign_in_body(policy: &Arc<Policy>, asked: Asked, context: &Context<'_>) -> Step<Head> {
    if asked.content_length.is_some_and(|length| length > super::MOST_BODY as u64) {
        return decided(refusals::sign_in(policy, &asked, Refusal::TooLarge, context));
    }
    match asked.body_format {
        Some(_) => Step::Done(Head::Body(Box::new(Carried::alone(policy, asked).into()))),
        None => decided(refusals::sign_in(policy, &asked, Refusal::Malformed, context)),
    }
}

/// The sign-in page. It gives the browser a holder cookie, so that a lost answer to the POST can be retried (7.3).
fn sign_in_page(policy: &Policy, asked: &Asked, person: &Person, context: &mut Context<'_>) -> Decision {
    let (refused, session_of, clear) = match person {
        Person::Over(session) => (asked.address.reason.or(Some(session.state.over())), None, true),
        Person::Stray => (asked.address.reason, None, true),
        Person::Live(session) | Person::Unknown(session) => (asked.address.reason, Some(&session.identity), false),
        Person::Nobody => (asked.address.reason, None, false),
    };
    let page = pages::sign_in(policy, asked.language, refused, asked.address.return_to.as_ref(), session_of);
    let mut reply = Reply::page(200, page).cookie(clear.then(|| cookie::cleared(&policy.session.cookie)));
    if asked.holder.is_none() {
        let Ok(holder) = begin::new_holder(context) else { return internal(policy, context) };
        reply = reply.cookie(Some(begin::holder_cookie(policy, holder)));
    }
    Decision::reply(reply)
}

/// What a page shows of a session, for a countdown (5.4).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status<'a> {
    state: &'static str,
    user: &'a str,
    deadline: String,
    seconds_left: u64,
    registration_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    return_to: Option<&'a str>,
}

fn status(policy: &Policy, asked: &Asked, person: Person, context: &Context<'_>) -> Decision {
    match person {
        Person::Live(session) => {
            let end = session.end_under(policy);
            Decision::reply(Reply::json(
                200,
                &Status {
                    state: session.state.name(),
                    user: session.identity.as_str(),
                    deadline: end.to_string(),
                    seconds_left: end.since(context.now).get(),
                    registration_url: policy.registration.page.as_str(),
                    return_to: session.return_to.as_ref().map(ReturnTo::as_str),
                },
            ))
        }
        Person::Over(session) => confine::over(policy, asked, &session, context),
        Person::Unknown(session) => confine::unavailable(policy, asked, &session, context),
        Person::Nobody | Person::Stray => {
            let stray = matches!(person, Person::Stray);
            let reply =
                Reply::plain_problem(401, "No session", "There is no session: sign in with a Temporary Access Pass.");
            let reply = reply.owed(Some(&policy.tenant));
            Decision::reply(reply.cookie(stray.then(|| cookie::cleared(&policy.session.cookie))))
        }
    }
}

fn sign_out(policy: &Arc<Policy>, asked: Asked, person: Person, context: &mut Context<'_>) -> Step<Head> {
    match person {
        // A session that only the policy has ended could come back with another policy: it ends for good too.
        Person::Live(session) | Person::Over(session) | Person::Unknown(session) => {
            end_session(policy, asked, session, context)
        }
        Person::Nobody | Person::Stray => decided(Decision::reply(signed_out(policy, &asked))),
    }
}

/// Ends a session in the ledger, so that a copied cookie is dead too; the browser keeps its cookie until that is done.
fn end_session(policy: &Arc<Policy>, asked: Asked, session: Session, context: &mut Context<'_>) -> Step<Head> {
    let Ok(id) = context.random.bytes() else { return decided(internal(policy, context)) };
    let name = RecordName::of(&policy.tenant, &session.identity);
    let loading = Attempt::begin(AttemptId::from_bytes(id), name, SignOut { session: session.id });
    let next = ledger::Next::Load(loading);
    let owner = Arc::clone(policy);
    ledger::carry_out(
        Arc::clone(policy),
        next,
        |_| None,
        move |outcome, context| {
            decided(match outcome {
                Ok(()) => {
                    let event = refusals::about(&owner, context, Kind::SignOut, Outcome::Done, &session);
                    Decision::reply(signed_out(&owner, &asked)).audited(event)
                }
                Err(_) => confine::unavailable(&owner, &asked, &session, context),
            })
        },
        context,
    )
}

#[derive(Serialize)]
struct SignedOut {
    state: &'static str,
}

fn signed_out(policy: &Policy, asked: &Asked) -> Reply {
    let reply = if asked.navigation {
        Reply::page(200, pages::signed_out(policy, asked.language))
    } else {
        Reply::json(200, &SignedOut { state: "signedOut" })
    };
    reply.cookie(Some(cookie::cleared(&policy.session.cookie)))
}

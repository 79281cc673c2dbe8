//! What a request may reach: everything for nobody and for a registered session, one thing only for a registering one
//! (section 5), nothing for a session that is over (5.3, 6.3).

use std::sync::Arc;

use super::answer::SessionStream;
use super::asked::Asked;
use super::identity;
use super::person::Person;
use super::refusals::{self, about};
use super::{Decision, Forward, Verdict, internal};
use crate::audit::{Kind, Outcome};
use crate::context::Context;
use crate::cookie;
use crate::pages;
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::reply::{Confinement, Reply};
use crate::session::{Session, State};

/// Judges a request for the application.
pub(super) fn judge(policy: &Arc<Policy>, asked: &Asked, person: Person, context: &Context<'_>) -> Decision {
    match person {
        Person::Nobody => Decision { verdict: Verdict::forward(asked.forward_bare()), audit: Vec::new() },
        Person::Stray => {
            let forward = asked.forward_bare();
            let stream = forward.stream.clearing(&policy.session.cookie);
            Decision { verdict: Verdict::forward(Forward { stream, ..forward }), audit: Vec::new() }
        }
        Person::Over(session) => over(policy, asked, &session, context),
        Person::Unknown(session) => unavailable(policy, asked, &session, context),
        Person::Live(session) if session.state == State::Registering => registering(policy, asked, session, context),
        Person::Live(session) => registered(policy, asked, session, context),
    }
}

fn registering(policy: &Arc<Policy>, asked: &Asked, session: Session, context: &Context<'_>) -> Decision {
    let allowed = !asked.tunnel
        && !asked.ambiguous
        && policy.registration.allow.iter().any(|pattern| pattern.covers(&asked.path));
    if allowed {
        return forward(policy, asked, session, context);
    }
    let refusal = Refusal::RegistrationRequired;
    let page = &policy.registration.page;
    let reply = if asked.navigation && !asked.tunnel {
        Reply::see_other(page.as_str())
    } else {
        Reply::problem(refusal, Some(&Confinement { page, deadline: session.end_under(policy) }))
    };
    Decision::reply(reply).audited(about(policy, context, Kind::Confinement, Outcome::Refused(refusal), &session))
}

fn registered(policy: &Arc<Policy>, asked: &Asked, session: Session, context: &Context<'_>) -> Decision {
    // Registration is complete: on the way back through its page, the person goes where they wanted to go, once (4.3).
    let done = asked.method == b"GET" && asked.navigation && policy.registration.page.is(&asked.path);
    match &session.return_to {
        Some(target) if done => {
            let reply = Reply::see_other(target.as_str());
            let session = Session { return_to: None, ..session.clone() };
            match session.to_cookie(policy) {
                Some(value) => {
                    let cookie = cookie::own(&policy.session.cookie, &value, session.kept_for(context.now));
                    Decision::reply(reply.cookie(Some(cookie)))
                }
                None => internal(policy, context),
            }
        }
        _ => forward(policy, asked, session, context),
    }
}

fn forward(policy: &Arc<Policy>, asked: &Asked, session: Session, context: &Context<'_>) -> Decision {
    let mut edits = asked.strip_for_session(policy, session.id);
    if session.state == State::Registering {
        asked.strip_meaning(&mut edits);
    }
    match identity::introduce(&mut edits, policy, &session, context) {
        Some(()) => {
            let session = SessionStream {
                policy: Arc::clone(policy),
                session,
                method: asked.method.clone(),
                path: asked.path.clone(),
                ambiguous: asked.ambiguous,
            };
            let stream = asked.bare_stream().in_session(session);
            Decision { verdict: Verdict::forward(Forward { edits, stream }), audit: Vec::new() }
        }
        None => internal(policy, context),
    }
}

/// The answer to whoever comes with a session that is over: cookie cleared, and the sign-in page with the reason for a
/// navigation, a problem for everything else (5.3).
pub(super) fn over(policy: &Policy, asked: &Asked, session: &Session, context: &Context<'_>) -> Decision {
    let refusal = session.state.over();
    let reply = if asked.navigation && !asked.tunnel {
        let page = pages::sign_in_path(&policy.base_path);
        Reply::see_other(&format!("{page}?reason={}", refusal.face().reason))
    } else {
        Reply::problem(refusal, None).owed(Some(&policy.tenant))
    };
    let reply = reply.cookie(Some(cookie::cleared(&policy.session.cookie)));
    Decision::reply(reply).audited(about(policy, context, Kind::SessionEnd, Outcome::Refused(refusal), session))
}

/// The answer while the ledger cannot say whether a session is live: nothing is opened (10.2).
pub(super) fn unavailable(policy: &Policy, asked: &Asked, session: &Session, context: &Context<'_>) -> Decision {
    let refusal = Refusal::LedgerUnavailable;
    let reply = refusals::of_request(policy, asked, refusal);
    Decision::reply(reply).audited(about(policy, context, Kind::Request, Outcome::Refused(refusal), session))
}

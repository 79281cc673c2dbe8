//! The application's word that a method is registered, on its own answer, and what follows from it (5.5).

use std::sync::Arc;

use super::answer::{ResponseDecision, ResponseView, SessionStream, put_cookie};
use super::in_force;
use super::person::is_closed_to;
use super::refusals::about;
use crate::audit::{AuditEvent, Kind, Outcome};
use crate::context::Context;
use crate::cookie;
use crate::headers::HeaderEdits;
use crate::jws::{self, Typ};
use crate::ledger::{Attempt, Complete, Completion, RecordName, Step, Unavailable};
use crate::names::AttemptId;
use crate::pass::{moment, text};
use crate::path::ReturnTo;
use crate::policy::{InForce, ResponseRule, Then};
use crate::refusal::Refusal;
use crate::session::{Session, State};
use crate::time::Seconds;

/// How far ahead a receipt's end may be.
const RECEIPT_LIFETIME: Seconds = Seconds::new(300);

/// Looks for a completion in an answer whose other edits are already known.
pub(super) fn look(
    stream: &SessionStream,
    response: &ResponseView<'_>,
    edits: HeaderEdits,
    context: &mut Context<'_>,
) -> Step<ResponseDecision> {
    let mut audit = Vec::new();
    if stream.session.state == State::Registered {
        return Step::Done(ResponseDecision { edits, audit });
    }
    let then = match receipt(stream, response, context) {
        Receipt::Good => Some(stream.policy.registration.then),
        Receipt::None => by_response(stream, response),
        Receipt::Bad(why) => {
            let outcome = Outcome::Ignored(why);
            audit.push(about(&stream.policy, context, Kind::Receipt, outcome, &stream.session));
            by_response(stream, response)
        }
    };
    match then {
        None => Step::Done(ResponseDecision { edits, audit }),
        Some(then) => complete(stream, then, response, edits, audit, context),
    }
}

enum Receipt {
    None,
    Good,
    Bad(&'static str),
}

fn receipt(stream: &SessionStream, response: &ResponseView<'_>, context: &Context<'_>) -> Receipt {
    if !stream.policy.registration.by_receipt {
        return Receipt::None;
    }
    let mut receipts = response.all("tapgate-receipt");
    match (receipts.next(), receipts.next()) {
        (None, _) => Receipt::None,
        (Some(receipt), None) => match verify(receipt, stream, context) {
            Ok(()) => Receipt::Good,
            Err(why) => Receipt::Bad(why),
        },
        (Some(_), Some(_)) => Receipt::Bad("several"),
    }
}

fn verify(receipt: &[u8], stream: &SessionStream, context: &Context<'_>) -> Result<(), &'static str> {
    let claims = jws::verify(&stream.policy.upstream_keys, Typ::RECEIPT, receipt).map_err(|_| "not_authentic")?;
    if text(&claims, "sub") != Some(stream.session.identity.as_str()) {
        return Err("another_user");
    }
    if text(&claims, "sid") != Some(&stream.session.id.to_string()) {
        return Err("another_session");
    }
    match moment(&claims, "exp") {
        Some(end) if context.now < end && end <= context.now.plus(RECEIPT_LIFETIME) => Ok(()),
        _ => Err("not_in_time"),
    }
}

/// A completion by status always acts as `signIn`.
fn by_response(stream: &SessionStream, response: &ResponseView<'_>) -> Option<Then> {
    let status = response.status()?;
    let matches = |rule: &ResponseRule| {
        rule.method.as_bytes() == stream.method && rule.path.covers(&stream.path) && rule.status.contains(&status)
    };
    (!stream.ambiguous && stream.policy.registration.by_response.iter().any(matches)).then_some(Then::SignIn)
}

fn complete(
    stream: &SessionStream,
    then: Then,
    response: &ResponseView<'_>,
    edits: HeaderEdits,
    mut audit: Vec<AuditEvent>,
    context: &mut Context<'_>,
) -> Step<ResponseDecision> {
    let SessionStream { policy, session, .. } = stream;
    let ignored = |why, context: &Context<'_>| about(policy, context, Kind::Completion, Outcome::Ignored(why), session);
    if context.now >= session.end_under(policy) {
        audit.push(ignored("not_live", context));
        return Step::Done(ResponseDecision { edits, audit });
    }
    let Ok(id) = context.random.bytes() else {
        audit.push(about(policy, context, Kind::Completion, Outcome::Refused(Refusal::Internal), session));
        return Step::Done(ResponseDecision { edits, audit });
    };
    let redirects = matches!(response.status(), Some(301 | 302 | 303 | 307 | 308));
    // An answer that leads somewhere leads where the person wanted to go (4.3): then that is done with.
    let return_to = session.return_to.clone();
    let (leads_to, later) = if redirects { (return_to, None) } else { (None, return_to) };
    let end = session.registered_end(policy);
    let registered = Session { state: State::Registered, end, return_to: later, ..session.clone() };
    // The cookie is made before the swap: what cannot be handed out must not be recorded.
    let value = match then {
        Then::SignIn => None,
        Then::Continue => match registered.to_cookie(policy) {
            Some(value) => Some(value),
            None => {
                audit.push(about(policy, context, Kind::Completion, Outcome::Refused(Refusal::Internal), session));
                return Step::Done(ResponseDecision { edits, audit });
            }
        },
    };
    let event = Complete { session: session.id, then, registered_end: registered.end };
    let name = RecordName::of(&policy.tenant, &session.identity);
    let mut finish =
        Finish { policy: Arc::clone(policy), session: session.clone(), registered, value, leads_to, edits, audit };
    let attempt = Attempt::begin(AttemptId::from_bytes(id), name, event);
    let of = session.clone();
    let judge = move |in_force: &InForce| is_closed_to(&of, in_force).then_some(Completion::NotLive);
    in_force::carry_out(policy, attempt, judge, move |outcome, context| {
        match outcome {
            Ok(Completion::Completed) => finish.completed(context),
            Ok(Completion::NotLive) => finish.note(Outcome::Ignored("not_live"), context),
            Err(Unavailable) => finish.note(Outcome::Refused(Refusal::LedgerUnavailable), context),
        }
        Step::Done(ResponseDecision { edits: finish.edits, audit: finish.audit })
    })
}

/// What is left to do once the ledger has answered.
struct Finish {
    policy: Arc<crate::policy::Policy>,
    session: Session,
    registered: Session,
    /// The registered session's cookie, if it goes on.
    value: Option<String>,
    /// Where the answer leads instead.
    leads_to: Option<ReturnTo>,
    edits: HeaderEdits,
    audit: Vec<AuditEvent>,
}

impl Finish {
    fn note(&mut self, outcome: Outcome, context: &Context<'_>) {
        self.audit.push(about(&self.policy, context, Kind::Completion, outcome, &self.session));
    }

    fn completed(&mut self, context: &Context<'_>) {
        let name = &self.policy.session.cookie;
        let cookie = match &self.value {
            Some(value) => cookie::own(name, value, self.registered.kept_for(context.now)),
            None => cookie::cleared(name),
        };
        put_cookie(&mut self.edits, &cookie);
        if let Some(target) = &self.leads_to {
            self.edits.set(b"location", target.as_str());
        }
        let took = Some(context.now.since(self.session.since));
        let event = about(&self.policy, context, Kind::Completion, Outcome::Done, &self.session);
        self.audit.push(AuditEvent { took, ..event });
    }
}

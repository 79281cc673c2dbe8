//! Who is asking: the session cookie against keys, clock, policy and ledger, in that order (6.3, 2.4, 7.2). The policy's last word
//! comes with the record.

use std::sync::Arc;

use super::asked::{Asked, SessionCookie};
use crate::context::Context;
use crate::ledger::{self, Check, Purpose, RecordName, Step};
use crate::policy::{InForce, Policy};
use crate::session::Session;

/// Who is asking.
pub(super) enum Person {
    /// Nobody that is known: no session cookie.
    Nobody,
    /// Cookies that are no session's: cleared, and otherwise nobody.
    Stray,
    /// Somebody with a live session.
    Live(Session),
    /// Somebody whose session is over.
    Over(Session),
    /// Somebody whose session cannot be checked just now.
    Unknown(Session),
}

/// Finds out who is asking.
pub(super) fn recognise(policy: &Arc<Policy>, asked: &Asked, context: &Context<'_>) -> Step<Person> {
    Step::Done(match &asked.session_cookie {
        SessionCookie::None => Person::Nobody,
        SessionCookie::Several => Person::Stray,
        SessionCookie::One(value) => match Session::from_cookie(value, policy) {
            None => Person::Stray,
            Some(session) if context.now >= session.end_under(policy) => Person::Over(session),
            Some(session) => return check(Arc::clone(policy), session),
        },
    })
}

/// Whether the policy has ended the session (2.4).
pub(super) fn is_closed_to(session: &Session, in_force: &InForce) -> bool {
    let groups = in_force.policy().directory.groups_since(&session.identity, session.groups.as_ref());
    groups.is_none_or(|groups| in_force.still_open_to(&session.identity, groups).is_err())
}

fn check(policy: Arc<Policy>, session: Session) -> Step<Person> {
    let check = Check::of(&session);
    look(policy, session, check, Purpose::Check(check))
}

fn look(policy: Arc<Policy>, session: Session, check: Check, purpose: Purpose) -> Step<Person> {
    let name = RecordName::of(&policy.tenant, &session.identity);
    ledger::load(Arc::clone(&policy), name, purpose, move |loaded, context| {
        let Ok(loaded) = loaded else { return Step::Done(Person::Unknown(session)) };
        let closed = is_closed_to(&session, &policy.in_force(loaded.amendment()));
        // The amendment that closes it may have been seen a while ago, and taken back since.
        if closed && loaded.amendment().is_some() && purpose != Purpose::Change {
            return look(policy, session, check, Purpose::Change);
        }
        let lives = !closed && check.lives(&loaded, context.now);
        Step::Done(if lives { Person::Live(session) } else { Person::Over(session) })
    })
}

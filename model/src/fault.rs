//! Transitions that are broken on purpose, each a rule left out. They wrap core's events and attempts and change nothing
//! in core; a law that none of them breaks would show nothing.

use tapgate_core::ledger::{
    Attempt, Change, Loading, Next, Record, RecordName, SessionEntry, SwapReply, Swapping, Write,
};
use tapgate_core::names::AttemptId;
use tapgate_core::time::{Seconds, UnixSeconds};

use crate::laws::Law;
use crate::request::{Happening, Outcome, What};
use crate::scenario::Scenario;

/// A fault, the law that it breaks, and a scenario that shows it.
pub type Planted = (Fault, Law, fn() -> Scenario);

/// A rule left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The store swaps whatever version stands.
    BlindSwap,
    /// A lost reply to a swap is taken for success.
    LostReplyIsSuccess,
    /// After a lost reply a new attempt begins, which knows nothing of the swap in doubt.
    DoubtForgotten,
    /// An attempt begins anew instead of giving up.
    NeverGivesUp,
    /// Whoever presents a reserved pass is taken for its holder.
    AnyHolder,
    /// A completion leaves the pass open.
    NotConsumed,
    /// A session may complete again.
    CompletesAgain,
    /// A revocation leaves the floor where it was.
    FloorStays,
    /// A revocation takes the gateway's clock for everybody's.
    RevokesWithoutSkew,
    /// The floor refuses nothing.
    FloorIgnored,
    /// A newer pass leaves the sessions of the older one.
    ReplacedSessionsStay,
    /// The holder's deadline is not looked at.
    DeadlineIgnored,
    /// The end of a pass is not looked at.
    EndIgnored,
    /// The holder may come back as often as they like.
    RetriesUncounted,
    /// The holder's former session lives on.
    FormerSessionStays,
    /// A one-time pass cannot be presented twice, not even by its holder.
    NoRetries,
    /// A sign-out is answered, and nothing is written.
    SignOutForgotten,
    /// A session that was signed out may still complete.
    SignedOutCompletes,
    /// While a pass is in its holder's hands no newer one is taken.
    ReservedBlocks,
    /// After a revocation no pass is accepted ever again.
    RevokedForEver,
    /// A ledger does not know when it began.
    BirthIgnored,
}

impl Fault {
    /// Each of them, with the law that it breaks and a scenario that shows it.
    pub const ALL: &[Planted] = &[
        (Self::BlindSwap, Law::OneHolder, Scenario::losses),
        (Self::LostReplyIsSuccess, Law::ToldIsRecorded, Scenario::losses),
        (Self::DoubtForgotten, Law::OnceIsOnce, Scenario::losses),
        (Self::NeverGivesUp, Law::EveryRunEnds, Scenario::patience),
        (Self::AnyHolder, Law::OneHolder, Scenario::losses),
        (Self::NotConsumed, Law::NotAfterConsumption, Scenario::losses),
        (Self::CompletesAgain, Law::CompletesOnce, Scenario::completion),
        (Self::FloorStays, Law::NotAfterRevocation, Scenario::revocation),
        (Self::RevokesWithoutSkew, Law::NotAfterRevocation, Scenario::clocks),
        (Self::FloorIgnored, Law::NotAfterReplacement, Scenario::replacement),
        (Self::ReplacedSessionsStay, Law::NotAfterReplacement, Scenario::replacement),
        (Self::DeadlineIgnored, Law::NotAfterTheEnd, Scenario::deadlines),
        (Self::EndIgnored, Law::NotAfterTheEnd, Scenario::deadlines),
        (Self::RetriesUncounted, Law::BoundedRetries, Scenario::no_retries),
        (Self::FormerSessionStays, Law::OneSession, Scenario::losses),
        (Self::NoRetries, Law::HolderComesBack, Scenario::losses),
        (Self::SignOutForgotten, Law::ToldIsRecorded, Scenario::completion),
        (Self::SignedOutCompletes, Law::NotAfterSignOut, Scenario::completion),
        (Self::ReservedBlocks, Law::NewPassWorks, Scenario::replacement),
        (Self::RevokedForEver, Law::NewPassWorks, Scenario::revocation),
        (Self::BirthIgnored, Law::OneHolder, Scenario::restarts),
    ];

    /// What the broken rule makes of a record.
    #[must_use]
    pub fn apply(self, what: &What, record: Option<&Record>, birth: UnixSeconds, now: UnixSeconds) -> Change<Outcome> {
        let mut event = what.clone();
        let mut seen = record.cloned();
        let mut birth = birth;
        self.before(&mut event, &mut seen, &mut birth, now);
        let mut change = event.apply(seen.as_ref(), birth, now);
        if let Write::Record(written) = &mut change.write {
            self.after(what, record, written);
        }
        if self == Self::SignOutForgotten && matches!(what, What::SignOut(_)) {
            change.write = Write::Nothing;
        }
        change
    }

    /// What the rule is given to see.
    fn before(self, event: &mut What, seen: &mut Option<Record>, birth: &mut UnixSeconds, now: UnixSeconds) {
        let reservation = seen.as_mut().and_then(|seen| seen.pass.as_mut()).and_then(|pass| pass.reservation.as_mut());
        match (self, event) {
            (Self::AnyHolder, What::SignIn(event)) => {
                event.holder.extend(reservation.map(|reservation| reservation.holder));
            }
            (Self::DeadlineIgnored, What::SignIn(event)) => {
                event.window = Seconds::new(1000);
                if let Some(reservation) = reservation {
                    reservation.deadline = UnixSeconds::MAX;
                }
            }
            (Self::EndIgnored, What::SignIn(event)) if now >= event.pass.end => {
                event.pass.end = now.plus(event.window);
            }
            (Self::RetriesUncounted, What::SignIn(event)) => {
                event.retries = u8::MAX;
                if let Some(reservation) = reservation {
                    reservation.retries_left = u8::MAX;
                }
            }
            (Self::NoRetries, What::SignIn(event)) => event.retries = 0,
            (Self::FloorIgnored, What::SignIn(event)) => {
                let another = |seen: &mut Record| seen.pass.as_ref().is_some_and(|pass| pass.id != event.pass.id);
                if seen.as_mut().is_some_and(another) {
                    *seen = None;
                }
            }
            (Self::ReservedBlocks, What::SignIn(event))
                if reservation.as_ref().is_some_and(|held| !held.consumed && now < held.deadline) =>
            {
                event.pass.issued = UnixSeconds::default();
            }
            (Self::SignedOutCompletes, What::Complete(event)) => {
                for seen in seen.iter_mut().filter(|seen| seen.sessions.is_empty()) {
                    seen.sessions.push(SessionEntry { id: event.session, end: UnixSeconds::MAX, registered: false });
                }
            }
            (Self::BirthIgnored, What::SignIn(_)) => *birth = UnixSeconds::default(),
            (Self::CompletesAgain, What::Complete(_)) => {
                for session in seen.iter_mut().flat_map(|seen| &mut seen.sessions) {
                    session.registered = false;
                }
            }
            (Self::RevokesWithoutSkew, What::Revoke(event)) => event.skew = Seconds::default(),
            _ => {}
        }
    }

    /// What the rule writes.
    fn after(self, what: &What, former: Option<&Record>, written: &mut Record) {
        match (self, what) {
            (Self::NotConsumed, What::Complete(_)) => {
                if let Some(reservation) = written.pass.as_mut().and_then(|pass| pass.reservation.as_mut()) {
                    reservation.consumed = false;
                }
            }
            (Self::FloorStays, What::Revoke(_)) => {
                written.floor = former.map(|former| former.floor).unwrap_or_default();
            }
            (Self::RevokedForEver, What::Revoke(_)) => written.floor = UnixSeconds::MAX,
            (Self::ReplacedSessionsStay, What::SignIn(event)) => {
                let replaced = former.filter(|former| former.floor < event.pass.issued);
                written.sessions.extend(replaced.iter().flat_map(|former| former.sessions.iter().cloned()));
            }
            (Self::FormerSessionStays, What::SignIn(event)) => {
                let again = former.filter(|former| former.floor == event.pass.issued);
                written.sessions.extend(again.iter().flat_map(|former| former.sessions.iter().cloned()));
            }
            _ => {}
        }
    }
}

/// What an attempt goes on with when nobody knows what became of its swap.
#[must_use]
pub fn lost_reply(
    swapping: Swapping<Happening>,
    fault: Option<Fault>,
    fresh: impl FnOnce() -> Loading<Happening>,
) -> Next<Happening> {
    match fault {
        Some(Fault::LostReplyIsSuccess) => swapping.answer(SwapReply::Swapped),
        Some(Fault::DoubtForgotten) => Next::Load(fresh()),
        _ => swapping.answer(SwapReply::Unknown),
    }
}

/// An attempt under an id of its own.
#[must_use]
pub fn attempt(id: [u8; 16], name: RecordName, event: Happening) -> Loading<Happening> {
    Attempt::begin(AttemptId::from_bytes(id), name, event)
}

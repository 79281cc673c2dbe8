//! A code is typed (7.7): what it was compared with has been settled outside, where the keys are; what it counts for is
//! settled here, before anybody hears of it.

use super::{Change, Event, SignIn, SignedIn, Write};
use crate::ledger::record::{Guesses, IssuedCode, Record, StandingPass};
use crate::names::PassId;
use crate::refusal::Refusal;
use crate::time::{Seconds, UnixSeconds};

/// Somebody types a code.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Guess {
    /// What the code was compared with, and what came of that.
    pub compared: Compared,
    /// How long after its issue any pass could still be valid.
    pub longest_from_issue: Seconds,
}

/// What a typed code was compared with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Compared {
    /// With nothing: no such user.
    NoUser,
    /// With nothing: the record that was looked at has no code.
    NoCode,
    /// With this pass's code, which it is not; or no key here derives that.
    Wrong(PassId),
    /// With this pass's code, which it is. The policy says whether it opens anything.
    Right(PassId, Result<Box<SignIn>, Refusal>),
}

/// What a typed code was.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Guessed {
    /// Right, and it let its person in.
    Redeemed(SignedIn),
    /// Right, and refused all the same: only whoever has the code is told why.
    Refused(Refusal),
    /// Wrong, or there is none to be right.
    Wrong,
    /// Neither compared nor counted: its user must wait, or the code is dead.
    Waits,
    /// Compared with a code that stands no more: it has to be compared again.
    Stale,
}

impl Event for Guess {
    type Outcome = Guessed;

    fn apply(&self, record: Option<&Record>, birth: UnixSeconds, now: UnixSeconds) -> Change<Guessed> {
        let decoy = |outcome| {
            let keep_until =
                record.map_or_else(|| now.plus(self.longest_from_issue), |record| record.keep_until.max(now));
            Change { write: Write::Decoy { keep_until }, outcome }
        };
        let standing = record.and_then(|record| {
            let pass = record.pass.as_ref()?;
            Some((record, pass, pass.code.as_ref()?))
        });
        let id = match &self.compared {
            Compared::NoUser => return decoy(Guessed::Wrong),
            Compared::NoCode if standing.is_none() => return decoy(Guessed::Wrong),
            Compared::NoCode => return Change::none(Guessed::Stale),
            Compared::Wrong(id) | Compared::Right(id, _) => id,
        };
        let Some((record, pass, code)) = standing.filter(|(_, pass, _)| pass.id == *id) else {
            return Change::none(Guessed::Stale);
        };
        if !code.guesses.are_open(now) {
            return decoy(Guessed::Waits);
        }
        let counted = |guesses| with_guesses(record, pass, code, guesses);
        match &self.compared {
            Compared::Right(_, Ok(sign_in)) => {
                // Whoever knows the code has no need to guess: the row of wrong ones ends here.
                let known = counted(Guesses::default());
                match sign_in.apply(Some(&known), birth, now) {
                    Change { write: Write::Record(record), outcome: Ok(signed_in) } => {
                        Change { write: Write::Record(record), outcome: Guessed::Redeemed(signed_in) }
                    }
                    Change { outcome: Err(refusal), .. } => Change::to(known, Guessed::Refused(refusal)),
                    // A sign-in that is granted writes a record.
                    Change { outcome: Ok(_), .. } => Change::to(known, Guessed::Refused(Refusal::Internal)),
                }
            }
            Compared::Right(_, Err(refusal)) => Change::to(counted(Guesses::default()), Guessed::Refused(*refusal)),
            _ => Change::to(counted(code.guesses.and_another(now)), Guessed::Wrong),
        }
    }
}

fn with_guesses(record: &Record, pass: &StandingPass, code: &IssuedCode, guesses: Guesses) -> Record {
    let code = Some(IssuedCode { guesses, ..code.clone() });
    Record { pass: Some(StandingPass { code, ..pass.clone() }), ..record.clone() }
}

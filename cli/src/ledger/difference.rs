//! What a change of a record was: two records, or one, or none, in words.

use std::fmt;

use serde::Serialize;
use tapgate_core::ledger::etcd::Happened;
use tapgate_core::ledger::{Record, StandingPass};
use tapgate_core::time::UnixSeconds;

/// Something that has happened to a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum Change {
    /// A pass was presented, and a session began.
    SignedIn { pass: String, session: String, until: String },
    /// An administrator issued a pass to be typed.
    Issued { pass: String, one_time: bool, start: String, end: String },
    /// A pass that was issued to be typed was typed wrong, so often in a row; its person may have to wait.
    WrongGuess { pass: String, wrong: u8, wait_until: Option<String>, dead: bool },
    /// The code was typed right, and the row of wrong guesses is over.
    GuessesForgotten { pass: String },
    /// A pass that stood gave way to another.
    Replaced { pass: String },
    /// Registration is complete, and the session goes on.
    Completed { session: String, until: String },
    /// Registration with a one-time pass is complete.
    Consumed { pass: String },
    /// What was issued up to the floor is refused.
    Revoked { floor: String, pass: Option<String> },
    /// A session ended before its time: its person signed out, completed registration, or signed in too often.
    SessionEnded { session: String },
    /// The record has gone: its lease has ended, or somebody deleted it.
    CleanedUp,
    /// The record does not read.
    Unreadable,
    /// The record was written, and what stood before is not known.
    Written,
}

impl Change {
    /// What has happened, as far as it can be told.
    pub(super) fn all_of(happened: &Happened, now: UnixSeconds) -> Vec<Self> {
        let Some(kept) = &happened.now else { return vec![Self::CleanedUp] };
        let Ok(record) = kept.record() else { return vec![Self::Unreadable] };
        let before = happened.before.as_ref().and_then(|before| before.record().ok());
        if before.is_none() && !happened.is_new() {
            return vec![Self::Written];
        }
        between(before.as_ref(), &record, now)
    }
}

fn between(before: Option<&Record>, after: &Record, now: UnixSeconds) -> Vec<Change> {
    let stood = before.and_then(|before| before.pass.as_ref());
    let Some(pass) = &after.pass else {
        return vec![Change::Revoked { floor: after.floor.to_string(), pass: stood.map(|stood| stood.id.to_string()) }];
    };
    let mut changes = Vec::new();
    let same =
        before.is_some_and(|before| before.floor == after.floor) && stood.is_some_and(|stood| stood.id == pass.id);
    if let Some(stood) = stood.filter(|_| !same) {
        changes.push(Change::Replaced { pass: stood.id.to_string() });
    }
    changes.extend(typed(stood.filter(|_| same), pass, now));
    let former = before.filter(|_| same).map(|before| before.sessions.as_slice()).unwrap_or_default();
    for session in &after.sessions {
        let until = session.end.to_string();
        match former.iter().find(|former| former.id == session.id) {
            None => {
                let (pass, session) = (pass.id.to_string(), session.id.to_string());
                changes.push(Change::SignedIn { pass, session, until });
            }
            Some(former) if session.registered && !former.registered => {
                changes.push(Change::Completed { session: session.id.to_string(), until });
            }
            Some(_) => {}
        }
    }
    if same && consumed(pass) && !stood.is_some_and(consumed) {
        changes.push(Change::Consumed { pass: pass.id.to_string() });
    }
    for former in former.iter().filter(|former| now < former.end) {
        if !after.sessions.iter().any(|session| session.id == former.id) {
            changes.push(Change::SessionEnded { session: former.id.to_string() });
        }
    }
    // A record is written where it changes: what is left is a session whose time was over.
    if changes.is_empty() { vec![Change::Written] } else { changes }
}

/// What has happened to a pass that is typed; `before` is what it was, if it stood already.
fn typed(before: Option<&StandingPass>, pass: &StandingPass, now: UnixSeconds) -> Option<Change> {
    let guesses = pass.code.as_ref()?.guesses;
    let id = pass.id.to_string();
    let Some(before) = before.and_then(|before| before.code.as_ref()) else {
        let (start, end) = (pass.start.to_string(), pass.end.to_string());
        return Some(Change::Issued { pass: id, one_time: pass.once, start, end });
    };
    if guesses.wrong > before.guesses.wrong {
        let waits = !guesses.is_dead() && !guesses.are_open(now);
        let wait_until = waits.then(|| guesses.wait_until.to_string());
        return Some(Change::WrongGuess { pass: id, wrong: guesses.wrong, wait_until, dead: guesses.is_dead() });
    }
    (guesses.wrong < before.guesses.wrong).then_some(Change::GuessesForgotten { pass: id })
}

fn consumed(pass: &StandingPass) -> bool {
    pass.reservation.as_ref().is_some_and(|reservation| reservation.consumed)
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignedIn { pass, session, until } => {
                write!(f, "signed in with the pass {pass}: session {session} until {until}")
            }
            Self::Issued { pass, one_time, start, end } => {
                let usable = if *one_time { "one-time" } else { "multi-use" };
                write!(f, "issued the pass {pass}, {usable}, to be typed from {start} until {end}")
            }
            Self::WrongGuess { pass, wrong, dead: true, .. } => {
                write!(f, "a wrong guess at the pass {pass}: {wrong} in a row, its code is dead")
            }
            Self::WrongGuess { pass, wrong, wait_until: Some(until), .. } => {
                write!(f, "a wrong guess at the pass {pass}: {wrong} in a row, waits until {until}")
            }
            Self::WrongGuess { pass, wrong, .. } => write!(f, "a wrong guess at the pass {pass}: {wrong} in a row"),
            Self::GuessesForgotten { pass } => write!(f, "the code of the pass {pass} was typed right"),
            Self::Replaced { pass } => write!(f, "replaced the pass {pass}"),
            Self::Completed { session, until } => {
                write!(f, "completed registration: session {session} goes on until {until}")
            }
            Self::Consumed { pass } => write!(f, "completed registration: the pass {pass} is consumed"),
            Self::Revoked { floor, pass: Some(pass) } => {
                write!(f, "revoked what was issued up to {floor}, the pass {pass} among it")
            }
            Self::Revoked { floor, pass: None } => write!(f, "revoked what was issued up to {floor}"),
            Self::SessionEnded { session } => {
                write!(f, "ended the session {session}: signed out, completed or one too many")
            }
            Self::CleanedUp => f.write_str("cleaned up: the record is gone"),
            Self::Unreadable => f.write_str("wrote a record that does not read"),
            Self::Written => f.write_str("changed; what stood before is not known"),
        }
    }
}

#[cfg(test)]
mod tests {
    use tapgate_core::code::CodeLength;
    use tapgate_core::ledger::{Complete, Event, Issue, PresentedPass, Revoke, SignIn, SignOut};
    use tapgate_core::names::SessionId;
    use tapgate_core::policy::Then;
    use tapgate_core::time::Seconds;

    use super::*;

    fn at(second: u64) -> UnixSeconds {
        UnixSeconds::new(second).unwrap()
    }

    fn sign_in(id: &str, issued: u64, once: bool, session: u8) -> SignIn {
        let pass = PresentedPass {
            id: id.parse().unwrap(),
            issued: at(issued),
            start: at(100),
            end: at(9000),
            once,
            typed: false,
        };
        SignIn {
            pass,
            session: SessionId::from_bytes([session; 16]),
            holder: vec![[1; 32]],
            window: Seconds::new(600),
            retries: 3,
            longest_from_issue: Seconds::new(10_000),
        }
    }

    type Happens = dyn Fn(Option<&Record>) -> Option<Record>;

    /// What is told of these events, one after another.
    fn told<const N: usize>(events: [&Happens; N]) -> Vec<String> {
        let mut record: Option<Record> = None;
        let mut told = Vec::new();
        for event in events {
            let after = event(record.as_ref()).expect("a change");
            let changes = between(record.as_ref(), &after, at(201));
            let beginning = |change: &Change| change.to_string().split(' ').take(4).collect::<Vec<_>>().join(" ");
            told.push(changes.iter().map(beginning).collect::<Vec<_>>().join("; "));
            record = Some(after);
        }
        told
    }

    /// A pass that was issued to be typed, after so many wrong guesses.
    fn guessed(wrong: u8) -> Record {
        let issue = Issue {
            id: "c".parse().unwrap(),
            start: None,
            lifetime: Seconds::new(3600),
            once: true,
            key: "gw-1".parse().unwrap(),
            length: CodeLength::new(12).unwrap(),
            request: None,
            only_if_none: false,
            longest_from_issue: Seconds::new(10_000),
        };
        let issued = happens(issue)(None).unwrap();
        (0..wrong).fold(issued, |mut record, _| {
            let code = record.pass.as_mut().and_then(|pass| pass.code.as_mut()).unwrap();
            code.guesses = code.guesses.and_another(at(200));
            record
        })
    }

    #[test]
    fn what_becomes_of_a_code_is_told_and_never_the_code() {
        let told = |before: Option<&Record>, after: &Record| {
            between(before, after, at(201)).iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
        };
        let issued =
            "issued the pass c, one-time, to be typed from 1970-01-01T00:03:20Z until 1970-01-01T01:03:20Z".to_owned();
        assert_eq!(told(None, &guessed(0)), issued);
        let before = happens(sign_in("a", 100, false, 1))(None).unwrap();
        assert_eq!(told(Some(&before), &guessed(0)), format!("replaced the pass a; {issued}"));
        for (wrong, words) in [
            (1, "a wrong guess at the pass c: 1 in a row"),
            (4, "a wrong guess at the pass c: 4 in a row"),
            (5, "a wrong guess at the pass c: 5 in a row, waits until 1970-01-01T00:03:50Z"),
            (100, "a wrong guess at the pass c: 100 in a row, its code is dead"),
        ] {
            assert_eq!(told(Some(&guessed(wrong - 1)), &guessed(wrong)), words);
        }
        assert_eq!(told(Some(&guessed(3)), &guessed(0)), "the code of the pass c was typed right");
        // Nothing has been guessed, and it was not issued again.
        assert_eq!(told(Some(&guessed(3)), &guessed(3)), "changed; what stood before is not known");
    }

    fn happens<E: Event>(event: E) -> impl Fn(Option<&Record>) -> Option<Record> {
        move |record| event.apply(record, at(0), at(200)).write.record()
    }

    #[test]
    fn each_transition_is_told() {
        let complete = |then| Complete { session: SessionId::from_bytes([2; 16]), then, registered_end: at(5000) };
        let revoke = Revoke { skew: Seconds::new(30), longest_from_issue: Seconds::new(10_000) };
        let out = SignOut { session: SessionId::from_bytes([1; 16]) };
        assert_eq!(
            told([
                &happens(sign_in("a", 100, false, 1)),
                &happens(sign_in("a", 100, false, 2)),
                &happens(out),
                &happens(complete(Then::Continue)),
                &happens(sign_in("b", 101, true, 2)),
                &happens(complete(Then::SignIn)),
                &happens(revoke),
            ]),
            [
                "signed in with the",
                "signed in with the",
                "ended the session AQEBAQEBAQEBAQEBAQEBAQ:",
                "completed registration: session AgICAgICAgICAgICAgICAg",
                "replaced the pass a; signed in with the",
                "completed registration: the pass; ended the session AgICAgICAgICAgICAgICAg:",
                "revoked what was issued",
            ]
        );
    }
}

//! A record, for a person and for a program. Neither shows the holder's hash or the attempt: they are of no use to anybody who may
//! look, and the less lies about the better.

use serde::Serialize;
use tapgate_core::ledger::{Guesses, Record, RecordName, SessionEntry, StandingPass};
use tapgate_core::names::Identity;
use tapgate_core::time::UnixSeconds;

use crate::error::Error;
use crate::moment::Relative;
use crate::world::World;

/// What is to be thought of the pass that a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum State {
    /// None stands: all that were issued up to the floor are revoked.
    Revoked,
    /// A pass that may be used, or a one-time pass that nobody holds yet.
    Standing,
    /// A pass that has not started.
    NotYet,
    /// A code that nobody may try for a while: it was guessed at.
    Waiting,
    /// A code that was guessed at too often: it opens nothing any more.
    Dead,
    /// A one-time pass in one browser's hands.
    Reserved,
    /// A one-time pass with which registration was completed.
    Consumed,
    /// A one-time pass whose window has passed: consumed, too.
    Lapsed,
    /// The pass has ended.
    Ended,
}

impl State {
    pub(super) fn of(record: &Record, now: UnixSeconds) -> Self {
        match &record.pass {
            None => Self::Revoked,
            Some(StandingPass { reservation: Some(reservation), .. }) if reservation.consumed => Self::Consumed,
            Some(pass) if now >= pass.end => Self::Ended,
            Some(StandingPass { reservation: Some(reservation), .. }) if now >= reservation.deadline => Self::Lapsed,
            Some(StandingPass { reservation: Some(_), .. }) => Self::Reserved,
            Some(pass) => match guesses(pass) {
                Some(guesses) if guesses.is_dead() => Self::Dead,
                Some(guesses) if !guesses.are_open(now) => Self::Waiting,
                _ if now < pass.start => Self::NotYet,
                _ => Self::Standing,
            },
        }
    }
}

fn guesses(pass: &StandingPass) -> Option<Guesses> {
    pass.code.as_ref().map(|code| code.guesses)
}

/// A record for a program.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecordReport {
    /// Its name.
    record: String,
    /// Whose it is, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    revision: u64,
    state: State,
    floor: String,
    pass: Option<PassReport>,
    sessions: Vec<SessionReport>,
    keep_until: String,
}

/// A pass for a program.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PassReport {
    id: String,
    /// How it was handed out: `signedPass`, or `typedCode`.
    kind: &'static str,
    one_time: bool,
    created: String,
    start: String,
    end: String,
    /// Wrong guesses at its code; `null` for a signed pass, which nobody guesses.
    guesses: Option<GuessesReport>,
    reservation: Option<ReservationReport>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GuessesReport {
    /// How many in a row.
    wrong: u8,
    /// Until when nothing is compared; `null` where nobody has had to wait.
    wait_until: Option<String>,
    /// Whether nothing is compared any more.
    dead: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReservationReport {
    since: String,
    deadline: String,
    retries_left: u8,
    consumed: bool,
}

/// A session for a program.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionReport {
    id: String,
    state: &'static str,
    end: String,
}

impl RecordReport {
    pub(super) fn of(
        name: &RecordName,
        user: Option<&Identity>,
        revision: u64,
        record: &Record,
        now: UnixSeconds,
    ) -> Self {
        Self {
            record: name.to_string(),
            user: user.map(ToString::to_string),
            revision,
            state: State::of(record, now),
            floor: record.floor.to_string(),
            pass: record.pass.as_ref().map(PassReport::of),
            sessions: record.sessions.iter().map(|session| SessionReport::of(session, now)).collect(),
            keep_until: record.keep_until.to_string(),
        }
    }
}

impl PassReport {
    pub(super) fn of(pass: &StandingPass) -> Self {
        Self {
            id: pass.id.to_string(),
            kind: if pass.code.is_some() { "typedCode" } else { "signedPass" },
            one_time: pass.once,
            created: pass.created.to_string(),
            start: pass.start.to_string(),
            end: pass.end.to_string(),
            guesses: guesses(pass).map(|guesses| GuessesReport {
                wrong: guesses.wrong,
                wait_until: (guesses.wait_until > UnixSeconds::default()).then(|| guesses.wait_until.to_string()),
                dead: guesses.is_dead(),
            }),
            reservation: pass.reservation.as_ref().map(|reservation| ReservationReport {
                since: reservation.since.to_string(),
                deadline: reservation.deadline.to_string(),
                retries_left: reservation.retries_left,
                consumed: reservation.consumed,
            }),
        }
    }
}

impl SessionReport {
    pub(super) fn of(session: &SessionEntry, now: UnixSeconds) -> Self {
        Self { id: session.id.to_string(), state: state_of(session, now), end: session.end.to_string() }
    }
}

fn state_of(session: &SessionEntry, now: UnixSeconds) -> &'static str {
    match (now < session.end, session.registered) {
        (false, _) => "over",
        (true, false) => "registering",
        (true, true) => "registered",
    }
}

/// A record for a person.
pub(super) fn text(record: &Record, now: UnixSeconds, world: &mut World<'_>) -> Result<(), Error> {
    let when = |moment: UnixSeconds| format!("{moment}, {}", Relative { moment, now });
    world.print(format_args!("floor     {}: of what was issued before, nothing is accepted", when(record.floor)))?;
    if let Some(pass) = &record.pass {
        let usable = if pass.once { "one-time" } else { "multi-use" };
        let kind = if pass.code.is_some() { "a typed code" } else { "a signed pass" };
        world.print(format_args!("pass      {}, {usable}, {kind}", pass.id))?;
        world.print(format_args!("issued    {}", when(pass.created)))?;
        world.print(format_args!("starts    {}", when(pass.start)))?;
        world.print(format_args!("ends      {}", when(pass.end)))?;
        if let Some(guesses) = guesses(pass) {
            let waits = if guesses.is_dead() || guesses.are_open(now) {
                String::new()
            } else {
                format!(", its person waits until {}", when(guesses.wait_until))
            };
            world.print(format_args!("guesses   {} wrong in a row{waits}", guesses.wrong))?;
        }
    }
    world.print(format_args!("state     {}", in_words(record, now)))?;
    if let Some(reservation) = record.pass.as_ref().and_then(|pass| pass.reservation.as_ref()) {
        world.print(format_args!("used      {}", when(reservation.since)))?;
        world.print(format_args!("retries   {} left", reservation.retries_left))?;
    }
    if record.sessions.is_empty() {
        world.print("sessions  none")?;
    }
    for (number, session) in record.sessions.iter().enumerate() {
        let label = if number == 0 { "sessions" } else { "" };
        let ends = if now < session.end { "until" } else { "since" };
        world.print(format_args!(
            "{label:<9} {}, {} {ends} {}",
            session.id,
            state_of(session, now),
            when(session.end)
        ))?;
    }
    world.print(format_args!("kept      until {}", when(record.keep_until)))
}

fn in_words(record: &Record, now: UnixSeconds) -> String {
    let reservation = record.pass.as_ref().and_then(|pass| pass.reservation.as_ref());
    let deadline = reservation.map(|reservation| reservation.deadline).unwrap_or_default();
    match State::of(record, now) {
        State::Revoked => "revoked: nothing that was issued up to the floor is accepted".to_owned(),
        State::Standing => "standing: may be used until it ends".to_owned(),
        State::NotYet => "standing: may be used once it starts".to_owned(),
        State::Waiting => "waiting: it was guessed at, and no code is compared for a while".to_owned(),
        State::Dead => "dead: its code was guessed at too often and opens nothing any more; issue another".to_owned(),
        State::Reserved => {
            format!("reserved by one browser until {deadline}, {}", Relative { moment: deadline, now })
        }
        State::Consumed => "consumed: registration is complete".to_owned(),
        State::Lapsed => format!("consumed: its window passed at {deadline}, {}", Relative { moment: deadline, now }),
        State::Ended => "ended".to_owned(),
    }
}

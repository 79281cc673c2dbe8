//! A record, for a person and for a program. Neither shows the holder's hash or the attempt: they are of no use to anybody who may
//! look, and the less lies about the better.

use serde::Serialize;
use tapgate_core::ledger::{Record, RecordName, SessionEntry, StandingPass};
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
    /// A multi-use pass that may be used.
    Standing,
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
            Some(_) => Self::Standing,
        }
    }
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
    one_time: bool,
    end: String,
    reservation: Option<ReservationReport>,
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
            one_time: pass.once,
            end: pass.end.to_string(),
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
        let usable = if pass.reservation.is_some() { "one-time" } else { "multi-use" };
        world.print(format_args!("pass      {}, {usable}", pass.id))?;
        world.print(format_args!("ends      {}", when(pass.end)))?;
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
        State::Reserved => {
            format!("reserved by one browser until {deadline}, {}", Relative { moment: deadline, now })
        }
        State::Consumed => "consumed: registration is complete".to_owned(),
        State::Lapsed => format!("consumed: its window passed at {deadline}, {}", Relative { moment: deadline, now }),
        State::Ended => "ended".to_owned(),
    }
}

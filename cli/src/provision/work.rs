//! The rows, some at a time, each asked for until the gateway says what came of it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use tapgate_core::graph::request_key;
use tapgate_core::time::UnixSeconds;
use tokio::task::JoinSet;

use super::handover::{HandOver, Handed};
use super::outcome::{Outcome, Results, Status, Summary};
use super::rows::{Line, Row};
use crate::error::Error;
use crate::pass::api::{Api, Requested};
use crate::pass::error::PassError;
use crate::world::World;

/// How long it is waited before a request is made again that had no answer, or none that says what came of it.
const WAITS: [Duration; 4] =
    [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// Why somebody who has a pass has nothing in their hands.
const UNTOLD: &str = "a pass was issued before, and its code is told to whoever asked for it only, until it is used: delete that pass, or issue another";

/// How often progress is told in a run.
const PARTS: usize = 10;

/// How the rows are gone through.
pub(super) struct Plan<'a> {
    pub(super) reason: Option<&'a str>,
    pub(super) dry_run: bool,
    pub(super) at_once: usize,
}

/// A row that the gateway has been asked about.
struct Asked {
    number: u64,
    row: Row,
    came: Result<Requested, PassError>,
}

/// Goes through all rows; gives what is to be handed over. It stops where going on makes no sense: the token is refused, or the
/// gateway is gone.
pub(super) async fn carry_out(
    lines: Vec<Line>,
    plan: &Plan<'_>,
    api: &Arc<Api>,
    hand_over: &HandOver<'_>,
    results: &mut Results,
    world: &mut World<'_>,
) -> Result<(Summary, Vec<Handed>), Error> {
    let mut summary = Summary { rows: lines.len(), ..Summary::default() };
    let mut handed = Vec::new();
    let mut under_way = JoinSet::new();
    let mut lines = lines.into_iter();
    let part = (summary.rows / PARTS).max(PARTS);
    let mut told = 0_usize;
    loop {
        while under_way.len() < plan.at_once && summary.stopped.is_none() {
            let Some(Line { number, user, row }) = lines.next() else { break };
            match row {
                Err(reason) => {
                    let outcome = Outcome::of(number, user, Status::Refused).because(reason);
                    tell(&outcome, &mut summary, results, world)?;
                }
                Ok(row) => {
                    let now = world.clock()?;
                    let (api, reason, dry_run) = (Arc::clone(api), plan.reason.map(str::to_owned), plan.dry_run);
                    under_way.spawn(async move {
                        let came = ask(&api, &row, reason.as_deref(), dry_run, now).await;
                        Asked { number, row, came }
                    });
                }
            }
        }
        let Some(done) = under_way.join_next().await else { break };
        // Nothing of it panics, and nobody aborts it.
        let Ok(Asked { number, row, came }) = done else { continue };
        let name = row.user.to_string();
        let outcome = |status| Outcome::of(number, name.clone(), status);
        let outcome = match came {
            Ok(Requested::Would) => outcome(Status::WouldIssue),
            Ok(Requested::Issued(pass)) => {
                let joiner = Handed { line: number, row, pass, again: false };
                deliver(joiner, hand_over, &mut handed, &mut summary, world)
            }
            Ok(Requested::Before(pass)) if pass.code.is_some() => {
                let joiner = Handed { line: number, row, pass, again: true };
                deliver(joiner, hand_over, &mut handed, &mut summary, world)
            }
            Ok(Requested::Before(pass)) => {
                let outcome = outcome(Status::IssuedBefore).with(&pass);
                if hand_over.is_without(&row, &pass, results) {
                    Outcome { status: Status::Refused, ..outcome.because(UNTOLD.to_owned()) }
                } else {
                    outcome
                }
            }
            Err(error) => match fate(&error) {
                Fate::Refused => outcome(Status::Refused).because(reason_of(&error)),
                Fate::Stop => {
                    let error = Error::from(error);
                    if summary.stopped.is_none() {
                        summary.stopped = Some(error.exit());
                        world.warn(format_args!("stopping: {}", error.line()));
                    }
                    outcome(Status::Failed).because(error.line())
                }
            },
        };
        tell(&outcome, &mut summary, results, world)?;
        if summary.done() >= told.saturating_add(part) {
            told = summary.done();
            world.note(format_args!("{told} of {}", summary.rows));
        }
    }
    Ok((summary, handed))
}

/// Writes the sheet of a pass that has its code; keeps it for the mail.
fn deliver(
    joiner: Handed,
    hand_over: &HandOver<'_>,
    handed: &mut Vec<Handed>,
    summary: &mut Summary,
    world: &World<'_>,
) -> Outcome {
    let status = if joiner.again { Status::IssuedBefore } else { Status::Issued };
    let outcome = Outcome::of(joiner.line, joiner.row.user.to_string(), status).with(&joiner.pass);
    let written = world.clock().and_then(|now| Ok(hand_over.sheet(&joiner, now)?));
    let outcome = match written {
        Ok(written) => {
            summary.sheets = summary.sheets.saturating_add(usize::from(written));
            outcome
        }
        // The pass is there; the next run is told its code again, and writes the sheet.
        Err(error) => Outcome { status: Status::Failed, ..outcome.because(error.line()) },
    };
    handed.push(joiner);
    outcome
}

fn tell(outcome: &Outcome, summary: &mut Summary, results: &mut Results, world: &mut World<'_>) -> Result<(), Error> {
    summary.count(outcome.status);
    if let (Status::Refused | Status::Failed, Some(reason)) = (outcome.status, &outcome.reason) {
        let user = if outcome.user.is_empty() { String::new() } else { format!(", {}", outcome.user) };
        world.complain_as_is(format_args!("line {}{user}: {reason}", outcome.line));
    }
    results.add(outcome)
}

/// Asks for a row's pass until it is known what came of it. Its key makes that safe.
async fn ask(
    api: &Api,
    row: &Row,
    reason: Option<&str>,
    dry_run: bool,
    now: UnixSeconds,
) -> Result<Requested, PassError> {
    let (key, body) = (key(row), body(row, now));
    let passes = api.of(&row.user);
    let mut waits = WAITS.into_iter();
    loop {
        match (passes.request(&body, &key, reason, dry_run).await, waits.next()) {
            (Err(error), Some(wait)) if may_pass(&error) => tokio::time::sleep(wait).await,
            (came, _) => return came,
        }
    }
}

/// What tells this joiner's pass from all others: whose it is, and for which first day. Another lifetime makes no other pass of it.
fn key(row: &Row) -> String {
    request_key(&["provision", &row.user.as_str().to_ascii_lowercase(), &row.hired.name()])
}

/// What the gateway is asked for.
fn body(row: &Row, now: UnixSeconds) -> Value {
    let mut body = Map::new();
    if let Some(start) = row.hired.start(now) {
        body.insert("startDateTime".to_owned(), start.to_string().into());
    }
    if let Some(minutes) = row.lifetime {
        body.insert("lifetimeInMinutes".to_owned(), minutes.into());
    }
    if let Some(once) = row.once {
        body.insert("isUsableOnce".to_owned(), once.into());
    }
    Value::Object(body)
}

/// Whether the same request may have another answer in a moment.
fn may_pass(error: &PassError) -> bool {
    match error {
        PassError::NoAnswer { .. } => true,
        PassError::Denied(denied) => denied.status >= 500 || denied.status == 429,
        _ => false,
    }
}

/// What a refusal means for its row, and for the others.
enum Fate {
    /// This row alone.
    Refused,
    /// No other row would fare better.
    Stop,
}

fn fate(error: &PassError) -> Fate {
    match error {
        PassError::Denied(denied) => match denied.status {
            400 | 403..=428 => Fate::Refused,
            _ => Fate::Stop,
        },
        _ => Fate::Stop,
    }
}

/// What the gateway says, without where it is: that is the same for all rows.
fn reason_of(error: &PassError) -> String {
    match error {
        PassError::Denied(denied) => denied.message.trim_end_matches('.').to_owned(),
        error => error.to_string(),
    }
}

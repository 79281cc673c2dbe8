//! What lasts: passes, windows, sessions. After each step the gate is asked, on a copy, which of them still do.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::decided::{self, Decided};
use super::probe;
use crate::case::{Case, Line};
use crate::run::{Played, START, Stage};
use crate::site::Exchange;

/// The most questions that are asked in one story: beyond them what lasts is drawn as it was last known.
const MOST_QUESTIONS: usize = 20_000;

/// Something that lasts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// `pass`, `window` (registering), `session` (registered), `deadline` (a moment) or `ledger`.
    pub kind: &'static str,
    /// The pass's name, or the browser's.
    pub of: String,
    /// From when, in seconds since 1970.
    pub from: u64,
    /// Until when.
    pub to: u64,
    /// In words.
    pub label: String,
}

/// What has lasted so far.
pub(super) struct Lasting<'a> {
    case: &'a Case,
    ended: Vec<Span>,
    /// The window or session of each browser that has one, and the host where it was last.
    sessions: BTreeMap<String, (Option<String>, Span)>,
    /// From when each pass that the steps present would be taken in its time, as far as the policy and the ledger go.
    passes: BTreeMap<&'a str, Option<u64>>,
    /// Passes of which the admin API has told the code, by id.
    issued: BTreeMap<String, Span>,
    /// When the present ledger began.
    ledger: u64,
    restarted: bool,
    questions: usize,
}

impl<'a> Lasting<'a> {
    pub(super) fn of(case: &'a Case) -> Self {
        let presented = case.steps.iter().filter_map(|step| match &step.request.as_ref()?.line {
            Line::SignIn { shown, .. } => case.passes.get_key_value(shown).map(|(name, _)| name.as_str()),
            Line::Of { .. } => None,
        });
        let passes = presented.map(|name| (name, Some(0))).collect();
        Self {
            case,
            ended: Vec::new(),
            sessions: BTreeMap::new(),
            passes,
            issued: BTreeMap::new(),
            ledger: START,
            restarted: false,
            questions: 0,
        }
    }

    /// A step has been played.
    pub(super) fn saw(&mut self, played: &Played<'_>, stage: &Stage<'_>) {
        if played.step.restart {
            let label = "the ledger, until the restart".to_owned();
            let from = std::mem::replace(&mut self.ledger, played.at);
            self.ended.push(Span { kind: "ledger", of: String::new(), from, to: played.at, label });
            self.restarted = true;
        }
        if let Some(exchange) = &played.exchange {
            self.administered(exchange, played.at);
        }
        if let Some(request) = &played.step.request {
            let of = request.browser.clone();
            let none = || (None, Span { kind: "", of, from: played.at, to: played.at, label: String::new() });
            self.sessions.entry(request.browser.clone()).or_insert_with(none).0.clone_from(&request.host);
        }
        // Only these change what becomes of a pass, or of anybody's session but the step's own.
        let matters = !played.step.policy.is_empty()
            || played.step.restart
            || played.exchange.as_ref().is_some_and(|exchange| !exchange.audit.is_empty());
        let own = played.step.request.as_ref().map(|request| request.browser.as_str());
        for (host, open) in self.sessions.values_mut() {
            let is_asked = own == Some(&*open.of) || (matters && !open.kind.is_empty());
            if !is_asked || self.questions >= MOST_QUESTIONS {
                continue;
            }
            self.questions = self.questions.saturating_add(1);
            let answer = stage.fork().and_then(|stage| probe::status(stage, &open.of, host.as_ref()));
            let lives = answer.and_then(|answer| decided::session(&answer, played.at));
            let Some(over) = continued(open, lives, played.at) else { continue };
            // A window that was cut short has no deadline any more.
            if over.kind == "window" && over.to <= played.at {
                self.ended.push(deadline(&over));
            }
            self.ended.push(Span { to: over.to.min(played.at), ..over });
        }
        if matters {
            self.passes(stage, played.at);
        }
    }

    /// Asks about the passes that steps present.
    fn passes(&mut self, stage: &Stage<'_>, at: u64) {
        for (name, open) in &mut self.passes {
            let Some(pass) = self.case.passes.get(*name) else { continue };
            self.questions = self.questions.saturating_add(1);
            if self.questions > MOST_QUESTIONS {
                return;
            }
            let answer = stage.fork().and_then(|stage| probe::sign_in(stage, pass));
            let Some(reason) = answer.as_ref().map(|answer| Decided::of(answer).reason) else { continue };
            let dead = reason.is_some_and(|reason| {
                [
                    "replaced",
                    "revoked",
                    "disabled",
                    "out_of_scope",
                    "lifetime_out_of_policy",
                    "multi_use_forbidden",
                    "ledger_too_young",
                ]
                .contains(&reason.as_str())
            });
            match (*open, dead) {
                (Some(from), true) => {
                    let (starts, ends) = validity(pass);
                    self.ended.extend(valid(name, starts.max(from), ends.min(at)));
                    *open = None;
                }
                (None, false) => *open = Some(at),
                _ => {}
            }
        }
    }

    /// A pass may have been issued or taken back through the API.
    fn administered(&mut self, exchange: &Exchange, at: u64) {
        for line in &exchange.audit {
            let fields: Value = serde_json::from_str(line).unwrap_or_default();
            let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
            let gone = match (text("event"), text("outcome")) {
                ("pass_delete", "done") => text("pass"),
                ("pass_replace", "done") => text("replaced"),
                _ => continue,
            };
            if let Some(span) = self.issued.remove(gone) {
                self.ended.push(Span { to: span.to.min(at), ..span });
            }
        }
        if exchange.status != 201 {
            return;
        }
        let body: Value = serde_json::from_str(&exchange.body).unwrap_or_default();
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let (Some(id), Some(_), Some(start)) = (text("id"), text("temporaryAccessPass"), text("startDateTime")) else {
            return;
        };
        let start =
            OffsetDateTime::parse(start, &Rfc3339).ok().and_then(|start| u64::try_from(start.unix_timestamp()).ok());
        let minutes = body.get("lifetimeInMinutes").and_then(Value::as_u64);
        let (Some(from), Some(minutes)) = (start, minutes) else { return };
        let to = from.saturating_add(minutes.saturating_mul(60));
        let of = format!("issued {}", self.issued.len().saturating_add(self.ended.len()).saturating_add(1));
        let label = format!("a code that was issued is valid ({id})");
        self.issued.insert(id.to_owned(), Span { kind: "pass", of, from, to, label });
    }

    /// All that lasted, and what still does.
    pub(super) fn spans(self, end: u64) -> Vec<Span> {
        let mut spans = self.ended;
        for (name, open) in &self.passes {
            if let (Some(from), Some(pass)) = (open, self.case.passes.get(*name)) {
                let (starts, ends) = validity(pass);
                spans.extend(valid(name, starts.max(*from), ends));
            }
        }
        spans.extend(self.issued.into_values());
        let sessions = self.sessions.into_values().map(|(_, span)| span).filter(|span| !span.kind.is_empty());
        spans.extend(sessions.flat_map(|span| {
            let end = (span.kind == "window").then(|| deadline(&span));
            [Some(span), end].into_iter().flatten()
        }));
        if self.restarted {
            let label = "the ledger, since the restart".to_owned();
            spans.push(Span { kind: "ledger", of: String::new(), from: self.ledger, to: end.max(self.ledger), label });
        }
        spans.sort_by(|one, other| (one.from, one.kind, &one.of).cmp(&(other.from, other.kind, &other.of)));
        spans
    }
}

/// Where a window ends.
fn deadline(window: &Span) -> Span {
    let label = format!("deadline of {}", window.of);
    Span { kind: "deadline", from: window.to, label, ..window.clone() }
}

/// What a browser's session is by now; gives what it was until then, if that is over.
fn continued(open: &mut Span, lives: Option<(String, u64)>, at: u64) -> Option<Span> {
    let kind = match &lives {
        Some((state, _)) if state == "registered" => "session",
        Some(_) => "window",
        None => "",
    };
    let end = lives.map_or(at, |(_, end)| end);
    // A later sign-in begins another window, which ends later; a tightened policy only makes an end earlier.
    if open.kind == kind && (kind.is_empty() || end <= open.to) {
        open.to = end;
        return None;
    }
    let label =
        if kind == "session" { format!("{} is registered", open.of) } else { format!("{} is registering", open.of) };
    let now = Span { kind, of: open.of.clone(), from: at, to: end, label };
    let before = std::mem::replace(open, now);
    (!before.kind.is_empty()).then_some(before)
}

fn validity(pass: &crate::case::Pass) -> (u64, u64) {
    (START.saturating_add_signed(pass.start), START.saturating_add_signed(pass.end))
}

fn valid(name: &str, from: u64, to: u64) -> Option<Span> {
    (from < to).then(|| Span {
        kind: "pass",
        of: name.to_owned(),
        from,
        to,
        label: format!("the pass {name} is valid"),
    })
}

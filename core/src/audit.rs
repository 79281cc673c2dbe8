//! What operators are told: one line of JSON an event, one counter an outcome (section 9).
//!
//! An event names users by identity only where somebody has proved to be one; a merely typed name goes in as a keyed
//! hash. Passes, codes, cookies, keys and assertions have no field here. Request id and address come from outside and
//! decide nothing.

use std::fmt::Write as _;

use crate::names::{Identity, PassId, SessionId, TenantId};
use crate::policy::Terms;
use crate::refusal::{AuditClass, Refusal};
use crate::time::{Seconds, UnixSeconds};

/// What every audit line in the proxy's log begins with.
pub const PREFIX: &str = "tapgate.audit ";

/// The longest string from outside that a log line shows, in bytes (9.1).
const MOST_BYTES: usize = 128;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A pass was presented.
    SignIn,
    /// A registering session asked for something else than registration.
    Confinement,
    /// The application said that a registration is complete.
    Completion,
    /// The application sent a receipt that does not verify.
    Receipt,
    /// A session was used after its end.
    SessionEnd,
    /// A session's person signed out.
    SignOut,
    /// A pass was issued.
    PassIssue,
    /// A pass was issued in place of another.
    PassReplace,
    /// A pass was taken back.
    PassDelete,
    /// A pass that was issued here ended without having been used.
    PassExpire,
    /// The policy was amended through the admin API, or an amendment was found void.
    PolicyChange,
    /// Passes or the policy were looked at, or a call of the admin API was none of these.
    AdminCall,
    /// A request could not be judged.
    Request,
    /// An operator revoked a pass, or all of a user's.
    Revocation,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::SignIn,
        Self::Confinement,
        Self::Completion,
        Self::Receipt,
        Self::SessionEnd,
        Self::SignOut,
        Self::PassIssue,
        Self::PassReplace,
        Self::PassDelete,
        Self::PassExpire,
        Self::PolicyChange,
        Self::AdminCall,
        Self::Request,
        Self::Revocation,
    ];

    /// Its name in logs and counters.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Confinement => "confinement",
            Self::Completion => "completion",
            Self::Receipt => "receipt",
            Self::SessionEnd => "session_end",
            Self::SignOut => "sign_out",
            Self::PassIssue => "pass_issue",
            Self::PassReplace => "pass_replace",
            Self::PassDelete => "pass_delete",
            Self::PassExpire => "pass_expire",
            Self::PolicyChange => "policy_change",
            Self::AdminCall => "admin_call",
            Self::Request => "request",
            Self::Revocation => "revocation",
        }
    }
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Done,
    /// Refused, and why.
    Refused(Refusal),
    /// Changed nothing, and why.
    Ignored(&'static str),
    /// A call of the admin API was not carried out, and why.
    Denied(&'static str),
}

impl Outcome {
    /// Its name in logs and events.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused(_) => "refused",
            Self::Ignored(_) => "ignored",
            Self::Denied(_) => "denied",
        }
    }
}

/// Who a log line is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Nobody is known.
    Unknown,
    /// Somebody who showed an authentic pass or a session.
    User(Identity),
    /// The keyed hash of a name that was typed.
    Typed(String),
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// When.
    pub time: UnixSeconds,
    /// What.
    pub kind: Kind,
    /// What came of it.
    pub outcome: Outcome,
    /// Whose gateway, where one could be told.
    pub tenant: Option<TenantId>,
    /// Who.
    pub who: Who,
    /// The pass's id.
    pub pass: Option<PassId>,
    /// The session's id.
    pub session: Option<SessionId>,
    /// From sign-in to registration, where this completes one.
    pub took: Option<Seconds>,
    /// What an administrator did.
    pub administration: Option<Box<Administration>>,
}

/// What an administrator did or wanted to do, besides to whom and with which pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Administration {
    /// Who: the token's subject, or the session's person.
    pub by: Option<Identity>,
    /// When the pass may be used, and how often.
    pub terms: Option<Terms>,
    /// The pass that this one took the place of.
    pub replaced: Option<PassId>,
    /// What was changed of the policy: each member by its name, so that none is cut off behind another.
    pub changed: Vec<(String, String)>,
    /// The reason given.
    pub reason: Option<String>,
}

/// Where a request came from, as the proxy sees it: for people who read the log, and never for a decision.
#[derive(Clone, Copy, Debug, Default)]
pub struct Origin<'a> {
    /// The client's address.
    pub address: &'a [u8],
    /// The request's id.
    pub request_id: &'a [u8],
}

impl AuditEvent {
    /// Whether it is written to the log, or only counted: a page asks for dozens of things that a registering session may
    /// not have, and each of them would be a line.
    #[must_use]
    pub fn is_logged(&self) -> bool {
        match self.outcome {
            Outcome::Refused(refusal) => refusal.audit_class() != AuditClass::Counted,
            Outcome::Done | Outcome::Ignored(_) | Outcome::Denied(_) => true,
        }
    }

    /// Whether strangers can have as many of these written as they like: refusals that mean nothing by themselves.
    #[must_use]
    pub fn is_noise(&self) -> bool {
        matches!(self.outcome, Outcome::Refused(refusal) if refusal.audit_class() != AuditClass::Alarm)
    }

    /// The counter that it adds to: `tapgate.KIND.OUTCOME`.
    #[must_use]
    pub fn counter(&self) -> String {
        match self.outcome {
            Outcome::Done => format!("tapgate.{}.done", self.kind.name()),
            Outcome::Ignored(why) => format!("tapgate.{}.ignored.{why}", self.kind.name()),
            Outcome::Denied(why) => format!("tapgate.{}.denied.{why}", self.kind.name()),
            Outcome::Refused(refusal) => format!("tapgate.{}.refused.{refusal}", self.kind.name()),
        }
    }

    /// The log line: [`PREFIX`] and the event's JSON.
    #[must_use]
    pub fn line(&self, origin: Origin<'_>) -> String {
        format!("{PREFIX}{}", self.json(origin))
    }

    /// The event as JSON in ASCII on one line.
    #[must_use]
    pub fn json(&self, origin: Origin<'_>) -> String {
        let outcome = self.outcome.name();
        let (reason, alarm) = match self.outcome {
            Outcome::Done => (None, false),
            Outcome::Ignored(why) | Outcome::Denied(why) => (Some(why), false),
            Outcome::Refused(refusal) => (Some(refusal.name()), refusal.audit_class() == AuditClass::Alarm),
        };
        let mut line = String::new();
        let mut fields = Fields::begin(&mut line);
        fields.text("time", self.time.to_string().as_bytes());
        fields.text("event", self.kind.name().as_bytes());
        fields.text("outcome", outcome.as_bytes());
        fields.maybe("reason", reason.map(str::as_bytes));
        if alarm {
            fields.raw("alarm", "true");
        }
        fields.maybe("tenant", self.tenant.as_ref().map(|tenant| tenant.as_str().as_bytes()));
        match &self.who {
            Who::Unknown => {}
            Who::User(identity) => fields.text("user", identity.as_str().as_bytes()),
            Who::Typed(hash) => fields.text("typedUserHash", hash.as_bytes()),
        }
        fields.maybe("pass", self.pass.as_ref().map(|pass| pass.as_str().as_bytes()));
        if let Some(session) = self.session {
            fields.text("session", session.to_string().as_bytes());
        }
        if let Some(administration) = &self.administration {
            administration.write(&mut fields);
        }
        if let Some(took) = self.took {
            fields.raw("tookInSeconds", &took.get().to_string());
        }
        fields.maybe("source", Some(origin.address).filter(|address| !address.is_empty()));
        fields.maybe("requestId", Some(origin.request_id).filter(|id| !id.is_empty()));
        line.push('}');
        line
    }
}

impl Administration {
    fn write(&self, fields: &mut Fields<'_>) {
        fields.maybe("by", self.by.as_ref().map(|by| by.as_str().as_bytes()));
        if let Some(terms) = self.terms {
            fields.text("start", terms.start.to_string().as_bytes());
            fields.text("end", terms.end.to_string().as_bytes());
            fields.text("usage", if terms.once { b"once" } else { b"multiple" });
        }
        fields.maybe("replaced", self.replaced.as_ref().map(|pass| pass.as_str().as_bytes()));
        for (name, value) in &self.changed {
            fields.text(name, value.as_bytes());
        }
        fields.maybe("statedReason", self.reason.as_ref().map(String::as_bytes));
    }
}

/// Writes the members of a JSON object.
pub(crate) struct Fields<'a> {
    line: &'a mut String,
    separator: char,
}

impl<'a> Fields<'a> {
    pub(crate) fn begin(line: &'a mut String) -> Self {
        Self { line, separator: '{' }
    }

    pub(crate) fn raw(&mut self, name: &str, value: &str) {
        // Writing to a String cannot fail.
        let _ = write!(self.line, "{}\"{name}\":{value}", self.separator);
        self.separator = ',';
    }

    pub(crate) fn text(&mut self, name: &str, value: &[u8]) {
        self.raw(name, &format!("\"{}\"", escaped(value)));
    }

    /// A text that is bounded already, and must not be cut.
    pub(crate) fn whole(&mut self, name: &str, value: &[u8]) {
        self.raw(name, &format!("\"{}\"", spelled(value)));
    }

    pub(crate) fn maybe(&mut self, name: &str, value: Option<&[u8]>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }
}

/// Bytes from outside as the inside of a JSON string: cut to 128 bytes, one line, ASCII.
#[must_use]
pub fn escaped(bytes: &[u8]) -> String {
    spelled(bytes.get(..MOST_BYTES).unwrap_or(bytes))
}

fn spelled(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'"' | b'\\' => {
                text.push('\\');
                text.push(char::from(*byte));
            }
            b' '..=b'~' => text.push(char::from(*byte)),
            // Writing to a String cannot fail.
            other => drop(write!(text, "\\u{:04x}", u32::from(*other))),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_of_ascii_json_whatever_comes_in() {
        let event = AuditEvent {
            time: UnixSeconds::new(1_795_500_473).unwrap(),
            kind: Kind::SignIn,
            outcome: Outcome::Refused(Refusal::AlreadyUsed),
            tenant: Some("contoso".parse().unwrap()),
            who: Who::User("a\"b\\c".parse().unwrap()),
            pass: Some("p-1".parse().unwrap()),
            session: None,
            took: None,
            administration: None,
        };
        let hostile = [&b"\xff\r\n\"},{\x00\x7f"[..], &[b'a'; 500]].concat();
        let line = event.line(Origin { address: &hostile, request_id: "\u{e9}".as_bytes() });
        assert!(line.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{line}");
        let json: serde_json::Value = serde_json::from_str(line.strip_prefix(PREFIX).unwrap()).unwrap();
        assert_eq!(json["reason"], "already_used");
        assert_eq!(json["alarm"], true);
        assert_eq!(json["user"], "a\"b\\c");
        assert_eq!(json["source"].as_str().unwrap().chars().count(), 128);
    }
}

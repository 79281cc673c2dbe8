//! Being told of changes: etcd's watch, which its JSON gateway sends as a line of JSON each (`{"result": ...}`). What operators
//! ask; no gateway does.

use serde::Serialize;

use super::Call;
use super::answer::{flag, positive, text};
use super::survey::{Interval, Kept, Keys, Unread};
use crate::json::{self, Json, Object};

/// The largest line that is read, in bytes. etcd sends more than one and a half megabytes in fragments, a line each; base64
/// makes a third more of them.
pub const MOST_LINE_BYTES: usize = 4 << 20;

/// Levels of a line: itself, `result`, `events`, an event, `kv`; an error's details may be deeper.
const DEPTH: u8 = 8;

/// Asks to be told of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    pub(super) interval: Interval,
    pub(super) from: u64,
}

#[derive(Serialize)]
struct Question {
    create_request: Create,
}

#[derive(Serialize)]
struct Create {
    #[serde(flatten)]
    keys: Keys,
    start_revision: String,
    prev_kv: bool,
    fragment: bool,
}

/// A line of what etcd tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What has happened, in its order.
    pub events: Vec<Happened>,
    /// Whether more of the same revisions follows.
    pub fragment: bool,
    /// Why nothing follows any more.
    pub cancelled: Option<Cancelled>,
}

/// Why etcd tells nothing any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// What was asked for is not kept any more: only what was written in this revision or later.
    Compacted(u64),
    /// There is no token, or etcd no longer takes it.
    Unauthenticated,
    /// It says why.
    Because(String),
}

/// A key was written, or deleted, also with its lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// The key.
    pub key: Vec<u8>,
    /// The revision in which it happened.
    pub revision: u64,
    /// What stands there now.
    pub now: Option<Kept>,
    /// What stood there before; etcd may have forgotten it.
    pub before: Option<Kept>,
}

impl Happened {
    /// Whether the key was not there before.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.now.as_ref().is_some_and(|now| now.created == now.version.0)
    }
}

impl Watch {
    /// The call. Its answer does not end.
    #[must_use]
    pub fn call(&self) -> Call {
        let create =
            Create { keys: self.interval.keys(), start_revision: self.from.to_string(), prev_kv: true, fragment: true };
        Call::new("/v3/watch", &Question { create_request: create })
    }

    /// Reads a line of the answer.
    ///
    /// # Errors
    /// [`Unread`], naming the part that makes no sense.
    pub fn read(&self, line: &[u8]) -> Result<Told, Unread> {
        if line.len() > MOST_LINE_BYTES {
            return Err(Unread::Senseless("a line, which is too long"));
        }
        let line = json::strict_to(DEPTH, line).map_err(|_| Unread::Senseless("a line, which is no JSON"))?;
        let result = match (line.get("result"), line.get("error")) {
            (Some(Json::Object(result)), None) => result,
            (_, Some(Json::Object(error))) => return Err(refused(error)),
            _ => return Err(Unread::Senseless("`result`")),
        };
        // It has no revision where the watch is cancelled.
        if !matches!(result.get("header"), Some(Json::Object(_))) {
            return Err(Unread::Senseless("`header`"));
        }
        let events = match result.get("events") {
            None => Vec::new(),
            Some(Json::Array(events)) => events.iter().map(|event| self.event(event)).collect::<Result<_, _>>()?,
            Some(_) => return Err(Unread::Senseless("`events`")),
        };
        let fragment = flag(result, "fragment").ok_or(Unread::Senseless("`fragment`"))?;
        Ok(Told { events, fragment, cancelled: cancelled(result)? })
    }

    fn event(&self, event: &Json) -> Result<Happened, Unread> {
        let Json::Object(event) = event else { return Err(Unread::Senseless("`events`")) };
        let deleted = match event.get("type") {
            None => false,
            Some(Json::String(kind)) if kind == "PUT" => false,
            Some(Json::String(kind)) if kind == "DELETE" => true,
            Some(_) => return Err(Unread::Senseless("`type`")),
        };
        let kv = event.get("kv").ok_or(Unread::Senseless("`kv`"))?;
        let before = event.get("prev_kv").map(Kept::read).transpose()?;
        let (now, key, revision) = if deleted {
            // Of a key that is gone etcd knows nothing but its name, and when it went.
            let Json::Object(kv) = kv else { return Err(Unread::Senseless("`kv`")) };
            (None, super::survey::key(kv)?, super::survey::revision(kv, "mod_revision", "`mod_revision`")?)
        } else {
            let now = Kept::read(kv)?;
            let (key, revision) = (now.key.clone(), now.version.0);
            (Some(now), key, revision)
        };
        if !self.interval.holds(&key) || before.as_ref().is_some_and(|before| before.key != key) {
            return Err(Unread::Senseless("`key`, which was not asked for"));
        }
        if revision < self.from || before.as_ref().is_some_and(|before| before.version.0 >= revision) {
            return Err(Unread::Senseless("`mod_revision`, which was not asked for"));
        }
        Ok(Happened { key, revision, now, before })
    }
}

fn cancelled(result: &Object) -> Result<Option<Cancelled>, Unread> {
    if !flag(result, "canceled").ok_or(Unread::Senseless("`canceled`"))? {
        return Ok(None);
    }
    let compacted = match result.get("compact_revision") {
        None => None,
        Some(Json::String(revision)) if revision == "0" => None,
        Some(Json::String(revision)) => {
            Some(positive(revision).ok_or(Unread::Senseless("`compact_revision`, which is no revision"))?)
        }
        Some(_) => return Err(Unread::Senseless("`compact_revision`")),
    };
    let reason = text(result, "cancel_reason").unwrap_or("it does not say why");
    Ok(Some(match compacted {
        Some(revision) => Cancelled::Compacted(revision),
        None if is_about_a_token(reason) => Cancelled::Unauthenticated,
        None => Cancelled::Because(reason.to_owned()),
    }))
}

fn refused(error: &Object) -> Unread {
    match (error.get("grpc_code").or_else(|| error.get("code")), text(error, "message")) {
        (Some(Json::Integer(16)), _) => Unread::Unauthenticated,
        (_, Some(message)) if is_about_a_token(message) => Unread::Unauthenticated,
        _ => Unread::Refused,
    }
}

/// What etcd says of a token that it does not take (`rpctypes/error.go`); of a watch it says so in words alone.
fn is_about_a_token(reason: &str) -> bool {
    ["invalid auth token", "user name is empty", "revision of auth store is old"]
        .iter()
        .any(|said| reason.contains(said))
}

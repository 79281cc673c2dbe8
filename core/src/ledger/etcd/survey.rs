//! Looking over a ledger: ranges of its keys, in pages, all at one revision. What operators ask; no gateway does.
//!
//! An operator is to be told what is wrong with an answer, so these readers say where it makes no sense; and a record that does
//! not read is handed on as such, since it is what somebody has to find.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::answer::{Fault, flag, positive, text};
use super::{Answer, Call, Failure};
use crate::json::{Json, Object};
use crate::ledger::bucket::decode_birth;
use crate::ledger::{Record, Unavailable, Version};
use crate::time::UnixSeconds;

/// How many records a page has. A key has at most 272 bytes and a record some 560, so a page has under half a megabyte.
pub const PAGE: u32 = 256;

/// The largest answer to a [`Range`] that is read, in bytes.
pub const MOST_PAGE_BYTES: usize = 1 << 20;

/// Why an answer tells nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// There is no token, or etcd no longer takes it: authenticate and ask again.
    Unauthenticated,
    /// etcd says that it did not do it, or something else answers in its place.
    Refused,
    /// etcd answered, and this part of the answer makes no sense.
    Senseless(&'static str),
}

impl From<Fault> for Unread {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unauthenticated => Self::Unauthenticated,
            Fault::LeaseGone | Fault::Refused | Fault::Unclear => Self::Refused,
        }
    }
}

impl From<Failure> for Unread {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unauthenticated => Self::Unauthenticated,
            Failure::Unavailable => Self::Refused,
        }
    }
}

impl Answer<'_> {
    /// What etcd, or whatever answers in its place, says against it: `message` of an error, or else the first line of what was
    /// said; `None` if nothing was.
    #[must_use]
    pub fn complaint(self) -> Option<String> {
        if let Ok(object) = crate::json::strict_to(4, self.body) {
            return ["message", "error"].iter().find_map(|name| text(&object, name)).map(str::to_owned);
        }
        String::from_utf8_lossy(self.body).lines().next().filter(|line| !line.is_empty()).map(str::to_owned)
    }
}

/// A key, or all keys from one up to before another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Interval {
    start: Vec<u8>,
    end: Option<Vec<u8>>,
}

/// An interval as it is sent.
#[derive(Serialize)]
pub(super) struct Keys {
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    range_end: Option<String>,
}

impl Interval {
    pub(super) fn one(key: Vec<u8>) -> Self {
        Self { start: key, end: None }
    }

    pub(super) fn between(start: Vec<u8>, end: Vec<u8>) -> Self {
        Self { start, end: Some(end) }
    }

    pub(super) fn keys(&self) -> Keys {
        Keys { key: STANDARD.encode(&self.start), range_end: self.end.as_ref().map(|end| STANDARD.encode(end)) }
    }

    pub(super) fn holds(&self, key: &[u8]) -> bool {
        match &self.end {
            None => key == self.start,
            Some(end) => key >= self.start.as_slice() && key < end.as_slice(),
        }
    }
}

/// Asks for what lies under some keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    interval: Interval,
    revision: Option<u64>,
    limit: Option<u32>,
    count_only: bool,
}

#[derive(Serialize)]
struct Question {
    #[serde(flatten)]
    keys: Keys,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    count_only: bool,
}

/// What lies there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The store's revision when it answered.
    pub revision: u64,
    /// Which member answered.
    pub member: u64,
    /// The keys, in their order.
    pub kept: Vec<Kept>,
    /// Whether there are more than were asked for.
    pub more: bool,
    /// How many there are, whether asked for or not.
    pub count: u64,
}

/// What lies under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The key.
    pub key: Vec<u8>,
    /// The revision that it was made in, since it was last deleted.
    pub created: u64,
    /// The revision that it was last written in.
    pub version: Version,
    value: Vec<u8>,
}

impl Range {
    pub(super) fn of(interval: Interval) -> Self {
        Self { interval, revision: None, limit: None, count_only: false }
    }

    /// From the key behind this one on.
    #[must_use]
    pub fn behind(mut self, key: &[u8]) -> Self {
        self.interval.start = [key, &[0]].concat();
        self
    }

    /// As it stood at this revision.
    #[must_use]
    pub fn at(self, revision: u64) -> Self {
        Self { revision: Some(revision), ..self }
    }

    /// At most so many.
    #[must_use]
    pub fn limit(self, limit: u32) -> Self {
        Self { limit: Some(limit), ..self }
    }

    /// Only how many there are.
    #[must_use]
    pub fn counting(self) -> Self {
        Self { count_only: true, ..self }
    }

    /// The call.
    #[must_use]
    pub fn call(&self) -> Call {
        let Self { interval, revision, limit, count_only } = self;
        let number = |number: u64| number.to_string();
        Call::new(
            "/v3/kv/range",
            &Question {
                keys: interval.keys(),
                revision: revision.map(number),
                limit: limit.map(|limit| number(limit.into())),
                count_only: *count_only,
            },
        )
    }

    /// Reads the call's answer.
    ///
    /// # Errors
    /// [`Unread`], naming the part that makes no sense.
    pub fn read(&self, answer: Answer<'_>) -> Result<Found, Unread> {
        let object = answer.object_within(MOST_PAGE_BYTES)?;
        let (revision, member) = header(&object)?;
        let kvs = match object.get("kvs") {
            None => &[][..],
            Some(Json::Array(kvs)) => kvs,
            Some(_) => return Err(Unread::Senseless("`kvs`")),
        };
        let count = match object.get("count") {
            None => 0,
            Some(Json::String(count)) => positive(count).ok_or(Unread::Senseless("`count`"))?,
            Some(_) => return Err(Unread::Senseless("`count`")),
        };
        let kept: Vec<Kept> = kvs.iter().map(Kept::read).collect::<Result<_, _>>()?;
        let found =
            Found { revision, member, kept, more: flag(&object, "more").ok_or(Unread::Senseless("`more`"))?, count };
        self.check(&found).map_or(Ok(found), |part| Err(Unread::Senseless(part)))
    }

    /// What of an answer cannot be one to this question.
    fn check(&self, found: &Found) -> Option<&'static str> {
        let number = u64::try_from(found.kept.len()).unwrap_or(u64::MAX);
        let latest = self.revision.unwrap_or(found.revision);
        let most = self.limit.map_or(u64::MAX, u64::from);
        let ordered = found.kept.iter().zip(found.kept.iter().skip(1)).all(|(one, next)| one.key < next.key);
        if found.revision < latest {
            Some("`header.revision`, which is older than what was asked for")
        } else if !ordered || !found.kept.iter().all(|kept| self.interval.holds(&kept.key)) {
            Some("`kvs`, which has keys that were not asked for or are out of order")
        } else if found.kept.iter().any(|kept| kept.version.0 > latest) {
            Some("`kvs`, which has a revision of the future")
        } else if number > most || (self.count_only && number > 0) {
            Some("`kvs`, which has more than was asked for")
        } else if (found.more && number == 0) || found.count < number {
            Some("`count` or `more`, which do not fit the keys")
        } else {
            None
        }
    }
}

impl Found {
    /// When the ledger began; `None` if it has not.
    ///
    /// # Errors
    /// [`Unread`] if what stands there is no time.
    pub fn birth(&self) -> Result<Option<UnixSeconds>, Unread> {
        let birth = self.kept.first().map(|kept| decode_birth(&kept.value)).transpose();
        birth.map_err(|Unavailable| Unread::Senseless("the ledger's birth, which is no time"))
    }
}

impl Kept {
    pub(super) fn read(kv: &Json) -> Result<Self, Unread> {
        let Json::Object(kv) = kv else { return Err(Unread::Senseless("`kvs`, which has something else than keys")) };
        let created = revision(kv, "create_revision", "`create_revision`")?;
        let version = Version(revision(kv, "mod_revision", "`mod_revision`")?);
        if created > version.0 {
            return Err(Unread::Senseless("`create_revision`, which is after `mod_revision`"));
        }
        // An empty value is left out.
        let value = if kv.get("value").is_some() { bytes(kv, "value", "`value`")? } else { Vec::new() };
        Ok(Self { key: key(kv)?, created, version, value })
    }

    /// The record under this key.
    ///
    /// # Errors
    /// [`Unavailable`] if no gateway could read it.
    pub fn record(&self) -> Result<Record, Unavailable> {
        Record::decode(&self.value)
    }

    /// Its value's length in bytes.
    #[must_use]
    pub fn length(&self) -> usize {
        self.value.len()
    }
}

pub(super) fn key(kv: &Object) -> Result<Vec<u8>, Unread> {
    bytes(kv, "key", "`key`")
}

fn bytes(kv: &Object, name: &str, what: &'static str) -> Result<Vec<u8>, Unread> {
    text(kv, name).and_then(|text| STANDARD.decode(text).ok()).ok_or(Unread::Senseless(what))
}

/// Revision and member of an answer's header.
fn header(object: &Object) -> Result<(u64, u64), Unread> {
    let Some(Json::Object(header)) = object.get("header") else { return Err(Unread::Senseless("`header`")) };
    // A member's id is an unsigned number, of which nothing but its text is wanted.
    let member = text(header, "member_id").and_then(|id| id.parse().ok());
    Ok((revision(header, "revision", "`header.revision`")?, member.ok_or(Unread::Senseless("`header.member_id`"))?))
}

pub(super) fn revision(object: &Object, name: &str, what: &'static str) -> Result<u64, Unread> {
    text(object, name).and_then(positive).ok_or(Unread::Senseless(what))
}

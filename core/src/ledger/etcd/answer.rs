//! What comes back: the one place where an answer's bytes are read. Everything is bounded, typed and canonical, or nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::keyspace::{Key, Keys};
use super::{Answer, Failure, MOST_BYTES};
use crate::json::{self, Json, Object};
use crate::ledger::bucket::decode_birth;
use crate::ledger::{Amendment, Loaded, Record, Version};
use crate::time::UnixSeconds;

/// Levels of a transaction's answer: itself, `responses`, a response, `response_range`, `kvs`, a key.
const DEPTH: u8 = 6;

/// What stands where an answer should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Not done: there is no token, or it is not taken.
    Unauthenticated,
    /// Not done: the lease has ended.
    LeaseGone,
    /// Not done, and it will not be another time.
    Refused,
    /// Done or not.
    Unclear,
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unauthenticated => Self::Unauthenticated,
            Fault::LeaseGone | Fault::Refused | Fault::Unclear => Self::Unavailable,
        }
    }
}

impl Answer<'_> {
    /// The answer's object, if etcd did what it was asked to.
    pub(super) fn object(self) -> Result<Object, Fault> {
        self.object_within(MOST_BYTES)
    }

    /// As [`Answer::object`], of at most so many bytes.
    pub(super) fn object_within(self, most: usize) -> Result<Object, Fault> {
        if self.body.len() > most {
            return Err(Fault::Unclear);
        }
        let object = json::strict_to(DEPTH, self.body).map_err(|_| Fault::Unclear)?;
        if self.status == 200 { Ok(object) } else { Err(self.fault(&object)) }
    }

    /// What an error means: `{code, message}`, the code being gRPC's, with the HTTP status that the gateway gives for it.
    ///
    /// Only what etcd says before it changes anything is certain. That is so of invalid arguments (`checkTxnRequest`,
    /// the limit on a request's size, the gateway's own reader), of tokens (`AuthInfoFromCtx` before a proposal,
    /// `isOpPermitted` before it is applied), of permissions (`CheckTxnAuth`) and of a missing lease (`checkTxn`). It is not
    /// so of "database space exceeded": `quotaApplierV3` carries a transaction out first and says so afterwards.
    fn fault(self, error: &Object) -> Fault {
        let (Some(Json::Integer(code)), Some(message)) = (error.get("code"), text(error, "message")) else {
            return Fault::Unclear;
        };
        match (self.status, code, message) {
            (401, 16, _) | (400, 3, "etcdserver: user name is empty" | "etcdserver: revision of auth store is old") => {
                Fault::Unauthenticated
            }
            (404, 5, "etcdserver: requested lease not found") => Fault::LeaseGone,
            // A failed precondition: 412 up to etcd 3.4, 400 since.
            (400 | 412, 9, "etcdserver: authentication is not enabled") => Fault::Refused,
            (400, 3, _) | (403, 7, _) | (404, 5, _) => Fault::Refused,
            _ => Fault::Unclear,
        }
    }
}

/// A transaction's answer.
pub(super) struct Txn {
    /// Which branch was taken. etcd leaves `false` out.
    pub(super) succeeded: bool,
    /// The store's revision once it was done.
    pub(super) revision: u64,
    /// One response an operation of that branch, in their order.
    pub(super) responses: Vec<Json>,
}

impl Txn {
    pub(super) fn read(answer: Answer<'_>) -> Result<Self, Fault> {
        Self::of(answer.object()?).ok_or(Fault::Unclear)
    }

    fn of(object: Object) -> Option<Self> {
        let Some(Json::Object(header)) = object.get("header") else { return None };
        let revision = positive(text(header, "revision")?)?;
        let succeeded = flag(&object, "succeeded")?;
        let Some(Json::Array(responses)) = object.take("responses") else { return None };
        Some(Self { succeeded, revision, responses })
    }

    /// Three ranges, of birth, amendment and record: what they make; `Some(None)` if the ledger has not begun.
    pub(super) fn loaded(&self, keys: &Keys) -> Option<Option<Loaded>> {
        let [birth, amendment, record] = self.responses.as_slice() else { return None };
        match self.range(birth, &keys.birth)? {
            Some((birth, _)) => self.held(decode_birth(&birth).ok()?, amendment, record, keys).map(Some),
            None => Some(None),
        }
    }

    /// Two ranges, of amendment and record: what a ledger that began at `birth` holds.
    pub(super) fn held(&self, birth: UnixSeconds, amendment: &Json, record: &Json, keys: &Keys) -> Option<Loaded> {
        let amendment = match self.range(amendment, &keys.amendment)? {
            Some((value, version)) => Some((Amendment::new(value)?, version)),
            None => None,
        };
        let record = match self.range(record, &keys.record)? {
            Some((value, version)) => Some((Record::decode(&value).ok()?, version)),
            None => None,
        };
        Some(Loaded { birth, amendment, record })
    }

    /// A range of one key: its value and version, or nothing.
    fn range(&self, response: &Json, key: &Key) -> Option<Option<(Vec<u8>, Version)>> {
        let range = only(response, "response_range")?;
        let kvs = match range.get("kvs") {
            None => &[][..],
            Some(Json::Array(kvs)) => kvs,
            Some(_) => return None,
        };
        let count = match range.get("count") {
            None => 0,
            Some(Json::String(count)) => positive(count)?,
            Some(_) => return None,
        };
        if flag(range, "more")? {
            return None;
        }
        match (kvs, count) {
            ([], 0) => Some(None),
            ([Json::Object(kv)], 1) => self.key_value(kv, key).map(Some),
            _ => None,
        }
    }

    fn key_value(&self, kv: &Object, key: &Key) -> Option<(Vec<u8>, Version)> {
        let created = positive(text(kv, "create_revision")?)?;
        let modified = positive(text(kv, "mod_revision")?)?;
        let sound = text(kv, "key")? == key.0 && created <= modified && modified <= self.revision;
        // A value without bytes is left out, as what has its default is.
        let value = if kv.get("value").is_some() { text(kv, "value")? } else { "" };
        let value = STANDARD.decode(value).ok()?;
        sound.then_some((value, Version(modified)))
    }
}

/// Whether this is the response to a put.
pub(super) fn is_put(response: &Json) -> bool {
    only(response, "response_put").is_some()
}

/// A response is one of several: an object with one member.
fn only<'a>(response: &'a Json, name: &str) -> Option<&'a Object> {
    let Json::Object(Object(members)) = response else { return None };
    match members.as_slice() {
        [(found, Json::Object(inside))] if found == name => Some(inside),
        _ => None,
    }
}

/// `true`, or `false` where it is left out.
pub(super) fn flag(object: &Object, name: &str) -> Option<bool> {
    match object.get(name) {
        None => Some(false),
        Some(Json::Bool(flag)) => Some(*flag),
        Some(_) => None,
    }
}

pub(super) fn text<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    match object.get(name) {
        Some(Json::String(text)) => Some(text),
        _ => None,
    }
}

/// An `int64` above zero as the gateway writes it: decimal digits without a sign or zeros before them.
pub(super) fn positive(text: &str) -> Option<u64> {
    let canonical = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    let number: i64 = text.parse().ok().filter(|_| canonical)?;
    u64::try_from(number).ok().filter(|number| *number > 0)
}

//! What is amended of a policy through the admin API, as the ledger keeps it (11.3).
//!
//! An amendment holds the members of `temporaryAccessPass` that were changed, the hash of the document's section that they were
//! changed over, and a MAC by a key derived from a gateway key. Whoever can write to the ledger can take one away or bring an
//! older one back; nobody can make one up. It counts for as long as the document's section is the one that it was made over, so
//! the document always has the last word.
//!
//! A policy without an `admin` section heeds none.

use std::sync::{Arc, Mutex, PoisonError};

use super::doc::{Defect, Defects, Node};
use super::{InForce, Policy, TemporaryAccessPass, sections, shape};
use crate::digest;
use crate::directory::Found;
use crate::json::{self, Json, Object};
use crate::key::{Amendments, KeyRing};
use crate::ledger::Amendment;
use crate::names::{AttemptId, KeyId};

/// The first byte of an amendment.
const FORMAT: u8 = 1;

/// Why an amendment counts for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Void {
    /// No gateway of this tenant made it, or the key that it was made with is gone.
    NotAuthentic,
    /// It was made over another `temporaryAccessPass` than the document has now.
    OverAnother,
    /// With it, the section does not compile any more, since something else in the document has changed: nobody is let in until it
    /// is taken back or made anew.
    NotAPolicy,
}

impl Void {
    /// Its name in logs and counters.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotAuthentic => "not_authentic",
            Self::OverAnother => "over_another_section",
            Self::NotAPolicy => "not_a_policy",
        }
    }
}

/// What a policy needs to be amended.
pub(super) struct Amending {
    /// The document's section, and its hash.
    section: Object,
    hash: [u8; 32],
    /// What the amendment last seen came to: every request asks, and it hardly ever changes.
    last: Mutex<Option<Last>>,
}

struct Last {
    amendment: Amendment,
    passes: Arc<TemporaryAccessPass>,
    void: Option<Void>,
    reported: bool,
}

/// Why a policy is not amended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotAmended {
    /// The section would not compile.
    Defects(Vec<Defect>),
    /// There would be more of it than a ledger keeps.
    TooLarge,
}

impl Amending {
    pub(super) fn of(section: Object) -> Self {
        let hash = digest::sha256(&[b"tapgate-section-1", &Json::Object(section.clone()).canonical()]);
        Self { section, hash, last: Mutex::new(None) }
    }

    pub(super) fn is_to_be_reported(&self) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_mut().is_some_and(|last| !std::mem::replace(&mut last.reported, true))
    }
}

/// An amendment, read.
struct Read<'a> {
    over: [u8; 32],
    attempt: [u8; 16],
    key: &'a str,
    tag: &'a [u8],
    members: &'a [u8],
}

impl<'a> Read<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let (&format, rest) = bytes.split_first()?;
        let (over, rest) = rest.split_first_chunk()?;
        let (attempt, rest) = rest.split_first_chunk()?;
        let (&length, rest) = rest.split_first()?;
        let (key, rest) = rest.split_at_checked(usize::from(length))?;
        let (tag, members) = rest.split_at_checked(32)?;
        let key = std::str::from_utf8(key).ok()?;
        (format == FORMAT).then_some(Self { over: *over, attempt: *attempt, key, tag, members })
    }
}

/// What is authenticated of an amendment.
fn message(over: &[u8; 32], attempt: &[u8; 16], members: &[u8]) -> Vec<u8> {
    digest::length_prefixed(&[over, attempt, members])
}

fn write(over: &[u8; 32], attempt: AttemptId, members: &[u8], keys: &KeyRing<Amendments>) -> Vec<u8> {
    let key: &KeyId = keys.signing_id();
    let tag = keys.sign(&message(over, attempt.as_bytes(), members));
    // A key's id has at most 64 bytes.
    let length = u8::try_from(key.as_str().len()).unwrap_or(u8::MAX);
    let parts = [&[FORMAT], &over[..], attempt.as_bytes(), &[length], key.as_str().as_bytes(), &tag, members];
    parts.concat()
}

impl Policy {
    /// The policy with what the ledger holds of amendments to it.
    #[must_use]
    pub fn in_force(self: &Arc<Self>, amendment: Option<&Amendment>) -> InForce {
        let (passes, void) = match amendment.filter(|amendment| self.admin.is_some() && !amendment.is_none()) {
            None => (Arc::clone(&self.passes), None),
            Some(amendment) => self.amended(amendment),
        };
        InForce { policy: Arc::clone(self), passes, void }
    }

    fn amended(&self, amendment: &Amendment) -> (Arc<TemporaryAccessPass>, Option<Void>) {
        let mut last = self.amending.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last.as_ref().filter(|last| last.amendment == *amendment) {
            return (Arc::clone(&last.passes), last.void);
        }
        let read = self.open(amendment).and_then(|members| self.compiled(&members).map_err(|_| Void::NotAPolicy));
        let (passes, void) = match read {
            Ok(passes) => (Arc::new(passes), None),
            // It is ours, over this very section, and something else in the document has changed so that it does not fit any more:
            // what it was to forbid must not be allowed meanwhile.
            Err(void @ Void::NotAPolicy) => {
                let shut = TemporaryAccessPass { enabled: false, ..TemporaryAccessPass::clone(&self.passes) };
                (Arc::new(shut), Some(void))
            }
            Err(void) => (Arc::clone(&self.passes), Some(void)),
        };
        *last = Some(Last { amendment: amendment.clone(), passes: Arc::clone(&passes), void, reported: false });
        (passes, void)
    }

    /// The members that an amendment changes.
    fn open(&self, amendment: &Amendment) -> Result<Object, Void> {
        let read = Read::of(amendment.as_bytes()).ok_or(Void::NotAuthentic)?;
        let message = message(&read.over, &read.attempt, read.members);
        if self.gateway_keys.amendments.verify(read.key, &message, read.tag) != Some(true) {
            return Err(Void::NotAuthentic);
        }
        if read.over != self.amending.hash {
            return Err(Void::OverAnother);
        }
        match json::document(read.members) {
            Ok(Json::Object(members)) => Ok(members),
            _ => Err(Void::NotAPolicy),
        }
    }

    /// The document's section with these members in place of its own.
    fn compiled(&self, members: &Object) -> Result<TemporaryAccessPass, Vec<Defect>> {
        let tree = Json::Object(overlaid(self.amending.section.clone(), members));
        let defects = Defects::of("the policy");
        let passes = sections::passes(&Node::root(&tree, &defects), Some(&self.directory));
        let defects = defects.into_sorted();
        match passes {
            // What the document switches off stays off.
            Some(passes) if defects.is_empty() => {
                Ok(TemporaryAccessPass { enabled: passes.enabled && self.passes.enabled, ..passes })
            }
            _ => Err(defects),
        }
    }

    /// The amendment that changes these members, and otherwise what `former` changes, if that counts.
    pub(crate) fn amend(
        &self,
        former: Option<&Amendment>,
        members: &Object,
        attempt: AttemptId,
    ) -> Result<Amendment, NotAmended> {
        // What does not fit the document any more must not stand in the way of what is to be changed now.
        let former = former.and_then(|former| self.open(former).ok());
        let former = former.filter(|former| self.compiled(former).is_ok()).unwrap_or_default();
        let members = overlaid(former, &self.pinned(members));
        self.compiled(&members).map_err(NotAmended::Defects)?;
        let members = Json::Object(members).canonical();
        let bytes = write(&self.amending.hash, attempt, &members, &self.gateway_keys.amendments);
        Amendment::new(bytes).ok_or(NotAmended::TooLarge)
    }
}

impl Policy {
    /// The members with the directory's id in place of each user's name: a name that is given to somebody else must not change whom
    /// an amendment is about.
    fn pinned(&self, Object(members): &Object) -> Object {
        let pinned = |(name, value): &(String, Json)| match value {
            Json::Array(targets) if [shape::INCLUDE_TARGETS.name, shape::EXCLUDE_TARGETS.name].contains(&&**name) => {
                (name.clone(), Json::Array(targets.iter().map(|target| self.target(target)).collect()))
            }
            value => (name.clone(), value.clone()),
        };
        Object(members.iter().map(pinned).collect())
    }

    fn target(&self, target: &Json) -> Json {
        let Json::Object(members) = target else { return target.clone() };
        let text = |name| match members.get(name) {
            Some(Json::String(text)) => Some(text.as_str()),
            _ => None,
        };
        let named = text("id").filter(|_| text(shape::TARGET_TYPE.name) == Some("user"));
        let user = named.and_then(|name| match self.directory.find(&name.parse().ok()?) {
            Found::AtHand(known) => known.map(|known| known.identity),
            // It is an id, or it does not compile.
            Found::Elsewhere(_) => None,
        });
        let with_id = |(name, value): &(String, Json)| match &user {
            Some(user) if name == "id" => (name.clone(), Json::String(user.as_str().to_owned())),
            _ => (name.clone(), value.clone()),
        };
        Json::Object(Object(members.0.iter().map(with_id).collect()))
    }
}

fn overlaid(Object(mut below): Object, Object(above): &Object) -> Object {
    below.retain(|(name, _)| above.iter().all(|(other, _)| other != name));
    below.extend(above.iter().cloned());
    Object(below)
}

//! The worker's side of a directory that has to be asked: the calls of an inquiry, and what was lately answered.
//!
//! `core` says what to send and what an answer means. Only whole answers are remembered, that somebody exists as well as that nobody
//! does, so that a name that was asked about tells as little by how long it takes; never that the server did not answer.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use tapgate_core::directory::scim::{Answer, Inquiry, MOST_BYTES, Scim, Turn};
use tapgate_core::directory::{By, Directory, Known, Unavailable};
use tapgate_core::names::UserName;
use tapgate_core::policy::Policy;
use tapgate_core::time::UnixSeconds;

use crate::host;
use crate::metrics::Metrics;

/// The most names that are remembered, of those that are typed and of the others each: whoever types many crowds out no administrator.
/// One takes some hundred bytes, and some twenty thousand at most.
const MOST: usize = 256;

/// What a worker was lately told.
#[derive(Clone, Default)]
pub(crate) struct Memory(Rc<RefCell<Vec<Seen>>>);

struct Seen {
    /// By whose directory: of a policy that is loaded anew none of this is known, whoever still asks by the former one.
    policy: Arc<Policy>,
    /// In ASCII lower case.
    name: String,
    by: By,
    at: UnixSeconds,
    known: Option<Box<Known>>,
}

impl Memory {
    /// Lets go of what was told to former policies, and of them.
    pub(crate) fn clear(&self) {
        self.0.borrow_mut().clear();
    }

    fn recall(
        &self,
        policy: &Arc<Policy>,
        scim: &Scim,
        name: &UserName,
        by: By,
        now: UnixSeconds,
    ) -> Option<Option<Known>> {
        let mut seen = self.0.borrow_mut();
        let is_of = |seen: &Seen| Arc::ptr_eq(&seen.policy, policy);
        // From the future: the clock was set back since, and nobody knows by how much.
        seen.retain(|seen| !is_of(seen) || (seen.at <= now && now.since(seen.at) < scim.cache));
        let is = |seen: &&Seen| is_of(seen) && seen.by == by && name.as_str().eq_ignore_ascii_case(&seen.name);
        seen.iter().find(is).map(|seen| seen.known.as_deref().cloned())
    }

    fn saw(&self, policy: &Arc<Policy>, name: &UserName, by: By, at: UnixSeconds, known: Option<&Known>) {
        let name = name.as_str().to_ascii_lowercase();
        let mut seen = self.0.borrow_mut();
        seen.retain(|seen| !(Arc::ptr_eq(&seen.policy, policy) && seen.name == name && seen.by == by));
        let alike = || seen.iter().enumerate().filter(|(_, seen)| seen.by == by);
        if alike().count() >= MOST {
            let oldest = alike().min_by_key(|(_, seen)| seen.at).map(|(place, _)| place);
            oldest.map(|oldest| seen.remove(oldest));
        }
        seen.push(Seen { policy: Arc::clone(policy), name, by, at, known: known.cloned().map(Box::new) });
    }
}

/// An inquiry with a call out.
pub(crate) struct Talk {
    inquiry: Inquiry,
    /// When its first call was made: as of then its answer holds.
    since: UnixSeconds,
    /// The number of the call that is out.
    pub(crate) call: u32,
}

/// How an inquiry goes on.
pub(crate) enum Asked {
    /// It is over.
    Over(Result<Option<Known>, Unavailable>),
    /// A call is out.
    Waits(Box<Talk>),
}

/// Who somebody asks for, of which policy's directory.
pub(crate) struct Question<'a> {
    pub(crate) policy: &'a Arc<Policy>,
    pub(crate) name: &'a UserName,
    pub(crate) by: By,
}

impl Talk {
    /// The most of an answer's body that is looked at: one byte too many is enough to know that it is too long.
    pub(crate) const MOST_ANSWER: usize = MOST_BYTES.saturating_add(1);
}

impl Question<'_> {
    /// Answers from memory, or makes the first call.
    pub(crate) fn begin(&self, memory: &Memory, metrics: &Metrics, now: UnixSeconds) -> Asked {
        let Some(scim) = self.scim() else { return Asked::Over(Err(Unavailable)) };
        if let Some(known) = memory.recall(self.policy, scim, self.name, self.by, now) {
            return Asked::Over(Ok(known));
        }
        call(scim, Inquiry::about(self.name.clone(), self.by), now, metrics)
    }

    /// Goes on with what the call came back with; `None` if with nothing that can be read.
    pub(crate) fn hear(&self, talk: Talk, sent: Option<&(u16, Vec<u8>)>, memory: &Memory, metrics: &Metrics) -> Asked {
        let Some(scim) = self.scim() else { return Asked::Over(Err(Unavailable)) };
        let answer = sent.map(|(status, body)| Answer { status: *status, body });
        match talk.inquiry.answer(answer) {
            Turn::Asks(inquiry) => call(scim, inquiry, talk.since, metrics),
            // Groups that could not be had may be had the next time.
            Turn::Over(Ok(Some(known))) if known.groups.is_none() => {
                metrics.count("tapgate.directory.failure");
                Asked::Over(Ok(Some(known)))
            }
            Turn::Over(Ok(known)) => {
                memory.saw(self.policy, self.name, self.by, talk.since, known.as_ref());
                Asked::Over(Ok(known))
            }
            Turn::Over(Err(Unavailable)) => {
                metrics.count("tapgate.directory.failure");
                Asked::Over(Err(Unavailable))
            }
        }
    }

    fn scim(&self) -> Option<&Scim> {
        match &self.policy.directory {
            Directory::Scim(scim) => Some(scim),
            Directory::Open | Directory::Users(_) => None,
        }
    }
}

fn call(scim: &Scim, inquiry: Inquiry, since: UnixSeconds, metrics: &Metrics) -> Asked {
    metrics.count("tapgate.directory.ask");
    let path = scim.path_of(&inquiry);
    let mut headers = vec![
        (":method", "GET"),
        (":path", path.as_str()),
        (":authority", scim.authority.as_str()),
        ("accept", "application/scim+json, application/json"),
    ];
    if let Some(token) = &scim.token {
        headers.push(("authorization", token.header_value()));
    }
    match host::call(&scim.cluster, &headers, None, scim.timeout_in_milliseconds) {
        Ok(call) => Asked::Waits(Box::new(Talk { inquiry, since, call })),
        Err(_) => {
            metrics.count("tapgate.directory.failure");
            Asked::Over(Err(Unavailable))
        }
    }
}

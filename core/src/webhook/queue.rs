//! What waits to be taken by a webhook: in order, one at a time, up to a bound.

use std::collections::VecDeque;

use super::Delivery;
use crate::audit::{AuditEvent, Origin};
use crate::digest;
use crate::names::TenantId;
use crate::time::{Seconds, UnixSeconds};

/// How long it is waited at most before an event is sent again, in seconds.
pub const LONGEST_WAIT: Seconds = Seconds::new(60);

/// How often a receiver may answer that it does not take an event (4xx) before the event is given up: what one receiver will
/// never take must not keep all others waiting.
pub const MOST_REFUSALS: u32 = 12;

/// The events of one policy that one worker has to send.
#[derive(Debug)]
pub struct Queue {
    tenant: TenantId,
    /// Random, so that no other queue gives the ids that this one does.
    prefix: [u8; 8],
    given: u64,
    most: usize,
    /// The first is on its way while `is_out`.
    waiting: VecDeque<Delivery>,
    is_out: bool,
    /// How often the first has been sent in vain, and how often it was refused.
    failures: u32,
    refusals: u32,
    not_before: UnixSeconds,
    /// Lost since that was last told.
    lost: u64,
}

/// What came of sending an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// It was taken.
    Delivered,
    /// It was not; it is sent again. The first time in a row is marked.
    Failed {
        /// Whether the one before went well.
        first: bool,
    },
    /// It was refused so often that it is lost.
    GivenUp,
}

impl Queue {
    /// An empty queue for up to so many events. `prefix` is random.
    #[must_use]
    pub fn new(tenant: TenantId, prefix: [u8; 8], most: usize) -> Self {
        Self {
            tenant,
            prefix,
            given: 0,
            most,
            waiting: VecDeque::new(),
            is_out: false,
            failures: 0,
            refusals: 0,
            not_before: UnixSeconds::default(),
            lost: 0,
        }
    }

    /// How many events wait, the one that is on its way included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nothing waits, and nothing is left to be told.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.lost == 0
    }

    /// Takes an event in; `false` if it is lost, because too many wait. How many were lost is told before the next that is not.
    pub fn push(&mut self, event: &AuditEvent, origin: Origin<'_>) -> bool {
        let places = if self.lost == 0 { 1 } else { 2 };
        // Strangers who are refused must not crowd out what happens to anybody.
        let most = if event.is_noise() { self.most.div_ceil(2) } else { self.most };
        if self.waiting.len().saturating_add(places) > most {
            self.lost = self.lost.saturating_add(1);
            return false;
        }
        self.tell_lost(event.time);
        let id = self.id();
        self.waiting.push_back(Delivery::of(id, &self.tenant, event, origin));
        true
    }

    /// What is to be sent now, if anything is. Until it is [answered](Self::answered) nothing else is.
    pub fn next(&mut self, now: UnixSeconds) -> Option<&Delivery> {
        if self.is_out || now < self.not_before {
            return None;
        }
        if self.waiting.is_empty() {
            self.tell_lost(now);
        }
        self.is_out = !self.waiting.is_empty();
        self.waiting.front()
    }

    /// What [`next`](Self::next) gave was sent, and this is the answer's status; `None` if there was no answer.
    pub fn answered(&mut self, status: Option<u16>, now: UnixSeconds) -> Came {
        self.is_out = false;
        if matches!(status, Some(200..=299)) {
            self.waiting.pop_front();
            (self.failures, self.refusals, self.not_before) = (0, 0, UnixSeconds::default());
            return Came::Delivered;
        }
        let first = self.failures == 0;
        self.failures = self.failures.saturating_add(1);
        // That it is asked too often says nothing of the event.
        if matches!(status, Some(400..=499)) && !matches!(status, Some(408 | 425 | 429)) {
            self.refusals = self.refusals.saturating_add(1);
        }
        // 1, 2, 4, ... seconds.
        let doubled = 1_u64.checked_shl(self.failures.saturating_sub(1)).unwrap_or(u64::MAX);
        self.not_before = now.plus(Seconds::new(doubled).min(LONGEST_WAIT));
        if self.refusals < MOST_REFUSALS {
            return Came::Failed { first };
        }
        (self.failures, self.refusals, self.not_before) = (0, 0, now);
        let given_up = self.waiting.pop_front().map_or(0, |delivery| delivery.stands_for);
        self.lost = self.lost.saturating_add(given_up);
        Came::GivenUp
    }

    /// The clock may have been set back: nothing waits longer than the longest wait.
    pub fn heed(&mut self, now: UnixSeconds) {
        self.not_before = self.not_before.min(now.plus(LONGEST_WAIT));
    }

    fn tell_lost(&mut self, now: UnixSeconds) {
        let lost = std::mem::take(&mut self.lost);
        if lost > 0 {
            let id = self.id();
            self.waiting.push_back(Delivery::lost(id, &self.tenant, lost, now));
        }
    }

    fn id(&mut self) -> String {
        self.given = self.given.saturating_add(1);
        format!("{}-{}", digest::hex(&self.prefix), self.given)
    }
}

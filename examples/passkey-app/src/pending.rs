//! Ceremonies that have begun and not ended: bounded in number and time, each to be finished once.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What is under way, by whom it is bound to: a session, or a browser that has none yet.
pub(crate) struct Pending<T> {
    inner: Mutex<HashMap<String, Begun<T>>>,
    most: usize,
    lifetime: Duration,
}

struct Begun<T> {
    ends: Instant,
    what: T,
}

impl<T> Pending<T> {
    pub(crate) fn new(most: usize, lifetime: Duration) -> Self {
        Self { inner: Mutex::default(), most, lifetime }
    }

    /// Begins one in place of whatever the same one had begun. Where there are too many, the oldest of all goes: whoever floods
    /// this has to keep it up at such a rate that nobody can finish in time, rather than once in a while.
    pub(crate) fn begin(&self, whose: String, what: T) {
        let now = Instant::now();
        let mut inner = self.lock();
        inner.retain(|_, begun| begun.ends > now);
        if inner.len() >= self.most && !inner.contains_key(&whose) {
            let oldest = inner.iter().min_by_key(|(_, begun)| begun.ends).map(|(whose, _)| whose.clone());
            if let Some(oldest) = oldest {
                inner.remove(&oldest);
            }
        }
        let ends = now.checked_add(self.lifetime).unwrap_or(now);
        inner.insert(whose, Begun { ends, what });
    }

    /// Takes it: whatever comes of it, its challenge is not good for a second try.
    pub(crate) fn take(&self, whose: &str) -> Option<T> {
        let begun = self.lock().remove(whose)?;
        (begun.ends > Instant::now()).then_some(begun.what)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Begun<T>>> {
        // Every change is one insertion or removal, so what a panicking thread leaves behind is whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_taken_once() {
        let pending = Pending::new(2, Duration::from_secs(60));
        pending.begin("a".to_owned(), 1);
        pending.begin("a".to_owned(), 2);
        assert_eq!(pending.take("a"), Some(2));
        assert_eq!(pending.take("a"), None);
    }

    #[test]
    fn they_are_bounded_and_the_oldest_goes() {
        let pending = Pending::new(2, Duration::from_secs(60));
        for who in ["a", "b", "c"] {
            pending.begin(who.to_owned(), ());
        }
        assert_eq!(pending.lock().len(), 2);
        assert_eq!(pending.take("a"), None);
        assert_eq!(pending.take("c"), Some(()));
    }

    #[test]
    fn they_end() {
        let pending = Pending::new(2, Duration::ZERO);
        pending.begin("a".to_owned(), ());
        assert_eq!(pending.take("a"), None);
    }
}

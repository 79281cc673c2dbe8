//! Counters and the one histogram (9.2), defined when first needed; their names come from closed lists.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use tapgate_core::time::Seconds;

use crate::host::{self, MetricKind};

/// The metrics of one worker.
#[derive(Clone, Default)]
pub(crate) struct Metrics {
    ids: Rc<RefCell<BTreeMap<String, u32>>>,
}

impl Metrics {
    /// Adds one to a counter.
    pub(crate) fn count(&self, name: &str) {
        if let Some(id) = self.id(MetricKind::Counter, name) {
            host::increment(id);
        }
    }

    /// Records how long somebody took from sign-in to registration.
    pub(crate) fn took(&self, span: Seconds) {
        if let Some(id) = self.id(MetricKind::Histogram, "tapgate.registration_seconds") {
            host::record(id, span.get());
        }
    }

    fn id(&self, kind: MetricKind, name: &str) -> Option<u32> {
        if let Some(id) = self.ids.borrow().get(name) {
            return Some(*id);
        }
        let id = host::define_metric(kind, name).ok()?;
        self.ids.borrow_mut().insert(name.to_owned(), id);
        Some(id)
    }
}

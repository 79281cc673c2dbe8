//! What all streams of a worker share besides the policy.

use std::cell::RefCell;
use std::rc::Rc;

use tapgate_core::audit::{AuditEvent, Origin};

use crate::directory::Memory;
use crate::etcd::Clusters;
use crate::host::{self, Level};
use crate::ledger::Births;
use crate::metrics::Metrics;
use crate::outbox::Outbox;

/// One worker's memory.
#[derive(Clone, Default)]
pub(crate) struct Worker {
    pub(crate) metrics: Metrics,
    pub(crate) births: Births,
    pub(crate) clusters: Clusters,
    pub(crate) directories: Memory,
    pub(crate) outbox: Rc<RefCell<Outbox>>,
}

impl Worker {
    /// Tells operators what has happened: counters, the log, and whoever else is to know.
    pub(crate) fn report(&self, events: &[AuditEvent], request_id: &[u8]) {
        for event in events {
            self.metrics.count(&event.counter());
            if let Some(span) = event.took {
                self.metrics.took(span);
            }
            if event.is_logged() {
                let address = host::property("source\0address");
                let origin = Origin { address: &address, request_id };
                host::log(Level::Warn, &event.line(origin));
                self.outbox.borrow_mut().saw(event, origin, &self.metrics);
            }
        }
    }
}

//! What all streams of a worker share besides the policy.

use crate::etcd::Clusters;
use crate::ledger::Births;
use crate::metrics::Metrics;

/// One worker's memory.
#[derive(Clone, Default)]
pub(crate) struct Worker {
    pub(crate) metrics: Metrics,
    pub(crate) births: Births,
    pub(crate) clusters: Clusters,
}

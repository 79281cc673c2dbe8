//! Metrics: defined by name, shared by all VMs, never deleted.

use std::collections::BTreeMap;

/// What a histogram has been given, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// Every value recorded.
    pub values: Vec<u64>,
}

/// A metric's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Only grows.
    Counter(u64),
    /// Moves both ways.
    Gauge(u64),
    /// Keeps a distribution.
    Histogram(Histogram),
}

/// Which kind a guest asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MetricKind {
    Counter,
    Gauge,
    Histogram,
}

/// Refused: an unknown id, or something that this kind cannot do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MetricError {
    Unknown,
    WrongKind,
}

/// All metrics, by id.
#[derive(Default)]
pub(crate) struct Metrics {
    ids: BTreeMap<Vec<u8>, u32>,
    values: BTreeMap<u32, Metric>,
}

impl Metrics {
    /// Defines a metric or finds it. The kind is in an id's two low bits, as in Envoy.
    pub(crate) fn define(&mut self, kind: MetricKind, name: &[u8]) -> u32 {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let (low, value) = match kind {
            MetricKind::Counter => (0, Metric::Counter(0)),
            MetricKind::Gauge => (1, Metric::Gauge(0)),
            MetricKind::Histogram => (2, Metric::Histogram(Histogram::default())),
        };
        let number = u32::try_from(self.ids.len()).unwrap_or(u32::MAX).saturating_add(1);
        let id = number.saturating_mul(4) | low;
        self.ids.insert(name.to_vec(), id);
        self.values.insert(id, value);
        id
    }

    pub(crate) fn increment(&mut self, id: u32, by: i64) -> Result<(), MetricError> {
        match self.values.get_mut(&id).ok_or(MetricError::Unknown)? {
            Metric::Counter(value) if by > 0 => *value = value.saturating_add_signed(by),
            Metric::Gauge(value) => *value = value.saturating_add_signed(by),
            Metric::Counter(_) | Metric::Histogram(_) => return Err(MetricError::WrongKind),
        }
        Ok(())
    }

    /// Records a value. On a counter this adds, as in Envoy.
    pub(crate) fn record(&mut self, id: u32, given: u64) -> Result<(), MetricError> {
        match self.values.get_mut(&id).ok_or(MetricError::Unknown)? {
            Metric::Counter(value) => *value = value.saturating_add(given),
            Metric::Gauge(value) => *value = given,
            Metric::Histogram(histogram) => histogram.values.push(given),
        }
        Ok(())
    }

    pub(crate) fn value(&self, id: u32) -> Result<u64, MetricError> {
        match self.values.get(&id).ok_or(MetricError::Unknown)? {
            Metric::Counter(value) | Metric::Gauge(value) => Ok(*value),
            Metric::Histogram(_) => Err(MetricError::WrongKind),
        }
    }

    pub(crate) fn named(&self, name: &str) -> Option<Metric> {
        self.values.get(self.ids.get(name.as_bytes())?).cloned()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.ids.keys().map(|name| String::from_utf8_lossy(name).into_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_takes_what_envoy_lets_it() {
        let mut metrics = Metrics::default();
        let counter = metrics.define(MetricKind::Counter, b"c");
        assert_eq!(metrics.define(MetricKind::Counter, b"c"), counter);
        assert_eq!(metrics.increment(counter, 2), Ok(()));
        assert_eq!(metrics.record(counter, 3), Ok(()));
        assert_eq!(metrics.increment(counter, 0), Err(MetricError::WrongKind));
        assert_eq!(metrics.value(counter), Ok(5));
        let gauge = metrics.define(MetricKind::Gauge, b"g");
        assert_eq!(metrics.record(gauge, 7), Ok(()));
        assert_eq!(metrics.increment(gauge, -3), Ok(()));
        assert_eq!(metrics.value(gauge), Ok(4));
        let histogram = metrics.define(MetricKind::Histogram, b"h");
        assert_eq!(metrics.record(histogram, 9), Ok(()));
        assert_eq!(metrics.increment(histogram, 1), Err(MetricError::WrongKind));
        assert_eq!(metrics.value(histogram), Err(MetricError::WrongKind));
        assert_eq!(metrics.named("h"), Some(Metric::Histogram(Histogram { values: vec![9] })));
        assert_eq!(metrics.increment(0, 1), Err(MetricError::Unknown));
    }
}

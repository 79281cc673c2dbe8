//! Metrics: defined by name, shared by all VMs, never deleted.

use std::collections::BTreeMap;

/// What a histogram has been given: as much of the distribution as takes no more room the longer a process runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// How many values were recorded.
    pub count: u64,
    /// Their sum, which stays at the largest number once it has come to it.
    pub sum: u64,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum MetricKind {
    Counter,
    Gauge,
    Histogram,
}

impl MetricKind {
    /// By the ABI's number, which is also what an id's two low bits say.
    pub(crate) const fn read(number: u32) -> Option<Self> {
        match number {
            0 => Some(Self::Counter),
            1 => Some(Self::Gauge),
            2 => Some(Self::Histogram),
            _ => None,
        }
    }
}

/// Something that this kind cannot do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WrongKind;

/// All metrics. Those of different kinds may have one name.
#[derive(Default)]
pub(crate) struct Metrics(BTreeMap<(MetricKind, Vec<u8>), Metric>);

impl Metrics {
    /// The metric of this kind and name, made if it is not there.
    pub(crate) fn at(&mut self, kind: MetricKind, name: &[u8]) -> &mut Metric {
        self.0.entry((kind, name.to_vec())).or_insert_with(|| match kind {
            MetricKind::Counter => Metric::Counter(0),
            MetricKind::Gauge => Metric::Gauge(0),
            MetricKind::Histogram => Metric::Histogram(Histogram::default()),
        })
    }

    pub(crate) fn named(&self, name: &str) -> Option<Metric> {
        self.0.iter().find(|((_, own), _)| own == name.as_bytes()).map(|(_, metric)| metric.clone())
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.0.keys().map(|(_, name)| String::from_utf8_lossy(name).into_owned()).collect()
    }
}

impl Metric {
    pub(crate) fn increment(&mut self, by: i64) -> Result<(), WrongKind> {
        match self {
            Self::Counter(value) if by > 0 => *value = value.saturating_add_signed(by),
            Self::Gauge(value) => *value = value.saturating_add_signed(by),
            Self::Counter(_) | Self::Histogram(_) => return Err(WrongKind),
        }
        Ok(())
    }

    /// Records a value. On a counter this adds, as in Envoy.
    pub(crate) fn record(&mut self, given: u64) {
        match self {
            Self::Counter(value) => *value = value.saturating_add(given),
            Self::Gauge(value) => *value = given,
            Self::Histogram(Histogram { count, sum }) => {
                (*count, *sum) = (count.saturating_add(1), sum.saturating_add(given));
            }
        }
    }

    pub(crate) const fn value(&self) -> Result<u64, WrongKind> {
        match self {
            Self::Counter(value) | Self::Gauge(value) => Ok(*value),
            Self::Histogram(_) => Err(WrongKind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_takes_what_envoy_lets_it() {
        let mut metrics = Metrics::default();
        let counter = metrics.at(MetricKind::Counter, b"c");
        assert_eq!(counter.increment(2), Ok(()));
        counter.record(3);
        assert_eq!(counter.increment(0), Err(WrongKind));
        assert_eq!(metrics.at(MetricKind::Counter, b"c").value(), Ok(5));
        let gauge = metrics.at(MetricKind::Gauge, b"c");
        gauge.record(9);
        gauge.record(7);
        assert_eq!(gauge.increment(-3), Ok(()));
        assert_eq!(gauge.value(), Ok(4));
        let histogram = metrics.at(MetricKind::Histogram, b"h");
        histogram.record(9);
        histogram.record(4);
        assert_eq!(histogram.increment(1), Err(WrongKind));
        assert_eq!(histogram.value(), Err(WrongKind));
        assert_eq!(metrics.named("h"), Some(Metric::Histogram(Histogram { count: 2, sum: 13 })));
        assert_eq!(metrics.names(), ["c", "c", "h"]);
    }
}

//! The clocks that guests see. They stand still until they are moved.

use std::time::Duration;

/// A wall clock and a monotonic clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Since the Unix epoch.
    pub wall: Duration,
    /// Since some moment before the start.
    pub monotonic: Duration,
}

impl Default for Clock {
    /// The beginning of 2026, and an hour of monotonic time.
    fn default() -> Self {
        Self { wall: Duration::from_secs(1_767_225_600), monotonic: Duration::from_secs(3600) }
    }
}

impl Clock {
    /// Lets time go by: both clocks move.
    pub(crate) fn advance(&mut self, by: Duration) {
        self.wall = self.wall.saturating_add(by);
        self.monotonic = self.monotonic.saturating_add(by);
    }

    /// A clock's reading in nanoseconds, as the ABI and WASI give it.
    pub(crate) fn nanoseconds(reading: Duration) -> u64 {
        u64::try_from(reading.as_nanos()).unwrap_or(u64::MAX)
    }
}

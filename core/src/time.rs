//! Time as data: whole seconds since 1970, whole minutes, and arithmetic that cannot overflow. No clock lives here.

use std::fmt;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A point in time: whole seconds since 1970-01-01T00:00:00Z, at most the last second of the year 9999.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixSeconds(u64);

/// A span of time in whole seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seconds(u64);

/// A span of time in whole minutes, as policies give it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minutes(u32);

impl UnixSeconds {
    /// The last point that can be told: 9999-12-31T23:59:59Z.
    pub const MAX: Self = Self(253_402_300_799);

    /// `None` beyond [`UnixSeconds::MAX`].
    #[must_use]
    pub fn new(seconds: u64) -> Option<Self> {
        (seconds <= Self::MAX.0).then_some(Self(seconds))
    }

    /// Seconds since 1970.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }

    /// This point, `span` later; stops at [`UnixSeconds::MAX`].
    #[must_use]
    pub fn plus(self, span: impl Into<Seconds>) -> Self {
        Self(self.0.saturating_add(span.into().0)).min(Self::MAX)
    }

    /// This point, `span` earlier; stops at 1970.
    #[must_use]
    pub fn minus(self, span: impl Into<Seconds>) -> Self {
        Self(self.0.saturating_sub(span.into().0))
    }

    /// How long after `earlier` this is; nothing if it is not after.
    #[must_use]
    pub fn since(self, earlier: Self) -> Seconds {
        Seconds(self.0.saturating_sub(earlier.0))
    }
}

/// RFC 3339 in UTC, as in `2026-11-24T06:07:53Z`.
impl fmt::Display for UnixSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = i64::try_from(self.0)
            .ok()
            .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
            .and_then(|moment| moment.format(&Rfc3339).ok());
        match text {
            Some(text) => f.write_str(&text),
            None => write!(f, "@{}", self.0),
        }
    }
}

impl Seconds {
    /// A span of so many seconds.
    #[must_use]
    pub const fn new(seconds: u64) -> Self {
        Self(seconds)
    }

    /// The number of seconds.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl Minutes {
    /// A span of so many minutes.
    #[must_use]
    pub const fn new(minutes: u32) -> Self {
        Self(minutes)
    }

    /// The number of minutes.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl From<Minutes> for Seconds {
    fn from(minutes: Minutes) -> Self {
        Self(u64::from(minutes.0).saturating_mul(60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_stops_at_both_ends() {
        assert_eq!(UnixSeconds::MAX.plus(Seconds::new(u64::MAX)), UnixSeconds::MAX);
        assert_eq!(UnixSeconds::default().minus(Minutes::new(u32::MAX)), UnixSeconds::default());
        assert_eq!(UnixSeconds::new(UnixSeconds::MAX.get() + 1), None);
    }

    #[test]
    fn a_moment_reads_as_rfc_3339() {
        assert_eq!(UnixSeconds::new(1_795_500_473).unwrap().to_string(), "2026-11-24T06:07:53Z");
        assert_eq!(UnixSeconds::MAX.to_string(), "9999-12-31T23:59:59Z");
    }
}

//! Times and spans as people write them, and, from `tapgate-cases`, as they read them. What time it is comes from outside.

use std::str::FromStr;

pub(crate) use tapgate_cases::describe::{Lifetime, Relative, SpanInWords as Words};
use tapgate_core::time::{Seconds, UnixSeconds};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const MINUTE: u64 = 60;
const HOUR: u64 = 3600;
const DAY: u64 = 86_400;

/// A span of time on the command line: `60` (minutes), `90s`, `45m`, `8h`, `2d`, `1h30m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Seconds);

/// A point in time on the command line: `now`, a [`Span`] before or after now (`+2h`, `-10m`), or RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// So long after now.
    After(Seconds),
    /// So long before now.
    Before(Seconds),
    /// At this time.
    At(UnixSeconds),
}

/// Why a text is no time or span: what would be.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MomentError {
    /// Not a span.
    #[error("expected a time span such as `60` (minutes), `45m`, `8h`, `2d` or `1h30m`")]
    NotASpan,
    /// Not a point in time.
    #[error("expected `now`, a span from now such as `+2h` or `-10m`, or a time such as `2030-01-31T09:00:00+01:00`")]
    NotATime,
    /// RFC 3339 with a fraction of a second.
    #[error("a pass knows whole seconds only; leave out the fraction")]
    Fraction,
    /// Before 1970 or after 9999.
    #[error("a time before 1970 or after 9999")]
    OutOfRange,
}

impl FromStr for Span {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, MomentError> {
        let seconds = match text.parse::<u32>() {
            Ok(minutes) if !text.starts_with('+') => u64::from(minutes).checked_mul(MINUTE),
            _ => seconds_with_units(text),
        };
        seconds.map(|seconds| Self(Seconds::new(seconds))).ok_or(MomentError::NotASpan)
    }
}

/// Reads `1h30m`: each unit at most once, the larger first.
fn seconds_with_units(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total = 0_u64;
    for (unit, length) in [('d', DAY), ('h', HOUR), ('m', MINUTE), ('s', 1)] {
        let Some((number, after)) = rest.split_once(unit) else { continue };
        if number.is_empty() || number.len() > 9 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(length)?)?;
        rest = after;
    }
    (rest.is_empty() && !text.is_empty()).then_some(total)
}

impl FromStr for When {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, MomentError> {
        if text == "now" {
            return Ok(Self::After(Seconds::new(0)));
        }
        if let Some(span) = text.strip_prefix('+') {
            return span.parse().map(|Span(span)| Self::After(span)).map_err(|_| MomentError::NotATime);
        }
        if let Some(span) = text.strip_prefix('-') {
            return span.parse().map(|Span(span)| Self::Before(span)).map_err(|_| MomentError::NotATime);
        }
        let moment = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| MomentError::NotATime)?;
        if moment.nanosecond() != 0 {
            return Err(MomentError::Fraction);
        }
        let seconds = u64::try_from(moment.unix_timestamp()).map_err(|_| MomentError::OutOfRange)?;
        UnixSeconds::new(seconds).map(Self::At).ok_or(MomentError::OutOfRange)
    }
}

impl When {
    /// The point in time, seen from `now`.
    pub(crate) fn from(self, now: UnixSeconds) -> UnixSeconds {
        match self {
            Self::After(span) => now.plus(span),
            Self::Before(span) => now.minus(span),
            Self::At(moment) => moment,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(text: &str) -> Option<u64> {
        text.parse::<Span>().ok().map(|Span(span)| span.get())
    }

    #[test]
    fn spans_are_read() {
        for (text, seconds) in [
            ("60", 3600),
            ("0", 0),
            ("60m", 3600),
            ("8h", 28_800),
            ("2d", 172_800),
            ("1h30m", 5400),
            ("90s", 90),
            ("1d2h3m4s", 93_784),
        ] {
            assert_eq!(span(text), Some(seconds), "{text}");
        }
        for bad in
            ["", "h", "m30", "+5", "-5", "1.5h", "1h1h", "30m1h", "8 h", "8h ", "8H", "99999999999h", "1h30", "٣h"]
        {
            assert_eq!(span(bad), None, "{bad}");
        }
    }

    #[test]
    fn points_in_time_are_read() {
        let now = UnixSeconds::new(1_795_500_473).unwrap();
        for (text, seconds) in [
            ("now", 1_795_500_473),
            ("+2h", 1_795_507_673),
            ("-595s", 1_795_499_878),
            ("+10", 1_795_501_073),
            ("2026-11-24T06:07:53Z", 1_795_500_473),
            ("2026-11-24T07:07:53+01:00", 1_795_500_473),
        ] {
            assert_eq!(text.parse::<When>().map(|when| when.from(now).get()), Ok(seconds), "{text}");
        }
        for (bad, error) in [
            ("", MomentError::NotATime),
            ("+", MomentError::NotATime),
            ("tomorrow", MomentError::NotATime),
            ("2026-11-24", MomentError::NotATime),
            ("2026-11-24T06:07:53", MomentError::NotATime),
            ("2026-11-24T06:07:53.5Z", MomentError::Fraction),
            ("1969-12-31T23:59:59Z", MomentError::OutOfRange),
        ] {
            assert_eq!(bad.parse::<When>(), Err(error), "{bad}");
        }
    }
}

//! The day somebody begins, where they do, and when their pass starts.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use tapgate_core::time::{Seconds, UnixSeconds};

use crate::pass::words::Language;

/// When somebody begins: a moment, and the zone that they are in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hired(ZonedDateTime);

/// Why that cannot be told.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum HireError {
    #[error(
        "the hire date `{0}` is none; write it as in `2026-12-01`, `2026-12-01T08:30` or `2026-12-01T08:30:00+01:00`"
    )]
    Date(String),
    #[error("there is no time zone `{0}`; write one as in `Europe/Zurich` or `America/New_York`")]
    Zone(String),
    #[error("the hire date is before 1970 or after 9999")]
    Range,
}

impl Hired {
    /// Reads a date, which begins when the day does there, a local time, or a time with its distance from UTC. Without a zone all of
    /// it is in UTC. A local time that does not exist, when clocks are put forward, is as much later; of two that are called alike, when
    /// they are put back, it is the first.
    pub(super) fn read(date: &str, zone: Option<&str>) -> Result<Self, HireError> {
        let quoted = |text: &str| text.chars().take(64).collect::<String>();
        let zone = match zone {
            None => TimeZone::UTC,
            // Only names of the database of time zones: what else jiff would read, such as `EST5EDT,M3.2.0`, nobody means.
            Some(name) if name.contains([',', '+']) => return Err(HireError::Zone(quoted(name))),
            Some(name) => TimeZone::get(name).map_err(|_| HireError::Zone(quoted(name)))?,
        };
        let wrong = || HireError::Date(quoted(date));
        let zoned = if let Ok(moment) = date.parse::<Timestamp>() {
            moment.to_zoned_datetime(zone)
        } else if date.contains(['T', ' ']) {
            date.parse::<DateTime>().map_err(|_| wrong())?.to_zoned_datetime(zone).map_err(|_| wrong())?
        } else {
            date.parse::<Date>().map_err(|_| wrong())?.to_zoned_datetime(zone).map_err(|_| wrong())?
        };
        let hired = Self(zoned);
        if hired.moment().is_some() { Ok(hired) } else { Err(HireError::Range) }
    }

    /// The moment; `None` out of the range that passes have.
    fn moment(&self) -> Option<UnixSeconds> {
        UnixSeconds::new(u64::try_from(self.0.timestamp().as_second()).ok()?)
    }

    /// When the pass starts: then, or `None` for at once, if that is past.
    pub(super) fn start(&self, now: UnixSeconds) -> Option<UnixSeconds> {
        self.moment().filter(|moment| *moment > now)
    }

    /// Whether that is longer ago than so.
    pub(super) fn is_long_past(&self, now: UnixSeconds, late: Seconds) -> bool {
        self.moment().is_none_or(|moment| moment.plus(late) < now)
    }

    /// What tells this hiring from another of the same person: the moment in UTC.
    pub(super) fn name(&self) -> String {
        self.0.timestamp().to_string()
    }

    /// A time as it is there.
    pub(super) fn local(&self, moment: UnixSeconds, language: Language) -> Option<String> {
        let zone = self.0.time_zone();
        if *zone == TimeZone::UTC {
            return None;
        }
        let moment = Timestamp::from_second(i64::try_from(moment.get()).ok()?).ok()?.to_zoned_datetime(zone.clone());
        let name = zone.iana_name().unwrap_or("UTC").to_owned();
        let format = if language == Language::English { "%A, %-d %B %Y, %H:%M" } else { "%Y-%m-%d %H:%M" };
        Some(format!("{} ({name})", moment.strftime(format)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(date: &str, zone: &str) -> Option<String> {
        Hired::read(date, (!zone.is_empty()).then_some(zone))
            .unwrap()
            .start(UnixSeconds::default())
            .map(|start| start.to_string())
    }

    #[test]
    fn a_day_begins_where_it_is() {
        for (date, zone, starts) in [
            ("2026-12-01", "", "2026-12-01T00:00:00Z"),
            ("2026-12-01", "Europe/Zurich", "2026-11-30T23:00:00Z"),
            ("2026-07-01", "Europe/Zurich", "2026-06-30T22:00:00Z"),
            ("2026-12-01", "Asia/Tokyo", "2026-11-30T15:00:00Z"),
            ("2026-12-01", "America/New_York", "2026-12-01T05:00:00Z"),
            ("2026-12-01T08:30", "Europe/Zurich", "2026-12-01T07:30:00Z"),
            ("2026-12-01 08:30", "Asia/Kolkata", "2026-12-01T03:00:00Z"),
            ("2026-12-01T08:30:00+02:00", "Europe/Zurich", "2026-12-01T06:30:00Z"),
            // Across the change to summer time and back: the day of the change and the day after.
            ("2027-03-28", "Europe/Zurich", "2027-03-27T23:00:00Z"),
            ("2027-03-29", "Europe/Zurich", "2027-03-28T22:00:00Z"),
            ("2027-03-28T02:30", "Europe/Zurich", "2027-03-28T01:30:00Z"),
            ("2026-10-25T02:30", "Europe/Zurich", "2026-10-25T00:30:00Z"),
            ("2026-10-26", "Europe/Zurich", "2026-10-25T23:00:00Z"),
            // A day whose midnight does not exist begins when it does.
            ("2024-09-08", "America/Santiago", "2024-09-08T04:00:00Z"),
        ] {
            assert_eq!(start(date, zone).as_deref(), Some(starts), "{date} {zone}");
        }
    }

    #[test]
    fn whoever_begins_today_or_has_begun_starts_at_once() {
        let now = UnixSeconds::new(1_795_500_473).unwrap();
        for (date, zone, at_once) in [
            ("2026-11-24", "Europe/Zurich", true),
            ("2026-11-24T06:07:53", "", true),
            ("2026-11-24T06:07:54", "", false),
            ("2026-11-24", "Pacific/Honolulu", false),
            ("2020-01-01", "", true),
        ] {
            let hired = Hired::read(date, (!zone.is_empty()).then_some(zone)).unwrap();
            assert_eq!(hired.start(now).is_none(), at_once, "{date} {zone}");
        }
    }

    #[test]
    fn times_are_told_as_they_are_there() {
        let hired = Hired::read("2027-03-27", Some("Europe/Zurich")).unwrap();
        let start = hired.start(UnixSeconds::default()).unwrap();
        let local = |hours: u64, language| {
            hired.local(start.plus(tapgate_core::time::Seconds::new(hours * 3600)), language).unwrap()
        };
        assert_eq!(local(0, Language::English), "Saturday, 27 March 2027, 00:00 (Europe/Zurich)");
        assert_eq!(local(24, Language::German), "2027-03-28 00:00 (Europe/Zurich)");
        assert_eq!(local(48, Language::German), "2027-03-29 01:00 (Europe/Zurich)", "clocks were put forward");
        assert_eq!(Hired::read("2027-03-27", None).unwrap().local(start, Language::English), None);
    }

    #[test]
    fn what_is_no_date_says_what_would_be() {
        for bad in [
            "",
            "1.12.2026",
            "12/01/2026",
            "2026-13-01",
            "2026-02-30",
            "tomorrow",
            "2026-12-01T25:00",
            "44896",
            "1969-12-31",
        ] {
            assert!(Hired::read(bad, None).is_err(), "{bad}");
        }
        for bad in ["CEST", "Europe/Atlantis", "", "+01:00", "EST5EDT,M3.2.0,M11.1.0", "../../etc/passwd"] {
            assert_eq!(Hired::read("2026-12-01", Some(bad)), Err(HireError::Zone(bad.to_owned())));
        }
    }
}

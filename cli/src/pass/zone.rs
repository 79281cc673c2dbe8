//! Times as people read them on paper: in UTC, and in the zone of whoever reads it.

use std::str::FromStr;

use tapgate_core::time::UnixSeconds;
use time::{OffsetDateTime, UtcOffset};

/// A zone, by how far it is from UTC: `+01:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Zone(UtcOffset);

/// Why a text is no zone.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected how far local time is from UTC, as in `+01:00` or `-05:30`, at most 14 hours")]
pub(crate) struct ZoneError;

impl FromStr for Zone {
    type Err = ZoneError;

    fn from_str(text: &str) -> Result<Self, ZoneError> {
        let (sign, rest) = match text.split_at_checked(1) {
            Some(("+", rest)) => (1, rest),
            Some(("-", rest)) => (-1, rest),
            _ => return Err(ZoneError),
        };
        let (hours, minutes) = rest.split_once(':').ok_or(ZoneError)?;
        let number = |text: &str| {
            let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse::<i8>().ok()).flatten().ok_or(ZoneError)
        };
        let (hours, minutes) = (number(hours)?, number(minutes)?);
        if minutes > 59 || hours > 14 || (hours == 14 && minutes > 0) {
            return Err(ZoneError);
        }
        UtcOffset::from_hms(hours.saturating_mul(sign), minutes.saturating_mul(sign), 0)
            .map(Self)
            .map_err(|_| ZoneError)
    }
}

/// A time in words: `Tuesday, 24 November 2026, 06:07 (UTC)`.
pub(crate) fn in_words(moment: UnixSeconds, zone: Option<Zone>) -> String {
    let seconds = i64::try_from(moment.get()).unwrap_or(i64::MAX);
    let Ok(utc) = OffsetDateTime::from_unix_timestamp(seconds) else { return moment.to_string() };
    let (local, name) = match zone {
        None => (Some(utc), "UTC".to_owned()),
        Some(Zone(offset)) => {
            let (hours, minutes, _) = offset.as_hms();
            let sign = if offset.is_negative() { '-' } else { '+' };
            (utc.checked_to_offset(offset), format!("UTC{sign}{:02}:{:02}", hours.abs(), minutes.abs()))
        }
    };
    let Some(local) = local else { return moment.to_string() };
    let (hour, minute) = (local.hour(), local.minute());
    format!("{}, {} {} {}, {hour:02}:{minute:02} ({name})", local.weekday(), local.day(), local.month(), local.year())
}

/// The same in figures, for whoever does not read English: `2026-11-24 06:07 (UTC)`.
pub(crate) fn in_figures(moment: UnixSeconds) -> String {
    let text = moment.to_string();
    let minutes = text.get(..16).map(|text| text.replace('T', " "));
    minutes.map_or(text, |minutes| format!("{minutes} (UTC)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_a_zone() {
        let moment = UnixSeconds::new(1_795_500_473).unwrap();
        let told = |zone: &str| in_words(moment, Some(zone.parse().unwrap()));
        assert_eq!(in_figures(moment), "2026-11-24 06:07 (UTC)");
        assert_eq!(in_words(moment, None), "Tuesday, 24 November 2026, 06:07 (UTC)");
        assert_eq!(told("+01:00"), "Tuesday, 24 November 2026, 07:07 (UTC+01:00)");
        assert_eq!(told("-06:30"), "Monday, 23 November 2026, 23:37 (UTC-06:30)");
        assert_eq!(told("-00:30"), "Tuesday, 24 November 2026, 05:37 (UTC-00:30)");
        for bad in ["", "01:00", "+1:00", "+0100", "+15:00", "+14:01", "+01:60", "+-1:00", "Z", "é", "+é1:00"] {
            assert_eq!(bad.parse::<Zone>(), Err(ZoneError), "{bad}");
        }
    }
}

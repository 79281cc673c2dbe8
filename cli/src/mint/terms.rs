//! From when to when a pass is to be valid, and which gates would take it: what no policy can allow is an error, what a
//! policy does not allow unless it says so is a doubt.

use tapgate_core::time::{Seconds, UnixSeconds};

use crate::moment::{Lifetime, Span, When};

use super::bounds::{
    DEFAULT_LIFETIME, DEFAULT_LONGEST, DEFAULT_SHORTEST, DEFAULT_WAIT, LONGEST, LONGEST_WAIT, SHORTEST,
};
use super::error::MintError;

/// What was asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Times {
    pub(super) start: Option<When>,
    pub(super) end: Option<When>,
    /// Not given together with `end`.
    pub(super) lifetime: Option<Span>,
}

/// What was settled: a pass that ends after it starts, is not over, and that some policy allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) start: UnixSeconds,
    pub(super) end: UnixSeconds,
}

impl Terms {
    pub(super) fn agree(times: Times, now: UnixSeconds) -> Result<Self, MintError> {
        let start = times.start.map_or(now, |start| start.from(now));
        let end = match (times.end, times.lifetime) {
            (Some(end), _) => end.from(now),
            (None, Some(Span(lifetime))) => start.plus(lifetime),
            (None, None) => start.plus(DEFAULT_LIFETIME),
        };
        let terms = Self { start, end };
        let wait = start.since(now);
        // `--lifetime 0` is a lifetime that no policy allows, not an end that is too early.
        if times.end.is_some() && end <= start {
            return Err(MintError::EndBeforeStart { start, end });
        }
        if !(SHORTEST..=LONGEST).contains(&terms.lifetime()) {
            return Err(MintError::Lifetime { lifetime: Lifetime(terms.lifetime()) });
        }
        if end <= now {
            return Err(MintError::Ended { end });
        }
        if wait > LONGEST_WAIT {
            return Err(MintError::Wait { wait: Lifetime(wait) });
        }
        Ok(terms)
    }

    pub(super) fn lifetime(self) -> Seconds {
        self.end.since(self.start)
    }

    /// What a policy refuses that does not say otherwise.
    pub(super) fn doubts(self, now: UnixSeconds) -> Vec<String> {
        let mut doubts = Vec::new();
        let lifetime = self.lifetime();
        if !(DEFAULT_SHORTEST..=DEFAULT_LONGEST).contains(&lifetime) {
            let (lifetime, least, most) = (Lifetime(lifetime), Lifetime(DEFAULT_SHORTEST), Lifetime(DEFAULT_LONGEST));
            doubts.push(format!(
                "a lifetime of {lifetime} is refused unless the policy allows it (`minimumLifetimeInMinutes`, `maximumLifetimeInMinutes`; without them, {least} to {most})"
            ));
        }
        if self.start.since(now) > DEFAULT_WAIT {
            let (wait, most) = (Lifetime(self.start.since(now)), Lifetime(DEFAULT_WAIT));
            doubts.push(format!(
                "a start {wait} from now is refused unless the policy allows it (`startsWithinInMinutes`; without it, {most})"
            ));
        }
        doubts
    }
}

#[cfg(test)]
mod tests {
    use super::super::bounds::minutes;
    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn agree(start: &str, end: &str, lifetime: &str) -> Result<(i64, i64), MintError> {
        let now = UnixSeconds::new(NOW).unwrap();
        let times = Times {
            start: (!start.is_empty()).then(|| start.parse().unwrap()),
            end: (!end.is_empty()).then(|| end.parse().unwrap()),
            lifetime: (!lifetime.is_empty()).then(|| lifetime.parse().unwrap()),
        };
        let terms = Terms::agree(times, now)?;
        let from_now = |moment: UnixSeconds| moment.get().checked_signed_diff(NOW).unwrap();
        Ok((from_now(terms.start), from_now(terms.end)))
    }

    #[test]
    fn what_is_left_out_is_as_in_a_policy_that_says_nothing() {
        for (start, end, lifetime, expected) in [
            ("", "", "", (0, 3600)),
            ("", "", "8h", (0, 28_800)),
            ("+2h", "", "", (7200, 10_800)),
            ("+2h", "+3h", "", (7200, 10_800)),
            ("-595s", "+5s", "", (-595, 5)),
        ] {
            assert_eq!(agree(start, end, lifetime).unwrap(), expected, "{start} {end} {lifetime}");
        }
    }

    #[test]
    fn what_no_policy_can_allow_is_refused_with_the_mend() {
        for (start, end, lifetime, words) in [
            ("", "now", "", "give a later `--end`"),
            ("+2h", "+1h", "", "give a later `--end`"),
            ("-2h", "", "", "before now"),
            ("", "", "0", "valid for 0 min"),
            ("", "", "9m59s", "valid for 9 min 59 s"),
            ("", "", "31d", "valid for 44640 min (31 d)"),
            ("+366d", "", "", "give an earlier `--start`"),
        ] {
            let error = agree(start, end, lifetime).unwrap_err().to_string();
            assert!(error.contains(words), "{start} {end} {lifetime}: {error}");
        }
    }

    #[test]
    fn what_a_default_policy_refuses_is_doubted() {
        let now = UnixSeconds::new(NOW).unwrap();
        for (wait, lifetime, doubts) in
            [(0, 60, 0), (0, 480, 0), (0, 59, 1), (0, 481, 1), (43_200, 60, 0), (43_201, 60, 1), (43_201, 10, 2)]
        {
            let start = now.plus(minutes(wait));
            let terms = Terms { start, end: start.plus(minutes(lifetime)) };
            assert_eq!(terms.doubts(now).len(), doubts, "{wait} {lifetime}");
        }
    }
}

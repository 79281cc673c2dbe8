//! Times and spans as people read them.

use std::fmt;

use tapgate_core::time::{Seconds, UnixSeconds};

const MINUTE: u64 = 60;
const HOUR: u64 = 3600;
const DAY: u64 = 86_400;

/// A span in words: its two largest units, rounded down, as in `2 h 5 min`.
#[derive(Clone, Copy, Debug)]
pub struct Words(pub Seconds);

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.get();
        let [days, hours, minutes] = [seconds / DAY, seconds % DAY / HOUR, seconds % HOUR / MINUTE];
        let (large, small) = match (days, hours, minutes) {
            (0, 0, 0) => ((seconds, "s"), (0, "")),
            (0, 0, _) => ((minutes, "min"), (seconds % MINUTE, "s")),
            (0, ..) => ((hours, "h"), (minutes, "min")),
            _ => ((days, "d"), (hours, "h")),
        };
        write!(f, "{} {}", large.0, large.1)?;
        if small.0 > 0 { write!(f, " {} {}", small.0, small.1) } else { Ok(()) }
    }
}

/// Where a point in time lies as seen from now: `in 2 h`, `5 min ago`, `now`.
#[derive(Clone, Copy, Debug)]
pub struct Relative {
    /// The point in time.
    pub moment: UnixSeconds,
    /// Now.
    pub now: UnixSeconds,
}

impl fmt::Display for Relative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.moment == self.now {
            f.write_str("now")
        } else if self.moment > self.now {
            write!(f, "in {}", Words(self.moment.since(self.now)))
        } else {
            write!(f, "{} ago", Words(self.now.since(self.moment)))
        }
    }
}

/// A lifetime: in minutes, as policies count, and in larger units where that helps.
#[derive(Clone, Copy, Debug)]
pub struct Lifetime(pub Seconds);

impl fmt::Display for Lifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.get();
        if !seconds.is_multiple_of(MINUTE) {
            return Words(self.0).fmt(f);
        }
        write!(f, "{} min", seconds / MINUTE)?;
        if seconds >= 2 * HOUR { write!(f, " ({})", Words(self.0)) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_well() {
        for (seconds, words) in
            [(0, "0 s"), (59, "59 s"), (60, "1 min"), (61, "1 min 1 s"), (7500, "2 h 5 min"), (90_000, "1 d 1 h")]
        {
            assert_eq!(Words(Seconds::new(seconds)).to_string(), words);
        }
        assert_eq!(Lifetime(Seconds::new(3600)).to_string(), "60 min");
        assert_eq!(Lifetime(Seconds::new(28_800)).to_string(), "480 min (8 h)");
        assert_eq!(Lifetime(Seconds::new(90)).to_string(), "1 min 30 s");
    }
}

//! Counting: what test runners close with, and what a run comes to.

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) passed: u64,
    pub(super) failed: u64,
}

impl Tally {
    /// Something that is no test went wrong: it did not build.
    pub(super) const BROKEN: Self = Self { passed: 0, failed: 1 };

    pub(super) fn add(&mut self, other: Self) {
        self.passed = self.passed.saturating_add(other.passed);
        self.failed = self.failed.saturating_add(other.failed);
    }

    /// What a run comes to: one that failed without a failed test or that ran no test has failed once.
    pub(super) fn judged(self, success: bool) -> Self {
        let ran_nothing = self == Self::default();
        let failed_silently = !success && self.failed == 0;
        Self { failed: self.failed.max(u64::from(ran_nothing || failed_silently)), ..self }
    }

    /// Reads `test result: ok. 12 passed; 0 failed; 1 ignored; ...`. An ignored test counts as failed: it showed nothing.
    pub(super) fn of_line(line: &str) -> Option<Self> {
        let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
        let count = |word: &str| -> u64 {
            counts
                .split(';')
                .filter_map(|part| part.trim().split_once(' '))
                .find(|(_, is)| *is == word)
                .and_then(|(number, _)| number.parse().ok())
                .unwrap_or(0)
        };
        Some(Self { passed: count("passed"), failed: count("failed").saturating_add(count("ignored")) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_read() {
        let line = "test result: FAILED. 12 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s";
        assert_eq!(Tally::of_line(line), Some(Tally { passed: 12, failed: 3 }));
        assert_eq!(Tally::of_line("test names::result ... ok"), None);
    }

    #[test]
    fn a_suite_that_shows_nothing_has_failed() {
        let nothing = Tally::default();
        let good = Tally { passed: 3, failed: 0 };
        assert_eq!(nothing.judged(true).failed, 1);
        assert_eq!(nothing.judged(false).failed, 1);
        assert_eq!(good.judged(false).failed, 1);
        assert_eq!(good.judged(true), good);
        assert_eq!(Tally { passed: 3, failed: 2 }.judged(false).failed, 2);
    }
}

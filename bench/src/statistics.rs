//! Medians and quartiles, of single values and of paired ones.
//!
//! The machine is noisy and shared: within minutes the same request costs half as much again. So costs are only compared
//! within a round, and of the rounds' comparisons the middle one counts.

use serde_json::{Value, json};

/// Where the middle half of some values lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// A quarter of the values lies below.
    pub lower: f64,
    /// Half of the values lies below.
    pub median: f64,
    /// A quarter of the values lies above.
    pub upper: f64,
}

impl Spread {
    /// Of these values; `None` if there are none. An infinite value counts as larger than all others.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = values.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        Some(Self { lower: quantile(&sorted, 1)?, median: quantile(&sorted, 2)?, upper: quantile(&sorted, 3)? })
    }

    /// All three, scaled.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        Self { lower: self.lower * factor, median: self.median * factor, upper: self.upper * factor }
    }

    /// As JSON, where what is infinite is null.
    #[must_use]
    pub fn to_json(self) -> Value {
        json!({"lowerQuartile": self.lower, "median": self.median, "upperQuartile": self.upper})
    }
}

/// The value below which so many quarters of the sorted ones lie, between two of them in proportion.
fn quantile(sorted: &[f64], quarters: usize) -> Option<f64> {
    let steps = sorted.len().checked_sub(1)?.checked_mul(quarters)?;
    let (at, rest) = (steps.checked_div(4)?, steps.checked_rem(4)?);
    let below = *sorted.get(at)?;
    let share = match rest {
        0 => return Some(below),
        1 => 0.25,
        2 => 0.5,
        _ => 0.75,
    };
    let above = *sorted.get(at.checked_add(1)?)?;
    Some(below * (1.0 - share) + above * share)
}

/// The value below which so many of a hundred lie: the smallest with at least so many of them at or below it.
#[must_use]
pub fn part(values: &[f64], of_a_hundred: usize) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = sorted.len().checked_mul(of_a_hundred)?.div_ceil(100).saturating_sub(1);
    sorted.get(place).copied()
}

/// What each costs more than its pair.
#[must_use]
pub fn added(costs: &[f64], baselines: &[f64]) -> Vec<f64> {
    costs.iter().zip(baselines).map(|(cost, baseline)| cost - baseline).collect()
}

/// Each as a multiple of its pair. A pair that shows no cost (noise larger than what is measured) says nothing about the
/// multiple; it counts as infinite, so that too many of them make the median so, rather than a pleasant number.
#[must_use]
pub fn multiples(costs: &[f64], units: &[f64]) -> Vec<f64> {
    costs.iter().zip(units).map(|(cost, unit)| if *unit > 0.0 { cost / unit } else { f64::INFINITY }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(values: &[f64]) -> (f64, f64, f64) {
        let Spread { lower, median, upper } = Spread::of(values.iter().copied()).unwrap();
        (lower, median, upper)
    }

    #[test]
    fn a_part_is_one_of_the_values() {
        let values: Vec<f64> = (1..=10).rev().map(f64::from).collect();
        assert_eq!([50, 90, 100].map(|part_of| part(&values, part_of)), [Some(5.0), Some(9.0), Some(10.0)]);
        assert_eq!((part(&[7.0], 90), part(&[], 90)), (Some(7.0), None));
    }

    #[test]
    fn quartiles_are_those_of_the_sorted_values() {
        assert_eq!(spread(&[5.0, 1.0, 3.0, 2.0, 4.0]), (2.0, 3.0, 4.0));
        assert_eq!(spread(&[4.0, 1.0, 3.0, 2.0]), (1.75, 2.5, 3.25));
        assert_eq!(spread(&[2.0, 1.0]), (1.25, 1.5, 1.75));
        assert_eq!(spread(&[7.0]), (7.0, 7.0, 7.0));
        assert_eq!(Spread::of([]), None);
    }

    #[test]
    fn one_outlier_moves_nothing() {
        let calm = [10.0, 11.0, 12.0, 13.0, 14.0];
        let disturbed = [10.0, 11.0, 12.0, 13.0, 9000.0];
        assert_eq!(spread(&calm), spread(&disturbed));
    }

    #[test]
    fn what_cannot_be_told_is_infinite_and_not_small() {
        assert_eq!(multiples(&[6.0, 6.0, 6.0], &[2.0, 0.0, -1.0]), [3.0, f64::INFINITY, f64::INFINITY]);
        assert_eq!(spread(&[3.0, 4.0, 5.0, 6.0, f64::INFINITY]), (4.0, 5.0, 6.0));
        let lost = Spread::of([3.0, f64::INFINITY, f64::INFINITY]).unwrap();
        assert_eq!((lost.median, lost.upper), (f64::INFINITY, f64::INFINITY));
        assert_eq!(lost.to_json()["median"], Value::Null);
    }

    /// The point of pairing: a machine that gets slower half-way changes neither differences nor multiples.
    #[test]
    fn pairs_are_compared_with_each_other_alone() {
        let baselines = [20.0, 20.0, 35.0, 35.0];
        let costs = [26.0, 26.0, 41.0, 41.0];
        assert_eq!(added(&costs, &baselines), [6.0; 4]);
        assert_eq!(multiples(&added(&costs, &baselines), &[3.0; 4]), [2.0; 4]);
    }
}

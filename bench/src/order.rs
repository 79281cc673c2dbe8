//! The order of a round's bursts: a fresh one each time, from a seed that is told, so that a run can be repeated.

/// A source of orders. `SplitMix64` (Steele, Lea and Flood, 2014): small, and good enough to shuffle eight things.
#[derive(Debug)]
pub struct Orders(u64);

impl Orders {
    /// From a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Puts items into a new order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let choices = u64::try_from(last).map_or(u64::MAX, |last| last.saturating_add(1));
            // What a remainder favours is less than one part in 2^60 here.
            let chosen = self.next().checked_rem(choices).and_then(|chosen| usize::try_from(chosen).ok());
            items.swap(last, chosen.unwrap_or(last));
        }
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_paper() {
        let mut orders = Orders::new(1_234_567);
        let numbers = [orders.next(), orders.next(), orders.next()];
        assert_eq!(numbers, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn each_place_is_taken_by_everybody_about_as_often() {
        let mut orders = Orders::new(7);
        let mut taken = [[0_u32; 4]; 4];
        for _ in 0..4000 {
            let mut items = [0_usize, 1, 2, 3];
            orders.shuffle(&mut items);
            for (place, item) in items.into_iter().enumerate() {
                taken[place][item] += 1;
            }
        }
        for (place, counts) in taken.iter().enumerate() {
            assert!(counts.iter().all(|count| (850..1150).contains(count)), "place {place}: {counts:?}");
        }
    }

    #[test]
    fn equal_seeds_give_equal_orders() {
        let order = |seed| {
            let mut items: Vec<u8> = (0..8).collect();
            Orders::new(seed).shuffle(&mut items);
            items
        };
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
    }
}

//! The place's colour, and what can be read on it and beside it: contrast as WCAG 2 has it (1.4.3, AA: 4.5 to 1), in light and dark.

use std::fmt;

/// A colour: red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Colour([u8; 3]);

pub(super) const WHITE: Colour = Colour([255; 3]);
pub(super) const BLACK: Colour = Colour([0; 3]);
/// The pages' background in the dark.
pub(super) const NIGHT: Colour = Colour([0x16, 0x18, 0x1d]);
/// The colour of a place that names none.
const CALM: Colour = Colour([0x1f, 0x5f, 0xbf]);

/// What text on it or in it must have at least.
const ENOUGH: f64 = 4.5;

impl Colour {
    /// Reads `#rrggbb`; what a policy's `pages.colour` says was checked when it was compiled.
    pub(super) fn of(text: Option<&str>) -> Self {
        let read = |text: &str| {
            let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
            let byte = |at: usize| u8::from_str_radix(digits.get(at..at.saturating_add(2))?, 16).ok();
            Some(Self([byte(0)?, byte(2)?, byte(4)?]))
        };
        text.and_then(read).unwrap_or(CALM)
    }

    /// How bright it is, from 0 to 1.
    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { to_2_4((c + 0.055) / 1.055) }
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance() + 0.05, other.luminance() + 0.05);
        if a > b { a / b } else { b / a }
    }

    /// Black or white, whichever is easier to read on it: one of them always is.
    pub(super) fn text_on_it(self) -> Self {
        if self.contrast(WHITE) >= self.contrast(BLACK) { WHITE } else { BLACK }
    }

    /// The nearest to it that can be read on a background: towards white or black, as far as it takes.
    pub(super) fn legible_on(self, background: Self) -> Self {
        let towards = background.text_on_it();
        let mixed = |part: u16| {
            let mut mixed = self.0;
            for (channel, end) in mixed.iter_mut().zip(towards.0) {
                let sum = u16::from(*channel)
                    .saturating_mul(16_u16.saturating_sub(part))
                    .saturating_add(u16::from(end).saturating_mul(part));
                *channel = u8::try_from(sum / 16).unwrap_or(end);
            }
            Self(mixed)
        };
        (0..16).map(mixed).find(|colour| colour.contrast(background) >= ENOUGH).unwrap_or(towards)
    }
}

/// `x` to the power of 2.4, for `x` from 0.09 to 1: its square times the fifth root of that, by Newton's way. A general power would
/// take more of the plugin than all of the colours do.
fn to_2_4(x: f64) -> f64 {
    let square = x * x;
    let mut root = 1.0_f64;
    for _ in 0..12 {
        let fourth = root * root * root * root;
        root = (4.0 * root + square / fourth) / 5.0;
    }
    square * root
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Contrast to the letter of WCAG 2.
    fn exact(a: Colour, b: Colour) -> f64 {
        let luminance = |colour: Colour| {
            let linear = |channel: u8| {
                let c = f64::from(channel) / 255.0;
                if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
            };
            let [red, green, blue] = colour.0.map(linear);
            0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05
        };
        let (a, b) = (luminance(a), luminance(b));
        a.max(b) / a.min(b)
    }

    #[test]
    fn the_power_is_the_power() {
        for step in 9..=100 {
            let x = f64::from(step) / 100.0;
            assert!((to_2_4(x) - x.powf(2.4)).abs() < 1e-12, "{x}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn whatever_the_colour_everything_can_be_read(bytes in any::<[u8; 3]>()) {
            let colour = Colour(bytes);
            prop_assert!(exact(colour, colour.text_on_it()) >= 4.5, "on {}", colour);
            for background in [WHITE, NIGHT] {
                let legible = colour.legible_on(background);
                prop_assert!(exact(legible, background) >= 4.5, "{} as {} on {}", colour, legible, background);
            }
            prop_assert_eq!(Colour::of(Some(&colour.to_string())), colour);
        }
    }

    #[test]
    fn a_colour_that_can_be_read_stays_as_it_is() {
        assert_eq!(CALM.legible_on(WHITE), CALM);
        assert_eq!(Colour::of(None), CALM);
        assert_eq!(Colour([255, 255, 0]).text_on_it(), BLACK);
    }
}

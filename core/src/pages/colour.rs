//! The policy's colour on the plugin's pages: as it is where it fills a button, with black or white on it, and darker or lighter
//! where it is text or an outline, until the contrast is what WCAG 2.2 asks at level AA (1.4.3).

/// How bright each value of an sRGB channel is, in 65535ths (WCAG 2.2, "relative luminance"); a table, since the module has no use
/// for powers anywhere else.
const LINEAR: [u16; 256] = [
    0, 20, 40, 60, 80, 99, 119, 139, 159, 179, 199, 219, 241, 264, 288, 313, 340, 367, 396, 427, 458, 491, 526, 562,
    599, 637, 677, 718, 761, 805, 851, 898, 947, 997, 1048, 1101, 1156, 1212, 1270, 1330, 1391, 1453, 1517, 1583, 1651,
    1720, 1790, 1863, 1937, 2013, 2090, 2170, 2250, 2333, 2418, 2504, 2592, 2681, 2773, 2866, 2961, 3058, 3157, 3258,
    3360, 3464, 3570, 3678, 3788, 3900, 4014, 4129, 4247, 4366, 4488, 4611, 4736, 4864, 4993, 5124, 5257, 5392, 5530,
    5669, 5810, 5953, 6099, 6246, 6395, 6547, 6700, 6856, 7014, 7174, 7335, 7500, 7666, 7834, 8004, 8177, 8352, 8528,
    8708, 8889, 9072, 9258, 9445, 9635, 9828, 10022, 10219, 10417, 10619, 10822, 11028, 11235, 11446, 11658, 11873,
    12090, 12309, 12530, 12754, 12980, 13209, 13440, 13673, 13909, 14146, 14387, 14629, 14874, 15122, 15371, 15623,
    15878, 16135, 16394, 16656, 16920, 17187, 17456, 17727, 18001, 18277, 18556, 18837, 19121, 19407, 19696, 19987,
    20281, 20577, 20876, 21177, 21481, 21787, 22096, 22407, 22721, 23038, 23357, 23678, 24002, 24329, 24658, 24990,
    25325, 25662, 26001, 26344, 26688, 27036, 27386, 27739, 28094, 28452, 28813, 29176, 29542, 29911, 30282, 30656,
    31033, 31412, 31794, 32179, 32567, 32957, 33350, 33745, 34143, 34544, 34948, 35355, 35764, 36176, 36591, 37008,
    37429, 37852, 38278, 38706, 39138, 39572, 40009, 40449, 40891, 41337, 41785, 42236, 42690, 43147, 43606, 44069,
    44534, 45002, 45473, 45947, 46423, 46903, 47385, 47871, 48359, 48850, 49344, 49841, 50341, 50844, 51349, 51858,
    52369, 52884, 53401, 53921, 54445, 54971, 55500, 56032, 56567, 57105, 57646, 58190, 58737, 59287, 59840, 60396,
    60955, 61517, 62082, 62650, 63221, 63795, 64372, 64952, 65535,
];

/// What the pages stand on: their own background and that of a refusal, in light mode and in dark mode, as `style.css` has them.
const LIGHT: [Colour; 2] = [Colour([0xff, 0xff, 0xff]), Colour([0xfc, 0xf1, 0xf0])];
const DARK: [Colour; 2] = [Colour([0x15, 0x18, 0x1c]), Colour([0x2b, 0x1b, 0x1b])];

const BLACK: Colour = Colour([0, 0, 0]);
const WHITE: Colour = Colour([0xff, 0xff, 0xff]);

/// A calm blue, for policies that name no colour.
const OWN: Colour = Colour([0x1f, 0x5f, 0xa8]);

/// 4.5 to 1, and a little for rounding.
const READABLE: f64 = 4.52;

/// An sRGB colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Colour([u8; 3]);

impl Colour {
    /// Reads `#rrggbb`.
    fn read(text: &str) -> Option<Self> {
        let [_, red, green, blue] = u32::from_str_radix(text.strip_prefix('#')?, 16).ok()?.to_be_bytes();
        Some(Self([red, green, blue]))
    }

    fn luminance(self) -> f64 {
        let [red, green, blue] =
            self.0.map(|channel| LINEAR.get(usize::from(channel)).copied().map_or(0.0, f64::from) / 65535.0);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// From 1 to 21.
    fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance() + 0.05, other.luminance() + 0.05);
        if one > other { one / other } else { other / one }
    }

    /// Sixteenths of the way to another colour.
    fn towards(self, other: Self, sixteenths: u16) -> Self {
        let [red, green, blue] = self.0;
        let [to_red, to_green, to_blue] = other.0;
        let mix = |from: u8, to: u8| {
            let from = u16::from(from).saturating_mul(16_u16.saturating_sub(sixteenths));
            let sum = from.saturating_add(u16::from(to).saturating_mul(sixteenths));
            u8::try_from(sum / 16).unwrap_or(to)
        };
        Self([mix(red, to_red), mix(green, to_green), mix(blue, to_blue)])
    }

    /// The colour nearest to this one, on the way to `end`, that can be read on all of `grounds`.
    fn readable_on(self, grounds: &[Self], end: Self) -> Self {
        let readable = |colour: &Self| grounds.iter().all(|ground| colour.contrast(*ground) >= READABLE);
        (0..16).map(|step| self.towards(end, step)).find(readable).unwrap_or(end)
    }

    /// What can be read on this colour: at least one of black and white always can.
    fn ink(self) -> Self {
        if self.contrast(WHITE) >= READABLE || self.contrast(WHITE) > self.contrast(BLACK) { WHITE } else { BLACK }
    }

    fn css(self) -> String {
        let [red, green, blue] = self.0;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }
}

/// The pages' custom properties for a policy's colour.
pub(super) fn properties(colour: Option<&str>) -> String {
    let colour = colour.and_then(Colour::read).unwrap_or(OWN);
    let (fill, ink) = (colour.css(), colour.ink().css());
    let light = colour.readable_on(&LIGHT, BLACK).css();
    let dark = colour.readable_on(&DARK, WHITE).css();
    format!(
        ":root{{--fill:{fill};--ink:{ink};--accent:{light}}}\n@media(prefers-color-scheme:dark){{:root{{--accent:{dark}}}}}\n"
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_table_is_what_the_formula_says() {
        for (value, linear) in LINEAR.iter().enumerate() {
            let share = f64::from(u16::try_from(value).unwrap_or(0)) / 255.0;
            let exact = if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) };
            assert!((exact * 65535.0 - f64::from(*linear)).abs() <= 0.5, "{value}");
        }
        assert!((BLACK.contrast(WHITE) - 21.0).abs() < 1e-9);
    }

    #[test]
    fn the_grounds_are_those_of_the_style() {
        let style = include_str!("style.css");
        for ground in LIGHT.iter().chain(&DARK) {
            let long = ground.css();
            assert!(style.contains(&long) || (long == "#ffffff" && style.contains("--ground:#fff;")), "{long}");
        }
    }

    #[test]
    fn a_colour_that_can_be_read_stays_as_it_is() {
        assert!(properties(Some("#0f6cbd")).contains("--fill:#0f6cbd;--ink:#ffffff;--accent:#0f6cbd"));
        assert!(properties(Some("#ffdd00")).contains("--fill:#ffdd00;--ink:#000000;"));
        assert_eq!(properties(None), properties(Some(&OWN.css())));
    }

    proptest! {
        #[test]
        fn whatever_the_colour_text_can_be_read(rgb: [u8; 3]) {
            let colour = Colour(rgb);
            prop_assert_eq!(Colour::read(&colour.css()), Some(colour));
            prop_assert!(colour.contrast(colour.ink()) >= 4.5);
            for (grounds, end) in [(&LIGHT, BLACK), (&DARK, WHITE)] {
                let accent = colour.readable_on(grounds, end);
                prop_assert!(grounds.iter().all(|ground| accent.contrast(*ground) >= 4.5), "{}", accent.css());
            }
        }
    }
}

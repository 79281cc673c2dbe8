//! Which language a browser gets (RFC 9110, 12.5.4; matched by "lookup", RFC 4647, 3.4): of the languages there are, the one that
//! it ranks highest, English where it ranks none.

use super::{ENGLISH, Texts, de, es, fr, ja};
use crate::headers::Header;
use crate::request;

/// How much of `accept-language` is looked at. Browsers send well below a hundred bytes; the rest is nobody's wish.
const MOST_BYTES: usize = 1024;

/// How many ranges are looked at.
const MOST_RANGES: usize = 32;

/// A language that the pages are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Language {
    #[default]
    English,
    German,
    French,
    Spanish,
    Japanese,
}

impl Language {
    /// All of them, for tables and tests.
    pub(crate) const ALL: [Self; 5] = [Self::English, Self::German, Self::French, Self::Spanish, Self::Japanese];

    /// Its tag (RFC 5646).
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
            Self::Spanish => "es",
            Self::Japanese => "ja",
        }
    }

    /// What is said in it.
    pub(crate) fn texts(self) -> &'static Texts {
        match self {
            Self::English => &ENGLISH,
            Self::German => &de::GERMAN,
            Self::French => &fr::FRENCH,
            Self::Spanish => &es::SPANISH,
            Self::Japanese => &ja::JAPANESE,
        }
    }

    /// The language that a request asks for. Ranges of equal quality count in the order in which they stand; a region or script
    /// (`de-AT`, `ja-Jpan`) is looked past; `*` is English; what cannot be read is nobody's wish.
    pub(crate) fn of(headers: &[Header<'_>]) -> Self {
        let fields = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(b"accept-language"));
        let ranges = fields.flat_map(|(_, value)| value.get(..MOST_BYTES).unwrap_or(value).split(|byte| *byte == b','));
        let mut best = (0, Self::default());
        for range in ranges.take(MOST_RANGES) {
            let mut parts = range.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
            let Some(language) = parts.next().and_then(Self::of_range) else { continue };
            let quality = parts.find_map(request::quality).unwrap_or(1000);
            if quality > best.0 {
                best = (quality, language);
            }
        }
        best.1
    }

    fn of_range(range: &[u8]) -> Option<Self> {
        if range == b"*" {
            return Some(Self::default());
        }
        let primary = range.split(|byte| *byte == b'-').next()?;
        Self::ALL.into_iter().find(|language| language.tag().as_bytes().eq_ignore_ascii_case(primary))
    }
}

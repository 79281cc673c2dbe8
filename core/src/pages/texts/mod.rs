//! What the pages say, a file a language. A text that is missing does not compile: neither one of [`Texts`] nor one of a refusal.

mod de;
mod en;
mod es;
mod fr;
mod ja;

use crate::refusal::Refusal;

/// A language that the pages speak.
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
    /// All of them; the first is spoken to whoever asks for none of them.
    pub(crate) const ALL: [Self; 5] = [Self::English, Self::German, Self::French, Self::Spanish, Self::Japanese];

    /// What the pages say in it.
    pub(crate) fn texts(self) -> &'static Texts {
        match self {
            Self::English => &en::TEXTS,
            Self::German => &de::TEXTS,
            Self::French => &fr::TEXTS,
            Self::Spanish => &es::TEXTS,
            Self::Japanese => &ja::TEXTS,
        }
    }
}

/// The texts of the pages. `{}` stands for a name.
pub(crate) struct Texts {
    /// The language's tag (RFC 5646).
    pub(crate) tag: &'static str,
    /// The sign-in page's heading, of the place.
    pub(crate) sign_in_to: &'static str,
    /// What the page is for.
    pub(crate) intro: &'static str,
    pub(crate) user: &'static str,
    pub(crate) pass: &'static str,
    /// How a code may be typed.
    pub(crate) typing: &'static str,
    pub(crate) sign_in: &'static str,
    /// Whose pass a link carries.
    pub(crate) carries: &'static str,
    /// Whose session would end.
    pub(crate) ends: &'static str,
    /// Before whom to ask.
    pub(crate) ask: &'static str,
    pub(crate) signed_out: &'static str,
    /// Whose session is over: of the place.
    pub(crate) session_over: &'static str,
    pub(crate) sign_in_again: &'static str,
    /// Of a refusal: a heading without a full stop, and what happened and what to do next.
    pub(crate) refused: fn(Refusal) -> [&'static str; 2],
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(texts: &Texts) -> Vec<&'static str> {
        let Texts {
            tag,
            sign_in_to,
            intro,
            user,
            pass,
            typing,
            sign_in,
            carries,
            ends,
            ask,
            signed_out,
            session_over,
            sign_in_again,
            refused,
        } = *texts;
        let mut all = vec![
            tag,
            sign_in_to,
            intro,
            user,
            pass,
            typing,
            sign_in,
            carries,
            ends,
            ask,
            signed_out,
            session_over,
            sign_in_again,
        ];
        all.extend(Refusal::ALL.into_iter().flat_map(refused));
        all
    }

    #[test]
    fn every_language_says_everything_in_words_of_its_own() {
        let english = all(Language::English.texts());
        for language in Language::ALL {
            let texts = all(language.texts());
            for (text, english) in texts.iter().zip(&english) {
                assert!(!text.trim().is_empty() && text.trim() == *text, "{language:?}: {english}");
                assert_eq!(text.matches("{}").count(), english.matches("{}").count(), "{language:?}: {text}");
                assert_eq!(text == english, language == Language::English, "{language:?}: {text}");
            }
        }
    }

    #[test]
    fn english_is_what_programs_are_told() {
        for refusal in Refusal::ALL {
            let face = refusal.face();
            assert_eq!((Language::English.texts().refused)(refusal), [face.title, face.text]);
        }
    }

    #[test]
    fn whoever_has_no_authentic_pass_is_told_one_thing_in_every_language() {
        for language in Language::ALL {
            let refused = language.texts().refused;
            for refusal in Refusal::ALL.into_iter().filter(|refusal| refusal.face().reason == "invalid_pass") {
                assert_eq!(refused(refusal), refused(Refusal::Malformed), "{language:?}: {refusal}");
            }
        }
    }
}

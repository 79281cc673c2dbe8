//! What the plugin says to people, a file per language; which language a browser gets is `language`'s business.
//!
//! The structs are exhaustive: a language without some text does not compile. What is still left to chance (an empty text, one
//! left in English, a placeholder lost) is a test's. Texts are plain: templates escape them, and nothing in them is markup.

mod de;
mod en;
mod es;
mod fr;
mod ja;
mod language;

pub(crate) use en::ENGLISH;
pub(crate) use language::Language;

use crate::refusal::Refusal;

/// Everything that the pages say in one language. `{name}` is the place's name, `{user}` a person's.
pub(crate) struct Texts {
    /// The sign-in page's heading, with `{name}`.
    pub(crate) sign_in_to: &'static str,
    /// What the sign-in is for.
    pub(crate) lead: &'static str,
    /// Label of the user's name.
    pub(crate) user: &'static str,
    /// Label of the pass.
    pub(crate) pass: &'static str,
    /// How a pass may be typed.
    pub(crate) pass_hint: &'static str,
    /// The button.
    pub(crate) submit: &'static str,
    /// Whose pass a link carries: `{user}`.
    pub(crate) whose: &'static str,
    /// That a link's pass would end the session of `{user}`.
    pub(crate) ends: &'static str,
    /// That a typed pass might end the session of `{user}`.
    pub(crate) session: &'static str,
    /// What to do with a link of which a part is missing.
    pub(crate) broken_link: &'static str,
    /// What to do with a link where no script runs.
    pub(crate) no_script: &'static str,
    /// Before the contact, where nothing is wrong.
    pub(crate) need_help: &'static str,
    /// Before the contact, where the next thing to do is to ask.
    pub(crate) ask: &'static str,
    /// Heading after signing out.
    pub(crate) signed_out: &'static str,
    /// What signing out has done, with `{name}`.
    pub(crate) session_over: &'static str,
    /// The link back.
    pub(crate) sign_in_again: &'static str,
    /// Why somebody was turned away.
    pub(crate) reasons: Reasons,
}

/// A refusal in words.
pub(crate) struct Reason {
    /// In a few words, without a full stop.
    pub(crate) title: &'static str,
    /// What happened and what to do next.
    pub(crate) text: &'static str,
}

/// A text for each public reason of 8.1.
pub(crate) struct Reasons {
    pub(crate) invalid_pass: Reason,
    pub(crate) not_yet_valid: Reason,
    pub(crate) expired: Reason,
    pub(crate) already_used: Reason,
    pub(crate) replaced: Reason,
    pub(crate) revoked: Reason,
    pub(crate) ledger_too_young: Reason,
    pub(crate) disabled: Reason,
    pub(crate) out_of_scope: Reason,
    pub(crate) lifetime_out_of_policy: Reason,
    pub(crate) multi_use_forbidden: Reason,
    pub(crate) ledger_unavailable: Reason,
    pub(crate) cross_site: Reason,
    pub(crate) too_large: Reason,
    pub(crate) registration_required: Reason,
    pub(crate) registration_deadline_passed: Reason,
    pub(crate) session_expired: Reason,
    pub(crate) internal: Reason,
}

impl Reasons {
    /// The words for a refusal. Whoever has shown no authentic pass gets the same for every reason (8.1).
    pub(crate) fn of(&self, refusal: Refusal) -> &Reason {
        match refusal {
            Refusal::Malformed
            | Refusal::UnknownKey
            | Refusal::BadSignature
            | Refusal::WrongAudience
            | Refusal::WrongUser
            | Refusal::UnknownCode
            | Refusal::LockedOut => &self.invalid_pass,
            Refusal::NotYetValid => &self.not_yet_valid,
            Refusal::Expired => &self.expired,
            Refusal::AlreadyUsed => &self.already_used,
            Refusal::Replaced => &self.replaced,
            Refusal::Revoked => &self.revoked,
            Refusal::LedgerTooYoung => &self.ledger_too_young,
            Refusal::Disabled => &self.disabled,
            Refusal::OutOfScope => &self.out_of_scope,
            Refusal::LifetimeOutOfPolicy => &self.lifetime_out_of_policy,
            Refusal::MultiUseForbidden => &self.multi_use_forbidden,
            // Which of the two it is, the person who signs in has no use for.
            Refusal::LedgerUnavailable | Refusal::DirectoryUnavailable => &self.ledger_unavailable,
            Refusal::CrossSite => &self.cross_site,
            Refusal::TooLarge => &self.too_large,
            Refusal::RegistrationRequired => &self.registration_required,
            Refusal::RegistrationDeadlinePassed => &self.registration_deadline_passed,
            Refusal::SessionExpired => &self.session_expired,
            Refusal::Internal => &self.internal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every text by its name. Taken apart without `..`: a new field has to be listed here too.
    fn all(texts: &Texts) -> Vec<(String, &'static str)> {
        let Texts {
            sign_in_to,
            lead,
            user,
            pass,
            pass_hint,
            submit,
            whose,
            ends,
            session,
            broken_link,
            no_script,
            need_help,
            ask,
            signed_out,
            session_over,
            sign_in_again,
            reasons,
        } = texts;
        let plain = [
            ("sign_in_to", sign_in_to),
            ("lead", lead),
            ("user", user),
            ("pass", pass),
            ("pass_hint", pass_hint),
            ("submit", submit),
            ("whose", whose),
            ("ends", ends),
            ("session", session),
            ("broken_link", broken_link),
            ("no_script", no_script),
            ("need_help", need_help),
            ("ask", ask),
            ("signed_out", signed_out),
            ("session_over", session_over),
            ("sign_in_again", sign_in_again),
        ];
        let plain = plain.into_iter().map(|(name, text)| (name.to_owned(), *text));
        let reasons = Refusal::ALL.into_iter().flat_map(|refusal| {
            let Reason { title, text } = reasons.of(refusal);
            [(format!("{refusal}, title"), *title), (format!("{refusal}, text"), *text)]
        });
        plain.chain(reasons).collect()
    }

    fn placeholders(text: &str) -> Vec<&str> {
        let mut found: Vec<&str> = text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn no_text_is_missing_left_in_english_or_without_its_placeholders() {
        let english = all(Language::English.texts());
        for language in Language::ALL {
            for ((name, text), (_, original)) in all(language.texts()).into_iter().zip(&english) {
                let what = format!("{} in {}", name, language.tag());
                assert!(!text.trim().is_empty() && text.trim() == text, "{what}: `{text}`");
                assert_eq!(placeholders(text), placeholders(original), "{what}");
                assert!(language == Language::English || text != *original, "{what} is English");
                // A file read in another encoding than it was written in, or one in two, shows so.
                assert!(!text.contains(['\u{fffd}', '\u{c3}', '<', '>', '\n']), "{what}: `{text}`");
            }
        }
    }

    #[test]
    fn what_differs_in_english_differs_everywhere() {
        let english = all(Language::English.texts());
        for language in Language::ALL {
            let texts = all(language.texts());
            for (index, (name, text)) in texts.iter().enumerate() {
                for (other, (other_name, other_text)) in texts.iter().enumerate().skip(index + 1) {
                    let same = english[index].1 == english[other].1;
                    assert!(same || text != other_text, "{name} and {other_name} in {}: `{text}`", language.tag());
                }
            }
        }
    }

    #[test]
    fn sentences_end() {
        for language in Language::ALL {
            for (name, text) in all(language.texts()).iter().filter(|(name, _)| name.ends_with("text")) {
                assert!(text.ends_with(['.', '。']), "{name} in {}: `{text}`", language.tag());
            }
        }
    }
}

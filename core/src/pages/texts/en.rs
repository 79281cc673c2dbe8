//! English. Of refusals it says what programs are told.

use super::Texts;

pub(super) const TEXTS: Texts = Texts {
    tag: "en",
    sign_in_to: "Sign in to {}",
    intro: "Use your Temporary Access Pass to register a sign-in method.",
    user: "User name",
    pass: "Temporary Access Pass",
    typing: "Capital or small letters, with or without spaces.",
    sign_in: "Sign in",
    carries: "This link carries a pass for {}.",
    ends: "Signing in ends the session of {} in this browser.",
    ask: "Need help?",
    signed_out: "You are signed out",
    session_over: "Your session at {} is over, in this browser and everywhere else it was copied to.",
    sign_in_again: "Sign in again",
    refused: |refusal| {
        let face = refusal.face();
        [face.title, face.text]
    },
};

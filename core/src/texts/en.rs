//! English: also what problem documents say, to whatever language a program may ask for.

use super::{Reason, Reasons, Texts};

pub(crate) const ENGLISH: Texts = Texts {
    sign_in_to: "Sign in to {name}",
    lead: "Use your Temporary Access Pass to register a sign-in method.",
    user: "User name",
    pass: "Temporary Access Pass",
    pass_hint: "Spaces, dashes and capital letters make no difference in a code that you type.",
    submit: "Sign in",
    whose: "This link carries a pass for {user}.",
    ends: "Signing in ends the session of {user} in this browser.",
    session: "This browser is signed in as {user}. If somebody else signs in, that session ends.",
    broken_link: "A part of this link is missing. Open it again just as you were given it, or type your pass here.",
    no_script: "You came by a link? Without JavaScript this page cannot read the pass in it. Copy everything that follows “#pass=” in the link into the field.",
    need_help: "Need help?",
    ask: "Ask here:",
    signed_out: "You are signed out",
    session_over: "Your session at {name} is over, in this browser and everywhere else it was copied to.",
    sign_in_again: "Sign in again",
    reasons: Reasons {
        invalid_pass: Reason {
            title: "Pass not valid",
            text: "That Temporary Access Pass is not valid. After several tries, wait a few minutes.",
        },
        not_yet_valid: Reason {
            title: "Pass not valid yet",
            text: "Your Temporary Access Pass is not valid yet. Try again once it has started.",
        },
        expired: Reason { title: "Pass expired", text: "Your Temporary Access Pass has expired. Ask for a new one." },
        already_used: Reason {
            title: "Pass already used",
            text: "Your Temporary Access Pass can be used once, and has been used. If that was not you, say so at once to whoever gave it to you; otherwise ask for a new one.",
        },
        replaced: Reason {
            title: "Pass replaced",
            text: "A newer Temporary Access Pass has taken the place of this one. Use the newest one you were given.",
        },
        revoked: Reason {
            title: "Pass revoked",
            text: "Your Temporary Access Pass has been taken back. Ask for a new one.",
        },
        ledger_too_young: Reason {
            title: "Pass no longer usable",
            text: "The gateway was restarted after your one-time Temporary Access Pass became valid, and cannot tell whether it has been used. Ask for a new one.",
        },
        disabled: Reason {
            title: "Passes switched off",
            text: "Temporary Access Passes are switched off here. Ask whoever gave you the pass.",
        },
        out_of_scope: Reason {
            title: "Not open to you",
            text: "Temporary Access Passes are not open to your account. Ask whoever gave you the pass.",
        },
        lifetime_out_of_policy: Reason {
            title: "Pass of a length not allowed",
            text: "Your Temporary Access Pass is valid for a time that is not allowed here. Ask for a new one.",
        },
        multi_use_forbidden: Reason {
            title: "Only one-time passes allowed",
            text: "Only one-time passes are allowed here, and yours can be used several times. Ask for a new one.",
        },
        ledger_unavailable: Reason {
            title: "Try again shortly",
            text: "The gateway cannot look up or record sign-ins just now, so it lets nobody in. Try again in a moment.",
        },
        cross_site: Reason {
            title: "Request from another site",
            text: "This request came from another site's page and was not carried out. Open this site itself and try again.",
        },
        too_large: Reason {
            title: "Request too large",
            text: "The request is larger than a sign-in can be. Type your pass, or open the link again just as you were given it.",
        },
        registration_required: Reason {
            title: "Registration required",
            text: "Until you have registered a sign-in method you can reach only the registration page.",
        },
        registration_deadline_passed: Reason {
            title: "Time is up",
            text: "Your time to register a sign-in method is over. If your Temporary Access Pass is still valid, sign in with it again; otherwise ask for a new one.",
        },
        session_expired: Reason { title: "Session over", text: "Your session is over. Sign in again." },
        internal: Reason {
            title: "Something went wrong",
            text: "The gateway could not handle this request. Try again; if it happens again, tell whoever runs this site.",
        },
    },
};

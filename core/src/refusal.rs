//! The closed list of reasons why a pass or a request is turned away, and the one exhaustive map from reason to wire (8.1).
//!
//! Coarse outside, exact inside: whoever cannot show an authentic pass learns nothing from the answer; the audit line
//! says which check it was.

use std::fmt;

/// Why a pass or a request was turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// Not a signed pass in canonical form.
    Malformed,
    /// Signed with a key that is not known here.
    UnknownKey,
    /// The signature does not match.
    BadSignature,
    /// Another issuer's pass, or meant for another audience.
    WrongAudience,
    /// The name typed with it is not its user's.
    WrongUser,
    /// No such code.
    UnknownCode,
    /// Too many wrong codes.
    LockedOut,
    /// Before its start.
    NotYetValid,
    /// After its end.
    Expired,
    /// A one-time pass that somebody has used.
    AlreadyUsed,
    /// A newer pass of this user has taken its place.
    Replaced,
    /// Taken back.
    Revoked,
    /// A one-time pass that may have been used before this ledger began.
    LedgerTooYoung,
    /// The policy's state is disabled.
    Disabled,
    /// The policy does not target this user, or nobody knows them.
    OutOfScope,
    /// The pass lives shorter or longer than the policy allows, or starts too long after its issue.
    LifetimeOutOfPolicy,
    /// The policy wants one-time passes.
    MultiUseForbidden,
    /// The ledger did not answer, or made no sense.
    LedgerUnavailable,
    /// The request came from another site's page.
    CrossSite,
    /// The body is over the limit.
    TooLarge,
    /// A registering session may not go there.
    RegistrationRequired,
    /// A registering session is over.
    RegistrationDeadlinePassed,
    /// A registered session is over.
    SessionExpired,
    /// What must not happen (8.1a).
    Internal,
}

/// How a refusal matters to whoever reads the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditClass {
    /// Somebody may be attacking a person: wake up.
    Alarm,
    /// One line in the log.
    Notice,
    /// Daily traffic: counted, not logged.
    Counted,
}

/// What the world sees of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Face {
    /// HTTP status.
    pub status: u16,
    /// The `reason` shown.
    pub reason: &'static str,
    /// A short title (RFC 9457), and the page's heading.
    pub title: &'static str,
    /// What happened and what to do next, for people.
    pub text: &'static str,
}

const INVALID_PASS: Face = Face {
    status: 401,
    reason: "invalid_pass",
    title: "Pass not valid",
    text: "That Temporary Access Pass is not valid. After several tries, wait a few minutes.",
};

impl Refusal {
    /// All of them, for tables and tests.
    pub const ALL: [Self; 24] = [
        Self::Malformed,
        Self::UnknownKey,
        Self::BadSignature,
        Self::WrongAudience,
        Self::WrongUser,
        Self::UnknownCode,
        Self::LockedOut,
        Self::NotYetValid,
        Self::Expired,
        Self::AlreadyUsed,
        Self::Replaced,
        Self::Revoked,
        Self::LedgerTooYoung,
        Self::Disabled,
        Self::OutOfScope,
        Self::LifetimeOutOfPolicy,
        Self::MultiUseForbidden,
        Self::LedgerUnavailable,
        Self::CrossSite,
        Self::TooLarge,
        Self::RegistrationRequired,
        Self::RegistrationDeadlinePassed,
        Self::SessionExpired,
        Self::Internal,
    ];

    /// Its own name, as logs and counters have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnknownKey => "unknown_key",
            Self::BadSignature => "bad_signature",
            Self::WrongAudience => "wrong_audience",
            Self::WrongUser => "wrong_user",
            Self::UnknownCode => "unknown_code",
            Self::LockedOut => "locked_out",
            Self::NotYetValid => "not_yet_valid",
            Self::Expired => "expired",
            Self::AlreadyUsed => "already_used",
            Self::Replaced => "replaced",
            Self::Revoked => "revoked",
            Self::LedgerTooYoung => "ledger_too_young",
            Self::Disabled => "disabled",
            Self::OutOfScope => "out_of_scope",
            Self::LifetimeOutOfPolicy => "lifetime_out_of_policy",
            Self::MultiUseForbidden => "multi_use_forbidden",
            Self::LedgerUnavailable => "ledger_unavailable",
            Self::CrossSite => "cross_site",
            Self::TooLarge => "too_large",
            Self::RegistrationRequired => "registration_required",
            Self::RegistrationDeadlinePassed => "registration_deadline_passed",
            Self::SessionExpired => "session_expired",
            Self::Internal => "internal",
        }
    }

    /// What the world sees.
    #[must_use]
    pub fn face(self) -> Face {
        let own = |status, title, text| Face { status, reason: self.name(), title, text };
        match self {
            Self::Malformed
            | Self::UnknownKey
            | Self::BadSignature
            | Self::WrongAudience
            | Self::WrongUser
            | Self::UnknownCode
            | Self::LockedOut => INVALID_PASS,
            Self::NotYetValid => own(
                401,
                "Pass not valid yet",
                "Your Temporary Access Pass is not valid yet. Try again once it has started.",
            ),
            Self::Expired => own(401, "Pass expired", "Your Temporary Access Pass has expired. Ask for a new one."),
            Self::AlreadyUsed => own(
                401,
                "Pass already used",
                "Your Temporary Access Pass can be used once, and has been used. If that was not you, say so at once to whoever gave it to you; otherwise ask for a new one.",
            ),
            Self::Replaced => own(
                401,
                "Pass replaced",
                "A newer Temporary Access Pass has taken the place of this one. Use the newest one you were given.",
            ),
            Self::Revoked => {
                own(401, "Pass revoked", "Your Temporary Access Pass has been taken back. Ask for a new one.")
            }
            Self::LedgerTooYoung => own(
                401,
                "Pass no longer usable",
                "The gateway was restarted after your one-time Temporary Access Pass became valid, and cannot tell whether it has been used. Ask for a new one.",
            ),
            Self::Disabled => own(
                403,
                "Passes switched off",
                "Temporary Access Passes are switched off here. Ask whoever gave you the pass.",
            ),
            Self::OutOfScope => own(
                403,
                "Not open to you",
                "Temporary Access Passes are not open to your account. Ask whoever gave you the pass.",
            ),
            Self::LifetimeOutOfPolicy => own(
                403,
                "Pass not allowed",
                "Your Temporary Access Pass is valid for a time that is not allowed here. Ask for a new one.",
            ),
            Self::MultiUseForbidden => own(
                403,
                "Pass not allowed",
                "Only one-time passes are allowed here, and yours can be used several times. Ask for a new one.",
            ),
            Self::LedgerUnavailable => own(
                503,
                "Try again shortly",
                "The gateway cannot look up or record sign-ins just now, so it lets nobody in. Try again in a moment.",
            ),
            Self::CrossSite => own(
                403,
                "Request from another site",
                "This request came from another site's page and was not carried out. Open this site itself and try again.",
            ),
            Self::TooLarge => own(413, "Request too large", "The request is larger than a sign-in can be."),
            Self::RegistrationRequired => own(
                403,
                "Registration required",
                "Until you have registered a sign-in method you can reach only the registration page.",
            ),
            Self::RegistrationDeadlinePassed => own(
                401,
                "Time is up",
                "Your time to register a sign-in method is over. If your Temporary Access Pass is still valid, sign in with it again; otherwise ask for a new one.",
            ),
            Self::SessionExpired => own(401, "Session over", "Your session is over. Sign in again."),
            Self::Internal => own(
                500,
                "Something went wrong",
                "The gateway could not handle this request. Try again; if it happens again, tell whoever runs this site.",
            ),
        }
    }

    /// How it matters to whoever reads the log.
    #[must_use]
    pub fn audit_class(self) -> AuditClass {
        match self {
            // A one-time pass turned up with somebody who is not its holder: one of the two is not its user (7.3).
            Self::AlreadyUsed => AuditClass::Alarm,
            Self::RegistrationRequired => AuditClass::Counted,
            _ => AuditClass::Notice,
        }
    }

    /// Microsoft Graph's `methodUsabilityReason` for a pass that would be refused so, where it has one.
    #[must_use]
    pub fn method_usability_reason(self) -> Option<&'static str> {
        match self {
            Self::NotYetValid => Some("NotYetValid"),
            Self::Expired | Self::Replaced | Self::Revoked => Some("Expired"),
            Self::AlreadyUsed | Self::LedgerTooYoung => Some("OneTimeUsed"),
            Self::Disabled | Self::OutOfScope | Self::LifetimeOutOfPolicy | Self::MultiUseForbidden => {
                Some("DisabledByPolicy")
            }
            _ => None,
        }
    }

    /// The refusal whose public reason this is, for a page that is told it in its address.
    #[must_use]
    pub fn of_reason(reason: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|refusal| refusal.face().reason == reason)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_no_authentic_pass_gets_one_neutral_answer() {
        let neutral = [
            Refusal::Malformed,
            Refusal::UnknownKey,
            Refusal::BadSignature,
            Refusal::WrongAudience,
            Refusal::WrongUser,
            Refusal::UnknownCode,
            Refusal::LockedOut,
        ];
        for refusal in Refusal::ALL {
            assert_eq!(neutral.contains(&refusal), refusal.face() == INVALID_PASS, "{refusal}");
        }
    }

    #[test]
    fn every_other_refusal_shows_its_own_name() {
        for refusal in Refusal::ALL {
            let face = refusal.face();
            assert!(face == INVALID_PASS || face.reason == refusal.name());
            assert!(matches!(face.status, 401 | 403 | 413 | 500 | 503), "{refusal}");
        }
    }
}

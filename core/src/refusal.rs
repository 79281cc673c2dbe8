//! The closed list of reasons why a pass or a request is turned away, and the one exhaustive map from reason to wire (8.1).
//!
//! Coarse outside, exact inside: whoever cannot show an authentic pass learns nothing from the answer; the audit line
//! says which check it was.

use std::fmt;

use crate::texts::ENGLISH;

/// What whoever cannot show an authentic pass is told.
const INVALID_PASS: &str = "invalid_pass";

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
    /// The directory did not answer, or made no sense.
    DirectoryUnavailable,
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

impl Refusal {
    /// All of them, for tables and tests.
    pub const ALL: [Self; 25] = [
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
        Self::DirectoryUnavailable,
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
            Self::DirectoryUnavailable => "directory_unavailable",
            Self::CrossSite => "cross_site",
            Self::TooLarge => "too_large",
            Self::RegistrationRequired => "registration_required",
            Self::RegistrationDeadlinePassed => "registration_deadline_passed",
            Self::SessionExpired => "session_expired",
            Self::Internal => "internal",
        }
    }

    /// What the world sees, in English; pages have it in other languages too (`texts`).
    #[must_use]
    pub fn face(self) -> Face {
        let own = self.name();
        let (status, reason) = match self {
            Self::Malformed
            | Self::UnknownKey
            | Self::BadSignature
            | Self::WrongAudience
            | Self::WrongUser
            | Self::UnknownCode
            | Self::LockedOut => (401, INVALID_PASS),
            Self::NotYetValid
            | Self::Expired
            | Self::AlreadyUsed
            | Self::Replaced
            | Self::Revoked
            | Self::LedgerTooYoung
            | Self::RegistrationDeadlinePassed
            | Self::SessionExpired => (401, own),
            Self::Disabled
            | Self::OutOfScope
            | Self::LifetimeOutOfPolicy
            | Self::MultiUseForbidden
            | Self::CrossSite
            | Self::RegistrationRequired => (403, own),
            Self::TooLarge => (413, own),
            Self::LedgerUnavailable | Self::DirectoryUnavailable => (503, own),
            Self::Internal => (500, own),
        };
        let words = ENGLISH.reasons.of(self);
        Face { status, reason, title: words.title, text: words.text }
    }

    /// Whether the next thing to do is to ask whoever hands out passes.
    pub(crate) fn is_to_be_asked_about(self) -> bool {
        !matches!(
            self,
            Self::NotYetValid
                | Self::LedgerUnavailable
                | Self::DirectoryUnavailable
                | Self::CrossSite
                | Self::TooLarge
                | Self::SessionExpired
        )
    }

    /// Whether it is the pass that is at fault, so that its field is where to mend it.
    pub(crate) fn is_about_the_pass(self) -> bool {
        !matches!(
            self,
            Self::LedgerUnavailable
                | Self::DirectoryUnavailable
                | Self::CrossSite
                | Self::TooLarge
                | Self::RegistrationRequired
                | Self::RegistrationDeadlinePassed
                | Self::SessionExpired
                | Self::Internal
        )
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
            assert_eq!(neutral.contains(&refusal), refusal.face().reason == INVALID_PASS, "{refusal}");
        }
    }

    #[test]
    fn every_other_refusal_shows_its_own_name() {
        for refusal in Refusal::ALL {
            let face = refusal.face();
            assert!(face.reason == INVALID_PASS || face.reason == refusal.name());
            assert!(matches!(face.status, 401 | 403 | 413 | 500 | 503), "{refusal}");
        }
    }
}

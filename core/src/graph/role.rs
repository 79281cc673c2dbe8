//! Who may do what to whom: Entra's roles, as far as they concern passes (11.2).

/// A role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Privileged Authentication Administrator.
    PrivilegedAuthenticationAdministrator,
    /// Authentication Administrator.
    AuthenticationAdministrator,
    /// Authentication Policy Administrator.
    AuthenticationPolicyAdministrator,
    /// Global Reader.
    GlobalReader,
    /// One of those that an Authentication Administrator may look after: Directory Readers, Guest Inviter, Message Center
    /// Reader, Password Administrator, Reports Reader, Usage Summary Reports Reader, User Experience Success Manager.
    Low,
    /// Any other: its holder is for Privileged Authentication Administrators only.
    Other,
}

/// What may be done to a user's passes, or to the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Issue a pass.
    Create,
    /// See it, never its code.
    View,
    /// Take it back.
    Delete,
    /// See the policy.
    ViewPolicy,
    /// Amend the policy.
    ChangePolicy,
}

/// The roles that are told apart, as they are spelled once all but letters is left out.
const NAMES: &[(&str, Role)] = &[
    ("privilegedauthenticationadministrator", Role::PrivilegedAuthenticationAdministrator),
    ("authenticationadministrator", Role::AuthenticationAdministrator),
    ("authenticationpolicyadministrator", Role::AuthenticationPolicyAdministrator),
    ("globalreader", Role::GlobalReader),
    ("directoryreaders", Role::Low),
    ("guestinviter", Role::Low),
    ("messagecenterreader", Role::Low),
    ("passwordadministrator", Role::Low),
    ("reportsreader", Role::Low),
    ("usagesummaryreportsreader", Role::Low),
    ("userexperiencesuccessmanager", Role::Low),
];

impl Role {
    /// The role of this name, however it is cased and spaced: `Global Reader`, `globalReader`, `global-reader`.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let letters: String = name.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_lowercase()).collect();
        // A name with anything else in it than these and what separates words is another name.
        let plain = name.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, ' ' | '-' | '_'));
        let known = NAMES.iter().find(|(known, _)| plain && *known == letters);
        known.map_or(Self::Other, |(_, role)| *role)
    }
}

impl Role {
    /// Whether it may issue passes at all.
    #[must_use]
    pub fn issues(self) -> bool {
        matches!(self, Self::PrivilegedAuthenticationAdministrator | Self::AuthenticationAdministrator)
    }
}

/// Whom something would be done to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target<'a> {
    /// The caller.
    Myself,
    /// Somebody whose roles the directory knows.
    Known(&'a [Role]),
    /// Somebody of whom no directory knows anything.
    Unknown,
}

/// Whether a caller with these roles may do it. Nobody issues a pass for themselves; everybody may see and give up their own.
pub(crate) fn may(roles: &[Role], action: Action, target: Target<'_>) -> bool {
    let has = |role| roles.contains(&role);
    let privileged = has(Role::PrivilegedAuthenticationAdministrator);
    match (action, target) {
        (Action::ViewPolicy, _) => has(Role::AuthenticationPolicyAdministrator) || has(Role::GlobalReader),
        (Action::ChangePolicy, _) => has(Role::AuthenticationPolicyAdministrator),
        (Action::Create, Target::Myself) => false,
        (Action::View | Action::Delete, Target::Myself) => true,
        (Action::View, Target::Known(_) | Target::Unknown) if has(Role::GlobalReader) => true,
        // Under an open directory nobody's roles are known: whoever may reach some people only might reach others (11.2).
        (_, Target::Unknown) => privileged,
        (_, Target::Known(theirs)) => {
            let within = |role: &Role| matches!(role, Role::AuthenticationAdministrator | Role::Low);
            privileged || (has(Role::AuthenticationAdministrator) && theirs.iter().all(within))
        }
    }
}

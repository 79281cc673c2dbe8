//! Who exists: anybody (`open`), the users named in the policy, or those of a SCIM server that has to be asked (3.3, 3.6).
//!
//! Whoever is found comes as [`Known`], with all that the rules look at: nobody asks the directory twice about one person. Where
//! asking takes a call, [`crate::ledger::find`] yields it as a step, and [`scim`] says what to send and what an answer means.

pub mod scim;
mod users;

pub use scim::Scim;
pub use users::{User, Users};

use crate::graph::Role;
use crate::names::{Identity, UserName};
use crate::pass::GroupTags;

/// Where it is known who exists.
pub enum Directory {
    /// Any user name is somebody; groups are what the signed pass claims.
    Open,
    /// The users named in the policy; names and groups come from here alone.
    Users(Users),
    /// The users of a SCIM server.
    Scim(Scim),
}

/// Somebody whom the directory knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Who they are, everywhere alike.
    pub identity: Identity,
    /// The name that people type, if it is another than the identity.
    pub name: Option<UserName>,
    /// Whether they may sign in, and be given a pass.
    pub active: bool,
    /// The groups that they are in; `None` where only a signed pass says so.
    pub groups: Option<GroupTags>,
    /// Administrative roles, by name; `None` where nobody knows them (11.2).
    pub roles: Option<Vec<String>>,
    /// Whether they are one of the organisation's own; `None` where nobody knows.
    pub user_type: Option<UserType>,
}

/// Graph's `userType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserType {
    /// One of the organisation's own.
    Member,
    /// Somebody else's.
    Guest,
}

/// By what somebody is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// By the name that people type, or by the id.
    NameOrId,
    /// By the name that people type, where whoever waits for the answer must not learn whether there is such a user: it takes
    /// the same calls (7.7).
    TypedName,
}

/// The directory did not answer, or its answer makes no sense. Nobody is let in by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unavailable;

/// What a directory says of a name before anybody else is asked.
pub enum Found<'a> {
    /// This is who is called so, if anybody is.
    AtHand(Option<Known>),
    /// This server has to be asked.
    Elsewhere(&'a Scim),
}

impl Known {
    /// Somebody under an open directory, of whom nothing is known but the name.
    #[must_use]
    pub fn of_open(name: &UserName) -> Self {
        Self::bare(Identity::of_open(name), None)
    }

    /// Somebody of whom nothing is known but these groups.
    pub(crate) fn bare(identity: Identity, groups: Option<GroupTags>) -> Self {
        Self { identity, name: None, active: true, groups, roles: None, user_type: None }
    }

    /// As said by a server that says everybody's roles, or by one that may leave some out.
    pub(crate) fn with_roles_said(self, all: bool) -> Self {
        Self { roles: self.roles.or_else(|| all.then(Vec::new)), ..self }
    }

    /// Every name by which they may be called.
    fn names(&self) -> impl Iterator<Item = &str> {
        [Some(self.identity.as_str()), self.name.as_ref().map(UserName::as_str)].into_iter().flatten()
    }

    /// Whether this is one of their names, whatever its case (3.3).
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        self.names().any(|own| own.eq_ignore_ascii_case(name))
    }

    /// Whether a caller whom no directory knows may be them: the part before `@` counts too, for nobody knows that `alice` is not
    /// `alice@example.com` (11.2).
    pub(crate) fn may_be(&self, caller: &Identity) -> bool {
        let local = |name: &str| name.split('@').next().unwrap_or_default().to_ascii_lowercase();
        self.names().any(|name| local(name) == local(caller.as_str()))
    }

    /// The roles; `None` where nobody knows them (11.2).
    #[must_use]
    pub(crate) fn roles(&self) -> Option<Vec<Role>> {
        self.roles.as_ref().map(|roles| roles.iter().map(|role| Role::named(role)).collect())
    }
}

impl Directory {
    /// Who is called so.
    #[must_use]
    pub fn find(&self, name: &UserName) -> Found<'_> {
        match self {
            Self::Open => Found::AtHand(Some(Known::of_open(name))),
            Self::Users(users) => Found::AtHand(users.find(name)),
            Self::Scim(scim) => Found::Elsewhere(scim),
        }
    }

    /// Whether it is known who exists.
    #[must_use]
    pub fn knows_users(&self) -> bool {
        !matches!(self, Self::Open)
    }

    /// Every name by which this user may be called, as far as that is at hand, in ASCII lower case.
    #[must_use]
    pub fn names_of(&self, identity: &Identity) -> Vec<String> {
        let user = match self {
            Self::Users(users) => users.get(identity),
            Self::Open | Self::Scim(_) => None,
        };
        let name = user.and_then(|user| user.user_principal_name.as_ref());
        [Some(identity.as_str()), name.map(UserName::as_str)]
            .into_iter()
            .flatten()
            .map(str::to_ascii_lowercase)
            .collect()
    }

    /// The groups that count for whoever has a session that was told `then` at its sign-in: those of the policy's own list as it is
    /// now, else what was told (2.4, 3.6). The outer `None` where nobody knows the user any more.
    pub(crate) fn groups_since<'a>(
        &'a self,
        identity: &Identity,
        then: Option<&'a GroupTags>,
    ) -> Option<Option<&'a GroupTags>> {
        match self {
            Self::Open | Self::Scim(_) => Some(then),
            Self::Users(users) => users.get(identity).map(|user| Some(&user.groups)),
        }
    }
}

//! Who is who, and who is targeted: the directory (3.3, 3.6) and the policy's include and exclude targets.

use std::collections::BTreeMap;

use crate::graph::Role;
use crate::names::{GroupId, Identity, UserName};
use crate::pass::GroupTags;
use crate::refusal::Refusal;

/// Who exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Directory {
    /// Any user name is somebody; groups are what the signed pass claims.
    Open,
    /// The users named in the policy; names and groups come from here alone.
    Users(Users),
}

/// A closed list of users. Ids and names are unique together, without regard to ASCII case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Users {
    users: BTreeMap<Identity, User>,
    /// Every id and user principal name in ASCII lower case.
    names: BTreeMap<String, Identity>,
}

/// A user of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The name that people type, if it is another than the id.
    pub user_principal_name: Option<UserName>,
    /// The groups the user is in.
    pub groups: GroupTags,
    /// Administrative roles, by name.
    pub roles: Vec<String>,
    /// `member` or `guest`.
    pub user_type: UserType,
}

/// Graph's `userType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserType {
    /// One of the organisation's own.
    Member,
    /// Somebody else's.
    Guest,
}

impl Users {
    /// Adds a user; `false` if one of the names is taken.
    pub(crate) fn insert(&mut self, id: Identity, user: User) -> bool {
        let names = [Some(id.as_str()), user.user_principal_name.as_ref().map(UserName::as_str)];
        let mut names: Vec<String> = names.into_iter().flatten().map(str::to_ascii_lowercase).collect();
        names.dedup();
        if names.iter().any(|name| self.names.contains_key(name)) {
            return false;
        }
        self.names.extend(names.into_iter().map(|name| (name, id.clone())));
        self.users.insert(id, user).is_none()
    }

    /// Everybody, by id.
    pub fn iter(&self) -> impl Iterator<Item = (&Identity, &User)> {
        self.users.iter()
    }

    fn find(&self, name: &str) -> Option<&Identity> {
        self.names.get(&name.to_ascii_lowercase())
    }
}

impl Directory {
    /// Who is meant by a name; `None` if nobody.
    #[must_use]
    pub fn resolve(&self, name: &UserName) -> Option<Identity> {
        match self {
            Self::Open => Some(Identity::of_open(name)),
            Self::Users(users) => users.find(name.as_str()).cloned(),
        }
    }

    /// Every name by which this user may be called, in ASCII lower case.
    #[must_use]
    pub fn names_of(&self, identity: &Identity) -> Vec<String> {
        let user_principal_name = match self {
            Self::Open => None,
            Self::Users(users) => users.users.get(identity).and_then(|user| user.user_principal_name.as_ref()),
        };
        let names = [Some(identity.as_str()), user_principal_name.map(UserName::as_str)];
        names.into_iter().flatten().map(str::to_ascii_lowercase).collect()
    }

    /// The roles of a user; `None` where nobody knows them (11.2).
    #[must_use]
    pub fn roles_of(&self, identity: &Identity) -> Option<Vec<Role>> {
        match self {
            Self::Open => None,
            Self::Users(users) => {
                users.users.get(identity).map(|user| user.roles.iter().map(|r| Role::named(r)).collect())
            }
        }
    }

    /// Whether somebody is a member or a guest; `None` where nobody knows.
    #[must_use]
    pub fn user_type(&self, identity: &Identity) -> Option<UserType> {
        match self {
            Self::Open => None,
            Self::Users(users) => users.users.get(identity).map(|user| user.user_type),
        }
    }

    /// Whether a caller may be this user. Of a caller whom no directory knows, the part before `@` counts too: nobody knows that
    /// `alice` is not `alice@example.com` (11.2).
    #[must_use]
    pub fn may_be_one(&self, caller: &Identity, user: &Identity) -> bool {
        let local = |name: &str| name.split('@').next().unwrap_or_default().to_ascii_lowercase();
        let known = matches!(self, Self::Users(users) if users.users.contains_key(caller));
        let alike = || self.names_of(user).iter().any(|name| local(name) == local(caller.as_str()));
        caller == user || (!known && alike())
    }

    /// The groups that count for somebody: the directory's where it knows users, else what was claimed (3.6).
    /// `None` where nobody knows them; the outer `None` where nobody knows the user.
    fn groups<'a>(&'a self, identity: &Identity, claimed: Option<&'a GroupTags>) -> Option<Option<&'a GroupTags>> {
        match self {
            Self::Open => Some(claimed),
            Self::Users(users) => users.users.get(identity).map(|user| Some(&user.groups)),
        }
    }
}

/// Whom the policy targets. Exclusion beats inclusion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    pub(crate) include: Vec<Target>,
    pub(crate) exclude: Vec<Target>,
}

/// One target of the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The group `all_users`.
    AllUsers,
    /// A group.
    Group(GroupId),
    /// A user.
    User(Identity),
}

impl Scope {
    /// Whom the policy includes.
    #[must_use]
    pub fn included(&self) -> &[Target] {
        &self.include
    }

    /// Whom it excludes, whatever includes them.
    #[must_use]
    pub fn excluded(&self) -> &[Target] {
        &self.exclude
    }

    /// Whether a user is targeted.
    ///
    /// # Errors
    /// `out_of_scope` if not, if the directory does not know the user, or if a group is targeted and nobody says which
    /// groups the user is in (3.6).
    pub fn judge(
        &self,
        directory: &Directory,
        identity: &Identity,
        claimed: Option<&GroupTags>,
    ) -> Result<(), Refusal> {
        let groups = directory.groups(identity, claimed).ok_or(Refusal::OutOfScope)?;
        let by_group = self.include.iter().chain(&self.exclude).any(|target| matches!(target, Target::Group(_)));
        if by_group && groups.is_none() {
            return Err(Refusal::OutOfScope);
        }
        let hit = |target: &Target| match target {
            Target::AllUsers => true,
            Target::Group(group) => groups.is_some_and(|groups| groups.contains(&GroupTags::tag(group))),
            Target::User(user) => user == identity,
        };
        let targeted = self.include.iter().any(hit) && !self.exclude.iter().any(hit);
        if targeted { Ok(()) } else { Err(Refusal::OutOfScope) }
    }
}

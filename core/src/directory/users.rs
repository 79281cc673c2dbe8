//! A closed list of users, as a policy names them.

use std::collections::BTreeMap;

use super::{Known, UserType};
use crate::names::{Identity, UserName};
use crate::pass::GroupTags;

/// A closed list of users. Ids and names are unique together, without regard to ASCII case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Users {
    users: BTreeMap<Identity, User>,
    /// Every id and user principal name in ASCII lower case.
    names: BTreeMap<String, Identity>,
}

/// A user of the list.
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

    /// The user of this id.
    #[must_use]
    pub fn get(&self, id: &Identity) -> Option<&User> {
        self.users.get(id)
    }

    /// Who is called so.
    #[must_use]
    pub fn find(&self, name: &UserName) -> Option<Known> {
        let identity = self.names.get(&name.as_str().to_ascii_lowercase())?;
        let user = self.users.get(identity)?;
        Some(Known {
            identity: identity.clone(),
            name: user.user_principal_name.clone(),
            active: true,
            groups: Some(user.groups.clone()),
            roles: Some(user.roles.clone()),
            user_type: Some(user.user_type),
        })
    }
}

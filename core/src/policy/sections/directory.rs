//! The section `directory`: who exists.

use zeroize::Zeroizing;

use super::{each, seconds};
use crate::directory::scim::{BearerToken, Scim};
use crate::directory::{Directory, User, Users};
use crate::names::{GroupId, Identity};
use crate::pass::GroupTags;
use crate::policy::doc::Node;
use crate::policy::{Environment, shape};

pub(in crate::policy) fn directory(node: &Node<'_>, environment: Environment<'_>) -> Option<Directory> {
    if node.is_text("open") {
        return Some(Directory::Open);
    }
    if node.as_text().is_some() {
        node.wrong("`open`, or a section with `users` or `scim`");
        return None;
    }
    let section = node.section()?;
    let (listed, scim) = (section.optional(shape::USERS.name), section.optional("scim"));
    section.finish();
    match (listed, scim) {
        (Some(listed), None) => users(&listed).map(Directory::Users),
        (None, Some(scim)) => server(&scim, environment).map(Directory::Scim),
        _ => {
            node.wrong("either `users` or `scim`");
            None
        }
    }
}

fn users(node: &Node<'_>) -> Option<Users> {
    let mut users = Users::default();
    let read = each(node, shape::USERS.most, |node| Some((node.clone(), user(node)?)))?;
    let mut unique = true;
    for (node, (id, user)) in read {
        if !users.insert(id, user) {
            node.wrong("ids and userPrincipalNames that no other user of the list has, whatever their case");
            unique = false;
        }
    }
    unique.then_some(users)
}

fn server(node: &Node<'_>, environment: Environment<'_>) -> Option<Scim> {
    let section = node.section()?;
    let cluster = shape::SCIM_CLUSTER.read(&section);
    let authority = shape::SCIM_AUTHORITY.read(&section);
    let path = section.or("path", shape::SCIM_PATH.parse().ok()?, |node| node.parsed());
    let timeout = shape::SCIM_TIMEOUT.read(&section);
    let cache = seconds(shape::SCIM_CACHE, &section);
    let says_all_roles = shape::SAYS_ALL_ROLES.read(&section);
    let token = match section.optional(shape::TOKEN_ENV.name) {
        None => Some(None),
        Some(node) => token(&node.secret(), environment).map(Some),
    };
    section.finish();
    Some(Scim {
        cluster: cluster?,
        authority: authority?,
        path: path?,
        timeout_in_milliseconds: timeout?,
        cache: cache?,
        says_all_roles: says_all_roles?,
        token: token?,
    })
}

/// Nothing of it is ever shown: people put a token where its variable's name belongs.
fn token(node: &Node<'_>, environment: Environment<'_>) -> Option<BearerToken> {
    let Some(value) = environment(&shape::TOKEN_ENV.of(node)?).map(Zeroizing::new) else {
        node.wrong("the name of an environment variable that is set and handed to the plugin");
        return None;
    };
    let token = BearerToken::new(&value);
    if let Err(error) = token {
        node.wrong_as(error, "a variable that holds a bearer token: letters, digits and `-._~+/=`");
    }
    token.ok()
}

fn user(node: &Node<'_>) -> Option<(Identity, User)> {
    let section = node.section()?;
    let id = section.required("id", "the user's id").and_then(|node| node.parsed());
    let name = section.or("userPrincipalName", None, |node| node.parsed().map(Some));
    let groups =
        section.or(shape::GROUPS.name, Vec::new(), |node| each(&node, shape::GROUPS.most, Node::parsed::<GroupId>));
    let roles =
        section.or(shape::ROLES.name, Vec::new(), |node| each(&node, shape::ROLES.most, |node| shape::ROLE.of(node)));
    let user_type = shape::USER_TYPE.read(&section);
    section.finish();
    let groups = GroupTags::from_iter(&groups?);
    Some((id?, User { user_principal_name: name?, groups, roles: roles?, user_type: user_type? }))
}

//! The sections `temporaryAccessPass` and `directory`: what passes must be like, whom they are for, who exists.

use super::{THIRTY_DAYS, each, line, minutes};
use crate::names::{GroupId, Identity, UserName};
use crate::pass::GroupTags;
use crate::policy::TemporaryAccessPass;
use crate::policy::doc::Node;
use crate::policy::scope::{Directory, Scope, Target, User, UserType, Users};
use crate::time::Minutes;

pub(in crate::policy) fn passes(node: &Node<'_>, directory: Option<&Directory>) -> Option<TemporaryAccessPass> {
    let section = node.section()?;
    let enabled = section.or("state", false, |node| node.word(&[("enabled", true), ("disabled", false)]));
    let default_length = section.or("defaultLength", 8, |node| node.number(8, 48));
    let minimum = section.or("minimumLifetimeInMinutes", Minutes::new(60), |n| minutes(&n, 10, THIRTY_DAYS));
    let least = minimum.map_or(10, Minutes::get);
    let maximum = section.or("maximumLifetimeInMinutes", Minutes::new(480), |n| minutes(&n, least, THIRTY_DAYS));
    if let (Some(least), Some(most)) = (minimum, maximum)
        && least > most
    {
        let path = section.path_of("minimumLifetimeInMinutes");
        let expected = "at most maximumLifetimeInMinutes (480 unless given)";
        section.defects().report(&path, format!("found {}", least.get()), expected);
    }
    let most = maximum.map_or(THIRTY_DAYS, Minutes::get);
    let usual = Minutes::new(60.max(least).min(most.max(least)));
    let default_lifetime = section.or("defaultLifetimeInMinutes", usual, |n| minutes(&n, least, most.max(least)));
    let is_usable_once = section.or("isUsableOnce", false, |node| node.boolean());
    let include = section
        .required("includeTargets", "whom passes are for, as in [{targetType: group, id: all_users}]")
        .and_then(|node| targets(&node, directory, true));
    let exclude = section.or("excludeTargets", Vec::new(), |node| targets(&node, directory, false));
    section.finish();
    Some(TemporaryAccessPass {
        enabled: enabled?,
        default_length: default_length?,
        default_lifetime: default_lifetime?,
        minimum_lifetime: minimum?,
        maximum_lifetime: maximum?,
        is_usable_once: is_usable_once?,
        scope: Scope { include: include?, exclude: exclude? },
    })
}

fn targets(node: &Node<'_>, directory: Option<&Directory>, include: bool) -> Option<Vec<Target>> {
    let targets = each(node, 1000, |node| target(node, directory))?;
    if include && targets.is_empty() {
        node.wrong("at least one target; to let nobody in set state: disabled");
        return None;
    }
    if !include && targets.contains(&Target::AllUsers) {
        node.wrong("targets that leave somebody; to let nobody in set state: disabled");
        return None;
    }
    Some(targets)
}

fn target(node: &Node<'_>, directory: Option<&Directory>) -> Option<Target> {
    let section = node.section()?;
    let is_group = section
        .required("targetType", "`group` or `user`")
        .and_then(|node| node.word(&[("group", true), ("user", false)]));
    let id = section.required("id", "a group's name, `all_users`, or a user");
    section.finish();
    let (is_group, id) = (is_group?, id?);
    if is_group {
        let group: GroupId = id.parsed()?;
        return Some(if group.as_str() == "all_users" { Target::AllUsers } else { Target::Group(group) });
    }
    let user: UserName = id.parsed()?;
    let identity = directory?.resolve(&user);
    if identity.is_none() {
        id.wrong("a user of the directory, by id or userPrincipalName");
    }
    identity.map(Target::User)
}

pub(in crate::policy) fn directory(node: &Node<'_>) -> Option<Directory> {
    if node.is_text("open") {
        return Some(Directory::Open);
    }
    if node.as_text().is_some() {
        node.wrong("`open`, or a section with `users`");
        return None;
    }
    let section = node.section()?;
    let users = section.required("users", "a list of users").and_then(|node| {
        let mut users = Users::default();
        let read = each(&node, 100_000, |node| Some((node.clone(), user(node)?)))?;
        let mut unique = true;
        for (node, (id, user)) in read {
            if !users.insert(id, user) {
                node.wrong("ids and userPrincipalNames that no other user of the list has, whatever their case");
                unique = false;
            }
        }
        unique.then_some(users)
    });
    section.finish();
    users.map(Directory::Users)
}

fn user(node: &Node<'_>) -> Option<(Identity, User)> {
    let section = node.section()?;
    let id = section.required("id", "the user's id").and_then(|node| node.parsed());
    let name = section.or("userPrincipalName", None, |node| node.parsed().map(Some));
    let groups = section.or("groups", Vec::new(), |node| each(&node, 1000, Node::parsed::<GroupId>));
    let roles = section.or("roles", Vec::new(), |node| each(&node, 100, |node| line(node, 128)));
    let user_type = section.or("userType", UserType::Member, |node| {
        node.word(&[("member", UserType::Member), ("guest", UserType::Guest)])
    });
    section.finish();
    let groups = GroupTags::from_iter(&groups?);
    Some((id?, User { user_principal_name: name?, groups, roles: roles?, user_type: user_type? }))
}

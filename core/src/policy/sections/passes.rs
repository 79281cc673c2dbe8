//! The section `temporaryAccessPass`: what passes must be like, and whom they are for.

use super::{each, minutes};
use crate::directory::{Directory, Found};
use crate::names::{GroupId, Identity, UserName};
use crate::policy::doc::Node;
use crate::policy::fields::Whole;
use crate::policy::scope::{Scope, Target};
use crate::policy::{TemporaryAccessPass, shape};
use crate::time::Minutes;

pub(in crate::policy) fn passes(node: &Node<'_>, directory: Option<&Directory>) -> Option<TemporaryAccessPass> {
    let section = node.section()?;
    let enabled = shape::STATE.read(&section);
    let default_length = shape::DEFAULT_LENGTH.read(&section);
    let minimum = minutes(shape::MINIMUM_LIFETIME, &section);
    let least = minimum.map_or(shape::MINIMUM_LIFETIME.least, Minutes::get);
    let maximum = minutes(Whole { least, ..shape::MAXIMUM_LIFETIME }, &section);
    if let (Some(least), Some(most)) = (minimum, maximum)
        && least > most
    {
        let path = section.path_of(shape::MINIMUM_LIFETIME.name);
        let expected = format!("at most maximumLifetimeInMinutes ({} unless given)", shape::MAXIMUM_LIFETIME.default);
        section.defects().report(&path, format!("found {}", least.get()), expected);
    }
    let most = maximum.map_or(shape::MAXIMUM_LIFETIME.most, Minutes::get).max(least);
    let default = shape::DEFAULT_LIFETIME.default.max(least).min(most);
    let default_lifetime = minutes(Whole { least, most, default, ..shape::DEFAULT_LIFETIME }, &section);
    let is_usable_once = shape::IS_USABLE_ONCE.read(&section);
    let include = section
        .required(shape::INCLUDE_TARGETS.name, "whom passes are for, as in [{targetType: group, id: all_users}]")
        .and_then(|node| targets(&node, directory, true));
    let exclude = section.or(shape::EXCLUDE_TARGETS.name, Vec::new(), |node| targets(&node, directory, false));
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
    let targets = each(node, shape::INCLUDE_TARGETS.most, |node| target(node, directory))?;
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
    let is_group =
        section.required(shape::TARGET_TYPE.name, "`group` or `user`").and_then(|node| shape::TARGET_TYPE.of(&node));
    let id = section.required("id", "a group's name, `all_users`, or a user");
    section.finish();
    let (is_group, id) = (is_group?, id?);
    if is_group {
        let group: GroupId = id.parsed()?;
        return Some(if group.as_str() == "all_users" { Target::AllUsers } else { Target::Group(group) });
    }
    let user: UserName = id.parsed()?;
    let (identity, expected) = match directory?.find(&user) {
        Found::AtHand(known) => {
            (known.map(|known| known.identity), "a user of the directory, by id or userPrincipalName")
        }
        // A name may be given to somebody else later, and here is nobody who could be asked whose it is.
        Found::Elsewhere(_) => {
            let identity =
                Some(user.as_str()).filter(|id| !id.contains('@')).and_then(|id| id.parse::<Identity>().ok());
            (identity, "the `id` that the SCIM server has for the user, which is no `userName`; or a group of theirs")
        }
    };
    if identity.is_none() {
        id.wrong(expected);
    }
    identity.map(Target::User)
}

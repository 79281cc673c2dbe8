//! Who is targeted: the policy's include and exclude targets.

use crate::names::{GroupId, Identity};
use crate::pass::GroupTags;
use crate::refusal::Refusal;

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

    /// Whether it names the group of this tag.
    pub(crate) fn names(&self, tag: &[u8; 8]) -> bool {
        let is = |target: &Target| matches!(target, Target::Group(group) if GroupTags::tag(group) == *tag);
        self.include.iter().chain(&self.exclude).any(is)
    }

    /// Whether a user is targeted, who is in these groups; `None` where nobody says which.
    ///
    /// # Errors
    /// `out_of_scope` if not, or if a group is targeted and nobody says which groups the user is in (3.6).
    pub fn judge(&self, identity: &Identity, groups: Option<&GroupTags>) -> Result<(), Refusal> {
        let by_group = self.include.iter().chain(&self.exclude).any(|target| matches!(target, Target::Group(_)));
        if by_group && groups.is_none() {
            return Err(Refusal::OutOfScope);
        }
        let hit = |target: &Target| match target {
            Target::AllUsers => true,
            Target::Group(group) => groups.is_some_and(|groups| groups.contains(&GroupTags::tag(group))),
            // As ids of a directory are compared (3.3).
            Target::User(user) => user.as_str().eq_ignore_ascii_case(identity.as_str()),
        };
        let targeted = self.include.iter().any(hit) && !self.exclude.iter().any(hit);
        if targeted { Ok(()) } else { Err(Refusal::OutOfScope) }
    }
}

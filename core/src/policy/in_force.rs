//! The policy as it stands: the document's, with what has been amended of it through the admin API (11.3).

use std::sync::Arc;

use super::amend::Void;
use super::{Policy, TemporaryAccessPass, Terms};
use crate::directory::Known;
use crate::names::Identity;
use crate::pass::{AuthenticPass, GroupTags};
use crate::refusal::Refusal;
use crate::time::{Seconds, UnixSeconds};

/// A policy, and what it says of passes now.
#[derive(Clone)]
pub struct InForce {
    pub(super) policy: Arc<Policy>,
    pub(super) passes: Arc<TemporaryAccessPass>,
    pub(super) void: Option<Void>,
}

/// A pass that is in time, with who it is for. What the policy says of it comes with the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The pass.
    pub pass: AuthenticPass,
    /// Its user.
    pub known: Known,
}

impl InForce {
    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What passes must be like, and for whom.
    #[must_use]
    pub fn passes(&self) -> &TemporaryAccessPass {
        &self.passes
    }

    /// Why the amendment that the ledger holds counts for nothing; `None` where it counts, where there is none, and where this
    /// has been asked before.
    #[must_use]
    pub fn void_to_report(&self) -> Option<Void> {
        self.void.filter(|_| self.policy.amending.is_to_be_reported())
    }

    /// Judges a pass by the policy (2.4, 3.2, 3.5). Whose it is and its times have been judged by [`Policy::claim`].
    ///
    /// # Errors
    /// The first check that fails, in the order of 3.4.
    pub fn admit(&self, Claimed { pass, known }: &Claimed) -> Result<(), Refusal> {
        self.still_open_to(&known.identity, known.groups.as_ref().or(pass.groups.as_ref()))?;
        if pass.start.since(pass.issued) > Seconds::from(self.policy.sign_in.starts_within) {
            return Err(Refusal::LifetimeOutOfPolicy);
        }
        self.allows(Terms { start: pass.start, end: pass.end, once: pass.once })
    }

    /// Judges a pass that stands in the ledger (2.4): the ledger vouches for when it was issued, and nobody claims groups.
    ///
    /// # Errors
    /// The first check that fails, in the order of 3.4.
    pub fn admit_standing(&self, terms: Terms, known: &Known, now: UnixSeconds) -> Result<(), Refusal> {
        self.policy.in_time(terms, now)?;
        self.still_open_to(&known.identity, known.groups.as_ref())?;
        self.allows(terms)
    }

    fn allows(&self, terms: Terms) -> Result<(), Refusal> {
        let lifetimes = Seconds::from(self.passes.minimum_lifetime)..=Seconds::from(self.passes.maximum_lifetime);
        if !lifetimes.contains(&terms.end.since(terms.start)) {
            Err(Refusal::LifetimeOutOfPolicy)
        } else if self.passes.is_usable_once && !terms.once {
            Err(Refusal::MultiUseForbidden)
        } else {
            Ok(())
        }
    }

    /// Whether the policy lets a user who is in these groups hold a pass or a session at all (2.4).
    ///
    /// # Errors
    /// `disabled` or `out_of_scope`.
    pub fn still_open_to(&self, identity: &Identity, groups: Option<&GroupTags>) -> Result<(), Refusal> {
        if !self.passes.enabled {
            return Err(Refusal::Disabled);
        }
        self.passes.scope.judge(identity, groups)
    }
}

//! What any policy can allow, and what a policy allows that says nothing: spans of `tapgate-core`'s own bounds and defaults.

use tapgate_core::policy::shape;
use tapgate_core::time::Seconds;

pub(super) const fn minutes(minutes: u32) -> Seconds {
    // No widening conversion is const; a u32 is never cut by this one.
    Seconds::new((minutes as u64).saturating_mul(60))
}

/// The shortest lifetime that any policy can allow.
pub(super) const SHORTEST: Seconds = minutes(shape::MINIMUM_LIFETIME.least);
/// The longest.
pub(super) const LONGEST: Seconds = minutes(shape::MAXIMUM_LIFETIME.most);
/// The most that `startsWithinInMinutes` can be in any policy.
pub(super) const LONGEST_WAIT: Seconds = minutes(shape::STARTS_WITHIN.most);

/// What a policy has where it says nothing: the lifetime of a pass whose issuer names none.
pub(super) const DEFAULT_LIFETIME: Seconds = minutes(shape::DEFAULT_LIFETIME.default);
/// The shortest lifetime then.
pub(super) const DEFAULT_SHORTEST: Seconds = minutes(shape::MINIMUM_LIFETIME.default);
/// The longest.
pub(super) const DEFAULT_LONGEST: Seconds = minutes(shape::MAXIMUM_LIFETIME.default);
/// The longest wait between issue and start.
pub(super) const DEFAULT_WAIT: Seconds = minutes(shape::STARTS_WITHIN.default);

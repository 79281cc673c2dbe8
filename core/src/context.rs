//! What a rule is given besides its input: the time, and a source of randomness.

use crate::random::Random;
use crate::time::UnixSeconds;

/// The time and the randomness of one decision.
pub struct Context<'a> {
    /// Now.
    pub now: UnixSeconds,
    /// Random bytes.
    pub random: &'a mut dyn Random,
}

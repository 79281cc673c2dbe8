//! What a scenario is: small bounds within which every order of events is tried.

use tapgate_core::time::{Seconds, UnixSeconds};

use crate::request::Request;
use crate::sight::Sight;

/// A pass of the one user.
#[derive(Clone, Debug)]
pub struct Pass {
    /// Its id.
    pub id: &'static str,
    /// When it was truly made: on revocation all passes made until then are dead.
    pub made: u64,
    /// When it says that it was issued: `made` by its issuer's clock.
    pub issued: UnixSeconds,
    /// Its start.
    pub start: UnixSeconds,
    /// Its end.
    pub end: UnixSeconds,
    /// Whether it is a one-time pass.
    pub once: bool,
}

/// A request, and what has to come before it.
#[derive(Clone, Copy, Debug)]
pub struct Planned {
    /// What is asked.
    pub what: Request,
    /// A request that is made before it. Of two that are alike one order is enough.
    pub after: Option<usize>,
}

/// How often something may go wrong; a bound on the state space, not on the protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Budget {
    /// Loads that fail, replies that get lost, swaps that the store refuses.
    pub losses: u8,
    /// Swaps that are carried out, whose reply gets lost on the way, and which the transport then asks for again.
    pub repeats: u8,
    /// Gateways that crash, with everything that they are at.
    pub crashes: u8,
    /// Clocks that are set forward or back within the allowed skew.
    pub clock_steps: u8,
    /// Proxies that restart and lose a ledger that lives in their memory.
    pub restarts: u8,
}

/// Bounds for one search.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name in what is printed.
    pub name: &'static str,
    /// The passes, older ones first.
    pub passes: Vec<Pass>,
    /// Everything that may be asked, each at most once, at any time, at any gateway.
    pub requests: Vec<Planned>,
    /// How many gateways there are.
    pub gateways: usize,
    /// By how much two clocks may differ.
    pub skew: u64,
    /// How long a registering session lasts.
    pub window: Seconds,
    /// How often a holder may sign in again.
    pub retries: u8,
    /// When a registered session ends.
    pub registered_end: UnixSeconds,
    /// When the search begins, by the slowest clock.
    pub begins: u64,
    /// When time stops, by the slowest clock.
    pub horizon: u64,
    /// Whether the store forgets records that need not be kept any more.
    pub forgets: bool,
    /// What may go wrong.
    pub budget: Budget,
    /// What must be seen in some state, so that a search that reaches too little fails.
    pub sights: Vec<Sight>,
}

/// A moment.
///
/// # Panics
/// Never for times that a scenario has.
#[must_use]
pub fn at(seconds: u64) -> UnixSeconds {
    UnixSeconds::new(seconds).expect("a scenario lasts a few seconds")
}

impl Scenario {
    /// How long after its issue any pass could still be valid: the longest of the passes here, and the skew, as a
    /// policy works it out.
    #[must_use]
    pub fn longest_from_issue(&self) -> Seconds {
        let longest = self.passes.iter().map(|pass| pass.end.since(pass.issued).get()).max().unwrap_or_default();
        Seconds::new(longest + self.skew)
    }
}

//! The scenarios. What they hold is small, so that the search is exhaustive; each looks at one side of the protocol.

use tapgate_core::policy::Then;
use tapgate_core::time::Seconds;

use crate::request::Request;
use crate::scenario::{Budget, Pass, Planned, Scenario, at};
use crate::sight::Sight;

impl Pass {
    fn new(id: &'static str, made: u64, end: u64, once: bool) -> Self {
        Self { id, made, issued: at(made), start: at(made), end: at(end), once }
    }

    /// Its issuer's clock is ahead.
    fn ahead(self, by: u64) -> Self {
        Self { issued: at(self.made + by), ..self }
    }
}

const fn plan(what: Request) -> Planned {
    Planned { what, after: None }
}

const fn after(first: usize, what: Request) -> Planned {
    Planned { what, after: Some(first) }
}

const fn present(pass: usize, browser: u8) -> Request {
    Request::SignIn { pass, browser }
}

impl Scenario {
    fn base(name: &'static str) -> Self {
        Self {
            name,
            passes: vec![Pass::new("a", 2, 9, true)],
            requests: Vec::new(),
            gateways: 2,
            skew: 0,
            window: Seconds::new(4),
            retries: 1,
            registered_end: at(9),
            begins: 2,
            horizon: 2,
            forgets: false,
            budget: Budget::default(),
            sights: Vec::new(),
        }
    }

    /// Lost and repeated replies and crashes: two browsers present one pass, its holder twice, and complete.
    #[must_use]
    pub fn losses() -> Self {
        Self {
            requests: vec![
                plan(present(0, 0)),
                after(0, present(0, 0)),
                plan(present(0, 1)),
                plan(Request::Complete { of: 0, then: Then::SignIn }),
            ],
            budget: Budget { losses: 2, repeats: 1, crashes: 1, ..Budget::default() },
            sights: vec![Sight::OwnSwapFound, Sight::SwapOutlivesItsRun, Sight::HolderIsBack, Sight::Consumed],
            ..Self::base("losses")
        }
    }

    /// The same where nobody may come back, so that a reply that is lost must be found or the pass is.
    #[must_use]
    pub fn no_retries() -> Self {
        Self {
            retries: 0,
            sights: vec![Sight::OwnSwapFound, Sight::SwapOutlivesItsRun, Sight::Consumed],
            name: "losses without retries",
            ..Self::losses()
        }
    }

    /// Two answers complete one session, each in its own way, while its person signs out.
    #[must_use]
    pub fn completion() -> Self {
        Self {
            requests: vec![
                plan(present(0, 0)),
                plan(Request::Complete { of: 0, then: Then::Continue }),
                plan(Request::Complete { of: 0, then: Then::SignIn }),
                plan(Request::SignOut { of: 0 }),
            ],
            budget: Budget { losses: 1, repeats: 1, crashes: 1, ..Budget::default() },
            sights: vec![Sight::OwnSwapFound, Sight::SwapOutlivesItsRun, Sight::Consumed, Sight::GoesOn],
            ..Self::base("completion")
        }
    }

    /// Every reply may get lost, over and over: an attempt tries as often as it may.
    #[must_use]
    pub fn patience() -> Self {
        Self {
            requests: vec![plan(present(0, 0))],
            budget: Budget { losses: u8::MAX, ..Budget::default() },
            sights: vec![Sight::OwnSwapFound, Sight::LastTry],
            ..Self::base("patience")
        }
    }

    /// A newer pass takes the place of an older one, whose holder completes meanwhile, or comes back.
    #[must_use]
    pub fn replacement() -> Self {
        Self {
            passes: vec![Pass::new("a", 2, 9, true), Pass::new("b", 3, 9, true)],
            requests: vec![
                plan(present(0, 0)),
                plan(present(1, 1)),
                plan(Request::Complete { of: 0, then: Then::Continue }),
                after(0, present(0, 0)),
            ],
            horizon: 3,
            budget: Budget { losses: 1, ..Budget::default() },
            sights: vec![Sight::Replaced, Sight::Consumed, Sight::HolderIsBack],
            ..Self::base("replacement")
        }
    }

    /// A revocation, of passes seen and not seen, while one is presented, completed, and replaced.
    #[must_use]
    pub fn revocation() -> Self {
        Self {
            passes: vec![Pass::new("a", 2, 9, true), Pass::new("b", 3, 9, true)],
            requests: vec![
                plan(present(0, 0)),
                plan(present(1, 1)),
                plan(Request::Complete { of: 0, then: Then::Continue }),
                plan(Request::Revoke),
            ],
            horizon: 3,
            budget: Budget { losses: 1, ..Budget::default() },
            sights: vec![Sight::Revoked, Sight::Replaced, Sight::Consumed],
            ..Self::base("revocation")
        }
    }

    /// Clocks apart by the allowed skew and set while attempts are under way: a window ends, and a pass.
    #[must_use]
    pub fn deadlines() -> Self {
        Self {
            passes: vec![Pass::new("a", 2, 5, true)],
            requests: vec![
                plan(present(0, 0)),
                after(0, present(0, 0)),
                plan(Request::Complete { of: 0, then: Then::Continue }),
            ],
            skew: 1,
            window: Seconds::new(2),
            registered_end: at(5),
            horizon: 7,
            forgets: true,
            budget: Budget { clock_steps: 2, ..Budget::default() },
            sights: vec![Sight::Consumed, Sight::HolderIsBack, Sight::Ended, Sight::GoesOn, Sight::Forgotten],
            ..Self::base("deadlines")
        }
    }

    /// Clocks apart by the allowed skew, the issuer's ahead: a revocation, a pass made before it and one made after.
    #[must_use]
    pub fn clocks() -> Self {
        Self {
            passes: vec![Pass::new("a", 2, 6, true).ahead(1), Pass::new("b", 4, 7, true)],
            requests: vec![plan(present(0, 0)), plan(present(1, 1)), plan(Request::Revoke)],
            skew: 1,
            window: Seconds::new(2),
            horizon: 5,
            budget: Budget { clock_steps: 1, ..Budget::default() },
            sights: vec![Sight::Replaced, Sight::Revoked, Sight::Ended],
            ..Self::base("clocks")
        }
    }

    /// A multi-use pass in two browsers: windows of their own, completion, sign-out.
    #[must_use]
    pub fn many() -> Self {
        Self {
            passes: vec![Pass::new("m", 2, 9, false)],
            requests: vec![
                plan(present(0, 0)),
                plan(present(0, 1)),
                plan(Request::Complete { of: 0, then: Then::Continue }),
                plan(Request::SignOut { of: 1 }),
            ],
            horizon: 3,
            budget: Budget { losses: 1, repeats: 1, ..Budget::default() },
            sights: vec![Sight::TwoBrowsers, Sight::GoesOn],
            ..Self::base("a multi-use pass")
        }
    }

    /// A multi-use pass whose two browsers lose their sessions to a one-time pass, while one of them completes.
    #[must_use]
    pub fn succession() -> Self {
        Self {
            passes: vec![Pass::new("m", 2, 9, false), Pass::new("b", 3, 9, true)],
            requests: vec![
                plan(present(0, 0)),
                plan(present(0, 1)),
                plan(Request::Complete { of: 0, then: Then::SignIn }),
                plan(present(1, 1)),
            ],
            horizon: 3,
            budget: Budget { losses: 1, ..Budget::default() },
            sights: vec![Sight::TwoBrowsers, Sight::Replaced],
            ..Self::base("a multi-use pass is replaced")
        }
    }

    /// Two passes issued in the same second: only the one that is presented first stands.
    #[must_use]
    pub fn twins() -> Self {
        Self {
            passes: vec![Pass::new("a", 2, 9, true), Pass::new("b", 2, 9, true)],
            requests: vec![
                plan(present(0, 0)),
                plan(present(1, 1)),
                after(0, present(0, 0)),
                plan(Request::Complete { of: 0, then: Then::SignIn }),
            ],
            budget: Budget { losses: 1, crashes: 1, ..Budget::default() },
            sights: vec![Sight::HolderIsBack, Sight::Consumed],
            ..Self::base("twins")
        }
    }

    /// A ledger in a proxy's memory that is lost with it: what was used before the ledger's birth stays used.
    #[must_use]
    pub fn restarts() -> Self {
        Self {
            passes: vec![Pass::new("a", 2, 9, true), Pass::new("b", 3, 9, true)],
            requests: vec![
                plan(present(0, 0)),
                plan(present(0, 1)),
                plan(present(1, 1)),
                plan(Request::Complete { of: 0, then: Then::Continue }),
            ],
            gateways: 1,
            horizon: 4,
            budget: Budget { restarts: 1, losses: 1, ..Budget::default() },
            sights: vec![Sight::Forgotten, Sight::Consumed, Sight::Replaced],
            ..Self::base("restarts")
        }
    }
}

//! The wall clock, for tests that must state times in passes. Nothing here measures how long something took.

mod held;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use held::Clock;

/// How long the harness waits for anything before it calls it hung. Never a statement about speed.
pub const HANG: Duration = Duration::from_secs(60);

/// Whole seconds since 1970, the unit of every time in a pass.
///
/// # Panics
/// If the machine's clock stands before 1970.
#[must_use]
pub fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(now.as_secs()).expect("a clock before the year 292 billion")
}

/// Returns once the clock reads `second` or later.
pub async fn reach(second: i64) {
    while now() < second {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

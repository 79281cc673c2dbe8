//! Carol's pass ends in a few seconds, and with it everything that it opened.

use super::super::actor::SESSION;
use super::super::script::{Differs, Script};
use super::super::stage::Stage;
use crate::clock::{now, reach};

const USER: &str = "carol@example.com";
/// How long the pass still lives when it is presented, in seconds.
const LEFT: i64 = 4;
/// How long it has lived by then: long enough for the policy, which wants ten minutes at least.
const PASSED: i64 = 3600;

/// Plays the chapter.
pub(in crate::walk) async fn play(stage: &Stage, script: &Script) -> Result<(), Differs> {
    let start = now().saturating_sub(PASSED);
    let end = now().saturating_add(LEFT);
    let pass = stage.pass(USER).valid(start, end).mint(&stage.secrets);
    let mut carol = stage.actor("Carol", script);

    script.step("A registering session never outlives its pass");
    carol.present(&pass).await?.status(200)?.sets(SESSION)?;
    let answer = carol.fetch("GET", "/.tap/status").await?;
    let left = answer.status(200)?.json()?["secondsLeft"].as_i64().unwrap_or(i64::MAX);
    answer.check(left <= LEFT, format_args!("at most {LEFT} seconds left"), left)?;
    carol.navigate("/register").await?.status(200)?.says(USER)?;
    script.shown("she has seconds, not the usual ten minutes");

    script.step("At the deadline it is over");
    let cookie = carol.cookie(SESSION)?;
    reach(end).await;
    carol.fetch("POST", "/register/finish").await?.refused(401, "registration_deadline_passed")?.clears(SESSION)?;
    let mut late = stage.actor("Carol's other tab", script);
    late.steal(SESSION, &cookie);
    late.navigate("/register").await?.leads_to("/.tap/sign-in")?.clears(SESSION)?;
    script.shown("scripts are told, people are led to the sign-in page with the reason, the cookie is gone");

    script.step("And the pass does not sign in again");
    carol.present(&pass).await?.refused(401, "expired")?;
    script.shown("its end is never stretched, not even by the clock skew");
    Ok(())
}

//! Bob has a one-time pass: the first browser that presents it holds it, and nobody else ever does.

use super::super::actor::SESSION;
use super::super::script::{Differs, Script};
use super::super::stage::Stage;

const USER: &str = "bob@example.com";

/// Plays the chapter.
pub(in crate::walk) async fn play(stage: &Stage, script: &Script) -> Result<(), Differs> {
    let pass = stage.pass(USER).once().mint(&stage.secrets);
    let mut bob = stage.actor("Bob", script);
    let mut eve = stage.actor("Eve", script);

    script.step("A one-time pass belongs to the first browser that presents it");
    let answer = bob.present(&pass).await?;
    let first = answer.status(200)?.member("state", "registering")?.sets(SESSION)?;
    let deadline = answer.json()?["deadline"].as_str().unwrap_or_default().to_owned();
    answer.check(!deadline.is_empty(), "a deadline", "none")?;
    script.shown(format_args!("Bob holds it until {deadline}"));

    script.step("Another browser is turned away");
    eve.present(&pass).await?.refused(401, "already_used")?;
    eve.navigate("/register").await?.leads_to("/sign-in")?;
    script.shown("Eve learns that it is used, which only somebody with the real pass is told");

    script.step("Bob's tab crashed: he signs in again, and the deadline stays");
    let answer = bob.present(&pass).await?;
    let second = answer.status(200)?.member("state", "registering")?.member("deadline", &deadline)?.sets(SESSION)?;
    answer.check(first != second, "a new session", "the old one")?;
    let mut old_tab = stage.actor("Bob's old tab", script);
    old_tab.steal(SESSION, &first);
    old_tab.fetch("GET", "/register/seen").await?.status(401)?;
    script.shown("a new session in place of the old one, which is dead");

    script.step("Once he has registered, the pass is used up, for him too");
    bob.fetch("POST", "/register/finish").await?.status(200)?.sets(SESSION)?;
    bob.fetch("GET", "/api/profile").await?.status(200)?.member("user", USER)?;
    bob.present(&pass).await?.refused(401, "already_used")?;
    script.shown("one pass, one holder, one registration");
    Ok(())
}

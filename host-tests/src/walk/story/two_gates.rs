//! Two gates with one ledger in etcd: whatever happens at one is so at the other, and a member that dies changes nothing.

use std::time::Instant;

use super::super::actor::{Actor, PAUSE, SESSION};
use super::super::script::{Differs, Script};
use super::super::stage::{HERE, Stage, THERE};
use crate::clock::{self, HANG};

const ALICE: &str = "alice@example.com";
const BOB: &str = "bob@example.com";
const DAVE: &str = "dave@example.com";

/// The member that dies.
const UNLUCKY: usize = 0;

/// The example's `recheckInSeconds`.
const RECHECK: i64 = 5;

/// How often somebody presses a button in vain before they sign in again.
const PATIENCE: u32 = 10;

/// Plays the chapter.
pub(in crate::walk) async fn play(stage: &mut Stage, script: &Script) -> Result<(), Differs> {
    let (alices, mut alice_a, mut alice_b) = one_session(stage, script).await?;
    let (pass, mut bob) = one_holder(stage, script).await?;

    script.step("A member of etcd is killed");
    if let Some(etcd) = stage.etcd() {
        etcd.kill(UNLUCKY);
    }
    script.shown("kill -9, while Alice and Bob are registering");

    one_registration(&mut alice_a, &mut alice_b, &alices, script).await?;

    script.step("Nor has the pass become anybody else's");
    let mut eve = stage.patient("Eve, at gate A", HERE, script);
    eve.present(&pass).await?.refused(401, "already_used")?;
    register(&mut bob, &pass, script).await?;
    bob.present(&pass).await?.refused(401, "already_used")?;
    script.shown("the two members that are left remember it, and what Bob has done since");

    one_end(stage, script).await?;

    script.step("The member comes back");
    if let Some(etcd) = stage.etcd() {
        etcd.restart(UNLUCKY);
        etcd.answers(UNLUCKY).await;
    }
    let pass = stage.pass("erin@example.com").once().mint(&stage.secrets);
    let mut erin = stage.patient("Erin, at gate B", THERE, script);
    erin.present(&pass).await?.status(200)?.member("state", "registering")?;
    eve.present(&pass).await?.refused(401, "already_used")?;
    script.shown("it learns from the others what it has missed; no gate was restarted");
    Ok(())
}

async fn one_session(stage: &Stage, script: &Script) -> Result<(String, Actor, Actor), Differs> {
    script.step("Alice signs in at gate A");
    let pass = stage.pass(ALICE).mint(&stage.secrets);
    let mut here = stage.patient("Alice, at gate A", HERE, script);
    here.present(&pass).await?.status(200)?.member("state", "registering")?.sets(SESSION)?;
    here.navigate("/register").await?.status(200)?.says(ALICE)?;
    script.shown("as with one gate");

    script.step("With the same cookie she is the same person at gate B");
    let mut there = stage.patient("Alice, at gate B", THERE, script);
    there.continues(&here);
    there.navigate("/register").await?.status(200)?.says(ALICE)?;
    there.navigate("/account").await?.leads_to("/register")?;
    script.shown("gate B has never seen her before: it has asked etcd");
    Ok((pass, here, there))
}

async fn one_holder(stage: &Stage, script: &Script) -> Result<(String, Actor), Differs> {
    script.step("Bob presents a one-time pass at gate A; another browser is refused at gate B");
    let pass = stage.pass(BOB).once().mint(&stage.secrets);
    let mut here = stage.patient("Bob, at gate A", HERE, script);
    let answer = here.present(&pass).await?;
    answer.status(200)?.member("state", "registering")?;
    let deadline = answer.json()?["deadline"].as_str().unwrap_or_default().to_owned();
    let mut eve = stage.patient("Eve, at gate B", THERE, script);
    eve.present(&pass).await?.refused(401, "already_used")?;
    script.shown("one holder, whatever the number of gates");

    script.step("He himself may present it again at gate B, and the deadline stays");
    let mut there = stage.patient("Bob, at gate B", THERE, script);
    there.continues(&here);
    there.present(&pass).await?.status(200)?.member("deadline", &deadline)?.sets(SESSION)?;
    script.shown("his browser is the holder at both");
    Ok((pass, there))
}

async fn one_registration(here: &mut Actor, there: &mut Actor, pass: &str, script: &Script) -> Result<(), Differs> {
    script.step("Everything goes on: Alice registers at gate B, and the site is open at gate A");
    there.navigate("/register").await?.status(200)?.says(ALICE)?;
    register(there, pass, script).await?;
    here.continues(there);
    here.navigate("/account").await?.status(200)?.says(ALICE)?;
    here.fetch("GET", "/.tap/status").await?.status(200)?.member("state", "registered")?;
    script.shown("what one gate has written the other reads");
    Ok(())
}

/// Registers a method. Where the gate cannot write that down, which may be so while a member is found to be gone, the answer
/// goes by as it is and the person is registering still: they press the button again. If it was written and nobody was told,
/// that changes nothing, and they sign in again.
async fn register(person: &mut Actor, pass: &str, script: &Script) -> Result<(), Differs> {
    let began = Instant::now();
    for number in 1_u32.. {
        let answer = person.fetch("POST", "/register/finish").await?;
        answer.status(200)?.hides("tapgate-receipt")?;
        if answer.sets(SESSION).is_ok() {
            break;
        }
        answer.check(began.elapsed() < HANG, "a session that is registered", "none")?;
        script.line("the gate could not write that down just then: once more");
        tokio::time::sleep(PAUSE).await;
        if number.is_multiple_of(PATIENCE) {
            person.present(pass).await?.status(200)?;
        }
    }
    Ok(())
}

async fn one_end(stage: &Stage, script: &Script) -> Result<(), Differs> {
    script.step("Dave signs out at gate A, and is out at gate B once it has looked again");
    let pass = stage.pass(DAVE).mint(&stage.secrets);
    let mut here = stage.patient("Dave, at gate A", HERE, script);
    here.present(&pass).await?.status(200)?.sets(SESSION)?;
    let mut there = stage.patient("Dave's copied cookie, at gate B", THERE, script);
    there.continues(&here);
    there.fetch("GET", "/.tap/status").await?.status(200)?.member("state", "registering")?;
    here.submit("/.tap/sign-out", &[]).await?.clears(SESSION)?;
    // The request that finds the look due is not held for it: it is the one after that is told.
    let began = Instant::now();
    let mut due = clock::now().saturating_add(RECHECK);
    loop {
        clock::reach(due).await;
        let mut thief = stage.patient("Dave's copied cookie, at gate B", THERE, script);
        thief.continues(&there);
        let answer = thief.fetch("GET", "/.tap/status").await?;
        if answer.status(401).is_ok() {
            break;
        }
        answer.status(200)?.check(began.elapsed() < HANG, "the session to end", "that it goes on")?;
        due = clock::now().saturating_add(1);
    }
    script.shown(format_args!("after {RECHECK} seconds and a request at the earliest: `recheckInSeconds`"));
    Ok(())
}

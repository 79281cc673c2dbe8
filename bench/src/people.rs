//! Who asks: people of one round, signed in through the gate under real Envoy.
//!
//! Each round has people of its own, so that no deadline passes however long the run takes, and nobody's record in the
//! ledger grows from round to round.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use tapgate_host_tests::client::{Browser, Protocol};
use tapgate_host_tests::clock::now;
use tapgate_host_tests::gate::{AUTHORITY, SESSION, sign_in};
use tapgate_host_tests::keys::Keys;
use tapgate_host_tests::pass::Pass;
use tapgate_host_tests::secrets::Secrets;

use crate::application::FINISH;
use crate::requests::Credentials;

/// The most sessions that a person has at once: after so many sign-ins a record is as long as it gets, and the next
/// sign-in costs what every later one does.
pub const MOST_SESSIONS: u32 = 16;

/// How long a token is good for, in seconds: longer than any run.
const A_WEEK: i64 = 7 * 24 * 3600;

/// What the people of a round hold, once they have signed in at the gate.
///
/// # Errors
/// If the gate or the application turns one of them away.
pub async fn credentials(gate: SocketAddr, keys: &Keys, round: u32) -> Result<Credentials> {
    let secrets = Secrets::default();
    let browser = || Browser::new(gate, Protocol::Http1, AUTHORITY, &secrets);
    let pass = |who: &str| Pass::new(keys, &format!("{who}-{round}")).mint(&secrets);

    let mut registering = browser();
    admitted(&mut registering, &pass("registering")).await?;

    let mut registered = browser();
    admitted(&mut registered, &pass("registered")).await?;
    let finished = registered.fetch("POST", FINISH).await;
    ensure!(finished.status == 200, "registering was answered with {finished:?}");

    let often = pass("often");
    let mut signs_in_often = browser();
    for _ in 0..MOST_SESSIONS {
        admitted(&mut signs_in_often, &often).await?;
    }
    Ok(Credentials {
        token: token(keys),
        registering: session(&registering)?,
        registered: session(&registered)?,
        pass: often,
    })
}

/// A token for `jwt_authn`: a pass, which is a token with an issuer and an audience like any other.
#[must_use]
pub fn token(keys: &Keys) -> String {
    Pass::new(keys, "somebody").claim("exp", now().saturating_add(A_WEEK)).mint(&Secrets::default())
}

async fn admitted(browser: &mut Browser, pass: &str) -> Result<()> {
    let answer = sign_in(browser, pass).await;
    ensure!(answer.status == 303, "a sign-in was answered with {answer:?}");
    Ok(())
}

/// The session cookie as browsers send it back.
fn session(browser: &Browser) -> Result<String> {
    let value = browser.jar.get(SESSION).context("the gate gave no session")?;
    Ok(format!("{SESSION}={value}"))
}

//! Alice has a multi-use pass: she signs in, is held to registering, registers, uses the site, signs out.

use super::super::actor::{Actor, SESSION};
use super::super::script::{Differs, Script};
use super::super::stage::Stage;

/// The example application's own login cookie.
const LOGIN: &str = "app_session";
const USER: &str = "alice@example.com";

/// Plays the chapter.
pub(in crate::walk) async fn play(stage: &Stage, script: &Script) -> Result<(), Differs> {
    let mut alice = stage.actor("Alice", script);
    anonymous(&mut alice, script).await?;
    sign_in(&mut alice, stage, script).await?;
    confined(&mut alice, script).await?;
    sealed(&mut alice, stage, script).await?;
    let code = register(&mut alice, script).await?;
    site_open(&mut alice, script).await?;
    sign_out(&mut alice, stage, script).await?;
    own_method(&mut alice, &code, script).await
}

async fn anonymous(alice: &mut Actor, script: &Script) -> Result<(), Differs> {
    script.step("Without a pass nothing changes");
    alice.navigate("/").await?.status(200)?.says("You are not signed in")?;
    alice.navigate("/account").await?.leads_to("/sign-in")?;
    script.shown("the application answers as it did before the gate was there");

    script.step("An identity that somebody made up does not reach the application");
    alice.forge("/api/profile", ("tapgate-user", USER)).await?.status(401)?;
    alice
        .forge("/api/profile", ("tapgate-assertion", "made.up.entirely"))
        .await?
        .status(401)?
        .member("error", "sign in first")?;
    script.shown("the gate took the headers away: the application saw an anonymous request");
    Ok(())
}

async fn sign_in(alice: &mut Actor, stage: &Stage, script: &Script) -> Result<(), Differs> {
    script.step("Alice opens the link with her pass and presses the button");
    let pass = stage.pass(USER).mint(&stage.secrets);
    alice.navigate("/.tap/sign-in").await?.status(200)?;
    let fields = [("username", ""), ("pass", pass.as_str())];
    alice.submit("/.tap/sign-in", &fields).await?.leads_to("/register")?.sets(SESSION)?;
    alice.navigate("/register").await?.status(200)?.says(USER)?;
    script.shown("she is signed in, and the application's registration page knows who she is");

    script.step("The page can say until when");
    let answer = alice.fetch("GET", "/.tap/status").await?;
    answer.status(200)?.member("state", "registering")?.member("user", USER)?.member("registrationUrl", "/register")?;
    let left = answer.json()?["secondsLeft"].as_u64().unwrap_or_default();
    answer.check((1..=600).contains(&left), "1 to 600 seconds left", left)?;
    script.shown("ten minutes from the sign-in, less what has passed");
    Ok(())
}

async fn confined(alice: &mut Actor, script: &Script) -> Result<(), Differs> {
    script.step("Every other page leads back to registration");
    for page in ["/", "/account", "/register/../account", "/register/%2e%2e/account"] {
        alice.navigate(page).await?.leads_to("/register")?;
    }
    script.shown("the application was not asked");

    script.step("An API call is refused, with where to register and until when");
    let answer = alice.fetch("GET", "/api/profile").await?;
    answer.refused(403, "registration_required")?.member("registrationUrl", "/register")?;
    answer.check(answer.json()?["deadline"].is_string(), "a deadline", "none")?;
    script.shown("a script can tell what is wanted of it");
    Ok(())
}

async fn sealed(alice: &mut Actor, stage: &Stage, script: &Script) -> Result<(), Differs> {
    script.step("The application sets its own login cookie too early: the browser gets it sealed");
    let value = alice.fetch("POST", "/register/trap").await?.status(204)?.sets(LOGIN)?;
    let answer = alice.fetch("GET", "/register/seen").await?;
    answer.status(200)?.member("ownLogin", USER)?;
    script.shown("in this session the application gets its own value back");

    script.step("The sealed cookie without the session opens nothing");
    let mut mallory = stage.actor("Mallory", script);
    mallory.steal(LOGIN, &value);
    mallory.fetch("GET", "/api/profile").await?.status(401)?.member("error", "sign in first")?;
    script.shown("the application does not know the sealed value");

    script.step("Nor does it in another person's session");
    let pass = stage.pass("mallory@example.com").mint(&stage.secrets);
    mallory.present(&pass).await?.status(200)?.member("state", "registering")?;
    let answer = mallory.fetch("GET", "/register/seen").await?;
    let came = &answer.json()?["cookieCame"];
    answer.status(200)?.check(came == false, "the cookie to be withheld", format_args!("cookieCame: {came}"))?;
    script.shown("a seal is good for the session that it was made in");
    Ok(())
}

async fn register(alice: &mut Actor, script: &Script) -> Result<String, Differs> {
    script.step("Alice registers a method, and the application says so with a receipt");
    let before = alice.cookie(SESSION)?;
    let answer = alice.fetch("POST", "/register/finish").await?;
    let after = answer.status(200)?.hides("tapgate-receipt")?.member("user", USER)?.sets(SESSION)?;
    answer.check(before != after, "a new session cookie", "the old one")?;
    script.shown("the gate kept the receipt to itself and gave her a session that is registered");
    Ok(answer.json()?["code"].as_str().unwrap_or_default().to_owned())
}

async fn site_open(alice: &mut Actor, script: &Script) -> Result<(), Differs> {
    script.step("The site is open");
    alice.navigate("/account").await?.status(200)?.says(USER)?;
    alice.fetch("GET", "/api/profile").await?.status(200)?.member("user", USER)?;
    alice.fetch("GET", "/.tap/status").await?.status(200)?.member("state", "registered")?;
    script.shown("until her pass ends");
    Ok(())
}

async fn sign_out(alice: &mut Actor, stage: &Stage, script: &Script) -> Result<(), Differs> {
    script.step("She signs out, and a copy of her cookie is dead");
    let copy = alice.cookie(SESSION)?;
    alice.submit("/.tap/sign-out", &[]).await?.clears(SESSION)?;
    alice.navigate("/account").await?.leads_to("/sign-in")?;
    let mut mallory = stage.actor("Mallory", script);
    mallory.steal(SESSION, &copy);
    mallory.fetch("GET", "/api/profile").await?.refused(401, "session_expired")?;
    script.shown("the session has ended in the ledger, not only in her browser");
    Ok(())
}

async fn own_method(alice: &mut Actor, code: &str, script: &Script) -> Result<(), Differs> {
    script.step("From now on she signs in with her own method, and the gate is not concerned");
    let fields = [("username", USER), ("code", code)];
    alice.submit("/sign-in", &fields).await?.leads_to("/account")?.sets(LOGIN)?;
    alice.navigate("/account").await?.status(200)?.says(USER)?;
    script.shown("no pass, no session at the gate");
    Ok(())
}

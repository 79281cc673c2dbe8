//! `tapgate-demo`: the gate and an application on loopback, the passkey application for a person to play with, or the example
//! application, walked by itself.
//!
//! `cargo xtask demo` makes everything ready and starts this. The story of `--walk` is in the library, `walk`; here is only
//! what a person is told and when it ends.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a demo talks to the person who runs it")]

use std::io::stdout;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tapgate_host_tests::walk::{self, Kind, Script, Stage};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::interval;

/// How much of the gate's log is shown when a step differs.
const LAST_LINES: usize = 20;

/// The gate before an application, on loopback: one with passkeys for a person, the example for `--walk`.
#[derive(Parser)]
struct Options {
    /// Play the whole story without a person, print each exchange, and fail if a step differs
    #[arg(long)]
    walk: bool,
    /// Put the gate into real Envoy, rather than run `tapgate serve`
    #[arg(long)]
    envoy: bool,
    /// Put it into two real Envoys that keep their ledger in three members of etcd
    #[arg(long, conflicts_with = "envoy")]
    etcd: bool,
    /// The port of the gate, of the second the one after it; without it, free ones
    #[arg(long, value_name = "N")]
    port: Option<u16>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let (kind, proxy) = match (options.envoy, options.etcd) {
        (_, true) => (Kind::Etcd, "two Envoys with the gate, three members of etcd"),
        (true, false) => (Kind::Envoy, "Envoy with the gate"),
        (false, false) => (Kind::Serve, "`tapgate serve`"),
    };
    let application = if options.walk { "example" } else { "passkey" };
    println!("==> starting the {application} application and {proxy}, on loopback, with new random keys");
    let stage = if options.walk {
        Stage::set(kind, options.port).await
    } else {
        Stage::with_passkeys(kind, options.port).await
    };
    let mut stage = match stage {
        Ok(stage) => stage,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    for origin in stage.origins() {
        println!("==> a gate listens on {origin} with {} workers", stage.workers());
    }
    let done = if options.walk { story(&mut stage).await } else { play(&stage).await };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Plays the story and says how it went.
async fn story(stage: &mut Stage) -> Result<(), Box<dyn std::error::Error>> {
    let script = Script::new(stdout());
    // Told to end, it ends what it has started: nothing is left to what the system does with orphans.
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let played = tokio::select! {
        played = walk::play(stage, &script) => played,
        _ = interrupt.recv() => return Err("interrupted".into()),
        _ = terminate.recv() => return Err("told to end".into()),
    };
    if let Err(differs) = played {
        for log in stage.logs() {
            eprintln!("\nthe last lines of a gate's log:");
            let lines: Vec<&str> = log.text().lines().collect();
            for line in lines.iter().rev().take(LAST_LINES).rev() {
                eprintln!("    {line}");
            }
        }
        return Err(differs.into());
    }
    println!("\n==> all {} steps went as they should", script.steps());
    Ok(())
}

/// Tells a person what to open, shows what the gate writes down meanwhile, until Ctrl-C.
async fn play(stage: &Stage) -> Result<(), Box<dyn std::error::Error>> {
    tell(stage);
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut look = interval(Duration::from_millis(500));
    let mut told = vec![0; stage.origins().len()];
    loop {
        tokio::select! {
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            _ = look.tick() => {
                for (log, told) in stage.logs().iter().zip(&mut told) {
                    let events = log.audit();
                    for event in events.iter().skip(*told) {
                        println!("    {event}");
                    }
                    *told = events.len();
                }
            }
        }
    }
    println!("\n==> stopping");
    Ok(())
}

fn tell(stage: &Stage) {
    let origins = stage.origins();
    let Some(origin) = origins.first() else { return };
    let alice = stage.pass("alice@example.com").mint(&stage.secrets);
    let bob = stage.pass("bob@example.com").once().mint(&stage.secrets);
    println!(
        "
Open these in a browser that has passkeys, on this machine (Chrome, Edge or Firefox; Safari takes no Secure cookies from
http://localhost). No device for passkeys at hand? Chrome's developer tools have one: More tools, WebAuthn.

1. The application, as everybody sees it. The gate does nothing here.

   {origin}/

2. The sign-in link of Alice. Her pass is good for an hour, as often as she likes. Press the button: you are sent to the
   page where passkeys are registered, and have ten minutes.

   {origin}/.tap/sign-in#pass={alice}

3. While you are registering, try anything else: you are sent back. A script gets 403 with the reason.

   {origin}/passkeys

4. Press \"Register a passkey\". The pass has done its work; sign in with the passkey: the gate is not concerned any more.
   Your passkeys are listed at {origin}/passkeys and can be removed there.

5. The sign-in link of Bob. His pass is good for one browser: open it here, then in a private window.

   {origin}/.tap/sign-in#pass={bob}

What the gate writes into its log about it appears below. Ctrl-C ends the demo.
"
    );
    if let Some(other) = origins.get(1) {
        let members: Vec<_> = stage.members().iter().map(ToString::to_string).collect();
        println!(
            "The second gate is another Envoy, with the same ledger: it knows the same sessions and the same used passes. (To a
browser both are `localhost`, so it sends its cookies to both.)

   {other}/.tap/status

The members of etcd are the processes {}. Kill one with `kill -9` and go on: nobody notices for long. Kill a second:
whoever signs in is told to come again, everybody else goes on as before.
",
            members.join(", ")
        );
    }
}

//! `passkey-app`: the application of the library, as a program.
#![expect(clippy::print_stderr, reason = "a program says where it listens, and why it does not")]

use std::env;
use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use clap::Parser;
use tapgate_example_app::gate::Gate;
use tapgate_passkey_app::{Site, application};
use tokio::signal::unix::{SignalKind, signal};

/// The key that signs receipts and verifies assertions.
const KEY: &str = "TAPGATE_UPSTREAM_KEY";
/// One that still verifies, while keys are being changed.
const FORMER_KEY: &str = "TAPGATE_UPSTREAM_KEY_FORMER";
const SHORTEST_KEY: usize = 32;

/// An application behind Tapgate that registers passkeys and signs people in with them.
///
/// It listens on loopback, since whoever reaches it past the gate is not confined by it. The keys that it shares with the gate
/// (`keys.upstream` of the policy) come by the environment, in base64: TAPGATE_UPSTREAM_KEY, and while keys are being changed the former
/// one in TAPGATE_UPSTREAM_KEY_FORMER. The first signs receipts, both verify assertions.
#[derive(Parser)]
#[command(name = "passkey-app", version)]
struct Options {
    /// Where to listen; a loopback address
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:10001")]
    listen: SocketAddr,
    /// The origin that people have in their address bar: https://HOST, or http://localhost:PORT to try it out; may be repeated
    #[arg(long = "origin", value_name = "ORIGIN", required = true)]
    origins: Vec<String>,
    /// The domain that passkeys are bound to: the origin's host or a parent domain of it. Never change it: all passkeys are lost with it
    #[arg(long, value_name = "DOMAIN")]
    rp_id: String,
    /// What people call the site
    #[arg(long, value_name = "NAME", default_value = "Contoso")]
    name: String,
    /// The SQLite database with users, passkeys and sign-ins; made where there is none
    #[arg(long, value_name = "FILE", default_value = "passkeys.sqlite")]
    database: PathBuf,
    /// The gate's `basePath`
    #[arg(long, value_name = "PATH", default_value = "/.tap", value_parser = base_path)]
    base_path: String,
    /// The policy's `issuer`, as `iss` of assertions
    #[arg(long, value_name = "TEXT", default_value = "https://gate.example.com")]
    issuer: String,
    /// The policy's `audience`, as `aud` of assertions
    #[arg(long, value_name = "TEXT", default_value = "gate.example.com")]
    audience: String,
    /// The policy's `tenant`
    #[arg(long, value_name = "TENANT", default_value = "contoso")]
    tenant: String,
    /// The id in the policy of the key in TAPGATE_UPSTREAM_KEY
    #[arg(long, value_name = "ID", env = "TAPGATE_UPSTREAM_KEY_ID", default_value = "up-1")]
    key_id: String,
    /// The id in the policy of the key in TAPGATE_UPSTREAM_KEY_FORMER
    #[arg(long, value_name = "ID", env = "TAPGATE_UPSTREAM_KEY_FORMER_ID", default_value = "up-0")]
    former_key_id: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprintln!("  because: {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    if !options.listen.ip().is_loopback() {
        return Err(format!("`{}` is not a loopback address", options.listen).into());
    }
    let key = key(KEY)?.ok_or(format!("set {KEY} to the key that the gate signs assertions with (base64)"))?;
    let former = self::key(FORMER_KEY)?;
    let mut keys = vec![(options.key_id.as_str(), key.as_str())];
    keys.extend(former.as_deref().map(|key| (options.former_key_id.as_str(), key)));
    let gate = Gate::new(&options.issuer, &options.audience, &keys)?.of_tenant(&options.tenant);
    let site = Site {
        origins: options.origins,
        relying_party: options.rp_id,
        name: options.name,
        base_path: options.base_path,
    };
    let application = application(gate, site, &options.database)?;
    let listener = tokio::net::TcpListener::bind(options.listen).await?;
    eprintln!("passkey-app: listening on http://{}", listener.local_addr()?);
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    axum::serve(listener, application)
        .with_graceful_shutdown(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
        .await?;
    Ok(())
}

/// A key in the environment, where no list of processes shows it: standard base64, at least 32 bytes, as the gate wants them.
fn key(name: &str) -> Result<Option<String>, String> {
    let Ok(text) = env::var(name) else {
        return Ok(None);
    };
    match BASE64_STANDARD.decode(&text) {
        Ok(bytes) if bytes.len() >= SHORTEST_KEY => Ok(Some(text)),
        _ => Err(format!("{name} is not standard base64 of at least {SHORTEST_KEY} bytes")),
    }
}

/// A path as the policy has it.
fn base_path(text: &str) -> Result<String, String> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/.-_".contains(letter);
    if text.starts_with('/') && !text.ends_with('/') && !text.starts_with("//") && text.chars().all(plain) {
        Ok(text.to_owned())
    } else {
        Err("give the path as the policy has it, for instance `/.tap`".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory;
        Options::command().debug_assert();
    }

    #[test]
    fn a_base_path_is_a_path() {
        assert_eq!(base_path("/.tap").as_deref(), Ok("/.tap"));
        for text in ["", "/", "tap", "//tap", "/tap/", "/\"x"] {
            assert!(base_path(text).is_err(), "{text}");
        }
    }
}

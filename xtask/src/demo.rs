//! `cargo xtask demo`: makes everything ready, then becomes the demo program of `host-tests`.

use std::os::unix::process::CommandExt;

use anyhow::{Context, anyhow};
use clap::Args;

use crate::process::{run_slow, say, shown};
use crate::workspace::Workspace;
use crate::{Exit, Failure, setup, wasm};

/// What the demo takes.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Play the whole story without a person, print each exchange, and fail if a step differs
    #[arg(long)]
    walk: bool,
    /// Put the gate into real Envoy, rather than run `tapgate serve`
    #[arg(long)]
    envoy: bool,
    /// Put it into two real Envoys that keep their ledger in three members of etcd
    #[arg(long, conflicts_with = "envoy")]
    etcd: bool,
    /// The port of the gate on loopback, of the second the one after it; without it, free ones
    #[arg(long, value_name = "N")]
    port: Option<u16>,
}

impl Options {
    /// As arguments of the demo program.
    fn arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        if self.walk {
            arguments.push("--walk".to_owned());
        }
        if self.envoy {
            arguments.push("--envoy".to_owned());
        }
        if self.etcd {
            arguments.push("--etcd".to_owned());
        }
        if let Some(port) = self.port {
            arguments.extend(["--port".to_owned(), port.to_string()]);
        }
        arguments
    }
}

/// Runs the demo; comes back only if it could not be started.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<Exit, Failure> {
    // Without Envoy it takes nothing but cargo.
    let ready = if options.envoy || options.etcd { setup::run(workspace) } else { setup::wasm_target(workspace) };
    ready.map_err(Failure::Setup)?;
    wasm::run(workspace)?;
    say("building the demo (the first time takes some minutes)");
    run_slow(workspace.cargo().args([
        "build",
        "--package",
        "tapgate-cli",
        "--package",
        "tapgate-host-tests",
        "--bins",
    ]))?;
    let mut command = workspace.command(workspace.build_dir()?.join("debug/tapgate-demo"));
    command.args(options.arguments());
    let line = shown(&command);
    // Becoming the demo, rather than waiting for it, lets Ctrl-C and its exit code through unchanged.
    let error = anyhow!(command.exec());
    Err(error).with_context(|| format!("starting `{line}`")).map_err(Failure::Work)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_handed_on() {
        let options = Options { walk: true, envoy: true, etcd: false, port: Some(8080) };
        assert_eq!(options.arguments(), ["--walk", "--envoy", "--port", "8080"]);
        let options = Options { walk: true, envoy: false, etcd: true, port: None };
        assert_eq!(options.arguments(), ["--walk", "--etcd"]);
        assert!(Options { walk: false, envoy: false, etcd: false, port: None }.arguments().is_empty());
    }
}

//! `cargo xtask demo`: makes everything ready, then becomes the demo program of `host-tests`.

use std::os::unix::process::CommandExt;

use anyhow::{Context, anyhow};
use clap::Args;

use crate::process::{say, shown};
use crate::workspace::Workspace;
use crate::{Exit, Failure, setup, wasm};

/// What the demo takes.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Play the whole story without a person, print each exchange, and fail if a step differs
    #[arg(long)]
    walk: bool,
    /// The port of the gate on loopback; without it, a free one
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
        if let Some(port) = self.port {
            arguments.extend(["--port".to_owned(), port.to_string()]);
        }
        arguments
    }
}

/// Runs the demo; comes back only if it could not be started.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<Exit, Failure> {
    setup::run(workspace).map_err(Failure::Setup)?;
    wasm::run(workspace)?;
    say("building the demo (the first time takes some minutes)");
    let mut command = workspace.cargo();
    command.args(["run", "--package", "tapgate-host-tests", "--bin", "tapgate-demo", "--"]).args(options.arguments());
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
        let options = Options { walk: true, port: Some(8080) };
        assert_eq!(options.arguments(), ["--walk", "--port", "8080"]);
        assert!(Options { walk: false, port: None }.arguments().is_empty());
    }
}

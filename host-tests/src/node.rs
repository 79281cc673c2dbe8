//! Scripts of `host-tests/js`, run in node with the packages that `cargo xtask setup` installs.
//!
//! A script checks for itself, and says of each check that holds a line `ok ...`; what else it says is for people. Its last line
//! is `done`, so that one which ends early has not passed.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::workspace;

/// How long a script may run before it is called hung. Never a statement about speed.
const HANG: Duration = Duration::from_secs(900);

/// A script to be run.
#[derive(Debug)]
pub struct Script {
    command: Command,
    name: String,
}

/// What a script that passed has said.
#[derive(Debug)]
pub struct Said {
    /// The checks that hold, in order.
    pub checks: Vec<String>,
    /// What it hands back: the text after `gives `, each on a line.
    pub gives: Vec<String>,
}

impl Script {
    /// The script of this name, with nothing in its environment but where its packages are.
    #[must_use]
    pub fn new(name: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(workspace::node());
        command
            .arg(workspace::root().join("host-tests/js").join(name))
            .args(arguments)
            .env_clear()
            .env("NODE_PATH", workspace::node_modules())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        Self { command, name: format!("{name} {}", arguments.join(" ")) }
    }

    /// One more environment variable.
    #[must_use]
    pub fn variable(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// An authority whose certificates it believes, beside those that everybody does.
    #[must_use]
    pub fn believing(self, authority: &Path) -> Self {
        self.variable("NODE_EXTRA_CA_CERTS", authority)
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// If it cannot be run, a check of it fails, or it does not end.
    pub async fn run(mut self) -> Said {
        let ran = tokio::time::timeout(HANG, self.command.output()).await;
        let output = ran.unwrap_or_else(|_| panic!("{} hangs", self.name)).expect("node can be run");
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let ended = stdout.lines().last() == Some("done");
        assert!(output.status.success() && ended, "{}: {}\n{stdout}{stderr}", self.name, output.status);
        let after = |word: &str| stdout.lines().filter_map(|line| line.strip_prefix(word)).map(str::to_owned).collect();
        Said { checks: after("ok "), gives: after("gives ") }
    }
}

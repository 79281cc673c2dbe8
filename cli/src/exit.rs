//! What the exit code of `tapgate` says. Scripts stand on these numbers: they never change their meaning.

use std::fmt::Write as _;
use std::process::ExitCode;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// What was asked for is done; an inspected pass has nothing wrong with it as far as it was checked.
    Done = 0,
    /// Something was found: a pass would be turned away, a policy has errors or no ledger to look into, a case fails,
    /// decisions differ, a record does not read, a gateway refuses what it is asked for.
    Findings = 1,
    /// The command line was not understood, or asks for something that makes no sense.
    Usage = 2,
    /// The input could not be read, or holds no pass, policy, plugin or certificate.
    Unreadable = 3,
    /// There is no usable key, or etcd does not take the user and password, or a gateway the token.
    Key = 4,
    /// The machine failed: output, clock, randomness, an address to listen on, a folder to keep data in, etcd, or a gateway.
    Failed = 5,
}

impl Exit {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 6] = [Self::Done, Self::Findings, Self::Usage, Self::Unreadable, Self::Key, Self::Failed];

    /// The number that the shell sees.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done; an inspected pass has nothing wrong with it, as far as it was checked",
            Self::Findings => {
                "something was found: a pass that would be turned away, an error in a policy, a case that fails, a decision that differs, a record that does not read, something that a gateway refuses"
            }
            Self::Usage => "the command line was not understood, or asks for what makes no sense",
            Self::Unreadable => "the input could not be read, or holds no pass, policy, plugin or certificate",
            Self::Key => "there is no usable key, or etcd does not take the user and password, or a gateway the token",
            Self::Failed => {
                "the machine failed: output, clock, randomness, an address to listen on, a folder to keep data in, etcd, or a gateway"
            }
        }
    }

    /// The table that `--help` ends with.
    pub(crate) fn table() -> String {
        let mut table = String::from("Exit codes:");
        for exit in Self::ALL {
            // Writing to a String cannot fail.
            let _ = write!(table, "\n  {}  {}", exit.code(), exit.meaning());
        }
        table
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

//! Why a ledger is not looked into or changed, with the mend.

use std::error::Error as _;
use std::fmt;
use std::io;
use std::path::PathBuf;

use tapgate_core::ledger::etcd::CredentialsError;
use tapgate_core::names::{Identity, TenantId, UserName};
use tapgate_core::refusal::Refusal;
use tapgate_core::time::UnixSeconds;

use super::address::AddressError;
use super::connection::Trouble;
use crate::error::Failure;
use crate::exit::Exit;

/// Why a ledger is not looked into or changed.
#[derive(Debug, thiserror::Error)]
pub(super) enum LedgerError {
    #[error(
        "the policy of `{0}` keeps its ledger in shared data: it lives in the memory of the proxy (or of `tapgate serve`), where nobody can look into it from outside; this command is for `ledger: {{etcd: ...}}`"
    )]
    SharedData(TenantId),
    #[error("no member of etcd is known; give `--etcd URL`, or set the environment variable `TAPGATE_ETCD`")]
    NoMember,
    #[error("the environment variable `TAPGATE_ETCD` does not hold addresses of etcd with commas between them")]
    Variable(#[source] AddressError),
    #[error(
        "the environment variable `{variable}`, which the policy's `{field}` names, is not set; set it, or give `--etcd-user` and `--etcd-password-file`"
    )]
    NoCredential { variable: String, field: &'static str },
    #[error(
        "the environment variable `{0}` is not set; a pass is verified by the policy's own keys: set it to the pass key in base64"
    )]
    NoPassKey(String),
    #[error("cannot read `{}`", .path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("what etcd is to be told of who asks is no user and password of one line each: it has {0}")]
    Credentials(#[source] CredentialsError),
    #[error(
        "{member} wants to know who asks; name `usernameEnv` and `passwordEnv` in the policy, or give `--etcd-user` and `--etcd-password-file`"
    )]
    NoUser { member: String },
    #[error(
        "{member} does not take the user and password, or has no users at all; see what the policy's `usernameEnv` and `passwordEnv` name, or `--etcd-user` and `--etcd-password-file`"
    )]
    CredentialsRefused { member: String },
    #[error("{member} does not take the token that it has just given; is every address of the same cluster?")]
    TokenRefused { member: String },
    #[error(
        "{member} does not let this user do that; it needs reading, and for `revoke` writing, on the policy's `ledger.etcd.prefix`"
    )]
    Denied { member: String },
    #[error("no member of etcd gave an answer: {0}")]
    NoAnswer(Troubles),
    #[error(
        "the record of `{user}` does not read, so no gateway can decide by it and nothing can be revoked in it; `tapgate ledger show --user {user}` says where it lies"
    )]
    UnreadableRecord { user: Identity },
    #[error(
        "nobody knows whether it was revoked: etcd took the question and gave no answer, and then none to whether it had; run this again, which does no harm"
    )]
    InDoubt(#[source] Box<LedgerError>),
    #[error("the record has changed each time before it could be written; run this again")]
    GaveUp,
    #[error("the pass is not one that this policy's gateways take ({0}); nothing is revoked by it, only by `--user`")]
    NotAuthentic(Refusal),
    #[error("the pass is authentic, but for `{0}`, whom the policy's directory does not know: no gateway takes it")]
    UnknownUser(UserName),
    #[error(
        "the policy's users are a SCIM server's, which this command does not ask; name the user by the server's `id`, not by `{0}`"
    )]
    NotAnId(UserName),
    #[error(
        "the pass is for `{0}`, and the policy's users are a SCIM server's, which this command does not ask; revoke by `--user` with the `id` that the server has for them, which revokes all that they have"
    )]
    PassOfAName(UserName),
    #[error(
        "the pass says that it was issued at {0}, which is in the future: no gateway takes it yet, and revoking it now would revoke all that are issued until then; if its key has leaked, change the key"
    )]
    IssuedAhead(UnixSeconds),
    #[error("cannot write `{}`", .path.display())]
    Output { path: PathBuf, source: io::Error },
    #[error("the machine lacks what calls need")]
    Machine(#[source] io::Error),
    #[error("the watch is at its end: {0}")]
    WatchEnded(String),
}

impl Failure for LedgerError {
    fn exit(&self) -> Exit {
        match self {
            Self::SharedData(_)
            | Self::UnreadableRecord { .. }
            | Self::NotAuthentic(_)
            | Self::UnknownUser(_)
            | Self::IssuedAhead(_) => Exit::Findings,
            Self::NoMember | Self::Variable(_) | Self::NotAnId(_) | Self::PassOfAName(_) => Exit::Usage,
            Self::Read { .. } => Exit::Unreadable,
            Self::NoCredential { .. }
            | Self::NoPassKey(_)
            | Self::Credentials(_)
            | Self::NoUser { .. }
            | Self::CredentialsRefused { .. }
            | Self::TokenRefused { .. }
            | Self::Denied { .. } => Exit::Key,
            Self::InDoubt(_)
            | Self::NoAnswer(_)
            | Self::GaveUp
            | Self::Output { .. }
            | Self::Machine(_)
            | Self::WatchEnded(_) => Exit::Failed,
        }
    }
}

/// What came of each member that was asked.
#[derive(Debug, Default)]
pub(super) struct Troubles(Vec<String>);

impl Troubles {
    pub(super) fn add(&mut self, member: impl fmt::Display, trouble: &Trouble) {
        self.0.push(format!("{member}: {}", told(trouble)));
    }
}

impl fmt::Display for Troubles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

/// A trouble and what it came from.
pub(super) fn told(trouble: &Trouble) -> String {
    let mut line = trouble.to_string();
    // What went wrong on the wire is in the trouble's own words; what that came from is not.
    let mut source = trouble.source();
    if matches!(trouble, Trouble::Wire(_)) {
        source = source.and_then(std::error::Error::source);
    }
    while let Some(cause) = source {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        source = cause.source();
    }
    line
}

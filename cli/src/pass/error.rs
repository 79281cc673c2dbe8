//! Why a pass is not issued, shown or deleted, with the mend.

use std::fmt;
use std::io;
use std::path::PathBuf;

use tapgate_core::names::UserName;

use crate::error::Failure;
use crate::exit::Exit;
use crate::http::Trouble;
use crate::link::BasePathError;

/// Why a pass is not issued, shown or deleted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PassError {
    #[error(
        "no token: set the environment variable `TAPGATE_ADMIN_TOKEN` (`tapgate admin-token` makes one), or give `--token-file`, or \
         `--policy`, `--subject` and `--role` to have one made on the spot"
    )]
    NoToken,
    #[error("what should be a token is none: letters, digits and `-._~+/=`, at most 4096 of them")]
    NotAToken,
    #[error("the base path is none")]
    BasePath(#[source] BasePathError),
    #[error("the gateway and the user make no address")]
    NoAddress,
    #[error("`--lifetime` counts in minutes; leave out the seconds")]
    Seconds,
    #[error("a reason has 1 to 128 bytes and no control characters")]
    Reason,
    #[error("`--json` and `--sheet -` both want standard output; give `--sheet` a file")]
    TwoOutputs,
    #[error("`{}` exists; give another name, or `--force`", .0.display())]
    Exists(PathBuf),
    #[error("cannot write `{}`", .path.display())]
    Output { path: PathBuf, source: io::Error },
    #[error("the sheet cannot be made: the sign-in page's address is longer than a QR code holds")]
    NoQrCode,
    #[error("the sheet cannot be made")]
    Sheet(#[source] askama::Error),
    #[error("{0}")]
    Denied(Box<Denied>),
    #[error(
        "{gateway} answers with HTTP status {status} and no word of Graph's; is `--gateway` where the policy's admin API answers \
         (`admin.hosts`), and `--base-path` right?"
    )]
    NotTheApi { gateway: String, status: u16 },
    #[error("{gateway} gave an answer that makes no sense in {part}; is that a gateway with an admin API?")]
    Senseless { gateway: String, part: &'static str },
    #[error("{gateway} gave no answer{}", if *.in_doubt { ", and nobody knows whether it did what it was asked (`tapgate pass list` tells)" } else { "" })]
    NoAnswer {
        gateway: String,
        in_doubt: bool,
        #[source]
        trouble: Trouble,
    },
    #[error(
        "{0} has issued a pass although it was only to be tried: it knows nothing of dry runs, or something before it takes the header away"
    )]
    NotDry(String),
    #[error("{0} has no Temporary Access Pass that could be deleted")]
    NoPass(UserName),
    #[error("the machine lacks what calls need")]
    Machine(#[source] io::Error),
}

/// One of Graph's errors.
#[derive(Debug)]
pub(crate) struct Denied {
    pub(crate) gateway: String,
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Denied {
    /// What to do about it.
    fn mend(&self) -> Option<&'static str> {
        Some(match (self.status, self.code.as_str()) {
            (401, _) => {
                "make a new token with `tapgate admin-token`, by this gateway's policy: issuer, audience, tenant and `admin` key count"
            }
            (403, _) if self.message.starts_with("Self-service") => {
                "nobody issues a pass for themselves: have a colleague do it"
            }
            (403, _) => "the token's roles do not reach so far; `tapgate admin-token --help` says what each may do",
            (404, "Request_ResourceNotFound") => {
                "write the user's id or user principal name as the policy's directory has it"
            }
            (404, "resourceNotFound") => "`tapgate pass list` tells which pass stands",
            (404, _) => "is `--gateway` one of the policy's `admin.hosts`, and `--base-path` its `basePath`?",
            (400, _) if self.message.contains("reason") => "give `--reason`",
            (400, _) if self.message.contains("LifetimeInMinutes") => "give another `--lifetime`",
            (400, _) if self.message.contains("StartDateTime") => "give another `--start`",
            (503, _) => "run this again in a moment",
            _ => return None,
        })
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { gateway, status, code, message } = self;
        write!(f, "{gateway} answers {status} {code}: {}", message.trim_end_matches('.'))?;
        match self.mend() {
            Some(mend) => write!(f, "; {mend}"),
            None => Ok(()),
        }
    }
}

impl Failure for PassError {
    fn exit(&self) -> Exit {
        match self {
            Self::NoToken | Self::NotAToken => Exit::Key,
            Self::BasePath(_) | Self::NoAddress | Self::Seconds | Self::Reason | Self::TwoOutputs | Self::Exists(_) => {
                Exit::Usage
            }
            Self::Denied(denied) => match denied.status {
                401 | 403 => Exit::Key,
                500.. => Exit::Failed,
                _ => Exit::Findings,
            },
            Self::NoPass(_) => Exit::Findings,
            Self::NoQrCode
            | Self::Sheet(_)
            | Self::Output { .. }
            | Self::NotDry(_)
            | Self::NotTheApi { .. }
            | Self::Senseless { .. }
            | Self::NoAnswer { .. }
            | Self::Machine(_) => Exit::Failed,
        }
    }
}

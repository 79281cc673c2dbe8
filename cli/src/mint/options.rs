//! What `mint` takes, and what stands in for an option that is not given.

use clap::ValueEnum;
use tapgate_core::names::{GroupId, PassId, UserName};
use tapgate_core::policy::shape;

use crate::error::Error;
use crate::key::KeyOptions;
use crate::link::{BasePath, Gate};
use crate::moment::{Span, When};
use crate::option::OptionError;
use crate::world::World;

use super::error::MintError;
use super::terms::Times;

const EXAMPLES: &str = "\
Where standard output is no terminal it has two lines: the pass, and the link. Notes and warnings go to standard error.

Examples (with TAPGATE_PASS_KEY and the like in the environment, see tapgate --help):
  tapgate mint --user alice@example.com                   # one hour from now
  tapgate mint --user alice@example.com --once -l 8h      # one holder only
  tapgate mint --user bob --start +2h --group staff --group it
  tapgate mint --user bob --start 2030-01-31T09:00:00+01:00 --lifetime 480
  tapgate mint --user alice@example.com --print link | mail -s Welcome alice
  tapgate mint --user alice@example.com --json | jq -r .link

Everything on the command line:
  tapgate mint --user alice@example.com --key-id pass-1 --key-file pass.key \\
      --issuer https://gate.example.com --audience gate.example.com";

/// Mint a pass: prints the pass, its link and, on a terminal, a QR code of the link
///
/// Whoever has the pass, the link or the QR code can sign in as the user until the pass ends. Nothing is recorded: the
/// gate sees a pass for the first time when somebody presents it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// Whose pass it is: a user id or a user principal name
    #[arg(long, short, value_name = "USER")]
    pub(crate) user: UserName,
    /// The policy's `issuer` [env: TAPGATE_ISSUER]
    #[arg(long, value_name = "ISSUER")]
    issuer: Option<String>,
    /// The policy's `audience` [env: TAPGATE_AUDIENCE]
    #[arg(long, value_name = "AUDIENCE")]
    audience: Option<String>,
    /// How long the pass is valid, in minutes or as in 45m, 8h, 2d, 1h30m [default: 60]
    #[arg(long, short, value_name = "SPAN", conflicts_with = "end")]
    lifetime: Option<Span>,
    /// When it starts: `now`, a span from now such as +2h, or a time (RFC 3339) [default: now]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    start: Option<When>,
    /// When it ends, in place of a lifetime: a span from now such as +8h, or a time (RFC 3339)
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    end: Option<When>,
    /// Make it a one-time pass: one browser can use it, once
    #[arg(long)]
    pub(crate) once: bool,
    /// A group that the user is in, where the policy asks for it; may be repeated
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Vec<GroupId>,
    /// Say that the user is in no group, which is more than saying nothing about groups
    #[arg(long, conflicts_with = "group")]
    pub(crate) no_groups: bool,
    /// The pass's own id [default: 128 random bits]
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<PassId>,

    #[command(flatten)]
    pub(crate) key: KeyOptions,

    /// Where the link leads: scheme and host [default: https:// and the audience]
    #[arg(long, value_name = "URL", help_heading = "Link")]
    pub(crate) gate: Option<Gate>,
    /// The policy's `basePath`
    #[arg(long, value_name = "PATH", default_value = shape::BASE_PATH, help_heading = "Link")]
    pub(crate) base_path: BasePath,

    /// Print this and nothing else
    #[arg(long, value_name = "WHAT", conflicts_with_all = ["json", "qr"], help_heading = "Output")]
    pub(crate) print: Option<Part>,
    /// Draw the QR code even where standard output is no terminal
    #[arg(long, conflicts_with = "json", help_heading = "Output")]
    pub(crate) qr: bool,
    /// Print JSON: {pass, link, id, user, issuer, audience, keyId, issued, start, end, lifetimeInMinutes, once, groups}
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
}

/// A part of what `mint` has to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// The signed pass
    Pass,
    /// The link that carries it
    Link,
    /// The link as a QR code, drawn with half-blocks for a dark background
    Qr,
}

impl Options {
    pub(super) fn times(&self) -> Times {
        Times { start: self.start, end: self.end, lifetime: self.lifetime }
    }

    pub(super) fn issuer(&self, world: &World<'_>) -> Result<String, Error> {
        policy_text(self.issuer.as_ref(), "--issuer", "TAPGATE_ISSUER", world)
    }

    pub(super) fn audience(&self, world: &World<'_>) -> Result<String, Error> {
        policy_text(self.audience.as_ref(), "--audience", "TAPGATE_AUDIENCE", world)
    }
}

/// A text that has to be the policy's, byte for byte.
fn policy_text(
    given: Option<&String>,
    option: &'static str,
    variable: &'static str,
    world: &World<'_>,
) -> Result<String, Error> {
    let text = match given {
        Some(text) => text.clone(),
        None => world.variable(variable)?.ok_or(OptionError::Missing { option, variable })?,
    };
    // What a policy can have as `issuer` and `audience`, whose bounds are the same.
    let fits = (1..=shape::ISSUER.most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if fits { Ok(text) } else { Err(MintError::Text { option, text }.into()) }
}

//! `tapgate provision`: a list of joiners becomes passes that start on their first day, each once, however often it is run.
//!
//! Each row is a request with a key of its own, which the gateway keeps: a run that was killed is run again, and issues nothing
//! twice. `rows` reads the list, `hire` the dates, `work` asks the gateway, `outcome` is what is told of each row, `handover` what goes into
//! people's hands.

mod handover;
mod hire;
mod mail;
mod outcome;
mod rows;
mod work;

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

use clap::builder::RangedU64ValueParser;
use tokio::runtime::Builder;

use self::handover::HandOver;
use self::outcome::{Results, Summary};
use self::rows::{MOST_BYTES, Rows, RowsError};
use crate::error::{Error, Failure};
use crate::exit::Exit;
use crate::link::Gate;
use crate::moment::Span;
use crate::pass::create;
use crate::pass::error::PassError;
use crate::pass::options::Door;
use crate::pass::words::Language;
use crate::world::World;

const EXAMPLES: &str = "\
A row a joiner. The first line names the columns: `user` and `hireDate`, and if you like `timeZone` (as in Europe/Zurich), `displayName`,
`manager`, `lifetime`, `once` and `language`. JSON Lines with the same members will do as well. A pass starts on the hire date, or at once
if that is past. Whoever has a pass that is still of use is not issued another.

Examples, with a token in TAPGATE_ADMIN_TOKEN:
  tapgate provision --from hires.csv --gateway https://gate.example.com --dry-run
  tapgate provision --from hires.csv --gateway https://gate.example.com --result done.jsonl --sheets sheets
  tapgate provision --from hires.csv --gateway https://gate.example.com --result done.jsonl \\
      --mail smtps://mail.example.com --mail-from 'IT <it@example.com>'
  hr-export | tapgate provision --from - --gateway https://gate.example.com --lifetime 8h --once

docs/provisioning.md has more.";

/// How long a token lives that is made on the spot, in minutes: the longest that there is.
const ONE_RUN: u64 = 60;

/// Turn a list of joiners into passes that start on their first day: each once, however often it is run
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// The list: CSV or JSON Lines; `-` is standard input
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    #[command(flatten)]
    door: Door,
    /// How long a pass is valid where the row does not say, in minutes or as in 8h, 2d [default: the policy's]
    #[arg(long, value_name = "SPAN")]
    lifetime: Option<Span>,
    /// Make one-time passes where the row does not say
    #[arg(long)]
    once: bool,
    /// How long after the hire date a pass may still be issued: a gateway forgets in time whom it has issued one
    #[arg(long, value_name = "SPAN", default_value = "7d")]
    late: Span,
    /// Why, for the audit log; some policies want it
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Only show what would happen
    #[arg(long, conflicts_with_all = ["sheets", "mail"])]
    dry_run: bool,
    /// Add what came of each row to this file, as JSON Lines; never a code
    #[arg(long, value_name = "FILE")]
    result: Option<PathBuf>,
    /// How many requests are under way at once
    #[arg(long, value_name = "N", default_value = "8", value_parser = RangedU64ValueParser::<usize>::new().range(1..=64))]
    at_once: usize,
    /// Where people sign in: scheme and host [default: the host of the policy's audience, or the gateway]
    #[arg(long, value_name = "URL", help_heading = "Hand-over")]
    gate: Option<Gate>,
    /// The language of sheets where the row does not say: en, de, fr, es, ja
    #[arg(long, value_name = "TAG", default_value = "en", help_heading = "Hand-over")]
    language: Language,
    /// Write a page of HTML to print for each joiner into this folder, code included
    #[arg(long, value_name = "FOLDER", help_heading = "Hand-over")]
    sheets: Option<PathBuf>,
    /// Mail each manager the sheets of their joiners through this server: smtps://USER:PASSWORD@HOST, or smtp:// with ?tls=required
    /// [default: the environment variable TAPGATE_SMTP]
    #[arg(long, value_name = "URL", num_args = 0..=1, default_missing_value = "", requires_all = ["mail_from", "result"], help_heading = "Hand-over")]
    mail: Option<String>,
    /// Whom mails are from
    #[arg(long, value_name = "ADDRESS", requires = "mail", help_heading = "Hand-over")]
    mail_from: Option<String>,
    /// What they say: a template of your own in place of the usual one
    #[arg(long, value_name = "FILE", requires = "mail", help_heading = "Hand-over")]
    mail_template: Option<PathBuf>,
}

/// Why nobody is provided for.
#[derive(Debug, thiserror::Error)]
enum ProvisionError {
    #[error("cannot read `{}`", .path.display())]
    Input { path: PathBuf, source: io::Error },
    #[error("`{}` is larger than 64 MiB; run it in parts", .0.display())]
    TooLarge(PathBuf),
    #[error("`{}` holds no joiners", .path.display())]
    Rows { path: PathBuf, source: RowsError },
    #[error("`--lifetime` counts in minutes; leave out the seconds")]
    Seconds,
}

impl Failure for ProvisionError {
    fn exit(&self) -> Exit {
        match self {
            Self::Input { .. } | Self::TooLarge(_) | Self::Rows { .. } => Exit::Unreadable,
            Self::Seconds => Exit::Usage,
        }
    }
}

pub(crate) fn run(options: &Options, world: &mut World<'_>) -> Result<Exit, Error> {
    let lifetime = match options.lifetime {
        Some(Span(span)) if !span.get().is_multiple_of(60) => return Err(ProvisionError::Seconds.into()),
        Some(Span(span)) => Some(span.get() / 60),
        None => None,
    };
    if let Some(reason) = &options.reason {
        create::check(reason)?;
    }
    let Rows { mut lines, unknown } = options.read(world)?;
    for name in unknown {
        world.warn(format_args!("the column `{name}` is none that is known here: it changes nothing"));
    }
    for row in lines.iter_mut().filter_map(|line| line.row.as_mut().ok()) {
        row.lifetime = row.lifetime.or(lifetime);
        row.once = row.once.or(options.once.then_some(true));
    }
    let now = world.clock()?;
    for line in &mut lines {
        if line.row.as_ref().is_ok_and(|row| row.hired.is_long_past(now, options.late.0)) {
            line.row = Err(
                "the hire date is long past: `--late` says how long after it a pass may still be issued".to_owned()
            );
        }
    }
    let site = options.door.open(ONE_RUN, world)?;
    let sign_in = site.sign_in(options.gate.as_ref(), &options.door);
    let hand_over = HandOver::of(options, site.policy.as_ref(), &sign_in, world)?;
    hand_over.refuse_unreachable(&mut lines);
    let mut results = Results::open(options.result.as_deref())?;
    let api = Arc::new(site.api);
    let runtime = Builder::new_current_thread().enable_all().build().map_err(PassError::Machine)?;
    let done: Result<Summary, Error> = runtime.block_on(async {
        let plan = work::Plan { reason: options.reason.as_deref(), dry_run: options.dry_run, at_once: options.at_once };
        let (mut summary, handed) = work::carry_out(lines, &plan, &api, &hand_over, &mut results, world).await?;
        hand_over.mail(&handed, &mut results, &mut summary, world).await?;
        Ok(summary)
    });
    runtime.shutdown_background();
    done?.tell(options.dry_run, world)
}

impl Options {
    fn read(&self, world: &mut World<'_>) -> Result<Rows, ProvisionError> {
        let path = || self.from.clone();
        let mut bytes = Vec::new();
        let most = MOST_BYTES.saturating_add(1);
        let read = if self.from.as_os_str() == "-" {
            (&mut *world.stdin).take(most).read_to_end(&mut bytes)
        } else {
            File::open(&self.from).and_then(|file| file.take(most).read_to_end(&mut bytes))
        };
        let read = read.map_err(|source| ProvisionError::Input { path: path(), source })?;
        if u64::try_from(read).unwrap_or(u64::MAX) > MOST_BYTES {
            return Err(ProvisionError::TooLarge(path()));
        }
        rows::read(&bytes).map_err(|source| ProvisionError::Rows { path: path(), source })
    }
}

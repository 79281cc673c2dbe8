//! `tapgate ledger watch`: a line for each change of a record, until it is told to stop.
//!
//! It goes on from the revision that it has seen, at whichever member lives. A member that is silent is asked now and then whether
//! it is still one of a majority: a watch does not tell.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use tapgate_core::ledger::RecordName;
use tapgate_core::ledger::etcd::{Cancelled, Happened, Told, Unread};
use tapgate_core::names::{Identity, UserName};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{sleep, timeout};

use super::cluster::Why;
use super::connection::{Lines, Trouble};
use super::difference::Change;
use super::error::{LedgerError, told};
use super::options::Place;
use super::site::{PassKeys, Site};
use crate::error::Error;
use crate::exit::Exit;
use crate::world::{World, json_line};

const EXAMPLES: &str = "\
Runs until it is told to stop (Ctrl-C). Times are those at which the change was told here. Who a record belongs to is told with \
`--user`, and where the policy lists users. After a member was lost a change may be told twice, never not at all, unless etcd has \
compacted it away, which is said.

Examples:
  tapgate ledger watch --policy policy.yaml
  tapgate ledger watch --policy policy.yaml --user alice@example.com --json | jq .changes";

/// How long a member may be silent before it is asked whether it lives.
const QUIET: Duration = Duration::from_secs(5);

/// How long to wait before the next member is tried.
const PAUSE: Duration = Duration::from_millis(300);

/// How often in a row members may answer what makes no sense, each.
const PATIENCE: usize = 3;

/// Follow changes as they happen
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    #[command(flatten)]
    place: Place,
    /// Only changes of this user's record
    #[arg(long, short, value_name = "USER")]
    user: Option<UserName>,
    /// Stop after so many changes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    changes: Option<u64>,
    /// Print JSON Lines: {time, record, user, revision, changes}
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    time: String,
    record: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    revision: u64,
    changes: Vec<Change>,
}

struct Follower {
    site: Site,
    /// The one record that is watched.
    name: Option<RecordName>,
    names: BTreeMap<RecordName, Identity>,
    json: bool,
    /// How many changes are still to be told.
    left: Option<u64>,
    /// The revision that is told next.
    from: u64,
}

/// How a process is told to stop.
struct Signals(Signal, Signal);

impl Signals {
    async fn stop(&mut self) {
        tokio::select! {
            _ = self.0.recv() => {}
            _ = self.1.recv() => {}
        }
    }
}

/// How a watch at one member ended.
enum End {
    /// It is told to stop, or has told enough.
    Stop,
    /// The member is of no use any more.
    Lost(Trouble),
    /// It goes on at once, at the same member.
    Again,
}

pub(super) async fn run(options: &Options, world: &mut World<'_>) -> Result<Exit, Error> {
    let mut site = Site::open(&options.place, PassKeys::StoodInFor, world)?;
    let mut names = site.names();
    let mut name = None;
    if let Some(user) = &options.user {
        let identity = site.identity(user, world)?;
        let record = RecordName::of(&site.policy.tenant, &identity);
        names.insert(record, identity);
        name = Some(record);
    }
    let listen = |kind| signal(kind).map_err(LedgerError::Machine);
    let mut signals = Signals(listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    let census = site.cluster.ask(&site.keyspace.records().counting()).await?;
    let (records, revision, here) = (census.count, census.revision, site.cluster.here());
    world.note(format_args!("watching from revision {revision} on, of {records} records, at {here}"));
    let (json, left, from) = (options.json, options.changes, revision.saturating_add(1));
    Follower { site, name, names, json, left, from }.follow(&mut signals, world).await
}

impl Follower {
    async fn follow(mut self, signals: &mut Signals, world: &mut World<'_>) -> Result<Exit, Error> {
        // What does not pass by itself, in a row.
        let mut senseless = 0_usize;
        let mut renewed = false;
        let most = self.site.cluster.members.len().saturating_mul(PATIENCE);
        loop {
            let from = self.from;
            let end = tokio::select! {
                () = signals.stop() => return Ok(Exit::Done),
                end = self.at_one(&mut renewed, world) => end?,
            };
            let trouble = match end {
                End::Stop => return Ok(Exit::Done),
                End::Again => continue,
                End::Lost(trouble) => trouble,
            };
            let lost = format!("{}: {}", self.site.cluster.here(), told(&trouble));
            senseless = if self.from > from || trouble.may_pass() { 0 } else { senseless.saturating_add(1) };
            if senseless >= most {
                return Err(LedgerError::WatchEnded(lost).into());
            }
            self.site.cluster.move_on();
            world.warn(format_args!("{lost}; going on from revision {} at {}", self.from, self.site.cluster.here()));
            tokio::select! {
                () = signals.stop() => return Ok(Exit::Done),
                () = sleep(PAUSE) => {}
            }
        }
    }

    /// Follows at the member whose turn it is, for as long as it tells.
    async fn at_one(&mut self, renewed: &mut bool, world: &mut World<'_>) -> Result<End, Error> {
        let watch = self.site.keyspace.watch(self.name.as_ref(), self.from);
        let mut lines = match self.site.cluster.watch(&watch).await {
            Ok(lines) => lines,
            Err(Why::Trouble(trouble)) => return Ok(End::Lost(trouble)),
            Err(Why::Fatal(error)) => return Err(error.into()),
        };
        loop {
            let line = match self.next(&mut lines).await? {
                Ok(line) => line,
                Err(trouble) => return Ok(End::Lost(trouble)),
            };
            let told = match watch.read(&line) {
                Ok(told) => told,
                Err(Unread::Unauthenticated) => return self.renew(renewed),
                Err(Unread::Senseless(part)) => return Ok(End::Lost(Trouble::Senseless(part))),
                Err(Unread::Refused) => return Ok(End::Lost(Trouble::Senseless("`error`, in place of a change"))),
            };
            if !told.events.is_empty() {
                *renewed = false;
            }
            if self.tell(&told, world)? {
                return Ok(End::Stop);
            }
            match told.cancelled {
                None => {}
                Some(Cancelled::Compacted(revision)) => {
                    let last = revision.saturating_sub(1);
                    world.warn(format_args!("skipped revisions {} to {last}: etcd has compacted them away", self.from));
                    // One that does not lie ahead would be asked for again and again.
                    if revision <= self.from {
                        return Ok(End::Lost(Trouble::Senseless("`compact_revision`, which is not ahead")));
                    }
                    self.from = revision;
                    return Ok(End::Again);
                }
                Some(Cancelled::Unauthenticated) => return self.renew(renewed),
                Some(Cancelled::Because(reason)) if reason.contains("permission denied") => {
                    return Err(self.site.cluster.denied().into());
                }
                Some(Cancelled::Because(reason)) => {
                    let ended = format!("{} says: {reason}", self.site.cluster.here());
                    return Err(LedgerError::WatchEnded(ended).into());
                }
            }
        }
    }

    fn renew(&mut self, renewed: &mut bool) -> Result<End, Error> {
        match self.site.cluster.renew(renewed) {
            Ok(()) => Ok(End::Again),
            Err(Why::Trouble(trouble)) => Ok(End::Lost(trouble)),
            Err(Why::Fatal(error)) => Err(error.into()),
        }
    }

    /// The next line. Where none comes, the member is asked for something that only one of a majority can tell.
    async fn next(&mut self, lines: &mut Lines) -> Result<Result<Vec<u8>, Trouble>, Error> {
        loop {
            if let Ok(line) = timeout(QUIET, lines.next()).await {
                return Ok(line);
            }
            match self.site.cluster.ask_here(&self.site.keyspace.records().counting()).await {
                Ok(_) => {}
                Err(Why::Trouble(trouble)) => return Ok(Err(trouble)),
                Err(Why::Fatal(error)) => return Err(error.into()),
            }
        }
    }

    /// Tells what has happened, and whether that is enough.
    fn tell(&mut self, told: &Told, world: &mut World<'_>) -> Result<bool, Error> {
        for happened in &told.events {
            if !self.one(happened, world)? {
                return Ok(true);
            }
            if !told.fragment {
                self.from = self.from.max(happened.revision.saturating_add(1));
            }
            self.left = self.left.map(|left| left.saturating_sub(1));
            if self.left == Some(0) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Tells of one change, and whether anybody still reads that.
    fn one(&self, happened: &Happened, world: &mut World<'_>) -> Result<bool, Error> {
        let now = world.clock()?;
        let name = self.site.keyspace.name_of(&happened.key);
        let user = name.as_ref().and_then(|name| self.names.get(name)).map(ToString::to_string);
        let changes = Change::all_of(happened, now);
        let record = name.map(|name| name.to_string());
        if self.json {
            let (time, revision) = (now.to_string(), happened.revision);
            world.tell(json_line(&Report { time, record, user, revision, changes })?)
        } else {
            let whose = user.or(record).unwrap_or_else(|| String::from_utf8_lossy(&happened.key).into_owned());
            let changes = changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            world.tell(format_args!("{now}  {whose}  {changes}"))
        }
    }
}

//! `tapgate ledger export`: every record as JSON Lines, all as they stood at one revision.

use std::fs::Permissions;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use tapgate_core::ledger::etcd::{Kept, PAGE};
use tapgate_core::time::UnixSeconds;
use tempfile::NamedTempFile;

use super::error::LedgerError;
use super::options::Place;
use super::report::RecordReport;
use super::show::UNREADABLE;
use super::site::{PassKeys, Site};
use crate::error::Error;
use crate::exit::Exit;
use crate::world::{World, json_line};

const EXAMPLES: &str = "\
The first line is of the ledger: {tenant, birth, revision, time, records}; each further one is a record. Who a record belongs to is \
told where the policy lists users; a record's name cannot be turned back into a user. There is no pass, code, key or cookie in it.

Examples:
  tapgate ledger export --policy policy.yaml --output ledger.jsonl
  tapgate ledger export --policy policy.yaml | jq -c 'select(.state == \"reserved\")'";

/// How often a person at a terminal is told how far it is, in seconds.
const TELL_EVERY: u64 = 2;

/// Write every record as JSON Lines
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    #[command(flatten)]
    place: Place,
    /// Where to; only its owner may read it, and it is there whole or not at all
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ledger {
    tenant: String,
    birth: Option<String>,
    /// Every record is as it stood at this revision.
    revision: u64,
    time: String,
    records: u64,
}

/// A key that is no record that reads.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Broken {
    key: String,
    revision: u64,
    error: &'static str,
}

/// Where lines go.
enum Sink {
    Stdout,
    File(NamedTempFile, PathBuf),
}

pub(super) async fn run(options: &Options, world: &mut World<'_>) -> Result<Exit, Error> {
    let mut site = Site::open(&options.place, PassKeys::StoodInFor, world)?;
    let mut sink = Sink::open(options.output.as_deref())?;
    let names = site.names();
    let now = world.clock()?;
    let census = site.cluster.ask(&site.keyspace.records().counting()).await?;
    let (revision, records) = (census.revision, census.count);
    let birth = site.cluster.ask(&site.keyspace.birth().at(revision)).await?.birth().ok().flatten();
    let (tenant, birth) = (site.policy.tenant.to_string(), birth.map(|birth| birth.to_string()));
    sink.line(&Ledger { tenant: tenant.clone(), birth, revision, time: now.to_string(), records }, world)?;

    let (mut written, mut broken, mut told) = (0_u64, 0_u64, now);
    let mut page = site.keyspace.records();
    loop {
        let found = site.cluster.ask(&page.clone().at(revision).limit(PAGE)).await?;
        for kept in &found.kept {
            written = written.saturating_add(1);
            if !line(&site, kept, &names, now, &mut sink, world)? {
                broken = broken.saturating_add(1);
            }
        }
        let Some(last) = found.kept.last().filter(|_| found.more) else { break };
        page = site.keyspace.records().behind(&last.key);
        let time = world.clock()?;
        if world.watched && time.since(told).get() >= TELL_EVERY {
            world.note(format_args!("{written} of {records} records"));
            told = time;
        }
    }
    sink.close()?;
    let s = if written == 1 { "" } else { "s" };
    world.note(format_args!("{written} record{s} of {tenant}, all as they stood at revision {revision}"));
    if broken > 0 {
        world.warn(format_args!("{broken} of them do not read; look for `error`"));
        return Ok(Exit::Findings);
    }
    Ok(Exit::Done)
}

/// Writes a record's line, and says whether it reads.
fn line(
    site: &Site,
    kept: &Kept,
    names: &std::collections::BTreeMap<tapgate_core::ledger::RecordName, tapgate_core::names::Identity>,
    now: UnixSeconds,
    sink: &mut Sink,
    world: &mut World<'_>,
) -> Result<bool, Error> {
    let (name, revision) = (site.keyspace.name_of(&kept.key), kept.version.0);
    let key = || String::from_utf8_lossy(&kept.key).into_owned();
    match (name, kept.record()) {
        (Some(name), Ok(record)) => {
            sink.line(&RecordReport::of(&name, names.get(&name), revision, &record, now), world)?;
            return Ok(true);
        }
        (Some(_), Err(_)) => sink.line(&Broken { key: key(), revision, error: UNREADABLE }, world)?,
        (None, _) => sink.line(&Broken { key: key(), revision, error: "no gateway writes such a key" }, world)?,
    }
    Ok(false)
}

impl Sink {
    fn open(path: Option<&Path>) -> Result<Self, LedgerError> {
        let Some(path) = path else { return Ok(Self::Stdout) };
        let failed = |source| LedgerError::Output { path: path.to_owned(), source };
        // Beside it, so that it can be renamed.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = tempfile::Builder::new()
            .prefix(".tapgate-ledger-")
            .permissions(Permissions::from_mode(0o600))
            .tempfile_in(folder)
            .map_err(failed)?;
        Ok(Self::File(file, path.to_owned()))
    }

    fn line(&mut self, value: &impl Serialize, world: &mut World<'_>) -> Result<(), Error> {
        match self {
            Self::Stdout => world.print_json_line(value),
            Self::File(file, path) => {
                let line = json_line(value)?;
                writeln!(file, "{line}").map_err(|source| LedgerError::Output { path: path.clone(), source }.into())
            }
        }
    }

    /// Gives the file its name, once all of it is on the disk.
    fn close(self) -> Result<(), LedgerError> {
        let Self::File(file, path) = self else { return Ok(()) };
        let failed = |source| LedgerError::Output { path: path.clone(), source };
        file.as_file().sync_all().map_err(failed)?;
        file.persist(&path).map(drop).map_err(|error| failed(error.error))
    }
}

//! What is told of each row: a line in the result file, a line to the person, a number in the summary.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;
use tapgate_core::time::UnixSeconds;

use crate::error::{Error, Failure};
use crate::exit::Exit;
use crate::pass::method::Method;
use crate::world::{World, json_line};

/// The most of a former result file that is read, in bytes.
const MOST_BYTES: u64 = 256 << 20;

/// What came of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    /// A pass is issued.
    Issued,
    /// A run before this one has issued it.
    IssuedBefore,
    /// A pass would be issued.
    WouldIssue,
    /// There is something wrong with the row, or the gateway refuses it.
    Refused,
    /// Nobody knows: the gateway could not be asked, or the sheet not be written.
    Failed,
}

/// A row's line in the result file. It has no code.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    pub(super) line: u64,
    pub(super) user: String,
    pub(super) status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pass: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) end: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
}

impl Outcome {
    pub(super) fn of(line: u64, user: String, status: Status) -> Self {
        Self { line, user, status, pass: None, start: None, end: None, reason: None }
    }

    pub(super) fn with(self, pass: &Method) -> Self {
        let told = |moment: UnixSeconds| Some(moment.to_string());
        Self { pass: Some(pass.id.to_string()), start: told(pass.start), end: told(pass.end), ..self }
    }

    pub(super) fn because(self, reason: String) -> Self {
        Self { reason: Some(reason), ..self }
    }
}

/// A mail's line there.
#[derive(Serialize)]
struct Mailed<'a> {
    mailed: &'a str,
    passes: &'a [String],
}

/// Why the results cannot be kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum ResultError {
    #[error("cannot read `{}`, which a run before this one has written", .path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write `{}`", .path.display())]
    Write { path: PathBuf, source: io::Error },
}

impl Failure for ResultError {
    fn exit(&self) -> Exit {
        Exit::Failed
    }
}

/// The result file, if there is one: whole lines, each written at once, behind those of runs before.
pub(super) struct Results {
    file: Option<(File, PathBuf)>,
    /// The passes that a run before this one has mailed.
    mailed: BTreeSet<String>,
}

impl Results {
    pub(super) fn open(path: Option<&Path>) -> Result<Self, ResultError> {
        let Some(path) = path else { return Ok(Self { file: None, mailed: BTreeSet::new() }) };
        let failed = |source| ResultError::Write { path: path.to_owned(), source };
        let mut file = OpenOptions::new().create(true).read(true).append(true).open(path).map_err(failed)?;
        let (mailed, whole) = mailed(&file).map_err(|source| ResultError::Read { path: path.to_owned(), source })?;
        // A run that was killed while it wrote has left half a line.
        if !whole {
            file.write_all(b"\n").map_err(failed)?;
        }
        Ok(Self { file: Some((file, path.to_owned())), mailed })
    }

    pub(super) fn was_mailed(&self, pass: &str) -> bool {
        self.mailed.contains(pass)
    }

    pub(super) fn add(&mut self, outcome: &Outcome) -> Result<(), Error> {
        self.line(outcome)
    }

    pub(super) fn mailed(&mut self, to: &str, passes: &[String]) -> Result<(), Error> {
        self.line(&Mailed { mailed: to, passes })
    }

    fn line(&mut self, line: &impl Serialize) -> Result<(), Error> {
        let Some((file, path)) = &mut self.file else { return Ok(()) };
        let line = format!("{}\n", json_line(line)?);
        let written = file.write_all(line.as_bytes());
        written.map_err(|source| ResultError::Write { path: path.clone(), source }.into())
    }
}

/// The passes that former runs have mailed, and whether the file ends with a whole line.
fn mailed(file: &File) -> io::Result<(BTreeSet<String>, bool)> {
    let mut passes = BTreeSet::new();
    let mut reader = BufReader::new(file).take(MOST_BYTES);
    let mut whole = true;
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        whole = line.ends_with(b"\n");
        // What is no JSON is half a line.
        if let Ok(value) = serde_json::from_slice::<Value>(&line)
            && value.get("mailed").is_some()
        {
            let ids = value.get("passes").and_then(Value::as_array).into_iter().flatten();
            passes.extend(ids.filter_map(Value::as_str).map(str::to_owned));
        }
        line.clear();
    }
    Ok((passes, whole))
}

/// How many rows came to what.
#[derive(Debug, Default)]
pub(super) struct Summary {
    pub(super) rows: usize,
    pub(super) issued: usize,
    pub(super) before: usize,
    pub(super) would: usize,
    pub(super) refused: usize,
    pub(super) failed: usize,
    pub(super) sheets: usize,
    pub(super) mails: usize,
    /// Why it stopped before its end.
    pub(super) stopped: Option<Exit>,
}

impl Summary {
    pub(super) fn count(&mut self, status: Status) {
        let place = match status {
            Status::Issued => &mut self.issued,
            Status::IssuedBefore => &mut self.before,
            Status::WouldIssue => &mut self.would,
            Status::Refused => &mut self.refused,
            Status::Failed => &mut self.failed,
        };
        *place = place.saturating_add(1);
    }

    /// How many rows have been dealt with.
    pub(super) fn done(&self) -> usize {
        [self.issued, self.before, self.would, self.refused, self.failed].into_iter().fold(0, usize::saturating_add)
    }

    pub(super) fn tell(&self, dry_run: bool, world: &mut World<'_>) -> Result<Exit, Error> {
        world.print(format_args!("joiners        {}", self.rows))?;
        if dry_run {
            world.print(format_args!("would issue    {}", self.would))?;
        } else {
            world.print(format_args!("issued         {}", self.issued))?;
        }
        world.print(format_args!("issued before  {}", self.before))?;
        world.print(format_args!("refused        {}", self.refused))?;
        let not_tried = self.rows.saturating_sub(self.done());
        for (name, count) in
            [("failed", self.failed), ("not tried", not_tried), ("sheets", self.sheets), ("mails", self.mails)]
        {
            if count > 0 {
                world.print(format_args!("{name:<15}{count}"))?;
            }
        }
        Ok(match (self.stopped, self.failed, self.refused) {
            (Some(exit), _, _) => exit,
            (None, 1.., _) => Exit::Failed,
            (None, 0, 1..) => Exit::Findings,
            (None, 0, 0) => Exit::Done,
        })
    }
}

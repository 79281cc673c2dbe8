//! The tests of several packages, built by one call of cargo and run one by one.
//!
//! One call, because cargo builds a dependency anew for each set of features that the packages of a call ask for together, and
//! the wasm engine takes minutes.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use cargo_metadata::{Message, MetadataCommand};

use super::Run;
use super::tally::Tally;
use crate::process::{say, shown};
use crate::workspace::Workspace;

/// A program with tests in it.
struct Program {
    /// Which target it was made of: the library or a test.
    target: String,
    path: PathBuf,
    /// Where cargo would run it.
    folder: PathBuf,
}

/// The programs of each package.
pub(super) struct Built<'a> {
    workspace: &'a Workspace,
    programs: BTreeMap<String, Vec<Program>>,
    packages: Vec<&'static str>,
}

impl<'a> Built<'a> {
    /// Builds the tests of these packages, and the programs that integration tests start.
    ///
    /// # Errors
    /// If they do not build; cargo has said why.
    pub(super) fn new(workspace: &'a Workspace, packages: &[&'static str]) -> Result<Self> {
        let names = MetadataCommand::new().current_dir(workspace.root()).no_deps().exec().context("cargo metadata")?;
        let names: BTreeMap<_, _> = names.packages.iter().map(|package| (&package.id, package.name.as_str())).collect();
        let mut command = workspace.cargo();
        command.args(["test", "--no-run", "--message-format", "json-render-diagnostics"]).args(selection(packages));
        let line = shown(&command);
        say(format_args!("building the tests of {} (the first time takes some minutes)", packages.join(", ")));
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting `{line}`"))?;
        let output = child.stdout.take().context("no output to read")?;
        let mut programs: BTreeMap<String, Vec<Program>> = BTreeMap::new();
        for message in Message::parse_stream(BufReader::new(output)) {
            let Message::CompilerArtifact(artifact) = message.with_context(|| format!("reading from `{line}`"))? else {
                continue;
            };
            let name = names.get(&artifact.package_id);
            if let (true, Some(path), Some(name)) = (artifact.profile.test, artifact.executable, name) {
                let folder = artifact.manifest_path.parent().map(|folder| folder.as_std_path().to_owned());
                let folder = folder.context("a manifest lies in a folder")?;
                let program = Program { target: artifact.target.name, path: path.into_std_path_buf(), folder };
                programs.entry((*name).to_owned()).or_default().push(program);
            }
        }
        if !child.wait().with_context(|| format!("waiting for `{line}`"))?.success() {
            bail!("`{line}` failed");
        }
        Ok(Self { workspace, programs, packages: packages.to_vec() })
    }

    /// Runs what a run names.
    pub(super) fn run(&self, run: &Run) -> Result<Tally> {
        let (mut tally, mut success) = (Tally::default(), true);
        for program in self.programs.get(run.package).into_iter().flatten() {
            let named = run.target.is_none_or(|target| target == program.target);
            if !named || run.but.contains(&program.target.as_str()) {
                continue;
            }
            say(format_args!("{}: {}", run.package, program.target));
            let mut command = Command::new(&program.path);
            command.args(run.arguments).current_dir(&program.folder).env("CARGO_MANIFEST_DIR", &program.folder);
            let (counted, good) = counted(&mut command)?;
            tally.add(counted);
            success &= good;
        }
        Ok(tally.judged(success))
    }

    /// Runs the examples in the documentation of all packages.
    pub(super) fn examples(&self) -> Result<Tally> {
        let mut command = self.workspace.cargo();
        command.args(["test", "--doc", "--no-fail-fast"]).args(selection(&self.packages));
        let (tally, success) = counted(&mut command)?;
        // There may be none in the packages that were chosen.
        Ok(if success { tally } else { tally.judged(false) })
    }
}

/// Packages as arguments of cargo.
fn selection(packages: &[&'static str]) -> impl Iterator<Item = &'static str> {
    packages.iter().flat_map(|package| ["--package", *package])
}

/// Runs tests, shows what they print, and counts; and whether they say that all is well.
fn counted(command: &mut Command) -> Result<(Tally, bool)> {
    let line = shown(command);
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().with_context(|| format!("starting `{line}`"))?;
    let output = child.stdout.take().context("no output to read")?;
    let mut tally = Tally::default();
    for text in BufReader::new(output).split(b'\n') {
        let text = text.with_context(|| format!("reading from `{line}`"))?;
        let text = String::from_utf8_lossy(&text);
        println!("{text}");
        tally.add(Tally::of_line(&text).unwrap_or_default());
    }
    Ok((tally, child.wait().with_context(|| format!("waiting for `{line}`"))?.success()))
}

//! What goes into people's hands: a sheet for each joiner, in a folder or by mail to their manager.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tapgate_core::policy::Policy;
use tapgate_core::time::UnixSeconds;
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use super::Options;
use super::mail::Mailer;
use super::outcome::{Results, Summary};
use super::rows::{Line, Row};
use crate::error::{Error, Failure};
use crate::exit::Exit;
use crate::pass::error::PassError;
use crate::pass::method::{Method, grouped};
use crate::pass::sheet::{self, Place, Sheet};
use crate::pass::words::Language;
use crate::qr;
use crate::world::World;

/// What a file's name may hold of a user's as it is.
const NAME: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'@');

/// A joiner and the pass that they have. It has no `Debug`: the pass has a code.
pub(super) struct Handed {
    /// Where in the list they stand.
    pub(super) line: u64,
    pub(super) row: Row,
    pub(super) pass: Method,
    /// Whether a run before this one has issued it.
    pub(super) again: bool,
}

/// Where sheets go, and what is the same on all of them.
pub(super) struct HandOver<'a> {
    policy: Option<&'a Policy>,
    sign_in: &'a str,
    qr: qr::Path,
    language: Language,
    folder: Option<&'a Path>,
    mailer: Option<Mailer>,
}

/// Why a sheet is not where it should be.
#[derive(Debug, thiserror::Error)]
pub(super) enum HandOverError {
    #[error("cannot write into `{}`", .folder.display())]
    Folder { folder: PathBuf, source: io::Error },
    #[error("cannot write the sheet `{}`", .path.display())]
    Sheet { path: PathBuf, source: io::Error },
    #[error("{0}")]
    Page(#[from] PassError),
}

impl Failure for HandOverError {
    fn exit(&self) -> Exit {
        Exit::Failed
    }
}

impl<'a> HandOver<'a> {
    /// Sees to it that sheets can be written and mails be sent, before anything is issued.
    pub(super) fn of(
        options: &'a Options,
        policy: Option<&'a Policy>,
        sign_in: &'a str,
        world: &mut World<'_>,
    ) -> Result<Self, Error> {
        let folder = options.sheets.as_deref();
        if let Some(folder) = folder {
            let failed = |source| HandOverError::Folder { folder: folder.to_owned(), source };
            make_private(folder).map_err(failed)?;
            NamedTempFile::new_in(folder).map_err(failed)?;
        }
        let mailer = Mailer::of(options, world)?;
        let qr = sheet::qr(sign_in)?;
        Ok(Self { policy, sign_in, qr, language: options.language, folder, mailer })
    }

    /// Whoever's manager cannot be mailed is not issued a pass that nobody would hear of.
    pub(super) fn refuse_unreachable(&self, lines: &mut [Line]) {
        if self.mailer.is_none() {
            return;
        }
        for line in lines {
            let reachable = |row: &Row| row.manager.as_deref().is_some_and(Mailer::knows);
            if line.row.as_ref().is_ok_and(|row| !reachable(row)) {
                line.row = Err("there is no manager with a mail address to hand the pass over".to_owned());
            }
        }
    }

    /// Whether somebody's pass could still be used, and neither a sheet nor a mail has ever had its code.
    pub(super) fn is_without(&self, row: &Row, pass: &Method, results: &Results) -> bool {
        let wanted = self.folder.is_some() || self.mailer.is_some();
        let sheet = self.folder.is_some_and(|folder| folder.join(file_name(row)).exists());
        let open = pass.usable || pass.reason == "NotYetValid";
        wanted && open && !sheet && !results.was_mailed(pass.id.as_str())
    }

    /// Writes a joiner's sheet, where they are wanted; whether it was. One that is there from a run before stays.
    pub(super) fn sheet(&self, joiner: &Handed, now: UnixSeconds) -> Result<bool, HandOverError> {
        let Some(folder) = self.folder else { return Ok(false) };
        let path = folder.join(file_name(&joiner.row));
        if joiner.again && has_code(&path, &joiner.pass) {
            return Ok(false);
        }
        let page = self.page(joiner, now)?;
        let failed = |source| HandOverError::Sheet { path: path.clone(), source };
        // Temporary files are 0600, and get their name once they are whole.
        let mut file = NamedTempFile::new_in(folder).map_err(failed)?;
        file.write_all(page.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
        file.persist(&path).map_err(|error| failed(error.error))?;
        Ok(true)
    }

    fn page(&self, Handed { row, pass, .. }: &Handed, now: UnixSeconds) -> Result<Zeroizing<String>, PassError> {
        let language = row.language.unwrap_or(self.language);
        let place = Place::of_policy(self.policy, self.sign_in, &self.qr);
        Sheet::of(place, language, (&row.user, pass), |moment| row.hired.local(moment, language), now).html()
    }

    /// Mails every manager what is theirs and has not been mailed before.
    pub(super) async fn mail(
        &self,
        handed: &[Handed],
        results: &mut Results,
        summary: &mut Summary,
        world: &mut World<'_>,
    ) -> Result<(), Error> {
        let Some(mailer) = &self.mailer else { return Ok(()) };
        let now = world.clock()?;
        let mut fresh: Vec<&Handed> =
            handed.iter().filter(|joiner| !results.was_mailed(joiner.pass.id.as_str())).collect();
        // Answers came in whatever order.
        fresh.sort_by_key(|joiner| joiner.line);
        for (manager, joiners) in mailer.by_manager(&fresh) {
            let mut pages = Vec::new();
            for joiner in &joiners {
                pages.push((file_name(&joiner.row), self.page(joiner, now)?));
            }
            let place = Place::of_policy(self.policy, self.sign_in, &self.qr);
            match mailer.send(&manager, &place, &joiners, pages).await {
                Ok(()) => {
                    summary.mails = summary.mails.saturating_add(1);
                    let passes: Vec<String> = joiners.iter().map(|joiner| joiner.pass.id.to_string()).collect();
                    results.mailed(&manager, &passes)?;
                }
                Err(error) => {
                    summary.stopped = Some(Exit::Failed);
                    let error = Error::from(error).line();
                    world.warn(format_args!("the mail to {manager} did not go: {error}; run this again"));
                }
            }
        }
        Ok(())
    }
}

/// Whether a sheet is there, and is this pass's: one of an earlier hiring has another code.
fn has_code(path: &Path, pass: &Method) -> bool {
    let code = pass.code.as_ref().map(|code| Zeroizing::new(grouped(code).join(" ")));
    let page = fs::read_to_string(path).map(Zeroizing::new);
    code.zip(page.ok()).is_some_and(|(code, page)| page.contains(code.as_str()))
}

fn file_name(row: &Row) -> String {
    format!("{}.html", utf8_percent_encode(row.user.as_str(), NAME))
}

/// A folder of nobody else's to read, if it has to be made.
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    if folder.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().mode(0o700).create(folder)
}

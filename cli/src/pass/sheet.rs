//! The hand-over sheet: one page of paper with the code, for the person whose pass it is. No script, nothing from the network, and no
//! file that was not asked for.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use askama::Template;
use tapgate_core::names::UserName;
use tapgate_core::policy::Policy;
use tapgate_core::time::UnixSeconds;
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use super::error::PassError;
use super::method::{Method, grouped};
use super::words::{Language, Words};
use super::zone::{Zone, in_figures, in_words};
use crate::error::Error;
use crate::qr;
use crate::world::World;

/// What the sheet takes.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Hand-over sheet")]
pub(super) struct SheetOptions {
    /// Write a page of HTML to print and hand over, code included; `-` writes it to standard output and nothing else
    #[arg(long, value_name = "FILE")]
    sheet: Option<PathBuf>,
    /// Write over a file that exists
    #[arg(long, requires = "sheet")]
    force: bool,
    /// Local times, too: how far they are from UTC, as in +01:00
    #[arg(long, value_name = "OFFSET", allow_hyphen_values = true, requires = "sheet")]
    pub(super) zone: Option<Zone>,
    /// The organisation's name [default: the policy's `pages.name`]
    #[arg(long, value_name = "TEXT", requires = "sheet")]
    organisation: Option<String>,
    /// Whom to ask [default: the policy's `pages.contact`]
    #[arg(long, value_name = "TEXT", requires = "sheet")]
    contact: Option<String>,
}

/// Where a sheet goes.
pub(super) enum Output {
    Standard,
    /// A file of nobody else's to read, which gets its name once it is whole.
    File {
        file: NamedTempFile,
        path: PathBuf,
        force: bool,
    },
}

impl SheetOptions {
    /// Sees to it that the sheet can be written.
    pub(super) fn output(&self) -> Result<Option<Output>, PassError> {
        let Some(path) = &self.sheet else { return Ok(None) };
        if path.as_os_str() == "-" {
            return Ok(Some(Output::Standard));
        }
        if !self.force && fs::symlink_metadata(path).is_ok() {
            return Err(PassError::Exists(path.clone()));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let failed = |source| PassError::Output { path: path.clone(), source };
        // Temporary files are 0600, and stay so.
        let file = NamedTempFile::new_in(folder).map_err(failed)?;
        Ok(Some(Output::File { file, path: path.clone(), force: self.force }))
    }
}

impl Output {
    pub(super) fn deliver(self, html: &str, world: &mut World<'_>) -> Result<(), Error> {
        match self {
            Self::Standard => html.lines().try_for_each(|line| world.print(line)),
            Self::File { mut file, path, force } => {
                let failed = |source: io::Error| PassError::Output { path: path.clone(), source };
                file.write_all(html.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
                let named = if force { file.persist(&path) } else { file.persist_noclobber(&path) };
                named.map_err(|error| match error.error.kind() {
                    io::ErrorKind::AlreadyExists => PassError::Exists(path.clone()),
                    _ => failed(error.error),
                })?;
                world.note(format_args!(
                    "the sheet is in `{}`, code included: delete it once it is printed",
                    path.display()
                ));
                Ok(())
            }
        }
    }
}

/// The QR code of the sign-in page's address. The code itself is never in one: it is typed.
pub(crate) fn qr(address: &str) -> Result<qr::Path, PassError> {
    qr::path(address).ok_or(PassError::NoQrCode)
}

/// What is the same on all sheets of a place.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) organisation: Option<&'a str>,
    pub(crate) contact: Option<&'a str>,
    pub(crate) help: Option<&'a str>,
    /// How long a session lasts in which to register, in minutes, where that is known.
    pub(crate) window: Option<u32>,
    /// The sign-in page.
    pub(crate) address: &'a str,
    pub(crate) qr: &'a qr::Path,
}

impl<'a> Place<'a> {
    /// As the options say, and otherwise the policy.
    pub(super) fn of(
        options: &'a SheetOptions,
        policy: Option<&'a Policy>,
        address: &'a str,
        qr: &'a qr::Path,
    ) -> Self {
        let place = Self::of_policy(policy, address, qr);
        Self {
            organisation: options.organisation.as_deref().or(place.organisation),
            contact: options.contact.as_deref().or(place.contact),
            ..place
        }
    }

    /// As the policy says.
    pub(crate) fn of_policy(policy: Option<&'a Policy>, address: &'a str, qr: &'a qr::Path) -> Self {
        let pages = policy.map(|policy| &policy.pages);
        Self {
            organisation: pages.map(|pages| pages.name.as_str()),
            contact: pages.and_then(|pages| pages.contact.as_deref()),
            help: pages.and_then(|pages| pages.help.as_deref()),
            window: policy.map(|policy| policy.registration.window.get()),
            address,
            qr,
        }
    }
}

/// What is on a sheet. Everything is escaped by the template.
#[derive(Template)]
#[template(path = "sheet.html")]
pub(crate) struct Sheet<'a> {
    words: &'static Words,
    place: Place<'a>,
    user: &'a str,
    groups: Vec<&'a str>,
    once: bool,
    /// Whether it has started by the time it is printed.
    started: bool,
    start: String,
    end: String,
    local_start: Option<String>,
    local_end: Option<String>,
    /// Around the end: what is to be done by then.
    register: (String, &'static str),
}

impl<'a> Sheet<'a> {
    /// `local` tells a time as whoever reads the sheet has it, where that is known.
    pub(crate) fn of(
        place: Place<'a>,
        language: Language,
        (user, pass): (&'a UserName, &'a Method),
        local: impl Fn(UnixSeconds) -> Option<String>,
        now: UnixSeconds,
    ) -> Self {
        let words = language.words();
        let universal =
            |moment| if language == Language::English { in_words(moment, None) } else { in_figures(moment) };
        let register = match place.window {
            Some(window) => (words.register_within.0.replace("{window}", &window.to_string()), words.register_within.1),
            None => (words.register.0.to_owned(), words.register.1),
        };
        Self {
            words,
            place,
            user: user.as_str(),
            groups: pass.code.as_ref().map(|code| grouped(code)).unwrap_or_default(),
            once: pass.once,
            started: pass.start <= now,
            start: universal(pass.start),
            end: universal(pass.end),
            local_start: local(pass.start),
            local_end: local(pass.end),
            register,
        }
    }

    /// The page. It holds the code.
    pub(crate) fn html(&self) -> Result<Zeroizing<String>, PassError> {
        self.render().map(Zeroizing::new).map_err(PassError::Sheet)
    }
}

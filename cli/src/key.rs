//! Where the pass key comes from: an environment variable or a file, never the command line, where every user of the
//! machine can read it. Key bytes stay in `tapgate-core`'s types, which wipe them.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use tapgate_core::key::{KeyBytes, KeyError, KeyRing, Passes};
use tapgate_core::names::KeyId;
use zeroize::Zeroizing;

use crate::error::{Error, Failure};
use crate::exit::Exit;
use crate::option::OptionError;
use crate::world::World;

/// The variable that is looked into if nothing else is said.
const DEFAULT_VARIABLE: &str = "TAPGATE_PASS_KEY";

/// The longest such file that is read: a key of 1024 bytes, in base64, or a token, with room for white space.
const MOST_FILE_BYTES: usize = 4096;

/// The options that name a key.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Key")]
pub(crate) struct KeyOptions {
    /// Environment variable that holds the pass key in base64 [default: TAPGATE_PASS_KEY]
    #[arg(long, value_name = "NAME", conflicts_with = "key_file")]
    key_env: Option<String>,
    /// File that holds the pass key in base64
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// The key's id in the policy, as in `keys: {pass: [{id: pass-1, ...}]}` [env: TAPGATE_PASS_KEY_ID]
    #[arg(long, value_name = "ID")]
    key_id: Option<KeyId>,
}

/// The option that gives a key's id, and the variable that stands in for it.
const KEY_ID: (&str, &str) = ("--key-id", "TAPGATE_PASS_KEY_ID");

/// Why there is no usable key. Never shows any of it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyFailure {
    /// Neither option was given and the default variable is not set.
    #[error(
        "no key: set the environment variable `{DEFAULT_VARIABLE}`, or give `--key-env NAME` or `--key-file FILE` (make a key with `tapgate keygen`)"
    )]
    None,
    /// What was given as a name cannot be one; it might be a key, so it is not repeated.
    #[error(
        "`--key-env` takes the name of an environment variable (letters, digits and `_`); a key itself never belongs on the command line"
    )]
    NotAName,
    /// The named variable is not set.
    #[error("the environment variable `{0}` is not set or empty; set it to the key in base64")]
    NotSet(String),
    /// The file cannot be read.
    #[error("cannot read the {} file `{}`", .what.name(), .path.display())]
    File { what: Secret, path: PathBuf, source: io::Error },
    /// The file is too long for what it should hold.
    #[error("the {} file `{}` has more than {MOST_FILE_BYTES} bytes; it should hold one {}", .what.name(), .path.display(), .what.form())]
    FileTooLong { what: Secret, path: PathBuf },
    /// What was found is not text.
    #[error("{0} does not hold text; a key is written in base64")]
    NotText(Origin),
    /// What was found is no key.
    #[error("{origin} holds no usable key")]
    Unusable { origin: Origin, source: KeyError },
}

impl Failure for KeyFailure {
    fn exit(&self) -> Exit {
        Exit::Key
    }
}

/// What a file holds that nobody else may read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Secret {
    Key,
    Password,
    Token,
}

impl Secret {
    const fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Password => "password",
            Self::Token => "token",
        }
    }

    const fn form(self) -> &'static str {
        match self {
            Self::Key => "key in base64",
            Self::Password => "password",
            Self::Token => "token",
        }
    }
}

/// Where a key came from.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    Variable(String),
    File(PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "the environment variable `{name}`"),
            Self::File(path) => write!(f, "the file `{}`", path.display()),
        }
    }
}

/// A key that has been read.
pub(crate) struct Key {
    bytes: KeyBytes,
    pub(crate) origin: Origin,
}

impl Key {
    /// The ring that holds this key alone. `None` never happens: a ring of one key is not empty.
    pub(crate) fn ring(self, id: KeyId) -> Option<KeyRing<Passes>> {
        KeyRing::new(&[(id, self.bytes)])
    }
}

impl KeyOptions {
    /// The key's id, from the option or the environment.
    pub(crate) fn id(&self, world: &World<'_>) -> Result<Option<KeyId>, Error> {
        if let Some(id) = &self.key_id {
            return Ok(Some(id.clone()));
        }
        let (option, variable) = KEY_ID;
        let Some(text) = world.variable(variable)? else { return Ok(None) };
        text.parse().map(Some).map_err(|source| OptionError::Variable { option, variable, source }.into())
    }

    /// The key's id, which has to be known.
    pub(crate) fn required_id(&self, world: &World<'_>) -> Result<KeyId, Error> {
        let (option, variable) = KEY_ID;
        self.id(world)?.ok_or_else(|| OptionError::Missing { option, variable }.into())
    }

    /// The key, if there is one: an option that names none is an error, an unset default variable is not.
    pub(crate) fn find(&self, world: &mut World<'_>) -> Result<Option<Key>, KeyFailure> {
        let (origin, text) = if let Some(path) = &self.key_file {
            (Origin::File(path.clone()), read_file(Secret::Key, path, world)?)
        } else {
            let name = self.key_env.as_deref().unwrap_or(DEFAULT_VARIABLE);
            if !is_variable_name(name) {
                return Err(KeyFailure::NotAName);
            }
            let value = (world.environment)(name).filter(|value| !value.is_empty());
            match value {
                Some(value) => (Origin::Variable(name.to_owned()), Zeroizing::new(value.into_encoded_bytes())),
                None if self.key_env.is_some() => return Err(KeyFailure::NotSet(name.to_owned())),
                None => return Ok(None),
            }
        };
        let Ok(text) = str::from_utf8(&text) else { return Err(KeyFailure::NotText(origin)) };
        match text.parse() {
            Ok(bytes) => Ok(Some(Key { bytes, origin })),
            Err(source) => Err(KeyFailure::Unusable { origin, source }),
        }
    }

    /// The key, which has to be there.
    pub(crate) fn require(&self, world: &mut World<'_>) -> Result<Key, KeyFailure> {
        self.find(world)?.ok_or(KeyFailure::None)
    }
}

fn is_variable_name(name: &str) -> bool {
    let letters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    // 32 bytes are 43 characters of base64, which might happen to be letters and digits only.
    letters && (1..=40).contains(&name.len()) && !name.starts_with(|first: char| first.is_ascii_digit())
}

/// Reads a file that holds a secret, and warns if everybody can.
pub(crate) fn read_file(what: Secret, path: &Path, world: &mut World<'_>) -> Result<Zeroizing<Vec<u8>>, KeyFailure> {
    let failed = |source| KeyFailure::File { what, path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    if is_readable_by_everyone(&file) {
        let (what, path) = (what.name(), path.display());
        world.warn(format_args!("everyone on this machine can read the {what} file `{path}`: `chmod 600` it"));
    }
    // Room for all of it at once: a buffer that grows leaves copies of the key behind.
    let most = MOST_FILE_BYTES.saturating_add(1);
    let mut text = Zeroizing::new(vec![0; most]);
    let mut filled = 0;
    while let Some(room) = text.get_mut(filled..).filter(|room| !room.is_empty()) {
        match (&file).read(room) {
            Ok(0) => break,
            Ok(read) => filled = filled.saturating_add(read),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
    if filled == most {
        return Err(KeyFailure::FileTooLong { what, path: path.to_owned() });
    }
    text.truncate(filled);
    Ok(text)
}

#[cfg(unix)]
fn is_readable_by_everyone(file: &File) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o004 != 0)
}

#[cfg(not(unix))]
fn is_readable_by_everyone(_: &File) -> bool {
    false
}

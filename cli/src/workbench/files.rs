//! The files of the page, read once: what is on the disk afterwards changes nothing.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use hyper::body::Bytes;

/// The largest file that is read.
const MOST_BYTES: u64 = 16 << 20;

/// What there is: under which path, in which file, of what type.
const FILES: [(&str, &str, &str); 3] = [
    ("/", "index.html", "text/html; charset=utf-8"),
    ("/workbench.css", "workbench.css", "text/css; charset=utf-8"),
    ("/workbench.js", "workbench.js", "text/javascript; charset=utf-8"),
];

/// The page.
pub(super) struct Page(Vec<File>);

/// One of its files.
pub(super) struct File {
    path: &'static str,
    /// Its media type.
    pub(super) kind: &'static str,
    pub(super) bytes: Bytes,
    /// By gzip, where that lies beside it.
    pub(super) compressed: Option<Bytes>,
}

impl Page {
    /// Reads it from a folder; an error names the file.
    pub(super) fn read(folder: &Path) -> Result<Self, (PathBuf, io::Error)> {
        let file = |(path, name, kind): (&'static str, &str, &'static str)| {
            let place = folder.join(name);
            let bytes = bytes(&place).map_err(|error| (place, error))?;
            let beside = folder.join(format!("{name}.gz"));
            let compressed = match self::bytes(&beside) {
                Ok(bytes) => Some(bytes),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err((beside, error)),
            };
            Ok(File { path, kind, bytes, compressed })
        };
        FILES.into_iter().map(file).collect::<Result<_, _>>().map(Self)
    }

    /// What is under a path.
    pub(super) fn file(&self, path: &str) -> Option<&File> {
        let path = if path == "/index.html" { "/" } else { path };
        self.0.iter().find(|file| file.path == path)
    }
}

fn bytes(path: &Path) -> io::Result<Bytes> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(MOST_BYTES.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MOST_BYTES) {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {MOST_BYTES} bytes")));
    }
    Ok(bytes.into())
}

//! Shared data: versioned values in memory, and each of them on the disk before anybody sees it.
//!
//! A value that a swap has written survives the process, however it ends: the write is committed and flushed before the
//! swap is answered. What is read comes from memory. Versions are those of Envoy: one counter for all keys, which skips
//! zero; a swap of an absent key inserts it whatever version it names.
//!
//! After a write that failed nobody knows what is on the disk: the next swap opens it anew and goes by what is there.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::{Database, Durability, ReadableDatabase, ReadableTable, TableDefinition};
use tapgate_host::{SetError, Unavailable};

use crate::error::GatewayError;

/// The file in the data folder.
const FILE: &str = "shared-data.redb";

/// Key to version and value.
const VALUES: TableDefinition<'_, &[u8], (u32, &[u8])> = TableDefinition::new("values");

/// The most keys: a filter that makes up names must not fill the disk.
const MOST_KEYS: usize = 1 << 20;

/// Shared data.
pub(crate) struct Store(Mutex<Kept>);

struct Kept {
    values: Values,
    disk: Disk,
}

#[derive(Default)]
struct Values {
    last: u32,
    by_key: BTreeMap<Vec<u8>, (u32, Vec<u8>)>,
}

/// Where values are besides.
enum Disk {
    /// Nowhere.
    Nowhere,
    /// In a folder.
    Open(PathBuf, Database),
    /// In a folder that could not be written.
    Failed(PathBuf),
}

type Opened = Result<(Values, Database), Box<dyn std::error::Error + Send + Sync>>;

impl Store {
    /// Shared data that ends with the process.
    pub(crate) fn volatile() -> Self {
        Self(Mutex::new(Kept { values: Values::default(), disk: Disk::Nowhere }))
    }

    /// Shared data in a folder, which is made if it is not there. It has one user at a time.
    pub(crate) fn open(folder: &Path) -> Result<Self, GatewayError> {
        let (values, disk) = open(folder).map_err(|cause| GatewayError::Store { folder: folder.to_owned(), cause })?;
        Ok(Self(Mutex::new(Kept { values, disk: Disk::Open(folder.to_owned(), disk) })))
    }

    /// Whether what is written is kept, as far as is known.
    pub(crate) fn keeps(&self) -> bool {
        !matches!(self.lock().disk, Disk::Failed(_))
    }

    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<(Vec<u8>, u32)>, Unavailable> {
        Ok(self.lock().values.by_key.get(key).map(|(version, value)| (value.clone(), *version)))
    }

    pub(crate) fn set(&self, key: &[u8], value: &[u8], version: u32) -> Result<(), SetError> {
        // One lock from the look to the write: swaps are one after another, as on the disk.
        let mut kept = self.lock();
        kept.open_again()?;
        let Kept { values, disk } = &mut *kept;
        let there = values.by_key.get(key).map(|(version, _)| *version);
        if version != 0 && there.is_some_and(|there| there != version) {
            return Err(SetError::Mismatch);
        }
        if there.is_none() && values.by_key.len() >= MOST_KEYS {
            return Err(SetError::Unavailable);
        }
        // The counter has gone round after four thousand million writes; until then no version comes twice.
        let next = values.last.checked_add(1).ok_or(SetError::Unavailable)?;
        if let Disk::Open(folder, open) = disk
            && let Err(error) = write(open, key, value, next)
        {
            tracing::error!("shared data cannot be written: {error}");
            *disk = Disk::Failed(std::mem::take(folder));
            return Err(SetError::Unavailable);
        }
        values.last = next;
        values.by_key.insert(key.to_vec(), (next, value.to_vec()));
        Ok(())
    }

    /// A thread that panicked held no half-made change: a value is put in whole, after the disk has it.
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// After a failed write: goes on with what the disk has, if it works again.
    fn open_again(&mut self) -> Result<(), SetError> {
        let Disk::Failed(folder) = &mut self.disk else { return Ok(()) };
        let (values, disk) = open(folder).map_err(|error| {
            tracing::error!("shared data cannot be opened again: {error}");
            SetError::Unavailable
        })?;
        tracing::warn!("shared data can be written again");
        *self = Self { values, disk: Disk::Open(std::mem::take(folder), disk) };
        Ok(())
    }
}

/// Opens what is in a folder, and reads it.
fn open(folder: &Path) -> Opened {
    make_private(folder)?;
    let disk = Database::create(folder.join(FILE))?;
    // The table must be there for the first reader.
    let write = disk.begin_write()?;
    drop(write.open_table(VALUES)?);
    write.commit()?;
    let mut values = Values::default();
    let read = disk.begin_read()?;
    for entry in read.open_table(VALUES)?.iter()? {
        let (key, value) = entry?;
        let (version, bytes) = value.value();
        values.last = values.last.max(version);
        values.by_key.insert(key.value().to_vec(), (version, bytes.to_vec()));
    }
    drop(read);
    Ok((values, disk))
}

/// Commits one value; when this returns it is on the disk.
fn write(disk: &Database, key: &[u8], value: &[u8], version: u32) -> Result<(), redb::Error> {
    let mut write = disk.begin_write()?;
    // Flushed before the commit returns.
    write.set_durability(Durability::Immediate)?;
    write.open_table(VALUES)?.insert(key, (version, value))?;
    write.commit()?;
    Ok(())
}

/// A folder for nobody else, and whatever the folder is, a file for nobody else: what is in it says who has signed in.
fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(folder.join(FILE))?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    drop(file);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn swaps(store: &Store) {
        assert_eq!(store.get(b"k"), Ok(None));
        assert_eq!(store.set(b"k", b"1", u32::MAX), Ok(()), "an absent key is inserted whatever version is named");
        assert_eq!(store.set(b"k", b"2", u32::MAX), Err(SetError::Mismatch));
        let (value, version) = store.get(b"k").unwrap().unwrap();
        assert_eq!(value, b"1");
        assert_eq!(store.set(b"k", b"2", version), Ok(()));
        assert_eq!(store.set(b"k", b"3", version), Err(SetError::Mismatch));
        assert_eq!(store.set(b"k", b"4", 0), Ok(()));
        assert_eq!(store.get(b"k").unwrap().map(|(value, _)| value), Some(b"4".to_vec()));
    }

    #[test]
    fn swaps_go_as_in_envoy() {
        swaps(&Store::volatile());
        let folder = tempfile::tempdir().unwrap();
        swaps(&Store::open(folder.path()).unwrap());
    }

    #[test]
    fn what_was_written_is_there_again_at_its_version() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        store.set(b"a", b"1", 0).unwrap();
        store.set(b"b", b"2", 0).unwrap();
        let before = (store.get(b"a"), store.get(b"b"));
        assert!(matches!(Store::open(folder.path()), Err(GatewayError::Store { .. })), "one user at a time");
        drop(store);
        let store = Store::open(folder.path()).unwrap();
        assert_eq!((store.get(b"a"), store.get(b"b")), before);
        let (_, version) = store.get(b"b").unwrap().unwrap();
        store.set(b"c", b"3", 0).unwrap();
        assert!(store.get(b"c").unwrap().unwrap().1 > version, "versions go on");
    }

    /// What lies on the disk at any moment is what a killed process leaves behind: every answered swap is in it.
    #[test]
    fn a_process_that_is_killed_has_lost_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        for number in 0_u8..20 {
            store.set(&[number % 3], &[number], 0).unwrap();
            let left = tempfile::tempdir().unwrap();
            std::fs::copy(folder.path().join(FILE), left.path().join(FILE)).unwrap();
            let again = Store::open(left.path()).unwrap();
            for key in 0..3 {
                assert_eq!(again.get(&[key]), store.get(&[key]), "after {number}");
            }
        }
    }

    /// A write that failed may be on the disk all the same: what is there is what counts from then on.
    #[test]
    fn after_a_failed_write_the_disk_is_what_counts() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        store.set(b"k", b"1", 0).unwrap();
        let (_, version) = store.get(b"k").unwrap().unwrap();
        {
            let mut kept = store.lock();
            let Disk::Open(_, disk) = &kept.disk else { panic!("it is open") };
            write(disk, b"k", b"2", 7).unwrap();
            kept.disk = Disk::Failed(folder.path().to_owned());
        }
        assert!(!store.keeps());
        assert_eq!(store.set(b"k", b"3", version), Err(SetError::Mismatch), "it is 2 by now");
        assert!(store.keeps());
        assert_eq!(store.get(b"k"), Ok(Some((b"2".to_vec(), 7))));
        assert_eq!(store.set(b"k", b"3", 7), Ok(()));
        // A disk that does not come back refuses, and everything that was read is still there.
        store.lock().disk = Disk::Failed(folder.path().join(FILE));
        assert_eq!(store.set(b"k", b"4", 0), Err(SetError::Unavailable));
        assert!(!store.keeps());
        assert_eq!(store.get(b"k").unwrap().map(|(value, _)| value), Some(b"3".to_vec()));
    }

    #[test]
    fn the_folder_is_nobody_elses() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("a/b");
        drop(Store::open(&inside).unwrap());
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&inside), mode(&inside.join(FILE))), (0o700, 0o600));
        // A folder that was there stays as it is; the file is private all the same.
        let open = folder.path().join("open");
        std::fs::create_dir(&open).unwrap();
        std::fs::set_permissions(&open, PermissionsExt::from_mode(0o755)).unwrap();
        std::fs::write(open.join(FILE), "").unwrap();
        drop(Store::open(&open).unwrap());
        assert_eq!((mode(&open), mode(&open.join(FILE))), (0o755, 0o600));
    }
}

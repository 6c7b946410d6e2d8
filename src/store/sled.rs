//! The store on disk: sled, one tree, synced after every batch.
//!
//! sled writes, and this module makes it mean it: `flush` alone is no fsync,
//! and large pages go to files that sled never syncs.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::medium::{sync_folder, sync_folder_of};
use super::{Cause, EachRow, Store, StoreError, Write};

/// A clinic's running conversations fit many times over; sled's own default
/// is 1 GB.
const CACHE_BYTES: u64 = 16 << 20;

/// sled's timer only reclaims space here: every batch is flushed by itself.
const TIMER_MILLIS: u64 = 2_000;

/// sled's threads let go of its file a moment after a store was dropped.
const LOCK_TRIES_MAX: u32 = 100;
const LOCK_RETRY: Duration = Duration::from_millis(20);

/// Copies of a damaged folder that are kept aside before opening gives up.
const COPIES_MAX: u32 = 100;

/// Held for as long as the store is open. sled locks its own file too, but
/// only after the point where leftovers are cleared away.
const LOCK_FILE: &str = "in-use";

/// Rows in a folder.
#[derive(Debug)]
pub struct SledStore {
    db: ::sled::Db,
    folder: PathBuf,
    file: File,
    large_pages: Mutex<LargePages>,
    repaired_copy: Option<PathBuf>,
    _lock: File,
}

/// What is known of the files sled keeps large pages in.
#[derive(Debug, Default)]
struct LargePages {
    synced: HashSet<OsString>,
    /// Whether a write failed: what the disk holds is then unknown.
    is_broken: bool,
}

impl SledStore {
    /// Opens the folder, or makes it. A folder that was damaged by a crash is
    /// copied aside and repaired, see [`SledStore::repaired_copy`].
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let failed = |attempt: &'static str| {
            move |error: io::Error| StoreError::Failed {
                attempt,
                folder: folder.to_owned(),
                cause: error.into(),
            }
        };
        fs::create_dir_all(folder).map_err(failed("make the folder"))?;
        let lock = lock(folder)?;
        remove_files(folder, |name| {
            name.starts_with("snap.") && name.ends_with(".generating")
        })
        .map_err(failed("clear leftovers"))?;

        let mut repaired_copy = None;
        let db = match open_db(folder) {
            Err(::sled::Error::Corruption { .. }) => {
                let copy = copy_aside(folder).map_err(failed("copy the damaged folder"))?;
                remove_files(folder, |name| name.starts_with("snap."))
                    .map_err(failed("clear snapshots"))?;
                let db = open_db(folder).map_err(|error| StoreError::Damaged {
                    folder: folder.to_owned(),
                    copy: copy.clone(),
                    cause: error.into(),
                })?;
                tracing::error!(copy = %copy.display(), "the store was damaged, and is repaired");
                repaired_copy = Some(copy);
                db
            }
            opened => opened.map_err(|error| StoreError::Failed {
                attempt: "open the store",
                folder: folder.to_owned(),
                cause: error.into(),
            })?,
        };
        let file = File::open(folder.join("db")).map_err(failed("open the store's file"))?;
        let store = Self {
            db,
            folder: folder.to_owned(),
            file,
            large_pages: Mutex::default(),
            repaired_copy,
            _lock: lock,
        };
        store.sync().map_err(|cause| store.failed("sync", cause))?;
        sync_folder(folder)
            .and_then(|()| sync_folder_of(folder))
            .map_err(failed("sync the folder"))?;
        Ok(store)
    }

    /// Where the folder was copied to before a repair, if there was one: the
    /// copy holds what the repair could not bring back.
    #[must_use]
    pub fn repaired_copy(&self) -> Option<&Path> {
        self.repaired_copy.as_deref()
    }

    fn write(&self, writes: &[Write]) -> Result<(), Cause> {
        let mut batch = ::sled::Batch::default();
        for write in writes {
            match write {
                Write::Put { key, value } => batch.insert(key.as_slice(), value.as_slice()),
                Write::Delete { key } => batch.remove(key.as_slice()),
            }
        }
        self.db.apply_batch(batch)?;
        self.sync()
    }

    fn sync(&self) -> Result<(), Cause> {
        self.db.flush()?;
        self.sync_large_pages()?;
        // flush is sync_file_range, which leaves the disk's own cache behind.
        self.file.sync_all()?;
        Ok(())
    }

    fn sync_large_pages(&self) -> io::Result<()> {
        let blobs = self.folder.join("blobs");
        let mut pages = self
            .large_pages
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut standing = HashSet::new();
        let mut is_new = false;
        for entry in fs::read_dir(&blobs)? {
            let name = entry?.file_name();
            if !pages.synced.contains(&name) {
                match File::open(blobs.join(&name)) {
                    Ok(file) => file.sync_all()?,
                    // Replaced meanwhile: another one stands for it.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(error),
                }
                is_new = true;
            }
            standing.insert(name);
        }
        if is_new {
            sync_folder(&blobs)?;
        }
        pages.synced = standing;
        Ok(())
    }

    fn failed(&self, attempt: &'static str, cause: impl Into<Cause>) -> StoreError {
        StoreError::Failed {
            attempt,
            folder: self.folder.clone(),
            cause: cause.into(),
        }
    }
}

impl Store for SledStore {
    fn name(&self) -> &'static str {
        "sled"
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.db.get(key) {
            Ok(value) => Ok(value.map(|value| value.to_vec())),
            Err(error) => Err(self.failed("read", error)),
        }
    }

    fn scan(&self, prefix: &[u8], each: &mut EachRow<'_>) -> Result<(), StoreError> {
        for row in self.db.scan_prefix(prefix) {
            let (key, value) = row.map_err(|error| self.failed("scan", error))?;
            if each(&key, &value).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn apply(&self, writes: &[Write]) -> Result<(), StoreError> {
        let pages = || {
            self.large_pages
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if pages().is_broken {
            return Err(StoreError::Broken {
                folder: self.folder.clone(),
            });
        }
        self.write(writes).map_err(|cause| {
            // After a failed sync the system may drop what it could not write
            // and report success the next time, so no later one can be believed.
            pages().is_broken = true;
            self.failed("write", cause)
        })
    }

    fn size_bytes(&self) -> Result<u64, StoreError> {
        self.db
            .size_on_disk()
            .map_err(|error| self.failed("measure", error))
    }
}

fn lock(folder: &Path) -> Result<File, StoreError> {
    let failed = |error: io::Error| StoreError::Failed {
        attempt: "lock",
        folder: folder.to_owned(),
        cause: error.into(),
    };
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(folder.join(LOCK_FILE))
        .map_err(failed)?;
    // Whoever held it may be just ending, or starting a child: its copy of the lock
    // goes a moment later.
    let mut tries = 1;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if tries < LOCK_TRIES_MAX => {
                tries += 1;
                thread::sleep(LOCK_RETRY);
            }
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::InUse {
                    folder: folder.to_owned(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
    }
}

fn open_db(folder: &Path) -> ::sled::Result<::sled::Db> {
    let config = ::sled::Config::new()
        .path(folder)
        .cache_capacity(CACHE_BYTES)
        .flush_every_ms(Some(TIMER_MILLIS));
    let mut tries = 1;
    loop {
        match config.open() {
            // Nobody else has it, for the lock of the folder is ours.
            Err(::sled::Error::Io(error))
                if error.to_string().contains("could not acquire lock")
                    && tries < LOCK_TRIES_MAX =>
            {
                tries += 1;
                thread::sleep(LOCK_RETRY);
            }
            opened => return opened,
        }
    }
}

fn remove_files(folder: &Path, is_meant: impl Fn(&str) -> bool) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(&is_meant) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn copy_aside(folder: &Path) -> io::Result<PathBuf> {
    for number in 1..=COPIES_MAX {
        let mut name = folder.as_os_str().to_owned();
        name.push(format!(".damaged-{number}"));
        let copy = PathBuf::from(name);
        match fs::create_dir(&copy) {
            Ok(()) => {
                copy_folder(folder, &copy)?;
                return Ok(copy);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("too many damaged copies are kept already"))
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir(&target)?;
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

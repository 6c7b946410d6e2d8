//! Where the key file and the journal live: a file, or memory for tests.
//!
//! Reads and writes at a place, and a sync that means it. No format.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Nobody but the bot's own user reads its files.
const FILE_MODE: u32 = 0o600;

/// A run of bytes that can be read, written and synced.
#[derive(Debug, Clone)]
pub struct Medium(Inner);

#[derive(Debug, Clone)]
enum Inner {
    File { file: Arc<File>, path: PathBuf },
    Memory(Arc<Mutex<Vec<u8>>>),
}

impl Medium {
    /// Opens the file, or makes it, readable by its owner alone.
    pub fn file(path: &Path) -> io::Result<Self> {
        let is_new = !path.try_exists()?;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(FILE_MODE)
            .open(path)?;
        if is_new {
            sync_folder_of(path)?;
        }
        Ok(Self(Inner::File {
            file: Arc::new(file),
            path: path.to_owned(),
        }))
    }

    /// An empty run of bytes in memory. Clones share it, so a test "restarts"
    /// by opening a clone.
    #[must_use]
    pub fn memory() -> Self {
        Self(Inner::Memory(Arc::default()))
    }

    /// A copy in memory that goes its own way from now on.
    pub fn copy(&self) -> io::Result<Self> {
        Ok(Self(Inner::Memory(Arc::new(Mutex::new(self.read_all()?)))))
    }

    /// Its name in messages.
    #[must_use]
    pub fn path(&self) -> &Path {
        match &self.0 {
            Inner::File { path, .. } => path,
            Inner::Memory(_) => Path::new("(memory)"),
        }
    }

    /// All of its bytes.
    pub fn read_all(&self) -> io::Result<Vec<u8>> {
        match &self.0 {
            Inner::File { file, .. } => {
                let mut bytes = vec![0; self.len_bytes()? as usize];
                file.read_exact_at(&mut bytes, 0)?;
                Ok(bytes)
            }
            Inner::Memory(bytes) => Ok(locked(bytes).clone()),
        }
    }

    pub(super) fn len_bytes(&self) -> io::Result<u64> {
        match &self.0 {
            Inner::File { file, .. } => Ok(file.metadata()?.len()),
            Inner::Memory(bytes) => Ok(locked(bytes).len() as u64),
        }
    }

    pub(super) fn read_exact_at(&self, into: &mut [u8], at: u64) -> io::Result<()> {
        match &self.0 {
            Inner::File { file, .. } => file.read_exact_at(into, at),
            Inner::Memory(bytes) => {
                let bytes = locked(bytes);
                let from = bytes
                    .get(at as usize..)
                    .and_then(|rest| rest.get(..into.len()))
                    .ok_or(io::ErrorKind::UnexpectedEof)?;
                into.copy_from_slice(from);
                Ok(())
            }
        }
    }

    /// Writes at `at`, growing as needed. Not durable before it is synced.
    pub fn write_all_at(&self, from: &[u8], at: u64) -> io::Result<()> {
        match &self.0 {
            Inner::File { file, .. } => file.write_all_at(from, at),
            Inner::Memory(bytes) => {
                let mut bytes = locked(bytes);
                let end = at as usize + from.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[at as usize..end].copy_from_slice(from);
                Ok(())
            }
        }
    }

    /// Cuts it off, or fills it up with zeros, at `len_bytes`.
    pub fn set_len(&self, len_bytes: u64) -> io::Result<()> {
        match &self.0 {
            Inner::File { file, .. } => file.set_len(len_bytes),
            Inner::Memory(bytes) => {
                locked(bytes).resize(len_bytes as usize, 0);
                Ok(())
            }
        }
    }

    /// Returns once everything written is on the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        match &self.0 {
            Inner::File { file, .. } => file.sync_data(),
            Inner::Memory(_) => Ok(()),
        }
    }
}

/// Makes a new name in the folder of `path` outlive a power cut.
pub(super) fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        Some(_) | None => Path::new("."),
    };
    sync_folder(folder)
}

/// Makes the names in `folder` outlive a power cut.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Writes a new file that only its owner reads, so that it is there whole or
/// not at all.
pub(super) fn write_new_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".draft");
    let draft = PathBuf::from(draft);
    // One left by a crash says nothing.
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Err(_) | Ok(()) => {}
    }
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(FILE_MODE)
        .open(&draft)?;
    file.write_all_at(bytes, 0)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    sync_folder_of(path)
}

fn locked(bytes: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
    bytes.lock().unwrap_or_else(PoisonError::into_inner)
}

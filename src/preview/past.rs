//! The preview's chats outlast the process, as Telegram's do.

use std::{
    convert::Infallible,
    fs, io,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::body::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tempfile::NamedTempFile;
use tokio::sync::Notify;

use crate::bot_api::World;

/// What stands in the folder beside the files that were sent.
const CHATS: &str = "chats.json";

/// A folder in which a world's chats are kept, in the clear: they stand for what
/// Telegram keeps, not for what the bot does.
#[derive(Debug)]
pub struct Past {
    folder: PathBuf,
    changed: Arc<Notify>,
    /// How many of the files that were sent are written. None ever changes.
    written: Mutex<usize>,
}

#[derive(Serialize, Deserialize)]
struct Sheet {
    /// How far the clock was turned on.
    turned_seconds: i64,
    world: Box<RawValue>,
}

impl Past {
    /// Nothing is read or written yet.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            changed: Arc::default(),
            written: Mutex::new(0),
        }
    }

    /// Puts the chats of the last time into `world`. Gives how far the clock was
    /// turned on, in seconds; none if there was no last time.
    ///
    /// # Errors
    ///
    /// They cannot be read, or are none. They are left beside, under another name.
    pub fn load(&self, world: &mut World) -> io::Result<Option<i64>> {
        let file = self.folder.join(CHATS);
        let text = match fs::read(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text?,
        };
        let mut read = || {
            let sheet: Sheet = serde_json::from_slice(&text)?;
            let files = sent(&self.folder)?;
            let count = files.len();
            world.go_on_from(&sheet.world, files)?;
            Ok((sheet.turned_seconds, count))
        };
        let (turned_seconds, count) = read().inspect_err(|_: &io::Error| {
            // Unreadable here is not worthless: it goes aside and not away. If it
            // cannot, the next save takes its place.
            let _ = fs::rename(&file, file.with_extension("unreadable"));
        })?;
        *self.written() = count;
        Ok(Some(turned_seconds))
    }

    /// Writes the chats down at each change of `world`, for as long as it is awaited.
    /// `turned_seconds` tells how far the clock is turned on.
    pub async fn keep(&self, world: &Mutex<World>, turned_seconds: impl Fn() -> i64) -> Infallible {
        let changed = Arc::clone(&self.changed);
        locked(world).watch(move |_| {
            changed.notify_one();
            ControlFlow::Continue(())
        });
        loop {
            self.changed.notified().await;
            let saved = tokio::task::block_in_place(|| self.save(world, turned_seconds()));
            if let Err(error) = saved {
                tracing::warn!(%error, "the preview's chats cannot be kept");
            }
        }
    }

    /// Writes the chats down as they are now, whole or not at all.
    ///
    /// # Errors
    ///
    /// The folder cannot be written to.
    pub fn save(&self, world: &Mutex<World>, turned_seconds: i64) -> io::Result<()> {
        let mut written = self.written();
        let (past, files) = {
            let world = locked(world);
            let new = world.files().get(*written..).unwrap_or_default();
            (world.past()?, new.to_vec())
        };
        fs::create_dir_all(&self.folder)?;
        for file in files {
            put(&self.folder.join(written.to_string()), &file)?;
            *written += 1;
        }
        let sheet = Sheet {
            turned_seconds,
            world: past,
        };
        put(&self.folder.join(CHATS), &serde_json::to_vec(&sheet)?)
    }

    fn written(&self) -> MutexGuard<'_, usize> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The files that were sent: they are called 0, 1, 2 and so on.
fn sent(folder: &Path) -> io::Result<Vec<Bytes>> {
    let mut files = Vec::new();
    loop {
        match fs::read(folder.join(files.len().to_string())) {
            Ok(bytes) => files.push(bytes.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(files),
            Err(error) => return Err(error),
        }
    }
}

/// Only the owner reads it, and nobody reads half of it.
fn put(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let draft = NamedTempFile::new_in(folder)?;
    fs::write(draft.path(), bytes)?;
    draft.persist(file).map_err(|error| error.error)?;
    Ok(())
}

fn locked(world: &Mutex<World>) -> MutexGuard<'_, World> {
    // A poisoned lock means another thread panicked; the chats are still there.
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

//! The ledger: what the app reads and commits through.
//!
//! Typed, sealed, durable when it says so. One thread commits, in groups; any
//! thread reads. It decides nothing: rows, versions and what to erase come in.

use std::fmt;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, oneshot};

use super::commit::{Commit, CommitError, Version};
use super::journal::{Journal, JournalError, Replay};
use super::key::{Key, Kind};
use super::master::{MasterKey, MasterKeyError};
use super::row::{ReadError, Row};
use super::seal::{SealError, Vault, VaultError};
use super::sled::SledStore;
use super::writer::{LEDGER, Order, Writer, erasing_subject, open_row, sequence_key};
use super::{Store, StoreError, Write};
use crate::ids::{BotId, ChatId};

/// Commits that may wait; the next ones wait to wait.
const COMMITS_WAITING_MAX: usize = 4096;

/// The handle; clones share one commit thread. When the last one is dropped,
/// what waits is committed first.
#[derive(Clone)]
pub struct Ledger(Arc<Shared>);

struct Shared {
    store: Arc<dyn Store>,
    vault: Arc<Vault>,
    journal: Arc<Mutex<Journal>>,
    orders: Mutex<Option<mpsc::Sender<Order>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What opening found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenReport {
    /// The sequence of the last commit in the store; 0 when new.
    pub sequence: u64,
    /// Commits that were acknowledged and are no longer in the store: its
    /// tail was lost. The journal has the warnings among them.
    pub commits_missing: u64,
    /// Erasures that a crash had interrupted, finished now.
    pub erasures_finished: usize,
    /// Key slots that cannot be read; what they sealed is lost.
    pub keys_damaged: u32,
    /// The warnings to check against the store; then call
    /// [`Ledger::truncate_journal`].
    pub journal: Replay,
}

impl Ledger {
    /// Opens the data folder: sled in `store/`, the keys in `keys.bin`, the
    /// journal in `warnings.journal`.
    pub fn open_folder(folder: &Path, master: &MasterKey) -> Result<(Self, OpenReport), OpenError> {
        // First, for it locks the folder against another process.
        let store = SledStore::open(&folder.join("store"))?;
        let vault = Vault::open(&folder.join("keys.bin"), master)?;
        let journal = Journal::open(&folder.join("warnings.journal"))?;
        Self::open(Arc::new(store), Arc::new(vault), journal)
    }

    /// Whether `master` is the key of what a folder holds, if it holds anything.
    /// Writes nothing.
    ///
    /// # Errors
    /// When it is another key, or the key file cannot be read.
    pub fn check_key(folder: &Path, master: &MasterKey) -> Result<(), OpenError> {
        let keys = folder.join("keys.bin");
        if keys.is_file() {
            Vault::open(&keys, master)?;
        }
        Ok(())
    }

    /// Opens the ledger on what is stored and starts the commit thread.
    pub fn open(
        store: Arc<dyn Store>,
        vault: Arc<Vault>,
        mut journal: Journal,
    ) -> Result<(Self, OpenReport), OpenError> {
        let sequence = stored_sequence(&*store, &vault)?;
        let erasures_finished = finish_erasures(&*store, &vault)?;
        let replay = journal.replay(&vault)?;
        let warned = replay.entries.last().map_or(0, |last| last.sequence);
        let report = OpenReport {
            sequence,
            commits_missing: replay.sequence_seen.saturating_sub(sequence),
            erasures_finished,
            keys_damaged: vault.damaged_count(),
            journal: replay,
        };
        let journal = Arc::new(Mutex::new(journal));
        let writer = Writer {
            store: Arc::clone(&store),
            vault: Arc::clone(&vault),
            journal: Arc::clone(&journal),
            sequence: sequence.max(report.journal.sequence_seen).max(warned),
            stale_notes: Vec::new(),
        };
        let (sender, receiver) = mpsc::channel(COMMITS_WAITING_MAX);
        let thread = start(writer, receiver).map_err(OpenError::Thread)?;
        let shared = Shared {
            store,
            vault,
            journal,
            orders: Mutex::new(Some(sender)),
            thread: Mutex::new(Some(thread)),
        };
        Ok((Self(Arc::new(shared)), report))
    }

    /// Commits; durable when it returns `Ok`.
    ///
    /// When the future is dropped before, the commit may still happen.
    pub async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        let orders = self.orders()?;
        let (reply, answer) = oneshot::channel();
        let order = Order {
            commit,
            reply: Some(reply),
        };
        orders.send(order).await.map_err(|_| CommitError::Stopped)?;
        drop(orders);
        answer.await.map_err(|_| CommitError::Stopped)?
    }

    /// As [`Ledger::commit`], for threads. Panics within an async runtime.
    pub fn commit_blocking(&self, commit: Commit) -> Result<(), CommitError> {
        let orders = self.orders()?;
        let (reply, answer) = oneshot::channel();
        let order = Order {
            commit,
            reply: Some(reply),
        };
        orders
            .blocking_send(order)
            .map_err(|_| CommitError::Stopped)?;
        drop(orders);
        answer.blocking_recv().map_err(|_| CommitError::Stopped)?
    }

    /// Commits within 50 ms, before whatever is committed after it. Nobody
    /// learns whether it succeeded: for delivery marks, whose loss only
    /// repeats a message. Gives [`CommitError::Busy`] or
    /// [`CommitError::Stopped`] when it was not even taken.
    pub fn commit_later(&self, commit: Commit) -> Result<(), CommitError> {
        let order = Order {
            commit,
            reply: None,
        };
        self.orders()?
            .try_send(order)
            .map_err(|refused| match refused {
                mpsc::error::TrySendError::Full(_) => CommitError::Busy,
                mpsc::error::TrySendError::Closed(_) => CommitError::Stopped,
            })
    }

    /// Returns once everything handed in before is durable, or has failed.
    pub async fn flush(&self) -> Result<(), CommitError> {
        self.commit(Commit::default()).await
    }

    /// Commits what waits, and stops; other clones get
    /// [`CommitError::Stopped`] from now on. Reads go on.
    pub async fn shutdown(self) {
        drop(locked(&self.0.orders).take());
        let thread = locked(&self.0.thread).take();
        if let Some(thread) = thread {
            // Joining blocks, and a commit that still waits to be sent may
            // need this very thread.
            let joined = tokio::task::spawn_blocking(|| thread.join()).await;
            if !matches!(joined, Ok(Ok(()))) {
                tracing::error!("the commit thread did not end well");
            }
        }
    }

    /// One row, read from JSON, with its version.
    pub fn read<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<(T, Version)>, ReadError> {
        let encoded = key.encode();
        match self.0.store.get(&encoded)? {
            Some(sealed) => self.row(key.kind(), &encoded, &sealed).open().map(Some),
            None => Ok(None),
        }
    }

    /// One row's bytes, with its version.
    pub fn read_bytes(&self, key: &Key) -> Result<Option<(Vec<u8>, Version)>, ReadError> {
        let encoded = key.encode();
        match self.0.store.get(&encoded)? {
            Some(sealed) => self.row(key.kind(), &encoded, &sealed).bytes().map(Some),
            None => Ok(None),
        }
    }

    /// Calls `each` for every row of the bot, or of one chat, or of one kind,
    /// in key order. Rows stay sealed until opened. Of a kind in all chats,
    /// the keys of all rows are walked.
    pub fn scan(
        &self,
        bot: BotId,
        chat: Option<ChatId>,
        kind: Option<Kind>,
        each: &mut dyn FnMut(Key, Row<'_>),
    ) -> Result<(), ReadError> {
        let mut unknown = None;
        let prefix = Key::prefix(bot, chat, kind);
        self.0
            .store
            .scan(&prefix, &mut |encoded, sealed| match Key::decode(encoded) {
                Ok(key) => {
                    let found = key.kind();
                    if kind.is_none_or(|wanted| wanted == found) {
                        each(key, self.row(found, encoded, sealed));
                    }
                    ControlFlow::Continue(())
                }
                Err(error) => {
                    unknown = Some(error);
                    ControlFlow::Break(())
                }
            })?;
        unknown.map_or(Ok(()), |error| Err(error.into()))
    }

    /// The bots that have rows here.
    pub fn bots(&self) -> Result<Vec<BotId>, ReadError> {
        let mut bots: Vec<BotId> = Vec::new();
        let mut unknown = None;
        self.0
            .store
            .scan(&[], &mut |encoded, _| match Key::decode(encoded) {
                Ok(key) => {
                    if bots.last() != Some(&key.bot()) {
                        bots.push(key.bot());
                    }
                    ControlFlow::Continue(())
                }
                Err(error) => {
                    unknown = Some(error);
                    ControlFlow::Break(())
                }
            })?;
        unknown.map_or(Ok(bots), |error| Err(error.into()))
    }

    /// Empties the journal once every warning up to the sequence `verified`
    /// was found in the store; `false` when newer ones keep it.
    pub fn truncate_journal(&self, verified: u64) -> Result<bool, JournalError> {
        locked(&self.0.journal).truncate(verified)
    }

    /// The room the store and the journal take, in bytes.
    pub fn size_bytes(&self) -> Result<u64, StoreError> {
        let journal_bytes = locked(&self.0.journal).size_bytes();
        Ok(self.0.store.size_bytes()? + journal_bytes)
    }

    /// The vault, for the hashes of wordless locks.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.0.vault
    }

    fn row<'a>(&'a self, kind: Kind, key: &'a [u8], sealed: &'a [u8]) -> Row<'a> {
        Row {
            vault: &self.0.vault,
            kind,
            key,
            sealed,
        }
    }

    fn orders(&self) -> Result<mpsc::Sender<Order>, CommitError> {
        locked(&self.0.orders).clone().ok_or(CommitError::Stopped)
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ledger({})", self.0.store.name())
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        drop(locked(&self.orders).take());
        if let Some(thread) = locked(&self.thread).take()
            && thread.join().is_err()
        {
            tracing::error!("the commit thread panicked");
        }
    }
}

fn start(writer: Writer, orders: mpsc::Receiver<Order>) -> io::Result<JoinHandle<()>> {
    // A runtime of its own, for its one timer; its blocking disturbs nobody.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    thread::Builder::new()
        .name("commit".to_owned())
        .spawn(move || runtime.block_on(writer.run(orders)))
}

fn stored_sequence(store: &dyn Store, vault: &Vault) -> Result<u64, OpenError> {
    let key = sequence_key().encode();
    let Some(sealed) = store.get(&key)? else {
        return Ok(0);
    };
    let number = open_row(vault, &key, &sealed, |_, value| {
        value.try_into().map(u64::from_be_bytes).ok()
    });
    // Rows outlive their keys only when the key file was lost or swapped.
    number
        .map_err(OpenError::KeysDoNotFit)?
        .ok_or(OpenError::KeysDoNotFit(SealError::Damaged))
}

fn finish_erasures(store: &dyn Store, vault: &Vault) -> Result<usize, OpenError> {
    let mut noted = Vec::new();
    let prefix = Key::prefix(LEDGER.0, Some(LEDGER.1), Some(Kind::Meta));
    store.scan(&prefix, &mut |encoded, _| {
        if let Ok(key) = Key::decode(encoded)
            && let Some(subject) = erasing_subject(&key)
        {
            noted.push((encoded.to_vec(), subject));
        }
        ControlFlow::Continue(())
    })?;
    let mut writes = Vec::with_capacity(noted.len());
    for (key, subject) in noted {
        vault.erase(subject)?;
        writes.push(Write::Delete { key });
    }
    if !writes.is_empty() {
        store.apply(&writes)?;
    }
    Ok(writes.len())
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why a ledger did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The key file is not the one these rows were sealed with.
    #[error("the key file does not fit the data: restore the one that belongs to it")]
    KeysDoNotFit(#[source] SealError),
    /// The backend failed.
    #[error("failed to read the store")]
    Store(#[from] StoreError),
    /// The key file failed.
    #[error("failed to use the key file")]
    Vault(#[from] VaultError),
    /// There is no master key.
    #[error("failed to read the master key")]
    Master(#[from] MasterKeyError),
    /// The journal failed.
    #[error("failed to read the journal of warnings")]
    Journal(#[from] JournalError),
    /// No thread could be started.
    #[error("failed to start the commit thread")]
    Thread(#[source] io::Error),
}

//! Durable records: what is kept, sealed, and how it is committed.
//!
//! [`Ledger`] is the handle everything else uses. Below it a [`Store`] keeps
//! raw bytes, the [`seal::Vault`] makes them unreadable without the master
//! key, and the [`journal::Journal`] keeps warnings a second time. No room
//! above sees a backend, a nonce or a file, and this room decides nothing
//! about patients: it takes keys and bytes.

pub mod commit;
pub mod faulty;
pub mod journal;
pub mod key;
pub mod ledger;
pub mod master;
pub mod medium;
pub mod memory;
mod row;
pub mod seal;
pub mod sled;
mod slots;
mod writer;

use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

pub use commit::{Commit, CommitError, JournalEntry, Put, Version};
pub use journal::Journal;
pub use key::{Key, Kind};
pub use ledger::{Ledger, OpenError, OpenReport};
pub use master::MasterKey;
pub use row::{ReadError, Row};
pub use seal::Vault;

/// One change to one row of a [`Store`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Sets the row.
    Put {
        /// The encoded [`Key`].
        key: Vec<u8>,
        /// The sealed value.
        value: Vec<u8>,
    },
    /// Removes the row; nothing happens when there is none.
    Delete {
        /// The encoded [`Key`].
        key: Vec<u8>,
    },
}

/// What a scan calls with the key and value of each row.
pub type EachRow<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// What a backend does: ordered rows of raw bytes, and atomic, durable writes.
///
/// Everything it is given is sealed already, but for the keys.
pub trait Store: Send + Sync + 'static {
    /// What it is, for messages: `memory`, `sled`.
    fn name(&self) -> &'static str;

    /// The value of one row.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Calls `each` with key and value of every row whose key begins with
    /// `prefix`, in key order, until it breaks. Rows written meanwhile may or
    /// may not be seen.
    fn scan(&self, prefix: &[u8], each: &mut EachRow<'_>) -> Result<(), StoreError>;

    /// Makes all of `writes`, in order, or none. Once it returns `Ok` they
    /// outlive a power cut. After an error either may be the case, and only
    /// reading shows which.
    fn apply(&self, writes: &[Write]) -> Result<(), StoreError>;

    /// The room it takes, in bytes.
    fn size_bytes(&self) -> Result<u64, StoreError>;
}

impl<S: Store + ?Sized> Store for Arc<S> {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        (**self).get(key)
    }

    fn scan(&self, prefix: &[u8], each: &mut EachRow<'_>) -> Result<(), StoreError> {
        (**self).scan(prefix, each)
    }

    fn apply(&self, writes: &[Write]) -> Result<(), StoreError> {
        (**self).apply(writes)
    }

    fn size_bytes(&self) -> Result<u64, StoreError> {
        (**self).size_bytes()
    }
}

/// Why a backend could not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process holds the folder.
    #[error("the data folder {folder} is in use by another process", folder = folder.display())]
    InUse {
        /// The folder asked for.
        folder: PathBuf,
    },
    /// The backend found its files damaged, also after the one repair it tries.
    #[error(
        "the data in {folder} is damaged; an untouched copy is in {copy}",
        folder = folder.display(),
        copy = copy.display()
    )]
    Damaged {
        /// The folder asked for.
        folder: PathBuf,
        /// Where it was copied before the repair was tried.
        copy: PathBuf,
        /// What the backend said.
        #[source]
        cause: Cause,
    },
    /// A file or the backend's own call failed.
    #[error("failed to {attempt} in {folder}", folder = folder.display())]
    Failed {
        /// What was attempted.
        attempt: &'static str,
        /// The data folder.
        folder: PathBuf,
        /// What went wrong.
        #[source]
        cause: Cause,
    },
    /// An earlier write failed, so what the disk holds is unknown until a restart.
    #[error("refused: an earlier write to {folder} failed, restart to recover", folder = folder.display())]
    Broken {
        /// The data folder.
        folder: PathBuf,
    },
    /// A fault that a test asked for.
    #[error("a fault was injected")]
    Injected,
}

/// An error's cause, whatever its type.
pub type Cause = Box<dyn std::error::Error + Send + Sync + 'static>;

/// Fills an array from the system's random source.
fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes)
}

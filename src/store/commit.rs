//! What is committed: rows put and deleted together, and why that may fail.
//!
//! Types only. [`super::ledger`] takes them, and its thread carries them out.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::journal::JournalError;
use super::key::{Key, Kind};
use super::seal::{SealError, Subject, VaultError};
use super::{StoreError, journal};
use crate::ids::{BotId, ChatId};

/// Below the 64 KB a value may have in sled, with room for the seal.
pub const VALUE_BYTES_MAX: usize = 60 * 1024;

/// A commit with more rows than this is a loop that forgot to stop.
pub const COMMIT_ROWS_MAX: usize = 4096;

/// How often a row was written since it was made; 0 is a row that is absent.
///
/// A row deleted and made again begins at 1 again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u64);

impl Version {
    /// The version of a row that is not there.
    pub const ABSENT: Self = Self(0);

    /// The version after one more put.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A row to write.
#[derive(Clone, PartialEq, Eq)]
pub struct Put {
    /// Where.
    pub key: Key,
    /// Whose key seals it: the patient's chat, or 0 for what belongs to the
    /// clinic and outlives every erasure.
    pub subject: ChatId,
    /// What, at most [`VALUE_BYTES_MAX`] bytes.
    pub value: Vec<u8>,
}

impl Put {
    /// A row that holds `value` as JSON.
    pub fn json(key: Key, subject: ChatId, value: &impl Serialize) -> Result<Self, CommitError> {
        match serde_json::to_vec(value) {
            Ok(value) => Ok(Self {
                key,
                subject,
                value,
            }),
            // Its text may quote the value, so it goes no further.
            Err(_) => Err(CommitError::Json { kind: key.kind() }),
        }
    }
}

/// Without the value, which may be a patient's words.
impl fmt::Debug for Put {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Put({:?}, {} bytes)", self.key, self.value.len())
    }
}

/// A warning for the journal.
#[derive(Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// Whose key seals it.
    pub subject: (BotId, ChatId),
    /// What the app needs to make the case again, at most 60 KiB.
    pub bytes: Vec<u8>,
}

/// Without the bytes, which may be a patient's words.
impl fmt::Debug for JournalEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JournalEntry({} bytes)", self.bytes.len())
    }
}

/// Changes that happen all together or not at all.
///
/// Puts come first, then deletes, then erasures.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Rows that must stand at these versions, or nothing happens.
    pub expect: Vec<(Key, Version)>,
    /// Rows to write.
    pub puts: Vec<Put>,
    /// Rows to remove; absent ones are fine.
    pub deletes: Vec<Key>,
    /// Subjects whose keys are overwritten once the rest is durable. Their
    /// rows are for the caller to list in `deletes`.
    pub erase: Vec<(BotId, ChatId)>,
    /// Warnings synced to the journal before the rest is written.
    pub warn: Vec<JournalEntry>,
}

impl Commit {
    pub(super) fn is_empty(&self) -> bool {
        self.puts.is_empty()
            && self.deletes.is_empty()
            && self.erase.is_empty()
            && self.warn.is_empty()
    }

    pub(super) fn size_bytes(&self) -> usize {
        let puts: usize = self.puts.iter().map(|put| put.value.len()).sum();
        let warnings: usize = self.warn.iter().map(|entry| entry.bytes.len()).sum();
        puts + warnings
    }

    /// Refuses what could never be committed, whatever the store holds.
    pub(super) fn check_form(&self) -> Result<(), CommitError> {
        let rows = self.puts.len() + self.deletes.len() + self.warn.len() + self.erase.len();
        if rows > COMMIT_ROWS_MAX {
            return Err(CommitError::TooManyRows { rows });
        }
        for put in &self.puts {
            if put.value.len() > VALUE_BYTES_MAX {
                return Err(CommitError::TooLarge {
                    kind: Some(put.key.kind()),
                    bytes: put.value.len(),
                });
            }
            if self.erases((put.key.bot(), put.subject)) {
                return Err(CommitError::WouldErase);
            }
        }
        for entry in &self.warn {
            if entry.bytes.len() > journal::ENTRY_BYTES_MAX {
                return Err(CommitError::TooLarge {
                    kind: None,
                    bytes: entry.bytes.len(),
                });
            }
            if self.erases(entry.subject) {
                return Err(CommitError::WouldErase);
            }
        }
        // The key of chat 0 seals the clinic's own rows.
        if self.erase.iter().any(|subject| subject.1 == ChatId(0)) {
            return Err(CommitError::WouldErase);
        }
        Ok(())
    }

    fn erases(&self, subject: Subject) -> bool {
        self.erase.contains(&subject)
    }
}

/// Why a commit did not happen. After [`CommitError::Store`] it may have
/// happened all the same, whole; reading shows.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommitError {
    /// Someone else wrote a row meanwhile: read it again and decide anew.
    #[error("a {kind:?} row stands at version {found}, not {expected}")]
    Conflict {
        /// What the row is.
        kind: Kind,
        /// The version expected.
        expected: Version,
        /// The version found.
        found: Version,
    },
    /// A value is over [`VALUE_BYTES_MAX`], or a warning over its limit.
    #[error("a value of {bytes} bytes is over the limit of {VALUE_BYTES_MAX} ({kind:?})")]
    TooLarge {
        /// What the row is; nothing for a warning.
        kind: Option<Kind>,
        /// Its size.
        bytes: usize,
    },
    /// More than [`COMMIT_ROWS_MAX`].
    #[error("a commit of {rows} rows is over the limit of {COMMIT_ROWS_MAX}")]
    TooManyRows {
        /// How many.
        rows: usize,
    },
    /// The commit writes rows and erases the key they are sealed with, or the
    /// clinic's own.
    #[error("a commit would erase the key of what it writes, or of the clinic")]
    WouldErase,
    /// The value cannot be written as JSON.
    #[error("a {kind:?} row cannot be written as JSON")]
    Json {
        /// What the row is.
        kind: Kind,
    },
    /// Too many commits wait already.
    #[error("too many commits are waiting")]
    Busy,
    /// The ledger was shut down, or its thread is gone.
    #[error("the ledger has stopped")]
    Stopped,
    /// The backend failed.
    #[error("failed to commit")]
    Store(#[source] Arc<StoreError>),
    /// A row could not be sealed, or the one before it not opened.
    #[error("failed to seal a commit")]
    Seal(#[source] Arc<SealError>),
    /// The key file failed. After an erasure, the commit itself stands.
    #[error("failed to write the keys of a commit")]
    Vault(#[source] Arc<VaultError>),
    /// The journal failed.
    #[error("failed to write a warning to the journal")]
    Journal(#[source] Arc<JournalError>),
}

impl From<StoreError> for CommitError {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}

impl From<SealError> for CommitError {
    fn from(error: SealError) -> Self {
        Self::Seal(Arc::new(error))
    }
}

impl From<VaultError> for CommitError {
    fn from(error: VaultError) -> Self {
        Self::Vault(Arc::new(error))
    }
}

impl From<JournalError> for CommitError {
    fn from(error: JournalError) -> Self {
        Self::Journal(Arc::new(error))
    }
}

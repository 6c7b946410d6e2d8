//! A row as it is read: sealed until someone asks, then typed.
//!
//! Errors name the kind of row, never what stands in it.

use std::fmt;

use serde::de::DeserializeOwned;

use super::StoreError;
use super::commit::Version;
use super::key::{KeyError, Kind};
use super::seal::{SealError, Vault};
use super::writer::open_row;

/// A row met by a scan, sealed until opened.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    pub(super) vault: &'a Vault,
    pub(super) kind: Kind,
    pub(super) key: &'a [u8],
    pub(super) sealed: &'a [u8],
}

impl Row<'_> {
    /// The value, read from JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ReadError> {
        self.open().map(|(value, _)| value)
    }

    /// The version.
    pub fn version(&self) -> Result<Version, ReadError> {
        self.opened(|version, _| version)
    }

    /// The value, read from JSON, with the version.
    pub fn open<T: DeserializeOwned>(&self) -> Result<(T, Version), ReadError> {
        let (version, value) =
            self.opened(|version, value| (version, serde_json::from_slice(value)))?;
        match value {
            Ok(value) => Ok((value, version)),
            // Its text may quote the value, so only the place goes on.
            Err(error) => Err(ReadError::Json {
                kind: self.kind,
                column: error.column(),
            }),
        }
    }

    /// The bytes, with the version.
    pub fn bytes(&self) -> Result<(Vec<u8>, Version), ReadError> {
        self.opened(|version, value| (value.to_vec(), version))
    }

    fn opened<T>(&self, read: impl FnOnce(Version, &[u8]) -> T) -> Result<T, ReadError> {
        open_row(self.vault, self.key, self.sealed, read).map_err(|source| ReadError::Seal {
            kind: self.kind,
            source,
        })
    }
}

impl fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Row({:?}, {} bytes)", self.kind, self.sealed.len())
    }
}

/// Why a row could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The backend failed.
    #[error("failed to read the store")]
    Store(#[from] StoreError),
    /// Erased, or damaged.
    #[error("failed to open a {kind:?} row")]
    Seal {
        /// What the row is.
        kind: Kind,
        /// Why.
        #[source]
        source: SealError,
    },
    /// Not the shape that was asked for.
    #[error("a {kind:?} row is not of the shape asked for, at byte {column}")]
    Json {
        /// What the row is.
        kind: Kind,
        /// Where.
        column: usize,
    },
    /// A key that this version does not know.
    #[error("failed to read a stored key")]
    Key(#[from] KeyError),
}

impl ReadError {
    /// Whether the row is gone because its subject was erased.
    #[must_use]
    pub const fn is_erased(&self) -> bool {
        matches!(
            self,
            Self::Seal {
                source: SealError::Erased,
                ..
            }
        )
    }
}

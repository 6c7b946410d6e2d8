//! A store in memory, for tests and the preview. Nothing outlives the process.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::medium::Medium;
use super::{
    EachRow, Journal, Ledger, MasterKey, OpenError, OpenReport, Store, StoreError, Vault, Write,
};

type Rows = BTreeMap<Vec<u8>, Arc<[u8]>>;

/// Rows in memory. Keep it in an [`Arc`] and open a new ledger on it to
/// "restart" with the same data.
#[derive(Debug, Default)]
pub struct MemoryStore {
    rows: Mutex<Rows>,
}

impl MemoryStore {
    /// A store with the same rows from now on its own, as a disk that was
    /// copied at this moment.
    #[must_use]
    pub fn clone_disk(&self) -> Self {
        Self {
            rows: Mutex::new(self.rows().clone()),
        }
    }

    /// The number of rows.
    #[must_use]
    pub fn row_count(&self) -> usize {
        self.rows().len()
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        // Nothing under this lock can panic half way through a batch.
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.rows().get(key).map(|value| value.to_vec()))
    }

    fn scan(&self, prefix: &[u8], each: &mut EachRow<'_>) -> Result<(), StoreError> {
        // Collected first, so that `each` may read this store.
        let found: Vec<(Vec<u8>, Arc<[u8]>)> = self
            .rows()
            .range::<[u8], _>((Bound::Included(prefix), Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix))
            .map(|(key, value)| (key.clone(), Arc::clone(value)))
            .collect();
        for (key, value) in found {
            if each(&key, &value).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn apply(&self, writes: &[Write]) -> Result<(), StoreError> {
        let mut rows = self.rows();
        for write in writes {
            match write {
                Write::Put { key, value } => {
                    rows.insert(key.clone(), value.as_slice().into());
                }
                Write::Delete { key } => {
                    rows.remove(key);
                }
            }
        }
        Ok(())
    }

    fn size_bytes(&self) -> Result<u64, StoreError> {
        let sum: usize = self
            .rows()
            .iter()
            .map(|(key, value)| key.len() + value.len())
            .sum();
        Ok(sum as u64)
    }
}

/// Everything a ledger stands on, in memory: a test "restarts" by opening it
/// once more, after it shut the old ledger down or dropped it.
#[derive(Debug, Clone)]
pub struct MemoryDisk {
    /// The rows.
    pub store: Arc<MemoryStore>,
    /// The key file.
    pub keys: Medium,
    /// The journal.
    pub journal: Medium,
    /// The master key, as 64 hexadecimal digits.
    pub master: String,
}

impl Default for MemoryDisk {
    fn default() -> Self {
        Self {
            store: Arc::default(),
            keys: Medium::memory(),
            journal: Medium::memory(),
            // Nothing in memory is worth a secret, and a fixed one repeats.
            master: "5a".repeat(32),
        }
    }
}

impl MemoryDisk {
    /// Opens a ledger on it.
    pub fn open(&self) -> Result<(Ledger, OpenReport), OpenError> {
        self.open_through(Arc::clone(&self.store) as Arc<dyn Store>)
    }

    /// Opens a ledger on `store`, which wraps the rows of this disk, such as
    /// a [`super::faulty::FaultyStore`].
    pub fn open_through(&self, store: Arc<dyn Store>) -> Result<(Ledger, OpenReport), OpenError> {
        let master = MasterKey::from_hex(&self.master)?;
        let vault = Vault::on(self.keys.clone(), &master)?;
        let journal = Journal::on(self.journal.clone())?;
        Ledger::open(store, Arc::new(vault), journal)
    }

    /// A copy at this moment that goes its own way, as after a power cut.
    pub fn copy(&self) -> std::io::Result<Self> {
        Ok(Self {
            store: Arc::new(self.store.clone_disk()),
            keys: self.keys.copy()?,
            journal: self.journal.copy()?,
            master: self.master.clone(),
        })
    }
}

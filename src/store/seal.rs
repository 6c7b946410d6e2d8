//! The vault: seals rows under a key for each patient, and forgets keys.
//!
//! A store that appends keeps old bytes for long, so a patient's rows are
//! erased by overwriting their key, in the one file where it lies. That
//! promise needs a file system that writes in place: ext4 and xfs do, btrfs
//! and zfs do not. The vault knows no row and no order of commits.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

use super::key::sortable;
use super::master::{KEY_BYTES, MasterKey};
use super::medium::Medium;
use super::slots::{
    HASH_BYTES, Hash, Header, KeyCache, NONCE_BYTES, PatientKey, SLOT_BYTES, SLOTS_MAX, Slot,
    SlotBytes, TAG_BYTES, UsedSlot, decrypt, encrypt,
};
use crate::ids::{BotId, ChatId};

/// Whose key seals a row: a patient's chat with a bot, or chat 0 for what
/// belongs to the whole clinic.
pub type Subject = (BotId, ChatId);

const FORMAT: u8 = 1;
/// Format 1, slot 4, stamp 4.
const HEAD_BYTES: usize = 9;
const CIPHER_AT: usize = HEAD_BYTES + NONCE_BYTES;

/// Seals and opens rows. Threads may share it.
pub struct Vault {
    medium: Medium,
    wrapping: Zeroizing<[u8; KEY_BYTES]>,
    slot_hashing: Zeroizing<[u8; KEY_BYTES]>,
    lock_hashing: Zeroizing<[u8; KEY_BYTES]>,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    slots: HashMap<Hash, u32>,
    free: Vec<u32>,
    /// The header included.
    slot_count: u32,
    damaged: u32,
    cache: KeyCache,
    /// Whether a write failed: what the file holds is then unknown.
    is_broken: bool,
}

impl Vault {
    /// Opens the key file, `keys.bin` in the data folder, or makes it.
    pub fn open(path: &Path, master: &MasterKey) -> Result<Self, VaultError> {
        let medium = Medium::file(path).map_err(|source| VaultError::File {
            attempt: "open",
            path: path.to_owned(),
            source,
        })?;
        Self::on(medium, master)
    }

    /// As [`Vault::open`], wherever the bytes are.
    pub fn on(medium: Medium, master: &MasterKey) -> Result<Self, VaultError> {
        let vault = Self {
            wrapping: master.derive("psoas-bot 2025-01-01 wrapping of patient keys"),
            slot_hashing: master.derive("psoas-bot 2025-01-01 hash that finds a patient's slot"),
            lock_hashing: master.derive("psoas-bot 2025-01-01 hash of a wordless lock"),
            table: Mutex::default(),
            medium,
        };
        let bytes = vault.file("read", |medium| medium.read_all())?;
        let (slots, _torn) = bytes.as_chunks::<SLOT_BYTES>();
        match slots.split_first() {
            // Also after a crash that left part of a header: no slot was used yet.
            None => vault.write_header()?,
            Some((header, rest)) => {
                match Header::decode(&vault.wrapping, header) {
                    Header::Fits => {}
                    Header::OtherKey => return Err(VaultError::WrongKey),
                    Header::OtherVersion(version) => return Err(VaultError::Version { version }),
                    Header::Foreign => {
                        return Err(VaultError::NotAKeyFile {
                            path: vault.medium.path().to_owned(),
                        });
                    }
                }
                vault.table().load(rest);
            }
        }
        Ok(vault)
    }

    /// Seals `plain` for `subject`. Opening needs the same `aad`: give the
    /// row's key, so that no row can stand in for another.
    ///
    /// A subject without a key gets one, synced before this returns; see
    /// [`Vault::ensure`] for doing so once for many.
    pub fn seal(&self, subject: Subject, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let (index, stamp, key) = self.key_of(subject)?;
        let nonce = super::random().map_err(SealError::Random)?;
        let mut sealed = Vec::with_capacity(CIPHER_AT + plain.len() + TAG_BYTES);
        sealed.push(FORMAT);
        sealed.extend(index.to_be_bytes());
        sealed.extend(stamp.to_be_bytes());
        sealed.extend(nonce);
        sealed.extend(plain);
        let tag = encrypt(&key, &nonce, aad, &mut sealed[CIPHER_AT..]).ok_or(SealError::Damaged)?;
        sealed.extend(tag);
        Ok(sealed)
    }

    /// Opens what [`Vault::seal`] gave.
    pub fn open_sealed(&self, aad: &[u8], sealed: &[u8]) -> Result<Plain, SealError> {
        let (format, rest) = sealed.split_first().ok_or(SealError::Damaged)?;
        if *format != FORMAT {
            return Err(SealError::Format(*format));
        }
        let (index, rest) = rest.split_first_chunk().ok_or(SealError::Damaged)?;
        let (stamp, rest) = rest.split_first_chunk().ok_or(SealError::Damaged)?;
        let (nonce, rest) = rest.split_first_chunk().ok_or(SealError::Damaged)?;
        let (cipher, tag) = rest.split_last_chunk().ok_or(SealError::Damaged)?;
        let key = self.key_in(u32::from_be_bytes(*index), u32::from_be_bytes(*stamp))?;
        let mut plain = Zeroizing::new(cipher.to_vec());
        decrypt(&key, nonce, aad, &mut plain, tag).ok_or(SealError::Damaged)?;
        Ok(Plain(plain))
    }

    /// Gives every subject without a key one, and syncs them at once.
    pub fn ensure(&self, subjects: &HashSet<Subject>) -> Result<(), VaultError> {
        let mut table = self.table();
        table.check_whole()?;
        let new: Vec<Hash> = subjects
            .iter()
            .map(|subject| self.slot_hash(*subject))
            .filter(|hash| !table.slots.contains_key(hash))
            .collect();
        if new.is_empty() {
            return Ok(());
        }
        // Set while writing: an error half way leaves slots nobody knows of.
        table.is_broken = true;
        let mut made = Vec::with_capacity(new.len());
        for hash in new {
            let index = table.take_free()?;
            let key: PatientKey = Zeroizing::new(self.random()?);
            let stamp = u32::from_be_bytes(self.random()?);
            let slot = UsedSlot::wrap(&self.wrapping, index, hash, stamp, self.random()?, &key)
                .ok_or(VaultError::WrongKey)?;
            self.file("write", |medium| {
                medium.write_all_at(&slot.encode(), place_of(index))
            })?;
            made.push((hash, index, stamp, key));
        }
        self.file("sync", Medium::sync)?;
        for (hash, index, stamp, key) in made {
            table.slots.insert(hash, index);
            table.cache.keep(index, stamp, key);
        }
        table.is_broken = false;
        Ok(())
    }

    /// Overwrites the key of `subject` and syncs; nothing sealed under it
    /// opens again. A subject without a key is fine.
    pub fn erase(&self, subject: Subject) -> Result<(), VaultError> {
        let hash = self.slot_hash(subject);
        let mut table = self.table();
        let Some(index) = table.slots.get(&hash).copied() else {
            return Ok(());
        };
        table.check_whole()?;
        table.is_broken = true;
        self.file("overwrite", |medium| {
            medium.write_all_at(&[0; SLOT_BYTES], place_of(index))
        })?;
        self.file("sync", Medium::sync)?;
        table.slots.remove(&hash);
        table.cache.forget(index);
        table.free.push(index);
        table.is_broken = false;
        Ok(())
    }

    /// A keyed hash of a chat that survives its erasure and tells nobody
    /// without the master key which chat it was.
    #[must_use]
    pub fn lock_hash(&self, bot: BotId, chat: ChatId) -> [u8; 16] {
        keyed_hash(&self.lock_hashing, (bot, chat))
    }

    /// Whether `subject` has a key.
    #[must_use]
    pub fn knows(&self, subject: Subject) -> bool {
        let hash = self.slot_hash(subject);
        self.table().slots.contains_key(&hash)
    }

    /// The number of subjects that have a key.
    #[must_use]
    pub fn key_count(&self) -> usize {
        self.table().slots.len()
    }

    /// Slots that could not be read at open; the rows under them are lost.
    #[must_use]
    pub fn damaged_count(&self) -> u32 {
        self.table().damaged
    }

    fn key_of(&self, subject: Subject) -> Result<(u32, u32, PatientKey), SealError> {
        let hash = self.slot_hash(subject);
        let known = self.table().slots.get(&hash).copied();
        let index = match known {
            Some(index) => index,
            None => {
                self.ensure(&HashSet::from([subject]))?;
                let made = self.table().slots.get(&hash).copied();
                made.ok_or(SealError::Erased)?
            }
        };
        let (stamp, key) = self.unwrapped(&mut self.table(), index)?;
        Ok((index, stamp, key))
    }

    fn key_in(&self, index: u32, stamp: u32) -> Result<PatientKey, SealError> {
        let mut table = self.table();
        if index == 0 || index >= table.slot_count {
            return Err(SealError::Erased);
        }
        let (now, key) = self.unwrapped(&mut table, index)?;
        if now == stamp {
            Ok(key)
        } else {
            Err(SealError::Erased)
        }
    }

    fn unwrapped(&self, table: &mut Table, index: u32) -> Result<(u32, PatientKey), SealError> {
        if let Some(found) = table.cache.find(index) {
            return Ok(found);
        }
        let mut bytes: SlotBytes = [0; SLOT_BYTES];
        self.file("read", |medium| {
            medium.read_exact_at(&mut bytes, place_of(index))
        })?;
        match Slot::decode(&bytes) {
            Slot::Free => Err(SealError::Erased),
            Slot::Damaged => Err(SealError::Damaged),
            Slot::Used(slot) => {
                let key = slot
                    .unwrap_key(&self.wrapping, index)
                    .ok_or(SealError::Damaged)?;
                table.cache.keep(index, slot.stamp, key.clone());
                Ok((slot.stamp, key))
            }
        }
    }

    fn write_header(&self) -> Result<(), VaultError> {
        let header = Header::encode(&self.wrapping, self.random()?).ok_or(VaultError::WrongKey)?;
        self.file("empty", |medium| medium.set_len(0))?;
        self.file("write", |medium| medium.write_all_at(&header, 0))?;
        self.file("sync", Medium::sync)?;
        self.table().slot_count = 1;
        Ok(())
    }

    fn file<T>(
        &self,
        attempt: &'static str,
        act: impl FnOnce(&Medium) -> io::Result<T>,
    ) -> Result<T, VaultError> {
        act(&self.medium).map_err(|source| VaultError::File {
            attempt,
            path: self.medium.path().to_owned(),
            source,
        })
    }

    fn random<const N: usize>(&self) -> Result<[u8; N], VaultError> {
        super::random().map_err(VaultError::Random)
    }

    fn slot_hash(&self, subject: Subject) -> Hash {
        keyed_hash(&self.slot_hashing, subject)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // A panic while writing leaves `is_broken` set, which says as much.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vault({} keys)", self.key_count())
    }
}

impl Table {
    fn load(&mut self, slots: &[SlotBytes]) {
        for (index, bytes) in (1..).zip(slots) {
            match Slot::decode(bytes) {
                Slot::Free => self.free.push(index),
                Slot::Used(slot) => {
                    self.slots.insert(slot.hash, index);
                }
                // Not given out again: its rows must not read as erased.
                Slot::Damaged => self.damaged += 1,
            }
            self.slot_count = index + 1;
        }
        self.slot_count = self.slot_count.max(1);
    }

    fn take_free(&mut self) -> Result<u32, VaultError> {
        if let Some(index) = self.free.pop() {
            return Ok(index);
        }
        if self.slot_count >= SLOTS_MAX {
            return Err(VaultError::Full { slots: SLOTS_MAX });
        }
        self.slot_count += 1;
        Ok(self.slot_count - 1)
    }

    fn check_whole(&self) -> Result<(), VaultError> {
        if self.is_broken {
            Err(VaultError::Broken)
        } else {
            Ok(())
        }
    }
}

fn place_of(index: u32) -> u64 {
    u64::from(index) * SLOT_BYTES as u64
}

fn keyed_hash(key: &[u8; KEY_BYTES], (bot, chat): Subject) -> Hash {
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(&sortable(bot.0));
    hasher.update(&sortable(chat.0));
    let mut hash = [0; HASH_BYTES];
    hasher.finalize_xof().fill(&mut hash);
    hash
}

/// Opened bytes, wiped when dropped. Prints its length only.
pub struct Plain(Zeroizing<Vec<u8>>);

impl Deref for Plain {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plain({} bytes)", self.0.len())
    }
}

/// Why something could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The subject's key was erased, so this is gone for good.
    #[error("its key was erased")]
    Erased,
    /// Not what was sealed under this key and row, or its slot is damaged.
    #[error("a sealed value is damaged")]
    Damaged,
    /// Sealed by a later version of this program.
    #[error("a sealed value has the unknown format {0}")]
    Format(u8),
    /// The system gave no random bytes.
    #[error("failed to draw a nonce")]
    Random(#[source] io::Error),
    /// The key file failed.
    #[error("failed to find its key")]
    Vault(#[from] VaultError),
}

/// Why the key file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// Made with another master key.
    #[error("the key file was made with another master key")]
    WrongKey,
    /// Some other file.
    #[error("{path} is not a key file", path = path.display())]
    NotAKeyFile {
        /// The file.
        path: PathBuf,
    },
    /// Made by a later version of this program.
    #[error("the key file has the unknown version {version}")]
    Version {
        /// The version found.
        version: u8,
    },
    /// Every slot is taken.
    #[error("the key file is full: {slots} slots")]
    Full {
        /// How many it may have.
        slots: u32,
    },
    /// An earlier write failed, so what the file holds is unknown until a restart.
    #[error("refused: an earlier write to the key file failed, restart to recover")]
    Broken,
    /// The system gave no random bytes.
    #[error("failed to draw a key")]
    Random(#[source] io::Error),
    /// The file could not be used.
    #[error("failed to {attempt} the key file {path}", path = path.display())]
    File {
        /// What was attempted.
        attempt: &'static str,
        /// The file.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
}

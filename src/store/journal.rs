//! The belt: emergency and urgent cases, appended a second time to a file of
//! their own, so that losing the store does not lose a warning.
//!
//! One writer, the commit thread. Each record stands alone: a damaged one
//! costs itself. What a warning means is not known here.

use std::io;
use std::path::{Path, PathBuf};

use super::commit::JournalEntry;
use super::key::{number, sortable};
use super::medium::Medium;
use super::seal::{SealError, Vault};
use crate::ids::{BotId, ChatId};

/// Magic 8, last sequence 8, its crc 4, nothing 12.
const HEADER_BYTES: u64 = 32;
const HEADER_MAGIC: [u8; 8] = *b"PSOASWRN";
const RECORD_MAGIC: [u8; 4] = *b"warn";
/// Magic 4, length 4, crc 4.
const RECORD_HEAD_BYTES: usize = 12;
/// Sequence, bot, chat.
const ENTRY_HEAD_BYTES: usize = 24;
/// A case with the patient's words, with room to spare.
pub(super) const ENTRY_BYTES_MAX: usize = 60 * 1024;
const SEALED_BYTES_MAX: usize = ENTRY_BYTES_MAX + 1024;
const AAD: &[u8] = b"warnings.journal";

/// The journal's file.
#[derive(Debug)]
pub struct Journal {
    medium: Medium,
    end_bytes: u64,
    /// The sequence of the last record, 0 for none.
    last: u64,
    /// Whether an append failed half way and could not be undone.
    is_broken: bool,
}

/// One warning of the journal, opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// The commit it belonged to.
    pub sequence: u64,
    /// The warning.
    pub entry: JournalEntry,
}

/// What the journal held when it was opened.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Replay {
    /// The warnings, oldest first.
    pub entries: Vec<Replayed>,
    /// The highest sequence that was committed, as far as is known.
    pub sequence_seen: u64,
    /// Records that are damaged, and were passed over.
    pub damaged: usize,
    /// Records of patients who were erased, and were passed over.
    pub erased: usize,
    /// What a crash left of a last record, and was cut off, in bytes.
    pub torn_bytes: u64,
}

impl Journal {
    /// Opens `warnings.journal`, or makes it.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        Self::on(Medium::file(path).map_err(|source| JournalError::File {
            attempt: "open",
            path: path.to_owned(),
            source,
        })?)
    }

    /// As [`Journal::open`], wherever the bytes are.
    pub fn on(medium: Medium) -> Result<Self, JournalError> {
        let mut journal = Self {
            medium,
            end_bytes: 0,
            last: 0,
            is_broken: false,
        };
        let len_bytes = journal.file("measure", Medium::len_bytes)?;
        if len_bytes < HEADER_BYTES {
            journal.file("empty", |medium| medium.set_len(0))?;
            journal.write_header(0)?;
            journal.file("sync", Medium::sync)?;
        } else {
            let mut magic = HEADER_MAGIC;
            journal.file("read", |medium| medium.read_exact_at(&mut magic, 0))?;
            if magic != HEADER_MAGIC {
                return Err(JournalError::NotAJournal {
                    path: journal.medium.path().to_owned(),
                });
            }
        }
        journal.end_bytes = len_bytes.max(HEADER_BYTES);
        Ok(journal)
    }

    /// Reads every record, and cuts off what a crash left of a last one.
    pub fn replay(&mut self, vault: &Vault) -> Result<Replay, JournalError> {
        let bytes = self.file("read", Medium::read_all)?;
        let mut replay = Replay {
            sequence_seen: committed_sequence(&bytes),
            ..Replay::default()
        };
        let mut at = HEADER_BYTES as usize;
        while at < bytes.len() {
            if let Some(sealed) = record_at(&bytes, at) {
                replay.take(vault, sealed)?;
                at += RECORD_HEAD_BYTES + sealed.len();
            } else if let Some(next) = next_record(&bytes, at + 1) {
                replay.damaged += 1;
                at = next;
            } else {
                // Nothing whole follows, so this was never acknowledged.
                replay.torn_bytes = (bytes.len() - at) as u64;
                self.file("cut", |medium| medium.set_len(at as u64))?;
                self.file("sync", Medium::sync)?;
                break;
            }
        }
        self.end_bytes = at as u64;
        self.last = replay.entries.last().map_or(0, |last| last.sequence);
        Ok(replay)
    }

    /// Appends `entries`, each with the sequence of its commit, and syncs.
    pub(super) fn append(
        &mut self,
        vault: &Vault,
        entries: &[(u64, &JournalEntry)],
    ) -> Result<(), JournalError> {
        let Some((last, _)) = entries.last() else {
            return Ok(());
        };
        if self.is_broken {
            return Err(JournalError::Broken);
        }
        let mut bytes = Vec::new();
        for (sequence, entry) in entries {
            let mut plain = Vec::with_capacity(ENTRY_HEAD_BYTES + entry.bytes.len());
            plain.extend(sequence.to_be_bytes());
            plain.extend(sortable(entry.subject.0.0));
            plain.extend(sortable(entry.subject.1.0));
            plain.extend(&entry.bytes);
            let sealed = vault.seal(entry.subject, AAD, &plain)?;
            let len = (sealed.len() as u32).to_be_bytes();
            bytes.extend(RECORD_MAGIC);
            bytes.extend(len);
            bytes.extend(record_crc(len, &sealed));
            bytes.extend(sealed);
        }
        let end_bytes = self.end_bytes;
        if let Err(error) = self.file("append to", |medium| medium.write_all_at(&bytes, end_bytes))
        {
            // Half a record before whole ones would cost a search.
            self.is_broken = self.medium.set_len(end_bytes).is_err();
            return Err(error);
        }
        // No later sync can be believed after a failed one.
        self.is_broken = true;
        self.file("sync", Medium::sync)?;
        self.is_broken = false;
        self.end_bytes += bytes.len() as u64;
        self.last = *last;
        Ok(())
    }

    /// Notes that everything up to `sequence` is committed. Not synced: the
    /// note may lag behind the store but never leads it, so a store that is
    /// behind the note has lost its tail.
    pub(super) fn note_committed(&self, sequence: u64) -> Result<(), JournalError> {
        self.write_header(sequence)
    }

    /// Empties the journal, once every warning up to the sequence `verified`
    /// was found in the store. When newer ones were appended since, all stay
    /// and this gives `false`.
    pub fn truncate(&mut self, verified: u64) -> Result<bool, JournalError> {
        if self.last > verified {
            return Ok(false);
        }
        self.file("cut", |medium| medium.set_len(HEADER_BYTES))?;
        self.file("sync", Medium::sync)?;
        self.end_bytes = HEADER_BYTES;
        self.last = 0;
        Ok(true)
    }

    /// Its size.
    #[must_use]
    pub const fn size_bytes(&self) -> u64 {
        self.end_bytes
    }

    fn write_header(&self, sequence: u64) -> Result<(), JournalError> {
        let mut header = [0; HEADER_BYTES as usize];
        header[..8].copy_from_slice(&HEADER_MAGIC);
        let sequence = sequence.to_be_bytes();
        header[8..16].copy_from_slice(&sequence);
        header[16..20].copy_from_slice(&crc32fast::hash(&sequence).to_be_bytes());
        self.file("write", |medium| medium.write_all_at(&header, 0))
    }

    fn file<T>(
        &self,
        attempt: &'static str,
        act: impl FnOnce(&Medium) -> io::Result<T>,
    ) -> Result<T, JournalError> {
        act(&self.medium).map_err(|source| JournalError::File {
            attempt,
            path: self.medium.path().to_owned(),
            source,
        })
    }
}

impl Replay {
    fn take(&mut self, vault: &Vault, sealed: &[u8]) -> Result<(), JournalError> {
        match vault.open_sealed(AAD, sealed) {
            Ok(plain) => match decode_entry(&plain) {
                Some(replayed) => self.entries.push(replayed),
                None => self.damaged += 1,
            },
            Err(SealError::Erased) => self.erased += 1,
            Err(SealError::Damaged | SealError::Format(_)) => self.damaged += 1,
            Err(error @ (SealError::Random(_) | SealError::Vault(_))) => return Err(error.into()),
        }
        Ok(())
    }
}

/// The sequence of the header, 0 when a power cut tore it.
fn committed_sequence(bytes: &[u8]) -> u64 {
    let Some(header) = bytes.first_chunk::<{ HEADER_BYTES as usize }>() else {
        return 0;
    };
    let mut sequence = [0; 8];
    sequence.copy_from_slice(&header[8..16]);
    if crc32fast::hash(&sequence).to_be_bytes() == header[16..20] {
        u64::from_be_bytes(sequence)
    } else {
        0
    }
}

/// The sealed bytes of the record at `at`, when it is whole.
fn record_at(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let rest = bytes.get(at..)?.strip_prefix(&RECORD_MAGIC)?;
    let (len, rest) = rest.split_first_chunk::<4>()?;
    let (crc, rest) = rest.split_first_chunk::<4>()?;
    let len_bytes = u32::from_be_bytes(*len) as usize;
    if len_bytes > SEALED_BYTES_MAX {
        return None;
    }
    let sealed = rest.get(..len_bytes)?;
    (record_crc(*len, sealed) == *crc).then_some(sealed)
}

fn next_record(bytes: &[u8], from: usize) -> Option<usize> {
    (from..bytes.len()).find(|at| record_at(bytes, *at).is_some())
}

fn record_crc(len: [u8; 4], sealed: &[u8]) -> [u8; 4] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&len);
    hasher.update(sealed);
    hasher.finalize().to_be_bytes()
}

fn decode_entry(plain: &[u8]) -> Option<Replayed> {
    let (sequence, rest) = plain.split_first_chunk()?;
    let (bot, rest) = rest.split_first_chunk()?;
    let (chat, rest) = rest.split_first_chunk()?;
    Some(Replayed {
        sequence: u64::from_be_bytes(*sequence),
        entry: JournalEntry {
            subject: (BotId(number(*bot)), ChatId(number(*chat))),
            bytes: rest.to_vec(),
        },
    })
}

/// Why the journal could not be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Some other file.
    #[error("{path} is not a journal of warnings", path = path.display())]
    NotAJournal {
        /// The file.
        path: PathBuf,
    },
    /// An earlier append failed and could not be undone.
    #[error("refused: an earlier append to the journal failed, restart to recover")]
    Broken,
    /// A record could not be sealed or opened.
    #[error("failed to seal or open a warning")]
    Seal(#[from] SealError),
    /// The file could not be used.
    #[error("failed to {attempt} the journal {path}", path = path.display())]
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

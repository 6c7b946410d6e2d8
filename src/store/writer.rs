//! The commit thread: takes what waits, checks it, seals it, writes it once.
//!
//! It alone writes to the store, the journal and the key file, so what it
//! checked still holds when it writes. Time only tells it how long delivery
//! marks may wait for company.

use std::collections::{HashMap, HashSet, VecDeque};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use super::commit::{Commit, CommitError, JournalEntry, Version};
use super::journal::Journal;
use super::key::{Key, Kind, sortable};
use super::seal::{SealError, Subject, Vault};
use super::{Store, Write};
use crate::ids::{BotId, ChatId};

/// Commits written together. More would make the first wait for the last.
const GROUP_COMMITS_MAX: usize = 256;
/// Bytes of values written together, unless one commit alone has more.
const GROUP_BYTES_MAX: usize = 2 << 20;
/// How long a commit that nobody awaits may wait for company.
const LATER_WAIT: Duration = Duration::from_millis(50);

/// Whose key seals the ledger's own rows.
pub(super) const LEDGER: Subject = (BotId(0), ChatId(0));
const SEQUENCE_TAIL: &[u8] = b"sequence";
const ERASING_TAIL: &[u8] = b"erasing";

/// A commit on its way; nobody awaits one without a `reply`.
pub(super) struct Order {
    pub(super) commit: Commit,
    pub(super) reply: Option<oneshot::Sender<Result<(), CommitError>>>,
}

impl Order {
    fn answer(self, result: Result<(), CommitError>) {
        match (self.reply, result) {
            // Whoever asked may have gone meanwhile.
            (Some(reply), result) => drop(reply.send(result)),
            (None, Ok(())) => {}
            (None, Err(error)) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a commit that nobody awaits failed"
                );
            }
        }
    }
}

/// What the commit thread works on.
pub(super) struct Writer {
    pub(super) store: Arc<dyn Store>,
    pub(super) vault: Arc<Vault>,
    pub(super) journal: Arc<Mutex<Journal>>,
    /// The last one given out, whether or not its commit succeeded.
    pub(super) sequence: u64,
    /// Notes of erasures that are done or did not come about; the next group
    /// removes them.
    pub(super) stale_notes: Vec<Key>,
}

/// What a group has decided so far and not yet written.
#[derive(Default)]
struct Group {
    versions: HashMap<Vec<u8>, Version>,
    changes: Vec<Change>,
}

enum Change {
    /// A put, by the place of its commit in the group and its own in the commit.
    Put {
        key: Vec<u8>,
        version: Version,
        commit: usize,
        put: usize,
    },
    Delete {
        key: Vec<u8>,
    },
}

impl Writer {
    /// Works until every sender is gone and nothing waits.
    pub(super) async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        let mut waiting = VecDeque::new();
        loop {
            if waiting.is_empty() {
                match orders.recv().await {
                    Some(order) => waiting.push_back(order),
                    None => return,
                }
            }
            gather(&mut orders, &mut waiting).await;
            let group = waiting.drain(..group_len(&waiting)).collect();
            self.commit_group(group);
        }
    }

    fn commit_group(&mut self, orders: Vec<Order>) {
        let mut group = Group::default();
        let mut accepted = Vec::with_capacity(orders.len());
        for order in orders {
            match self.stage(&mut group, accepted.len(), &order.commit) {
                Ok(()) => accepted.push(order),
                Err(error) => order.answer(Err(error)),
            }
        }
        let result = if accepted.iter().all(|order| order.commit.is_empty()) {
            Ok(())
        } else {
            self.write(&group, &accepted)
        };
        for order in accepted {
            order.answer(result.clone());
        }
    }

    /// Checks a commit against the store and what the group holds already,
    /// and adds it; on an error the group is as before.
    fn stage(&self, group: &mut Group, place: usize, commit: &Commit) -> Result<(), CommitError> {
        commit.check_form()?;
        for (key, expected) in &commit.expect {
            let found = self.version(group, &key.encode())?;
            if found != *expected {
                return Err(CommitError::Conflict {
                    kind: key.kind(),
                    expected: *expected,
                    found,
                });
            }
        }
        let mut olds = Vec::with_capacity(commit.puts.len());
        for put in &commit.puts {
            let key = put.key.encode();
            let old = self.version(group, &key)?;
            olds.push((key, old));
        }
        // Nothing fails from here on.
        for (put, (key, old)) in olds.into_iter().enumerate() {
            // The same commit may have put the row before.
            let version = group.versions.get(&key).copied().unwrap_or(old).next();
            group.versions.insert(key.clone(), version);
            group.changes.push(Change::Put {
                key,
                version,
                commit: place,
                put,
            });
        }
        for key in &commit.deletes {
            let key = key.encode();
            group.versions.insert(key.clone(), Version::ABSENT);
            group.changes.push(Change::Delete { key });
        }
        Ok(())
    }

    fn version(&self, group: &Group, key: &[u8]) -> Result<Version, CommitError> {
        if let Some(version) = group.versions.get(key) {
            return Ok(*version);
        }
        let Some(sealed) = self.store.get(key)? else {
            return Ok(Version::ABSENT);
        };
        match open_row(&self.vault, key, &sealed, |version, _| version) {
            Ok(version) => Ok(version),
            // Nobody can read it any more, so it is as good as absent.
            Err(SealError::Erased) => Ok(Version::ABSENT),
            Err(error) => Err(error.into()),
        }
    }

    fn write(&mut self, group: &Group, accepted: &[Order]) -> Result<(), CommitError> {
        let mut subjects = HashSet::from([LEDGER]);
        let mut warnings: Vec<(u64, &JournalEntry)> = Vec::new();
        let mut notes = Vec::new();
        for order in accepted {
            // Given out even if the write fails: a number is never used twice.
            self.sequence += 1;
            let commit = &order.commit;
            subjects.extend(commit.puts.iter().map(|put| (put.key.bot(), put.subject)));
            subjects.extend(commit.warn.iter().map(|entry| entry.subject));
            warnings.extend(commit.warn.iter().map(|entry| (self.sequence, entry)));
            notes.extend(commit.erase.iter().map(|subject| erasing_key(*subject)));
        }
        // A key that is not on the disk must never have sealed a row that is.
        self.vault.ensure(&subjects)?;
        let writes = self.seal(group, accepted, &notes)?;
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        journal.append(&self.vault, &warnings)?;
        drop(journal);

        let applied = self.store.apply(&writes);
        // Removed with the next group: until then a restart repeats the
        // erasure, and after a failure nobody knows whether they were written.
        match &applied {
            Ok(()) => self.stale_notes = notes,
            Err(_) => self.stale_notes.extend(notes),
        }
        applied?;

        let journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = journal.note_committed(self.sequence) {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "failed to note a sequence"
            );
        }
        drop(journal);
        for order in accepted {
            for subject in &order.commit.erase {
                self.vault.erase(*subject)?;
            }
        }
        Ok(())
    }

    fn seal(
        &self,
        group: &Group,
        accepted: &[Order],
        notes: &[Key],
    ) -> Result<Vec<Write>, CommitError> {
        let mut writes = Vec::with_capacity(group.changes.len() + notes.len() + 1);
        let stale = self.stale_notes.iter().map(Key::encode);
        writes.extend(stale.map(|key| Write::Delete { key }));
        for change in &group.changes {
            writes.push(match change {
                Change::Put {
                    key,
                    version,
                    commit,
                    put,
                } => {
                    let put = &accepted[*commit].commit.puts[*put];
                    let subject = (put.key.bot(), put.subject);
                    seal_row(&self.vault, key.clone(), subject, *version, &put.value)?
                }
                Change::Delete { key } => Write::Delete { key: key.clone() },
            });
        }
        let sequence = self.sequence.to_be_bytes();
        for (key, value) in notes
            .iter()
            .map(|note| (note.encode(), [].as_slice()))
            .chain([(sequence_key().encode(), sequence.as_slice())])
        {
            writes.push(seal_row(&self.vault, key, LEDGER, Version(1), value)?);
        }
        Ok(writes)
    }
}

/// Takes all that waits, up to one group. When nobody awaits any of it, gives
/// it a little time to be joined.
async fn gather(orders: &mut mpsc::Receiver<Order>, waiting: &mut VecDeque<Order>) {
    let mut patience = pin!(sleep(LATER_WAIT));
    loop {
        while waiting.len() < GROUP_COMMITS_MAX {
            match orders.try_recv() {
                Ok(order) => waiting.push_back(order),
                Err(_) => break,
            }
        }
        let is_awaited = waiting.iter().any(|order| order.reply.is_some());
        if is_awaited || waiting.len() >= GROUP_COMMITS_MAX {
            return;
        }
        tokio::select! {
            order = orders.recv() => match order {
                Some(order) => waiting.push_back(order),
                // Nobody is left to join.
                None => return,
            },
            () = &mut patience => return,
        }
    }
}

fn group_len(waiting: &VecDeque<Order>) -> usize {
    let mut bytes = 0;
    for (place, order) in waiting.iter().enumerate().take(GROUP_COMMITS_MAX) {
        bytes += order.commit.size_bytes();
        if bytes > GROUP_BYTES_MAX && place > 0 {
            return place;
        }
        // What comes after an erasure must be sealed with a new key.
        if !order.commit.erase.is_empty() {
            return place + 1;
        }
    }
    waiting.len().min(GROUP_COMMITS_MAX)
}

/// The version stands before the value, within the seal.
fn seal_row(
    vault: &Vault,
    key: Vec<u8>,
    subject: Subject,
    version: Version,
    value: &[u8],
) -> Result<Write, SealError> {
    let mut plain = zeroize::Zeroizing::new(Vec::with_capacity(8 + value.len()));
    plain.extend(version.0.to_be_bytes());
    plain.extend(value);
    let value = vault.seal(subject, &key, &plain)?;
    Ok(Write::Put { key, value })
}

/// Opens a stored row and gives `read` its version and value.
pub(super) fn open_row<T>(
    vault: &Vault,
    key: &[u8],
    sealed: &[u8],
    read: impl FnOnce(Version, &[u8]) -> T,
) -> Result<T, SealError> {
    let plain = vault.open_sealed(key, sealed)?;
    let (version, value) = plain.split_first_chunk().ok_or(SealError::Damaged)?;
    Ok(read(Version(u64::from_be_bytes(*version)), value))
}

/// Where the last sequence is kept.
pub(super) fn sequence_key() -> Key {
    Key::new(LEDGER.0, LEDGER.1, Kind::Meta, SEQUENCE_TAIL)
}

/// Where an erasure under way is noted, so that a restart finishes it.
fn erasing_key((bot, chat): Subject) -> Key {
    let tail = [ERASING_TAIL, &sortable(bot.0), &sortable(chat.0)].concat();
    Key::new(LEDGER.0, LEDGER.1, Kind::Meta, &tail)
}

/// Whose erasure a row notes, if it does.
pub(super) fn erasing_subject(key: &Key) -> Option<Subject> {
    let rest = key.tail().strip_prefix(ERASING_TAIL)?;
    let (bot, rest) = rest.split_first_chunk()?;
    let chat = rest.try_into().ok()?;
    Some((
        BotId(super::key::number(*bot)),
        ChatId(super::key::number(chat)),
    ))
}

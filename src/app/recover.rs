//! What a start finds in the store: everything that was promised and not done.

use std::collections::BTreeSet;

use super::clerk::{Clerk, Job};
use super::records::{DueRow, InboxRow, Keys, OutboxRow, Piece, case_subject, sequence_of};
use crate::dialog::{Conversation, Weight};
use crate::ids::{ChatId, Revision, Timestamp};
use crate::staff::{Alert, Case};
use crate::store::{Commit, CommitError, Key, Kind, Ledger, ReadError, Version};
use crate::triage::Report;

/// Everything that waits, in order.
#[derive(Debug, Default)]
pub struct Recovered {
    /// For the chats' workers.
    pub jobs: Vec<(ChatId, Job)>,
    /// For the lanes; marked, for they may have been sent.
    pub messages: Vec<(ChatId, u64, OutboxRow)>,
    /// Timers.
    pub dues: Vec<(ChatId, DueRow)>,
    /// Chats with an open question asked within the last day.
    pub open_questions: Vec<ChatId>,
    /// The scripts that conversations walk in.
    pub scripts: BTreeSet<Revision>,
    /// Rows begin above this.
    pub sequence: u64,
    /// Seen marks and cases' leftovers that may go.
    pub stale: Vec<Key>,
    /// How many rows could not be read; they stay where they are.
    pub unreadable: usize,
}

/// An open question older than this is not shown again by itself.
const SHOW_AGAIN_SECONDS: i64 = 24 * 60 * 60;

/// Reads the store through, once, at start.
///
/// # Errors
/// When the store cannot be read.
pub fn recover(ledger: &Ledger, keys: Keys, now: Timestamp) -> Result<Recovered, ReadError> {
    let mut found = Recovered::default();
    ledger.scan(keys.0, None, None, &mut |key, row| {
        let chat = key.chat();
        match key.kind() {
            Kind::Inbox => {
                let sequence = sequence_of(&key);
                found.sequence = found.sequence.max(sequence);
                match row.json::<InboxRow>() {
                    Ok(row) => found.jobs.push((chat, Job::Row { sequence, row })),
                    Err(error) if error.is_erased() => found.stale.push(key),
                    Err(_) => found.unreadable += 1,
                }
            }
            Kind::Outbox => {
                let sequence = sequence_of(&key);
                found.sequence = found.sequence.max(sequence);
                match row.json::<OutboxRow>() {
                    // A toggle's look is stale after a restart; a drawing is not.
                    Ok(row)
                        if row.weight == Weight::Tick
                            && matches!(row.piece, Piece::Edit { .. }) =>
                    {
                        found.stale.push(key);
                    }
                    Ok(mut row) => {
                        row.repeats += 1;
                        found.messages.push((chat, sequence, row));
                    }
                    Err(error) if error.is_erased() => found.stale.push(key),
                    Err(_) => found.unreadable += 1,
                }
            }
            Kind::Due => match row.json::<DueRow>() {
                Ok(due) => found.dues.push((chat, due)),
                Err(error) if error.is_erased() => found.stale.push(key),
                Err(_) => found.unreadable += 1,
            },
            Kind::Conversation => {
                if let Ok(conversation) = row.json::<Conversation>() {
                    if conversation
                        .open
                        .as_ref()
                        .is_some_and(|open| now.seconds_since(open.since) < SHOW_AGAIN_SECONDS)
                    {
                        found.open_questions.push(chat);
                    }
                    if !conversation.stack.is_empty() {
                        found.scripts.extend(conversation.script);
                    }
                }
            }
            Kind::Seen => {
                if is_stale_mark(&key, now) {
                    found.stale.push(key);
                }
            }
            // What was put aside keeps its number: another must not replace it.
            Kind::Note => {
                let sequence = key.tail().last_chunk::<8>();
                let sequence = sequence.map_or(0, |bytes| u64::from_be_bytes(*bytes));
                found.sequence = found.sequence.max(sequence);
            }
            // Counts are told apart by the sequence of their turn.
            Kind::Counter => {
                if Keys::day_of_numbers(&key).is_some()
                    && let Some(sequence) =
                        key.tail().get(5..).and_then(|tail| tail.try_into().ok())
                {
                    found.sequence = found.sequence.max(u64::from_be_bytes(sequence));
                }
            }
            Kind::Shown
            | Kind::Case
            | Kind::CaseIndex
            | Kind::Lock
            | Kind::Meta
            | Kind::Content
            | Kind::Phone
            | Kind::Audit => {}
        }
    })?;
    // Keys sort by chat; what waits is taken in the order it came.
    found.jobs.sort_by_key(|(_, job)| match job {
        Job::Row { sequence, .. } => *sequence,
        Job::Due(_) => u64::MAX,
    });
    found.messages.sort_by_key(|(_, sequence, _)| *sequence);
    Ok(found)
}

/// What follows from warnings that were made again.
#[derive(Debug, Default)]
pub struct Told {
    /// For the lanes.
    pub messages: Vec<(ChatId, u64, OutboxRow)>,
    /// For the timers.
    pub dues: Vec<(ChatId, DueRow)>,
}

/// Cases the journal knows and the store lost, made again and told again.
///
/// # Errors
/// When the store cannot be read or written.
pub fn replay_warnings(
    clerk: &Clerk,
    entries: &[crate::store::journal::Replayed],
    now: Timestamp,
) -> Result<Told, super::clerk::TurnError> {
    let content = std::sync::Arc::clone(clerk.library.newest());
    let mut told = Told::default();
    for replayed in entries {
        let Ok(case) = serde_json::from_slice::<Case>(&replayed.entry.bytes) else {
            continue;
        };
        if replayed.entry.subject != (clerk.keys.0, case_subject(case.number)) {
            continue;
        }
        let key = clerk.keys.case(case.chat, case.number);
        let (case, version) = match clerk.ledger.read::<Case>(&key)? {
            None => (case, Version::ABSENT),
            // The case is there, and the news that raised it is not.
            Some((mut stored, version)) if stored.level < case.level && stored.is_open() => {
                let report = Report {
                    level: case.level,
                    flags: case.flags,
                    rules: case.rules,
                    words: None,
                    private: case.private,
                    deleted: case.deleted,
                };
                stored.join(report);
                (stored, version)
            }
            Some(_) => continue,
        };
        let mut draft = super::clerk::Draft::new(clerk, now);
        let counter = clerk.keys.case_counter();
        let (last, counted) = clerk
            .ledger
            .read::<u64>(&counter)?
            .unwrap_or((0, Version::ABSENT));
        if last < case.number.0 {
            draft.replace(counter, counted, super::records::CLINIC, &case.number.0)?;
        }
        draft.write_case(&content, &case, version, Alert::Post)?;
        clerk.ledger.commit_blocking(draft.prepared.commit)?;
        told.messages.extend(draft.prepared.messages);
        told.dues.extend(draft.prepared.dues);
    }
    Ok(told)
}

/// Whether a mark of a taken update may go.
pub(super) fn is_stale_mark(key: &Key, now: Timestamp) -> bool {
    let day = key.tail().first_chunk::<4>();
    let day = day.map_or(0, |bytes| u32::from_be_bytes(*bytes));
    super::intake::is_forgotten(day, now)
}

/// Deletes rows that may go, a few at a time.
///
/// # Errors
/// When the store refuses.
pub fn sweep(ledger: &Ledger, stale: Vec<Key>) -> Result<(), CommitError> {
    /// Below what one commit may hold.
    const ROWS: usize = 1000;
    let mut stale = stale;
    while !stale.is_empty() {
        let deletes = stale.split_off(stale.len().saturating_sub(ROWS));
        ledger.commit_blocking(Commit {
            deletes,
            ..Commit::default()
        })?;
    }
    Ok(())
}

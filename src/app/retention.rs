//! What may go by itself, and when: for each kind as long as the clinic's file
//! says. Looked at once an hour.

use super::audit;
use super::clerk::{Clerk, Job, TurnError, is_closed_for_long, is_older, is_outdated};
use super::numbers;
use super::records::{InboxRow, Undelivered};
use super::recover::{is_stale_mark, sweep};
use crate::dialog::Conversation;
use crate::ids::{ChatId, Timestamp};
use crate::staff::Case;
use crate::store::{CommitError, Key, Kind};

/// What a look at the store comes to.
#[derive(Debug, Default)]
struct Outdated {
    /// Rows that may go as they are.
    rows: Vec<Key>,
    /// What chats' workers have to forget.
    jobs: Vec<(ChatId, Job)>,
}

/// Deletes what may go, and gives what the chats' workers have to forget: silent
/// patients, and cases closed long ago.
///
/// # Errors
/// When the store cannot be read or written.
pub fn keep(clerk: &Clerk, now: Timestamp) -> Result<Vec<(ChatId, Job)>, TurnError> {
    let found = outdated(clerk, now)?;
    sweep(&clerk.ledger, found.rows)?;
    let days = clerk.library.newest().clinic.keeps_days.audit;
    let before = now.plus_seconds(-i64::from(days) * 24 * 60 * 60);
    if let Some(commit) = audit::prune(&clerk.ledger, clerk.keys, before, now)? {
        match clerk.ledger.commit_blocking(commit) {
            // Somebody acted in this moment: the next look takes them.
            Ok(()) | Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let content = clerk.library.newest();
    let today = numbers::day_of(content, now);
    let first = today.saturating_sub(content.clinic.keeps_days.numbers);
    numbers::fold(&clerk.ledger, clerk.keys, first, today)?;
    Ok(found.jobs)
}

fn outdated(clerk: &Clerk, now: Timestamp) -> Result<Outdated, TurnError> {
    let content = clerk.library.newest();
    let mut found = Outdated::default();
    let mut forget = |chat, row| found.jobs.push((chat, Job::Row { sequence: 0, row }));
    let mut rows = Vec::new();
    clerk
        .ledger
        .scan(clerk.keys.0, None, None, &mut |key, row| match key.kind() {
            Kind::Seen => {
                if is_stale_mark(&key, now) {
                    rows.push(key);
                }
            }
            Kind::Conversation => {
                if let Ok(conversation) = row.json::<Conversation>() {
                    if is_outdated(content, &conversation, now) {
                        forget(key.chat(), InboxRow::Forget);
                    } else if numbers::left_silently(&conversation, now).is_some() {
                        forget(key.chat(), InboxRow::Left);
                    }
                }
            }
            Kind::Case => {
                if let Ok(case) = row.json::<Case>()
                    && is_closed_for_long(content, &case, now)
                {
                    forget(key.chat(), InboxRow::ForgetCase(case.number));
                }
            }
            // What was put aside holds a patient's words like any other row.
            Kind::Note => {
                let days = content.clinic.keeps_days.undelivered;
                let at = match (row.json::<InboxRow>(), row.json::<Undelivered>()) {
                    (Ok(InboxRow::Update { at, .. }), _) | (_, Ok(Undelivered { at, .. })) => at,
                    (_, _) => return,
                };
                if is_older(at, days, now) {
                    rows.push(key);
                }
            }
            Kind::Inbox
            | Kind::Outbox
            | Kind::Due
            | Kind::Shown
            | Kind::CaseIndex
            | Kind::Counter
            | Kind::Lock
            | Kind::Meta
            | Kind::Content
            | Kind::Phone
            | Kind::Audit => {}
        })?;
    found.rows = rows;
    Ok(found)
}

//! Everything kept of a patient goes: on /delete, and after the time the clinic
//! promised.

use super::draft::Draft;
use super::{Clerk, TurnError};
use crate::app::records::{CLINIC, DueRow, Keys, case_subject};
use crate::content::Content;
use crate::dialog::{Conversation, Due};
use crate::ids::{CaseNumber, ChatId, Timestamp};
use crate::staff::Case;
use crate::store::{Kind, Put};

impl Clerk {
    /// What the clinic promised to keep no longer goes, as with /delete.
    pub(super) fn forget(&self, chat: ChatId, draft: &mut Draft<'_>) -> Result<(), TurnError> {
        let content = std::sync::Arc::clone(self.library.newest());
        let Some((mut conversation, version)) = self.conversation(chat)? else {
            return Ok(());
        };
        if !is_outdated(&content, &conversation, draft.now) {
            return Ok(());
        }
        let level = conversation.level(&content);
        conversation.lock = level.blocks().then_some(level);
        let mut in_hand = None;
        if let Some(held) = self.hold_case(chat, &mut in_hand)? {
            held.case.forget_on_close = true;
            let alert = self.end_erased_talk(&content, &mut held.case, draft)?;
            draft.write_case(&content, &held.case, held.version, alert)?;
        }
        draft
            .prepared
            .commit
            .expect
            .push((self.keys.conversation(chat), version));
        self.erase(chat, &conversation, draft)
    }

    /// Everything kept of a patient goes; a lock without a word stays.
    pub(super) fn erase(
        &self,
        chat: ChatId,
        conversation: &Conversation,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let keys = self.keys;
        let queued: Vec<_> = draft
            .prepared
            .messages
            .iter()
            .map(|(chat, sequence, _)| keys.outbox(*chat, *sequence))
            .collect();
        let mut deletes = Vec::new();
        let mut waiting = Vec::new();
        let mut closed = Vec::new();
        self.ledger
            .scan(keys.0, Some(chat), None, &mut |key, row| match key.kind() {
                // An open case stays under a key of its own until it closes, and
                // what was taken is not to be taken again.
                Kind::Seen | Kind::Audit => {}
                Kind::Case => {
                    if let Ok((case, version)) = row.open::<Case>()
                        && !case.is_open()
                    {
                        closed.push((key, version, case.number));
                    }
                }
                Kind::Inbox => waiting.push((key, row.bytes())),
                Kind::CaseIndex
                | Kind::Conversation
                | Kind::Outbox
                | Kind::Due
                | Kind::Shown
                | Kind::Counter
                | Kind::Lock
                | Kind::Meta
                | Kind::Content
                | Kind::Phone
                | Kind::Note => deletes.push(key),
            })?;
        if let Some(staff_chat) = draft.staff_chat() {
            let shown = Some(Kind::Shown);
            self.ledger
                .scan(keys.0, Some(staff_chat), shown, &mut |key, _| {
                    if Keys::is_passed_from(&key, chat) {
                        deletes.push(key);
                    }
                })?;
        }
        deletes.retain(|key| !queued.contains(key));
        let commit = &mut draft.prepared.commit;
        commit.puts.retain(|put| put.subject != chat);
        // What waits was confirmed to Telegram and may hold a warning: it must be
        // readable after a crash too, for the moment until its turn.
        for (key, row) in waiting {
            if let (Ok((value, _)), false) = (row, commit.deletes.contains(&key)) {
                commit.puts.push(Put {
                    key,
                    subject: CLINIC,
                    value,
                });
            }
        }
        commit.deletes.extend(deletes);
        commit.erase.push((keys.0, chat));
        for (key, version, number) in closed {
            // Staff may open it again in this moment; then it stays.
            commit.expect.push((key.clone(), version));
            commit.deletes.extend([key, keys.case_index(number)]);
            commit.erase.push((keys.0, case_subject(number)));
        }
        let outlives = |due: &Due| matches!(due, Due::Unclaimed(_) | Due::Unclosed(_));
        draft.prepared.dues.retain(|(_, row)| outlives(&row.due));
        let hash = self.ledger.vault().lock_hash(keys.0, chat);
        match conversation.lock {
            Some(level) => draft.put(keys.lock(&hash), CLINIC, &level)?,
            None => draft.prepared.commit.deletes.push(keys.lock(&hash)),
        }
        // A card that waits for the clinic to open is still to be posted, and the
        // ladder of an open case goes on.
        for due in [Due::Opening, Due::Unclaimed(0), Due::Unclosed(0)] {
            let kept = keys.due(chat, due.kind());
            if let Ok(Some((row, _))) = self.ledger.read::<DueRow>(&kept) {
                draft.prepared.commit.deletes.retain(|key| *key != kept);
                draft.put(kept, CLINIC, &row)?;
            }
        }
        // The open case is found again by a row that outlives the erasure.
        if let Ok(Some((number, _))) = self.ledger.read::<CaseNumber>(&keys.open_case(chat)) {
            draft
                .prepared
                .commit
                .deletes
                .retain(|key| *key != keys.open_case(chat));
            draft.put(keys.open_case(chat), CLINIC, &number)?;
        }
        Ok(())
    }
}

/// Whether a conversation has been silent for longer than the clinic keeps it.
#[must_use]
pub fn is_outdated(content: &Content, conversation: &Conversation, now: Timestamp) -> bool {
    is_past_retention(content, conversation.touched, now)
}

/// Whether the clinic keeps nothing from `at` any longer.
#[must_use]
pub fn is_past_retention(content: &Content, at: Timestamp, now: Timestamp) -> bool {
    const DAY_SECONDS: i64 = 24 * 60 * 60;
    now.seconds_since(at) > i64::from(content.clinic.retention_days) * DAY_SECONDS
}

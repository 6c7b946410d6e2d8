//! Everything kept of a patient goes: on /delete, and after the time the clinic
//! promised.

use super::draft::Draft;
use super::wipe::Wiped;
use super::{Clerk, TurnError};
use crate::app::audit::Noted;
use crate::app::cards::local_time;
use crate::app::records::{CLINIC, DueRow, Keys, passing_subject, sequence_of};
use crate::content::{Content, Text};
use crate::dialog::{Conversation, Due};
use crate::ids::{CaseNumber, ChatId, Timestamp};
use crate::staff::{Case, CaseState};
use crate::store::{Kind, Put};

/// What an open case keeps until it closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// The note alone.
    Note,
    /// What the patient wrote to a person too.
    Talk,
}

impl Kept {
    pub(super) const fn of(case: &Case) -> Self {
        if case.said > 0 {
            Self::Talk
        } else {
            Self::Note
        }
    }
}

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
            held.case.erase();
            let alert = self.end_erased_talk(&content, &mut held.case, draft)?;
            draft.write_case(&content, &held.case, held.version, alert)?;
        }
        draft
            .prepared
            .commit
            .expect
            .push((self.keys.conversation(chat), version));
        self.erase(chat, &conversation, draft)?;
        self.note_erasure("retention.patient", draft)
    }

    /// A case that was closed as long ago as closed cases are kept goes.
    pub(super) fn forget_case(
        &self,
        number: CaseNumber,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let content = std::sync::Arc::clone(self.library.newest());
        let Some((case, version)) = self.case(number)? else {
            return Ok(());
        };
        if !is_closed_for_long(&content, &case, draft.now) {
            return Ok(());
        }
        let key = self.keys.case(case.chat, number);
        draft.prepared.commit.expect.push((key, version));
        self.drop_case(&case, draft)?;
        draft.audit(&Noted {
            who: None,
            what: "retention.case",
            case: Some(number),
        })
    }

    /// Everything goes because the patient asks for it; they get a receipt.
    pub(super) fn erase_as_asked(
        &self,
        content: &Content,
        chat: ChatId,
        conversation: &Conversation,
        keeps: Option<Kept>,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let wiped = self.erase(chat, conversation, draft)?;
        self.note_erasure("patient.erase", draft)?;
        let number = draft.audited().unwrap_or_default().to_string();
        let date = local_time(content, draft.now);
        let lang = conversation.lang;
        let values = [("number", number.as_str()), ("date", &date)];
        let mut text = content.fill(&content.words.erased_receipt, lang, &values);
        if keeps.is_some() {
            text.paragraph();
            let kept = content.words.erased_kept_case.render(lang, content);
            text.append(&kept);
        }
        let words = &content.words;
        let mut say = |line: &Text| {
            text.paragraph();
            text.append(&line.render(lang, content));
        };
        if wiped == Wiped::Talk {
            say(&words.erased_talk);
        }
        if keeps == Some(Kept::Talk) {
            say(&words.erased_kept_talk);
        }
        Ok(draft.say(chat, CLINIC, lang, text)?)
    }

    /// That something was erased, and when: nobody's name is in it.
    fn note_erasure(&self, what: &str, draft: &mut Draft<'_>) -> Result<(), TurnError> {
        draft.audit(&Noted {
            who: None,
            what,
            case: None,
        })
    }

    /// Everything kept of a patient goes; a lock without a word stays. Whether what
    /// they wrote to a person is being taken out of the staff chat.
    fn erase(
        &self,
        chat: ChatId,
        conversation: &Conversation,
        draft: &mut Draft<'_>,
    ) -> Result<Wiped, TurnError> {
        let keys = self.keys;
        let mut wiped = Wiped::Nothing;
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
                        closed.push((key, version, case));
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
        // readable after a crash too, until its turn, and not any longer.
        for (key, row) in waiting {
            if let (Ok((value, _)), false) = (row, commit.deletes.contains(&key)) {
                commit.puts.push(Put {
                    subject: passing_subject(sequence_of(&key)),
                    key,
                    value,
                });
            }
        }
        commit.deletes.extend(deletes);
        commit.erase.push((keys.0, chat));
        for (key, version, case) in closed {
            // Staff may open it again in this moment; then it stays.
            draft.prepared.commit.expect.push((key, version));
            if self.drop_case(&case, draft)? == Wiped::Talk {
                wiped = Wiped::Talk;
            }
        }
        let outlives = |due: &Due| {
            matches!(
                due,
                Due::Unclaimed(_) | Due::Unclosed(_) | Due::Unreached(_)
            )
        };
        draft.prepared.dues.retain(|(_, row)| outlives(&row.due));
        let hash = self.ledger.vault().lock_hash(keys.0, chat);
        match conversation.lock {
            Some(level) => draft.put(keys.lock(&hash), CLINIC, &level)?,
            None => draft.prepared.commit.deletes.push(keys.lock(&hash)),
        }
        // A card that waits for the clinic to open is still to be posted, and the
        // ladder of an open case goes on.
        for due in [
            Due::Opening,
            Due::Unclaimed(0),
            Due::Unclosed(0),
            Due::Unreached(0),
        ] {
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
        Ok(wiped)
    }
}

/// Whether a conversation has been silent for longer than the clinic keeps it.
#[must_use]
pub fn is_outdated(content: &Content, conversation: &Conversation, now: Timestamp) -> bool {
    is_older(conversation.touched, content.clinic.keeps_days.answers, now)
}

/// Whether a case has been closed for longer than closed cases are kept.
#[must_use]
pub fn is_closed_for_long(content: &Content, case: &Case, now: Timestamp) -> bool {
    match &case.state {
        CaseState::Closed { at, .. } => is_older(*at, content.clinic.keeps_days.closed_cases, now),
        CaseState::Open | CaseState::Claimed { .. } | CaseState::Handled { .. } => false,
    }
}

/// Whether something from `at` is older than so many days.
#[must_use]
pub fn is_older(at: Timestamp, days: u32, now: Timestamp) -> bool {
    const DAY_SECONDS: i64 = 24 * 60 * 60;
    now.seconds_since(at) > i64::from(days) * DAY_SECONDS
}

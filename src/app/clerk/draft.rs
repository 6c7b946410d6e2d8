//! A commit being written.

use super::{Clerk, Prepared};
use crate::app::cards::case_card;
use crate::app::hours;
use crate::app::records::{CLINIC, DueRow, InboxRow, OutboxRow, Piece, ShownAs, case_subject};
use crate::content::{Content, RichText};
use crate::dialog::{Due, Keyboard, Weight};
use crate::ids::{ChatId, Lang, Timestamp};
use crate::staff::{Alert, Case};
use crate::store::{CommitError, JournalEntry, Key, Put, Version};
use crate::triage::Level;

/// A commit being written, and what is to be handed on after it.
pub struct Draft<'a> {
    clerk: &'a Clerk,
    /// When.
    pub now: Timestamp,
    /// What there is so far.
    pub prepared: Prepared,
}

impl<'a> Draft<'a> {
    /// An empty one.
    #[must_use]
    pub fn new(clerk: &'a Clerk, now: Timestamp) -> Self {
        Self {
            clerk,
            now,
            prepared: Prepared::default(),
        }
    }

    /// Writes a row.
    pub fn put(
        &mut self,
        key: Key,
        subject: ChatId,
        value: &impl serde::Serialize,
    ) -> Result<(), CommitError> {
        self.prepared
            .commit
            .puts
            .push(Put::json(key, subject, value)?);
        Ok(())
    }

    /// Writes a row that must stand at `version`.
    pub fn replace(
        &mut self,
        key: Key,
        version: Version,
        subject: ChatId,
        value: &impl serde::Serialize,
    ) -> Result<(), CommitError> {
        self.prepared.commit.expect.push((key.clone(), version));
        self.put(key, subject, value)
    }

    /// Queues a message, sealed with the key of `subject`.
    pub fn send(
        &mut self,
        chat: ChatId,
        subject: ChatId,
        row: OutboxRow,
    ) -> Result<(), CommitError> {
        let sequence = self.clerk.next_sequence();
        self.put(self.clerk.keys.outbox(chat, sequence), subject, &row)?;
        self.prepared.messages.push((chat, sequence, row));
        Ok(())
    }

    /// Queues something for another chat's worker.
    pub fn wake(&mut self, chat: ChatId, row: InboxRow) -> Result<(), CommitError> {
        let sequence = self.clerk.next_sequence();
        self.put(self.clerk.keys.inbox(chat, sequence), chat, &row)?;
        self.prepared.wakes.push((chat, sequence, row));
        Ok(())
    }

    /// Sets a timer.
    pub fn set_due(&mut self, chat: ChatId, row: DueRow) -> Result<(), CommitError> {
        let kind = row.due.kind();
        self.forget_due(chat, kind);
        self.put(self.clerk.keys.due(chat, kind), chat, &row)?;
        self.prepared.dues.push((chat, row));
        Ok(())
    }

    /// Takes a timer away.
    pub fn cancel_due(&mut self, chat: ChatId, due: Due) {
        self.forget_due(chat, due.kind());
        self.prepared
            .commit
            .deletes
            .push(self.clerk.keys.due(chat, due.kind()));
        self.prepared.cancelled.push((chat, due));
    }

    /// The newest word on a timer of one kind is the one that holds.
    fn forget_due(&mut self, chat: ChatId, kind: u8) {
        let key = self.clerk.keys.due(chat, kind);
        self.prepared.commit.puts.retain(|put| put.key != key);
        self.prepared
            .commit
            .deletes
            .retain(|deleted| *deleted != key);
        self.prepared.dues.retain(|(_, row)| row.due.kind() != kind);
        self.prepared
            .cancelled
            .retain(|(_, due)| due.kind() != kind);
    }

    /// Writes a case and tells staff of it as `alert` says.
    pub fn write_case(
        &mut self,
        content: &Content,
        case: &Case,
        version: Version,
        alert: Alert,
    ) -> Result<(), CommitError> {
        let keys = self.clerk.keys;
        let subject = case_subject(case.number);
        self.replace(keys.case(case.chat, case.number), version, subject, case)?;
        if version == Version::ABSENT {
            self.put(keys.case_index(case.number), CLINIC, &case.chat)?;
        }
        if case.is_open() {
            self.put(keys.open_case(case.chat), case.chat, &case.number)?;
        } else {
            self.prepared.commit.deletes.push(keys.open_case(case.chat));
        }
        if alert == Alert::Post && case.level >= Level::UrgentToday && !case.private {
            // The belt: a warning is in a journal of its own before the store takes it.
            let mut kept = case.clone();
            kept.phone = None;
            if let Ok(bytes) = serde_json::to_vec(&kept) {
                self.prepared.commit.warn.push(JournalEntry {
                    subject: (keys.0, subject),
                    bytes,
                });
            }
        }
        self.tell_staff(content, case, alert)
    }

    /// Posts or changes the card. A private case is a number only: no card.
    pub fn tell_staff(
        &mut self,
        content: &Content,
        case: &Case,
        alert: Alert,
    ) -> Result<(), CommitError> {
        let Some(staff_chat) = self.clerk.staff_chat() else {
            return Ok(());
        };
        if alert == Alert::Silence || (case.private && !case.asks_call) {
            return Ok(());
        }
        if alert == Alert::Post
            && case.level < Level::UrgentToday
            && !case.asks_call
            && let Some(at) = hours::opens_at(&content.clinic, self.now)
        {
            // See-professional wakes nobody: its card waits for the clinic to open.
            return self.set_due(
                case.chat,
                DueRow {
                    due: Due::Opening,
                    at,
                },
            );
        }
        let (text, keyboard) = case_card(content, case);
        let shows = ShownAs::Case(case.number);
        let piece = match alert {
            // See-professional wakes nobody.
            Alert::Post => Piece::Send {
                text,
                keyboard,
                silent: case.level < Level::UrgentToday,
                shows: Some(shows),
            },
            Alert::Update | Alert::Silence => Piece::Edit {
                shows,
                text,
                keyboard,
                closes: false,
            },
        };
        let row = OutboxRow::of_case(case.number, piece, content.clinic.staff_language);
        self.send(staff_chat, case_subject(case.number), row)
    }

    /// A line to the staff chat that belongs to no case.
    pub fn tell_staff_line(
        &mut self,
        content: &Content,
        text: RichText,
    ) -> Result<(), CommitError> {
        let Some(staff_chat) = self.clerk.staff_chat() else {
            return Ok(());
        };
        let piece = Piece::Send {
            text,
            keyboard: Keyboard::None,
            silent: false,
            shows: None,
        };
        let row = OutboxRow::new(piece, Weight::Warning, content.clinic.staff_language);
        self.send(staff_chat, CLINIC, row)
    }

    /// A plain message.
    pub fn say(
        &mut self,
        chat: ChatId,
        subject: ChatId,
        lang: Lang,
        text: RichText,
    ) -> Result<(), CommitError> {
        let piece = Piece::Send {
            text,
            keyboard: Keyboard::None,
            silent: false,
            shows: None,
        };
        self.send(chat, subject, OutboxRow::new(piece, Weight::Talk, lang))
    }
}

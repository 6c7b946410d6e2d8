//! A commit being written.

use super::{Clerk, Prepared, TurnError};
use crate::app::audit::{self, Head, Noted};
use crate::app::cards::{case_card, erased_card};
use crate::app::hours;
use crate::app::numbers::{self, Counts};
use crate::app::records::{
    CLINIC, DueRow, InboxRow, OutboxRow, Piece, Said, ShownAs, Tells, Under, case_subject,
};
use crate::content::{Content, RichText};
use crate::dialog::{Due, Keyboard, Weight};
use crate::ids::{ChatId, Lang, MessageId, Timestamp, TopicId};
use crate::picture::chart::Chart;
use crate::staff::{Alert, Case, Letter, Waits};
use crate::store::{CommitError, JournalEntry, Key, Put, Version};
use crate::triage::Level;

/// How a card reaches the staff chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Telling {
    /// A new card; older ones are folded.
    Post,
    /// The same, without a sound.
    PostSilently,
    /// The newest card changes in place.
    Change,
    /// The same, and never again.
    ChangeForGood,
}

/// A commit being written, and what is to be handed on after it.
pub struct Draft<'a> {
    clerk: &'a Clerk,
    /// When.
    pub now: Timestamp,
    /// What there is so far.
    pub prepared: Prepared,
    /// The newest row of the audit log that this commit adds.
    audited: Option<Head>,
    /// The topic that somebody asks in: what answers them stands there.
    pub beside: Option<TopicId>,
    /// What this commit counts.
    counts: Counts,
}

impl<'a> Draft<'a> {
    /// An empty one.
    #[must_use]
    pub fn new(clerk: &'a Clerk, now: Timestamp) -> Self {
        Self {
            clerk,
            now,
            prepared: Prepared::default(),
            audited: None,
            beside: None,
            counts: Counts::new(),
        }
    }

    /// The staff chat, if there is one once this is committed.
    #[must_use]
    pub fn staff_chat(&self) -> Option<ChatId> {
        self.prepared.staff_chat.or_else(|| self.clerk.staff_chat())
    }

    /// Whether each case has a topic of its own.
    #[must_use]
    pub fn has_topics(&self) -> bool {
        self.clerk.has_topics()
    }

    /// Writes an act down in the audit log.
    pub fn audit(&mut self, noted: &Noted<'_>) -> Result<(), TurnError> {
        audit::append(
            &self.clerk.ledger,
            self.clerk.keys,
            &mut self.prepared.commit,
            &mut self.audited,
            noted,
            self.now,
        )
    }

    /// Counts something.
    pub fn count(&mut self, name: String) {
        *self.counts.entry(name).or_default() += 1;
    }

    /// What was counted becomes a row of the commit.
    pub fn keep_counts(&mut self) -> Result<(), CommitError> {
        if self.counts.is_empty() {
            return Ok(());
        }
        let counts = std::mem::take(&mut self.counts);
        let day = numbers::day_of(self.clerk.library.newest(), self.now);
        let key = self
            .clerk
            .keys
            .numbers_of_turn(day, self.clerk.next_sequence());
        self.put(key, CLINIC, &counts)
    }

    /// The number of the newest row of the audit log that this adds.
    #[must_use]
    pub fn audited(&self) -> Option<u64> {
        self.audited.as_ref().map(|(number, _)| *number)
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

    /// Queues a message to the staff chat; without one there is nobody to tell.
    fn send_staff(&mut self, subject: ChatId, row: OutboxRow) -> Result<(), CommitError> {
        match self.staff_chat() {
            Some(staff_chat) => self.send(staff_chat, subject, row),
            None => Ok(()),
        }
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
        self.set_due_for(chat, chat, row)
    }

    /// Sets a timer that is sealed with the key of `subject`.
    pub fn set_due_for(
        &mut self,
        chat: ChatId,
        subject: ChatId,
        row: DueRow,
    ) -> Result<(), CommitError> {
        let kind = row.due.kind();
        self.forget_due(chat, kind);
        self.put(self.clerk.keys.due(chat, kind), subject, &row)?;
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
        let same = |other: ChatId, due: Due| other == chat && due.kind() == kind;
        self.prepared
            .dues
            .retain(|(other, row)| !same(*other, row.due));
        self.prepared
            .cancelled
            .retain(|(other, due)| !same(*other, *due));
    }

    /// Writes a case and tells staff of it as `alert` says.
    pub fn write_case(
        &mut self,
        content: &Content,
        case: &Case,
        version: Version,
        alert: Alert,
    ) -> Result<(), TurnError> {
        let keys = self.clerk.keys;
        let subject = case_subject(case.number);
        self.replace(keys.case(case.chat, case.number), version, subject, case)?;
        if version == Version::ABSENT {
            self.put(keys.case_index(case.number), CLINIC, &case.chat)?;
        }
        // Another case of the patient may be the open one by now: where it is
        // found, and its ladder, are not this one's.
        let open = self.clerk.open_number(case.chat)?;
        let is_current = case.is_open() || open.is_none_or(|number| number == case.number);
        if case.is_open() {
            self.put(keys.open_case(case.chat), case.chat, &case.number)?;
        } else if is_current {
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
        if is_current {
            self.clerk.climb(case, alert, self)?;
        }
        self.clerk.ask_next_day(case, alert, self)?;
        if alert == Alert::Post && version != Version::ABSENT {
            self.name_topic(content, case)?;
        }
        Ok(self.tell_staff(content, case, alert)?)
    }

    /// The key of a case goes, and with it every older state of the case. What this
    /// commit says of it is sealed with the key of its patient.
    pub fn leave_case_key(&mut self, case: &Case) {
        let commit = &mut self.prepared.commit;
        let subject = case_subject(case.number);
        for put in &mut commit.puts {
            if put.subject == subject {
                put.subject = case.chat;
            }
        }
        commit.erase.push((self.clerk.keys.0, subject));
    }

    /// Posts or changes the card. A private case is a number only: nothing is
    /// posted, and a card that staff have asked for stays true.
    pub fn tell_staff(
        &mut self,
        content: &Content,
        case: &Case,
        alert: Alert,
    ) -> Result<(), CommitError> {
        match alert {
            Alert::Silence => return Ok(()),
            Alert::Post if case.is_hidden() => return Ok(()),
            Alert::Post | Alert::Update => {}
        }
        if alert == Alert::Update && self.waits_for_opening(case) {
            // What stands there by then is in the card.
            return Ok(());
        }
        if alert == Alert::Post
            && case.level < Level::UrgentToday
            && !case.asks_call
            && self.staff_chat().is_some()
            && let Some(at) = hours::opens_at(&content.clinic, self.now)
        {
            // See-professional wakes nobody: its card waits for the clinic to open,
            // whose own timer finds this row.
            let due = Due::Opening;
            let key = self.clerk.keys.due(case.chat, due.kind());
            return self.put(key, case.chat, &DueRow { due, at });
        }
        let how = match alert {
            // See-professional wakes nobody.
            Alert::Post if case.level < Level::UrgentToday => Telling::PostSilently,
            Alert::Post => Telling::Post,
            Alert::Update | Alert::Silence => Telling::Change,
        };
        self.send_card(content, case, how)
    }

    /// Whether the first card of a case waits for the clinic to open.
    fn waits_for_opening(&self, case: &Case) -> bool {
        let key = self.clerk.keys.due(case.chat, Due::Opening.kind());
        let waits = self.clerk.ledger.read::<DueRow>(&key);
        // Staff may have asked for it meanwhile.
        let stands = |chat| self.clerk.stands_in(chat, case.number);
        matches!(waits, Ok(Some(_))) && matches!(self.staff_chat().map(stands), Some(Ok(false)))
    }

    /// Sends the card of a case to the staff chat, if there is one.
    pub fn send_card(
        &mut self,
        content: &Content,
        case: &Case,
        how: Telling,
    ) -> Result<(), CommitError> {
        let (text, keyboard) = match how {
            Telling::ChangeForGood => (erased_card(content, case), Keyboard::None),
            Telling::Post | Telling::PostSilently | Telling::Change => case_card(content, case),
        };
        let shows = ShownAs::Case(case.number);
        let piece = match how {
            Telling::Post | Telling::PostSilently => Piece::Send {
                text,
                keyboard,
                silent: how == Telling::PostSilently || self.is_quiet(case.level),
                shows: Some(shows),
            },
            Telling::Change | Telling::ChangeForGood => Piece::Edit {
                shows,
                text,
                keyboard,
                closes: how == Telling::ChangeForGood,
            },
        };
        let mut row = OutboxRow::of_case(case.number, piece, content.clinic.staff_language);
        row.topic = self.topic_of(content, case);
        if how == Telling::Post && Waits::of(case) == Some(Waits::Claim) {
            row.tells = Some(Tells::Patient(case.chat));
        }
        if case.is_hidden() || how == Telling::ChangeForGood {
            // A warning's card is posted where there is none to change; this one never is.
            row.weight = Weight::Talk;
        }
        let subject = match how {
            // The case's own key is about to go, and no word of it is in this.
            Telling::ChangeForGood => CLINIC,
            Telling::Post | Telling::PostSilently | Telling::Change => case_subject(case.number),
        };
        self.send_staff(subject, row)
    }

    /// Whether the staff chat is muted for what is of this level. An emergency
    /// always sounds; so does everything where that cannot be read.
    pub fn is_quiet(&self, level: Level) -> bool {
        level < Level::EmergencyNow && matches!(self.clerk.mute(self.now), Ok(Some(_)))
    }

    /// A message to the staff chat that makes no sound.
    pub fn tell_staff_quietly(
        &mut self,
        content: &Content,
        text: RichText,
        keyboard: Keyboard,
    ) -> Result<(), CommitError> {
        let lang = content.clinic.staff_language;
        let mut row = plain(text, keyboard, Weight::Warning, lang);
        if let Piece::Send { silent, .. } = &mut row.piece {
            *silent = true;
        }
        self.send_staff(CLINIC, row)
    }

    /// A line to the staff chat that belongs to no case.
    pub fn tell_staff_line(
        &mut self,
        content: &Content,
        text: RichText,
    ) -> Result<(), CommitError> {
        let lang = content.clinic.staff_language;
        self.send_staff(CLINIC, plain(text, Keyboard::None, Weight::Warning, lang))
    }

    /// The answer to what staff asked in their chat.
    pub fn answer_staff(
        &mut self,
        content: &Content,
        text: RichText,
        keyboard: Keyboard,
    ) -> Result<(), CommitError> {
        let mut row = plain(text, keyboard, Weight::Talk, content.clinic.staff_language);
        row.beside = self.beside;
        self.send_staff(CLINIC, row)
    }

    /// A picture of counts, for the staff chat.
    pub fn chart_for_staff(&mut self, content: &Content, chart: Chart) -> Result<(), CommitError> {
        let caption = RichText::plain(&chart.title);
        let piece = Piece::Chart { chart, caption };
        let mut row = OutboxRow::new(piece, Weight::Talk, content.clinic.staff_language);
        row.beside = self.beside;
        self.send_staff(CLINIC, row)
    }

    /// The same, with what stands on a case: sealed with the case's key, and taken
    /// out again when its patient's data goes.
    pub fn answer_staff_of(
        &mut self,
        content: &Content,
        case: &Case,
        text: RichText,
    ) -> Result<(), CommitError> {
        let piece = Piece::Send {
            text,
            keyboard: Keyboard::None,
            silent: false,
            shows: None,
        };
        let mut row = OutboxRow::of_case(case.number, piece, content.clinic.staff_language);
        row.weight = Weight::Talk;
        row.beside = self.beside;
        self.send_staff(case_subject(case.number), row)
    }

    /// The staff's language.
    #[must_use]
    pub fn lang(&self) -> Lang {
        self.clerk.library.newest().clinic.staff_language
    }

    /// The answer to one message of the staff chat.
    pub fn answer_below(
        &mut self,
        content: &Content,
        message: MessageId,
        text: RichText,
    ) -> Result<(), CommitError> {
        let lang = content.clinic.staff_language;
        let mut row = plain(text, Keyboard::None, Weight::Talk, lang);
        row.under = Some(Under::Message(message));
        row.beside = self.beside;
        self.send_staff(CLINIC, row)
    }

    /// Something in the staff chat that belongs to a case: answers to it belong
    /// there too.
    pub fn tell_of_case(
        &mut self,
        content: &Content,
        case: &Case,
        piece: Piece,
        under: Under,
    ) -> Result<(), CommitError> {
        let mut row = OutboxRow::of_case(case.number, piece, content.clinic.staff_language);
        // A group takes few messages a minute, and some are kept for new alarms.
        row.weight = Weight::Talk;
        row.under = Some(under);
        row.topic = self.topic_of(content, case);
        self.send_staff(case_subject(case.number), row)
    }

    /// Something that staff wrote, to the patient whose case it was written on.
    pub fn post(
        &mut self,
        letter: Letter,
        piece: Piece,
        lang: Lang,
        said: Said,
    ) -> Result<(), CommitError> {
        let mut row = OutboxRow::new(piece, Weight::Talk, lang);
        row.said = Some(said);
        self.send(letter.to(), letter.to(), row)
    }

    /// A plain message.
    pub fn say(
        &mut self,
        chat: ChatId,
        subject: ChatId,
        lang: Lang,
        text: RichText,
    ) -> Result<(), CommitError> {
        self.send(
            chat,
            subject,
            plain(text, Keyboard::None, Weight::Talk, lang),
        )
    }
}

/// A message that is not edited later.
fn plain(text: RichText, keyboard: Keyboard, weight: Weight, lang: Lang) -> OutboxRow {
    let piece = Piece::Send {
        text,
        keyboard,
        silent: false,
        shows: None,
    };
    OutboxRow::new(piece, weight, lang)
}

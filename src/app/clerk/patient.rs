//! What came in from a patient, or for one, and which way it goes.

use super::care::Care;
use super::cases::Reach;
use super::draft::Draft;
use super::office::staffer;
use super::pass_on::Left;
use super::team::is_of_staff;
use super::{Clerk, TurnError, nothing_heard};
use crate::app::numbers::left_silently;
use crate::app::records::{CLINIC, DueRow, InboxRow};
use crate::channel::{Incoming, IncomingKind, Outgoing, telegram};
use crate::content::{Content, StaffDeed};
use crate::dialog::{Due, Input, What};
use crate::free_text::{Heard, hear};
use crate::ids::{CaseNumber, ChatId, Lang, PatientText, Timestamp};
use crate::staff::Waits;

impl Clerk {
    pub(super) fn prepare_row(
        &self,
        chat: ChatId,
        row: &InboxRow,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let what = match row {
            InboxRow::Update { raw, .. } => return self.prepare_update(chat, &raw.0, draft),
            InboxRow::Cleared { flags, lock } => {
                if *lock {
                    let hash = self.ledger.vault().lock_hash(self.keys.0, chat);
                    draft.prepared.commit.deletes.push(self.keys.lock(&hash));
                }
                if self.conversation(chat)?.is_none() {
                    // Nothing is written of somebody who has erased everything.
                    return Ok(());
                }
                What::Cleared {
                    flags: flags.clone(),
                    lock: *lock,
                }
            }
            InboxRow::Topic { case, stands } => return self.prepare_topic(*case, *stands, draft),
            InboxRow::HandedBack => return self.handed_back(chat, draft),
            InboxRow::Fate { said, fate } => return self.prepare_fate(*said, *fate, draft),
            // A person has the chat: the question waits until they are done.
            InboxRow::ShowAgain if self.is_talking(chat)? => return Ok(()),
            InboxRow::Missed { call } => return self.tell_missed(chat, *call, draft),
            InboxRow::Seen if self.conversation(chat)?.is_none() => return Ok(()),
            InboxRow::Seen => What::Seen(self.seen_by_staff(chat)?),
            InboxRow::ShowAgain => What::ShowAgain,
            InboxRow::Undrawn(_) if self.conversation(chat)?.is_none() => return Ok(()),
            InboxRow::Undrawn(picture) => What::Undrawn(picture.clone()),
            InboxRow::Drilled { at, place, failed } => {
                return self.hear_drill(*at, *place, failed.clone(), draft);
            }
            InboxRow::Unreachable if Some(chat) == self.staff_chat() => {
                return self.desk_lost(None, draft);
            }
            InboxRow::Reachable => return self.desk_back(None, draft),
            InboxRow::Moved => return self.cards_anew(draft),
            InboxRow::Unreachable => return self.reach(chat, Reach::Lost, draft),
            InboxRow::Undelivered => return self.note_undelivered(chat, draft),
            InboxRow::Delivered => return self.tell_delivered(chat, draft),
            InboxRow::Forget => return self.forget(chat, draft),
            InboxRow::Left => return self.count_left(chat, draft),
            InboxRow::ForgetCase(number) => return self.forget_case(*number, draft),
        };
        self.take(chat, Input::new(what, self.desk()), None, draft)
    }

    pub(super) fn prepare_due(
        &self,
        chat: ChatId,
        due: DueRow,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        if due.due == Due::Opening && chat != CLINIC {
            // The clinic's own timer tells all that wait.
            return Ok(());
        }
        // The timer may have been set anew or taken away since it fired.
        let key = self.keys.due(chat, due.due.kind());
        match self.ledger.read::<DueRow>(&key) {
            Ok(Some((stored, _))) if stored == due => {}
            Ok(_) => return Ok(()),
            Err(error) if error.is_erased() => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        draft.prepared.commit.deletes.push(key);
        match due.due {
            Due::Opening => return self.prepare_opening(draft),
            Due::Care(number) => {
                if self.rests(chat, due.due, draft)? {
                    return Ok(());
                }
                return self.ask_care(chat, CaseNumber(number), draft);
            }
            Due::Unclaimed(number) => return self.prepare_rung(chat, Waits::Claim, number, draft),
            Due::Unclosed(number) => return self.prepare_rung(chat, Waits::Close, number, draft),
            Due::Unreached(number) => return self.prepare_rung(chat, Waits::Reach, number, draft),
            Due::Talk => return self.end_silent_talk(chat, draft),
            Due::Draft
            | Due::Silence
            | Due::Screening
            | Due::Question(_)
            | Due::Hold(_)
            | Due::AskLater => {
                if self.rests(chat, due.due, draft)? {
                    return Ok(());
                }
            }
        }
        self.take(
            chat,
            Input::new(What::Due(due.due), self.desk()),
            None,
            draft,
        )
    }

    fn prepare_update(
        &self,
        chat: ChatId,
        raw: &str,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let Some(incoming) = telegram::read_update(raw, &self.username) else {
            return Ok(());
        };
        if let IncomingKind::Press { id, .. } = &incoming.kind {
            // Answered whatever comes of it; a turn may add a word.
            draft.prepared.answers.push(Outgoing::AnswerPress {
                id: id.clone(),
                text: None,
            });
        }
        let is_old_card = matches!(&incoming.kind, IncomingKind::Press { data, .. } if is_of_staff(data))
            && self.moved_from()? == Some(chat);
        if is_old_card {
            return self.prepare_staff(&incoming, draft);
        }
        if Some(chat) == self.staff_chat() {
            self.learn_topics(incoming.has_topics);
            draft.beside = incoming.topic;
            return self.prepare_staff(&incoming, draft);
        }
        if let IncomingKind::Migrated(_) = incoming.kind {
            return Ok(());
        }
        if let IncomingKind::Press { data, .. } = &incoming.kind
            && is_of_staff(data)
        {
            // A case's button stands in the staff chat alone: forwarded, or forged.
            let who = incoming.from.as_ref().map(staffer);
            self.note_refusal(who.as_ref(), "refused.elsewhere", None, draft)?;
        }
        if !incoming.private {
            return self.prepare_group(chat, &incoming, draft);
        }
        if let (IncomingKind::Command { name, argument }, Some(from)) =
            (&incoming.kind, &incoming.from)
            && self.is_staff_command(name, StaffDeed::Pair)
            && self.ask_to_join(chat, from, argument.reveal().trim(), draft)?
        {
            return Ok(());
        }
        if let IncomingKind::Press { data, .. } = &incoming.kind
            && let Some((number, care)) = Care::parse(data)
            && self.answer_care(chat, number, care, draft)?
        {
            return Ok(());
        }
        if let IncomingKind::Text(words) = &incoming.kind
            && let Some((number, care)) = self.typed_care(chat, words, draft.now)?
            && self.answer_care(chat, number, care, draft)?
        {
            return Ok(());
        }
        if self.is_answer_to_alarm(chat, &incoming, draft)? {
            return Ok(());
        }
        let content = self.library.newest();
        let (what, heard) = match incoming.kind {
            IncomingKind::Text(text) => {
                let heard = heard_in(content, &text);
                (What::Text(text), heard)
            }
            IncomingKind::Edited(text) => {
                let heard = heard_in(content, &text);
                (What::Edited(text), heard)
            }
            IncomingKind::Command { name, argument } => {
                let heard = if name == "start" && content.bot.links.contains_key(argument.reveal())
                {
                    nothing_heard()
                } else {
                    heard_in(content, &argument)
                };
                (What::Command { name, argument }, heard)
            }
            IncomingKind::Press { data, .. } => (What::Press(data), nothing_heard()),
            IncomingKind::Contact { number, own: true } => (What::Contact(number), nothing_heard()),
            // Somebody else's card is not the number to call: it is asked again.
            IncomingKind::Contact { own: false, .. } => {
                (What::Contact(PatientText::default()), nothing_heard())
            }
            IncomingKind::Unreadable => (What::Unreadable, nothing_heard()),
            IncomingKind::Blocked(true) => return self.reach(chat, Reach::Lost, draft),
            IncomingKind::Blocked(false) => return self.reach(chat, Reach::Found, draft),
            IncomingKind::Migrated(_)
            | IncomingKind::Left(_)
            | IncomingKind::Came(_)
            | IncomingKind::Removed(_)
            | IncomingKind::Ignored => return Ok(()),
        };
        let input = Input {
            what,
            heard,
            desk: self.desk(),
        };
        match self.pass_on(chat, incoming.message, incoming.media, &input, draft)? {
            Left::Turn => self.take(chat, input, incoming.from.as_ref(), draft),
            Left::Nothing => Ok(()),
        }
    }

    /// In groups the bot refuses health talk and asks to write in private.
    fn prepare_group(
        &self,
        chat: ChatId,
        incoming: &Incoming,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let content = self.library.newest();
        let lang = incoming
            .from
            .as_ref()
            .and_then(|from| from.language.as_deref())
            .and_then(Lang::from_tag)
            .unwrap_or_default();
        match &incoming.kind {
            IncomingKind::Command { name, argument }
                if self.is_staff_command(name, StaffDeed::Pair) =>
            {
                self.pair(chat, incoming, argument.reveal(), draft)?;
            }
            IncomingKind::Command { .. } => {
                let text = content.words.group.render(lang, &**content);
                draft.say(chat, CLINIC, lang, text)?;
            }
            IncomingKind::Text(text) | IncomingKind::Edited(text)
                if incoming.reply_to.is_some()
                    || hear(&content.hearing, &content.rules, text)
                        .flags()
                        .next()
                        .is_some() =>
            {
                self.ask_to_write_in_private(chat, lang, draft)?;
            }
            IncomingKind::Unreadable if incoming.reply_to.is_some() => {
                self.ask_to_write_in_private(chat, lang, draft)?;
            }
            IncomingKind::Press { id, .. } => {
                let text = content.words.not_your_button.render(lang, &**content).text;
                draft.prepared.answers = vec![Outgoing::AnswerPress {
                    id: id.clone(),
                    text: Some(text),
                }];
            }
            IncomingKind::Text(_)
            | IncomingKind::Edited(_)
            | IncomingKind::Contact { .. }
            | IncomingKind::Unreadable
            | IncomingKind::Migrated(_)
            | IncomingKind::Left(_)
            | IncomingKind::Came(_)
            | IncomingKind::Removed(_)
            | IncomingKind::Blocked(_)
            | IncomingKind::Ignored => {}
        }
        Ok(())
    }

    /// Somebody has been silent for a day: where they left is counted, once.
    fn count_left(&self, chat: ChatId, draft: &mut Draft<'_>) -> Result<(), TurnError> {
        if let Some((mut conversation, version)) = self.conversation(chat)?
            && let Some(name) = left_silently(&conversation, draft.now)
        {
            conversation.counted_as_left = true;
            draft.count(name);
            draft.replace(self.keys.conversation(chat), version, chat, &conversation)?;
        }
        Ok(())
    }

    /// Talk in a group gets one answer in a while: more would be a nuisance to
    /// everybody in it.
    fn ask_to_write_in_private(
        &self,
        chat: ChatId,
        lang: Lang,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        const AGAIN_AFTER_SECONDS: i64 = 10 * 60;
        let key = self.keys.single(&format!("group-told/{}", chat.0));
        let told = self.ledger.read::<Timestamp>(&key)?.map(|(told, _)| told);
        if told.is_some_and(|told| draft.now.seconds_since(told) < AGAIN_AFTER_SECONDS) {
            return Ok(());
        }
        let now = draft.now;
        draft.put(key, CLINIC, &now)?;
        let content = self.library.newest();
        let text = content.words.group.render(lang, &**content);
        draft.say(chat, CLINIC, lang, text)?;
        Ok(())
    }
}

/// What a text states. A birth date in it says nothing of when a sign was there,
/// so it is masked for the reading too; places in the text stay true.
pub(super) fn heard_in(content: &Content, text: &PatientText) -> Heard {
    let (masked, _) = content.identifiers.mask(text);
    hear(&content.hearing, &content.rules, &masked)
}

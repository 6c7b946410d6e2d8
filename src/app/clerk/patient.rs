//! A patient's turn, from what came in to what is committed.

use std::collections::BTreeSet;

use super::care::Care;
use super::cases::{CaseInHand, Reach, describe, raise_alert};
use super::draft::Draft;
use super::office::staffer;
use super::pass_on::Left;

use super::team::is_of_staff;
use super::{Clerk, TurnError, nothing_heard};
use crate::app::library::Walked;
use crate::app::numbers::{Before, left_silently};
use crate::app::records::{CLINIC, DueRow, InboxRow, OutboxRow, Piece, ShownAs};
use crate::channel::{Incoming, IncomingKind, Outgoing, Sender, telegram};
use crate::content::{Content, Deed, StaffDeed, Values, With};
use crate::dialog::{
    Conversation, Desk, Due, Effect, Input, Token, Weight, What, leave_script, reads_as_phone,
    take_turn,
};
use crate::free_text::{EXCERPT_CHARS_MAX, Heard, IdentifierKind, hear};
use crate::ids::{CaseNumber, ChatId, Lang, PatientText, TEXT_BYTES_MAX, Timestamp};
use crate::staff::{Alert, Waits};
use crate::store::Version;
use crate::triage::{Level, Report};

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
            InboxRow::Seen => What::Seen(self.seen_by_staff(chat)?),
            InboxRow::ShowAgain => What::ShowAgain,
            InboxRow::Drilled { at, place, failed } => {
                return self.hear_drill(*at, *place, failed.clone(), draft);
            }
            InboxRow::Unreachable | InboxRow::Undelivered if Some(chat) == self.staff_chat() => {
                return self.desk_lost(None, draft);
            }
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
            Due::Care(number) => return self.ask_care(chat, CaseNumber(number), draft),
            Due::Unclaimed(number) => return self.prepare_rung(chat, Waits::Claim, number, draft),
            Due::Unclosed(number) => return self.prepare_rung(chat, Waits::Close, number, draft),
            Due::Talk => return self.end_silent_talk(chat, draft),
            Due::Draft | Due::Silence | Due::Screening | Due::Question(_) | Due::Hold(_) => {
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
            && argument.is_empty()
            && self.is_staff_command(name, StaffDeed::Pair)
            && self.ask_to_join(chat, from, draft)?
        {
            return Ok(());
        }
        if let IncomingKind::Press { data, .. } = &incoming.kind
            && let Some((number, care)) = Care::parse(data)
            && self.answer_care(chat, number, care, draft)?
        {
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

    /// One turn of a patient.
    pub(super) fn take(
        &self,
        chat: ChatId,
        mut input: Input,
        from: Option<&Sender>,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let (mut conversation, version) = match self.conversation(chat)? {
            Some(stored) => stored,
            None => (self.new_conversation(chat, draft.now)?, Version::ABSENT),
        };
        if let (false, Some(lang)) = (
            conversation.lang_chosen,
            from.and_then(|from| from.language.as_deref())
                .and_then(Lang::from_tag),
        ) {
            conversation.lang = lang;
        }
        if let Some(from) = from {
            conversation.name = PatientText::new(from.name.clone());
            conversation.handle = from.username.clone().map(PatientText::new);
        }
        if input.desk == Desk::Staffed && conversation.stop.is_some() && self.is_taken(chat)? {
            input.desk = Desk::Taken;
        }
        let Walked { content, moves_to } = self.content_for(&conversation, &input.what);
        let too_long = input
            .what
            .words()
            .is_some_and(|text| text.reveal().len() + 3 >= TEXT_BYTES_MAX);
        if too_long {
            let text = content.words.too_long.render(conversation.lang, &*content);
            draft.say(chat, chat, conversation.lang, text)?;
        }
        let before = Before::of(&conversation, version == Version::ABSENT);
        conversation.counted_as_left = false;
        let hidden = hide_identifiers(&content, &conversation, &mut input);
        let turn = match &moves_to {
            None => take_turn(&content, conversation, &input, draft.now),
            Some(newest) => leave_script(&content, newest, conversation, &input, draft.now),
        };
        let content = moves_to.unwrap_or(content);
        let conversation = turn.conversation;
        for name in before.counted(&content, &input.what, &conversation, &turn.effects) {
            draft.count(name);
        }
        let erases = turn.effects.contains(&Effect::Erase);
        // What is said while everything goes must outlive the patient's key.
        let subject = if erases { CLINIC } else { chat };
        let mut in_hand: Option<CaseInHand> = None;
        // Before the question that stays open, and never before a warning.
        let is_warned = turn
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::Say(said) if said.weight == Weight::Warning));
        if !is_warned {
            say_hidden(&content, chat, subject, conversation.lang, &hidden, draft)?;
        }
        for effect in turn.effects {
            self.carry_out(
                &content,
                chat,
                subject,
                &conversation,
                effect,
                &mut in_hand,
                draft,
            )?;
        }
        if is_warned {
            say_hidden(&content, chat, subject, conversation.lang, &hidden, draft)?;
        }
        if let Some(text) = turn.toast
            && let Some(Outgoing::AnswerPress { text: answer, .. }) =
                draft.prepared.answers.first_mut()
        {
            *answer = Some(text);
        }
        let mut keeps_case = false;
        if erases && let Some(held) = self.hold_case(chat, &mut in_hand)? {
            held.case.forget_on_close = true;
            let alert = self.end_erased_talk(&content, &mut held.case, draft)?;
            raise_alert(&mut in_hand, alert);
            keeps_case = true;
        } else if let Some(held) = &mut in_hand {
            // Whoever had deleted everything is here again, and so is the case.
            held.case.forget_on_close = false;
        }
        if let Some(in_hand) = in_hand {
            if erases {
                draft.prepared.commit.puts.retain(|put| put.subject != chat);
            }
            draft.write_case(&content, &in_hand.case, in_hand.version, in_hand.alert)?;
        }
        if erases {
            self.erase_as_asked(&content, chat, &conversation, keeps_case, draft)
        } else {
            draft.replace(self.keys.conversation(chat), version, chat, &conversation)?;
            Ok(())
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one effect needs the whole turn around it"
    )]
    fn carry_out(
        &self,
        content: &Content,
        chat: ChatId,
        subject: ChatId,
        conversation: &Conversation,
        effect: Effect,
        in_hand: &mut Option<CaseInHand>,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let lang = conversation.lang;
        match effect {
            Effect::Say(message) => {
                let shows = message.token.map(ShownAs::Question);
                let piece = Piece::Send {
                    text: message.text,
                    keyboard: message.keyboard,
                    silent: false,
                    shows,
                };
                draft.send(chat, subject, OutboxRow::new(piece, message.weight, lang))?;
            }
            Effect::Edit { token, message } => {
                let closes = message.token.is_none();
                let piece = Piece::Edit {
                    shows: ShownAs::Question(token),
                    text: message.text,
                    keyboard: message.keyboard,
                    closes,
                };
                draft.send(chat, subject, OutboxRow::new(piece, message.weight, lang))?;
            }
            Effect::Picture(picture) => {
                if let Some(found) = content.pictures.get(&picture) {
                    let piece = Piece::Photo {
                        caption: found.alt.render(lang, content),
                        drawing: found.hash(lang).clone(),
                        picture,
                    };
                    // The words behind it say the same: it may be dropped.
                    draft.send(chat, subject, OutboxRow::new(piece, Weight::Tick, lang))?;
                }
            }
            Effect::Contact => {
                let clinic = &content.clinic;
                if let Some(phone) = clinic.phones.first() {
                    let piece = Piece::Contact {
                        number: phone.e164.value.clone(),
                        first: clinic.contact_name.first.clone(),
                        last: clinic.contact_name.last.clone(),
                    };
                    draft.send(chat, subject, OutboxRow::new(piece, Weight::Talk, lang))?;
                }
            }
            Effect::Report(report) => {
                draft.prepared.noted.push("a case was reported");
                let report = Report {
                    words: report.words.map(|words| kept_words(&words)),
                    ..report
                };
                let alert = match self.hold_case(chat, in_hand)? {
                    Some(held) => held.case.join(report),
                    None => {
                        self.open_case(chat, report, in_hand, draft)?;
                        Alert::Post
                    }
                };
                raise_alert(in_hand, alert);
                describe(in_hand, conversation);
            }
            Effect::Note(note) => {
                if let Some(held) = self.hold_case(chat, in_hand)? {
                    let alert = held.case.note(note.text);
                    raise_alert(in_hand, alert);
                }
            }
            Effect::RequestCall { number } => {
                if self.hold_case(chat, in_hand)?.is_none() {
                    let report = Report {
                        level: Level::Clear,
                        flags: Vec::new(),
                        rules: Vec::new(),
                        words: None,
                        private: false,
                        deleted: false,
                    };
                    self.open_case(chat, report, in_hand, draft)?;
                }
                if let Some(held) = in_hand {
                    let alert = held.case.ask_call(number);
                    raise_alert(in_hand, alert);
                }
                describe(in_hand, conversation);
            }
            Effect::SetDue { due, at } => draft.set_due(chat, DueRow { due, at })?,
            Effect::CancelDue(due) => draft.cancel_due(chat, due),
            Effect::MyData => self.send_my_data(content, chat, conversation, draft)?,
            Effect::Erase => {}
            Effect::GuardTripped { dialog, step } => {
                tracing::error!(%dialog, %step, "a move was refused: the content leads to it without clearance");
                draft.prepared.noted.push("guard tripped");
            }
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

    fn new_conversation(&self, chat: ChatId, now: Timestamp) -> Result<Conversation, TurnError> {
        let hash = self.ledger.vault().lock_hash(self.keys.0, chat);
        let lock = self
            .ledger
            .read::<Level>(&self.keys.lock(&hash))?
            .map(|(level, _)| level);
        let mut conversation = Conversation::new(Lang::default(), lock);
        conversation.last_token = first_token(now);
        Ok(conversation)
    }

    /// A walk goes on in the script it began with; whatever begins anew begins
    /// in the newest.
    pub(super) fn content_for(&self, conversation: &Conversation, what: &What) -> Walked {
        let newest = self.library.newest();
        let begins = match what {
            What::Command { name, .. } => newest
                .bot
                .commands
                .iter()
                .any(|command| command.name == *name && matches!(command.deed, Deed::Opens(_))),
            What::Press(_)
            | What::Text(_)
            | What::Contact(_)
            | What::Unreadable
            | What::Edited(_)
            | What::Due(_)
            | What::Cleared { .. }
            | What::Seen(_)
            | What::ShowAgain => false,
        };
        let in_newest = || Walked {
            content: std::sync::Arc::clone(newest),
            moves_to: None,
        };
        if conversation.stack.is_empty() {
            return in_newest();
        }
        let script = conversation.script.as_ref();
        let walked = self.library.of(&self.ledger, self.keys, script);
        // A script that is left is left by its own way, whatever comes in.
        if begins && walked.moves_to.is_none() {
            return in_newest();
        }
        walked
    }
}

/// Questions are numbered on from the time. Nothing is kept of an erased
/// patient, and a button of theirs from before must not answer a new question;
/// nobody is asked more than once a second for long.
fn first_token(now: Timestamp) -> Token {
    /// 2026 began here: shorter numbers fit more easily into button data.
    const COUNTED_FROM: Timestamp = Timestamp(1_767_225_600);
    Token(u32::try_from(now.seconds_since(COUNTED_FROM)).unwrap_or(0))
}

/// What a text states. A birth date in it says nothing of when a sign was there,
/// so it is masked for the reading too; places in the text stay true.
fn heard_in(content: &Content, text: &PatientText) -> Heard {
    let (masked, _) = content.identifiers.mask(text);
    hear(&content.hearing, &content.rules, &masked)
}

/// Masks what names the patient before anything is done with their words: what a
/// turn never sees it cannot keep. Only the number that is asked for goes on.
fn hide_identifiers(
    content: &Content,
    conversation: &Conversation,
    input: &mut Input,
) -> BTreeSet<IdentifierKind> {
    let words = match &mut input.what {
        What::Text(text) if conversation.asks_phone(content) && reads_as_phone(text) => {
            return BTreeSet::new();
        }
        What::Text(text) | What::Edited(text) | What::Command { argument: text, .. } => text,
        What::Press(_)
        | What::Contact(_)
        | What::Unreadable
        | What::Due(_)
        | What::Cleared { .. }
        | What::Seen(_)
        | What::ShowAgain => return BTreeSet::new(),
    };
    let (masked, kinds) = content.identifiers.mask(words);
    *words = masked;
    kinds
}

/// Says what was hidden, if anything was.
fn say_hidden(
    content: &Content,
    chat: ChatId,
    subject: ChatId,
    lang: Lang,
    hidden: &BTreeSet<IdentifierKind>,
    draft: &mut Draft<'_>,
) -> Result<(), TurnError> {
    if hidden.is_empty() {
        return Ok(());
    }
    let words = &content.words;
    let what: Vec<String> = hidden
        .iter()
        .map(|kind| words.identifier(*kind).plain(lang))
        .collect();
    let with = With {
        values: &[("what", &what.join(", "))],
        rest: content as &dyn Values,
    };
    let text = words.identifier_hidden.render(lang, &with);
    Ok(draft.say(chat, subject, lang, text)?)
}

/// Words as a case keeps them, whether they open it or join it: so much of them
/// that a case with all its words fits a row of the store. They came masked.
fn kept_words(words: &PatientText) -> PatientText {
    PatientText::new(words.reveal().chars().take(EXCERPT_CHARS_MAX).collect())
}

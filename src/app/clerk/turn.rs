//! One turn of a patient, and what each of its effects comes to in the store.

use std::collections::BTreeSet;

use super::cases::{CaseInHand, describe, raise_alert};
use super::draft::Draft;
use super::erase::Kept;
use super::{Clerk, TurnError};
use crate::app::library::Walked;
use crate::app::numbers::{Before, LEVEL};
use crate::app::records::{CLINIC, DueRow, OutboxRow, Piece, ShownAs};
use crate::channel::{Outgoing, Sender};
use crate::content::{Content, Deed};
use crate::dialog::{
    Conversation, Desk, Effect, Input, Token, Weight, What, leave_script, reads_as_phone, take_turn,
};
use crate::free_text::{EXCERPT_CHARS_MAX, IdentifierKind};
use crate::ids::{ChatId, FlagId, Lang, PatientText, TEXT_BYTES_MAX, Timestamp};
use crate::staff::Alert;
use crate::store::Version;
use crate::triage::{Level, Report};

impl Clerk {
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
        if input.desk == Desk::Staffed {
            input.desk = self.desk_for(chat, &conversation, &input.heard, draft)?;
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
        let cautions: Vec<FlagId> = conversation.cautions(&content).cloned().collect();
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
        let mut keeps = None;
        if erases && let Some(held) = self.hold_case(chat, &mut in_hand)? {
            held.case.erase();
            let alert = self.end_erased_talk(&content, &mut held.case, draft)?;
            raise_alert(&mut in_hand, alert);
            keeps = in_hand.as_ref().map(|held| Kept::of(&held.case));
        } else if let Some(held) = &mut in_hand
            && held.case.forget_on_close
        {
            let newest = self.newest_said_of(held.case.number, draft)?;
            held.case.come_back(newest);
        }
        if !erases {
            let stated: Vec<FlagId> = conversation.cautions(&content).cloned().collect();
            if in_hand.is_some() || stated != cautions {
                self.keep_cautions(chat, stated, &mut in_hand)?;
            }
        }
        if let Some(in_hand) = in_hand {
            if erases {
                draft.prepared.commit.puts.retain(|put| put.subject != chat);
            }
            draft.write_case(&content, &in_hand.case, in_hand.version, in_hand.alert)?;
        }
        if erases {
            self.erase_as_asked(&content, chat, &conversation, keeps, draft)
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
                let counted = format!("{LEVEL}{}", report.level.word());
                let is_private = report.private;
                let alert = match self.hold_case(chat, in_hand)? {
                    Some(held) => held.case.join(report),
                    None => {
                        self.open_case(chat, report, in_hand, draft)?;
                        Alert::Post
                    }
                };
                if alert == Alert::Post && !is_private {
                    draft.count(counted);
                }
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
        let opens = |name: &String| {
            let mut commands = newest.bot.commands.iter();
            commands.any(|one| one.name == *name && matches!(one.deed, Deed::Opens(_)))
        };
        let begins = matches!(what, What::Command { name, .. } if opens(name));
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
        | What::ShowAgain
        | What::Undrawn(_) => return BTreeSet::new(),
    };
    let (masked, kinds) = content.identifiers.mask(words);
    *words = masked;
    kinds
}

/// Says what was hidden, if anything was.
pub(super) fn say_hidden(
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
    let what = what.join(", ");
    let text = content.fill(&words.identifier_hidden, lang, &[("what", &what)]);
    Ok(draft.say(chat, subject, lang, text)?)
}

/// Words as a case keeps them, whether they open it or join it: so much of them
/// that a case with all its words fits a row of the store. They came masked.
fn kept_words(words: &PatientText) -> PatientText {
    PatientText::new(words.reveal().chars().take(EXCERPT_CHARS_MAX).collect())
}

//! A person of the team and a patient write to each other through the bot.
//!
//! What staff write goes where [`crate::staff::Letter`] says, and a letter is
//! made by the case whose message they answered. What the patient writes comes
//! back below that case's card (`pass_on.rs`). Neither text decides where it goes.

use super::draft::Draft;
use super::office::{staffer, toast};
use super::{Clerk, TurnError};
use crate::app::audit::Noted;
use crate::app::cards;
use crate::app::numbers::{CLAIM, span};
use crate::app::records::{CLINIC, DueRow, Fate, InboxRow, Piece, Said, ShownAs, Under};
use crate::channel::{Incoming, Media, telegram};
use crate::content::{Content, RichText};
use crate::dialog::{Due, Input, Keyboard, What};
use crate::ids::{CaseNumber, ChatId, Lang, MessageId, PatientText};
use crate::staff::{Alert, Case, Letter, Opening, Right, Staffer, said_by};
use crate::store::{ReadError, Version};

/// What the patient's own clocks would say waits this long while a person
/// writes with them, again and again.
const REST_SECONDS: i64 = 60;

impl Clerk {
    /// Something that is no command in the staff chat: for a patient when it
    /// answers a message of a case, and else among staff.
    pub(super) fn staff_writes(
        &self,
        content: &Content,
        incoming: &Incoming,
        words: Option<&PatientText>,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let (Some(chat), Some(message)) = (incoming.chat, incoming.message) else {
            return Ok(());
        };
        let said = &content.words;
        let Some(number) = self.case_of(incoming)? else {
            if incoming.answers_bot {
                // Whoever replied meant somebody to read it.
                let text = said.staff_no_talk_nobody.render(draft.lang(), content);
                draft.answer_below(content, message, text)?;
            }
            return Ok(());
        };
        let Some((by, mut case, version)) =
            self.writer(content, incoming, message, number, draft)?
        else {
            return Ok(());
        };
        let words = words.map(PatientText::reveal);
        let refused = match incoming.media {
            Some(Media::Bare) => Some(&said.staff_no_talk_kind),
            // A slip in a command must not reach the patient.
            Some(Media::Captioned) | None if words.is_some_and(telegram::is_command) => {
                Some(&said.staff_no_talk_command)
            }
            Some(Media::Captioned) | None => words
                .filter(|words| cards::is_too_long(words, incoming.media))
                .map(|_| &said.staff_no_talk_long),
        };
        if let Some(why) = refused {
            let text = cards::case_line(content, &case, why);
            return Ok(draft.answer_below(content, message, text)?);
        }
        let acts = case.acts;
        let Some((letter, lang)) = self.take_pen(content, &mut case, &by, message, draft)? else {
            return Ok(());
        };
        let text = cards::signed(content, lang, words);
        let shows = ShownAs::Passed {
            from: chat,
            message,
        };
        let piece = match incoming.media {
            None => Piece::Send {
                text,
                keyboard: Keyboard::None,
                silent: false,
                shows: Some(shows),
            },
            Some(Media::Captioned | Media::Bare) => Piece::Copy {
                from: chat,
                message,
                instead: text.clone(),
                caption: Some(text),
                shows,
            },
        };
        draft.post(letter, piece, lang, said_in(chat, message, &case))?;
        draft.put(self.keys.said_at(chat, message), CLINIC, &case.number)?;
        self.keep_talk(content, &case, version, acts, draft)?;
        note(draft, &by, "talk.write", case.number)
    }

    /// Staff change what they wrote: the patient's copy follows.
    pub(super) fn staff_edits(
        &self,
        content: &Content,
        incoming: &Incoming,
        words: &PatientText,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let (Some(chat), Some(message)) = (incoming.chat, incoming.message) else {
            return Ok(());
        };
        let key = self.keys.said_at(chat, message);
        let Some((number, _)) = self.ledger.read::<CaseNumber>(&key)? else {
            return Ok(());
        };
        let Some((by, case, _)) = self.writer(content, incoming, message, number, draft)? else {
            return Ok(());
        };
        let words = words.reveal();
        // What became a command is for the team alone.
        let stays = cards::is_too_long(words, incoming.media) || telegram::is_command(words);
        let patient = self.conversation(case.chat)?.filter(|_| !stays);
        let (Ok(letter), Some((conversation, _))) = (case.can_write(), patient) else {
            let why = &content.words.staff_no_talk_changed;
            let text = cards::case_line(content, &case, why);
            return Ok(draft.answer_below(content, message, text)?);
        };
        let lang = conversation.lang;
        let text = cards::signed(content, lang, Some(words));
        let shows = ShownAs::Passed {
            from: chat,
            message,
        };
        let piece = match incoming.media {
            None => Piece::Edit {
                shows,
                text,
                keyboard: Keyboard::None,
                closes: false,
            },
            Some(Media::Captioned | Media::Bare) => Piece::Caption { shows, text },
        };
        draft.post(letter, piece, lang, said_in(chat, message, &case))?;
        note(draft, &by, "talk.edit", case.number)
    }

    /// A press on "write to them", or on a ready answer. False when it is none.
    pub(super) fn prepare_say_press(
        &self,
        content: &Content,
        by: &Staffer,
        incoming: &Incoming,
        data: &str,
        draft: &mut Draft<'_>,
    ) -> Result<bool, TurnError> {
        let (Some((number, answer)), Some(message)) = (said_by(data), incoming.message) else {
            return Ok(false);
        };
        let words = &content.words;
        if let Err(refusal) = self.allows(by, Right::Work, Some(number), draft)? {
            toast(draft, content, words.refusal(refusal), &[]);
            return Ok(true);
        }
        let Some((case, version)) = self.case(number)? else {
            self.refuse_press(content, by, "refused.no-case", Some(number), draft)?;
            return Ok(true);
        };
        let is_offered = |name| content.bot.answers.iter().any(|one| one.name == name);
        if answer.is_some_and(|(said, name)| said > case.said || !is_offered(name)) {
            self.refuse_press(content, by, "refused.forged", Some(number), draft)?;
            return Ok(true);
        }
        match answer {
            None => {
                if case.can_write().is_err() {
                    self.note_refusal(Some(by), "refused.not-offered", Some(number), draft)?;
                }
                self.offer_answers(content, &case, message, draft)?;
            }
            Some((said, name)) if said == case.said => {
                self.send_answer(content, case, version, by, name, message, draft)?;
            }
            Some(_) => {
                // Somebody has written since these were offered.
                match cards::last_deed(content, &case) {
                    Some(deed) => toast(draft, content, &words.staff_late, &[("deed", &deed)]),
                    None => toast(draft, content, &words.staff_stale, &[]),
                }
            }
        }
        Ok(true)
    }

    /// Shows the ready answers, or why nothing can be written.
    pub(super) fn offer_answers(
        &self,
        content: &Content,
        case: &Case,
        below: MessageId,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        if !may_write(content, case, below, draft)? {
            return Ok(());
        }
        let (text, keyboard) = cards::answers(content, case);
        let piece = Piece::Send {
            text,
            keyboard,
            silent: true,
            shows: Some(ShownAs::Answers(case.number)),
        };
        Ok(draft.tell_of_case(content, case, piece, Under::Card)?)
    }

    /// Shows one ready answer and who would read it: a press sends it.
    pub(super) fn ask_to_send(
        &self,
        content: &Content,
        case: &Case,
        name: &str,
        below: MessageId,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        if !may_write(content, case, below, draft)? {
            return Ok(());
        }
        let Some(answer) = content.bot.answers.iter().find(|one| one.name == name) else {
            let text = cards::no_such_answer(content, case, name);
            return Ok(draft.answer_below(content, below, text)?);
        };
        let (text, keyboard) = cards::confirm_answer(content, case, answer);
        let piece = Piece::Send {
            text,
            keyboard,
            silent: true,
            shows: Some(ShownAs::Answers(case.number)),
        };
        Ok(draft.tell_of_case(content, case, piece, Under::Message(below))?)
    }

    /// Sends a ready answer in the patient's language.
    #[expect(
        clippy::too_many_arguments,
        reason = "who sends what on which case, and where they read what became of it"
    )]
    pub(super) fn send_answer(
        &self,
        content: &Content,
        mut case: Case,
        version: Version,
        by: &Staffer,
        name: &str,
        below: MessageId,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let Some(answer) = content.bot.answers.iter().find(|one| one.name == name) else {
            let text = cards::no_such_answer(content, &case, name);
            return Ok(draft.answer_below(content, below, text)?);
        };
        let acts = case.acts;
        let Some((letter, lang)) = self.take_pen(content, &mut case, by, below, draft)? else {
            return Ok(());
        };
        let words = answer.text.render(lang, content);
        let piece = Piece::Send {
            text: cards::signed(content, lang, Some(&words.text)),
            keyboard: Keyboard::None,
            silent: false,
            shows: None,
        };
        let said = Said {
            case: case.number,
            chat: draft.staff_chat().unwrap_or_default(),
            message: Some(below),
        };
        draft.post(letter, piece, lang, said)?;
        let piece = Piece::Edit {
            shows: ShownAs::Answers(case.number),
            text: cards::answers_sent(content, &case, by, answer),
            keyboard: Keyboard::None,
            closes: false,
        };
        draft.tell_of_case(content, &case, piece, Under::Card)?;
        self.keep_talk(content, &case, version, acts, draft)?;
        note(draft, by, "talk.ready", case.number)
    }

    /// What became of something that staff wrote.
    pub(super) fn prepare_fate(
        &self,
        said: Said,
        fate: Fate,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let Some((case, _)) = self.case(said.case)? else {
            return Ok(());
        };
        let content = std::sync::Arc::clone(self.library.newest());
        // A group that has moved numbers its messages anew.
        let message = said
            .message
            .filter(|_| draft.staff_chat() == Some(said.chat));
        let piece = Piece::Send {
            text: cards::fate_line(&content, &case, fate),
            keyboard: Keyboard::None,
            silent: matches!(fate, Fate::Arrived | Fate::Changed),
            shows: None,
        };
        let under = message.map_or(Under::Card, Under::Message);
        Ok(draft.tell_of_case(&content, &case, piece, under)?)
    }

    /// The bot is back: the patient reads so, and the open question once more.
    pub(super) fn handed_back(&self, chat: ChatId, draft: &mut Draft<'_>) -> Result<(), TurnError> {
        let Some((conversation, _)) = self.conversation(chat)? else {
            return Ok(());
        };
        let content = std::sync::Arc::clone(self.library.newest());
        let lang = conversation.lang;
        draft.say(
            chat,
            chat,
            lang,
            content.words.talk_over.render(lang, &*content),
        )?;
        if conversation.open.is_some() {
            let input = Input::new(What::ShowAgain, self.desk());
            self.take(chat, input, None, draft)?;
        }
        Ok(())
    }

    /// The team has written nothing for long: the bot comes back by itself.
    pub(super) fn end_silent_talk(
        &self,
        chat: ChatId,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let mut in_hand = None;
        let Some(held) = self.hold_case(chat, &mut in_hand)? else {
            return Ok(());
        };
        if held.case.end_silent_talk(draft.now).is_none() {
            return Ok(());
        }
        let content = std::sync::Arc::clone(self.library.newest());
        draft.write_case(&content, &held.case, held.version, Alert::Update)?;
        let text = cards::silent_line(&content, &held.case);
        draft.tell_of_case(&content, &held.case, loud(text), Under::Card)?;
        draft.audit(&Noted {
            who: None,
            what: "talk.silent",
            case: Some(held.case.number),
        })?;
        draft.wake(chat, InboxRow::HandedBack)?;
        Ok(())
    }

    /// Whether somebody writes with the patient.
    pub(super) fn is_talking(&self, chat: ChatId) -> Result<bool, TurnError> {
        let mut in_hand = None;
        let held = self.hold_case(chat, &mut in_hand)?;
        Ok(held.is_some_and(|held| held.case.talk.is_some()))
    }

    /// What is no matter of safety waits while somebody writes with the patient.
    pub(super) fn rests(
        &self,
        chat: ChatId,
        due: Due,
        draft: &mut Draft<'_>,
    ) -> Result<bool, TurnError> {
        if !matches!(
            due,
            Due::Question(_) | Due::Hold(_) | Due::AskLater | Due::Care(_)
        ) || !self.is_talking(chat)?
        {
            return Ok(false);
        }
        let at = draft.now.plus_seconds(REST_SECONDS);
        draft.set_due(chat, DueRow { due, at })?;
        Ok(true)
    }

    /// The patient has erased everything: nobody writes with them any more.
    pub(super) fn end_erased_talk(
        &self,
        content: &Content,
        case: &mut Case,
        draft: &mut Draft<'_>,
    ) -> Result<Alert, TurnError> {
        if case.end_talk().is_none() {
            return Ok(Alert::Silence);
        }
        let text = cards::case_line(content, case, &content.words.staff_talk_erased);
        draft.tell_of_case(content, case, loud(text), Under::Card)?;
        Ok(Alert::Update)
    }

    /// Who writes on which case; none when they may not or there is none, and
    /// then they are told.
    fn writer(
        &self,
        content: &Content,
        incoming: &Incoming,
        below: MessageId,
        number: CaseNumber,
        draft: &mut Draft<'_>,
    ) -> Result<Option<(Staffer, Case, Version)>, TurnError> {
        let words = &content.words;
        let lang = draft.lang();
        let Some(from) = &incoming.from else {
            self.note_refusal(None, "refused.anonymous", Some(number), draft)?;
            let text = words.staff_anonymous.render(lang, content);
            draft.answer_below(content, below, text)?;
            return Ok(None);
        };
        let by = staffer(from);
        if let Err(refusal) = self.allows(&by, Right::Work, Some(number), draft)? {
            let text = words.refusal(refusal).render(lang, content);
            draft.answer_below(content, below, text)?;
            return Ok(None);
        }
        match self.case(number)? {
            Some((case, version)) => Ok(Some((by, case, version))),
            None => {
                let text = cards::no_such_case(content, number);
                draft.answer_below(content, below, text)?;
                Ok(None)
            }
        }
    }

    /// Somebody begins to write, or goes on: the case says where it goes. None
    /// when nothing can be written, and then they read why.
    fn take_pen(
        &self,
        content: &Content,
        case: &mut Case,
        by: &Staffer,
        below: MessageId,
        draft: &mut Draft<'_>,
    ) -> Result<Option<(Letter, Lang)>, TurnError> {
        let Some((conversation, version)) = self.conversation(case.chat)? else {
            let why = &content.words.staff_no_talk_erased;
            let text = cards::case_line(content, case, why);
            draft.answer_below(content, below, text)?;
            return Ok(None);
        };
        // Who erases everything in this moment is not written to.
        let key = self.keys.conversation(case.chat);
        draft.prepared.commit.expect.push((key, version));
        let was_taken = case.first_taken.is_some();
        let (letter, opening) = match case.write(by, draft.now) {
            Ok(written) => written,
            Err(why) => {
                let text = cards::no_talk(content, case, why);
                draft.answer_below(content, below, text)?;
                return Ok(None);
            }
        };
        if !was_taken {
            draft.count(span(CLAIM, draft.now.seconds_since(case.since)));
        }
        let (to, lang) = (letter.to(), conversation.lang);
        if opening == Opening::Begins {
            draft.say(
                to,
                to,
                lang,
                content.words.talk_begins.render(lang, content),
            )?;
        }
        if let Some(talk) = &case.talk {
            let at = talk.until();
            draft.set_due(to, DueRow { due: Due::Talk, at })?;
        }
        Ok(Some((letter, lang)))
    }

    /// Writes the case down; its card changes when it reads otherwise.
    fn keep_talk(
        &self,
        content: &Content,
        case: &Case,
        version: Version,
        acts_before: u32,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let alert = if case.acts == acts_before {
            Alert::Silence
        } else {
            Alert::Update
        };
        draft.write_case(content, case, version, alert)
    }

    /// The case that a message of the staff chat belongs to.
    pub(super) fn case_at(
        &self,
        chat: ChatId,
        message: Option<MessageId>,
    ) -> Result<Option<CaseNumber>, ReadError> {
        let Some(message) = message else {
            return Ok(None);
        };
        let found = self
            .ledger
            .read::<CaseNumber>(&self.keys.card_at(chat, message))?;
        Ok(found.map(|(number, _)| number))
    }
}

/// What staff wrote, and where they read what became of it.
fn said_in(chat: ChatId, message: MessageId, case: &Case) -> Said {
    Said {
        case: case.number,
        chat,
        message: Some(message),
    }
}

/// A line with a sound.
pub(super) fn loud(text: RichText) -> Piece {
    Piece::Send {
        text,
        keyboard: Keyboard::None,
        silent: false,
        shows: None,
    }
}

fn note(
    draft: &mut Draft<'_>,
    by: &Staffer,
    what: &str,
    case: CaseNumber,
) -> Result<(), TurnError> {
    draft.audit(&Noted {
        who: Some(by),
        what,
        case: Some(case),
    })
}

/// Whether the patient of a case can be written to; why not is said below `message`.
fn may_write(
    content: &Content,
    case: &Case,
    message: MessageId,
    draft: &mut Draft<'_>,
) -> Result<bool, TurnError> {
    if let Err(why) = case.can_write() {
        let text = cards::no_talk(content, case, why);
        draft.answer_below(content, message, text)?;
        return Ok(false);
    }
    Ok(true)
}

//! While a person writes with a patient, what the patient sends is brought to
//! the staff chat, below the case's card.

use std::collections::BTreeSet;

use super::draft::Draft;
use super::talk::loud;
use super::turn::say_hidden;
use super::{Clerk, TurnError};
use crate::app::cards;
use crate::app::library::Walked;
use crate::app::records::{OutboxRow, Piece, ShownAs, Under};
use crate::channel::{Media, Outgoing};
use crate::content::Content;
use crate::dialog::{Input, Keyboard, Weight, What, is_for_dialog};
use crate::free_text::IdentifierKind;
use crate::ids::{ChatId, MessageId, PatientText};
use crate::staff::{Alert, Case, Receipt};
use crate::store::ReadError;

/// What is left to do with something a patient sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// The dialog takes its turn.
    Turn,
    /// Nothing: a person has it.
    Nothing,
}

impl Clerk {
    /// While a person writes with the patient, brings theirs to the staff chat.
    /// Whatever may be a warning is the dialog's too.
    pub(super) fn pass_on(
        &self,
        chat: ChatId,
        message: Option<MessageId>,
        media: Option<Media>,
        input: &Input,
        draft: &mut Draft<'_>,
    ) -> Result<Left, TurnError> {
        let mut in_hand = None;
        let Some(held) = self.hold_case(chat, &mut in_hand)? else {
            return Ok(Left::Turn);
        };
        let Some((conversation, _)) = self.conversation(chat)? else {
            return Ok(Left::Turn);
        };
        let newest = std::sync::Arc::clone(self.library.newest());
        // A person may have asked for a phone number; nobody asks for the others here.
        let mut what = input.what.clone();
        let mut hidden = BTreeSet::new();
        if let What::Text(words) | What::Edited(words) = &mut what {
            let phone = [IdentifierKind::Phone];
            (*words, hidden) = newest.identifiers.mask_but(&phone, words);
            if !hidden.is_empty() {
                // What is too long goes over as it was sent, and that is not masked.
                *words = PatientText::new(cards::fitting(words.reveal(), media));
            }
        }
        let Some(talk) = &held.case.talk else {
            if let (What::Edited(_), Some(message)) = (&input.what, message)
                && self.was_passed(chat, message, draft)?
            {
                bring(&newest, &held.case, message, media, &what, draft)?;
            }
            return Ok(Left::Turn);
        };
        let Walked { content, .. } = self.content_for(&conversation, &input.what);
        let is_theirs = is_for_dialog(&content, &conversation, input, talk.since, draft.now);
        match (&input.what, message) {
            (
                What::Text(_) | What::Edited(_) | What::Contact(_) | What::Unreadable,
                Some(message),
            ) => {
                bring(&newest, &held.case, message, media, &what, draft)?;
                if is_theirs {
                    return Ok(Left::Turn);
                }
                let lang = conversation.lang;
                say_hidden(&newest, chat, chat, lang, &hidden, draft)?;
                let passed_on = newest.words.talk_passed_on.render(lang, &*newest);
                match held.case.pass_on(draft.now) {
                    Some(Receipt::Sign) => {
                        let piece = Piece::React {
                            message,
                            emoji: newest.words.talk_sign.plain(lang),
                            instead: passed_on,
                        };
                        draft.send(chat, chat, OutboxRow::new(piece, Weight::Talk, lang))?;
                    }
                    Some(Receipt::Words) | None => {
                        draft.say(chat, chat, lang, passed_on)?;
                        draft.write_case(&newest, &held.case, held.version, Alert::Silence)?;
                    }
                }
                Ok(Left::Nothing)
            }
            (What::Press(_), _) if !is_theirs => {
                if let Some(Outgoing::AnswerPress { text, .. }) = draft.prepared.answers.first_mut()
                {
                    let words = &newest.words.talk_press;
                    *text = Some(words.render(conversation.lang, &*newest).text);
                }
                Ok(Left::Nothing)
            }
            (_, _) => Ok(Left::Turn),
        }
    }

    /// Whether a patient's message stands in the staff chat.
    fn was_passed(
        &self,
        chat: ChatId,
        message: MessageId,
        draft: &Draft<'_>,
    ) -> Result<bool, ReadError> {
        let Some(staff_chat) = draft.staff_chat() else {
            return Ok(false);
        };
        let shows = ShownAs::Passed {
            from: chat,
            message,
        };
        let found = self
            .ledger
            .read_bytes(&self.keys.shown(staff_chat, shows))?;
        Ok(found.is_some())
    }
}

/// Brings what a patient sent, or changed, below their case.
fn bring(
    content: &Content,
    case: &Case,
    message: MessageId,
    media: Option<Media>,
    what: &What,
    draft: &mut Draft<'_>,
) -> Result<(), TurnError> {
    let (words, media) = match what {
        // The number in words: a press on it calls.
        What::Contact(number) => (Some(number.reveal()), None),
        _ => (what.words().map(PatientText::reveal), media),
    };
    let shows = ShownAs::Passed {
        from: case.chat,
        message,
    };
    let text = cards::from_patient(content, case, words);
    let is_changed = matches!(what, What::Edited(_));
    let is_too_long = words.is_some_and(|words| cards::is_too_long(words, media));
    let lost = cards::case_line(content, case, &content.words.staff_from_patient_lost);
    let copy = |caption| Piece::Copy {
        from: case.chat,
        message,
        caption,
        shows,
        instead: lost.clone(),
    };
    let piece = match media {
        // No words can stand below it, or too many do: whose it is comes before it.
        _ if is_too_long || media == Some(Media::Bare) => {
            let head = &content.words.staff_from_patient_media;
            let head = cards::case_line(content, case, head);
            draft.tell_of_case(content, case, loud(head), Under::Card)?;
            copy(None)
        }
        Some(_) if is_changed => Piece::Caption { shows, text },
        Some(_) => copy(Some(text)),
        None if is_changed => Piece::Edit {
            shows,
            text,
            keyboard: Keyboard::None,
            closes: false,
        },
        None => Piece::Send {
            text,
            keyboard: Keyboard::None,
            silent: false,
            shows: Some(shows),
        },
    };
    Ok(draft.tell_of_case(content, case, piece, Under::Card)?)
}

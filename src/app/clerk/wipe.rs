//! What a patient wrote to a person goes from the staff chat, as far as the bot can
//! reach it: its own messages. What staff wrote themselves is theirs to delete, and
//! they are told so.

use super::draft::Draft;
use super::{Clerk, TurnError};
use crate::app::cards;
use crate::app::records::{CLINIC, Keys, OutboxRow, Piece};
use crate::content::Content;
use crate::dialog::{Keyboard, Weight};
use crate::ids::{CaseNumber, ChatId, MessageId};
use crate::staff::Case;
use crate::store::{Kind, ReadError};

/// Whether a person had written with the patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wiped {
    /// What came of it is being taken out of the staff chat.
    Talk,
    /// Nobody had.
    Nothing,
}

impl Clerk {
    /// The messages of a case that stand in the staff chat beside its card.
    fn messages_of(&self, chat: ChatId, case: CaseNumber) -> Result<Vec<MessageId>, ReadError> {
        let mut messages = Vec::new();
        let shown = Some(Kind::Shown);
        self.ledger
            .scan(self.keys.0, Some(chat), shown, &mut |key, _| {
                messages.extend(Keys::message_said_of(&key, case));
            })?;
        Ok(messages)
    }

    /// The newest of them, and where it stands; none when there is none.
    pub(super) fn newest_said_of(
        &self,
        case: CaseNumber,
        draft: &Draft<'_>,
    ) -> Result<Option<(ChatId, MessageId)>, ReadError> {
        let Some(chat) = draft.staff_chat() else {
            return Ok(None);
        };
        let newest = self.messages_of(chat, case)?.into_iter().max();
        Ok(newest.map(|message| (chat, message)))
    }

    /// Takes the messages of a case out of the staff chat, up to this one. A group
    /// that has moved since takes no change of what stood there before.
    pub(super) fn wipe(
        &self,
        content: &Content,
        case: &Case,
        newest: Option<(ChatId, MessageId)>,
        draft: &mut Draft<'_>,
    ) -> Result<Wiped, TurnError> {
        let Some((chat, newest)) = newest.filter(|(chat, _)| Some(*chat) == draft.staff_chat())
        else {
            return Ok(Wiped::Nothing);
        };
        let lang = draft.lang();
        let wiped = if case.said > 0 {
            let told = cards::case_line(content, case, &content.words.staff_wiping);
            draft.tell_staff_quietly(content, told, Keyboard::None)?;
            Wiped::Talk
        } else {
            Wiped::Nothing
        };
        for message in self.messages_of(chat, case.number)? {
            if message > newest {
                continue;
            }
            let text = content.words.staff_wiped.render(lang, content);
            let piece = Piece::Wipe {
                chat,
                message,
                text,
            };
            draft.send(chat, CLINIC, OutboxRow::new(piece, Weight::Talk, lang))?;
            // An answer to it belongs to nobody from now on.
            draft.prepared.commit.deletes.extend([
                self.keys.said_of(chat, case.number, message),
                self.keys.card_at(chat, message),
            ]);
        }
        Ok(wiped)
    }
}

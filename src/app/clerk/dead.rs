//! What could not be delivered: the list, and sending it again.

use super::draft::Draft;
use super::office::toast;
use super::{Clerk, TurnError};
use crate::app::audit::Noted;
use crate::app::cards::{self, Dead, Receiver};
use crate::app::records::{Undelivered, message_subject, sequence_of_note};
use crate::content::Content;
use crate::ids::{CaseNumber, ChatId};
use crate::staff::Staffer;
use crate::store::{Kind, ReadError};

impl Clerk {
    /// Everything that could not be delivered, the oldest first.
    pub(super) fn undelivered(&self) -> Result<Vec<(ChatId, u64, Undelivered)>, ReadError> {
        let mut found = Vec::new();
        let notes = Some(Kind::Note);
        self.ledger
            .scan(self.keys.0, None, notes, &mut |key, row| {
                if let (Some(sequence), Ok(one)) =
                    (sequence_of_note(&key), row.json::<Undelivered>())
                {
                    found.push((key.chat(), sequence, one));
                }
            })?;
        found.sort_by_key(|(_, sequence, _)| *sequence);
        Ok(found)
    }

    pub(super) fn list_dead(
        &self,
        content: &Content,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let mut dead = Vec::new();
        for (chat, sequence, one) in self.undelivered()? {
            let to = self.receiver(chat, one.row.case)?;
            dead.push(Dead {
                chat,
                sequence,
                to,
                why: one.why,
                at: one.at,
            });
        }
        let (text, keyboard) = cards::dead(content, &dead);
        Ok(draft.answer_staff(content, text, keyboard)?)
    }

    /// Whom a message was for, as staff know them.
    fn receiver(&self, chat: ChatId, case: Option<CaseNumber>) -> Result<Receiver, ReadError> {
        if Some(chat) == self.staff_chat() {
            return Ok(Receiver::StaffChat);
        }
        if self.second_targets.contains(&chat) {
            return Ok(Receiver::SecondTarget);
        }
        let open = match self.ledger.read::<CaseNumber>(&self.keys.open_case(chat)) {
            Ok(found) => found.map(|(number, _)| number),
            Err(error) if error.is_erased() => None,
            Err(error) => return Err(error),
        };
        Ok(match case.or(open) {
            Some(number) => Receiver::PatientOf(number),
            None => Receiver::Chat(chat),
        })
    }

    /// A press on "send again". Of two presses the first one sends.
    pub(super) fn send_again(
        &self,
        content: &Content,
        by: &Staffer,
        (chat, sequence): (ChatId, u64),
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let key = self.keys.undelivered(chat, sequence);
        let Some((one, version)) = self.ledger.read::<Undelivered>(&key)? else {
            // Sent again by somebody else, gone with its time, or never there.
            return self.refuse_press(content, by, "refused.no-message", None, draft);
        };
        draft.prepared.commit.expect.push((key.clone(), version));
        draft.prepared.commit.deletes.push(key);
        draft.audit(&Noted {
            who: Some(by),
            what: "desk.send-again",
            case: one.row.case,
        })?;
        // With the key it had: it goes when its patient erases everything.
        draft.send(chat, message_subject(chat, &one.row), one.row)?;
        toast(draft, content, &content.words.staff_sent_again, &[]);
        Ok(())
    }
}

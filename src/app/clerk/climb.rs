//! The ladder, carried out: timers that stand beside their case, and what is
//! said on each rung.

use super::draft::{Draft, Telling};
use super::{Clerk, TurnError};
use crate::app::cards;
use crate::app::hours;
use crate::app::outbox::posts_of;
use crate::app::records::{CLINIC, DueRow, OutboxRow, Piece};
use crate::content::{Content, Text};
use crate::dialog::{Due, Keyboard, Weight};
use crate::ids::ChatId;
use crate::staff::{Alert, Case, Role, Waits};
use crate::store::ReadError;

/// The timer of a rung.
fn due_of(waits: Waits, number: u32) -> Due {
    match waits {
        Waits::Claim => Due::Unclaimed(number),
        Waits::Close => Due::Unclosed(number),
    }
}

impl Clerk {
    /// Sets a case's timer, or takes it away: with each change of the case, in
    /// the same commit.
    pub(super) fn climb(
        &self,
        case: &Case,
        alert: Alert,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let waits = Waits::of(case).filter(|_| draft.staff_chat().is_some());
        for other in [Waits::Claim, Waits::Close] {
            let stands = self.stands(case.chat, due_of(other, 0))?;
            if Some(other) != waits {
                if stands.is_some() {
                    draft.cancel_due(case.chat, due_of(other, 0));
                }
            } else {
                match stands {
                    None => self.set_rung(case, other, 0, draft)?,
                    // What comes on top makes nobody wait longer: the next rung comes as
                    // soon as a first one would, and sooner where it is due.
                    Some(row) if alert == Alert::Post => {
                        let first = draft.now.plus_seconds(other.seconds_to(0, case.level));
                        let at = row.at.min(first);
                        draft.set_due_for(case.chat, CLINIC, DueRow { at, ..row })?;
                    }
                    Some(_) => {}
                }
            }
        }
        Ok(())
    }

    fn stands(&self, chat: ChatId, due: Due) -> Result<Option<DueRow>, ReadError> {
        match self.ledger.read::<DueRow>(&self.keys.due(chat, due.kind())) {
            Ok(found) => Ok(found.map(|(row, _)| row)),
            Err(error) if error.is_erased() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn set_rung(
        &self,
        case: &Case,
        waits: Waits,
        number: u32,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let at = draft.now.plus_seconds(waits.seconds_to(number, case.level));
        let due = due_of(waits, number);
        // Sealed with the clinic's key: it outlives its patient's erasure, as the case does.
        Ok(draft.set_due_for(case.chat, CLINIC, DueRow { due, at })?)
    }

    /// A rung's time has come.
    pub(super) fn prepare_rung(
        &self,
        chat: ChatId,
        waits: Waits,
        number: u32,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let mut in_hand = None;
        let Some(held) = self.hold_case(chat, &mut in_hand)? else {
            return Ok(());
        };
        let case = &held.case;
        if Waits::of(case) != Some(waits) {
            return Ok(());
        }
        // Whoever takes the case in this moment comes first.
        let key = self.keys.case(chat, case.number);
        draft.prepared.commit.expect.push((key, held.version));
        let content = std::sync::Arc::clone(self.library.newest());
        // A card that could not go out yet comes once, not once for each rung.
        let coming = self.cards_that_wait(draft.staff_chat(), posts_of)?;
        if !coming.contains(&case.number) {
            let on_call = hours::on_call(&content.clinic, draft.now);
            let text = cards::rung_line(&content, case, &on_call);
            if case.is_in_hands() || draft.is_quiet(case.level) {
                draft.tell_staff_quietly(&content, text, Keyboard::None)?;
            } else {
                draft.tell_staff_line(&content, text)?;
            }
            draft.send_card(&content, case, Telling::PostSilently)?;
        }
        let rung = waits.rung(number);
        if rung.owners {
            let (roster, _) = self.roster()?;
            for owner in roster
                .members()
                .iter()
                .filter(|one| one.role == Role::Owner)
            {
                let piece = Piece::Send {
                    text: cards::owner_line(&content, case),
                    keyboard: Keyboard::None,
                    silent: false,
                    shows: None,
                };
                // Not a warning: an owner who has never written to the bot cannot be reached.
                let lang = content.clinic.staff_language;
                let mut row = OutboxRow::of_case(case.number, piece, lang);
                row.weight = Weight::Talk;
                draft.send(ChatId(owner.who.user.0), CLINIC, row)?;
            }
        }
        if rung.second {
            for lane in &self.second_targets {
                let piece = Piece::Alarm {
                    level: case.level,
                    text: cards::owner_line(&content, case),
                };
                let row = OutboxRow::of_case(case.number, piece, content.clinic.staff_language);
                draft.send(*lane, CLINIC, row)?;
            }
        }
        if rung.patient {
            let words = &content.words;
            let text = if case.seen {
                &words.staff_left
            } else {
                &words.staff_unseen
            };
            self.tell_truth(&content, chat, text, draft)?;
        }
        self.set_rung(case, waits, number.saturating_add(1), draft)
    }

    /// The staff chat has taken the card: the patient reads so, once an alert.
    pub(super) fn tell_delivered(
        &self,
        chat: ChatId,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let mut in_hand = None;
        let Some(held) = self.hold_case(chat, &mut in_hand)? else {
            return Ok(());
        };
        if Waits::of(&held.case) != Some(Waits::Claim) || held.case.delivered {
            return Ok(());
        }
        held.case.delivered = true;
        let content = std::sync::Arc::clone(self.library.newest());
        draft.write_case(&content, &held.case, held.version, Alert::Silence)?;
        self.tell_truth(&content, chat, &content.words.staff_delivered, draft)
    }

    /// What is true of the team right now, for the patient.
    fn tell_truth(
        &self,
        content: &Content,
        chat: ChatId,
        text: &Text,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        // Whoever has deleted their data is not written to.
        let Some((conversation, _)) = self.conversation(chat)? else {
            return Ok(());
        };
        let lang = conversation.lang;
        let piece = Piece::Send {
            text: text.render(lang, content),
            keyboard: Keyboard::None,
            silent: false,
            shows: None,
        };
        let row = OutboxRow::new(piece, Weight::Warning, lang);
        Ok(draft.send(chat, chat, row)?)
    }
}

//! The ladder, carried out: timers that stand beside their case, and what is
//! said on each rung.

use super::draft::{Draft, Telling};
use super::{Clerk, TurnError};
use crate::app::cards;
use crate::app::hours;
use crate::app::outbox::posts_of;
use crate::app::records::{CLINIC, DueRow, OutboxRow, Piece};
use crate::content::{Content, RichText, Text};
use crate::dialog::{Due, Keyboard, Weight};
use crate::ids::{ChatId, Lang, Timestamp};
use crate::staff::{Alert, Case, CaseState, Outcome, Role, Waits};
use crate::store::ReadError;

/// The timer of a rung.
fn due_of(waits: Waits, number: u32) -> Due {
    match waits {
        Waits::Claim => Due::Unclaimed(number),
        Waits::Reach => Due::Unreached(number),
        Waits::Close => Due::Unclosed(number),
    }
}

/// Who was told of a case on a rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tried {
    /// The staff chat, once more.
    Team,
    /// The owners, in private.
    Owners,
    /// A second target.
    Second,
}

/// What a patient reads of the team.
struct Truth<'a> {
    text: &'a Text,
    /// What was done about it, where the text has room for that.
    tried: Option<&'a Text>,
}

impl<'a> Truth<'a> {
    const fn of(text: &'a Text) -> Self {
        Self { text, tried: None }
    }

    fn render(&self, lang: Lang, content: &Content) -> RichText {
        let tried = self.tried.map(|tried| tried.render(lang, content).text);
        let tried = tried.unwrap_or_default();
        content.fill(self.text, lang, &[("tried", &tried)])
    }
}

/// What a patient reads on rung `number` of a case that nobody has taken, and what
/// was done on it: only what was.
fn unseen_line<'a>(content: &'a Content, case: &Case, number: u32, tried: &[Tried]) -> Truth<'a> {
    let words = &content.words;
    let (first, again) = match case.seen {
        true => (&words.staff_left, &words.staff_left_again),
        false => (&words.staff_unseen, &words.staff_unseen_again),
    };
    let did = |who: Tried| tried.contains(&who);
    let tried = match number {
        0 => return Truth::of(first),
        1 if did(Tried::Owners) => &words.staff_tried_owners,
        2 if did(Tried::Second) => &words.staff_tried_second,
        1 | 2 if did(Tried::Team) => &words.staff_tried_team,
        _ => &words.staff_tried_on,
    };
    Truth {
        text: again,
        tried: Some(tried),
    }
}

/// Whether somebody says in this very moment that they could not reach the patient.
fn is_missed_now(case: &Case, now: Timestamp) -> bool {
    matches!(
        case.state,
        CaseState::Handled { outcome: Outcome::NotReached, at, .. } if at == now
    )
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
        // A warning climbs whatever becomes of the staff chat, while anybody can be told.
        let rings = draft.staff_chat().is_some() || !self.second_targets.is_empty();
        let waits = Waits::of(case).filter(|_| rings);
        for other in Waits::ALL {
            let stands = self.stands(case.chat, due_of(other, 0))?;
            if Some(other) != waits {
                if stands.is_some() {
                    draft.cancel_due(case.chat, due_of(other, 0));
                }
            } else {
                match stands {
                    None => self.set_rung(case, other, 0, draft)?,
                    // Somebody has tried once more: it begins anew.
                    Some(_) if is_missed_now(case, draft.now) => {
                        self.set_rung(case, other, 0, draft)?;
                    }
                    // What comes on top makes nobody wait longer: the next rung comes as
                    // soon as a first one would, and sooner where it is due.
                    Some(row) if alert == Alert::Post => {
                        let at = row.at.min(self.rung_at(case, other, 0, draft));
                        draft.set_due_for(case.chat, CLINIC, DueRow { at, ..row })?;
                    }
                    Some(_) => {}
                }
            }
        }
        Ok(())
    }

    /// The staff chat is new: whatever was told elsewhere, nobody there has heard of it.
    pub(super) fn climb_from_below(
        &self,
        case: &Case,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        match Waits::of(case) {
            Some(waits) => self.set_rung(case, waits, 0, draft),
            None => Ok(()),
        }
    }

    fn stands(&self, chat: ChatId, due: Due) -> Result<Option<DueRow>, ReadError> {
        match self.ledger.read::<DueRow>(&self.keys.due(chat, due.kind())) {
            Ok(found) => Ok(found.map(|(row, _)| row)),
            Err(error) if error.is_erased() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// When a rung comes, counted from now.
    fn rung_at(&self, case: &Case, waits: Waits, number: u32, draft: &Draft<'_>) -> Timestamp {
        let try_again = self.library.newest().clinic.try_again_minutes;
        let seconds = waits.seconds_to(number, case.level, try_again);
        // With no staff chat the second target is the first to hear: it waits for nobody.
        let is_first = number == 0 && waits == Waits::Claim;
        match draft.staff_chat() {
            None if is_first => draft.now,
            Some(_) | None => draft.now.plus_seconds(seconds),
        }
    }

    fn set_rung(
        &self,
        case: &Case,
        waits: Waits,
        number: u32,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let at = self.rung_at(case, waits, number, draft);
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
        let has_desk = draft.staff_chat().is_some();
        let mut tried = Vec::new();
        if !coming.contains(&case.number) {
            tried.push(Tried::Team);
        }
        if rung.owners {
            let (roster, _) = self.roster()?;
            let members = roster.members().iter();
            for owner in members.filter(|one| one.role == Role::Owner) {
                tried.push(Tried::Owners);
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
        if rung.second || !has_desk {
            let text = match has_desk {
                true => cards::owner_line(&content, case),
                false => cards::deskless_line(&content, case),
            };
            for lane in &self.second_targets {
                tried.push(Tried::Second);
                let level = case.level;
                let text = text.clone();
                let piece = Piece::Alarm { level, text };
                let row = OutboxRow::of_case(case.number, piece, content.clinic.staff_language);
                draft.send(*lane, CLINIC, row)?;
            }
        }
        // Without a staff chat the patient was promised nobody.
        if rung.patient && has_desk {
            let text = unseen_line(&content, case, number, &tried);
            self.tell_truth(&content, chat, &text, draft)?;
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
        let delivered = Truth::of(&content.words.staff_delivered);
        self.tell_truth(&content, chat, &delivered, draft)
    }

    /// Somebody tried to reach the patient and could not: they read so.
    pub(super) fn tell_missed(
        &self,
        chat: ChatId,
        call: bool,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let content = std::sync::Arc::clone(self.library.newest());
        let text = if call {
            &content.words.staff_missed_call
        } else {
            &content.words.staff_missed
        };
        self.tell_truth(&content, chat, &Truth::of(text), draft)
    }

    /// What is true of the team right now, for the patient.
    fn tell_truth(
        &self,
        content: &Content,
        chat: ChatId,
        truth: &Truth<'_>,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        // Whoever has deleted their data is not written to.
        let Some((conversation, _)) = self.conversation(chat)? else {
            return Ok(());
        };
        let lang = conversation.lang;
        let piece = Piece::Send {
            text: truth.render(lang, content),
            keyboard: Keyboard::None,
            silent: false,
            shows: None,
        };
        let row = OutboxRow::new(piece, Weight::Warning, lang);
        Ok(draft.send(chat, chat, row)?)
    }
}

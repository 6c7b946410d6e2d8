//! A drill, carried out: the marked alarm, and the report that fills in.

use super::draft::Draft;
use super::{Clerk, TurnError};
use crate::app::audit::Noted;
use crate::app::cards;
use crate::app::records::{CLINIC, MAIL, OutboxRow, Piece, ShownAs, Tells, WEBHOOK};
use crate::content::Content;
use crate::dialog::Weight;
use crate::ids::{ChatId, Timestamp};
use crate::staff::{Drill, Place, Role, Staffer};
use crate::triage::Level;

impl Clerk {
    /// Every place an alarm of the ladder goes to, and the lane of each.
    fn places(&self, staff_chat: ChatId) -> Result<Vec<(Place, ChatId)>, TurnError> {
        let (roster, _) = self.roster()?;
        let members = roster.members().iter();
        let owners = members.filter(|one| one.role == Role::Owner).map(|one| {
            let place = Place::Owner(one.who.name.clone());
            (place, ChatId(one.who.user.0))
        });
        let second = self.second_targets.iter().map(|lane| {
            let place = match *lane {
                WEBHOOK => Place::Webhook,
                MAIL => Place::Mail,
                _ => Place::SecondChat,
            };
            (place, *lane)
        });
        let staff = std::iter::once((Place::StaffChat, staff_chat));
        Ok(staff.chain(owners).chain(second).collect())
    }

    /// An owner calls a drill.
    pub(super) fn begin_drill(
        &self,
        content: &Content,
        by: &Staffer,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let Some(staff_chat) = self.staff_chat() else {
            return Ok(());
        };
        let (places, lanes): (Vec<Place>, Vec<ChatId>) =
            self.places(staff_chat)?.into_iter().unzip();
        let drill = Drill::begin(by.clone(), draft.now, places);
        draft.put(self.keys.single("drill"), CLINIC, &drill)?;
        draft.audit(&Noted {
            who: Some(by),
            what: "desk.drill",
            case: None,
        })?;
        let lang = content.clinic.staff_language;
        let (report, keyboard) = cards::drill(content, &drill);
        let alarm = cards::drill_alarm(content, &drill);
        for (place, lane) in (0..).zip(lanes) {
            let piece = if lane == staff_chat {
                Piece::Send {
                    text: report.clone(),
                    keyboard: keyboard.clone(),
                    silent: false,
                    shows: Some(ShownAs::Drill(drill.at)),
                }
            } else {
                Piece::Alarm {
                    level: Level::EmergencyNow,
                    text: alarm.clone(),
                }
            };
            let mut row = OutboxRow::new(piece, Weight::Warning, lang);
            row.tells = Some(Tells::Drill {
                at: drill.at,
                place,
            });
            draft.send(lane, CLINIC, row)?;
        }
        Ok(())
    }

    /// An alarm of a drill has arrived, or could not.
    pub(super) fn hear_drill(
        &self,
        at: Timestamp,
        place: usize,
        failed: Option<String>,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let now = draft.now;
        self.change_drill(at, draft, |drill| drill.hear(place, failed, now))?;
        Ok(())
    }

    /// Somebody pressed the drill's button.
    pub(super) fn answer_drill(
        &self,
        content: &Content,
        by: &Staffer,
        at: Timestamp,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let now = draft.now;
        if self.change_drill(at, draft, |drill| drill.answer(by, now))? {
            return Ok(());
        }
        self.refuse_press(content, by, "refused.no-drill", None, draft)
    }

    /// Changes the drill that began at `at`, and its report with it.
    fn change_drill(
        &self,
        at: Timestamp,
        draft: &mut Draft<'_>,
        change: impl FnOnce(&mut Drill) -> bool,
    ) -> Result<bool, TurnError> {
        let key = self.keys.single("drill");
        let Some((mut drill, version)) = self.ledger.read::<Drill>(&key)? else {
            return Ok(false);
        };
        let Some(staff_chat) = self.staff_chat().filter(|_| drill.at == at) else {
            return Ok(false);
        };
        if !change(&mut drill) {
            return Ok(false);
        }
        draft.replace(key, version, CLINIC, &drill)?;
        let content = std::sync::Arc::clone(self.library.newest());
        let (text, keyboard) = cards::drill(&content, &drill);
        let piece = Piece::Edit {
            shows: ShownAs::Drill(at),
            text,
            keyboard,
            closes: false,
        };
        let lang = content.clinic.staff_language;
        draft.send(
            staff_chat,
            CLINIC,
            OutboxRow::new(piece, Weight::Talk, lang),
        )?;
        Ok(true)
    }
}

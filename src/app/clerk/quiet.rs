//! Who is on call, and the sound of the staff chat. What is an emergency always
//! sounds.

use super::commands::{Asked, answer};
use super::draft::Draft;
use super::{Clerk, TurnError};
use crate::app::audit::Noted;
use crate::app::cards;
use crate::app::hours;
use crate::app::records::CLINIC;
use crate::dialog::Keyboard;
use crate::ids::Timestamp;
use crate::staff::Staffer;
use crate::store::ReadError;

/// Longer than a night nobody should hear nothing.
const MUTE_MINUTES_MAX: i64 = 12 * 60;

const MINUTE_SECONDS: i64 = 60;

/// Until when the staff chat is quiet, and who said so.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Mute {
    /// Until when.
    pub until: Timestamp,
    /// Who said so.
    pub by: Staffer,
}

/// Reads `90m`, `2h` or `off`, as minutes from now.
fn minutes(text: &str) -> Option<i64> {
    if text == "off" {
        return Some(0);
    }
    let (number, factor) = match (text.strip_suffix('h'), text.strip_suffix('m')) {
        (Some(hours), _) => (hours, 60),
        (None, Some(minutes)) => (minutes, 1),
        (None, None) => return None,
    };
    let minutes = number.trim().parse::<i64>().ok()?.checked_mul(factor)?;
    (1..=MUTE_MINUTES_MAX).contains(&minutes).then_some(minutes)
}

impl Clerk {
    /// Whether the staff chat is quiet, and by whose word.
    pub(super) fn mute(&self, now: Timestamp) -> Result<Option<Mute>, ReadError> {
        let found = self.ledger.read::<Mute>(&self.keys.single("mute"))?;
        Ok(found.map(|(mute, _)| mute).filter(|mute| mute.until > now))
    }

    pub(super) fn show_on_call(
        &self,
        asked: &Asked<'_>,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let content = asked.content;
        let names = hours::on_call(&content.clinic, draft.now);
        let mute = self.mute(draft.now)?;
        let text = cards::on_call(content, &names, mute.as_ref());
        Ok(draft.answer_staff(content, text, Keyboard::None)?)
    }

    pub(super) fn set_mute(
        &self,
        asked: &Asked<'_>,
        by: &Staffer,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let (content, words) = (asked.content, &asked.content.words);
        let typed = asked.argument.trim().to_lowercase();
        let Some(minutes) = minutes(&typed) else {
            let values = [("command", asked.command.name.as_str())];
            return answer(content, draft, &words.staff_mute_how, &values);
        };
        let mute = Mute {
            until: draft.now.plus_seconds(minutes * MINUTE_SECONDS),
            by: by.clone(),
        };
        draft.put(self.keys.single("mute"), CLINIC, &mute)?;
        let what = if minutes == 0 {
            "desk.unmute"
        } else {
            "desk.mute"
        };
        draft.audit(&Noted {
            who: Some(by),
            what,
            case: None,
        })?;
        let text = if minutes == 0 {
            cards::sound_is_on(content)
        } else {
            cards::muted(content, &mute)
        };
        Ok(draft.answer_staff(content, text, Keyboard::None)?)
    }
}

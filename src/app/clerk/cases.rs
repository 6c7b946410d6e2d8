//! The one open case of a patient, as a turn reads and changes it.

use super::draft::Draft;
use super::{Clerk, TurnError};
use crate::app::hours;
use crate::app::records::CLINIC;
use crate::dialog::{Conversation, Desk, Seen};
use crate::free_text::Heard;
use crate::ids::{CaseNumber, ChatId, FlagId};
use crate::staff::{Alert, Case, CaseState, Waits};
use crate::store::{ReadError, Version};
use crate::triage::Report;

/// The one case of a patient while a turn changes it.
pub(super) struct CaseInHand {
    pub case: Case,
    pub version: Version,
    pub alert: Alert,
}

/// Whether messages reach a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    Lost,
    Found,
}

impl Clerk {
    /// What staff saw with the open case: a call is all that some ask for.
    pub(super) fn seen_by_staff(&self, chat: ChatId) -> Result<Seen, TurnError> {
        let mut in_hand = None;
        let held = self.hold_case(chat, &mut in_hand)?;
        Ok(if held.is_some_and(|held| held.case.is_call_request()) {
            Seen::CallRequest
        } else {
            Seen::Note
        })
    }

    /// Whether somebody on staff is on the case of a patient who was stopped, or has
    /// closed it: every stop has a case. Who states a sign (`heard`) after it was closed
    /// opens another, after an outcome the same again, and nobody has seen that.
    pub(super) fn is_taken(&self, chat: ChatId, heard: &Heard) -> Result<bool, TurnError> {
        let mut in_hand = None;
        let held = self.hold_case(chat, &mut in_hand)?;
        let states_sign = heard.flags().next().is_some();
        Ok(held.map_or(!states_sign, |held| match held.case.state {
            CaseState::Claimed { .. } => !held.case.private,
            CaseState::Handled { .. } => !held.case.private && !states_sign,
            CaseState::Open | CaseState::Closed { .. } => false,
        }))
    }

    /// What is true of the team for this patient, where there is one.
    pub(super) fn desk_for(
        &self,
        chat: ChatId,
        conversation: &Conversation,
        heard: &Heard,
        draft: &Draft<'_>,
    ) -> Result<Desk, TurnError> {
        if conversation.stop.is_some() {
            if self.is_taken(chat, heard)? {
                return Ok(Desk::Taken);
            }
            let mut in_hand = None;
            let held = self.hold_case(chat, &mut in_hand)?;
            // News of an urgent case may still be on its way, above an older card; and what
            // is said after an outcome is news.
            let arrived = held.map(|held| &held.case).filter(|case| {
                case.state == CaseState::Open && (case.delivered || Waits::of(case).is_none())
            });
            if let (Some(staff_chat), Some(case)) = (draft.staff_chat(), arrived)
                && self.stands_in(staff_chat, case.number)?
            {
                return Ok(Desk::Told);
            }
        }
        let opens = hours::opens(&self.library.newest().clinic, draft.now);
        Ok(opens.map_or(Desk::Staffed, Desk::Closed))
    }

    /// The open case of a patient, read once a turn.
    pub(super) fn hold_case<'c>(
        &self,
        chat: ChatId,
        in_hand: &'c mut Option<CaseInHand>,
    ) -> Result<Option<&'c mut CaseInHand>, TurnError> {
        if in_hand.is_none()
            && let Some(number) = self.open_number(chat)?
            && let Some((case, version)) =
                self.ledger.read::<Case>(&self.keys.case(chat, number))?
        {
            *in_hand = Some(CaseInHand {
                case,
                version,
                alert: Alert::Silence,
            });
        }
        Ok(in_hand.as_mut())
    }

    /// The number of a patient's open case.
    pub(super) fn open_number(&self, chat: ChatId) -> Result<Option<CaseNumber>, ReadError> {
        match self.ledger.read(&self.keys.open_case(chat)) {
            Ok(found) => Ok(found.map(|(number, _)| number)),
            Err(error) if error.is_erased() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Keeps on the case what else the patient has stated. It wakes nobody.
    pub(super) fn keep_cautions(
        &self,
        chat: ChatId,
        cautions: Vec<FlagId>,
        in_hand: &mut Option<CaseInHand>,
    ) -> Result<(), TurnError> {
        if let Some(held) = self.hold_case(chat, in_hand)?
            && held.case.cautions != cautions
        {
            held.case.cautions = cautions;
            raise_alert(in_hand, Alert::Update);
        }
        Ok(())
    }

    pub(super) fn open_case(
        &self,
        chat: ChatId,
        report: Report,
        in_hand: &mut Option<CaseInHand>,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let key = self.keys.case_counter();
        let (last, version) = self
            .ledger
            .read::<u64>(&key)?
            .unwrap_or((0, Version::ABSENT));
        let number = CaseNumber(last + 1);
        // Staff may open an older case again in this moment: one stays open, not two.
        let open = self.keys.open_case(chat);
        if let Ok(None) = self.ledger.read::<CaseNumber>(&open) {
            draft.prepared.commit.expect.push((open, Version::ABSENT));
        }
        draft.replace(key, version, CLINIC, &number.0)?;
        *in_hand = Some(CaseInHand {
            case: Case::open(number, chat, report, draft.now),
            version: Version::ABSENT,
            alert: Alert::Post,
        });
        Ok(())
    }

    /// Whether messages reach the patient, told to staff while a case is open.
    pub(super) fn reach(
        &self,
        chat: ChatId,
        reach: Reach,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        if reach == Reach::Lost {
            self.owner_unreached(chat, draft)?;
        }
        let mut in_hand = None;
        if let Some(held) = self.hold_case(chat, &mut in_hand)?
            && held.case.unreachable != (reach == Reach::Lost)
        {
            held.case.unreachable = reach == Reach::Lost;
            let content = std::sync::Arc::clone(self.library.newest());
            draft.write_case(&content, &held.case.clone(), held.version, Alert::Update)?;
        }
        Ok(())
    }

    /// A message did not arrive: staff read so on the case, while one is open.
    pub(super) fn note_undelivered(
        &self,
        chat: ChatId,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let mut in_hand = None;
        let content = std::sync::Arc::clone(self.library.newest());
        if let Some(held) = self.hold_case(chat, &mut in_hand)? {
            let line = content
                .words
                .staff_undelivered
                .render(content.clinic.staff_language, &*content);
            let alert = held.case.note(line.text);
            if alert != Alert::Silence {
                draft.write_case(&content, &held.case, held.version, alert)?;
            }
        }
        Ok(())
    }
}

pub(super) fn raise_alert(in_hand: &mut Option<CaseInHand>, alert: Alert) {
    if let Some(held) = in_hand {
        held.alert = match (held.alert, alert) {
            (Alert::Post, _) | (_, Alert::Post) => Alert::Post,
            (Alert::Update, _) | (_, Alert::Update) => Alert::Update,
            (Alert::Silence, Alert::Silence) => Alert::Silence,
        };
    }
}

/// How staff reach the patient: what Telegram shows of them.
pub(super) fn describe(in_hand: &mut Option<CaseInHand>, conversation: &Conversation) {
    if let Some(held) = in_hand
        && !conversation.name.is_empty()
    {
        held.case.name = conversation.name.reveal().to_owned();
        held.case.username = conversation
            .handle
            .as_ref()
            .map(|handle| handle.reveal().to_owned());
    }
}

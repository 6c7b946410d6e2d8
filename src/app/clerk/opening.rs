//! The clinic opens: what waited for it is told in one go, and how things stand.
//!
//! A see-professional case writes a row that says it waits (`Due::Opening`
//! under its patient). One timer of the clinic fires for all of them, so that
//! the line with the numbers comes first and the cards follow it.

use super::draft::{Draft, Telling};
use super::{Clerk, TurnError};
use crate::app::cards::{self, Numbers};
use crate::app::hours;
use crate::app::records::{CLINIC, DueRow};
use crate::dialog::{Conversation, Due};
use crate::ids::{ChatId, Timestamp};
use crate::staff::{Case, CaseState, Waits};
use crate::store::{Kind, ReadError};
use crate::triage::Level;

/// Cards posted by one commit; the rest follow at once.
const CARDS_AT_ONCE_MAX: usize = 100;

/// Whether a case that wakes nobody has been there for longer, and nobody has taken it.
fn is_left(case: &Case, waited: &[Case]) -> bool {
    let is_new = waited.iter().any(|one| one.number == case.number);
    case.state == CaseState::Open && Waits::of(case).is_none() && !case.is_hidden() && !is_new
}

impl Clerk {
    /// Sets the timer of the next opening, at each start: the hours may have
    /// changed. One that was missed fires now; so does one that cards wait for
    /// at a clinic that has no hours any more.
    pub(super) fn arm_opening(&self, draft: &mut Draft<'_>) -> Result<(), TurnError> {
        let key = self.keys.due(CLINIC, Due::Opening.kind());
        let set = self.ledger.read::<DueRow>(&key)?;
        let missed = set.map(|(row, _)| row.at).filter(|at| *at <= draft.now);
        let clinic = &self.library.newest().clinic;
        let next = missed.or_else(|| hours::next_opening(clinic, draft.now));
        match next {
            Some(at) => self.set_opening(at, draft),
            None if !self.waiting()?.is_empty() => self.set_opening(draft.now, draft),
            None => {
                draft.cancel_due(CLINIC, Due::Opening);
                Ok(())
            }
        }
    }

    fn set_opening(&self, at: Timestamp, draft: &mut Draft<'_>) -> Result<(), TurnError> {
        let due = Due::Opening;
        Ok(draft.set_due_for(CLINIC, CLINIC, DueRow { due, at })?)
    }

    /// Whose card waits for the clinic to open.
    pub(super) fn waiting(&self) -> Result<Vec<ChatId>, ReadError> {
        let mut chats = Vec::new();
        let dues = Some(Kind::Due);
        self.ledger.scan(self.keys.0, None, dues, &mut |key, row| {
            let waits = matches!(row.json::<DueRow>(), Ok(row) if row.due == Due::Opening);
            if waits && key.chat() != CLINIC {
                chats.push(key.chat());
            }
        })?;
        Ok(chats)
    }

    /// The clinic opens.
    pub(super) fn prepare_opening(&self, draft: &mut Draft<'_>) -> Result<(), TurnError> {
        let content = std::sync::Arc::clone(self.library.newest());
        let mut waiting = self.waiting()?;
        let left = waiting.len().saturating_sub(CARDS_AT_ONCE_MAX);
        waiting.truncate(CARDS_AT_ONCE_MAX);
        let mut waited = Vec::new();
        for chat in waiting {
            let key = self.keys.due(chat, Due::Opening.kind());
            draft.prepared.commit.deletes.push(key);
            let mut in_hand = None;
            if let Some(held) = self.hold_case(chat, &mut in_hand)?
                && !held.case.is_hidden()
                // What became urgent meanwhile was told then.
                && held.case.level < Level::UrgentToday
            {
                waited.push(held.case.clone());
            }
        }
        waited.sort_by_key(|case| case.number);
        if content.clinic.hours.is_some() || !waited.is_empty() {
            let key = self.keys.single("opened");
            let since = self.ledger.read::<Timestamp>(&key)?;
            let since = since.map_or(Timestamp(0), |(since, _)| since);
            let numbers = self.numbers_since(since, &waited)?;
            draft.put(key, CLINIC, &draft.now.clone())?;
            let (text, keyboard) = cards::opening(&content, &numbers, &waited);
            draft.tell_staff_quietly(&content, text, keyboard)?;
        }
        for case in &waited {
            draft.send_card(&content, case, Telling::PostSilently)?;
        }
        let next = if left > 0 {
            Some(draft.now)
        } else {
            hours::next_opening(&content.clinic, draft.now)
        };
        match next {
            Some(at) => self.set_opening(at, draft),
            None => Ok(()),
        }
    }

    /// How things stand, and what has happened since the line before.
    fn numbers_since(&self, since: Timestamp, waited: &[Case]) -> Result<Numbers, TurnError> {
        let open = self.open_cases()?;
        let mut numbers = Numbers {
            unclaimed: open
                .iter()
                .filter(|case| Waits::of(case) == Some(Waits::Claim))
                .count(),
            left: open.iter().filter(|case| is_left(case, waited)).count(),
            open: open.len(),
            undelivered: self.undelivered()?.len(),
            ..Numbers::default()
        };
        let bot = self.keys.0;
        self.ledger
            .scan(bot, None, Some(Kind::Case), &mut |_, row| {
                if let Ok(case) = row.json::<Case>()
                    && matches!(case.state, CaseState::Closed { at, .. } if at > since)
                {
                    numbers.closed += 1;
                }
            })?;
        self.ledger
            .scan(bot, None, Some(Kind::Conversation), &mut |_, row| {
                if let Ok(conversation) = row.json::<Conversation>()
                    && conversation.screens.values().any(|at| *at > since)
                {
                    numbers.checks += 1;
                }
            })?;
        Ok(numbers)
    }
}

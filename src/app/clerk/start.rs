//! What a start finds undone at the desk: the hours, the staff chat and the second
//! targets stand in files that somebody may have changed.

use super::draft::{Draft, Telling};
use super::{Clerk, TurnError};
use crate::app::outbox::shows_of;
use crate::staff::{Alert, Case};
use crate::triage::Level;

impl Clerk {
    /// Sets the timer of the next opening, and tells of every open case that the
    /// staff chat has never heard of: it may be another chat, or the first one.
    ///
    /// # Errors
    /// When the store cannot be read, or a row does not fit.
    pub fn arm_desk(&self, draft: &mut Draft<'_>) -> Result<(), TurnError> {
        self.arm_opening(draft)?;
        let cases = self.open_cases()?;
        let Some(staff_chat) = draft.staff_chat() else {
            // A second target may be new.
            return cases
                .iter()
                .try_for_each(|case| self.climb(case, Alert::Silence, draft));
        };
        let coming = self.cards_that_wait([staff_chat], shows_of)?;
        let waiting = self.waiting()?;
        for case in cases {
            let waits = case.level < Level::UrgentToday && waiting.contains(&case.chat);
            if case.is_hidden()
                || waits
                || coming.contains(&case.number)
                || self.stands_in(staff_chat, case.number)?
            {
                continue;
            }
            self.tell_new_desk(&case, draft)?;
        }
        Ok(())
    }

    /// A case whose card has never stood in the staff chat is told there.
    pub(super) fn tell_new_desk(
        &self,
        case: &Case,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let content = std::sync::Arc::clone(self.library.newest());
        let how = if case.level >= Level::UrgentToday {
            Telling::Post
        } else {
            Telling::PostSilently
        };
        draft.send_card(&content, case, how)?;
        self.climb_from_below(case, draft)
    }
}

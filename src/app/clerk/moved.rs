//! The staff group has a new number: its old messages can be changed no more.

use std::collections::BTreeSet;

use super::draft::{Draft, Telling};
use super::{Clerk, TurnError};
use crate::app::outbox::shows_of;
use crate::app::records::{CLINIC, OutboxRow, ShownAs};
use crate::ids::{CaseNumber, ChatId};
use crate::store::{Kind, ReadError};

impl Clerk {
    /// The number that the staff group had before it moved.
    pub(super) fn moved_from(&self) -> Result<Option<ChatId>, ReadError> {
        let key = self.keys.single("staff-moved");
        let moved = self.ledger.read::<(ChatId, ChatId)>(&key)?;
        Ok(moved
            .map(|(moved, _)| moved)
            .filter(|(_, to)| Some(*to) == self.staff_chat())
            .map(|(from, _)| from))
    }

    /// The cards of open cases stand in the new group too. Telegram tells of a
    /// move in two ways; whichever comes first posts them, without a sound: a
    /// case that nobody has taken climbs on.
    pub(super) fn cards_anew(&self, draft: &mut Draft<'_>) -> Result<(), TurnError> {
        let Some(chat) = draft.staff_chat() else {
            return Ok(());
        };
        let key = self.keys.single("cards-moved");
        let known = self.ledger.read::<ChatId>(&key)?;
        if known.as_ref().is_some_and(|(known, _)| *known == chat) {
            return Ok(());
        }
        draft.put(key, CLINIC, &chat)?;
        let content = std::sync::Arc::clone(self.library.newest());
        let coming = self.cards_that_wait(chat)?;
        for case in self.open_cases()? {
            if !case.is_hidden() && !coming.contains(&case.number) {
                draft.send_card(&content, &case, Telling::PostSilently)?;
            }
        }
        Ok(())
    }

    /// The cases whose card is on its way to the new group, or to the old one,
    /// whose lane moves it on.
    fn cards_that_wait(&self, to: ChatId) -> Result<BTreeSet<CaseNumber>, ReadError> {
        let mut coming = BTreeSet::new();
        let old = self.moved_from()?.or(self.staff_chat());
        for chat in old.into_iter().chain([to]) {
            let outbox = Some(Kind::Outbox);
            self.ledger
                .scan(self.keys.0, Some(chat), outbox, &mut |_, row| {
                    if let Ok(row) = row.json::<OutboxRow>()
                        && let Some(ShownAs::Case(case)) = shows_of(&row)
                    {
                        coming.insert(case);
                    }
                })?;
        }
        Ok(coming)
    }
}

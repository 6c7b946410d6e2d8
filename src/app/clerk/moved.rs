//! The staff group has a new number: its old messages can be changed no more.

use std::collections::BTreeSet;

use super::draft::{Draft, Telling};
use super::{Clerk, TurnError};
use crate::app::outbox::shows_of;
use crate::app::records::{OutboxRow, Shown, ShownAs};
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

    /// The cards of open cases that stood in the old group stand in the new one
    /// too. Telegram tells of a move in two ways, and a card may arrive in the old
    /// group meanwhile: what stands or comes is not posted twice. Without a sound: a
    /// case that nobody has taken climbs on.
    pub(super) fn cards_anew(&self, draft: &mut Draft<'_>) -> Result<(), TurnError> {
        let (Some(from), Some(to)) = (self.moved_from()?, self.staff_chat()) else {
            return Ok(());
        };
        let content = std::sync::Arc::clone(self.library.newest());
        let coming = self.cards_that_wait([from, to], shows_of)?;
        for case in self.open_cases()? {
            let stood = self.stands_in(from, case.number)?;
            if stood
                && !case.is_hidden()
                && !coming.contains(&case.number)
                && !self.stands_in(to, case.number)?
            {
                draft.send_card(&content, &case, Telling::PostSilently)?;
            }
        }
        Ok(())
    }

    /// Whether the card of a case stands in a chat.
    pub(super) fn stands_in(&self, chat: ChatId, case: CaseNumber) -> Result<bool, ReadError> {
        let key = self.keys.shown(chat, ShownAs::Case(case));
        Ok(self.ledger.read::<Shown>(&key)?.is_some())
    }

    /// The cases whose card is on its way to one of these chats, or a change of it,
    /// where `shows` says which one a row is. The lane of a group
    /// that has moved takes it on to the new one.
    pub(super) fn cards_that_wait(
        &self,
        chats: impl IntoIterator<Item = ChatId>,
        shows: fn(&OutboxRow) -> Option<ShownAs>,
    ) -> Result<BTreeSet<CaseNumber>, ReadError> {
        let mut coming = BTreeSet::new();
        for chat in chats {
            let outbox = Some(Kind::Outbox);
            self.ledger
                .scan(self.keys.0, Some(chat), outbox, &mut |_, row| {
                    if let Ok(row) = row.json::<OutboxRow>()
                        && let Some(ShownAs::Case(case)) = shows(&row)
                    {
                        coming.insert(case);
                    }
                })?;
        }
        Ok(coming)
    }
}

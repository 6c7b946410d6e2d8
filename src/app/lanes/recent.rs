//! What was delivered a moment ago: recorded in the store, and remembered beside
//! it until it shows there.

use std::collections::HashMap;
use std::sync::PoisonError;
use std::time::Duration;

use super::{Lanes, News};
use crate::app::clock::Clock;
use crate::app::outbox::{self, Around, shows_of};
use crate::app::records::{InboxRow, OutboxRow, Shown, ShownAs, Under};
use crate::ids::{ChatId, MessageId, TopicId};
use crate::store::{Commit, CommitError};

/// For this long a delivery is remembered beside the store, which may take 50
/// ms to show it.
const RECENT: Duration = Duration::from_secs(5);

/// What was delivered a moment ago.
#[derive(Default)]
pub(super) struct Recent {
    shown: HashMap<(ChatId, ShownAs), (Duration, Shown)>,
    pruned: Duration,
}

impl Lanes {
    /// What a row has to know of its chat: what was just delivered, or what the
    /// store knows.
    pub(super) fn around(&self, chat: ChatId, row: &OutboxRow) -> Around {
        let read = tokio::task::block_in_place(|| {
            outbox::around(&self.clerk.ledger, self.clerk.keys, chat, row)
        });
        let mut around = read.unwrap_or_else(|error| {
            tracing::warn!(%error, "failed to read which message to edit");
            Around::default()
        });
        if let Some(shown) = shows_of(row).and_then(|shows| self.shown_lately(chat, shows)) {
            around.shown = shown;
        }
        if let Some(card) = row
            .case
            .filter(|_| row.under == Some(Under::Card))
            .and_then(|case| self.shown_lately(chat, ShownAs::Case(case)))
        {
            around.card = card.newest();
        }
        if let Some(topic) = row
            .case
            .filter(|_| row.topic.is_some())
            .and_then(|case| self.shown_lately(chat, ShownAs::Topic(case)))
        {
            around.topic = topic.newest().map(|first| TopicId(first.0));
        }
        around
    }

    fn shown_lately(&self, chat: ChatId, shows: ShownAs) -> Option<Shown> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent
            .shown
            .get(&(chat, shows))
            .map(|(_, shown)| shown.clone())
    }

    pub(super) async fn record(
        &self,
        chat: ChatId,
        sequence: u64,
        row: &OutboxRow,
        shown: Shown,
        made: Option<MessageId>,
    ) {
        let keys = self.clerk.keys;
        let recorded = outbox::delivered(keys, chat, sequence, row, shown, made).and_then(|done| {
            let staff_chat = self.clerk.staff_chat();
            let woken =
                outbox::arrival(keys, row, staff_chat, None, || self.clerk.next_sequence())?;
            Ok((done, woken))
        });
        let ((mut commit, shown), woken) = match recorded {
            Ok(recorded) => recorded,
            Err(error) => return tracing::error!(%error, "failed to record a delivery"),
        };
        let woken = woken.map(|(patient, sequence, row, put)| {
            commit.puts.push(put);
            News::Wake(patient, sequence, row)
        });
        if let Some(shows) = shows_of(row) {
            self.remember(chat, shows, shown);
        }
        match self.clerk.ledger.commit_later(commit.clone()) {
            Ok(()) | Err(CommitError::Stopped) => {}
            Err(_) => {
                if let Err(error) = self.clerk.ledger.commit(commit).await {
                    return tracing::error!(%error, "failed to record a delivery");
                }
            }
        }
        if let Some(news) = woken {
            (self.news)(news);
        }
        let (ledger, staff_chat) = (&self.clerk.ledger, self.clerk.staff_chat());
        // A card that arrived while its group moved away stands where nobody looks.
        if let (Some(ShownAs::Case(_)), Some(desk)) = (shows_of(row), staff_chat)
            && desk != chat
        {
            self.tell(desk, InboxRow::Moved, Commit::default()).await;
        }
        let is_back = made.is_some()
            && tokio::task::block_in_place(|| outbox::is_back(ledger, keys, chat, staff_chat))
                .unwrap_or(false);
        if is_back {
            self.tell(chat, InboxRow::Reachable, Commit::default())
                .await;
        }
    }

    pub(super) fn remember(&self, chat: ChatId, shows: ShownAs, shown: Shown) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Clock::uptime();
        // Old ones are looked for once in a while, not each time.
        if now.saturating_sub(recent.pruned) > RECENT {
            recent.pruned = now;
            recent
                .shown
                .retain(|_, (at, _)| now.saturating_sub(*at) < RECENT);
        }
        recent.shown.insert((chat, shows), (now, shown));
    }
}

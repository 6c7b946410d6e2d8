//! What becomes of a message that did not arrive: it is kept, tried again later,
//! or told to whoever waits for it.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::{Lanes, News};
use crate::app::outbox;
use crate::app::records::{Fate, InboxRow, OutboxRow, Piece, Tells, Undelivered, message_subject};
use crate::channel::Outgoing;
use crate::dialog::Weight;
use crate::ids::ChatId;
use crate::store::{Commit, CommitError, Put};

/// A refused warning is tried again after this long, without end: a group may
/// give the bot its rights back.
const REFUSED_RETRY: Duration = Duration::from_secs(15);

impl Lanes {
    /// Something that staff wrote goes no further: they are told.
    pub(super) async fn end_said(&self, chat: ChatId, sequence: u64, row: &OutboxRow, fate: Fate) {
        let commit = Commit {
            deletes: vec![self.clerk.keys.outbox(chat, sequence)],
            ..Commit::default()
        };
        self.tell_fate(row, fate, commit).await;
    }

    /// Has the staff chat's worker say what became of something staff wrote.
    pub(super) async fn tell_fate(&self, row: &OutboxRow, fate: Fate, commit: Commit) {
        if let (Some(said), Some(staff_chat)) = (row.said, self.clerk.staff_chat()) {
            self.tell(staff_chat, InboxRow::Fate { said, fate }, commit)
                .await;
        }
    }

    /// The patient blocked the bot: nothing more is sent; staff hear of it if
    /// a case is open. Warnings stay on the list of what was not delivered.
    pub(super) async fn unreachable(&self, chat: ChatId, sequence: u64, row: OutboxRow) {
        let mut rows = vec![(sequence, row)];
        {
            let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(lane) = lanes.get_mut(&chat) {
                rows.extend(lane.queue.drain());
            }
        }
        let mut commit = Commit::default();
        for (sequence, row) in &rows {
            commit.deletes.push(self.clerk.keys.outbox(chat, *sequence));
            let is_warning = row.weight == Weight::Warning && row.said.is_none();
            if is_warning && matches!(row.piece, Piece::Send { .. }) {
                let why = "the person has blocked the bot, or never wrote to it";
                commit
                    .puts
                    .extend(self.undelivered(chat, *sequence, row, why).ok());
            }
        }
        self.tell(chat, InboxRow::Unreachable, commit).await;
        for (_, row) in &rows {
            self.tell_fate(row, Fate::Unreachable, Commit::default())
                .await;
        }
    }

    /// Commits what became of a patient's messages, and has the patient's worker
    /// tell staff of it if a case is open.
    pub(super) async fn tell(&self, chat: ChatId, row: InboxRow, mut commit: Commit) {
        let sequence = self.clerk.next_sequence();
        let put = Put::json(self.clerk.keys.inbox(chat, sequence), chat, &row);
        let told = match put {
            Ok(put) => {
                commit.puts.push(put);
                self.clerk.ledger.commit(commit).await
            }
            Err(error) => Err(error),
        };
        match told {
            Ok(()) => (self.news)(News::Wake(chat, sequence, row)),
            Err(error) => {
                tracing::error!(%error, "failed to note what became of a message")
            }
        }
    }

    /// A warning that Telegram refuses stays in the outbox and is tried again
    /// later. Meanwhile the lane goes on: whatever is wrong with this one, the
    /// next may pass.
    pub(super) fn push_later(
        self: &Arc<Self>,
        chat: ChatId,
        sequence: u64,
        row: OutboxRow,
        why: &str,
    ) {
        tracing::error!(
            why,
            chat = chat.0,
            "a warning was refused; it is tried again"
        );
        let lanes = Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep(REFUSED_RETRY).await;
            lanes.push(chat, sequence, row);
        });
    }

    /// Telegram will never take it. An edit that came too late harms nobody;
    /// a message is kept on the list of what could not be delivered.
    pub(super) async fn give_up(
        &self,
        chat: ChatId,
        sequence: u64,
        outgoing: &Outgoing,
        row: &OutboxRow,
        why: &str,
    ) {
        match outgoing {
            Outgoing::Edit { .. }
            | Outgoing::Caption { .. }
            | Outgoing::Delete { .. }
            | Outgoing::React { .. } => {
                tracing::debug!(why, "an edit was refused");
            }
            Outgoing::OpenTopic { .. } | Outgoing::ChangeTopic { .. } => {
                tracing::warn!(why, "a topic could not be changed");
            }
            // Its move's words say the same.
            Outgoing::Photo { .. } => tracing::warn!(why, "a drawing was refused"),
            Outgoing::Send { .. }
            | Outgoing::Copy { .. }
            | Outgoing::Document { .. }
            | Outgoing::Contact { .. }
            | Outgoing::Alarm { .. }
            | Outgoing::AnswerPress { .. } => {
                tracing::error!(
                    why,
                    chat = chat.0,
                    "a message was refused, and is kept as undelivered"
                );
                self.keep_undelivered(chat, sequence, row, why).await;
            }
        }
    }

    /// What could not be delivered stays on a list; of a drill the report says so.
    async fn keep_undelivered(&self, chat: ChatId, sequence: u64, row: &OutboxRow, why: &str) {
        let keys = self.clerk.keys;
        if matches!(row.tells, Some(Tells::Drill { .. })) {
            let staff_chat = self.clerk.staff_chat();
            let next = || self.clerk.next_sequence();
            if let Ok(Some((staff_chat, sequence, news, put))) =
                outbox::arrival(keys, row, staff_chat, Some(why), next)
            {
                let commit = Commit {
                    puts: vec![put],
                    ..Commit::default()
                };
                match self.clerk.ledger.commit(commit).await {
                    Ok(()) => (self.news)(News::Wake(staff_chat, sequence, news)),
                    Err(error) => tracing::error!(%error, "failed to note what became of a drill"),
                }
            }
            return;
        }
        match self.undelivered(chat, sequence, row, why) {
            Ok(put) => {
                let kept = Commit {
                    puts: vec![put],
                    ..Commit::default()
                };
                self.tell(chat, InboxRow::Undelivered, kept).await;
            }
            Err(error) => tracing::error!(%error, "failed to keep what was refused"),
        }
    }

    fn undelivered(
        &self,
        chat: ChatId,
        sequence: u64,
        row: &OutboxRow,
        why: &str,
    ) -> Result<Put, CommitError> {
        let kept = Undelivered {
            row: row.clone(),
            why: why.to_owned(),
            at: self.clock.now(),
        };
        let key = self.clerk.keys.undelivered(chat, sequence);
        Put::json(key, message_subject(chat, row), &kept)
    }
}

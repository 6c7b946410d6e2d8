//! Turns what waits for one chat into one commit.
//!
//! Reads the store, calls [`take_turn`](crate::dialog::take_turn), and writes down
//! everything that follows from it: conversation, case, messages, timers. It commits
//! nothing and sends nothing itself, so production and the `.chat` tests share it.

mod care;
mod cases;
mod climb;
mod commands;
mod dead;
mod draft;
mod drill;
mod erase;
mod moved;
mod mydata;
mod office;
mod opening;
mod pass_on;
mod patient;
mod quiet;
mod start;
mod talk;
mod team;
mod topics;
mod turn;
mod wipe;

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::library::Library;
use super::pairing::PairCode;
use super::records::{DueRow, InboxRow, Keys, OutboxRow, passing_subject};
use crate::channel::Outgoing;
use crate::dialog::{Conversation, Desk, Due};
use crate::free_text::Heard;
use crate::ids::{BotId, ChatId, Timestamp};
use crate::store::{Commit, CommitError, Ledger, ReadError, Version};

pub use draft::Draft;
pub use erase::{is_closed_for_long, is_older, is_outdated};
pub use quiet::Mute;

/// Something a chat's worker has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// A row of the inbox.
    Row {
        /// Where it stands.
        sequence: u64,
        /// What it is.
        row: InboxRow,
    },
    /// A timer fired.
    Due(DueRow),
}

/// What a job comes to: committed together, then handed on.
#[derive(Debug, Default)]
pub struct Prepared {
    /// To be committed.
    pub commit: Commit,
    /// Messages the commit holds, for their lanes.
    pub messages: Vec<(ChatId, u64, OutboxRow)>,
    /// Sent and forgotten: answers to presses.
    pub answers: Vec<Outgoing>,
    /// Rows of the inbox the commit holds, for their chats.
    pub wakes: Vec<(ChatId, u64, InboxRow)>,
    /// Timers the commit holds.
    pub dues: Vec<(ChatId, DueRow)>,
    /// Timers the commit takes away.
    pub cancelled: Vec<(ChatId, Due)>,
    /// The staff chat, once the commit stands.
    pub staff_chat: Option<ChatId>,
    /// An alarm rang or a guard tripped; for the log, without a word of why.
    pub noted: Vec<&'static str>,
}

/// Why a job could not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum TurnError {
    /// The store could not be read.
    #[error("failed to read what a turn needs")]
    Read(#[from] ReadError),
    /// What the turn gave could not be written down.
    #[error("failed to write down a turn")]
    Write(#[from] CommitError),
}

/// Prepares the jobs of one bot.
pub struct Clerk {
    /// What is stored.
    pub ledger: Ledger,
    /// What is said.
    pub library: Arc<Library>,
    /// The bot.
    pub keys: Keys,
    /// Its name, to know its commands by.
    pub username: String,
    staff_chat: AtomicI64,
    /// Another chat is the staff chat now: its commands are to be told.
    pub desk_moved: tokio::sync::Notify,
    /// The staff chat has topics, as far as is known.
    has_topics: AtomicBool,
    second_targets: Vec<ChatId>,
    pairing: Mutex<Option<PairCode>>,
    sequence: AtomicU64,
}

impl Clerk {
    /// A clerk whose rows begin above `sequence`; `staff_chat` is 0 for none.
    #[must_use]
    pub fn new(
        ledger: Ledger,
        library: Arc<Library>,
        bot: BotId,
        username: &str,
        staff_chat: Option<ChatId>,
        sequence: u64,
    ) -> Self {
        Self {
            ledger,
            library,
            keys: Keys(bot),
            username: username.to_owned(),
            staff_chat: AtomicI64::new(staff_chat.map_or(0, |chat| chat.0)),
            desk_moved: tokio::sync::Notify::new(),
            has_topics: AtomicBool::new(false),
            second_targets: Vec::new(),
            pairing: Mutex::default(),
            sequence: AtomicU64::new(sequence),
        }
    }

    /// The lanes of those who are told when nobody answers in the staff chat.
    #[must_use]
    pub fn with_second_targets(mut self, lanes: Vec<ChatId>) -> Self {
        self.second_targets = lanes;
        self
    }

    /// The staff chat, if there is one.
    #[must_use]
    pub fn staff_chat(&self) -> Option<ChatId> {
        let chat = self.staff_chat.load(Ordering::Acquire);
        (chat != 0).then_some(ChatId(chat))
    }

    /// The staff group has moved.
    pub fn move_staff_chat(&self, to: ChatId) {
        self.staff_chat.store(to.0, Ordering::Release);
        self.desk_moved.notify_one();
    }

    /// Whether each case has a topic of its own.
    #[must_use]
    pub fn has_topics(&self) -> bool {
        self.has_topics.load(Ordering::Acquire)
    }

    /// Telegram says whether the staff chat has topics.
    pub fn learn_topics(&self, has_topics: bool) {
        self.has_topics.store(has_topics, Ordering::Release);
    }

    /// Whoever sends this code in the staff group owns the desk.
    pub fn offer_code(&self, code: PairCode) {
        let mut pairing = self.pairing.lock().unwrap_or_else(PoisonError::into_inner);
        *pairing = Some(code);
    }

    fn opens_desk(&self, typed: &str, now: Timestamp) -> bool {
        let pairing = self.pairing.lock().unwrap_or_else(PoisonError::into_inner);
        pairing.as_ref().is_some_and(|code| code.opens(typed, now))
    }

    /// Whether there is a team to tell.
    #[must_use]
    pub fn desk(&self) -> Desk {
        if self.staff_chat().is_some() {
            Desk::Staffed
        } else {
            Desk::Unstaffed
        }
    }

    /// The number of the next row: rows are taken in this order.
    pub fn next_sequence(&self) -> u64 {
        self.sequence.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Prepares one job of `chat`.
    ///
    /// # Errors
    /// When the store cannot be read, or a row does not fit.
    pub fn prepare(&self, chat: ChatId, job: &Job, now: Timestamp) -> Result<Prepared, TurnError> {
        let mut draft = Draft::new(self, now);
        match job {
            Job::Due(due) => self.prepare_due(chat, *due, &mut draft)?,
            Job::Row { sequence, row } => {
                draft
                    .prepared
                    .commit
                    .deletes
                    .push(self.keys.inbox(chat, *sequence));
                self.forget_passing(*sequence, &mut draft.prepared.commit);
                self.prepare_row(chat, row, &mut draft)?;
            }
        }
        draft.keep_counts()?;
        Ok(draft.prepared)
    }

    /// Erases the key of something that waited, if it had one of its own.
    pub fn forget_passing(&self, sequence: u64, commit: &mut Commit) {
        let subject = (self.keys.0, passing_subject(sequence));
        if self.ledger.vault().knows(subject) {
            commit.erase.push(subject);
        }
    }

    /// A conversation as it is stored, or a new patient's.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn conversation(&self, chat: ChatId) -> Result<Option<(Conversation, Version)>, ReadError> {
        match self.ledger.read(&self.keys.conversation(chat)) {
            // Its key was overwritten: this is a new patient.
            Err(error) if error.is_erased() => Ok(None),
            other => other,
        }
    }
}

/// Nothing was typed.
fn nothing_heard() -> Heard {
    Heard::default()
}

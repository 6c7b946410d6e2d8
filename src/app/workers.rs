//! One worker a chat: takes what waits, in order, one turn at a time.

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::clerk::{Clerk, Draft, Job, Prepared, TurnError};
use super::clock::Clock;
use super::lanes::Lanes;
use super::records::InboxRow;
use super::timers::Timers;
use crate::content::{Values, With};
use crate::ids::{ChatId, Lang};
use crate::store::{Commit, CommitError, Key, Kind, Put, ReadError};

/// An update whose turn fails this often is put aside and shown to staff.
const TRIES_MAX: u8 = 3;

/// Two turns rarely meet on one case; more misses than this mean something else.
const CONFLICTS_MAX: u32 = 50;

/// All workers.
pub struct Workers {
    clerk: Arc<Clerk>,
    lanes: Arc<Lanes>,
    timers: Arc<Timers>,
    clock: Clock,
    queues: Mutex<HashMap<ChatId, VecDeque<Job>>>,
    idle: Notify,
    broken: Box<dyn Fn(String) + Send + Sync>,
}

/// Why a job was not done.
enum Trouble {
    /// The turn itself failed; another try may fail the same way.
    Turn,
    /// The store failed: nothing can be promised any more.
    Store(String),
}

impl Workers {
    /// Workers that hand messages to `lanes` and timers to `timers`; `broken`
    /// hears when the store fails.
    pub fn new(
        clerk: Arc<Clerk>,
        lanes: Arc<Lanes>,
        timers: Arc<Timers>,
        clock: Clock,
        broken: Box<dyn Fn(String) + Send + Sync>,
    ) -> Arc<Self> {
        Arc::new(Self {
            clerk,
            lanes,
            timers,
            clock,
            queues: Mutex::default(),
            idle: Notify::new(),
            broken,
        })
    }

    /// Gives a chat's worker something to do.
    pub fn push(self: &Arc<Self>, chat: ChatId, job: Job) {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        match queues.get_mut(&chat) {
            Some(queue) => queue.push_back(job),
            None => {
                queues.insert(chat, VecDeque::from([job]));
                tokio::spawn(Arc::clone(self).run(chat));
            }
        }
    }

    /// Waits until every worker is idle.
    pub async fn drained(&self) {
        loop {
            let idle = self.idle.notified();
            if self
                .queues
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .is_empty()
            {
                return;
            }
            idle.await;
        }
    }

    async fn run(self: Arc<Self>, chat: ChatId) {
        loop {
            let job = {
                let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
                match queues.get_mut(&chat).and_then(VecDeque::pop_front) {
                    Some(job) => job,
                    None => {
                        queues.remove(&chat);
                        if queues.is_empty() {
                            self.idle.notify_waiters();
                        }
                        return;
                    }
                }
            };
            if let Err(why) = self.do_job(chat, job).await {
                (self.broken)(why);
                // What waits is in the store; the bot stops and starts again.
                return;
            }
        }
    }

    async fn do_job(self: &Arc<Self>, chat: ChatId, mut job: Job) -> Result<(), String> {
        loop {
            match self.try_job(chat, &job).await {
                Ok(()) => return Ok(()),
                Err(Trouble::Store(why)) => return Err(why),
                Err(Trouble::Turn) => match self.count_failure(chat, &mut job).await? {
                    Failed::Again => tokio::time::sleep(Duration::from_millis(200)).await,
                    Failed::Parked => return Ok(()),
                },
            }
        }
    }

    async fn try_job(self: &Arc<Self>, chat: ChatId, job: &Job) -> Result<(), Trouble> {
        for _ in 0..CONFLICTS_MAX {
            let now = self.clock.now();
            let prepared = tokio::task::block_in_place(|| {
                catch_unwind(AssertUnwindSafe(|| self.clerk.prepare(chat, job, now)))
            });
            let mut prepared = match prepared {
                Ok(Ok(prepared)) => prepared,
                Ok(Err(TurnError::Read(error @ ReadError::Store(_)))) => {
                    return Err(Trouble::Store(error.to_string()));
                }
                // One row that cannot be read is one patient's trouble, not the bot's.
                Ok(Err(TurnError::Read(error))) => {
                    tracing::error!(%error, chat = chat.0, "a turn's rows could not be read");
                    return Err(Trouble::Turn);
                }
                Ok(Err(error @ TurnError::Write(_))) => {
                    tracing::error!(%error, "a turn could not be written down");
                    return Err(Trouble::Turn);
                }
                // The panic's words went to the hook, which prints the place alone.
                Err(_) => return Err(Trouble::Turn),
            };
            match self
                .clerk
                .ledger
                .commit(std::mem::take(&mut prepared.commit))
                .await
            {
                Ok(()) => {
                    self.hand_on(prepared);
                    return Ok(());
                }
                Err(CommitError::Conflict { .. }) => {}
                Err(
                    error @ (CommitError::TooLarge { .. }
                    | CommitError::TooManyRows { .. }
                    | CommitError::WouldErase
                    | CommitError::Json { .. }),
                ) => {
                    tracing::error!(%error, "a turn could not be committed");
                    return Err(Trouble::Turn);
                }
                Err(error) => return Err(Trouble::Store(error.to_string())),
            }
        }
        tracing::error!("a turn met others on the same rows again and again");
        Err(Trouble::Turn)
    }

    /// What was committed goes to the lanes, the timers and other workers.
    pub fn hand_on(self: &Arc<Self>, prepared: Prepared) {
        for answer in prepared.answers {
            self.lanes.send_now(answer);
        }
        for (chat, sequence, row) in prepared.messages {
            self.lanes.push(chat, sequence, row);
        }
        for (chat, due) in prepared.cancelled {
            self.timers.cancel(chat, due);
        }
        for (chat, row) in prepared.dues {
            self.timers.set(chat, row);
        }
        for (chat, sequence, row) in prepared.wakes {
            self.push(chat, Job::Row { sequence, row });
        }
    }

    /// Counts a failed turn in the store, so that a turn which ends the process
    /// is counted too; after the last try the update is put aside.
    async fn count_failure(
        self: &Arc<Self>,
        chat: ChatId,
        job: &mut Job,
    ) -> Result<Failed, String> {
        let Job::Row { sequence, row } = job else {
            tracing::error!(chat = chat.0, "a timer's turn failed and is dropped");
            return Ok(Failed::Parked);
        };
        let key = self.clerk.keys.inbox(chat, *sequence);
        let tries = match row {
            InboxRow::Update { tries, .. } => {
                *tries += 1;
                *tries
            }
            InboxRow::Cleared { .. }
            | InboxRow::Seen
            | InboxRow::ShowAgain
            | InboxRow::Unreachable
            | InboxRow::Forget => TRIES_MAX,
        };
        let mut commit = Commit::default();
        let mut prepared = Prepared::default();
        if tries < TRIES_MAX {
            commit
                .puts
                .push(Put::json(key, chat, row).map_err(|error| error.to_string())?);
        } else {
            tracing::error!(
                chat = chat.0,
                "an update could not be turned and is put aside"
            );
            let mut draft = Draft::new(&self.clerk, self.clock.now());
            let content = Arc::clone(self.clerk.library.newest());
            let number = chat.to_string();
            let text = content.words.staff_poisoned.render(
                content.clinic.staff_language,
                &With {
                    values: &[("chat", &number)],
                    rest: &*content as &dyn Values,
                },
            );
            draft
                .tell_staff_line(&content, text)
                .map_err(|error| error.to_string())?;
            // Groups have negative numbers; a patient is not left without an answer.
            if chat.0 > 0 {
                let lang = match self.clerk.conversation(chat) {
                    Ok(Some((conversation, _))) => conversation.lang,
                    Ok(None) | Err(_) => Lang::default(),
                };
                let text = content.words.trouble.render(lang, &*content);
                draft
                    .say(chat, chat, lang, text)
                    .map_err(|error| error.to_string())?;
            }
            prepared = draft.prepared;
            commit = std::mem::take(&mut prepared.commit);
            let parked = Key::new(
                self.clerk.keys.0,
                chat,
                Kind::Note,
                &[b"park".as_slice(), &sequence.to_be_bytes()].concat(),
            );
            commit
                .puts
                .push(Put::json(parked, chat, row).map_err(|error| error.to_string())?);
            commit.deletes.push(key);
        }
        self.clerk
            .ledger
            .commit(commit)
            .await
            .map_err(|error| error.to_string())?;
        self.hand_on(prepared);
        Ok(if tries < TRIES_MAX {
            Failed::Again
        } else {
            Failed::Parked
        })
    }
}

enum Failed {
    Again,
    Parked,
}

//! One worker a chat: takes what waits, in order, one turn at a time.

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::clerk::{Clerk, Draft, Job, Prepared, TurnError};
use super::clock::Clock;
use super::lanes::Lanes;
use super::records::{CLINIC, InboxRow, Raw, update_subject};
use super::timers::Timers;
use crate::content::Content;
use crate::ids::{ChatId, Lang, PatientText};
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
        let mut tries = 0;
        loop {
            match self.try_job(chat, &job).await {
                Ok(()) => return Ok(()),
                Err(Trouble::Store(why)) => return Err(why),
                Err(Trouble::Turn) => {
                    tries += 1;
                    if self.count_failure(chat, &mut job, tries).await? {
                        return Ok(());
                    }
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
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
        if let Some(chat) = prepared.staff_chat {
            self.clerk.move_staff_chat(chat);
        }
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

    /// Counts a failed turn; whether that was the last try. A failed update is
    /// counted in the store, so that a turn which ends the process counts too.
    async fn count_failure(
        self: &Arc<Self>,
        chat: ChatId,
        job: &mut Job,
        tries: u8,
    ) -> Result<bool, String> {
        let keys = self.clerk.keys;
        let mut last = tries >= TRIES_MAX;
        if let Job::Row { sequence, row } = job
            && let InboxRow::Update { tries, .. } = row
        {
            *tries += 1;
            last = *tries >= TRIES_MAX;
            if !last {
                let subject = update_subject(chat, *sequence);
                let put = Put::json(keys.inbox(chat, *sequence), subject, row);
                let commit = Commit {
                    puts: vec![put.map_err(|error| error.to_string())?],
                    ..Commit::default()
                };
                let counted = self.clerk.ledger.commit(commit).await;
                counted.map_err(|error| error.to_string())?;
            }
        }
        if last {
            self.park(chat, job).await?;
        }
        Ok(last)
    }

    /// What cannot be turned is put aside, and staff are told that this patient
    /// needs a person.
    async fn park(self: &Arc<Self>, chat: ChatId, job: &Job) -> Result<(), String> {
        let keys = self.clerk.keys;
        let content = Arc::clone(self.clerk.library.newest());
        let aside = |tail: &[u8]| {
            let tail = [b"park".as_slice(), tail].concat();
            Key::new(keys.0, chat, Kind::Note, &tail)
        };
        let (waits, put_aside) = match job {
            Job::Row {
                row:
                    InboxRow::ShowAgain
                    | InboxRow::Undrawn(_)
                    | InboxRow::Forget
                    | InboxRow::ForgetCase(_)
                    | InboxRow::Left,
                ..
            } => {
                // Nobody waits for these.
                tracing::error!(chat = chat.0, "a chat's upkeep failed");
                return Ok(());
            }
            Job::Row { sequence, row } => (
                keys.inbox(chat, *sequence),
                match parked(chat, &content, row) {
                    Some(row) => Put::json(aside(&sequence.to_be_bytes()), chat, &row),
                    // What a group sent may quote any patient: only that it was there is kept.
                    None => Put::json(aside(&sequence.to_be_bytes()), CLINIC, &()),
                },
            ),
            Job::Due(due) => {
                let kind = due.due.kind();
                (keys.due(chat, kind), Put::json(aside(&[kind]), chat, due))
            }
        };
        tracing::error!(chat = chat.0, "a turn failed for good and is put aside");
        let mut draft = Draft::new(&self.clerk, self.clock.now());
        let number = chat.to_string();
        let text = content.fill(
            &content.words.staff_poisoned,
            content.clinic.staff_language,
            &[("chat", &number)],
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
        let mut prepared = draft.prepared;
        let mut commit = std::mem::take(&mut prepared.commit);
        commit
            .puts
            .push(put_aside.map_err(|error| error.to_string())?);
        commit.deletes.push(waits);
        if let Job::Row { sequence, .. } = job {
            self.clerk.forget_passing(*sequence, &mut commit);
        }
        self.clerk
            .ledger
            .commit(commit)
            .await
            .map_err(|error| error.to_string())?;
        self.hand_on(prepared);
        Ok(())
    }
}

/// A row as it is put aside: what names the patient is masked, as in all that is
/// kept of a turn. Nothing of a group's.
fn parked(chat: ChatId, content: &Content, row: &InboxRow) -> Option<InboxRow> {
    let InboxRow::Update { raw, at, tries } = row else {
        return Some(row.clone());
    };
    if chat.0 < 0 {
        return None;
    }
    let mut update: serde_json::Value = serde_json::from_str(&raw.0).unwrap_or_default();
    for kind in ["message", "edited_message"] {
        let Some(message) = update.get_mut(kind) else {
            continue;
        };
        for field in ["text", "caption"] {
            if let Some(text) = message.get(field).and_then(|text| text.as_str()) {
                let text = PatientText::new(text.to_owned());
                message[field] = content.identifiers.mask(&text).0.reveal().into();
            }
        }
        if let Some(message) = message.as_object_mut() {
            message.remove("contact");
        }
    }
    Some(InboxRow::Update {
        raw: Raw(update.to_string()),
        at: *at,
        tries: *tries,
    })
}

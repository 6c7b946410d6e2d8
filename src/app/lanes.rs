//! One lane a chat: sends what the outbox holds, in the order of its [`Queue`].
//!
//! When Telegram asks to slow down, the lane waits; the whole bot only when
//! several chats are told so at once. A row
//! leaves the outbox when its delivery is recorded, and not before.

mod lost;
pub mod queue;
mod recent;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::clerk::Clerk;
use super::clock::Clock;
use super::outbox::{self, AfterTopic, Next, TopicNews};
use super::pacing::{Pacing, Slowed};
use super::records::{Fate, InboxRow, OutboxRow, Piece, Shown, ShownAs};
use crate::channel::alarm::Alarms;
use crate::channel::telegram::{self, Telegram};
use crate::channel::{Outcome, Outgoing};
use crate::content::RichText;
use crate::dialog::{Keyboard, Weight};
use crate::ids::ChatId;
use crate::store::Commit;

use queue::{Queue, Ready};
use recent::Recent;

/// What could not be delivered to the staff chat is tried again after this
/// long, without end: a warning is never given up.
const STAFF_RETRY_SECONDS: u32 = 30;

/// Something the lanes tell the bot.
#[derive(Debug)]
pub enum News {
    /// This must be turned for a chat.
    Wake(ChatId, u64, InboxRow),
    /// Rows were moved to this chat's lane: it must be started.
    Moved(ChatId),
    /// Nothing will be sent any more; the bot must stop and say why.
    Halt(String),
}

/// All lanes.
pub struct Lanes {
    clerk: Arc<Clerk>,
    telegram: Arc<Telegram>,
    alarms: Alarms,
    clock: Clock,
    pacing: Pacing,
    lanes: Mutex<HashMap<ChatId, Lane>>,
    slowed: Mutex<Slowed>,
    recent: Mutex<Recent>,
    idle: Notify,
    news: Box<dyn Fn(News) + Send + Sync>,
}

struct Lane {
    queue: Queue,
    running: bool,
    /// Something was pushed: whoever waits for the chat looks again.
    pushed: Arc<Notify>,
}

impl Lane {
    fn new(chat: ChatId) -> Self {
        Self {
            queue: Queue::new(chat, millis(Clock::uptime())),
            running: false,
            pushed: Arc::default(),
        }
    }
}

impl Lanes {
    /// Lanes that send through `telegram`, and alarms to second targets.
    pub fn new(
        clerk: Arc<Clerk>,
        telegram: Arc<Telegram>,
        alarms: Alarms,
        clock: Clock,
        pacing: Pacing,
        news: Box<dyn Fn(News) + Send + Sync>,
    ) -> Arc<Self> {
        Arc::new(Self {
            clerk,
            telegram,
            alarms,
            clock,
            pacing,
            lanes: Mutex::default(),
            slowed: Mutex::default(),
            recent: Mutex::default(),
            idle: Notify::new(),
            news,
        })
    }

    /// Puts a row into its chat's lane.
    pub fn push(self: &Arc<Self>, chat: ChatId, sequence: u64, row: OutboxRow) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes.entry(chat).or_insert_with(|| Lane::new(chat));
        lane.queue.push(sequence, row);
        lane.pushed.notify_one();
        if !lane.running {
            lane.running = true;
            tokio::spawn(Arc::clone(self).run(chat));
        }
    }

    /// Sends something that is not kept: the answer to a press.
    pub fn send_now(self: &Arc<Self>, outgoing: Outgoing) {
        let lanes = Arc::clone(self);
        tokio::spawn(async move { lanes.telegram.send(&outgoing).await });
    }

    /// Waits until nothing is being sent.
    pub async fn drained(&self) {
        loop {
            let idle = self.idle.notified();
            let busy = self
                .lanes
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .values()
                .any(|lane| lane.running);
            if !busy {
                return;
            }
            idle.await;
        }
    }

    async fn run(self: Arc<Self>, chat: ChatId) {
        while let Some((sequence, row)) = self.next(chat).await {
            self.send(chat, sequence, row).await;
        }
    }

    /// The next row of a lane once it may be sent; none ends the lane.
    async fn next(&self, chat: ChatId) -> Option<(u64, OutboxRow)> {
        loop {
            let (wait, pushed) = {
                let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
                let now = millis(Clock::uptime());
                let lane = lanes.get_mut(&chat)?;
                let dropped = lane.queue.drop_replaced();
                if !dropped.is_empty() {
                    self.forget(chat, dropped);
                }
                let slowed = self.slowed.lock().unwrap_or_else(PoisonError::into_inner);
                let ready = match slowed.wait(now) {
                    Some(millis) if !lane.queue.is_empty() => Ready::In(millis),
                    Some(_) | None => lane.queue.next(self.pacing, now),
                };
                match ready {
                    Ready::Row(sequence, row) => return Some((sequence, *row)),
                    Ready::In(millis) => (millis, Arc::clone(&lane.pushed)),
                    Ready::Empty => {
                        lane.running = false;
                        // What is spent is remembered until it is earned back.
                        if lane.queue.is_spare(now) {
                            lanes.remove(&chat);
                        }
                        drop(lanes);
                        self.idle.notify_waiters();
                        return None;
                    }
                }
            };
            // An alarm that comes meanwhile need not wait as long.
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(wait)) => {}
                () = pushed.notified() => {}
            }
        }
    }

    fn forget(&self, chat: ChatId, sequences: Vec<u64>) {
        let deletes = sequences
            .into_iter()
            .map(|sequence| self.clerk.keys.outbox(chat, sequence))
            .collect();
        // A tick that comes back after a crash is dropped then.
        let _ = self.clerk.ledger.commit_later(Commit {
            deletes,
            ..Commit::default()
        });
    }

    async fn send(self: &Arc<Self>, chat: ChatId, sequence: u64, mut row: OutboxRow) {
        let mut tries = 0;
        let mut made = None;
        let mut is_given_up = false;
        let mut around = self.around(chat, &row);
        // A drawing that Telegram has not seen yet is made here.
        let outgoing = tokio::task::block_in_place(|| {
            outbox::resolve(self.clerk.library.newest(), chat, &row, &around)
        });
        let mut waiting: VecDeque<Outgoing> = outgoing.into();
        let is_sent = !waiting.is_empty();
        while let Some(one) = waiting.pop_front() {
            if self.is_over(&row) {
                break;
            }
            let outcome = self.send_once(&one).await;
            tries += 1;
            let next = outbox::after(&row, outcome, tries);
            let (next, one) =
                match outbox::topic_after(next, one, &mut row, &mut around, &mut waiting) {
                    AfterTopic::Heard(news) => {
                        self.hear_of_topic(chat, &row, news).await;
                        continue;
                    }
                    AfterTopic::Other(next, one) => (next, one),
                };
            match next {
                Next::Done(message) => made = message.or(made),
                Next::Drawn(message, file) => {
                    made = message.or(made);
                    self.keep_file(&row, file);
                }
                Next::Dropped => {
                    if let Some(owed) = outbox::owed(&row) {
                        let commit = Commit {
                            deletes: vec![self.clerk.keys.outbox(chat, sequence)],
                            ..Commit::default()
                        };
                        return self.tell(chat, owed, commit).await;
                    }
                }
                Next::SlowDown(seconds) => {
                    waiting.push_front(one);
                    let asked = Duration::from_secs(u64::from(seconds));
                    self.slowed
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .tell(chat, millis(asked), millis(Clock::uptime()));
                    tokio::time::sleep(asked).await;
                }
                Next::Retry(seconds) => {
                    waiting.push_front(one);
                    tokio::time::sleep(about(seconds)).await;
                }
                Next::RetryAsRepeat(seconds) => {
                    row.repeats += 1;
                    tokio::time::sleep(about(seconds)).await;
                    // A message made anew says that it may be a repeat.
                    let again = match one {
                        Outgoing::Send { .. } | Outgoing::Alarm { .. } => {
                            let content = self.clerk.library.newest();
                            outbox::resolve(content, chat, &row, &around)
                                .into_iter()
                                .next()
                        }
                        Outgoing::Edit { .. }
                        | Outgoing::Copy { .. }
                        | Outgoing::OpenTopic { .. }
                        | Outgoing::ChangeTopic { .. }
                        | Outgoing::Caption { .. }
                        | Outgoing::Delete { .. }
                        | Outgoing::React { .. }
                        | Outgoing::Photo { .. }
                        | Outgoing::Document { .. }
                        | Outgoing::Contact { .. }
                        | Outgoing::AnswerPress { .. } => Some(one),
                    };
                    if let Some(again) = again {
                        waiting.push_front(again);
                    }
                }
                Next::Move(to) => return self.move_all(chat, to, sequence, row).await,
                Next::Unreachable if Some(chat) == self.clerk.staff_chat() => {
                    tracing::error!("the staff chat cannot be reached; its messages wait");
                    waiting.push_front(one);
                    if tries == 1 {
                        self.tell(chat, InboxRow::Unreachable, Commit::default())
                            .await;
                    }
                    tokio::time::sleep(Duration::from_secs(u64::from(STAFF_RETRY_SECONDS))).await;
                }
                Next::Unreachable if is_alarm(&row) => {
                    let why = "the chat cannot be reached";
                    is_given_up = true;
                    self.give_up(chat, sequence, &one, &row, why).await;
                }
                Next::Unreachable => return self.unreachable(chat, sequence, row).await,
                Next::GiveUp(why) => match plainer(&one, &row)
                    .or_else(|| outbox::instead(&row, &around, &one))
                    .or_else(|| self.anew(&row, &one))
                {
                    Some(again) => waiting.push_front(again),
                    None if must_arrive(&one, &row) => {
                        let news = match Some(chat) == self.clerk.staff_chat() {
                            true if telegram::lacks_rights(&why) => Some(InboxRow::Unreachable),
                            // Whatever is wrong with this one, the next may pass.
                            true => None,
                            false => Some(InboxRow::Undelivered),
                        };
                        if let Some(news) = news {
                            self.tell(chat, news, Commit::default()).await;
                        }
                        return self.push_later(chat, sequence, row, &why);
                    }
                    None => {
                        is_given_up = true;
                        self.give_up(chat, sequence, &one, &row, &why).await;
                        if row.said.is_some() {
                            return self.end_said(chat, sequence, &row, Fate::Refused).await;
                        }
                    }
                },
                // Heard above; nothing else brings them.
                Next::Opened(_) | Next::NoTopic => {}
                Next::Halt(why) => {
                    (self.news)(News::Halt(why));
                    // The row stays in the outbox; the bot is about to stop.
                    return std::future::pending().await;
                }
            }
        }
        // Before the row goes: it is told twice rather than never.
        if let Some(fate) = outbox::fate_of(&row).filter(|_| is_sent) {
            self.tell_fate(&row, fate, Commit::default()).await;
        }
        if is_given_up {
            row.tells = None;
        }
        self.record(chat, sequence, &row, around.shown, made).await;
    }

    /// A case's topic was opened, or is gone: kept, so that what comes next goes there.
    async fn hear_of_topic(&self, chat: ChatId, row: &OutboxRow, news: Option<TopicNews>) {
        let keys = self.clerk.keys;
        match news {
            Some(TopicNews::Opened(case, topic)) => match outbox::opened(keys, chat, case, topic) {
                Ok((commit, shown)) => {
                    self.remember(chat, ShownAs::Topic(case), shown);
                    if outbox::lacks_card(row) {
                        let news = InboxRow::Topic { case, stands: true };
                        self.tell(chat, news, commit).await;
                    } else if let Err(error) = self.clerk.ledger.commit(commit).await {
                        tracing::error!(%error, "failed to keep a case's topic");
                    }
                }
                Err(error) => tracing::error!(%error, "failed to keep a case's topic"),
            },
            Some(TopicNews::Gone(case)) => {
                tracing::warn!(case = case.0, "a case's topic is gone; it is opened anew");
                self.remember(chat, ShownAs::Topic(case), Shown::default());
                let _ = self
                    .clerk
                    .ledger
                    .commit_later(outbox::topic_gone(keys, chat, case));
            }
            Some(TopicNews::Refused(case)) => {
                tracing::warn!(
                    case = case.0,
                    "the bot may open no topics in the staff chat"
                );
                let news = InboxRow::Topic {
                    case,
                    stands: false,
                };
                self.tell(chat, news, Commit::default()).await;
            }
            None => {}
        }
    }

    async fn send_once(&self, outgoing: &Outgoing) -> Outcome {
        match outgoing {
            Outgoing::Alarm { target, alarm } => self.alarms.send(*target, alarm).await,
            Outgoing::Send { .. }
            | Outgoing::Edit { .. }
            | Outgoing::Copy { .. }
            | Outgoing::Caption { .. }
            | Outgoing::Delete { .. }
            | Outgoing::React { .. }
            | Outgoing::Photo { .. }
            | Outgoing::Document { .. }
            | Outgoing::Contact { .. }
            | Outgoing::OpenTopic { .. }
            | Outgoing::ChangeTopic { .. }
            | Outgoing::AnswerPress { .. } => self.telegram.send(outgoing).await,
        }
    }

    /// Whether an alarm is no longer one. Where that cannot be told, it is.
    fn is_over(&self, row: &OutboxRow) -> bool {
        let (ledger, keys) = (&self.clerk.ledger, self.clerk.keys);
        is_alarm(row)
            && tokio::task::block_in_place(|| outbox::is_over(ledger, keys, row)).unwrap_or(false)
    }

    fn anew(&self, row: &OutboxRow, refused: &Outgoing) -> Option<Outgoing> {
        let content = self.clerk.library.newest();
        tokio::task::block_in_place(|| outbox::drawn_anew(content, row, refused))
    }

    /// Next time the drawing goes by its name. Losing the name costs an upload.
    fn keep_file(&self, row: &OutboxRow, file: Option<String>) {
        if let Ok(Some(commit)) = outbox::keep_file(self.clerk.keys, row, file) {
            let _ = self.clerk.ledger.commit_later(commit);
        }
    }

    /// The group has a new id: everything that waits for the old one goes to
    /// the new one, in one commit.
    async fn move_all(&self, from: ChatId, to: ChatId, sequence: u64, row: OutboxRow) {
        let mut queue: VecDeque<(u64, OutboxRow)> = VecDeque::from([(sequence, row)]);
        {
            let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(lane) = lanes.get_mut(&from) {
                queue.extend(lane.queue.drain());
            }
        }
        let rows: Vec<_> = queue.iter().collect();
        let staff_chat = self.clerk.staff_chat();
        let commit = match outbox::moved(self.clerk.keys, from, to, &rows, staff_chat) {
            Ok(commit) => commit,
            Err(error) => {
                tracing::error!(%error, "failed to move a message to the group's new id");
                Commit::default()
            }
        };
        if Some(from) == staff_chat {
            self.clerk.move_staff_chat(to);
            tracing::warn!("the staff group has become a supergroup; its new id is kept");
        }
        if let Err(error) = self.clerk.ledger.commit(commit).await {
            tracing::error!(%error, "failed to move messages to the group's new id");
        }
        for (sequence, row) in queue {
            // Requeued through the bot, so that this lane may end first.
            let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            let lane = lanes.entry(to).or_insert_with(|| Lane::new(to));
            lane.queue.push(sequence, row);
        }
        if Some(from) == staff_chat {
            self.tell(to, InboxRow::Moved, Commit::default()).await;
        }
        (self.news)(News::Moved(to));
    }

    /// Starts a lane whose rows were moved to it.
    pub fn start(self: &Arc<Self>, chat: ChatId) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = lanes.get_mut(&chat)
            && !lane.running
        {
            lane.running = true;
            tokio::spawn(Arc::clone(self).run(chat));
        }
    }
}

/// Whether it is for a second target. The next rung of the ladder brings a new
/// one, so one that is refused is not tried for ever.
fn is_alarm(row: &OutboxRow) -> bool {
    matches!(row.piece, Piece::Alarm { .. })
}

/// Whether losing it could cost somebody a warning.
fn must_arrive(outgoing: &Outgoing, row: &OutboxRow) -> bool {
    row.must_arrive() && matches!(outgoing, Outgoing::Send { .. }) && !is_alarm(row)
}

/// A refused warning is tried once more as minimal plain text.
fn plainer(outgoing: &Outgoing, row: &OutboxRow) -> Option<Outgoing> {
    match outgoing {
        Outgoing::Send {
            chat,
            text,
            keyboard,
            silent,
            place,
        } if row.weight == Weight::Warning
            && (!text.bold.is_empty() || *keyboard != Keyboard::None) =>
        {
            Some(Outgoing::Send {
                chat: *chat,
                text: RichText::plain(text.text.clone()),
                keyboard: Keyboard::None,
                silent: *silent,
                place: *place,
            })
        }
        Outgoing::Send { .. }
        | Outgoing::Copy { .. }
        | Outgoing::OpenTopic { .. }
        | Outgoing::ChangeTopic { .. }
        | Outgoing::Caption { .. }
        | Outgoing::Delete { .. }
        | Outgoing::React { .. }
        | Outgoing::Edit { .. }
        | Outgoing::Photo { .. }
        | Outgoing::Document { .. }
        | Outgoing::Contact { .. }
        | Outgoing::Alarm { .. }
        | Outgoing::AnswerPress { .. } => None,
    }
}

/// So many seconds and up to a quarter more: lanes that failed together do not
/// come again together.
fn about(seconds: u32) -> Duration {
    let share = getrandom::u32().unwrap_or_default() % 250;
    Duration::from_millis(u64::from(seconds) * u64::from(1000 + share))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

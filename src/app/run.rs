//! One bot, from its first call to its last.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};

use super::clerk::{Clerk, Draft, Job};
use super::clock::Clock;
use super::lanes::{Lanes, News};
use super::library::Library;
use super::metrics::Board;
use super::pacing::Pacing;
use super::pairing::PairCode;
use super::records::{CLINIC, InboxRow, Keys, MAIL, WEBHOOK};
use super::recover::Told;
use super::settings::AlarmSettings;
use super::timers::Timers;
use super::workers::Workers;
use super::{intake, outbox, profile, recover, retention};
use crate::channel::alarm::Heartbeat;
use crate::channel::telegram::{CallError, Me, PollError, RawUpdate, Telegram, UpdateKind};
use crate::ids::{ChatId, Timestamp};
use crate::store::{Commit, CommitError, Ledger, MasterKey, OpenError, Put};

/// What one bot needs to run.
pub struct Config {
    /// How it reaches Telegram.
    pub telegram: Arc<Telegram>,
    /// What it says.
    pub library: Arc<Library>,
    /// Where it keeps what it knows.
    pub data_dir: PathBuf,
    /// What seals it.
    pub master: MasterKey,
    /// Where staff are told; none for a bot without a team.
    pub staff_chat: Option<ChatId>,
    /// Who is told when nobody answers there.
    pub alarms: AlarmSettings,
    /// How fast it may send.
    pub pacing: Pacing,
    /// Whether the other side begins empty (the preview's does): open questions are
    /// shown and the profile is told at start, however short the bot was away.
    pub begins_empty: bool,
    /// Where its numbers are read, and the clinic's name there.
    pub board: Option<(Arc<Board>, String)>,
    /// What time it is.
    pub clock: Clock,
}

/// Why a bot could not start, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The data folder.
    #[error("failed to open the data folder {}", folder.display())]
    Open {
        /// Which.
        folder: PathBuf,
        /// Why.
        #[source]
        cause: OpenError,
    },
    /// What is stored.
    #[error("failed to read or write the store")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Telegram shuts the bot out: a wrong token, or a second bot.
    #[error(
        "Telegram does not let this bot in: {0}. Check TELOXIDE_TOKEN, and that no other process polls with it."
    )]
    Shut(String),
    /// The bot stopped by itself, to lose nothing.
    #[error("stopped: {0}")]
    Stopped(String),
}

/// How long Telegram may hold a poll, in seconds: below the 17 s of its usual
/// client, and short enough to stop within a moment.
const POLL_SECONDS: u32 = 10;

/// A sign of life is kept this often; after a restart it tells how long the
/// bot was away.
const ALIVE_EVERY: Duration = Duration::from_secs(30);

/// Signs of life to others; what waits for them counts in minutes.
const BEAT_EVERY: Duration = Duration::from_secs(60);

/// Telegram keeps a press this long; after a longer gap some may be lost.
const PRESS_KEPT_SECONDS: i64 = 150;
const PRESS_KEPT: Duration = Duration::from_secs(150);

/// What is in hand is finished within this time once the bot must stop.
const STOP_WITHIN: Duration = Duration::from_secs(20);

/// What may go is swept this often.
const SWEEP_EVERY: Duration = Duration::from_secs(60 * 60);

/// What there is of a desk when a bot starts.
#[derive(Debug, Clone, Copy)]
pub struct Desk<'a> {
    /// Whether there is a staff chat.
    pub is_staffed: bool,
    /// The code that makes somebody the owner; none while there is one.
    pub code: Option<&'a str>,
    /// Somebody has owned it and left: roles count, and nobody may give any.
    pub is_orphaned: bool,
    /// Second targets are set.
    pub has_alarms: bool,
}

/// Runs a bot until `stop` says so, or something breaks.
///
/// # Errors
/// When it cannot start, or must stop.
pub async fn run(
    config: Config,
    mut stop: watch::Receiver<bool>,
    started: impl FnOnce(&Me, Desk<'_>),
) -> Result<(), RunError> {
    let Config {
        telegram,
        library,
        data_dir,
        master,
        staff_chat,
        alarms,
        pacing,
        begins_empty,
        board,
        clock,
    } = config;
    let (ledger, report) = open(data_dir, master).await?;
    let Some(me) = first_call(&telegram, &mut stop).await? else {
        return Ok(());
    };
    let keys = Keys(me.id);
    let now = clock.now();
    let away_since = read::<Timestamp>(&ledger, keys, "alive")?;
    let staff_chat = outbox::staff_chat(&ledger, keys, staff_chat)
        .map_err(|error| RunError::Store(error.into()))?;
    let found = {
        let ledger = ledger.clone();
        blocking(move || recover::recover(&ledger, keys, now)).await?
    };
    let clerk = Clerk::new(
        ledger.clone(),
        Arc::clone(&library),
        me.id,
        &me.username,
        staff_chat,
        found.sequence,
    );
    let clerk = Arc::new(clerk.with_second_targets(second_targets(&alarms)));
    if let Some((board, clinic)) = &board {
        board.add(clinic, &clerk);
    }
    let mut messages = found.messages;
    let mut dues = found.dues;
    {
        let (clerk, library) = (Arc::clone(&clerk), Arc::clone(&library));
        let (stale, scripts) = (found.stale, found.scripts);
        let entries = report.journal.entries;
        let sequence_seen = report.journal.sequence_seen.max(report.sequence);
        let replayed = blocking(move || {
            library.keep(&clerk.ledger, keys)?;
            library.load(&clerk.ledger, keys, &scripts);
            recover::sweep(&clerk.ledger, stale)?;
            let replayed = recover::replay_warnings(&clerk, &entries, now)?;
            // Every warning is in the store now: the belt may be emptied.
            if let Err(error) = clerk.ledger.truncate_journal(sequence_seen) {
                tracing::warn!(%error, "failed to empty the journal of warnings");
            }
            Ok::<_, super::clerk::TurnError>(replayed)
        })
        .await?;
        if !replayed.messages.is_empty() {
            tracing::warn!(
                count = replayed.messages.len(),
                "warnings were found in the journal and not in the store; they are told again"
            );
        }
        messages.extend(replayed.messages);
        dues.extend(replayed.dues);
    }
    if report.commits_missing > 0 {
        tracing::error!(
            count = report.commits_missing,
            "the store has lost commits; warnings were made again from the journal"
        );
    }
    let undone = arm_desk(&clerk, now).await?;
    dues.extend(undone.dues);
    messages.extend(undone.messages);
    let code = pair_code(&clerk, now)?;
    let desk = Desk {
        is_staffed: staff_chat.is_some(),
        code: code.as_ref().map(PairCode::code),
        is_orphaned: clerk.roster().is_ok_and(|(roster, _)| roster.is_orphaned()),
        has_alarms: !second_targets(&alarms).is_empty(),
    };
    started(&me, desk);
    if let Some(code) = code {
        clerk.offer_code(code);
    }

    let (news_in, mut news) = mpsc::unbounded_channel();
    let (broken_in, mut broken) = mpsc::unbounded_channel();
    let heartbeat = alarms.targets.heartbeat.clone();
    let lanes = Lanes::new(
        Arc::clone(&clerk),
        Arc::clone(&telegram),
        alarms.targets,
        clock.clone(),
        pacing,
        Box::new(move |one| drop(news_in.send(one))),
    );
    let timers = Arc::new(Timers::default());
    let workers = Workers::new(
        Arc::clone(&clerk),
        Arc::clone(&lanes),
        Arc::clone(&timers),
        clock.clone(),
        Box::new(move |why| drop(broken_in.send(why))),
    );
    for (chat, due) in dues {
        timers.set(chat, due);
    }
    for (chat, sequence, row) in messages {
        lanes.push(chat, sequence, row);
    }
    for (chat, job) in found.jobs {
        workers.push(chat, job);
    }
    let was_away = away_since.is_some_and(|since| now.seconds_since(since) > PRESS_KEPT_SECONDS);
    if was_away || begins_empty {
        show_again(&clerk, &workers, &found.open_questions, now).await?;
    }
    let fire = Arc::clone(&workers);
    let timer_task = tokio::spawn(Arc::clone(&timers).run(clock.clone(), move |chat, due| {
        fire.push(chat, Job::Due(due))
    }));
    let upkeep_task = tokio::spawn(upkeep(
        Arc::clone(&clerk),
        Arc::clone(&workers),
        clock.clone(),
    ));
    // Beside the rest: Telegram may take its time over a name, and a warning
    // that waits must not.
    let profile_task = tokio::spawn(profile::keep_told(
        Arc::clone(&telegram),
        Arc::clone(&clerk),
        begins_empty,
    ));

    let heard = Arc::new(Notify::new());
    let beat_task = tokio::spawn(give_signs_of_life(
        heartbeat,
        Arc::clone(&heard),
        Arc::clone(&clerk),
        clock.clone(),
    ));

    let polling = poll(&telegram, &clerk, &workers, &clock, &heard);
    let mut stop_again = stop.clone();
    let ended = tokio::select! {
        ended = polling => ended,
        () = stopped(&mut stop) => Ok(()),
        why = broken.recv() => Err(RunError::Stopped(why.unwrap_or_default())),
        ended = hear_news(&mut news, &workers, &lanes) => ended,
    };
    timer_task.abort();
    upkeep_task.abort();
    beat_task.abort();
    profile_task.abort();
    if ended.is_ok() {
        let finishing = async {
            workers.drained().await;
            lanes.drained().await;
        };
        // News still needs a hearing while the last turns are taken.
        let hearing = async {
            let _ = hear_news(&mut news, &workers, &lanes).await;
        };
        tokio::select! {
            () = finishing => {}
            () = hearing => {}
            () = tokio::time::sleep(STOP_WITHIN) => tracing::warn!("some messages are left for the next start"),
        }
        let _ = stop_again.borrow_and_update();
    }
    keep_alive(&clerk, clock.now());
    if let Some((board, clinic)) = &board {
        board.remove(clinic);
    }
    drop((workers, lanes));
    clerk.ledger.clone().shutdown().await;
    ended
}

/// What a start finds undone at the desk.
async fn arm_desk(clerk: &Arc<Clerk>, now: Timestamp) -> Result<Told, RunError> {
    let mut draft = Draft::new(clerk, now);
    clerk
        .arm_desk(&mut draft)
        .map_err(|error| RunError::Store(error.into()))?;
    let prepared = draft.prepared;
    let committed = clerk.ledger.commit(prepared.commit).await;
    committed.map_err(|error| RunError::Store(error.into()))?;
    Ok(Told {
        messages: prepared.messages,
        dues: prepared.dues,
    })
}

/// The lanes of the second targets that are set.
fn second_targets(alarms: &AlarmSettings) -> Vec<ChatId> {
    let targets = &alarms.targets;
    let webhook = targets.webhook.is_some().then_some(WEBHOOK);
    let mail = targets.mail.is_some().then_some(MAIL);
    [alarms.chat, webhook, mail].into_iter().flatten().collect()
}

async fn open(
    folder: PathBuf,
    master: MasterKey,
) -> Result<(Ledger, crate::store::OpenReport), RunError> {
    let named = folder.clone();
    let opened = tokio::task::spawn_blocking(move || {
        std::fs::create_dir_all(&folder).ok();
        Ledger::open_folder(&folder, &master)
    })
    .await;
    match opened {
        Ok(opened) => opened.map_err(|cause| RunError::Open {
            folder: named,
            cause,
        }),
        Err(error) => Err(RunError::Store(error.into())),
    }
}

async fn blocking<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, RunError>
where
    T: Send + 'static,
    E: std::error::Error + Send + Sync + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(|error| RunError::Store(error.into())),
        Err(error) => Err(RunError::Store(error.into())),
    }
}

fn read<T: serde::de::DeserializeOwned>(
    ledger: &Ledger,
    keys: Keys,
    name: &str,
) -> Result<Option<T>, RunError> {
    let found = ledger
        .read::<T>(&keys.single(name))
        .map_err(|error| RunError::Store(error.into()))?;
    Ok(found.map(|(value, _)| value))
}

/// Who the bot is. Without a network it is asked again, patiently.
async fn first_call(
    telegram: &Telegram,
    stop: &mut watch::Receiver<bool>,
) -> Result<Option<Me>, RunError> {
    let mut wait = 1;
    loop {
        let asked = async {
            // A webhook and polling exclude each other.
            telegram.delete_webhook().await?;
            telegram.me().await
        };
        match asked.await {
            Ok(me) => return Ok(Some(me)),
            Err(CallError::Shut(why)) => return Err(RunError::Shut(why)),
            Err(CallError::SlowDown(seconds)) => wait = u64::from(seconds),
            Err(error) => {
                tracing::warn!(%error, seconds = wait, "Telegram was not reached; trying again")
            }
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(wait)) => {}
            () = stopped(stop) => return Ok(None),
        }
        wait = (wait * 2).min(60);
    }
}

/// A new code, while nobody owns the desk.
fn pair_code(clerk: &Clerk, now: Timestamp) -> Result<Option<PairCode>, RunError> {
    let (roster, _) = clerk
        .roster()
        .map_err(|error| RunError::Store(error.into()))?;
    if roster.has_owner() {
        return Ok(None);
    }
    let mut random = [0; 8];
    getrandom::fill(&mut random)
        .map_err(|_| RunError::Stopped("the system gives no random numbers".to_owned()))?;
    Ok(Some(PairCode::new(random, now)))
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A sender that is gone can say nothing more: run on.
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Takes updates for ever: durable first, confirmed after.
async fn poll(
    telegram: &Telegram,
    clerk: &Arc<Clerk>,
    workers: &Arc<Workers>,
    clock: &Clock,
    heard: &Notify,
) -> Result<(), RunError> {
    let mut offset = None;
    let mut wait = 1;
    let mut last_heard = Clock::uptime();
    loop {
        let polled = match telegram.poll(offset, POLL_SECONDS, &UpdateKind::ALL).await {
            Ok(polled) => polled,
            Err(PollError::Shut(why)) => return Err(RunError::Shut(why)),
            Err(error) => {
                let seconds = if let PollError::SlowDown(seconds) = error {
                    u64::from(seconds)
                } else {
                    wait
                };
                tracing::warn!(%error, seconds, "failed to ask Telegram for updates; trying again");
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                wait = (wait * 2).min(30);
                continue;
            }
        };
        wait = 1;
        heard.notify_one();
        let now = clock.now();
        if Clock::uptime().saturating_sub(last_heard) > PRESS_KEPT {
            let reader = Arc::clone(clerk);
            let found =
                blocking(move || recover::recover(&reader.ledger, reader.keys, now)).await?;
            show_again(clerk, workers, &found.open_questions, now).await?;
        }
        last_heard = Clock::uptime();
        // Telegram has confirmed all below it. It may number the next one
        // anywhere, also below: to ask from here again could confirm that too.
        offset = None;
        if polled.updates.is_empty() {
            if polled.skipped > 0 {
                tracing::warn!(
                    count = polled.skipped,
                    "updates without a number cannot be taken"
                );
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            continue;
        }
        let next = offset_after(&polled.updates);
        let raw: Vec<String> = polled
            .updates
            .into_iter()
            .map(|update| update.json)
            .collect();
        let batch = tokio::task::block_in_place(|| intake::take(clerk, &raw, now))
            .map_err(|error| RunError::Store(error.into()))?;
        clerk
            .ledger
            .commit(batch.commit)
            .await
            .map_err(|error| RunError::Store(error.into()))?;
        // Only now may Telegram forget them.
        offset = next;
        for (chat, job) in batch.jobs {
            workers.push(chat, job);
        }
    }
}

/// The offset that confirms these. Telegram reads one below 1 otherwise: it
/// would throw updates away.
fn offset_after(updates: &[RawUpdate]) -> Option<i64> {
    let last = updates.iter().map(|update| update.update_id).max()?;
    Some(last.saturating_add(1).max(1))
}

/// Shows each open question again. Written down first: a bot that dies now does
/// so at its next start, when the gap cannot be seen any more.
async fn show_again(
    clerk: &Arc<Clerk>,
    workers: &Arc<Workers>,
    chats: &[ChatId],
    now: Timestamp,
) -> Result<(), RunError> {
    /// Below what one commit may hold.
    const CHATS_AT_ONCE: usize = 500;
    for chats in chats.chunks(CHATS_AT_ONCE) {
        let mut draft = Draft::new(clerk, now);
        for chat in chats {
            draft
                .wake(*chat, InboxRow::ShowAgain)
                .map_err(|error| RunError::Store(error.into()))?;
        }
        let mut prepared = draft.prepared;
        let commit = std::mem::take(&mut prepared.commit);
        let committed = clerk.ledger.commit(commit).await;
        committed.map_err(|error| RunError::Store(error.into()))?;
        workers.hand_on(prepared);
    }
    Ok(())
}

async fn hear_news(
    news: &mut mpsc::UnboundedReceiver<News>,
    workers: &Arc<Workers>,
    lanes: &Arc<Lanes>,
) -> Result<(), RunError> {
    while let Some(one) = news.recv().await {
        match one {
            News::Wake(chat, sequence, row) => workers.push(chat, Job::Row { sequence, row }),
            News::Moved(to) => lanes.start(to),
            News::Halt(why) => return Err(RunError::Shut(why)),
        }
    }
    std::future::pending().await
}

/// Signs of life, and the sweeping of what is old.
async fn upkeep(clerk: Arc<Clerk>, workers: Arc<Workers>, clock: Clock) {
    let mut alive = tokio::time::interval(ALIVE_EVERY);
    let mut sweep = tokio::time::interval(SWEEP_EVERY);
    loop {
        tokio::select! {
            _ = alive.tick() => keep_alive(&clerk, clock.now()),
            _ = sweep.tick() => {
                let (clerk, now) = (Arc::clone(&clerk), clock.now());
                match blocking(move || retention::keep(&clerk, now)).await {
                    Ok(jobs) => {
                        for (chat, job) in jobs {
                            workers.push(chat, job);
                        }
                    }
                    Err(error) => tracing::warn!(%error, "failed to sweep what may go"),
                }
            }
        }
    }
}

/// Tells whoever waits for it that Telegram answers and the disk takes what is
/// written: the two without which a warning would wait unseen.
async fn give_signs_of_life(
    heartbeat: Option<Heartbeat>,
    heard: Arc<Notify>,
    clerk: Arc<Clerk>,
    clock: Clock,
) {
    let Some(heartbeat) = heartbeat else {
        return;
    };
    loop {
        heard.notified().await;
        let kept = match alive(&clerk, clock.now()) {
            Ok(commit) => clerk.ledger.commit(commit).await,
            Err(error) => Err(error),
        };
        match kept {
            Ok(()) => {
                if let Err(error) = heartbeat.beat().await {
                    tracing::warn!(%error, "a sign of life was not taken");
                }
            }
            Err(error) => {
                tracing::error!(%error, "the disk takes nothing; no sign of life is given")
            }
        }
        tokio::time::sleep(BEAT_EVERY).await;
    }
}

/// When the bot was last seen alive.
fn alive(clerk: &Clerk, now: Timestamp) -> Result<Commit, CommitError> {
    Ok(Commit {
        puts: vec![Put::json(clerk.keys.single("alive"), CLINIC, &now)?],
        ..Commit::default()
    })
}

fn keep_alive(clerk: &Clerk, now: Timestamp) {
    if let Ok(commit) = alive(clerk, now) {
        // Losing one is harmless: the next comes in half a minute.
        let _ = clerk.ledger.commit_later(commit);
    }
}

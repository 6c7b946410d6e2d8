//! The bot without a network: a store, a clerk, a Bot API and a clock that
//! stands still until it is turned.

mod deliver;

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;

use crate::app::audit::{self, AuditRow};
use crate::app::clerk::{Clerk, Draft, Job, Prepared};
use crate::app::library::Library;
use crate::app::pairing::PairCode;
use crate::app::records::{DueRow, InboxRow, Keys, OutboxRow, WEBHOOK};
use crate::app::{intake, outbox, recover, retention};
use crate::bot_api::World;
use crate::ids::{BotId, ChatId, Timestamp};
use crate::store::memory::MemoryDisk;
use crate::store::{Commit, Kind, Ledger, Put};

/// The bot's number in every play.
const BOT: i64 = 7_000;
/// The patient's, which is their chat's too.
pub const PATIENT: i64 = 42;
/// The staff group's.
pub const STAFF_CHAT: i64 = -100;
/// The same group, where it has topics: only a supergroup may.
pub const STAFF_FORUM: i64 = -1_000_000_000_100;
/// Members of staff have these numbers, and their private chats.
pub const STAFF_PEOPLE: std::ops::Range<i64> = 9_000..9_100;
/// 2026-03-02 at 10:00 in Los Angeles, a Monday.
const START: i64 = 1_772_474_400;

/// The whole bot around one patient and one staff group.
pub struct Stage {
    /// What Telegram shows.
    pub world: World,
    disk: Option<MemoryDisk>,
    library: Arc<Library>,
    clerk: Clerk,
    /// Whether there is a staff chat.
    staff: Staff,
    now: Timestamp,
    jobs: VecDeque<(ChatId, Job)>,
    messages: VecDeque<(ChatId, u64, OutboxRow)>,
    /// What waits for the staff chat to be reachable again.
    held: Vec<(ChatId, u64, OutboxRow)>,
    dues: Vec<(ChatId, DueRow)>,
    /// What the second target was told.
    pub alarms: Vec<String>,
    /// What went wrong inside; a play that has any fails.
    pub troubles: Vec<String>,
    /// What the clerk noted: guards tripped.
    pub noted: Vec<&'static str>,
    token: String,
}

/// What staff chat a play has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Staff {
    /// None is set; a group is there to be paired.
    None,
    /// A group.
    Group,
    /// A group with topics.
    Topics,
}

impl Staff {
    /// The group staff speak in.
    #[must_use]
    pub const fn chat(self) -> i64 {
        match self {
            Self::None | Self::Group => STAFF_CHAT,
            Self::Topics => STAFF_FORUM,
        }
    }
}

impl Stage {
    /// A fresh bot and a patient who has never written.
    ///
    /// # Errors
    /// When the store in memory cannot be opened.
    pub fn new(library: Arc<Library>, lang: &str, staff: Staff) -> Result<Self, String> {
        let disk = MemoryDisk::default();
        let (ledger, _) = disk.open().map_err(|error| error.to_string())?;
        Ok(Self::on(library, lang, staff, ledger, Some(disk)))
    }

    /// The same, on any ledger. Without a `disk` it cannot be restarted.
    #[must_use]
    pub fn on(
        library: Arc<Library>,
        lang: &str,
        staff: Staff,
        ledger: Ledger,
        disk: Option<MemoryDisk>,
    ) -> Self {
        let token = format!("{BOT}:stage");
        let mut world = World::new(&token, BOT, "clinic_bot", "Clinic");
        world.add_person(PATIENT, "Pat", Some("pat"), Some(lang));
        world.add_group(staff.chat(), "Staff");
        world.set_forum(staff.chat(), staff == Staff::Topics);
        let clerk = new_clerk(ledger, &library, staff, 0, Timestamp(START));
        let mut stage = Self {
            world,
            disk,
            library,
            clerk,
            staff,
            now: Timestamp(START),
            jobs: VecDeque::new(),
            messages: VecDeque::new(),
            held: Vec::new(),
            dues: Vec::new(),
            alarms: Vec::new(),
            troubles: Vec::new(),
            noted: Vec::new(),
            token,
        };
        stage.keep_script();
        stage.arm_desk();
        stage
    }

    /// The moment it is.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.now.0
    }

    /// The group staff speak in: under its new number, when it has moved.
    #[must_use]
    pub fn staff_chat(&self) -> i64 {
        self.clerk
            .staff_chat()
            .map_or(self.staff.chat(), |chat| chat.0)
    }

    /// Makes keys of the play's bot, for a test that looks inside.
    #[must_use]
    pub fn keys(&self) -> Keys {
        self.clerk.keys
    }

    /// Every row of the audit log, oldest first.
    ///
    /// # Errors
    /// It cannot be read, or does not fit together.
    pub fn audit_log(&self) -> Result<Vec<AuditRow>, String> {
        let (ledger, keys) = (&self.clerk.ledger, self.clerk.keys);
        let rows = audit::read(ledger, keys).map_err(|error| error.to_string())?;
        match audit::verify(ledger, keys, &rows).map_err(|error| error.to_string())? {
            None => Ok(rows),
            Some(broken) => Err(format!("the audit log is broken: {broken:?}")),
        }
    }

    /// The code that makes somebody the owner of the desk.
    #[must_use]
    pub fn code(&self) -> String {
        code(self.now).code().to_owned()
    }

    /// The token of the play's bot.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The staff chat is reachable again: what waited goes there, as the lanes have it.
    pub fn let_in(&mut self) {
        let staff_chat = self.staff_chat();
        self.world.unblock(staff_chat, self.now.0);
        self.messages.extend(self.held.drain(..));
    }

    /// Takes everything that waits, until nothing does.
    pub fn settle(&mut self) {
        /// A play that never comes to rest is looping.
        const ROUNDS_MAX: usize = 10_000;
        for _ in 0..ROUNDS_MAX {
            let updates = self.world.pending(self.now.0);
            if updates.is_empty() && self.jobs.is_empty() && self.messages.is_empty() {
                return;
            }
            self.take_updates(&updates);
            if let Some((chat, job)) = self.jobs.pop_front() {
                self.work(chat, &job);
            }
            if let Some((chat, sequence, row)) = self.messages.pop_front() {
                self.deliver(chat, sequence, row);
            }
        }
        self.troubles.push("the bot never came to rest".to_owned());
    }

    /// Turns the clock; timers fire on the way, in order.
    pub fn turn_clock(&mut self, seconds: i64) {
        let end = self.now.plus_seconds(seconds);
        loop {
            self.settle();
            let next = self
                .dues
                .iter()
                .filter(|(_, due)| due.at <= end)
                .min_by_key(|(_, due)| due.at)
                .copied();
            let Some((chat, due)) = next else { break };
            self.dues.retain(|one| *one != (chat, due));
            self.now = self.now.max(due.at);
            self.jobs.push_back((chat, Job::Due(due)));
        }
        self.now = end;
        self.settle();
        self.upkeep();
    }

    /// What the bot does once an hour.
    fn upkeep(&mut self) {
        match retention::keep(&self.clerk, self.now) {
            Ok(jobs) => {
                self.jobs.extend(jobs);
                self.settle();
            }
            Err(error) => self.troubles.push(error.to_string()),
        }
    }

    /// The process ends and starts again on the same store. `gap` says that
    /// presses may have been lost meanwhile.
    pub fn restart(&mut self, gap: bool) {
        let Some(disk) = &self.disk else {
            return self
                .troubles
                .push("there is no disk to restart on".to_owned());
        };
        let opened = disk
            .copy()
            .map_err(|error| error.to_string())
            .and_then(|disk| {
                let (ledger, _) = disk.open().map_err(|error| error.to_string())?;
                Ok((disk, ledger))
            });
        let ledger = match opened {
            Ok((disk, ledger)) => {
                self.disk = Some(disk);
                ledger
            }
            Err(error) => return self.troubles.push(error),
        };
        let found = match recover::recover(&ledger, Keys(BotId(BOT)), self.now) {
            Ok(found) => found,
            Err(error) => return self.troubles.push(error.to_string()),
        };
        if found.unreadable > 0 {
            self.troubles.push(format!(
                "{} rows could not be read after a restart",
                found.unreadable
            ));
        }
        self.clerk = new_clerk(ledger, &self.library, self.staff, found.sequence, self.now);
        self.jobs = found.jobs.into();
        self.messages = found.messages.into();
        self.held.clear();
        self.dues = found.dues;
        if let Err(error) = recover::sweep(&self.clerk.ledger, found.stale) {
            self.troubles.push(error.to_string());
        }
        self.keep_script();
        self.arm_desk();
        if gap {
            for chat in found.open_questions {
                self.jobs.push_back((
                    chat,
                    Job::Row {
                        sequence: 0,
                        row: InboxRow::ShowAgain,
                    },
                ));
            }
        }
        self.settle();
    }

    /// The content changes while the bot is down; it starts again with it.
    pub fn change_content(&mut self, library: Arc<Library>) {
        self.library = library;
        self.restart(false);
    }

    /// Forgets every script that was kept for walks in progress.
    pub fn forget_scripts(&mut self) {
        let mut deletes = Vec::new();
        let keys = self.clerk.keys;
        let scanned = self
            .clerk
            .ledger
            .scan(keys.0, None, Some(Kind::Content), &mut |key, _| {
                deletes.push(key)
            });
        let commit = Commit {
            deletes,
            ..Commit::default()
        };
        if scanned.is_err() || self.clerk.ledger.commit_blocking(commit).is_err() {
            self.troubles
                .push("the scripts could not be forgotten".to_owned());
        }
    }

    /// What is stored, for a test that looks inside.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.clerk.ledger
    }

    fn arm_desk(&mut self) {
        let mut draft = Draft::new(&self.clerk, self.now);
        match self.clerk.arm_desk(&mut draft) {
            Ok(()) => {
                let prepared = draft.prepared;
                self.hand_on(prepared);
            }
            Err(error) => self.troubles.push(error.to_string()),
        }
    }

    fn keep_script(&mut self) {
        if let Err(error) = self.library.keep(&self.clerk.ledger, self.clerk.keys) {
            self.troubles.push(error.to_string());
        }
    }

    fn take_updates(&mut self, updates: &[Value]) {
        let raw: Vec<String> = updates.iter().map(Value::to_string).collect();
        match intake::take(&self.clerk, &raw, self.now) {
            Ok(batch) => {
                if let Err(error) = self.clerk.ledger.commit_blocking(batch.commit) {
                    return self.troubles.push(error.to_string());
                }
                self.jobs.extend(batch.jobs);
            }
            Err(error) => self.troubles.push(error.to_string()),
        }
        for id in updates
            .iter()
            .filter_map(|update| update["update_id"].as_i64())
        {
            self.world.confirm(id);
        }
    }

    fn work(&mut self, chat: ChatId, job: &Job) {
        match self.clerk.prepare(chat, job, self.now) {
            Ok(prepared) => self.hand_on(prepared),
            Err(error) => self.troubles.push(error.to_string()),
        }
    }

    fn hand_on(&mut self, prepared: Prepared) {
        if let Err(error) = self.clerk.ledger.commit_blocking(prepared.commit) {
            return self.troubles.push(error.to_string());
        }
        if let Some(chat) = prepared.staff_chat {
            self.clerk.move_staff_chat(chat);
        }
        for (chat, due) in &prepared.cancelled {
            self.dues
                .retain(|(other, row)| other != chat || row.due.kind() != due.kind());
        }
        for (chat, due) in prepared.dues {
            self.dues
                .retain(|(other, row)| *other != chat || row.due.kind() != due.due.kind());
            self.dues.push((chat, due));
        }
        self.messages.extend(prepared.messages);
        self.jobs.extend(
            prepared
                .wakes
                .into_iter()
                .map(|(chat, sequence, row)| (chat, Job::Row { sequence, row })),
        );
        self.noted.extend(prepared.noted);
        for answer in prepared.answers {
            self.call(&answer);
        }
    }

    fn commit(&mut self, commit: Commit) {
        if let Err(error) = self.clerk.ledger.commit_blocking(commit) {
            self.troubles.push(error.to_string());
        }
    }

    /// Something for a chat's worker, as the lanes have it.
    fn tell(&mut self, chat: ChatId, row: InboxRow) {
        let sequence = self.clerk.next_sequence();
        match Put::json(self.clerk.keys.inbox(chat, sequence), chat, &row) {
            Ok(put) => self.commit(Commit {
                puts: vec![put],
                ..Commit::default()
            }),
            Err(error) => self.troubles.push(error.to_string()),
        }
        self.jobs.push_back((chat, Job::Row { sequence, row }));
    }
}

/// A clerk as a start makes it: the staff chat is the one of the settings, or
/// the one an owner has paired, and a code is offered.
fn new_clerk(
    ledger: Ledger,
    library: &Arc<Library>,
    staff: Staff,
    sequence: u64,
    now: Timestamp,
) -> Clerk {
    let set = (staff != Staff::None).then_some(ChatId(staff.chat()));
    // A store that cannot be read shows at the first turn.
    let staff_chat = outbox::staff_chat(&ledger, Keys(BotId(BOT)), set).unwrap_or(set);
    let clerk = Clerk::new(
        ledger,
        Arc::clone(library),
        BotId(BOT),
        "clinic_bot",
        staff_chat,
        sequence,
    )
    .with_second_targets(vec![WEBHOOK]);
    // As a start asks Telegram.
    clerk.learn_topics(staff == Staff::Topics);
    clerk.offer_code(code(now));
    clerk
}

/// The code of every play: it is not random.
fn code(now: Timestamp) -> PairCode {
    PairCode::new([0, 1, 2, 3, 4, 5, 6, 7], now)
}

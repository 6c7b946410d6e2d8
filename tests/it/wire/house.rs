//! A Bot API server, a bot on it, and a clock both go by.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use psoas_bot::app::clock::Clock;
use psoas_bot::app::dialogs_dir;
use psoas_bot::app::library::Library;
use psoas_bot::app::pacing::Pacing;
use psoas_bot::app::run::{Config, RunError, run};
use psoas_bot::app::settings::AlarmSettings;
use psoas_bot::bot_api::{Server, Shown, World};
use psoas_bot::channel::telegram::Telegram;
use psoas_bot::content::{self, Content};
use psoas_bot::ids::ChatId;
use psoas_bot::store::{Ledger, MasterKey, OpenReport};
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, timeout, timeout_at};

use crate::crash::process::DATA_KEY;

pub const BOT: i64 = 77;
pub const TOKEN: &str = "77:wire-test_token";
pub const NAME: &str = "wire_bot";
pub const ANA: i64 = 1001;
pub const BEN: i64 = 1002;
pub const CLEO: i64 = 1003;
pub const STAFF: i64 = -4001;
pub const DANA: i64 = 91;

/// States an emergency, whatever was asked.
pub const EMERGENCY: &str = "i have chest pain and cant breathe";

/// Far more than anything here takes.
const WITHIN: Duration = Duration::from_secs(40);

/// The house: a world, its server and at most one bot.
pub struct House {
    pub world: Arc<Mutex<World>>,
    pub server: Server,
    pub folder: TempDir,
    pub clock: Clock,
    pub library: Arc<Library>,
    /// The second targets of the next start.
    pub alarms: AlarmSettings,
    pub begins_empty: bool,
    bot: Option<Bot>,
}

struct Bot {
    stop: watch::Sender<bool>,
    task: JoinHandle<Result<(), RunError>>,
}

/// The clinic's dialogs, read once.
pub fn library() -> Arc<Library> {
    static LIBRARY: OnceLock<Arc<Library>> = OnceLock::new();
    let made = LIBRARY.get_or_init(|| library_with(|_| {}));
    Arc::clone(made)
}

/// The clinic's dialogs after a change that no file could make.
pub fn library_with(change: impl FnOnce(&mut Content)) -> Arc<Library> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("dialogs");
    let sources = dialogs_dir::read(&folder).unwrap();
    let mut content = content::parse(&sources, "tuscany-spa").unwrap().content;
    change(&mut content);
    Arc::new(Library::new(content, sources, "tuscany-spa"))
}

impl House {
    /// Three patients, a staff group, and no bot yet.
    pub async fn new() -> Self {
        Self::with(library()).await
    }

    /// The same, with other dialogs.
    pub async fn with(library: Arc<Library>) -> Self {
        let mut world = World::new(TOKEN, BOT, NAME, "Clinic");
        for (chat, name) in [(ANA, "Ana"), (BEN, "Ben"), (CLEO, "Cleo")] {
            world.add_person(chat, name, None, Some("en"));
        }
        world.add_group(STAFF, "Staff");
        world.add_person(DANA, "Dana", None, None);
        world.join(STAFF, DANA);
        let world = Arc::new(Mutex::new(world));
        let clock = Clock::default();
        let seconds = clock.clone();
        let served = Server::start(Arc::clone(&world), Arc::new(move || seconds.now().0));
        Self {
            world,
            server: served.await.unwrap(),
            folder: tempfile::tempdir().unwrap(),
            clock,
            library,
            alarms: AlarmSettings::default(),
            begins_empty: false,
            bot: None,
        }
    }

    /// The world, to act in or look at.
    #[track_caller]
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    fn config(&self, token: &str) -> Config {
        let token = SecretString::from(token.to_owned());
        let url = self.server.url().parse().unwrap();
        Config {
            telegram: Arc::new(Telegram::new(token, Some(url)).unwrap()),
            library: Arc::clone(&self.library),
            data_dir: self.folder.path().join("data"),
            master: MasterKey::from_hex(DATA_KEY).unwrap(),
            staff_chat: Some(ChatId(STAFF)),
            alarms: self.alarms.clone(),
            pacing: Pacing::Off,
            begins_empty: self.begins_empty,
            board: None,
            clock: self.clock.clone(),
        }
    }

    /// Starts the bot; returns once it listens.
    pub async fn start(&mut self) {
        let (stop, stopped) = watch::channel(false);
        let (tell, told) = oneshot::channel();
        let task = tokio::spawn(run(self.config(TOKEN), stopped, |_, _| {
            let _ = tell.send(());
        }));
        timeout(WITHIN, told).await.unwrap().unwrap();
        self.bot = Some(Bot { stop, task });
    }

    /// Runs a bot with another token to its end.
    pub async fn run_with_token(&self, token: &str) -> Result<(), RunError> {
        let (_stop, stopped) = watch::channel(false);
        let ran = run(self.config(token), stopped, |_, _| {});
        timeout(WITHIN, ran).await.unwrap()
    }

    /// Stops the bot; it must finish what is in hand and end well.
    pub async fn stop(&mut self) {
        let bot = self.bot.take().unwrap();
        bot.stop.send(true).unwrap();
        timeout(WITHIN, bot.task).await.unwrap().unwrap().unwrap();
    }

    /// The stopped bot's store.
    pub async fn open_store(&self) -> (Ledger, OpenReport) {
        let data = self.folder.path().join("data");
        let master = MasterKey::from_hex(DATA_KEY).unwrap();
        let opened = spawn_blocking(move || Ledger::open_folder(&data, &master));
        opened.await.unwrap().unwrap()
    }

    /// What the bot ended with, by itself.
    pub async fn ended(&mut self) -> Result<(), RunError> {
        let bot = self.bot.take().unwrap();
        timeout(WITHIN, bot.task).await.unwrap().unwrap()
    }

    /// Somebody writes.
    #[track_caller]
    pub fn say(&self, chat: i64, text: &str) {
        let now = self.clock.now().0;
        self.world().say(chat, chat, text, now).unwrap();
    }

    /// A patient presses the newest button whose label ends with `label`, once
    /// there is one.
    #[track_caller]
    pub fn press(&self, chat: i64, label: &'static str) -> impl Future<Output = ()> {
        let found = self.until(label, move |world| {
            let shown = from_bot(world, chat).pop()?;
            let mut labels = shown.labels();
            labels.find(|one| one.ends_with(label)).map(str::to_owned)
        });
        async move {
            let label = found.await;
            let now = self.clock.now().0;
            self.world().press_label(chat, chat, &label, now).unwrap();
        }
    }

    /// Somebody on staff presses a button of the group's newest message that
    /// has it.
    #[track_caller]
    pub fn staff_press(&self, chat: i64, label: &str) {
        let now = self.clock.now().0;
        self.world().press_label(chat, DANA, label, now).unwrap();
    }

    /// Waits until `seen` gives something, with a deadline.
    #[track_caller]
    pub fn until<T>(
        &self,
        what: &'static str,
        seen: impl Fn(&World) -> Option<T>,
    ) -> impl Future<Output = T> {
        let caller = std::panic::Location::caller();
        async move {
            let deadline = Instant::now() + WITHIN;
            let mut news = self.server.subscribe();
            loop {
                if let Some(found) = seen(&self.world.lock().unwrap()) {
                    return found;
                }
                assert!(Instant::now() < deadline, "{caller}: never saw {what}");
                // Not every change is news: calls and confirmations are not.
                let look_again = Instant::now() + Duration::from_millis(20);
                let _ = timeout_at(look_again, news.recv()).await;
            }
        }
    }

    /// Waits for a message of the bot that contains `words`.
    #[track_caller]
    pub fn until_said(&self, chat: i64, words: &'static str) -> impl Future<Output = Shown> {
        self.until(words, move |world| {
            from_bot(world, chat)
                .into_iter()
                .find(|shown| shown.text.contains(words))
        })
    }

    /// Waits until all that was to go to the staff chat stands there, and the store
    /// knows so: what is asked there is answered behind it, and the commit of a second
    /// question takes along what the first one's answer left to write down.
    pub async fn until_staff_chat_is_done(&self) {
        let answers = |world: &World| {
            let told = from_bot(world, STAFF);
            told.iter()
                .filter(|one| one.text.contains("/oncall"))
                .count()
        };
        for _ in 0..2 {
            let before = answers(&self.world());
            let now = self.clock.now().0;
            self.world().say(STAFF, DANA, "/help", now).unwrap();
            self.until("an answer to /help", |world| {
                (answers(world) > before).then_some(())
            })
            .await;
        }
    }

    /// Waits until the bot has taken every update and asked for more.
    pub async fn until_quiet(&self) {
        let deadline = Instant::now() + WITHIN;
        while !self.world().pending(self.clock.now().0).is_empty() {
            assert!(Instant::now() < deadline, "updates are not confirmed");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// What the bot wrote in a chat, oldest first.
pub fn from_bot(world: &World, chat: i64) -> Vec<Shown> {
    let all = world.messages(chat).iter();
    all.filter(|shown| shown.from_bot && !shown.service)
        .cloned()
        .collect()
}

/// How often the bot called `method`.
pub fn calls(world: &World, method: &str) -> usize {
    let log = world.log().iter();
    log.filter(|call| call.method.eq_ignore_ascii_case(method))
        .count()
}

//! The real binary, as a child that can be told to stop or simply killed.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use psoas_bot::app::dialogs_dir;
use psoas_bot::app::verdicts::{Verdict, Verdicts};
use psoas_bot::content;

/// The clinic that is served when no setting names one.
const CLINIC: &str = "tuscany-spa";

/// The key every data folder of these tests is sealed with.
pub const DATA_KEY: &str = "7e57000000000000000000000000000000000000000000000000000000007e57";

/// A start reads the dialogs and opens the store; more than this is a hang.
const START_WITHIN: Duration = Duration::from_secs(60);

/// Names of all settings, so that none of the shell's own leaks into a test.
const SETTINGS: [&str; 12] = [
    "TELOXIDE_TOKEN",
    "TELOXIDE_API_URL",
    "TELOXIDE_PROXY",
    "STAFF_CHAT_ID",
    "CLINIC",
    "DIALOGS_DIR",
    "DATA_DIR",
    "DATA_KEY",
    "DATA_KEY_FILE",
    "SEND_PACING",
    "ALLOW_UNREVIEWED",
    "RUST_LOG",
];

/// What one bot is started with, and where it writes.
pub struct Place {
    /// Its working folder; the data folder and the log stand in it.
    pub folder: PathBuf,
    settings: Vec<(&'static str, String)>,
}

/// One life of the bot.
pub struct Life {
    child: Child,
    printed: Arc<Mutex<String>>,
}

impl Place {
    /// A bot that speaks to `api_url` and tells `staff_chat`.
    pub fn new(folder: &Path, token: &str, api_url: &str, staff_chat: i64, dialogs: &Path) -> Self {
        let place = Self {
            folder: folder.to_owned(),
            settings: Vec::new(),
        };
        let data = place.data().display().to_string();
        place
            .with("TELOXIDE_TOKEN", token)
            .with("TELOXIDE_API_URL", api_url)
            .with("STAFF_CHAT_ID", &staff_chat.to_string())
            .with("DATA_DIR", &data)
            .with("DATA_KEY", DATA_KEY)
            .with("SEND_PACING", "off")
            .with("ALLOW_UNREVIEWED", "yes")
            .with("DIALOGS_DIR", &dialogs.display().to_string())
    }

    /// The same with one setting changed; an empty one is not set.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.settings.retain(|(other, _)| *other != name);
        if !value.is_empty() {
            self.settings.push((name, value.to_owned()));
        }
        self
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// What the bot has written to standard error, in all its lives.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("stderr")).unwrap_or_default()
    }

    fn setting(&self, name: &str) -> &str {
        let found = self.settings.iter().find(|(other, _)| *other == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// Keeps verdicts before the first start: these tests are not about the proof,
    /// which takes seconds in a debug build and needs the examples that some of
    /// them leave out. `gate.rs` is about it.
    fn vouch(&self) {
        let Ok(sources) = dialogs_dir::read(Path::new(self.setting("DIALOGS_DIR"))) else {
            return;
        };
        let named = self.setting("CLINIC");
        let (clinics, several) = match named {
            "" => (vec![CLINIC], false),
            named => (named.split(',').collect(), named.contains(',')),
        };
        for clinic in clinics {
            let data = PathBuf::from(self.setting("DATA_DIR"));
            let data = if several { data.join(clinic) } else { data };
            if let (false, Ok(parsed)) = (
                data.join("proved.json").exists(),
                content::parse(&sources, clinic),
            ) {
                let verdicts = Verdicts::read(&data);
                verdicts
                    .keep(&parsed.content, clinic, Verdict::Proved)
                    .unwrap();
            }
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_psoas-bot"));
        for name in SETTINGS {
            command.env_remove(name);
        }
        command
            .args(arguments)
            .envs(self.settings.iter().map(|(name, value)| (*name, value)))
            .current_dir(&self.folder)
            .stdin(Stdio::null());
        command
    }

    /// Starts the bot and waits until it listens.
    #[track_caller]
    pub fn start(&self) -> Life {
        self.vouch();
        let mut options = OpenOptions::new();
        let stderr: File = options
            .create(true)
            .append(true)
            .open(self.folder.join("stderr"))
            .unwrap();
        let mut child = self
            .command(&["run"])
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        let (tell, told) = mpsc::channel();
        let printed = Arc::new(Mutex::new(String::new()));
        let prints = Arc::clone(&printed);
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                prints.lock().unwrap().push_str(&format!("{line}\n"));
                if line.contains("is listening") {
                    // Whoever waited may have given up.
                    let _ = tell.send(());
                }
            }
        });
        let life = Life { child, printed };
        assert!(
            told.recv_timeout(START_WITHIN).is_ok(),
            "the bot did not start:\n{}",
            self.log()
        );
        life
    }

    /// Starts the bot with nobody to read what it prints: both pipes are closed.
    pub fn start_unread(&self) -> Life {
        self.vouch();
        let mut command = self.command(&["run"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop((child.stdout.take(), child.stderr.take()));
        Life {
            child,
            printed: Arc::default(),
        }
    }

    /// Runs a subcommand to its end.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }
}

impl Life {
    /// The codes it has printed, one for each desk that nobody owns.
    pub fn codes(&self) -> Vec<String> {
        let printed = self.printed.lock().unwrap();
        let codes = printed
            .lines()
            .filter_map(|line| line.trim().strip_prefix("/pair "));
        codes.map(str::to_owned).collect()
    }

    /// Kills it, as a power cut would, at whatever it is doing.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, and waits for that.
    #[track_caller]
    pub fn stop(mut self, within: Duration) -> ExitStatus {
        let id = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(told.success());
        self.wait(within)
    }

    /// Waits for it to end by itself.
    #[track_caller]
    pub fn wait(&mut self, within: Duration) -> ExitStatus {
        let deadline = Instant::now() + within;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(
                Instant::now() < deadline,
                "the bot did not end within {within:?}"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        // Already ended, or a test failed before its end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! The killed process: the real binary is killed a hundred times while patients
//! and staff go on, and nothing may be lost, and nothing come twice as if new.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the finding")]

mod crowd;
pub mod process;
mod verdict;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use psoas_bot::app::dialogs_dir;
use psoas_bot::app::library::Library;
use psoas_bot::bot_api::{Server, World};
use psoas_bot::content;
use psoas_bot::store::{Ledger, MasterKey};
use serde_json::Value;

use crowd::{Crowd, Dice, STAFF_CHAT, lock, now};
use process::{DATA_KEY, Place};
use verdict::Evidence;

const BOT: i64 = 4242;
const TOKEN: &str = "4242:crash-test_token";
const BOT_NAME: &str = "crash_bot";
const CLINIC: &str = "tuscany-spa";

const KILLS: u64 = 100;
/// A life ends this many milliseconds after the bot listens.
const LIFE_MILLIS: std::ops::Range<u64> = 20..400;
/// Somebody does something this often.
const ACT_EVERY: Duration = Duration::from_millis(2);
/// The bot says that it stops within 20 s.
const STOP_WITHIN: Duration = Duration::from_secs(20);
const SETTLE_WITHIN: Duration = Duration::from_secs(60);

/// Give another seed to see other kills: `CRASH_SEED=7 cargo test crash`.
fn seed() -> u64 {
    std::env::var("CRASH_SEED").map_or(20_261_121, |seed| seed.parse().unwrap())
}

#[test]
fn a_hundred_kills_lose_nothing() {
    let began = Instant::now();
    let seed = seed();
    println!("CRASH_SEED={seed}");
    let folder = tempfile::tempdir().unwrap();
    let (dialogs, phrases) = fewer_signs(folder.path());
    let sources = dialogs_dir::read(&dialogs).unwrap();
    let content = content::parse(&sources, CLINIC).unwrap().content;
    let library = Arc::new(Library::new(content, sources, CLINIC));

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let world = Arc::new(Mutex::new(World::new(TOKEN, BOT, BOT_NAME, "Clinic")));
    let served = Server::start(Arc::clone(&world), Arc::new(now));
    let server = runtime.block_on(served).unwrap();
    let place = Place::new(folder.path(), TOKEN, &server.url(), STAFF_CHAT, &dialogs);

    let mut crowd = Crowd::new(&world, seed, phrases);
    let going = Arc::new(AtomicBool::new(true));
    let acting = std::thread::spawn({
        let going = Arc::clone(&going);
        move || {
            while going.load(Ordering::Acquire) {
                crowd.act();
                std::thread::sleep(ACT_EVERY);
            }
            crowd.go_home();
            crowd
        }
    });
    let mut dice = Dice(!seed);
    for kill in 0..KILLS {
        let life = place.start();
        let millis = LIFE_MILLIS.start + dice.roll(LIFE_MILLIS.end - LIFE_MILLIS.start);
        std::thread::sleep(Duration::from_millis(millis));
        life.kill();
        assert!(
            !acting.is_finished(),
            "the crowd gave up before kill {kill}"
        );
    }
    going.store(false, Ordering::Release);
    let crowd = acting.join().unwrap();
    let killed = began.elapsed();

    let life = place.start();
    let deadline = Instant::now() + SETTLE_WITHIN;
    while !lock(&world).pending(now()).is_empty() {
        assert!(
            Instant::now() < deadline,
            "updates are still not confirmed (CRASH_SEED={seed}):\n{}",
            place.log()
        );
        std::thread::sleep(Duration::from_millis(10));
    }
    let status = life.stop(STOP_WITHIN);
    assert!(status.success(), "{status} (CRASH_SEED={seed})");

    let told = told_by_commands(&place);
    let master = MasterKey::from_hex(DATA_KEY).unwrap();
    let (ledger, _) = Ledger::open_folder(&place.data(), &master).unwrap();
    let world = lock(&world);
    let evidence = Evidence {
        bot: BOT,
        library: &library,
        world: &world,
        ledger: &ledger,
        sent: &crowd.sent,
        lasted: began.elapsed(),
    };
    let (counts, mut wrong) = evidence.judge();
    if told.len() != counts.cases {
        wrong.push(format!("`cases` lists {} of {}", told.len(), counts.cases));
    }
    let log = place.log();
    let errors = log.lines().filter(|line| line.contains("ERROR"));
    wrong.extend(errors.take(3).map(str::to_owned));
    println!(
        "{counts:?}, kills after {killed:?}, all after {:?}",
        began.elapsed()
    );
    assert!(wrong.is_empty(), "CRASH_SEED={seed}\n{}", wrong.join("\n"));
    // A crowd that did nothing would find nothing.
    let busy = counts.patients > 20 && counts.updates > 1000;
    assert!(
        busy && counts.replayed > 10 && counts.cases > 20,
        "{counts:?}"
    );
}

/// What `cases` and `outbox` say of the stopped bot: the cases, and nothing.
fn told_by_commands(place: &Place) -> BTreeSet<u64> {
    let data = place.data().display().to_string();
    let lines = |command: &str| {
        let output = place.run(&[command, "--data", &data, "--format", "jsonl"]);
        assert!(output.status.success(), "{command}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(lines("outbox"), "");
    let cases = lines("cases");
    let read = cases
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    read.map(|case| case["case"].as_u64().unwrap()).collect()
}

/// The clinic's dialogs with one example in nineteen, and those that state a flag.
/// Each start tries every example, which takes a debug build most of a second; a
/// hundred starts would be nothing else.
fn fewer_signs(folder: &Path) -> (PathBuf, Vec<String>) {
    const KEPT_ONE_IN: usize = 19;
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("dialogs");
    let sources = dialogs_dir::read(&from).unwrap();
    let dialogs = folder.join("dialogs");
    fs::create_dir_all(dialogs.join("clinics")).unwrap();
    fs::create_dir_all(dialogs.join("hearing")).unwrap();
    fs::create_dir_all(dialogs.join("pictures")).unwrap();
    let (mut examples, mut seen) = (Vec::new(), 0);
    for (name, text) in &sources.files {
        let mut text = text.clone();
        if name.starts_with("hearing/") {
            let mut kept = String::new();
            for line in text.lines() {
                let is_example = ["    matches: ", "    asks: ", "    not: "]
                    .iter()
                    .any(|key| line.starts_with(key));
                if let Some(quoted) = line.strip_prefix("    matches: ") {
                    seen += 1;
                    if seen % KEPT_ONE_IN == 1 {
                        let quoted: Vec<String> = serde_json::from_str(quoted).unwrap();
                        examples.extend(quoted);
                    }
                }
                if !is_example {
                    kept.push_str(line);
                    kept.push('\n');
                }
            }
            text = kept;
        }
        // A clinic has a folder of its own below the clinics.
        let file = dialogs.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    (dialogs, examples)
}

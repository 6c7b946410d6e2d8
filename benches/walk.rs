//! Speed of one turn, of one update on its way, of many at once, and the
//! memory that many conversations take.
//!
//! Writes `target/bench.json`. Pacing is off, as the limits are Telegram's and
//! not ours; the server is the in-process one and shares the same cores.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use psoas_bot::app::clock::Clock;
use psoas_bot::app::dialogs_dir;
use psoas_bot::app::library::Library;
use psoas_bot::app::pacing::Pacing;
use psoas_bot::app::records::Keys;
use psoas_bot::app::run::{Config, run};
use psoas_bot::bot_api::{Server, World};
use psoas_bot::channel::telegram::Telegram;
use psoas_bot::content::{self, Content};
use psoas_bot::dialog::{Act, Conversation, Desk, Effect, Input, Keyboard, Press, What, take_turn};
use psoas_bot::ids::{BotId, ChatId, Lang, PatientText, Timestamp};
use psoas_bot::store::{Commit, Ledger, MasterKey, Put};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

const BOT: i64 = 7;
const CLINIC: &str = "tuscany-spa";
const STAFF_CHAT: i64 = -100;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let only = std::env::args().skip(1).find(|arg| !arg.starts_with("--"));
    let wanted = |name: &str| only.as_deref().is_none_or(|only| name.contains(only));
    let sources = dialogs_dir::read(&root.join("dialogs")).expect("dialogs are read");
    let Ok(parsed) = content::parse(&sources, CLINIC) else {
        panic!("the shipped content has errors: run `psoas-bot check`")
    };
    let library = Arc::new(Library::new(parsed.content, sources, CLINIC));
    if let Some(folder) = std::env::var_os(MAKE_STORE) {
        return make_store(Path::new(&folder), library.newest());
    }
    let mut results = serde_json::Map::new();
    if wanted("take_turn") {
        results.insert("take_turn".into(), bench_turn(library.newest()));
    }
    if wanted("memory") {
        results.insert("memory".into(), bench_memory());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime starts");
    if wanted("one_patient") {
        results.insert(
            "one_patient".into(),
            runtime.block_on(bench_updates(&library, 1, 300)),
        );
    }
    if wanted("many_patients") {
        results.insert(
            "many_patients".into(),
            runtime.block_on(bench_updates(&library, 200, 100)),
        );
    }
    let text =
        serde_json::to_string_pretty(&Value::Object(results.clone())).expect("results are JSON");
    let file = root.join("target/bench.json");
    if only.is_none() {
        std::fs::create_dir_all(root.join("target")).expect("target/ is there");
        std::fs::write(&file, &text).expect("results are written");
        println!("written to target/bench.json");
        write_table(&root.join("README.md"), &results);
    }
    println!("{text}");
}

/// Writes the table of the README, between its marks.
fn write_table(readme: &Path, results: &serde_json::Map<String, Value>) {
    const FROM: &str = "<!-- bench -->";
    const TO: &str = "<!-- /bench -->";
    let number = |part: &str, name: &str| results[part][name].as_f64().unwrap_or(f64::NAN);
    let rows = [
        (
            "One turn with the shipped content, median",
            format!("{:.1} µs", number("take_turn", "median_us")),
            "under 20 µs",
        ),
        (
            "An update from arrival to first send, one patient, median",
            format!(
                "{:.1} ms",
                number("one_patient", "arrival_to_send_ms_median")
            ),
            "under 5 ms",
        ),
        (
            "Updates a second, 200 patients at once, each commit fsynced",
            format!("{:.0}", number("many_patients", "updates_per_s")),
            "at least 2,000",
        ),
        (
            "Resident memory with 100,000 stored conversations",
            format!("{:.0} MB", number("memory", "mb")),
            "under 120 MB",
        ),
    ];
    let mut table = String::from("| what | measured | aim |\n| --- | --- | --- |\n");
    for (what, measured, aim) in rows {
        table.push_str(&format!("| {what} | {measured} | {aim} |\n"));
    }
    let text = std::fs::read_to_string(readme).expect("README.md is read");
    let (before, rest) = text.split_once(FROM).expect("README.md has the first mark");
    let (_, after) = rest.split_once(TO).expect("README.md has the second mark");
    std::fs::write(readme, format!("{before}{FROM}\n{table}{TO}{after}"))
        .expect("README.md is written");
    println!("README.md's table is up to date");
}

fn percentile(sorted: &[f64], share: f64) -> f64 {
    let index = ((sorted.len() as f64 - 1.0) * share).round() as usize;
    sorted[index]
}

/// A healthy adult's whole walk, press by press.
fn bench_turn(content: &Content) -> Value {
    let now = Timestamp(1_772_474_400);
    let mut micros = Vec::new();
    for _ in 0..300 {
        let mut conversation = Conversation::new(Lang::En, None);
        let mut what = What::Command {
            name: "start".into(),
            argument: PatientText::new("check".to_owned()),
        };
        for _ in 0..16 {
            let input = Input::new(what, Desk::Staffed);
            let started = Instant::now();
            let turn = take_turn(content, conversation, &input, now);
            micros.push(started.elapsed().as_secs_f64() * 1e6);
            conversation = turn.conversation;
            let last = turn.effects.iter().rev().find_map(|effect| match effect {
                Effect::Say(message) => Some(&message.keyboard),
                _ => None,
            });
            let Some(Keyboard::Inline(rows)) = last else {
                break;
            };
            let presses: Vec<String> = rows
                .iter()
                .flatten()
                .filter_map(|button| match button {
                    psoas_bot::dialog::Button::Press { data, .. } => Some(data.clone()),
                    psoas_bot::dialog::Button::Link { .. } => None,
                })
                .collect();
            let wanted = |data: &&String| {
                matches!(
                    Press::parse(data),
                    Some(Press::Question(
                        _,
                        Act::None(_) | Act::No | Act::LooksRight | Act::Tick(_) | Act::Choose(_)
                    ))
                )
            };
            let none = presses.iter().find(|data| {
                matches!(
                    Press::parse(data),
                    Some(Press::Question(_, Act::None(_) | Act::No))
                )
            });
            let Some(data) = none.or_else(|| presses.iter().find(wanted)) else {
                break;
            };
            what = What::Press(data.clone());
        }
    }
    micros.sort_by(f64::total_cmp);
    json!({"what": "take_turn with the shipped content", "turns": micros.len(), "median_us": percentile(&micros, 0.5), "p99_us": percentile(&micros, 0.99)})
}

/// What a process with 100,000 stored conversations takes, in MB. The store is
/// made by a process of its own, so that making it does not count.
fn bench_memory() -> Value {
    const CONVERSATIONS: i64 = 100_000;
    let folder = tempfile::tempdir().expect("a folder");
    let making = std::process::Command::new(std::env::current_exe().expect("this bench"))
        .env(MAKE_STORE, folder.path())
        .status();
    assert!(
        making.is_ok_and(|status| status.success()),
        "the store is made"
    );
    let (ledger, _) = Ledger::open_folder(folder.path(), &bench_key()).expect("a store");
    let found = psoas_bot::app::recover::recover(&ledger, Keys(BotId(BOT)), Timestamp(0))
        .expect("it is read");
    assert_eq!(found.unreadable, 0, "every row is read");
    json!({"what": "resident memory with 100,000 stored conversations, after a start", "mb": resident_mb(), "conversations": CONVERSATIONS})
}

/// Names the folder a store is to be made in.
const MAKE_STORE: &str = "PSOAS_BENCH_STORE";

fn bench_key() -> MasterKey {
    MasterKey::from_hex(&"ab".repeat(32)).expect("64 hex digits")
}

fn make_store(folder: &Path, content: &Content) {
    const CONVERSATIONS: i64 = 100_000;
    let keys = Keys(BotId(BOT));
    let (ledger, _) = Ledger::open_folder(folder, &bench_key()).expect("a store");
    // In the middle of the self-check, as a patient leaves it.
    let now = Timestamp(1_772_474_400);
    let begin = What::Command {
        name: "start".into(),
        argument: PatientText::new("check".to_owned()),
    };
    let conversation = take_turn(
        content,
        Conversation::new(Lang::Es, None),
        &Input::new(begin, Desk::Staffed),
        now,
    )
    .conversation;
    for first in (0..CONVERSATIONS).step_by(1000) {
        let put = |chat: i64| {
            Put::json(
                keys.conversation(ChatId(chat + 1)),
                ChatId(chat + 1),
                &conversation,
            )
            .expect("it fits")
        };
        ledger
            .commit_blocking(Commit {
                puts: (first..first + 1000).map(put).collect(),
                ..Commit::default()
            })
            .expect("it is committed");
    }
}

fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kb: f64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0.0);
    kb / 1024.0
}

/// Patients who press a button as soon as they see one.
async fn bench_updates(library: &Arc<Library>, patients: i64, presses_each: usize) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let mut world = World::new(&format!("{BOT}:bench"), BOT, "bench_bot", "Bench");
    world.log_calls(false);
    world.keep_messages(20);
    world.add_group(STAFF_CHAT, "Staff");
    for patient in 1..=patients {
        world.add_person(patient, "Pat", None, Some("en"));
    }
    let (changed, mut changes) = mpsc::unbounded_channel();
    world.watch(move |change| {
        if let psoas_bot::bot_api::Change::Chat(chat) = change {
            let _ = changed.send(*chat);
        }
        std::ops::ControlFlow::Continue(())
    });
    let world = Arc::new(Mutex::new(world));
    let clock = Clock::default();
    let server = Server::start(
        Arc::clone(&world),
        Arc::new({
            let clock = clock.clone();
            move || clock.now().0
        }),
    )
    .await
    .expect("a server");
    let telegram = Telegram::new(
        format!("{BOT}:bench").into(),
        Some(server.url().parse().expect("a url")),
    )
    .expect("a client");
    let (stop, stopped) = watch::channel(false);
    let (ready, started) = tokio::sync::oneshot::channel();
    let config = Config {
        telegram: Arc::new(telegram),
        library: Arc::clone(library),
        data_dir: folder.path().to_owned(),
        master: MasterKey::random().expect("a key"),
        staff_chat: Some(ChatId(STAFF_CHAT)),
        alarms: psoas_bot::app::settings::AlarmSettings::default(),
        pacing: Pacing::Off,
        begins_empty: false,
        board: None,
        clock: clock.clone(),
    };
    let bot = tokio::spawn(run(config, stopped, move |_, _| {
        // The bench has stopped waiting only when it has failed already.
        let _ = ready.send(());
    }));
    started.await.expect("the bot starts");

    let mut state: Vec<(i64, usize, Instant)> =
        vec![(0, 0, Instant::now()); usize::try_from(patients).expect("few") + 1];
    let mut millis = Vec::new();
    let began = Instant::now();
    {
        let mut world = world.lock().expect("nobody panicked");
        for patient in 1..=patients {
            world
                .say(patient, patient, "/start check", clock.now().0)
                .expect("they write");
            state[usize::try_from(patient).expect("small")].2 = Instant::now();
        }
    }
    let total = usize::try_from(patients).expect("few") * presses_each;
    let mut done = 0;
    while done < total {
        let Ok(Some(chat)) = tokio::time::timeout(Duration::from_secs(20), changes.recv()).await
        else {
            panic!("the bot fell silent after {done} of {total}")
        };
        if chat < 1 || chat > patients {
            continue;
        }
        let index = usize::try_from(chat).expect("small");
        let mut world = world.lock().expect("nobody panicked");
        let Some(newest) = world.messages(chat).last().cloned() else {
            continue;
        };
        if !newest.from_bot || newest.message_id <= state[index].0 || newest.buttons.is_empty() {
            continue;
        }
        millis.push(state[index].2.elapsed().as_secs_f64() * 1e3);
        state[index].0 = newest.message_id;
        state[index].1 += 1;
        done += 1;
        if state[index].1 >= presses_each {
            continue;
        }
        // On through the self-check; where a list wants ticks, it begins again.
        let data: Vec<String> = newest
            .buttons
            .iter()
            .flatten()
            .filter_map(|button| button.data().map(str::to_owned))
            .collect();
        let pick = data.iter().find(|data| {
            matches!(
                Press::parse(data),
                Some(Press::Question(_, Act::None(_) | Act::No | Act::Choose(_)))
            )
        });
        state[index].2 = Instant::now();
        let now = clock.now().0;
        match pick {
            Some(data) => {
                world
                    .press(chat, chat, newest.message_id, data, now)
                    .expect("the button is there");
            }
            None => {
                world
                    .say(chat, chat, "/start check", now)
                    .expect("they write");
            }
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    stop.send(true).expect("the bot listens");
    bot.await.expect("the bot ends").expect("the bot ends well");
    server.stop().await;
    millis.sort_by(f64::total_cmp);
    json!({
        "what": format!("{patients} patients, {presses_each} updates each, commits fsynced, pacing off"),
        "updates_per_s": total as f64 / seconds, "arrival_to_send_ms_median": percentile(&millis, 0.5), "p99_ms": percentile(&millis, 0.99),
    })
}

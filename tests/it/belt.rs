//! The journal of warnings: what the store lost is made again at start.
#![expect(clippy::unwrap_used, reason = "a failure here is the test's failure")]

use std::path::Path;
use std::sync::Arc;

use psoas_bot::app::clerk::Clerk;
use psoas_bot::app::dialogs_dir;
use psoas_bot::app::library::Library;
use psoas_bot::app::records::{Keys, case_subject};
use psoas_bot::app::recover;
use psoas_bot::content;
use psoas_bot::ids::{BotId, CaseNumber, ChatId, FlagId, Timestamp};
use psoas_bot::staff::Case;
use psoas_bot::store::memory::MemoryDisk;
use psoas_bot::store::{Commit, JournalEntry, Put, Version};
use psoas_bot::triage::{CaseFlag, Form, Level, Report};

const BOT: BotId = BotId(7);
const NOW: Timestamp = Timestamp(1_772_474_400);
const PATIENT: ChatId = ChatId(42);
const STAFF_CHAT: ChatId = ChatId(-100);

fn library() -> Arc<Library> {
    let sources =
        dialogs_dir::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("dialogs")).unwrap();
    let Ok(parsed) = content::parse(&sources, "tuscany-spa") else {
        panic!("the content has errors")
    };
    Arc::new(Library::new(parsed.content, sources, "tuscany-spa"))
}

fn case(level: Level, flags: &[&str]) -> Case {
    let flags = flags
        .iter()
        .map(|flag| CaseFlag {
            flag: FlagId::new(flag),
            form: Form::Sure,
            level: Level::default(),
            since: NOW,
        })
        .collect();
    let report = Report {
        level,
        flags,
        rules: Vec::new(),
        words: None,
        private: false,
        deleted: false,
    };
    Case::open(CaseNumber(3), PATIENT, report, NOW)
}

/// A store in which `stored` arrived and the warning of `warned` did not.
fn replayed(stored: Option<&Case>, warned: &Case) -> (Clerk, usize) {
    let disk = MemoryDisk::default();
    let subject = case_subject(warned.number);
    {
        let (ledger, _) = disk.open().unwrap();
        let mut commit = Commit::default();
        if let Some(stored) = stored {
            commit
                .puts
                .push(Put::json(Keys(BOT).case(PATIENT, stored.number), subject, stored).unwrap());
        }
        commit.warn.push(JournalEntry {
            subject: (BOT, subject),
            bytes: serde_json::to_vec(warned).unwrap(),
        });
        ledger.commit_blocking(commit).unwrap();
    }
    let disk = disk.copy().unwrap();
    let (ledger, report) = disk.open().unwrap();
    let clerk = Clerk::new(ledger, library(), BOT, "clinic_bot", Some(STAFF_CHAT), 0);
    let told = recover::replay_warnings(&clerk, &report.journal.entries, NOW).unwrap();
    let messages = told.messages;
    (clerk, messages.len())
}

#[track_caller]
fn stored(clerk: &Clerk) -> Case {
    let found = clerk
        .ledger
        .read::<Case>(&clerk.keys.case(PATIENT, CaseNumber(3)))
        .unwrap();
    let (case, version) = found.expect("the case is there");
    assert!(version > Version::ABSENT);
    case
}

#[test]
fn a_case_the_store_lost_is_made_again_and_told_again() {
    let warned = case(Level::EmergencyNow, &["saddle-numbness"]);
    let (clerk, messages) = replayed(None, &warned);
    assert_eq!(stored(&clerk), warned);
    assert_eq!(messages, 1, "the card goes to the staff chat");
    // The next case gets a number of its own.
    let (last, _) = clerk
        .ledger
        .read::<u64>(&clerk.keys.case_counter())
        .unwrap()
        .unwrap();
    assert_eq!(last, 3);
}

#[test]
fn a_case_that_was_raised_and_lost_it_is_raised_again() {
    let lower = case(Level::UrgentToday, &["fever-with-pain"]);
    let warned = case(Level::EmergencyNow, &["fever-with-pain", "hot-red-swollen"]);
    let (clerk, messages) = replayed(Some(&lower), &warned);
    assert_eq!(stored(&clerk).level, Level::EmergencyNow);
    assert_eq!(stored(&clerk).flags.len(), 2);
    assert_eq!(messages, 1);
}

#[test]
fn a_case_that_is_there_is_left_alone() {
    let warned = case(Level::EmergencyNow, &["saddle-numbness"]);
    let (clerk, messages) = replayed(Some(&warned), &warned);
    assert_eq!(stored(&clerk), warned);
    assert_eq!(messages, 0);
}

//! What waits while everything kept of a patient is erased.

use psoas_bot::app::clerk::{Clerk, Job};
use psoas_bot::app::records::{Keys, OutboxRow, Piece};
use psoas_bot::app::{intake, recover};
use psoas_bot::dialog::{Button, Keyboard};
use psoas_bot::ids::{BotId, ChatId, Timestamp};
use psoas_bot::staff::Case;
use psoas_bot::store::Kind;
use psoas_bot::store::memory::MemoryDisk;
use serde_json::{Value, json};

use super::house::{ANA, BOT, EMERGENCY, NAME, STAFF, library};

pub const NOW: Timestamp = Timestamp(1_800_000_000);

pub fn update(id: i64, content: Value) -> String {
    let mut message = json!({
        "message_id": id, "date": NOW.0,
        "chat": {"id": ANA, "type": "private"},
        "from": {"id": ANA, "is_bot": false, "first_name": "Ana", "language_code": "en"},
    });
    let press = content.get("data").cloned();
    message["text"] = content["text"].clone();
    match press {
        None => json!({"update_id": id, "message": message}),
        Some(data) => json!({"update_id": id, "callback_query": {
            "id": "1", "data": data, "from": message["from"], "message": message,
        }}),
    }
    .to_string()
}

pub fn take(clerk: &Clerk, updates: &[String]) -> Vec<Job> {
    let batch = intake::take(clerk, updates, NOW).unwrap();
    clerk.ledger.commit_blocking(batch.commit).unwrap();
    batch.jobs.into_iter().map(|(_, job)| job).collect()
}

pub fn turn(clerk: &Clerk, job: &Job) -> Vec<OutboxRow> {
    let prepared = clerk.prepare(ChatId(ANA), job, NOW).unwrap();
    clerk.ledger.commit_blocking(prepared.commit).unwrap();
    prepared
        .messages
        .into_iter()
        .map(|(_, _, row)| row)
        .collect()
}

fn button(rows: &[OutboxRow], act: &str) -> Option<String> {
    let keyboards = rows.iter().filter_map(|row| match &row.piece {
        Piece::Send {
            keyboard: Keyboard::Inline(rows),
            ..
        } => Some(rows),
        Piece::Send { .. }
        | Piece::Edit { .. }
        | Piece::Photo { .. }
        | Piece::Document { .. }
        | Piece::Contact { .. }
        | Piece::Chart { .. }
        | Piece::Copy { .. }
        | Piece::Caption { .. }
        | Piece::Wipe { .. }
        | Piece::Topic(_)
        | Piece::React { .. }
        | Piece::Alarm { .. } => None,
    });
    keyboards
        .flatten()
        .flatten()
        .find_map(|button| match button {
            Button::Press { data, .. } if data.ends_with(act) => Some(data.clone()),
            Button::Press { .. } | Button::Link { .. } => None,
        })
}

/// A patient presses "Erase everything" and writes of an emergency at once; the
/// bot dies between the two turns.
#[test]
fn a_warning_that_waits_behind_an_erasure_outlives_a_crash() {
    let disk = MemoryDisk::default();
    let (ledger, _) = disk.open().unwrap();
    let clerk = |ledger, sequence| {
        let staff = Some(ChatId(STAFF));
        Clerk::new(ledger, library(), BotId(BOT), NAME, staff, sequence)
    };
    let first = clerk(ledger, 0);
    let mut rows = Vec::new();
    for job in take(&first, &[update(1, json!({"text": "/delete"}))]) {
        rows = turn(&first, &job);
    }
    let data = button(&rows, ":oerase").unwrap();
    let press = update(2, json!({ "data": data }));
    let words = update(3, json!({ "text": EMERGENCY }));
    let jobs = take(&first, &[press, words]);
    turn(&first, &jobs[0]);

    let (ledger, _) = disk.copy().unwrap().open().unwrap();
    let keys = Keys(BotId(BOT));
    let found = recover::recover(&ledger, keys, NOW).unwrap();
    assert_eq!(found.stale, []);
    let second = clerk(ledger, found.sequence);
    for (_, job) in &found.jobs {
        turn(&second, job);
    }
    let mut cases = Vec::new();
    second
        .ledger
        .scan(keys.0, None, Some(Kind::Case), &mut |_, row| {
            cases.push(row.json::<Case>().unwrap());
        })
        .unwrap();
    assert_eq!(cases.len(), 1);
}

/// An old button is never the answer to a question asked after an erasure.
#[test]
fn buttons_from_before_an_erasure_answer_nothing() {
    let (ledger, _) = MemoryDisk::default().open().unwrap();
    let clerk = Clerk::new(ledger, library(), BotId(BOT), NAME, None, 0);
    let one = |id, at, content| {
        let batch = intake::take(&clerk, &[update(id, content)], at).unwrap();
        clerk.ledger.commit_blocking(batch.commit).unwrap();
        let prepared = clerk.prepare(ChatId(ANA), &batch.jobs[0].1, at).unwrap();
        clerk.ledger.commit_blocking(prepared.commit).unwrap();
        let rows = prepared.messages.into_iter().map(|(_, _, row)| row);
        rows.collect::<Vec<_>>()
    };
    let asked = one(1, NOW, json!({"text": "/check"}));
    let old = button(&asked, ":oagree").unwrap();
    let asked = one(2, NOW.plus_seconds(20), json!({"text": "/delete"}));
    let erase = button(&asked, ":oerase").unwrap();
    one(3, NOW.plus_seconds(25), json!({ "data": erase }));
    let asked = one(4, NOW.plus_seconds(60), json!({"text": "/check"}));
    assert_ne!(button(&asked, ":oagree"), Some(old.clone()));
    one(5, NOW.plus_seconds(70), json!({ "data": old }));
    let (conversation, _) = clerk.conversation(ChatId(ANA)).unwrap().unwrap();
    assert!(conversation.slots.is_empty(), "the old button answered");
}

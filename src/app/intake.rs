//! Takes updates durably, each once.
//!
//! An update is in the store, sealed, before Telegram hears that it was taken.

use std::collections::BTreeMap;

use super::clerk::{Clerk, Job, TurnError};
use super::records::{CLINIC, InboxRow, Raw, update_subject};
use crate::channel::telegram::{read_update, without_half_surrogates};
use crate::ids::{ChatId, Timestamp};
use crate::store::{Commit, Put};

/// Numbers of taken updates are kept this many days beside today: Telegram
/// gives an update again for 24 hours.
const SEEN_DAYS: u32 = 2;

const DAY_SECONDS: i64 = 24 * 60 * 60;

/// A raw update larger than this within its row, where each quote of it takes
/// a second byte, is cut down before it is kept; a store's row holds 60 KiB.
const RAW_BYTES_MAX: usize = 40 * 1024;

/// A string within a cut-down update keeps this much, as JSON. The first is
/// enough for any text Telegram lets through.
const STRING_BYTES_MAX: [usize; 3] = [17 * 1024, 8 * 1024, 2 * 1024];

/// What a batch of updates comes to.
#[derive(Debug, Default)]
pub struct Batch {
    /// To be committed before the updates are confirmed.
    pub commit: Commit,
    /// For the chats' workers, once it is.
    pub jobs: Vec<(ChatId, Job)>,
}

/// The day a moment lies in.
#[must_use]
pub fn day_of(at: Timestamp) -> u32 {
    u32::try_from(at.0.div_euclid(DAY_SECONDS)).unwrap_or(0)
}

/// Whether a seen mark of `day` may go.
#[must_use]
pub fn is_forgotten(day: u32, now: Timestamp) -> bool {
    day + SEEN_DAYS < day_of(now)
}

/// Prepares a batch of raw updates; those taken before are left out.
///
/// # Errors
/// When the store cannot be read.
pub fn take(clerk: &Clerk, updates: &[String], now: Timestamp) -> Result<Batch, TurnError> {
    let mut batch = Batch::default();
    let mut here: BTreeMap<(ChatId, i64), ()> = BTreeMap::new();
    for raw in updates {
        // What is no update, or belongs to no chat, is nothing to turn.
        let Some(incoming) = read_update(raw, &clerk.username) else {
            continue;
        };
        let Some(chat) = incoming.chat else { continue };
        if here.insert((chat, incoming.update), ()).is_some()
            || was_taken(clerk, chat, incoming.update, now)?
        {
            continue;
        }
        let raw = if fits(raw) {
            raw.clone()
        } else {
            cut_down(raw)
        };
        let row = InboxRow::Update {
            raw: Raw(raw),
            at: now,
            tries: 0,
        };
        let sequence = clerk.next_sequence();
        let subject = update_subject(chat, sequence);
        let key = clerk.keys.inbox(chat, sequence);
        batch.commit.puts.push(Put::json(key, subject, &row)?);
        let seen = clerk.keys.seen(chat, day_of(now), incoming.update);
        batch.commit.puts.push(Put {
            key: seen,
            subject: CLINIC,
            value: Vec::new(),
        });
        batch.jobs.push((chat, Job::Row { sequence, row }));
    }
    Ok(batch)
}

fn was_taken(clerk: &Clerk, chat: ChatId, update: i64, now: Timestamp) -> Result<bool, TurnError> {
    let today = day_of(now);
    for day in today.saturating_sub(SEEN_DAYS)..=today {
        if clerk
            .ledger
            .read_bytes(&clerk.keys.seen(chat, day, update))?
            .is_some()
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether an update fits its row, written within a JSON string.
fn fits(raw: &str) -> bool {
    json_bytes(raw) <= RAW_BYTES_MAX
}

/// The room a text takes as a JSON string, without the quotes around it.
fn json_bytes(text: &str) -> usize {
    serde_json::to_string(text).map_or(usize::MAX, |json| json.len() - 2)
}

/// Shortens every long string of an update, less gently where that is not
/// enough; what cannot be read stays empty.
fn cut_down(raw: &str) -> String {
    let whole = serde_json::from_str::<serde_json::Value>(raw)
        .or_else(|_| serde_json::from_str(&without_half_surrogates(raw)));
    let Ok(whole) = whole else {
        return String::new();
    };
    for string_bytes_max in STRING_BYTES_MAX {
        let mut value = whole.clone();
        shorten(&mut value, string_bytes_max);
        let cut = value.to_string();
        if fits(&cut) {
            return cut;
        }
        let bare = only_what_answers(&value).to_string();
        if fits(&bare) {
            return bare;
        }
    }
    serde_json::json!({"update_id": whole["update_id"]}).to_string()
}

fn shorten(value: &mut serde_json::Value, string_bytes_max: usize) {
    match value {
        serde_json::Value::String(text) if json_bytes(text) > string_bytes_max => {
            let mut left = string_bytes_max;
            let kept = text.chars().take_while(|c| {
                let needed = json_bytes(c.encode_utf8(&mut [0; 4]));
                left.checked_sub(needed).map(|rest| left = rest).is_some()
            });
            *text = kept.collect();
        }
        serde_json::Value::Array(items) => {
            /// Entities of a message cut short point nowhere; a few say enough.
            const ITEMS_MAX: usize = 64;
            items.truncate(ITEMS_MAX);
            for item in items {
                shorten(item, string_bytes_max);
            }
        }
        serde_json::Value::Object(fields) => {
            for field in fields.values_mut() {
                shorten(field, string_bytes_max);
            }
        }
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => {}
    }
}

/// Only what routes and answers an update is left: who, where, which.
fn only_what_answers(value: &serde_json::Value) -> serde_json::Value {
    let id = &value["update_id"];
    let message = ["message", "edited_message"]
        .into_iter()
        .find(|kind| value.get(kind).is_some());
    match message {
        Some(kind) => {
            let message = &value[kind];
            let text = message["text"]
                .as_str()
                .or(message["caption"].as_str())
                .unwrap_or_default();
            serde_json::json!({"update_id": id, kind: {"message_id": message["message_id"], "date": message["date"], "chat": message["chat"], "from": message["from"], "text": text}})
        }
        None => serde_json::json!({"update_id": id}),
    }
}

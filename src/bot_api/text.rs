//! Message text and its entities, counted as Telegram counts: in UTF-16 units.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A message's text holds this many UTF-16 units at most.
pub(super) const TEXT_UTF16_MAX: usize = 4096;
/// A caption holds this many UTF-16 units at most.
pub(super) const CAPTION_UTF16_MAX: usize = 1024;

/// A formatted or linked part of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// Telegram's name for it: `bold`, `bot_command`, `text_link` and so on.
    pub kind: String,
    /// Where it begins, in UTF-16 units.
    pub offset: usize,
    /// How long it is, in UTF-16 units.
    pub length: usize,
    /// The address of a `text_link`.
    pub url: Option<String>,
}

impl Entity {
    pub(super) fn to_json(&self) -> Value {
        let mut value = json!({"type": self.kind, "offset": self.offset, "length": self.length});
        if let Some(url) = &self.url {
            value["url"] = json!(url);
        }
        value
    }
}

/// Length as Telegram counts it.
pub(super) fn utf16_length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Text as Telegram stores it, with the entities that still fit.
///
/// Ends are trimmed, carriage returns go, other control characters become
/// spaces; entities move along, and those out of range are dropped, as are
/// those that would cut a character in two.
pub(super) fn clean(text: &str, entities: &[Entity]) -> (String, Vec<Entity>) {
    let trimmed_start = text.trim_start();
    let skipped = utf16_length(&text[..text.len() - trimmed_start.len()]);
    let trimmed = trimmed_start.trim_end();
    let plain = !trimmed.chars().any(|c| c.is_control() && c != '\n');
    if plain && entities.is_empty() {
        return (trimmed.to_owned(), Vec::new());
    }
    let mut cleaned = String::with_capacity(trimmed.len());
    // For each UTF-16 unit of the text sent, where it stands in the text kept;
    // None in the middle of a character.
    let mut place: Vec<Option<usize>> = vec![Some(0); skipped];
    let mut at = 0;
    for c in trimmed.chars() {
        place.push(Some(at));
        place.extend(std::iter::repeat_n(None, c.len_utf16() - 1));
        match c {
            '\r' => {}
            c if c.is_control() && c != '\n' => {
                cleaned.push(' ');
                at += 1;
            }
            c => {
                cleaned.push(c);
                at += c.len_utf16();
            }
        }
    }
    let units_sent = utf16_length(text);
    place.resize(units_sent + 1, Some(at));
    let kept = entities
        .iter()
        .filter_map(|entity| {
            let start = place.get(entity.offset).copied().flatten()?;
            let end = place
                .get(entity.offset.checked_add(entity.length)?)
                .copied()
                .flatten()?;
            (end > start).then(|| Entity {
                offset: start,
                length: end - start,
                ..entity.clone()
            })
        })
        .collect();
    (cleaned, kept)
}

/// Entities as a caller sent them; what cannot be one is dropped.
pub(super) fn read_entities(value: &Value) -> Vec<Entity> {
    let Some(list) = value.as_array() else {
        return Vec::new();
    };
    list.iter()
        .filter_map(|item| {
            Some(Entity {
                kind: item.get("type")?.as_str()?.to_owned(),
                offset: usize::try_from(item.get("offset")?.as_i64()?).ok()?,
                length: usize::try_from(item.get("length")?.as_i64()?).ok()?,
                url: item.get("url").and_then(Value::as_str).map(str::to_owned),
            })
        })
        .collect()
}

/// The `/commands` in a text a person typed.
pub(super) fn command_entities(text: &str) -> Vec<Entity> {
    let mut found = Vec::new();
    let mut offset = 0;
    for word in text.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end();
        if is_command(bare) {
            let kind = "bot_command".to_owned();
            found.push(Entity {
                kind,
                offset,
                length: utf16_length(bare),
                url: None,
            });
        }
        offset += utf16_length(word);
    }
    found
}

fn is_command(word: &str) -> bool {
    let Some(rest) = word.strip_prefix('/') else {
        return false;
    };
    let (name, bot) = rest.split_once('@').unwrap_or((rest, "bot"));
    let ok = |part: &str| {
        (1..=32).contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    ok(name) && ok(bot)
}

//! Messages that the bot copies, captions it changes, signs it sets on what
//! people sent.

use serde_json::{Value, json};

use super::{
    delivery::{CAPTION, NOT_MODIFIED, inline_only, message_id, words},
    message::Media,
    params::Params,
    world::{Change, Outcome, Refusal, World},
};

/// Some of the signs that Telegram lets a bot set.
const REACTIONS: [&str; 12] = [
    "👍", "👎", "❤", "🔥", "👏", "🙏", "👌", "👀", "🤝", "✍", "🫡", "💯",
];

impl World {
    /// The same message in another chat; the answer holds its number alone.
    pub(super) fn copy_message(&mut self, params: Params<'_>, now: i64) -> Outcome {
        let chat = self.reachable(params)?;
        let message_id = message_id(params)?;
        let from = params.integer("from_chat_id");
        let from = from.and_then(|from| self.chats.get(&from));
        let from = from.ok_or_else(|| Refusal::bad("chat not found"))?;
        let found = from.message(message_id).filter(|shown| !shown.deleted);
        let original = found
            .ok_or_else(|| Refusal::bad("message to copy not found"))?
            .clone();
        if original.service {
            return Err(Refusal::bad("message can't be copied"));
        }
        let mut shown = self.draft(chat, params, now)?;
        (shown.text, shown.entities) = match (original.media, params.text("caption")) {
            (Some(Media::Sticker) | None, _) | (Some(_), None) => {
                (original.text, original.entities)
            }
            (Some(_), Some(_)) => words(params, CAPTION)?,
        };
        shown.media = original.media;
        shown.contact = original.contact;
        shown.rest = original.rest;
        let sent = self.deliver(chat, shown)?;
        Ok(json!({"message_id": sent["message_id"]}))
    }

    pub(super) fn edit_caption(&mut self, params: Params<'_>, now: i64) -> Outcome {
        let chat = self.reachable(params)?;
        let message_id = message_id(params)?;
        let (text, entities) = words(params, CAPTION)?;
        let buttons = inline_only(params)?;
        let shown = self.editable(chat, message_id)?;
        if !matches!(
            shown.media,
            Some(Media::Photo | Media::Voice | Media::Document | Media::Other)
        ) {
            return Err(Refusal::bad("there is no caption in the message to edit"));
        }
        if shown.text == text && shown.entities == entities && shown.buttons == buttons {
            return Err(Refusal::bad(NOT_MODIFIED));
        }
        shown.edited = true;
        shown.edit_date = Some(now);
        (shown.text, shown.entities, shown.buttons) = (text, entities, buttons);
        self.changed(chat, message_id)
    }

    /// A bot sets one sign at most; none takes it away.
    pub(super) fn set_reaction(&mut self, params: Params<'_>) -> Outcome {
        let chat = self.reachable(params)?;
        let message_id = message_id(params)?;
        let nested = params.nested("reaction").transpose();
        let unreadable = || Refusal::bad("can't parse reaction types JSON object");
        let listed = match nested.map_err(|_| unreadable())? {
            Some(listed) => listed.as_array().cloned().ok_or_else(unreadable)?,
            None => Vec::new(),
        };
        if listed.len() > 1 {
            return Err(Refusal::bad("REACTIONS_TOO_MANY"));
        }
        let sign = listed.first().and_then(|one| one["emoji"].as_str());
        if !listed.is_empty() && !sign.is_some_and(|sign| REACTIONS.contains(&sign)) {
            return Err(Refusal::bad("REACTION_INVALID"));
        }
        let found = self.chat_mut(chat)?.message_mut(message_id);
        let shown = found
            .filter(|shown| !shown.deleted && !shown.service)
            .ok_or_else(|| Refusal::bad("message to react not found"))?;
        shown.reaction = sign.map(str::to_owned);
        self.tell(&Change::Chat(chat));
        Ok(Value::Bool(true))
    }
}

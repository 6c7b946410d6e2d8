//! Messages the bot sends, edits, deletes and pins.

use serde_json::Value;

use super::{
    chats::Chat,
    markup::{self, Keyboard, Markup},
    message::Shown,
    params::Params,
    text::{self, CAPTION_UTF16_MAX, Entity, TEXT_UTF16_MAX},
    world::{Change, Outcome, Refusal, World},
};

/// A bot can delete its messages for this long.
const DELETABLE_SECONDS: i64 = 48 * 60 * 60;

pub(super) const NOT_MODIFIED: &str = "message is not modified: specified new message content and reply \
     markup are exactly the same as a current content and reply markup of the message";

/// Which of a message's words a call carries, and how many fit.
#[derive(Clone, Copy)]
pub(super) struct Wording {
    pub text: &'static str,
    pub entities: &'static str,
    pub utf16_max: usize,
    pub too_long: &'static str,
}

pub(super) const TEXT: Wording = Wording {
    text: "text",
    entities: "entities",
    utf16_max: TEXT_UTF16_MAX,
    too_long: "message is too long",
};

pub(super) const CAPTION: Wording = Wording {
    text: "caption",
    entities: "caption_entities",
    utf16_max: CAPTION_UTF16_MAX,
    too_long: "message caption is too long",
};

impl World {
    pub(super) fn send_message(&mut self, params: Params<'_>, now: i64) -> Outcome {
        let chat = self.reachable(params)?;
        let (text, entities) = words(params, TEXT)?;
        if text.is_empty() {
            return Err(Refusal::bad("message text is empty"));
        }
        let mut shown = self.draft(chat, params, now)?;
        (shown.text, shown.entities) = (text, entities);
        self.deliver(chat, shown)
    }

    pub(super) fn edit_text(&mut self, params: Params<'_>, now: i64) -> Outcome {
        let chat = self.reachable(params)?;
        let message_id = message_id(params)?;
        let (text, entities) = words(params, TEXT)?;
        if text.is_empty() {
            return Err(Refusal::bad("message text is empty"));
        }
        let buttons = inline_only(params)?;
        let shown = self.editable(chat, message_id)?;
        if shown.media.is_some() || shown.contact.is_some() {
            return Err(Refusal::bad("there is no text in the message to edit"));
        }
        if shown.text == text && shown.entities == entities && shown.buttons == buttons {
            return Err(Refusal::bad(NOT_MODIFIED));
        }
        // Only new words make a client show "edited".
        shown.edited |= shown.text != text || shown.entities != entities;
        shown.edit_date = Some(now);
        (shown.text, shown.entities, shown.buttons) = (text, entities, buttons);
        self.changed(chat, message_id)
    }

    pub(super) fn edit_markup(&mut self, params: Params<'_>, now: i64) -> Outcome {
        let chat = self.reachable(params)?;
        let message_id = message_id(params)?;
        let buttons = inline_only(params)?;
        let shown = self.editable(chat, message_id)?;
        if shown.buttons == buttons {
            return Err(Refusal::bad(NOT_MODIFIED));
        }
        shown.edit_date = Some(now);
        shown.buttons = buttons;
        self.changed(chat, message_id)
    }

    pub(super) fn delete_message(&mut self, params: Params<'_>, now: i64) -> Outcome {
        let chat = self.reachable(params)?;
        let message_id = message_id(params)?;
        let found = self
            .chat_mut(chat)?
            .message_mut(message_id)
            .filter(|shown| !shown.deleted);
        let shown = found.ok_or_else(|| Refusal::bad("message to delete not found"))?;
        if now - shown.date > DELETABLE_SECONDS {
            return Err(Refusal::bad("message can't be deleted for everyone"));
        }
        shown.deleted = true;
        self.tell(&Change::Chat(chat));
        Ok(Value::Bool(true))
    }

    pub(super) fn pin(&mut self, params: Params<'_>) -> Outcome {
        let id = self.reachable(params)?;
        let message_id = message_id(params)?;
        let chat = self.chat_mut(id)?;
        if chat.is_group() && !chat.bot_is_admin {
            return Err(Refusal::bad(
                "not enough rights to manage pinned messages in the chat",
            ));
        }
        if chat.message(message_id).is_none_or(|shown| shown.deleted) {
            return Err(Refusal::bad("message to pin not found"));
        }
        chat.pinned = Some(message_id);
        self.tell(&Change::Chat(id));
        Ok(Value::Bool(true))
    }

    pub(super) fn unpin(&mut self, params: Params<'_>) -> Outcome {
        let id = self.reachable(params)?;
        self.chat_mut(id)?.pinned = None;
        self.tell(&Change::Chat(id));
        Ok(Value::Bool(true))
    }

    pub(super) fn chat_action(&mut self, params: Params<'_>) -> Outcome {
        self.reachable(params)?;
        match params.text("action") {
            Some(action) if !action.is_empty() => Ok(Value::Bool(true)),
            Some(_) | None => Err(Refusal::bad("wrong parameter action in request")),
        }
    }

    /// The chat a call is for, whether or not the bot may write there.
    pub(super) fn named_chat(&self, params: Params<'_>) -> Result<&Chat, Refusal> {
        let given = params.text("chat_id").filter(|given| !given.is_empty());
        let given = given.ok_or_else(|| Refusal::bad("chat_id is empty"))?;
        let found = given.parse().ok().and_then(|id: i64| self.chats.get(&id));
        found.ok_or_else(|| Refusal::bad("chat not found"))
    }

    /// The chat a call writes to.
    pub(super) fn reachable(&self, params: Params<'_>) -> Result<i64, Refusal> {
        let chat = self.named_chat(params)?;
        if let Some(moved_to) = chat.moved_to {
            return Err(Refusal::bad("group chat was upgraded to a supergroup chat")
                .with("migrate_to_chat_id", Value::from(moved_to)));
        }
        if chat.blocked {
            return Err(Refusal::blocked());
        }
        if !chat.is_group() && !chat.is_begun {
            return Err(Refusal::not_begun());
        }
        Ok(chat.id)
    }

    pub(super) fn chat_mut(&mut self, id: i64) -> Result<&mut Chat, Refusal> {
        self.chats
            .get_mut(&id)
            .ok_or_else(|| Refusal::bad("chat not found"))
    }

    /// A message of the bot with all that every kind of message may carry.
    pub(super) fn draft(&self, chat: i64, params: Params<'_>, now: i64) -> Result<Shown, Refusal> {
        let mut shown = Shown::new(self.bot.id, &self.bot.first_name, now);
        shown.from_bot = true;
        shown.silent = params.flag("disable_notification");
        match markup::read(params)? {
            Markup::None => {}
            Markup::Inline(rows) => shown.buttons = rows,
            Markup::Keyboard(keyboard) => shown.keyboard = Some(keyboard),
        }
        let chat = self
            .chats
            .get(&chat)
            .ok_or_else(|| Refusal::bad("chat not found"))?;
        if let Some(topic) = params.integer("message_thread_id") {
            if !chat.topics.iter().any(|known| known.id == topic) {
                return Err(Refusal::bad("message thread not found"));
            }
            shown.topic = Some(topic);
        }
        shown.reply_to = reply_target(chat, params)?;
        Ok(shown)
    }

    /// Appends a message to a chat; the result is the message.
    pub(super) fn deliver(&mut self, chat: i64, shown: Shown) -> Outcome {
        let keep = self.keep;
        let message_id = self.chat_mut(chat)?.push(shown, keep);
        self.changed(chat, message_id)
    }

    pub(super) fn changed(&mut self, chat: i64, message_id: i64) -> Outcome {
        self.tell(&Change::Chat(chat));
        let held = self.chats.get(&chat);
        let found = held.and_then(|chat| chat.message(message_id).map(|shown| (chat, shown)));
        let (chat, shown) = found.ok_or_else(|| Refusal::bad("message not found"))?;
        Ok(self.message_json(chat, shown))
    }

    pub(super) fn editable(&mut self, chat: i64, message_id: i64) -> Result<&mut Shown, Refusal> {
        let found = self
            .chat_mut(chat)?
            .message_mut(message_id)
            .filter(|shown| !shown.deleted);
        let shown = found.ok_or_else(|| Refusal::bad("message to edit not found"))?;
        // Telegram edits no message that brought or removed a reply keyboard.
        if !shown.from_bot || shown.keyboard.is_some() {
            return Err(Refusal::bad("message can't be edited"));
        }
        Ok(shown)
    }
}

/// The words of a call: text and entities, cleaned and measured.
pub(super) fn words(
    params: Params<'_>,
    wording: Wording,
) -> Result<(String, Vec<Entity>), Refusal> {
    if params
        .text("parse_mode")
        .is_some_and(|mode| !mode.is_empty())
    {
        // Telegram's own words for a mode it does not know; this server knows none.
        return Err(Refusal::bad("unsupported parse_mode"));
    }
    let entities = match params.nested(wording.entities) {
        Some(Ok(list)) => text::read_entities(&list),
        Some(Err(_)) => {
            return Err(Refusal::bad(
                "can't parse entities: can't parse entities JSON object",
            ));
        }
        None => Vec::new(),
    };
    let given = params.text(wording.text).unwrap_or_default();
    let (text, entities) = text::clean(&given, &entities);
    if text::utf16_length(&text) > wording.utf16_max {
        return Err(Refusal::bad(wording.too_long));
    }
    Ok((text, entities))
}

pub(super) fn message_id(params: Params<'_>) -> Result<i64, Refusal> {
    let id = params.integer("message_id").filter(|id| *id > 0);
    id.ok_or_else(|| Refusal::bad("message identifier is not specified"))
}

pub(super) fn inline_only(params: Params<'_>) -> Result<Vec<Vec<markup::Button>>, Refusal> {
    match markup::read(params)? {
        Markup::Inline(rows) => Ok(rows),
        Markup::None => Ok(Vec::new()),
        Markup::Keyboard(Keyboard::Rows(_) | Keyboard::Removed | Keyboard::ForceReply) => {
            Err(Refusal::bad("inline keyboard expected"))
        }
    }
}

fn reply_target(chat: &Chat, params: Params<'_>) -> Result<Option<i64>, Refusal> {
    let nested = params.nested("reply_parameters").and_then(Result::ok);
    let (target, lenient) = match &nested {
        Some(reply) => {
            let reply = Params(reply);
            (
                reply.integer("message_id"),
                reply.flag("allow_sending_without_reply"),
            )
        }
        None => (
            params.integer("reply_to_message_id"),
            params.flag("allow_sending_without_reply"),
        ),
    };
    let Some(target) = target else {
        return Ok(None);
    };
    match chat.message(target).filter(|shown| !shown.deleted) {
        Some(_) => Ok(Some(target)),
        None if lenient => Ok(None),
        None => Err(Refusal::bad("message to be replied not found")),
    }
}

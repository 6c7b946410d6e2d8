//! What people do: say, edit, press, share, block.

use serde_json::{Value, json};

use super::{
    chats::{Chat, Person},
    markup::ButtonAction,
    media::{media_in, media_named, sample},
    message::{Contact, Shown},
    params::Params,
    text::{self, Entity},
    world::{Change, World},
};

/// Why a person could not do something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotAct {
    /// There is no such chat.
    #[error("there is no chat {0}")]
    NoChat(i64),
    /// The group became a supergroup.
    #[error("the group moved to {0}")]
    Moved(i64),
    /// They are not in the chat.
    #[error("person {user} is not in chat {chat}")]
    NotAMember {
        /// The person.
        user: i64,
        /// The chat.
        chat: i64,
    },
    /// They blocked the bot, and must unblock it before they write.
    #[error("person {0} blocked the bot")]
    Blocked(i64),
    /// There is no such message of theirs.
    #[error("there is no message {message_id} in chat {chat} that they could edit")]
    NoMessage {
        /// The chat.
        chat: i64,
        /// The message.
        message_id: i64,
    },
    /// No message shows a callback button with that label.
    #[error("no button says {label:?}; buttons in sight: {}", visible.join(" | "))]
    NoButton {
        /// What was looked for.
        label: String,
        /// The labels in sight, newest message first.
        visible: Vec<String>,
    },
}

impl World {
    /// A person writes a text. Returns the message's id.
    pub fn say(&mut self, chat: i64, user: i64, text: &str, now: i64) -> Result<i64, CannotAct> {
        self.say_with(chat, user, json!({ "text": text }), now)
    }

    /// A person sends a message with these fields, as they go over the wire:
    /// `text` or `caption`, `photo`, `voice`, `sticker`, `contact`,
    /// `forward_origin`, `reply_to_message_id`, or anything else. Media given
    /// as `true` are filled in. Returns the message's id.
    pub fn say_with(
        &mut self,
        chat: i64,
        user: i64,
        extra: Value,
        now: i64,
    ) -> Result<i64, CannotAct> {
        let person = self.member(chat, user)?;
        let mut shown = Shown::new(user, &person.first_name, now);
        let Value::Object(mut fields) = extra else {
            return self.append(chat, shown, now);
        };
        for (name, value) in &mut fields {
            if *value == Value::Bool(true) && media_named(name).is_some() {
                *value = sample(name);
            }
        }
        shown.media = media_in(&fields);
        let (text, entities) = match shown.media {
            None => ("text", "entities"),
            Some(_) => ("caption", "caption_entities"),
        };
        if let Some(Value::String(text)) = fields.remove(text) {
            shown.entities = text::command_entities(&text);
            shown.text = text;
        }
        if let Some(entities) = fields.remove(entities) {
            shown.entities = text::read_entities(&entities);
        }
        shown.contact = fields
            .remove("contact")
            .map(|contact| read_contact(&contact));
        shown.topic = fields
            .remove("message_thread_id")
            .and_then(|topic| topic.as_i64());
        shown.reply_to = fields
            .remove("reply_to_message_id")
            .and_then(|id| id.as_i64());
        // Whoever answers in a topic writes there.
        let answered = shown
            .reply_to
            .and_then(|target| self.chats.get(&chat)?.message(target));
        shown.topic = shown.topic.or(answered.and_then(|answered| answered.topic));
        shown.rest = fields;
        self.append(chat, shown, now)
    }

    /// A person shares their own number, as the keyboard's button does.
    pub fn share_contact(
        &mut self,
        chat: i64,
        user: i64,
        phone_number: &str,
        now: i64,
    ) -> Result<i64, CannotAct> {
        let first_name = &self.member(chat, user)?.first_name;
        let contact =
            json!({"phone_number": phone_number, "first_name": first_name, "user_id": user});
        self.say_with(chat, user, json!({ "contact": contact }), now)
    }

    /// A person edits a message of theirs.
    pub fn edit(
        &mut self,
        chat: i64,
        message_id: i64,
        text: &str,
        now: i64,
    ) -> Result<(), CannotAct> {
        let held = self.chats.get_mut(&chat).ok_or(CannotAct::NoChat(chat))?;
        let shown = held
            .message_mut(message_id)
            .filter(|shown| !shown.from_bot && !shown.deleted)
            .ok_or(CannotAct::NoMessage { chat, message_id })?;
        shown.text = text.to_owned();
        shown.entities = text::command_entities(text);
        shown.edited = true;
        shown.edit_date = Some(now);
        if held.hears(message_id) {
            self.hear(chat, message_id, "edited_message", now);
        }
        self.tell(&Change::Chat(chat));
        Ok(())
    }

    /// A person presses a button with `data` on a message. Neither has to
    /// exist: clients send what they like. Returns the callback query's id.
    pub fn press(
        &mut self,
        chat: i64,
        user: i64,
        message_id: i64,
        data: &str,
        now: i64,
    ) -> Result<String, CannotAct> {
        self.member(chat, user)?;
        let held = self.chats.get(&chat).ok_or(CannotAct::NoChat(chat))?;
        let message = match held.message(message_id).filter(|shown| !shown.deleted) {
            Some(shown) => self.message_json(held, shown),
            // Telegram says so little about a message that is gone.
            None => json!({"chat": held.to_json(), "message_id": message_id, "date": 0}),
        };
        self.begin(chat);
        let from = self.sender_json(user);
        let id = self.queries.ask(now);
        let query = json!({
            "id": id,
            "from": from,
            "message": message,
            "chat_instance": chat.to_string(),
            "data": data,
        });
        self.queue_update("callback_query", query, now);
        Ok(id)
    }

    /// A person presses the button labelled `label` on the newest message
    /// that has one. Returns the callback query's id.
    pub fn press_label(
        &mut self,
        chat: i64,
        user: i64,
        label: &str,
        now: i64,
    ) -> Result<String, CannotAct> {
        let in_sight = || {
            self.messages(chat)
                .iter()
                .rev()
                .filter(|shown| !shown.deleted)
        };
        let found = in_sight().find_map(|shown| {
            let mut buttons = shown.buttons.iter().flatten();
            buttons.find_map(|button| match &button.action {
                ButtonAction::Callback(data) if button.label == label => {
                    Some((shown.message_id, data.clone()))
                }
                _ => None,
            })
        });
        match found {
            Some((message_id, data)) => self.press(chat, user, message_id, &data, now),
            None => Err(CannotAct::NoButton {
                label: label.to_owned(),
                visible: in_sight()
                    .flat_map(Shown::labels)
                    .map(str::to_owned)
                    .collect(),
            }),
        }
    }

    /// Somebody has written to the bot, though those messages may be gone: only now may
    /// it write to them.
    pub fn begin(&mut self, chat: i64) {
        if let Some(held) = self.chats.get_mut(&chat) {
            held.is_begun = true;
        }
    }

    /// A person blocks the bot: sends to them are refused with 403.
    pub fn block(&mut self, user: i64, now: i64) {
        self.set_blocked(user, true, now);
    }

    /// A person unblocks the bot.
    pub fn unblock(&mut self, user: i64, now: i64) {
        self.set_blocked(user, false, now);
    }

    fn set_blocked(&mut self, user: i64, blocked: bool, now: i64) {
        let Some(chat) = self
            .chats
            .get_mut(&user)
            .filter(|chat| chat.blocked != blocked)
        else {
            return;
        };
        chat.blocked = blocked;
        let status = |blocked: bool| match blocked {
            true => json!({"user": self.bot.to_json(), "status": "kicked", "until_date": 0}),
            false => json!({"user": self.bot.to_json(), "status": "member"}),
        };
        let update = json!({
            "chat": chat.to_json(),
            "from": self.people.get(&user).map(Person::to_json),
            "date": now,
            "old_chat_member": status(!blocked),
            "new_chat_member": status(blocked),
        });
        self.queue_update("my_chat_member", update, now);
        self.tell(&Change::Chat(user));
    }

    /// Queues an update about a message.
    pub(super) fn hear(&mut self, chat: i64, message_id: i64, kind: &str, now: i64) {
        let Some(held) = self.chats.get(&chat) else {
            return;
        };
        let Some(shown) = held.message(message_id) else {
            return;
        };
        let mut message = self.message_json(held, shown);
        // What answers nothing in a topic answers its first message.
        if let Some(target) = shown
            .reply_to
            .or(shown.topic)
            .and_then(|target| held.message(target))
        {
            message["reply_to_message"] = self.message_json(held, target);
        }
        self.queue_update(kind, message, now);
    }

    fn append(&mut self, chat: i64, shown: Shown, now: i64) -> Result<i64, CannotAct> {
        let keep = self.keep;
        let held = self.chats.get_mut(&chat).ok_or(CannotAct::NoChat(chat))?;
        let message_id = held.push(shown, keep);
        if held.hears(message_id) {
            self.hear(chat, message_id, "message", now);
        }
        self.tell(&Change::Chat(chat));
        Ok(message_id)
    }

    fn member(&self, chat: i64, user: i64) -> Result<&Person, CannotAct> {
        let held = self.chats.get(&chat).ok_or(CannotAct::NoChat(chat))?;
        if let Some(moved_to) = held.moved_to {
            return Err(CannotAct::Moved(moved_to));
        }
        if held.blocked {
            return Err(CannotAct::Blocked(user));
        }
        let person = self
            .people
            .get(&user)
            .filter(|_| held.members.contains(&user));
        person.ok_or(CannotAct::NotAMember { user, chat })
    }
}

impl Chat {
    /// Whether the bot gets a person's message: as a plain member of a group
    /// it hears only commands and replies to its own messages.
    fn hears(&self, message_id: i64) -> bool {
        let Some(shown) = self.message(message_id) else {
            return false;
        };
        let command = |entity: &Entity| entity.kind == "bot_command" && entity.offset == 0;
        let answers_bot = || {
            let target = shown.reply_to.or(shown.topic);
            let target = target.and_then(|target| self.message(target));
            target.is_some_and(|target| target.from_bot)
        };
        !self.is_group() || self.bot_is_admin || shown.entities.iter().any(command) || answers_bot()
    }
}

fn read_contact(raw: &Value) -> Contact {
    let params = Params(raw);
    let text = |name: &str| params.text(name).map(std::borrow::Cow::into_owned);
    Contact {
        phone_number: text("phone_number").unwrap_or_default(),
        first_name: text("first_name").unwrap_or_default(),
        last_name: text("last_name"),
        user_id: params.integer("user_id"),
    }
}

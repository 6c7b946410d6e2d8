//! A message as a chat shows it, and as the wire carries it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    markup::{Button, Keyboard, inline_json},
    text::Entity,
};

/// A message in a chat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// Its number, unique in its chat only; every chat counts from 1.
    pub message_id: i64,
    /// Whether the bot wrote it.
    pub from_bot: bool,
    /// Who wrote it.
    pub from_id: i64,
    /// Their first name.
    pub sender: String,
    /// The text, or the caption of a photo, voice or document.
    pub text: String,
    /// Formatting of the text.
    pub entities: Vec<Entity>,
    /// Inline buttons, by row.
    pub buttons: Vec<Vec<Button>>,
    /// What it did to the reply keyboard.
    pub keyboard: Option<Keyboard>,
    /// What it carries beside text.
    pub media: Option<Media>,
    /// The contact it is.
    pub contact: Option<Contact>,
    /// Whether its text was changed since it was sent.
    pub edited: bool,
    /// Whether it was deleted; the client no longer shows it.
    pub deleted: bool,
    /// Whether it came without a sound.
    pub silent: bool,
    /// Whether Telegram wrote it: a member joined, a topic was opened.
    pub service: bool,
    /// When it was sent, in unix seconds.
    pub date: i64,
    /// When it was last edited, in unix seconds.
    pub edit_date: Option<i64>,
    /// The forum topic it stands in.
    pub topic: Option<i64>,
    /// The message it answers.
    pub reply_to: Option<i64>,
    /// The sign the bot has set on it.
    pub reaction: Option<String>,
    /// Its other fields on the wire, photo sizes for one.
    pub rest: Map<String, Value>,
}

/// What a message carries beside text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Media {
    /// A picture.
    Photo,
    /// A voice message.
    Voice,
    /// A sticker.
    Sticker,
    /// A file.
    Document,
    /// Video, animation, audio, location and the like.
    Other,
}

/// A contact somebody shared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The number, as it was given.
    pub phone_number: String,
    /// Their first name.
    pub first_name: String,
    /// Their last name.
    pub last_name: Option<String>,
    /// Their Telegram id, if the sender's client knew it.
    pub user_id: Option<i64>,
}

impl Shown {
    /// An empty message; the chat numbers it.
    pub(super) fn new(from_id: i64, sender: &str, date: i64) -> Self {
        Shown {
            message_id: 0,
            from_bot: false,
            from_id,
            sender: sender.to_owned(),
            text: String::new(),
            entities: Vec::new(),
            buttons: Vec::new(),
            keyboard: None,
            media: None,
            contact: None,
            edited: false,
            deleted: false,
            silent: false,
            service: false,
            date,
            edit_date: None,
            topic: None,
            reply_to: None,
            reaction: None,
            rest: Map::new(),
        }
    }

    /// The labels of its inline buttons, in reading order.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.buttons
            .iter()
            .flatten()
            .map(|button| button.label.as_str())
    }

    pub(super) fn to_json(&self, chat: Value, from: Value) -> Value {
        let mut fields = self.rest.clone();
        let mut set = |name: &str, value: Value| {
            fields.insert(name.to_owned(), value);
        };
        set("message_id", json!(self.message_id));
        set("date", json!(self.date));
        set("chat", chat);
        set("from", from);
        if let Some(at) = self.edit_date {
            set("edit_date", json!(at));
        }
        if let Some(topic) = self.topic {
            set("message_thread_id", json!(topic));
            set("is_topic_message", json!(true));
        }
        let (text, entities) = match self.media {
            None => ("text", "entities"),
            Some(_) => ("caption", "caption_entities"),
        };
        if !self.text.is_empty() {
            set(text, json!(self.text));
        }
        if !self.entities.is_empty() {
            set(
                entities,
                self.entities.iter().map(Entity::to_json).collect(),
            );
        }
        if !self.buttons.is_empty() {
            set("reply_markup", inline_json(&self.buttons));
        }
        if let Some(contact) = &self.contact {
            set("contact", contact.to_json());
        }
        Value::Object(fields)
    }
}

impl Contact {
    fn to_json(&self) -> Value {
        let mut value = json!({"phone_number": self.phone_number, "first_name": self.first_name});
        if let Some(last_name) = &self.last_name {
            value["last_name"] = json!(last_name);
        }
        if let Some(user_id) = self.user_id {
            value["user_id"] = json!(user_id);
        }
        value
    }
}

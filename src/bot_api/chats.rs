//! People, chats and topics: who and what is there.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    markup::{Keyboard, KeyboardButton},
    message::Shown,
    world::{Change, World},
};

/// Ids of supergroups lie below this.
const SUPERGROUP_BELOW: i64 = -1_000_000_000_000;

/// A person or a bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Telegram's number for them.
    pub id: i64,
    /// First name.
    pub first_name: String,
    /// Name behind the `@`.
    pub username: Option<String>,
    /// The language of their client, an IETF tag.
    pub language_code: Option<String>,
    /// Whether they are a bot.
    pub is_bot: bool,
}

/// A topic of a forum group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    /// Its `message_thread_id`.
    pub id: i64,
    /// What it is called.
    pub name: String,
    /// Whether it was closed.
    pub closed: bool,
}

/// A private chat or a group.
#[derive(Serialize, Deserialize)]
pub(super) struct Chat {
    pub id: i64,
    pub place: Place,
    pub members: BTreeSet<i64>,
    messages: Vec<Shown>,
    last_id: i64,
    pub keyboard: Option<Vec<Vec<KeyboardButton>>>,
    pub blocked: bool,
    /// Its person has written in it: no bot may write first.
    #[serde(default)]
    pub is_begun: bool,
    pub bot_is_admin: bool,
    pub forum: bool,
    pub topics: Vec<Topic>,
    pub pinned: Option<i64>,
    pub moved_to: Option<i64>,
}

#[derive(Serialize, Deserialize)]
pub(super) enum Place {
    Private {
        first_name: String,
        username: Option<String>,
    },
    Group {
        title: String,
    },
}

impl World {
    /// Adds a person and their private chat, whose id is theirs.
    pub fn add_person(
        &mut self,
        user_id: i64,
        first_name: &str,
        username: Option<&str>,
        language_code: Option<&str>,
    ) {
        let person = Person {
            id: user_id,
            first_name: first_name.to_owned(),
            username: username.map(str::to_owned),
            language_code: language_code.map(str::to_owned),
            is_bot: false,
        };
        let place = Place::Private {
            first_name: person.first_name.clone(),
            username: person.username.clone(),
        };
        self.people.insert(user_id, person);
        let chat = self
            .chats
            .entry(user_id)
            .or_insert_with(|| Chat::new(user_id, place));
        chat.members.insert(user_id);
        self.tell(&Change::Chat(user_id));
    }

    /// Changes the language of a person's client.
    pub fn set_language(&mut self, user_id: i64, language_code: Option<&str>) {
        if let Some(person) = self.people.get_mut(&user_id) {
            person.language_code = language_code.map(str::to_owned);
            self.tell(&Change::Chat(user_id));
        }
    }

    /// Numbers messages above `id` from now on, in the chats there are: a store
    /// may remember the messages of a world that is gone.
    pub fn number_messages_above(&mut self, id: i64) {
        for chat in self.chats.values_mut() {
            chat.last_id = chat.last_id.max(id);
        }
    }

    /// Adds a group with the bot in it as an administrator. `chat_id` is
    /// negative; below -1000000000000 it is a supergroup.
    pub fn add_group(&mut self, chat_id: i64, title: &str) {
        let place = Place::Group {
            title: title.to_owned(),
        };
        self.chats.insert(chat_id, Chat::new(chat_id, place));
        self.tell(&Change::Chat(chat_id));
    }

    /// Puts a person into a group.
    pub fn join(&mut self, chat: i64, user: i64) {
        if let Some(chat) = self.chats.get_mut(&chat) {
            chat.members.insert(user);
        }
    }

    /// Takes a person out of a group.
    pub fn leave(&mut self, chat: i64, user: i64) {
        if let Some(chat) = self.chats.get_mut(&chat) {
            chat.members.remove(&user);
        }
    }

    /// Makes the bot an administrator of a group, or a plain member, who
    /// there hears only commands and replies to its messages.
    pub fn set_bot_admin(&mut self, chat: i64, admin: bool) {
        if let Some(chat) = self.chats.get_mut(&chat) {
            chat.bot_is_admin = admin;
        }
    }

    /// Lets a supergroup have topics, or not.
    pub fn set_forum(&mut self, chat: i64, forum: bool) {
        if let Some(chat) = self.chats.get_mut(&chat) {
            chat.forum = forum && chat.is_supergroup();
        }
    }

    /// The reply keyboard that stands in a chat.
    #[must_use]
    pub fn keyboard(&self, chat: i64) -> Option<&[Vec<KeyboardButton>]> {
        self.chats.get(&chat)?.keyboard.as_deref()
    }

    /// The topics of a forum group.
    #[must_use]
    pub fn topics(&self, chat: i64) -> &[Topic] {
        self.chats.get(&chat).map_or(&[], |chat| &chat.topics)
    }

    /// The pinned message of a chat.
    #[must_use]
    pub fn pinned(&self, chat: i64) -> Option<i64> {
        self.chats.get(&chat)?.pinned
    }

    /// The title of a group, or the first name of a private chat's person.
    #[must_use]
    pub fn title(&self, chat: i64) -> Option<&str> {
        Some(match &self.chats.get(&chat)?.place {
            Place::Private { first_name, .. } => first_name,
            Place::Group { title } => title,
        })
    }
}

impl Person {
    pub(super) fn to_json(&self) -> Value {
        let mut value =
            json!({"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name});
        if let Some(username) = &self.username {
            value["username"] = json!(username);
        }
        if let Some(language_code) = &self.language_code {
            value["language_code"] = json!(language_code);
        }
        value
    }
}

impl Chat {
    pub fn new(id: i64, place: Place) -> Self {
        let bot_is_admin = matches!(place, Place::Group { .. });
        Chat {
            id,
            place,
            members: BTreeSet::new(),
            messages: Vec::new(),
            last_id: 0,
            keyboard: None,
            blocked: false,
            is_begun: false,
            bot_is_admin,
            forum: false,
            topics: Vec::new(),
            pinned: None,
            moved_to: None,
        }
    }

    pub fn is_group(&self) -> bool {
        matches!(self.place, Place::Group { .. })
    }

    pub fn is_supergroup(&self) -> bool {
        self.is_group() && self.id < SUPERGROUP_BELOW
    }

    /// The newest `keep` messages; a few more may still be held.
    pub fn newest(&self, keep: usize) -> &[Shown] {
        &self.messages[self.messages.len().saturating_sub(keep)..]
    }

    pub fn message(&self, message_id: i64) -> Option<&Shown> {
        self.position(message_id).map(|at| &self.messages[at])
    }

    pub fn message_mut(&mut self, message_id: i64) -> Option<&mut Shown> {
        self.position(message_id).map(|at| &mut self.messages[at])
    }

    fn position(&self, message_id: i64) -> Option<usize> {
        self.messages
            .binary_search_by_key(&message_id, |shown| shown.message_id)
            .ok()
    }

    /// Takes every message of a topic away.
    pub fn delete_in_topic(&mut self, topic: i64) {
        for shown in &mut self.messages {
            shown.deleted |= shown.topic == Some(topic);
        }
    }

    /// Numbers a message and appends it.
    pub fn push(&mut self, mut shown: Shown, keep: usize) -> i64 {
        self.last_id += 1;
        shown.message_id = self.last_id;
        self.is_begun |= !shown.from_bot;
        match &shown.keyboard {
            Some(Keyboard::Rows(rows)) => self.keyboard = Some(rows.clone()),
            Some(Keyboard::Removed) => self.keyboard = None,
            Some(Keyboard::ForceReply) | None => {}
        }
        self.messages.push(shown);
        // Dropping half at a time keeps a message's cost constant.
        if self.messages.len() >= keep.saturating_mul(2) {
            self.messages.drain(..self.messages.len() - keep);
        }
        self.last_id
    }

    pub fn to_json(&self) -> Value {
        match &self.place {
            Place::Private {
                first_name,
                username,
            } => {
                let mut value = json!({"id": self.id, "type": "private", "first_name": first_name});
                if let Some(username) = username {
                    value["username"] = json!(username);
                }
                value
            }
            Place::Group { title } if self.is_supergroup() => {
                let mut value = json!({"id": self.id, "type": "supergroup", "title": title});
                if self.forum {
                    value["is_forum"] = json!(true);
                }
                value
            }
            Place::Group { title } => json!({
                "id": self.id,
                "type": "group",
                "title": title,
                "all_members_are_administrators": false,
            }),
        }
    }
}

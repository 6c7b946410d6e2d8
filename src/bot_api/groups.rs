//! Chats and their members as the bot may ask about them, and forum topics.

use serde_json::{Value, json};

use super::{
    chats::{Chat, Place, Topic},
    message::Shown,
    params::Params,
    world::{Change, Outcome, Refusal, World},
};

/// A topic's name holds this many characters at most.
const TOPIC_NAME_MAX: usize = 128;
/// The colour Telegram gives a topic that asks for none.
const TOPIC_COLOUR: u32 = 0x6F_B9_F0;

impl World {
    pub(super) fn chat_info(&self, params: Params<'_>) -> Outcome {
        let chat = self.named_chat(params)?;
        let mut info = chat.to_json();
        info["accent_color_id"] = json!(1);
        info["max_reaction_count"] = json!(11);
        info["accepted_gift_types"] = json!({
            "unlimited_gifts": false,
            "limited_gifts": false,
            "unique_gifts": false,
            "premium_subscription": false,
        });
        if let Some(shown) = chat.pinned.and_then(|pinned| chat.message(pinned)) {
            info["pinned_message"] = self.message_json(chat, shown);
        }
        Ok(info)
    }

    pub(super) fn chat_member(&self, params: Params<'_>) -> Outcome {
        let chat = self.named_chat(params)?;
        let user = params
            .integer("user_id")
            .ok_or_else(|| Refusal::bad("invalid user_id specified"))?;
        if user != self.bot.id && !self.people.contains_key(&user) {
            return Err(Refusal::bad("member not found"));
        }
        Ok(self.member_json(chat, user))
    }

    pub(super) fn chat_administrators(&self, params: Params<'_>) -> Outcome {
        let chat = self.named_chat(params)?;
        if !chat.is_group() {
            return Err(Refusal::bad(
                "there are no administrators in the private chat",
            ));
        }
        let bot = chat.bot_is_admin.then_some(self.bot.id);
        let owner = chat.members.first().copied();
        Ok(owner
            .into_iter()
            .chain(bot)
            .map(|user| self.member_json(chat, user))
            .collect())
    }

    pub(super) fn chat_member_count(&self, params: Params<'_>) -> Outcome {
        Ok(json!(self.named_chat(params)?.members.len() + 1))
    }

    /// A member of a chat; the first person of a group owns it.
    fn member_json(&self, chat: &Chat, user: i64) -> Value {
        let person = self.sender_json(user);
        if user == self.bot.id {
            return match chat.bot_is_admin {
                true => administrator(person),
                false => json!({"user": person, "status": "member"}),
            };
        }
        if !chat.members.contains(&user) {
            return json!({"user": person, "status": "left"});
        }
        if chat.is_group() && chat.members.first() == Some(&user) {
            return json!({"user": person, "status": "creator", "is_anonymous": false});
        }
        json!({"user": person, "status": "member"})
    }

    pub(super) fn create_topic(&mut self, params: Params<'_>, now: i64) -> Outcome {
        let id = self.forum(params)?;
        let name = params.text("name").unwrap_or_default().trim().to_owned();
        if name.is_empty() || name.chars().count() > TOPIC_NAME_MAX {
            return Err(Refusal::bad("TOPIC_TITLE_EMPTY"));
        }
        let (bot, sender, keep) = (self.bot.id, self.bot.first_name.clone(), self.keep);
        let chat = self.chat_mut(id)?;
        let mut shown = service(bot, &sender, now);
        shown.from_bot = true;
        shown.rest.insert(
            "forum_topic_created".to_owned(),
            json!({"name": name, "icon_color": TOPIC_COLOUR}),
        );
        let topic = chat.push(shown, keep);
        if let Some(first) = chat.message_mut(topic) {
            first.topic = Some(topic);
        }
        chat.topics.push(Topic {
            id: topic,
            name: name.clone(),
            closed: false,
        });
        self.tell(&Change::Chat(id));
        Ok(json!({"message_thread_id": topic, "name": name, "icon_color": TOPIC_COLOUR}))
    }

    /// Closes a topic, or opens it again.
    pub(super) fn turn_topic(&mut self, params: Params<'_>, closed: bool, now: i64) -> Outcome {
        let id = self.forum(params)?;
        let topic = self.topic(id, params)?;
        if topic.closed == closed {
            return Err(Refusal::bad("TOPIC_NOT_MODIFIED"));
        }
        topic.closed = closed;
        let topic = topic.id;
        let field = match closed {
            true => "forum_topic_closed",
            false => "forum_topic_reopened",
        };
        self.note_in_topic(id, topic, field, json!({}), now)
    }

    /// Calls a topic something else.
    pub(super) fn name_topic(&mut self, params: Params<'_>, now: i64) -> Outcome {
        let id = self.forum(params)?;
        let name = params.text("name").unwrap_or_default().trim().to_owned();
        if name.chars().count() > TOPIC_NAME_MAX {
            return Err(Refusal::bad("TOPIC_TITLE_EMPTY"));
        }
        let topic = self.topic(id, params)?;
        if name.is_empty() || topic.name == name {
            return Err(Refusal::bad("TOPIC_NOT_MODIFIED"));
        }
        topic.name.clone_from(&name);
        let topic = topic.id;
        self.note_in_topic(id, topic, "forum_topic_edited", json!({"name": name}), now)
    }

    /// A person deletes a topic, and every message in it.
    pub fn delete_topic(&mut self, group: i64, topic: i64) {
        if let Some(chat) = self.chats.get_mut(&group) {
            chat.topics.retain(|known| known.id != topic);
            chat.delete_in_topic(topic);
            self.tell(&Change::Chat(group));
        }
    }

    /// The topic a call names.
    fn topic(&mut self, chat: i64, params: Params<'_>) -> Result<&mut Topic, Refusal> {
        let wanted = params.integer("message_thread_id");
        let topics = &mut self.chat_mut(chat)?.topics;
        let found = topics.iter_mut().find(|topic| Some(topic.id) == wanted);
        found.ok_or_else(|| Refusal::bad("message thread not found"))
    }

    /// What Telegram writes into a topic when it changes.
    fn note_in_topic(
        &mut self,
        chat: i64,
        topic: i64,
        field: &str,
        value: Value,
        now: i64,
    ) -> Outcome {
        let (bot, sender, keep) = (self.bot.id, self.bot.first_name.clone(), self.keep);
        let mut shown = service(bot, &sender, now);
        shown.topic = Some(topic);
        shown.rest.insert(field.to_owned(), value);
        self.chat_mut(chat)?.push(shown, keep);
        self.tell(&Change::Chat(chat));
        Ok(Value::Bool(true))
    }

    /// The chat a topic call is for: a forum the bot may manage.
    fn forum(&self, params: Params<'_>) -> Result<i64, Refusal> {
        let id = self.reachable(params)?;
        let chat = self.named_chat(params)?;
        if !chat.forum {
            return Err(Refusal::bad("the chat is not a forum"));
        }
        if !chat.bot_is_admin {
            return Err(Refusal::bad("not enough rights to create a topic"));
        }
        Ok(id)
    }

    /// A person leaves a group or comes into it, and the bot hears so, as it
    /// does of every service message.
    pub fn pass_through(&mut self, group: i64, user: i64, leaves: bool, now: i64) {
        let person = self.sender_json(user);
        let keep = self.keep;
        let Some(chat) = self.chats.get_mut(&group).filter(|chat| chat.is_group()) else {
            return;
        };
        let mut shown = service(user, "", now);
        if leaves {
            chat.members.remove(&user);
            shown.rest.insert("left_chat_member".to_owned(), person);
        } else {
            chat.members.insert(user);
            shown
                .rest
                .insert("new_chat_members".to_owned(), json!([person]));
        }
        let message = chat.push(shown, keep);
        self.hear(group, message, "message", now);
        self.tell(&Change::Chat(group));
    }

    /// Upgrades a group to a supergroup, as its owner may at any time: the
    /// chat gets a new id and an empty history, and calls to the old id are
    /// refused with `migrate_to_chat_id`. Returns the new id.
    pub fn migrate(&mut self, group: i64, now: i64) -> Option<i64> {
        let keep = self.keep;
        let old = self.chats.get_mut(&group).filter(|chat| chat.is_group())?;
        if let Some(moved_to) = old.moved_to {
            return Some(moved_to);
        }
        let new_id = match old.is_supergroup() {
            // Telegram never moves a supergroup again; a test may.
            true => group - 1,
            false => group - 1_000_000_000_000,
        };
        let Place::Group { title } = &old.place else {
            return None;
        };
        let owner = old.members.first().copied().unwrap_or(self.bot.id);
        let mut new = Chat::new(
            new_id,
            Place::Group {
                title: title.clone(),
            },
        );
        new.members.clone_from(&old.members);
        new.bot_is_admin = old.bot_is_admin;
        old.moved_to = Some(new_id);
        let sender = self
            .people
            .get(&owner)
            .map_or("Group", |person| &person.first_name);
        let mut leaving = service(owner, sender, now);
        leaving
            .rest
            .insert("migrate_to_chat_id".to_owned(), json!(new_id));
        let mut arriving = service(owner, sender, now);
        arriving
            .rest
            .insert("migrate_from_chat_id".to_owned(), json!(group));
        let left = old.push(leaving, keep);
        let arrived = new.push(arriving, keep);
        self.chats.insert(new_id, new);
        for (chat, message_id) in [(group, left), (new_id, arrived)] {
            self.hear(chat, message_id, "message", now);
            self.tell(&Change::Chat(chat));
        }
        Some(new_id)
    }
}

fn service(from: i64, sender: &str, now: i64) -> Shown {
    let mut shown = Shown::new(from, sender, now);
    shown.service = true;
    shown
}

fn administrator(user: Value) -> Value {
    json!({
        "user": user,
        "status": "administrator",
        "can_be_edited": false,
        "is_anonymous": false,
        "can_manage_chat": true,
        "can_delete_messages": true,
        "can_manage_video_chats": false,
        "can_restrict_members": false,
        "can_promote_members": false,
        "can_change_info": true,
        "can_invite_users": true,
        "can_post_stories": false,
        "can_edit_stories": false,
        "can_delete_stories": false,
        "can_pin_messages": true,
        "can_manage_topics": true,
    })
}

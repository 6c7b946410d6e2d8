//! Reads one update from its raw JSON.
//!
//! Small structs of our own, in which each field may be missing or odd; what
//! cannot be read is said to be unreadable, never an error. Logs nothing.

use serde::Deserialize;
use serde_json::Value;

use super::maybe::Maybe;
use crate::channel::{Incoming, IncomingKind, Media, Sender};
use crate::ids::{ChatId, MessageId, PatientText, TopicId, UserId};

/// Telegram takes command names up to this long.
const COMMAND_BYTES_MAX: usize = 32;

/// Two names of 64 characters and the space between them.
const NAME_CHARS_MAX: usize = 129;

/// Messages that people did not write: nobody waits for an answer to them.
const SERVICE_FIELDS: [&str; 51] = [
    "boost_added",
    "channel_chat_created",
    "chat_background_set",
    "chat_owner_changed",
    "chat_owner_left",
    "chat_shared",
    "checklist_tasks_added",
    "checklist_tasks_done",
    "connected_website",
    "delete_chat_photo",
    "direct_message_price_changed",
    "forum_topic_closed",
    "forum_topic_created",
    "forum_topic_edited",
    "forum_topic_reopened",
    "general_forum_topic_hidden",
    "general_forum_topic_unhidden",
    "gift",
    "gift_upgrade_sent",
    "giveaway_completed",
    "giveaway_created",
    "group_chat_created",
    "left_chat_member",
    "left_chat_participant",
    "message_auto_delete_timer_changed",
    "migrate_from_chat_id",
    "migrate_to_chat_id",
    "new_chat_member",
    "new_chat_members",
    "new_chat_participant",
    "new_chat_photo",
    "new_chat_title",
    "paid_message_price_changed",
    "passport_data",
    "pinned_message",
    "proximity_alert_triggered",
    "refunded_payment",
    "successful_payment",
    "suggested_post_approved",
    "suggested_post_approval_failed",
    "suggested_post_declined",
    "suggested_post_paid",
    "suggested_post_refunded",
    "supergroup_chat_created",
    "unique_gift",
    "users_shared",
    "video_chat_ended",
    "video_chat_participants_invited",
    "video_chat_scheduled",
    "video_chat_started",
    "write_access_allowed",
];

/// Messages that words can stand below.
const CAPTIONED_FIELDS: [&str; 6] = ["animation", "audio", "document", "photo", "video", "voice"];

/// Reads an update. `bot_username` is this bot's, without the `@`: commands
/// with another bot's name are ignored.
///
/// None when this is no JSON object with an `update_id`. An update of a kind
/// that is not acted on comes back as [`IncomingKind::Ignored`] without a chat.
#[must_use]
pub fn read_update(raw: &str, bot_username: &str) -> Option<Incoming> {
    let whole = serde_json::from_str::<Value>(raw)
        .or_else(|_| serde_json::from_str(&without_half_surrogates(raw)));
    let Ok(update) = whole else {
        // A very deep nest cannot be held as a value; the number can, so that
        // the update is taken and does not come again.
        let numbered: Numbered = serde_json::from_str(raw).ok()?;
        return Some(ignored(numbered.update_id));
    };
    let number = update.as_object()?.get("update_id")?.as_i64()?;
    let incoming = if let Some(message) = update.get("message") {
        read_message(number, message, bot_username)
    } else if let Some(message) = update.get("edited_message") {
        read_edited(number, message, bot_username)
    } else if let Some(press) = update.get("callback_query") {
        read_press(number, press)
    } else if let Some(change) = update.get("my_chat_member") {
        read_membership(number, change)
    } else {
        None
    };
    Some(incoming.unwrap_or_else(|| ignored(number)))
}

/// The same JSON with each `\uD83D` that has no other half as `\uFFFD`: one
/// broken character must not cost what else was written.
#[must_use]
pub fn without_half_surrogates(raw: &str) -> String {
    let mut whole = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(place) = rest.find('\\') {
        let (before, escape) = rest.split_at(place);
        whole.push_str(before);
        let taken = match (surrogate(escape), escape.get(6..).and_then(surrogate)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(_), _) => {
                whole.push_str("\\uFFFD");
                rest = &escape[6..];
                continue;
            }
            // The backslash and what it escapes.
            (None, _) => 1 + escape[1..].chars().next().map_or(0, char::len_utf8),
        };
        whole.push_str(&escape[..taken]);
        rest = &escape[taken..];
    }
    whole.push_str(rest);
    whole
}

/// The half of a surrogate pair that an escape at the start of `text` writes.
fn surrogate(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16)
        .ok()
        .filter(|half| (0xD800..=0xDFFF).contains(half))
}

#[derive(Deserialize)]
struct Numbered {
    update_id: i64,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Message {
    message_id: Maybe<i64>,
    message_thread_id: Maybe<i64>,
    is_topic_message: Maybe<bool>,
    chat: Maybe<Chat>,
    from: Maybe<User>,
    sender_chat: Maybe<Value>,
    text: Maybe<String>,
    entities: Maybe<Vec<Maybe<Entity>>>,
    caption: Maybe<String>,
    contact: Maybe<Contact>,
    migrate_to_chat_id: Maybe<i64>,
    reply_to_message: Maybe<Answered>,
    external_reply: Maybe<Answered>,
    left_chat_member: Maybe<User>,
    new_chat_members: Maybe<Vec<Maybe<User>>>,
}

/// The message a reply answers.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Answered {
    message_id: Maybe<i64>,
    chat: Maybe<Chat>,
    from: Maybe<User>,
}

impl Answered {
    fn chat(&self) -> Option<ChatId> {
        self.chat.0.as_ref().and_then(|chat| chat.id.0).map(ChatId)
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Chat {
    id: Maybe<i64>,
    #[serde(rename = "type")]
    kind: Maybe<String>,
    is_forum: Maybe<bool>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct User {
    id: Maybe<i64>,
    first_name: Maybe<String>,
    last_name: Maybe<String>,
    username: Maybe<String>,
    language_code: Maybe<String>,
}

#[derive(Deserialize)]
struct Entity {
    #[serde(rename = "type")]
    kind: String,
    offset: i64,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Contact {
    phone_number: Maybe<String>,
    user_id: Maybe<i64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct CallbackQuery {
    id: Maybe<String>,
    from: Maybe<User>,
    message: Maybe<PressedMessage>,
    data: Maybe<String>,
}

/// The message a button stands under. When it is too old to be accessible it
/// has `date` 0, and still a chat and a number.
#[derive(Deserialize, Default)]
#[serde(default)]
struct PressedMessage {
    message_id: Maybe<i64>,
    message_thread_id: Maybe<i64>,
    is_topic_message: Maybe<bool>,
    chat: Maybe<Chat>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct MembershipChange {
    chat: Maybe<Chat>,
    from: Maybe<User>,
    new_chat_member: Maybe<Member>,
}

#[derive(Deserialize)]
struct Member {
    status: String,
    /// Said of the restricted alone.
    #[serde(default)]
    can_send_messages: Maybe<bool>,
}

impl Message {
    /// What a person wrote, with or beside a picture.
    fn words(&mut self) -> Option<PatientText> {
        [self.text.0.take(), self.caption.0.take()]
            .into_iter()
            .flatten()
            .find(|words| !words.trim().is_empty())
            .map(PatientText::new)
    }

    fn incoming(self, update: i64, bot_username: &str, kind: IncomingKind) -> Incoming {
        let place = Place::of(self.chat.0.as_ref());
        // A message of another chat has a number of that chat.
        let (answered, elsewhere) = match self.reply_to_message.0 {
            Some(one) if one.chat().is_some_and(|chat| Some(chat) != place.chat) => {
                (None, Some(one))
            }
            one => (one, self.external_reply.0),
        };
        let elsewhere = elsewhere.and_then(|one| Some((one.chat()?, MessageId(one.message_id.0?))));
        let answers_bot = answered
            .as_ref()
            .and_then(|answered| answered.from.0.as_ref())
            .and_then(|from| from.username.0.as_deref())
            .is_some_and(|name| is_name(name, bot_username));
        Incoming {
            update,
            chat: place.chat,
            private: place.private,
            // Behind an anonymous admin or a channel stands a placeholder user.
            from: match self.sender_chat.0 {
                None => self.from.0.and_then(sender),
                Some(_) => None,
            },
            message: self.message_id.0.map(MessageId),
            reply_to: answered
                .and_then(|answered| answered.message_id.0)
                .map(MessageId),
            reply_elsewhere: elsewhere,
            answers_bot,
            media: None,
            topic: topic(self.message_thread_id.0, self.is_topic_message.0),
            has_topics: place.has_topics,
            kind,
        }
    }
}

struct Place {
    chat: Option<ChatId>,
    private: bool,
    has_topics: bool,
}

impl Place {
    fn of(chat: Option<&Chat>) -> Self {
        let id = chat.and_then(|chat| chat.id.0);
        let private = match chat.and_then(|chat| chat.kind.0.as_deref()) {
            Some(kind) => kind == "private",
            None => id.is_some_and(|id| id > 0),
        };
        Self {
            chat: id.map(ChatId),
            private: private && id.is_some(),
            has_topics: chat.and_then(|chat| chat.is_forum.0) == Some(true),
        }
    }
}

fn read_message(update: i64, value: &Value, bot_username: &str) -> Option<Incoming> {
    let fields = value.as_object()?;
    let mut message = Message::deserialize(value).ok()?;
    let private = Place::of(message.chat.0.as_ref()).private;
    let kind = if let (Some(to), false) = (message.migrate_to_chat_id.0, private) {
        IncomingKind::Migrated(ChatId(to))
    } else if let (Some(left), false) = (message.left_chat_member.0.take(), private) {
        sender(left).map_or(IncomingKind::Ignored, IncomingKind::Left)
    } else if let (Some(came), false) = (message.new_chat_members.0.take(), private) {
        let came = came.into_iter().filter_map(|user| user.0.and_then(sender));
        IncomingKind::Came(came.collect())
    } else if let Some(command) = read_command(&message, bot_username, private) {
        command
    } else if let Some(words) = message.words() {
        IncomingKind::Text(words)
    } else if let Some(contact) = read_contact(&mut message) {
        contact
    } else if SERVICE_FIELDS.iter().any(|name| fields.contains_key(*name)) {
        IncomingKind::Ignored
    } else {
        IncomingKind::Unreadable
    };
    let mut incoming = message.incoming(update, bot_username, kind);
    incoming.media = media_in(fields, &incoming.kind);
    Some(incoming)
}

/// The topic a message stands in. Replies in other groups have a thread too.
fn topic(thread: Option<i64>, is_topic: Option<bool>) -> Option<TopicId> {
    thread.filter(|_| is_topic == Some(true)).map(TopicId)
}

/// What a message holds beside words.
fn media_in(fields: &serde_json::Map<String, Value>, kind: &IncomingKind) -> Option<Media> {
    let has = |name: &&str| fields.contains_key(*name);
    match kind {
        IncomingKind::Text(_) | IncomingKind::Edited(_) | IncomingKind::Unreadable => {
            if CAPTIONED_FIELDS.iter().any(has) {
                return Some(Media::Captioned);
            }
            (*kind == IncomingKind::Unreadable).then_some(Media::Bare)
        }
        IncomingKind::Contact { .. } => Some(Media::Bare),
        IncomingKind::Command { .. }
        | IncomingKind::Press { .. }
        | IncomingKind::Migrated(_)
        | IncomingKind::Left(_)
        | IncomingKind::Came(_)
        | IncomingKind::Removed(_)
        | IncomingKind::Blocked(_)
        | IncomingKind::Ignored => None,
    }
}

/// An edit without words is a live location that moves, or another picture:
/// the first one was answered.
fn read_edited(update: i64, value: &Value, bot_username: &str) -> Option<Incoming> {
    let fields = value.as_object()?;
    let mut message = Message::deserialize(value).ok()?;
    let kind = message
        .words()
        .map_or(IncomingKind::Ignored, IncomingKind::Edited);
    let mut incoming = message.incoming(update, bot_username, kind);
    incoming.media = media_in(fields, &incoming.kind);
    Some(incoming)
}

/// A press counts even when its message is gone or hidden: it may be a red flag.
fn read_press(update: i64, value: &Value) -> Option<Incoming> {
    value.as_object()?;
    let press = CallbackQuery::deserialize(value).ok()?;
    let from = press.from.0.and_then(sender);
    let message = press.message.0.unwrap_or_default();
    let mut place = Place::of(message.chat.0.as_ref());
    if place.chat.is_none() {
        place = Place {
            chat: from.as_ref().map(|from| ChatId(from.user.0)),
            private: from.is_some(),
            has_topics: false,
        };
    }
    Some(Incoming {
        update,
        chat: place.chat,
        private: place.private,
        from,
        message: message.message_id.0.map(MessageId),
        reply_to: None,
        reply_elsewhere: None,
        answers_bot: false,
        media: None,
        topic: topic(message.message_thread_id.0, message.is_topic_message.0),
        has_topics: place.has_topics,
        kind: IncomingKind::Press {
            id: press.id.0.unwrap_or_default(),
            data: press.data.0.unwrap_or_default(),
        },
    })
}

fn read_membership(update: i64, value: &Value) -> Option<Incoming> {
    value.as_object()?;
    let change = MembershipChange::deserialize(value).ok()?;
    let place = Place::of(change.chat.0.as_ref());
    let member = change.new_chat_member.0;
    let may_write = member.as_ref().and_then(|one| one.can_send_messages.0) != Some(false);
    let status = member.map(|member| member.status);
    let kind = match (place.private, status.as_deref()) {
        (true, Some("kicked")) => IncomingKind::Blocked(true),
        (true, Some("member")) => IncomingKind::Blocked(false),
        (false, Some("kicked" | "left")) => IncomingKind::Removed(true),
        (false, Some("restricted")) => IncomingKind::Removed(!may_write),
        (false, Some("member" | "administrator")) => IncomingKind::Removed(false),
        _ => IncomingKind::Ignored,
    };
    Some(Incoming {
        update,
        chat: place.chat,
        private: place.private,
        from: change.from.0.and_then(sender),
        message: None,
        reply_to: None,
        reply_elsewhere: None,
        answers_bot: false,
        media: None,
        topic: None,
        has_topics: place.has_topics,
        kind,
    })
}

/// A command, or another bot's; none for words. Telegram marks commands with an
/// entity; without one the whole first word must look like a command, so that
/// "/my leg/ hurts" stays words and is heard.
fn read_command(message: &Message, bot_username: &str, private: bool) -> Option<IncomingKind> {
    // In a group a command may stand below a picture too. In private those words
    // are read as words: they may tell of a sign.
    let caption = message.caption.0.as_deref().filter(|_| !private);
    let text = message.text.0.as_deref().or(caption)?;
    let (name, rest) = split_word(text.strip_prefix('/')?);
    if name.is_empty() || name.len() > COMMAND_BYTES_MAX {
        return None;
    }
    let (bot, rest) = match rest.strip_prefix('@') {
        Some(after) => split_word(after),
        None => ("", rest),
    };
    let entities = message.entities.0.as_deref().unwrap_or_default();
    let marked = entities
        .iter()
        .filter_map(|entity| entity.0.as_ref())
        .any(|entity| entity.kind == "bot_command" && entity.offset == 0);
    if !marked && !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
        return None;
    }
    if !bot.is_empty() && !is_name(bot, bot_username) {
        // In a group it is for the other bot; in private nobody else reads it.
        return (!private).then_some(IncomingKind::Ignored);
    }
    Some(IncomingKind::Command {
        name: name.to_ascii_lowercase(),
        argument: PatientText::new(rest.trim().to_owned()),
    })
}

/// Whether words begin as a command does.
#[must_use]
pub fn is_command(words: &str) -> bool {
    words
        .trim_start()
        .strip_prefix('/')
        .is_some_and(|rest| !split_word(rest).0.is_empty())
}

/// Whether a name is this bot's.
fn is_name(name: &str, bot_username: &str) -> bool {
    let ours = bot_username.strip_prefix('@').unwrap_or(bot_username);
    name.eq_ignore_ascii_case(ours)
}

/// The leading `[A-Za-z0-9_]` of a text, and what stands behind them.
fn split_word(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    text.split_at(end)
}

fn read_contact(message: &mut Message) -> Option<IncomingKind> {
    let contact = message.contact.0.take()?;
    let number = contact.phone_number.0?;
    let from = match message.sender_chat.0 {
        None => message.from.0.as_ref().and_then(|from| from.id.0),
        Some(_) => None,
    };
    Some(IncomingKind::Contact {
        number: PatientText::new(number),
        own: from.is_some() && contact.user_id.0 == from,
    })
}

fn sender(user: User) -> Option<Sender> {
    let id = user.id.0?;
    let mut name = user.first_name.0.unwrap_or_default();
    if let Some(last) = user.last_name.0 {
        name.push(' ');
        name.push_str(&last);
    }
    Some(Sender {
        user: UserId(id),
        name: name.trim().chars().take(NAME_CHARS_MAX).collect(),
        username: user.username.0.filter(|username| !username.is_empty()),
        language: user.language_code.0.filter(|tag| !tag.is_empty()),
    })
}

const fn ignored(update: i64) -> Incoming {
    Incoming {
        update,
        chat: None,
        private: false,
        from: None,
        message: None,
        reply_to: None,
        reply_elsewhere: None,
        answers_bot: false,
        media: None,
        topic: None,
        has_topics: false,
        kind: IncomingKind::Ignored,
    }
}

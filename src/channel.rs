//! What a channel takes and gives.
//!
//! The values here say what is to be sent and what came of it; a channel turns
//! them into its own wire form. It keeps nothing and retries nothing: that is
//! the outbox's work.

pub mod alarm;
pub mod telegram;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::content::RichText;
use crate::dialog::Keyboard;
use crate::ids::PatientText;
use crate::ids::{ChatId, MessageId, TopicId, UserId};

/// One update, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Numbers the update; used to take each once.
    pub update: i64,
    /// Where it happened; none for updates that belong to no chat.
    pub chat: Option<ChatId>,
    /// A chat with one person.
    pub private: bool,
    /// Who did it; none for channels and anonymous admins.
    pub from: Option<Sender>,
    /// The message it is about.
    pub message: Option<MessageId>,
    /// The message it answers, where a person replied to one.
    pub reply_to: Option<MessageId>,
    /// The message of another chat that it answers.
    pub reply_elsewhere: Option<(ChatId, MessageId)>,
    /// The message it answers is this bot's.
    pub answers_bot: bool,
    /// What it holds beside words.
    pub media: Option<Media>,
    /// The topic it stands in.
    pub topic: Option<TopicId>,
    /// Its chat is a group with topics.
    pub has_topics: bool,
    /// What happened.
    pub kind: IncomingKind,
}

/// Who sent an update. Its `Debug` prints the number alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// The person's number.
    pub user: UserId,
    /// First and last name, as they show it.
    pub name: String,
    /// Without the `@`.
    pub username: Option<String>,
    /// The client's language, an IETF tag.
    pub language: Option<String>,
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sender({})", self.user)
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IncomingKind {
    /// Words.
    Text(PatientText),
    /// A command for this bot.
    Command {
        /// Lower case, without slash and bot name.
        name: String,
        /// What stood behind it.
        argument: PatientText,
    },
    /// A button.
    Press {
        /// To be answered with.
        id: String,
        /// Untrusted.
        data: String,
    },
    /// A contact: its number, and whether it is the sender's own.
    Contact {
        /// As Telegram gives it.
        number: PatientText,
        /// Somebody else's contact may have been forwarded.
        own: bool,
    },
    /// An edited message or caption.
    Edited(PatientText),
    /// A voice message, photo without words, sticker, location.
    Unreadable,
    /// The group became a supergroup with this id.
    Migrated(ChatId),
    /// Somebody left the group, or was taken out of it.
    Left(Sender),
    /// Somebody came into the group.
    Came(Vec<Sender>),
    /// The bot was taken out of the group or may not write there (`true`), or may again.
    Removed(bool),
    /// The person blocked (`true`) or unblocked the bot.
    Blocked(bool),
    /// Nothing we act on: a service message, another bot's command.
    Ignored,
}

/// What a message holds beside words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// A photo, voice message, video or file: words may stand below it.
    Captioned,
    /// A sticker, place, contact or the like: no words can stand below it.
    Bare,
}

/// Where in its chat a new message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Place {
    /// Into this topic.
    pub topic: Option<TopicId>,
    /// As the answer to this message, if it still stands.
    pub under: Option<MessageId>,
}

/// What becomes of a topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TopicChange {
    /// It is called this now.
    Named(String),
    /// Nobody but the bot and the group's admins writes there any more.
    Closed,
    /// It is open again.
    Reopened,
}

/// One thing to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// A new message.
    Send {
        /// Where to.
        chat: ChatId,
        /// What it says.
        text: RichText,
        /// What stands under it.
        keyboard: Keyboard,
        /// Without a sound.
        silent: bool,
        /// Where in the chat.
        place: Place,
    },
    /// What somebody sent, once more and without their name.
    Copy {
        /// Where to.
        chat: ChatId,
        /// Where it was sent.
        from: ChatId,
        /// Which message.
        message: MessageId,
        /// What stands below it now; its own words without.
        caption: Option<RichText>,
        /// Where in the chat.
        place: Place,
    },
    /// The words below a picture change in place.
    Caption {
        /// Where.
        chat: ChatId,
        /// Which message.
        message: MessageId,
        /// What they say now.
        text: RichText,
    },
    /// A message of the bot goes. Telegram takes this for two days.
    Delete {
        /// Where.
        chat: ChatId,
        /// Which message.
        message: MessageId,
    },
    /// A sign on somebody's message, so that they see it was taken.
    React {
        /// Where.
        chat: ChatId,
        /// Which message.
        message: MessageId,
        /// One that Telegram has among its reactions.
        emoji: String,
    },
    /// A new topic.
    OpenTopic {
        /// In which group.
        chat: ChatId,
        /// What it is called.
        name: String,
    },
    /// A topic changes.
    ChangeTopic {
        /// In which group.
        chat: ChatId,
        /// Which.
        topic: TopicId,
        /// How.
        change: TopicChange,
    },
    /// A message changes in place.
    Edit {
        /// Where.
        chat: ChatId,
        /// Which.
        message: MessageId,
        /// What it says now.
        text: RichText,
        /// What stands under it now.
        keyboard: Keyboard,
    },
    /// A picture with words below it. It makes no sound: what it belongs to does.
    Photo {
        /// Where to.
        chat: ChatId,
        /// The picture.
        file: PhotoFile,
        /// What stands below it.
        caption: RichText,
    },
    /// A text as a file.
    Document {
        /// Where to.
        chat: ChatId,
        /// The file.
        document: Document,
    },
    /// A contact card.
    Contact {
        /// Where to.
        chat: ChatId,
        /// In + form.
        number: String,
        /// First name.
        first: String,
        /// Last name; may be empty.
        last: String,
    },
    /// An alarm for a second target.
    Alarm {
        /// Which.
        target: alarm::Target,
        /// What is told.
        alarm: alarm::Alarm,
    },
    /// The answer to a press, so that its button stops spinning.
    AnswerPress {
        /// The press.
        id: String,
        /// Shown for a moment; at most 200 characters.
        text: Option<String>,
    },
}

/// Where a picture is taken from.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhotoFile {
    /// The channel has it already, under this name.
    Kept(String),
    /// It is sent along.
    New {
        /// What the file is called.
        name: String,
        /// Its bytes, as PNG.
        png: Vec<u8>,
    },
}

/// The bytes are thousands, and say nothing.
impl fmt::Debug for PhotoFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kept(name) => write!(f, "Kept({name})"),
            Self::New { name, png } => write!(f, "New({name}, {} bytes)", png.len()),
        }
    }
}

/// A text that is sent as a file. It may hold all that somebody said, so it
/// prints its size.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    name: String,
    body: String,
}

impl Document {
    /// A file of this name; what it is shows by the name's end.
    #[must_use]
    pub fn new(name: String, body: String) -> Self {
        Self { name, body }
    }

    /// What the file is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is in it.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// Its media type.
    #[must_use]
    pub fn mime(&self) -> &'static str {
        if self.name.ends_with(".json") {
            "application/json"
        } else {
            "text/plain; charset=utf-8"
        }
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({}, {} bytes)", self.name, self.body.len())
    }
}

/// What came of sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It arrived; the new message's number, if one was made.
    Delivered(Option<MessageId>),
    /// A picture arrived.
    Drawn {
        /// The new message's number.
        message: Option<MessageId>,
        /// The name under which the channel keeps it for this bot.
        file: Option<String>,
    },
    /// A topic is there.
    Opened(TopicId),
    /// The topic it was to go to is gone.
    NoTopic,
    /// It was surely not taken: the network failed before.
    NotSent,
    /// It may or may not have been taken: a time-out, a 5xx, an unreadable reply.
    Ambiguous,
    /// Too many; wait this long, in seconds.
    SlowDown(u32),
    /// The group has a new id.
    Migrated(ChatId),
    /// The patient blocked the bot, or the chat is gone.
    Unreachable,
    /// The message itself was refused, with Telegram's description.
    Refused(String),
    /// The token is wrong, or another process polls: nothing will be taken.
    Shut(String),
}

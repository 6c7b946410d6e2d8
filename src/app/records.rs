//! What is stored beside conversations and cases, and under which key.

mod keys;

use serde::{Deserialize, Serialize};

use crate::channel::{Document, TopicChange};
use crate::content::RichText;
use crate::dialog::{Due, Keyboard, Token, Weight};
use crate::ids::{
    CaseNumber, ChatId, FlagId, Lang, MessageId, PictureId, Revision, Timestamp, TopicId, UserId,
};
use crate::picture::chart::Chart;
use crate::triage::Level;

pub use keys::{
    Keys, case_subject, message_subject, passing_subject, sequence_of, sequence_of_note,
    update_subject,
};

/// Rows that belong to the clinic, not to a patient, stand under this chat and
/// are sealed with its key.
pub const CLINIC: ChatId = ChatId(0);

/// The lanes of the second targets that are no chats. Telegram's numbers stay
/// far below these.
pub const WEBHOOK: ChatId = ChatId(i64::MAX);
/// See [`WEBHOOK`].
pub const MAIL: ChatId = ChatId(i64::MAX - 1);

/// Something that waits to be turned, in the order of its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InboxRow {
    /// An update, as it came.
    Update {
        /// Raw JSON.
        raw: Raw,
        /// When it was taken.
        at: Timestamp,
        /// How often a turn of it has failed.
        #[serde(default)]
        tries: u8,
    },
    /// Staff cleared flags, each until a date.
    Cleared {
        /// Which.
        flags: Vec<(FlagId, Timestamp)>,
        /// The lock left by /delete too.
        lock: bool,
    },
    /// A person on staff has seen the case.
    Seen,
    /// Somebody on staff tried to reach the patient and could not.
    Missed {
        /// A call is all the patient had asked for.
        call: bool,
    },
    /// Presses may have been lost: show the open question again.
    ShowAgain,
    /// Telegram says that the patient cannot be reached.
    Unreachable,
    /// To the staff chat: it has taken a message again.
    Reachable,
    /// To the staff chat: it has a new number, and no card in it yet.
    Moved,
    /// Telegram refused a message to the patient.
    Undelivered,
    /// The staff chat has taken the card of the patient's case.
    Delivered,
    /// To the staff chat: an alarm of a drill has arrived, or why it could not.
    Drilled {
        /// The drill, by when it began.
        at: Timestamp,
        /// Which of its places.
        place: usize,
        /// Why it did not arrive.
        failed: Option<String>,
    },
    /// The patient has been silent for as long as answers are kept.
    Forget,
    /// Nobody writes with the patient any more: the bot is back.
    HandedBack,
    /// What became of a case's topic; for the staff chat.
    Topic {
        /// Whose.
        case: CaseNumber,
        /// It stands, and its card does not stand there yet; or there is none.
        stands: bool,
    },
    /// What became of something staff wrote to a patient; for the staff chat.
    Fate {
        /// What they wrote.
        said: Said,
        /// What became of it.
        fate: Fate,
    },
    /// A case has been closed for as long as closed ones are kept.
    ForgetCase(CaseNumber),
    /// The patient has been silent for a day in the middle of a dialog.
    Left,
    /// A drawing for the patient was dropped.
    Undrawn(PictureId),
}

/// Raw JSON of an update: a patient's words are in it, so it prints its size.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Raw(pub String);

impl std::fmt::Debug for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Raw({} bytes)", self.0.len())
    }
}

/// Something that staff wrote to the patient of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// On which case.
    pub case: CaseNumber,
    /// In which chat.
    pub chat: ChatId,
    /// Where they read what became of it: below this message.
    pub message: Option<MessageId>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It is in the patient's chat.
    Arrived,
    /// What stood there reads as it was changed.
    Changed,
    /// Telegram does not take it.
    Refused,
    /// The patient has blocked the bot.
    Unreachable,
}

/// Where in its chat a message of a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Under {
    /// Below the case's newest card.
    Card,
    /// Below this message.
    Message(MessageId),
}

/// Something to send, in the order of its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxRow {
    /// What.
    pub piece: Piece,
    /// What may be dropped when sending is slow.
    pub weight: Weight,
    /// The language of a "repeat" mark.
    pub lang: Lang,
    /// How often it may have been sent already.
    #[serde(default)]
    pub repeats: u32,
    /// The case it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseNumber>,
    /// Which message it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub under: Option<Under>,
    /// What its case's topic is called, in a group that has topics. One that is
    /// not there is opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// The topic that somebody asked in: what answers them stands there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<TopicId>,
    /// What staff wrote, when this brings it to the patient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Said>,
    /// Who is told once it has arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tells: Option<Tells>,
}

/// Who is told that a message has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tells {
    /// The patient of the case, by their chat.
    Patient(ChatId),
    /// The drill that it belongs to.
    Drill {
        /// By when it began.
        at: Timestamp,
        /// Which of its places.
        place: usize,
    },
}

/// A message that could not be delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undelivered {
    /// What was to be sent.
    pub row: OutboxRow,
    /// What was answered.
    pub why: String,
    /// When it was given up.
    pub at: Timestamp,
}

impl OutboxRow {
    /// Something that was never sent before and belongs to no case.
    #[must_use]
    pub fn new(piece: Piece, weight: Weight, lang: Lang) -> Self {
        Self {
            piece,
            weight,
            lang,
            repeats: 0,
            case: None,
            under: None,
            topic: None,
            beside: None,
            said: None,
            tells: None,
        }
    }

    /// Whether losing it could cost somebody a warning, or a patient's words; or leave
    /// words that are to go.
    #[must_use]
    pub fn must_arrive(&self) -> bool {
        self.weight == Weight::Warning
            || self.case.is_some()
            || matches!(self.piece, Piece::Wipe { .. })
    }

    /// Something for staff that belongs to a case: it is never given up.
    #[must_use]
    pub fn of_case(case: CaseNumber, piece: Piece, lang: Lang) -> Self {
        Self {
            case: Some(case),
            ..Self::new(piece, Weight::Warning, lang)
        }
    }
}

/// One thing to send; messages to be edited later are named, not numbered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    /// A new message.
    Send {
        /// What it says.
        text: RichText,
        /// What stands under it.
        keyboard: Keyboard,
        /// Without a sound.
        #[serde(default)]
        silent: bool,
        /// How it is found again.
        #[serde(default)]
        shows: Option<ShownAs>,
    },
    /// A message shown before changes in place.
    Edit {
        /// Which.
        shows: ShownAs,
        /// What it says now.
        text: RichText,
        /// What stands under it now.
        keyboard: Keyboard,
        /// It will not change again.
        closes: bool,
    },
    /// A drawing of the content.
    Photo {
        /// Which.
        picture: PictureId,
        /// The hash of its lines and caption, under which the file Telegram keeps is found.
        drawing: Revision,
        /// What stands below it.
        caption: RichText,
    },
    /// Counts as a picture.
    Chart {
        /// What it shows.
        chart: Chart,
        /// What stands below it.
        caption: RichText,
    },
    /// A text as a file.
    Document {
        /// The file.
        document: Document,
    },
    /// An alarm: a case's number and level, for a second target.
    Alarm {
        /// How urgent it is.
        level: Level,
        /// What it says.
        text: RichText,
    },
    /// A contact card.
    Contact {
        /// In + form.
        number: String,
        /// First name.
        first: String,
        /// Last name.
        last: String,
    },
    /// What somebody sent in another chat, once more.
    Copy {
        /// Where they sent it.
        from: ChatId,
        /// Which message.
        message: MessageId,
        /// What stands below it now; its own words without.
        caption: Option<RichText>,
        /// How it is found again.
        shows: ShownAs,
        /// Said instead when Telegram no longer has it.
        instead: RichText,
    },
    /// The words below a picture shown before change in place.
    Caption {
        /// Which.
        shows: ShownAs,
        /// What they say now.
        text: RichText,
    },
    /// What a patient wrote, or what names them, goes from a message of the bot.
    Wipe {
        /// In which chat it stands: a group that has moved numbers its messages anew.
        chat: ChatId,
        /// Which message.
        message: MessageId,
        /// What stands there instead.
        text: RichText,
    },
    /// The topic of its case changes.
    Topic(TopicChange),
    /// A sign on somebody's message; words when Telegram takes no sign.
    React {
        /// Which message.
        message: MessageId,
        /// One that Telegram has among its reactions.
        emoji: String,
        /// Said instead.
        instead: RichText,
    },
}

/// How a message is found again to edit it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShownAs {
    /// A question, by its token.
    Question(Token),
    /// A case's card.
    Case(CaseNumber),
    /// Somebody asks to join the team.
    Join(UserId),
    /// What somebody wrote in another chat, brought here.
    Passed {
        /// In which chat.
        from: ChatId,
        /// Which message.
        message: MessageId,
    },
    /// The ready answers that are offered for a case.
    Answers(CaseNumber),
    /// A case's topic.
    Topic(CaseNumber),
    /// The report of a drill, by when it began.
    Drill(Timestamp),
    /// Whether the patient of a case got care.
    Care(CaseNumber),
}

/// The messages that show one thing, the newest last: a question shown again
/// has several copies.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Shown {
    /// Message numbers.
    pub messages: Vec<i64>,
    /// For a drawing, the file that Telegram keeps of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

impl Shown {
    /// The newest of them.
    #[must_use]
    pub fn newest(&self) -> Option<MessageId> {
        self.messages.last().copied().map(MessageId)
    }
}

/// A timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueRow {
    /// Which.
    pub due: Due,
    /// When it fires.
    pub at: Timestamp,
}

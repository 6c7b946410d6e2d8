//! The key of a row: typed here, ordered bytes in the store.
//!
//! Keys stand unsealed on disk, so no word of a patient may enter a tail.

use std::fmt;

use crate::ids::{BotId, ChatId};

/// Where the tail begins: bot 8, chat 8, kind 1.
const HEAD_BYTES: usize = 17;

/// With its highest bit flipped, a number's bytes sort as the number does.
const SIGN_BIT: u64 = 1 << 63;

/// What a row is. The numbers are on disk: never change or reuse one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A conversation.
    Conversation = 1,
    /// An update taken and not yet turned.
    Inbox = 2,
    /// The number of an update already taken.
    Seen = 3,
    /// A message to send.
    Outbox = 4,
    /// A timer.
    Due = 5,
    /// A message shown, to edit or to close later.
    Shown = 6,
    /// A case.
    Case = 7,
    /// Where a case is found by something other than its number.
    CaseIndex = 8,
    /// A number that counts up.
    Counter = 9,
    /// The wordless lock left by /delete.
    Lock = 10,
    /// The store's own rows, and the app's few single ones.
    Meta = 11,
    /// Content, by revision.
    Content = 12,
    /// A phone number given for a callback.
    Phone = 13,
    /// A note of staff.
    Note = 14,
    /// A row of the audit log.
    Audit = 15,
}

impl Kind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Self; 15] = [
        Self::Conversation,
        Self::Inbox,
        Self::Seen,
        Self::Outbox,
        Self::Due,
        Self::Shown,
        Self::Case,
        Self::CaseIndex,
        Self::Counter,
        Self::Lock,
        Self::Meta,
        Self::Content,
        Self::Phone,
        Self::Note,
        Self::Audit,
    ];

    /// The number on disk.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    fn of(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

/// The key of a row. Sorts by bot, chat, kind, tail, as its bytes do.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    bot: BotId,
    chat: ChatId,
    kind: Kind,
    tail: Box<[u8]>,
}

impl Key {
    /// A key; `tail` tells rows of one kind and chat apart. Numbers in it
    /// belong big-endian, so that they sort.
    #[must_use]
    pub fn new(bot: BotId, chat: ChatId, kind: Kind, tail: &[u8]) -> Self {
        Self {
            bot,
            chat,
            kind,
            tail: tail.into(),
        }
    }

    /// The bot.
    #[must_use]
    pub const fn bot(&self) -> BotId {
        self.bot
    }

    /// The chat; 0 for what belongs to the whole clinic.
    #[must_use]
    pub const fn chat(&self) -> ChatId {
        self.chat
    }

    /// What the row is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// What tells it from others of its kind and chat.
    #[must_use]
    pub fn tail(&self) -> &[u8] {
        &self.tail
    }

    /// Its bytes in the store.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD_BYTES + self.tail.len());
        bytes.extend(sortable(self.bot.0));
        bytes.extend(sortable(self.chat.0));
        bytes.push(self.kind.number());
        bytes.extend(&self.tail);
        bytes
    }

    /// Reads the bytes of [`Key::encode`].
    pub fn decode(bytes: &[u8]) -> Result<Self, KeyError> {
        let (bot, rest) = bytes.split_first_chunk().ok_or(KeyError::Short)?;
        let (chat, rest) = rest.split_first_chunk().ok_or(KeyError::Short)?;
        let (kind, tail) = rest.split_first().ok_or(KeyError::Short)?;
        Ok(Self {
            bot: BotId(number(*bot)),
            chat: ChatId(number(*chat)),
            kind: Kind::of(*kind).ok_or(KeyError::Kind(*kind))?,
            tail: tail.into(),
        })
    }

    /// The bytes that every key of this bot begins with, or of this chat, or
    /// of this kind within the chat.
    #[must_use]
    pub fn prefix(bot: BotId, chat: Option<ChatId>, kind: Option<Kind>) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD_BYTES);
        bytes.extend(sortable(bot.0));
        if let Some(chat) = chat {
            bytes.extend(sortable(chat.0));
            bytes.extend(kind.map(Kind::number));
        }
        bytes
    }
}

/// Without the chat, which names a person, and without the tail.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Key(bot {}, a chat, {:?}, {} bytes)",
            self.bot,
            self.kind,
            self.tail.len()
        )
    }
}

/// Why bytes are no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Fewer bytes than bot, chat and kind take.
    #[error("a stored key is too short")]
    Short,
    /// A kind this version does not know.
    #[error("a stored key is of the unknown kind {0}")]
    Kind(u8),
}

/// A number as eight bytes that sort as the numbers do, below zero first.
pub(super) const fn sortable(number: i64) -> [u8; 8] {
    (number.cast_unsigned() ^ SIGN_BIT).to_be_bytes()
}

/// The number of [`sortable`] bytes.
pub(super) const fn number(bytes: [u8; 8]) -> i64 {
    (u64::from_be_bytes(bytes) ^ SIGN_BIT).cast_signed()
}

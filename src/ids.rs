//! The small names everything else is keyed by.
//!
//! Newtypes only: nothing here decides, stores or sends.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number_id!(
    /// A bot, by the number Telegram gives it. Every stored key begins with it.
    BotId(i64)
);
number_id!(
    /// A chat: positive for a private chat, negative for a group.
    ChatId(i64)
);
number_id!(
    /// A person, by the number Telegram gives them.
    UserId(i64)
);
number_id!(
    /// A message, unique within its chat.
    MessageId(i64)
);
number_id!(
    /// A topic of a group, by the number of the message that began it.
    TopicId(i64)
);
number_id!(
    /// One escalation of one patient, numbered from 1 for each bot.
    CaseNumber(u64)
);
number_id!(
    /// A moment: whole seconds since 1970-01-01T00:00:00Z.
    Timestamp(i64)
);

impl Timestamp {
    /// The moment `seconds` later.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Seconds from `earlier` to this moment; negative when `earlier` is later.
    #[must_use]
    pub const fn seconds_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

macro_rules! word_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Box<str>);

        impl $name {
            /// Takes the word as it stands; `content` has checked its form.
            #[must_use]
            pub fn new(word: &str) -> Self {
                Self(word.into())
            }

            /// The word itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

word_id!(
    /// A warning sign, caution or clue, as `red-flags.yaml` names it.
    FlagId
);
word_id!(
    /// A rule that raises the level when flags come together.
    RuleId
);
word_id!(
    /// A screen: a step that asks for flags.
    ScreenId
);
word_id!(
    /// A card: the message a level or a flag gives.
    CardId
);
word_id!(
    /// A dialog, by its file's name.
    DialogId
);
word_id!(
    /// A step within a dialog. Stored, so an author who renames one moves patients.
    StepId
);
word_id!(
    /// One answer of a step.
    ChoiceId
);
word_id!(
    /// Where an answer is kept.
    SlotId
);
word_id!(
    /// An exercise.
    MoveId
);
word_id!(
    /// What a caution asks for before the first move. Stored with those who have read it.
    NoteId
);
word_id!(
    /// A drawing of a position or a movement, by its file's name.
    PictureId
);
word_id!(
    /// Content, by the hash of its files.
    Revision
);

/// A language the clinic speaks with patients. Which words it uses is content.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Spanish (usted).
    Es,
}

impl Lang {
    /// Every language, in the order of the files.
    pub const ALL: [Self; 2] = [Self::En, Self::Es];

    /// The IETF primary tag.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Es => "es",
        }
    }

    /// The language of an IETF tag such as `es-419`: exact, then by prefix.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or(tag);
        Self::ALL
            .into_iter()
            .find(|lang| primary.eq_ignore_ascii_case(lang.tag()))
    }
}

/// A text is read up to this many bytes; what stands behind is not heard, and
/// the patient is told. Four times Telegram's longest message.
pub const TEXT_BYTES_MAX: usize = 16_384;

/// What a patient typed. Its `Debug` prints the length alone, so that no log,
/// panic or error can carry the words.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PatientText(String);

impl PatientText {
    /// Takes the words, cut at [`TEXT_BYTES_MAX`] on a character's boundary.
    #[must_use]
    pub fn new(mut text: String) -> Self {
        if text.len() > TEXT_BYTES_MAX {
            let end = (0..=TEXT_BYTES_MAX)
                .rev()
                .find(|end| text.is_char_boundary(*end))
                .unwrap_or(0);
            text.truncate(end);
        }
        Self(text)
    }

    /// The words themselves: for matching, and for the case that staff read.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for PatientText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PatientText({} bytes)", self.0.len())
    }
}

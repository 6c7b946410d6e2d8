//! What stands in a button, and how it is read back.
//!
//! Button data comes from outside: it may be stale, doubled, forged or another
//! person's. Reading it gives an [`Act`] or nothing, never an error.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::{CardId, ChoiceId, DialogId, FlagId};

/// Numbers a question within its conversation; its copies share one.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Token(pub u32);

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Telegram takes this many bytes of button data.
pub const DATA_BYTES_MAX: usize = 64;

/// One button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Button {
    /// Comes back as a press.
    Press {
        /// On the button.
        label: String,
        /// What comes back.
        data: String,
    },
    /// Opens a page.
    Link {
        /// On the button.
        label: String,
        /// Where to; https.
        url: String,
    },
}

/// What a press means. A toggle says the state it sets, so a double tap does
/// not flip it; Continue says which ticks it stood under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Chooses an option.
    Choose(ChoiceId),
    /// Chooses a number.
    Number(i64),
    /// Ticks an item of a list.
    Tick(ChoiceId),
    /// Unticks it.
    Untick(ChoiceId),
    /// Submits the ticks.
    Continue(u32),
    /// None of these.
    None(u32),
    /// Not sure, on a list.
    NotSure(u32),
    /// Yes.
    Yes,
    /// No.
    No,
    /// Not sure, on one question.
    Unsure,
    /// The summary looks right.
    LooksRight,
    /// Something in it does not.
    ChangeAnswer,
    /// Which: its place in the list.
    Change(usize),
    /// The question before.
    Back,
    /// While a move is played.
    Play(Cue),
}

/// A press while a move is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cue {
    /// Shows this step of the move; a double tap shows no other.
    Step(u16),
    /// In place: the next side or set begins.
    Ready,
    /// The countdown stands still.
    Pause,
    /// And goes on.
    Resume,
    /// The patient has counted to the end.
    Did,
    /// The easier way.
    Easier,
    /// The next move.
    Skip,
    /// It hurts.
    Hurts,
    /// It feels numb or weak.
    Numb,
}

/// A press, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Press {
    /// Of a question.
    Question(Token, Act),
    /// A person, from anywhere.
    Person,
    /// Stop, from anywhere.
    Stop,
    /// The menu, from anywhere.
    Menu,
    /// The safety questions from their start, from anywhere.
    Screening,
    /// A dialog that typed words were taken to mean, from anywhere.
    Open(DialogId),
    /// An answer of a card in force.
    Card(CardId, ChoiceId),
}

impl Press {
    /// Reads button data.
    #[must_use]
    pub fn parse(data: &str) -> Option<Self> {
        match data {
            "person" => return Some(Self::Person),
            "stop" => return Some(Self::Stop),
            "menu" => return Some(Self::Menu),
            "screening" => return Some(Self::Screening),
            _ => {}
        }
        if let Some(dialog) = data.strip_prefix("open:") {
            return Some(Self::Open(DialogId::new(dialog)));
        }
        if let Some(answer) = data.strip_prefix("card:") {
            let (card, answer) = answer.split_once(':')?;
            return Some(Self::Card(CardId::new(card), ChoiceId::new(answer)));
        }
        let (token, act) = data.split_once(':')?;
        let token = Token(token.parse().ok()?);
        let (kind, rest) = act.split_at_checked(1)?;
        let bits = || u32::from_str_radix(rest, 16).ok();
        let act = match kind {
            "o" => Act::Choose(ChoiceId::new(rest)),
            "v" => Act::Number(rest.parse().ok()?),
            "+" => Act::Tick(ChoiceId::new(rest)),
            "-" => Act::Untick(ChoiceId::new(rest)),
            "c" => Act::Continue(bits()?),
            "n" => Act::None(bits()?),
            "?" => Act::NotSure(bits()?),
            "y" => Act::Yes,
            "x" => Act::No,
            "u" => Act::Unsure,
            "r" => Act::LooksRight,
            "a" => Act::ChangeAnswer,
            "s" => Act::Change(rest.parse().ok()?),
            "b" => Act::Back,
            "p" => Act::Play(Cue::parse(rest)?),
            _ => return None,
        };
        Some(Self::Question(token, act))
    }

    /// Writes button data that [`Press::parse`] reads back.
    #[must_use]
    pub fn data(&self) -> String {
        let data = match self {
            Self::Person => "person".to_owned(),
            Self::Stop => "stop".to_owned(),
            Self::Menu => "menu".to_owned(),
            Self::Screening => "screening".to_owned(),
            Self::Open(dialog) => format!("open:{dialog}"),
            Self::Card(card, answer) => format!("card:{card}:{answer}"),
            Self::Question(token, act) => match act {
                Act::Choose(id) => format!("{token}:o{id}"),
                Act::Number(value) => format!("{token}:v{value}"),
                Act::Tick(id) => format!("{token}:+{id}"),
                Act::Untick(id) => format!("{token}:-{id}"),
                Act::Continue(bits) => format!("{token}:c{bits:x}"),
                Act::None(bits) => format!("{token}:n{bits:x}"),
                Act::NotSure(bits) => format!("{token}:?{bits:x}"),
                Act::Yes => format!("{token}:y"),
                Act::No => format!("{token}:x"),
                Act::Unsure => format!("{token}:u"),
                Act::LooksRight => format!("{token}:r"),
                Act::ChangeAnswer => format!("{token}:a"),
                Act::Change(index) => format!("{token}:s{index}"),
                Act::Back => format!("{token}:b"),
                Act::Play(cue) => format!("{token}:p{}", cue.data()),
            },
        };
        debug_assert!(data.len() <= DATA_BYTES_MAX, "ids are at most 32 bytes");
        data
    }
}

impl Cue {
    fn parse(data: &str) -> Option<Self> {
        Some(match data {
            "r" => Self::Ready,
            "p" => Self::Pause,
            "g" => Self::Resume,
            "d" => Self::Did,
            "e" => Self::Easier,
            "k" => Self::Skip,
            "h" => Self::Hurts,
            "n" => Self::Numb,
            step => Self::Step(step.parse().ok()?),
        })
    }

    fn data(self) -> String {
        match self {
            Self::Step(step) => return step.to_string(),
            Self::Ready => "r",
            Self::Pause => "p",
            Self::Resume => "g",
            Self::Did => "d",
            Self::Easier => "e",
            Self::Skip => "k",
            Self::Hurts => "h",
            Self::Numb => "n",
        }
        .to_owned()
    }
}

/// A flag stands on a toggle under its own name.
pub(super) fn flag_choice(flag: &FlagId) -> ChoiceId {
    ChoiceId::new(flag.as_str())
}

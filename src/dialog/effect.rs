//! What a turn does to the world, as values.

use serde::{Deserialize, Serialize};

use super::button::{Button, Token};
use crate::content::RichText;
use crate::ids::PatientText;
use crate::ids::{DialogId, PictureId, StepId, Timestamp};
use crate::triage::Report;

/// One effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// A new message to the patient.
    Say(Message),
    /// The question `token` now reads like this.
    Edit {
        /// Which question.
        token: Token,
        /// How it reads now.
        message: Message,
    },
    /// A drawing, with its own words below it.
    Picture(PictureId),
    /// The clinic's contact card.
    Contact,
    /// Staff are told.
    Report(Report),
    /// A line joins the open case, if there is one.
    Note(RichText),
    /// The patient asks for a call.
    RequestCall {
        /// The number, if one was given.
        number: Option<PatientText>,
    },
    /// A timer is set; one of each kind.
    SetDue {
        /// Which.
        due: Due,
        /// When it fires.
        at: Timestamp,
    },
    /// A timer is no longer wanted.
    CancelDue(Due),
    /// What is stored of the patient is sent to them.
    MyData,
    /// Everything kept of the patient goes.
    Erase,
    /// A move was asked for without clearance, and refused: the content is unsafe.
    GuardTripped {
        /// In which dialog.
        dialog: DialogId,
        /// At which step.
        step: StepId,
    },
}

/// A message to the patient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// What it says.
    pub text: RichText,
    /// What stands under it.
    #[serde(default)]
    pub keyboard: Keyboard,
    /// The question it asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
    /// What may be dropped when sending is slow.
    pub weight: Weight,
}

/// The buttons of a message.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keyboard {
    /// None.
    #[default]
    None,
    /// Under the message.
    Inline(Vec<Vec<Button>>),
    /// In place of the letters: one button that shares the phone number, and
    /// words that are typed when pressed.
    Phone {
        /// Shares the number.
        share: String,
        /// Typed when pressed.
        words: Vec<String>,
    },
    /// Takes a keyboard in place of the letters away.
    Remove,
}

impl Keyboard {
    /// Whether one of its buttons under a message sends this.
    #[must_use]
    pub fn offers(&self, pressed: &str) -> bool {
        match self {
            Self::Inline(rows) => rows
                .iter()
                .flatten()
                .any(|button| matches!(button, Button::Press { data, .. } if data == pressed)),
            Self::None | Self::Phone { .. } | Self::Remove => false,
        }
    }
}

/// What is dropped first when sending is slow, and what never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// A toggle's new look: only the newest matters.
    Tick,
    /// A question or an answer.
    Talk,
    /// A card: a warning, never dropped, marked when it may be a repeat.
    Warning,
}

/// A timer of a conversation; setting it again replaces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Due {
    /// A drafted emergency tick is submitted.
    Draft,
    /// Silence on a question about typed words counts as yes.
    Silence,
    /// The screens were left with a blocking flag.
    Screening,
    /// A step's own time-out.
    Question(Token),
    /// The clinic opens: a card that waited is posted.
    Opening,
    /// Nobody has taken the case yet: so many rungs of the ladder are behind it.
    Unclaimed(u32),
    /// The case is taken and not closed: so many reminders are behind it.
    Unclosed(u32),
    /// Nobody could reach the patient: so many reminders to try again are behind it.
    Unreached(u32),
    /// A hold is counted down.
    Hold(Token),
    /// Whoever writes with the patient has been silent for long.
    Talk,
    /// The day after a case with this number: did the patient get care?
    Care(u64),
    /// Some days after a move: how did it go?
    AskLater,
}

impl Due {
    /// The kind alone: one timer of each can be set.
    #[must_use]
    pub const fn kind(self) -> u8 {
        match self {
            Self::Draft => 0,
            Self::Silence => 1,
            Self::Screening => 2,
            Self::Question(_) => 3,
            Self::Opening => 4,
            Self::Unclaimed(_) => 5,
            Self::Unclosed(_) => 6,
            Self::Hold(_) => 7,
            Self::Talk => 20,
            Self::Care(_) => 8,
            Self::AskLater => 9,
            Self::Unreached(_) => 10,
        }
    }
}

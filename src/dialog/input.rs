//! What comes into a turn.

use super::effect::Due;
use crate::content::Day;
use crate::free_text::Heard;
use crate::ids::PatientText;
use crate::ids::{FlagId, PictureId, Timestamp};

/// One input, and what its text was heard to state.
#[derive(Debug, Clone)]
pub struct Input {
    /// What happened.
    pub what: What,
    /// The flags its text states; empty without text.
    pub heard: Heard,
    /// Whether there is a team to tell.
    pub desk: Desk,
}

impl Input {
    /// An input without text.
    #[must_use]
    pub fn new(what: What, desk: Desk) -> Self {
        Self {
            what,
            heard: Heard::default(),
            desk,
        }
    }
}

/// Whether staff can be told: the patient must never read "our team" of nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Desk {
    /// A staff chat is set.
    #[default]
    Staffed,
    /// The same, and the clinic is closed: what can wait is read when it opens.
    Closed(Opens),
    /// A staff chat is set, and this patient's card stands there. Nobody has taken it.
    Told,
    /// A staff chat is set, and somebody there is on this patient's case.
    Taken,
    /// Nobody reads along.
    Unstaffed,
}

/// When the clinic opens next, by its own clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opens {
    /// On which day.
    pub on: OpensOn,
    /// At which minute of that day, from 0.
    pub minute: u16,
}

/// A day, as one says it today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpensOn {
    /// This day.
    Today,
    /// The next one.
    Tomorrow,
    /// A later one, within a week.
    Later(Day),
}

/// What a person on staff has seen, in the patient's eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// The note to the team about their answers.
    Note,
    /// Their request for a call, and nothing else.
    CallRequest,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A button was pressed; the data is untrusted.
    Press(String),
    /// Words were typed.
    Text(PatientText),
    /// A command was sent, with what stood behind it.
    Command {
        /// Without slash and bot name.
        name: String,
        /// What stood behind it; untrusted.
        argument: PatientText,
    },
    /// A contact was shared: its phone number.
    Contact(PatientText),
    /// Something came that cannot be read: a voice message, a photo.
    Unreadable,
    /// A message was edited; only what it states counts.
    Edited(PatientText),
    /// A timer fired.
    Due(Due),
    /// Staff cleared flags until a date.
    Cleared {
        /// Which, and each until when.
        flags: Vec<(FlagId, Timestamp)>,
        /// The lock left by /delete too.
        lock: bool,
    },
    /// A person on staff has seen the case.
    Seen(Seen),
    /// Presses may have been lost: the open question is shown again.
    ShowAgain,
    /// A drawing did not go out.
    Undrawn(PictureId),
}

impl What {
    /// The words the patient wrote, if these are words.
    #[must_use]
    pub fn words(&self) -> Option<&PatientText> {
        match self {
            Self::Text(text) | Self::Edited(text) => Some(text),
            Self::Command { argument, .. } if !argument.reveal().is_empty() => Some(argument),
            Self::Press(_)
            | Self::Command { .. }
            | Self::Contact(_)
            | Self::Unreadable
            | Self::Due(_)
            | Self::Cleared { .. }
            | Self::Seen(_)
            | Self::ShowAgain
            | Self::Undrawn(_) => None,
        }
    }
}

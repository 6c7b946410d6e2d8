//! One scripted tree: its steps, what each asks, and what an answer does.

use std::collections::BTreeMap;

use super::TextKind;
use crate::content::diagnostic::Place;
use crate::content::text::Text;
use crate::ids::{ChoiceId, DialogId, FlagId, Lang, MoveId, PictureId, ScreenId, SlotId, StepId};
use crate::triage::Level;

/// One scripted tree.
#[derive(Debug, Clone)]
pub struct Dialog {
    /// Its file's name.
    pub id: DialogId,
    /// The highest level at which it may still be opened or go on.
    pub stays_open: Level,
    /// Where it begins.
    pub start: StepId,
    /// By id.
    pub steps: BTreeMap<StepId, Step>,
    /// Slots that a new start of the dialog empties.
    pub own_slots: Vec<SlotId>,
    /// A walk that ended with this answer is kept until another one does: what was
    /// answered in a walk that is left before comes to nothing.
    pub kept_until: Option<Atom>,
    /// Whether a step that needs clearance can be reached from here, calls included.
    pub has_moves: bool,
}

/// One step.
#[derive(Debug, Clone)]
pub struct Step {
    /// What is said.
    pub say: Option<Text>,
    /// What its question is called in the summary.
    pub label: Option<Text>,
    /// Drawings shown in front of its question.
    pub pictures: Vec<PictureId>,
    /// What it has the patient do with the body, so that it needs clearance.
    pub position_check: Option<PositionCheck>,
    /// What is then done.
    pub verb: Verb,
    /// Where a patient who stays silent goes.
    pub after: Option<After>,
    /// Where it stands in the file.
    pub place: Place,
}

impl Step {
    /// Whether it is shown only to those who have answered every screen, with
    /// nothing that blocks: a move, and a position to try.
    #[must_use]
    pub fn needs_clearance(&self) -> bool {
        self.position_check.is_some() || matches!(self.verb, Verb::Move { .. } | Verb::Play { .. })
    }
}

/// A question about a position that the patient takes first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionCheck {
    /// One of these facts, and it is passed over.
    pub left_out_with: Vec<Atom>,
    /// Then go here.
    pub next: StepId,
}

/// A time-out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct After {
    /// How long to wait, in minutes.
    pub minutes: u32,
    /// Then go here.
    pub go: StepId,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum Verb {
    /// One press.
    Choice {
        /// Where the answer is kept.
        slot: SlotId,
        /// In order.
        options: Vec<Choice>,
    },
    /// Toggles and Continue.
    Many {
        /// Where the answers are kept.
        slot: SlotId,
        /// In order; their `next` is never read.
        options: Vec<Choice>,
        /// "None of these."
        none: Option<(Text, StepId)>,
        /// After Continue.
        next: StepId,
    },
    /// Yes, no, perhaps not sure.
    YesNo {
        /// Where the answer is kept.
        slot: SlotId,
        /// Yes, no and, where it stands, not sure, in this order.
        answers: Vec<(YesNo, Answer)>,
    },
    /// A number in a range.
    Number {
        /// Where the answer is kept.
        slot: SlotId,
        /// The least.
        from: i64,
        /// The greatest.
        to: i64,
        /// Shown as a row of buttons.
        scale: bool,
        /// After the answer.
        next: StepId,
    },
    /// Something typed.
    Text {
        /// Where "something was typed" is kept.
        slot: SlotId,
        /// What it is.
        kind: TextKind,
        /// After the answer.
        next: StepId,
    },
    /// Asks for flags.
    Screen {
        /// Which.
        screen: ScreenId,
        /// After it is answered.
        next: StepId,
    },
    /// Shows an exercise, and what can be said after it.
    Move {
        /// Which.
        id: MoveId,
        /// In order.
        answers: Vec<Choice>,
        /// When a caution drops the move.
        next: StepId,
    },
    /// Plays exercises, one after the other.
    Play {
        /// In order; those that a caution drops are left out.
        moves: Vec<MoveId>,
        /// When something hurts.
        hurt: Answer,
        /// When something feels numb or weak.
        numb: Answer,
        /// After the last.
        next: StepId,
    },
    /// Phone, contact card, scheduler.
    Handoff {
        /// The phone number as text.
        phone: bool,
        /// A contact card.
        contact: bool,
        /// The scheduler's link, where the clinic has one.
        scheduler: bool,
        /// Then.
        next: StepId,
    },
    /// Asks staff to call the number in `slot`.
    RequestCall {
        /// Where the number is.
        slot: SlotId,
        /// Then.
        next: StepId,
    },
    /// Another dialog, then on.
    Call {
        /// Which.
        dialog: DialogId,
        /// When it has ended.
        next: StepId,
    },
    /// The first arm whose condition holds.
    Branch {
        /// In order.
        arms: Vec<(Condition, StepId)>,
        /// When none holds.
        otherwise: StepId,
    },
    /// The answers so far, to look over.
    Summary {
        /// When they look right.
        next: StepId,
    },
    /// Says, and goes on without waiting.
    Pass {
        /// Where to.
        next: StepId,
    },
    /// The dialog is over.
    End,
}

impl Verb {
    /// Where the answer is kept, of a question that takes one.
    #[must_use]
    pub fn slot(&self) -> Option<&SlotId> {
        match self {
            Self::Choice { slot, .. }
            | Self::Many { slot, .. }
            | Self::YesNo { slot, .. }
            | Self::Number { slot, .. }
            | Self::Text { slot, .. } => Some(slot),
            Self::Screen { .. }
            | Self::Move { .. }
            | Self::Play { .. }
            | Self::Handoff { .. }
            | Self::RequestCall { .. }
            | Self::Call { .. }
            | Self::Branch { .. }
            | Self::Summary { .. }
            | Self::Pass { .. }
            | Self::End => None,
        }
    }

    /// Whether somebody must answer before the dialog goes on.
    #[must_use]
    pub fn is_question(&self) -> bool {
        match self {
            Self::Choice { .. }
            | Self::Many { .. }
            | Self::YesNo { .. }
            | Self::Number { .. }
            | Self::Text { .. }
            | Self::Screen { .. }
            | Self::Move { .. }
            | Self::Play { .. }
            | Self::Summary { .. } => true,
            Self::Handoff { .. }
            | Self::RequestCall { .. }
            | Self::Call { .. }
            | Self::Branch { .. }
            | Self::Pass { .. }
            | Self::End => false,
        }
    }
}

/// One of the three answers of a yes-no question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum YesNo {
    /// Yes.
    Yes,
    /// No.
    No,
    /// Not sure.
    NotSure,
}

impl YesNo {
    /// The value kept in the slot.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::NotSure => "not-sure",
        }
    }
}

/// One option of a choice.
#[derive(Debug, Clone)]
pub struct Choice {
    /// The value kept in the slot.
    pub id: ChoiceId,
    /// On the button.
    pub label: Text,
    /// What it does.
    pub answer: Answer,
}

/// What an answer does.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// Where it goes; none ends the dialog.
    pub next: Option<StepId>,
    /// Other slots it fills.
    pub set: Vec<(SlotId, ChoiceId)>,
    /// Flags it states.
    pub raise: Vec<FlagId>,
    /// Flags it states unsurely.
    pub raise_unsure: Vec<FlagId>,
    /// Screens to be asked again.
    pub ask_again: Vec<ScreenId>,
    /// The language to speak from now on.
    pub language: Option<Lang>,
    /// Erases what is kept of the patient.
    pub erase: bool,
}

/// A fact that may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Atom {
    /// The flag is present, in any form.
    Flag(FlagId),
    /// The slot holds this value.
    Value(SlotId, ChoiceId),
    /// The slot holds anything.
    Set(SlotId),
}

/// What a branch asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// A fact holds.
    Has(Atom),
    /// So many of these facts hold, both ends included.
    Count {
        /// The facts.
        of: Vec<Atom>,
        /// At least.
        from: usize,
        /// At most.
        to: usize,
    },
    /// A number is in a range, both ends included.
    Number {
        /// Which.
        slot: SlotId,
        /// At least.
        from: i64,
        /// At most.
        to: i64,
    },
    /// The level is this or higher.
    LevelAtLeast(Level),
    /// Clearance holds, or does not.
    Cleared(bool),
    /// Each holds.
    All(Vec<Condition>),
    /// One holds.
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
}

impl Condition {
    /// Whether clearance decides whether this holds.
    #[must_use]
    pub fn reads_clearance(&self) -> bool {
        match self {
            Self::Cleared(_) => true,
            Self::All(all) | Self::Any(all) => all.iter().any(Self::reads_clearance),
            Self::Not(not) => not.reads_clearance(),
            Self::Has(_) | Self::Count { .. } | Self::Number { .. } | Self::LevelAtLeast(_) => {
                false
            }
        }
    }
}

//! What somebody does, and what it makes of an abstract conversation.

use super::machine::State;
use crate::content::YesNo;
use crate::ids::{CardId, ChoiceId, DialogId, FlagId};
use crate::triage::Level;

/// What somebody does, as a rehearsal can do it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tap {
    /// A command without an argument.
    Command(String),
    /// A deep link.
    Link(String),
    /// Words that mean nothing, where no question is open: they open the menu.
    Idle,
    /// A place that typed words name.
    Open(DialogId),
    /// The button that begins the screens.
    Screening,
    /// The button that opens the menu, which stands where nothing is open.
    Menu,
    /// The button that reaches a person.
    Person,
    /// An answer of a card in force.
    Card(CardId, ChoiceId),
    /// An option of a choice or below a move.
    Choose(ChoiceId),
    /// It hurts, while moves are played.
    PlayHurts,
    /// It feels numb or weak, while moves are played.
    PlayNumb,
    /// The moves that are played are passed by, to the last.
    PlayOn,
    /// Yes, no, not sure.
    YesNo(YesNo),
    /// Ticks of a `many` step, and Continue.
    Ticks(Vec<ChoiceId>),
    /// None of these.
    NoneOf,
    /// Ticks of a screen, and Continue; Yes on a screen that is one question.
    /// A second question that follows is answered with yes.
    Tick(Vec<FlagId>),
    /// A number.
    Number(i64),
    /// Something typed where something is to be typed.
    Typed,
    /// The summary looks right.
    LooksRight,
    /// An answer of it is to be changed.
    ChangeAnswer,
    /// Which: so many questions back.
    Change(usize),
    /// The question before.
    Back,
    /// The step's own time-out passes.
    Timer(u32),
    /// A day passes.
    Day,
    /// Screens that were answered at different times have expired in part.
    PartOfADay,
    /// Staff's clearing of this flag has ended.
    ClearingEnds(FlagId),
    /// Staff clear some of what stands behind a card.
    ClearSome,
    /// What is kept for so long is over, and only a lock stays.
    Forgotten,
    /// Words that may mean something: moves are locked until it is asked about.
    Suspicion,
    /// Words that state this flag; a second question is answered with yes.
    Say(FlagId),
    /// Words that state this flag; its second question is left open.
    Mention(FlagId),
    /// These flags are stated, or any where none are named, so that a card of this
    /// level is in force.
    Alarm(Level, Vec<FlagId>),
    /// Staff clear everything.
    Clear,
}

/// What becomes of the way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trail {
    Keep,
    Push(Crumb),
    Gone,
}

/// One answered question.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Crumb {
    pub stack: u32,
    pub was_cleared: bool,
    /// What was in the tracked slots that its answer filled; the first is the
    /// question's own, when that is tracked.
    pub undo: Vec<(usize, Option<u32>)>,
    /// Its answer filled a slot: it can be changed.
    pub fills: bool,
}

/// One thing that can happen, up to where steps are run again.
#[derive(Debug, Clone)]
pub(super) struct Way {
    pub tap: Tap,
    pub to: State,
    pub trail: Trail,
    pub cost: u32,
}

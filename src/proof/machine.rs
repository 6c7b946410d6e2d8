//! The abstract conversation: what of a real one decides whether a step is
//! reached, and nothing else.
//!
//! Where a conversation stands, which screens are answered, whether a card is
//! in force, and the few facts that are tracked. Every other fact is unknown,
//! and a branch on an unknown fact goes every way. `docs/proof.md` says why
//! this never leaves out a real conversation.

mod conditions;
mod locked;
mod run;
mod signs;
mod tracked;

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::silent;
use crate::content::{Atom, Content, Dialog, Step};
use crate::ids::{DialogId, FlagId, MoveId, ScreenId, SlotId, StepId};
use crate::triage::{Form, Level};

pub(super) use run::{End, Guess, Stop};
use signs::Signs;
pub(super) use tracked::{Test, Tracked};

/// Screens are bits of a word.
pub(super) const SCREENS_MAX: usize = 64;

/// A step, by its place in [`Machine::steps`].
pub(super) type At = u32;

/// What a card in force, or one that waits, makes of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Mode {
    /// Nothing blocks.
    Free,
    /// A see-professional flag is stated; its card waits for the screens. It can
    /// `settle` where a second question may let go of all that stands behind it.
    Pending { settles: bool },
    /// The card of this level is in force.
    Stopped(Level),
}

impl Mode {
    pub fn is_pending(self) -> bool {
        matches!(self, Self::Pending { .. })
    }
}

/// One abstract conversation. Small and `Copy`: parts are interned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct State {
    /// The dialogs being walked; see [`Machine::stack`].
    pub stack: u32,
    /// The screens answered, a bit each.
    pub screens: u64,
    pub mode: Mode,
    /// Clearance was granted and not taken away.
    pub clear: bool,
    /// What typed words may mean is still to be asked about, and clearance is not
    /// granted meanwhile. Told apart only where clearance is tracked.
    pub locked: bool,
    /// What was stated is gone, and its card is in force without it: a lock, as
    /// /delete leaves it. Told apart only where flags are tracked.
    pub wordless: bool,
    /// The tracked facts; see [`Machine::facts`].
    pub facts: u32,
    /// "Change an answer" was pressed: the way back is being walked.
    pub changing: bool,
}

/// The tracked facts of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct Facts {
    /// For each tracked slot: empty, or which tests its value passes.
    pub slots: Vec<Option<u32>>,
    /// The tracked flags that are present.
    pub flags: u32,
    /// Those stated more than a day ago.
    pub old: u32,
}

/// What has no place behind a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behind {
    /// A handoff to booking, behind an urgent or emergency card.
    Handoff,
    /// A dialog that asks screens or shows moves, behind any card.
    Safety,
}

/// Which move or position is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A move, whichever.
    AnyMove,
    Move(MoveId),
    /// The position that this step asks for.
    Position(At),
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Goal {
    /// A move that the engine must refuse, with nothing in force or behind a card.
    Refused {
        /// Behind a card.
        behind_card: bool,
    },
    /// This step, shown or gone through.
    Step(At),
    /// A move is shown, or a position asked for, while these facts hold.
    Shown {
        /// Which.
        what: Wanted,
        /// Tracked facts.
        with: Vec<Atom>,
    },
    /// A move is passed over while these facts hold.
    Passed { exercise: MoveId, with: Vec<Atom> },
    /// A step that has no place behind a card is come to behind one.
    Behind(Behind),
    /// Steps run round in a circle, or for too long, and nobody is asked.
    Loop,
    /// Nothing: everything reachable is walked.
    Everything,
}

impl Goal {
    /// The facts it speaks of.
    pub fn facts(&self) -> &[Atom] {
        match self {
            Self::Shown { with, .. } | Self::Passed { with, .. } => with,
            Self::Refused { .. }
            | Self::Step(_)
            | Self::Behind(_)
            | Self::Loop
            | Self::Everything => &[],
        }
    }
}

pub(super) struct Known<'a> {
    pub dialog: &'a Dialog,
    pub id: &'a StepId,
    pub step: &'a Step,
}

/// A content, numbered for walking.
pub(super) struct Machine<'a> {
    pub content: &'a Content,
    pub steps: Vec<Known<'a>>,
    index: FxHashMap<(&'a DialogId, &'a StepId), At>,
    screen_index: FxHashMap<&'a ScreenId, usize>,
    pub all_screens: u64,
    signs: Signs,
    /// See [`locked`].
    may_answer_locked: bool,
    /// No steps run for longer than the engine lets them.
    all_runs_are_short: bool,
    pub tracked: Tracked,
    pub goal: Goal,
    stacks: Vec<Rc<[u32]>>,
    stack_ids: FxHashMap<Rc<[u32]>, u32>,
    facts: Vec<Facts>,
    fact_ids: FxHashMap<Facts, u32>,
    runs: FxHashMap<State, Rc<[End]>>,
    /// How many steps can run from a state; filled where circles are looked for.
    run_lengths: FxHashMap<State, usize>,
    /// Guesses that did not play.
    pub banned: FxHashSet<Guess>,
    /// Lists are tried with few sets of ticks: enough to find, not to prove.
    pub hunts: bool,
    /// Nothing is walked before a card is in force: enough to find, not to prove.
    pub begins_stopped: bool,
    /// A list had too many ticks to try every set of them: that nothing was found
    /// then proves nothing.
    pub is_cut: bool,
    /// Every step any run has gone through or asked.
    pub visited: FxHashSet<At>,
}

impl<'a> Machine<'a> {
    pub fn new(content: &'a Content, tracked: Tracked, goal: Goal) -> Self {
        let mut steps = Vec::new();
        let mut index = FxHashMap::default();
        for dialog in content.dialogs.values() {
            for (id, step) in &dialog.steps {
                index.insert(
                    (&dialog.id, id),
                    u32::try_from(steps.len()).unwrap_or(u32::MAX),
                );
                steps.push(Known { dialog, id, step });
            }
        }
        let screen_index = content
            .screens
            .iter()
            .enumerate()
            .map(|(at, screen)| (&screen.id, at))
            .collect();
        let all_screens = match content.screens.len() {
            n if n >= SCREENS_MAX => u64::MAX,
            n => (1 << n) - 1,
        };
        let mut machine = Self {
            content,
            steps,
            index,
            screen_index,
            all_screens,
            signs: Signs::of(content),
            may_answer_locked: locked::may_answer_locked(content),
            all_runs_are_short: silent::all_are_short(content),
            tracked,
            goal,
            stacks: Vec::new(),
            stack_ids: FxHashMap::default(),
            facts: Vec::new(),
            fact_ids: FxHashMap::default(),
            runs: FxHashMap::default(),
            run_lengths: FxHashMap::default(),
            banned: FxHashSet::default(),
            hunts: false,
            begins_stopped: false,
            is_cut: false,
            visited: FxHashSet::default(),
        };
        machine.intern_stack(&[]);
        let none = Facts {
            slots: vec![None; machine.tracked.slots.len()],
            ..Facts::default()
        };
        machine.intern_facts(none);
        machine
    }

    /// A new patient.
    pub fn begin(&self) -> State {
        State {
            stack: 0,
            screens: 0,
            mode: Mode::Free,
            clear: false,
            locked: false,
            wordless: false,
            facts: 0,
            changing: false,
        }
    }

    /// A patient of whom nothing is left but the level of their card. None where
    /// nothing blocks, or where no flag is tracked: whoever was just given that card
    /// is no other then.
    pub fn erased(&self, state: State) -> Option<State> {
        let level = match state.mode {
            Mode::Free => return None,
            Mode::Pending { .. } => Level::SeeProfessional,
            Mode::Stopped(level) => level,
        };
        (!self.tracked.flags.is_empty()).then(|| State {
            mode: Mode::Stopped(level),
            wordless: true,
            ..self.begin()
        })
    }

    pub fn at(&self, dialog: &DialogId, step: &StepId) -> Option<At> {
        self.index.get(&(dialog, step)).copied()
    }

    pub fn step(&self, at: At) -> &'a Step {
        self.steps[at as usize].step
    }

    pub fn screen_bit(&self, screen: &ScreenId) -> u64 {
        self.screen_index.get(screen).map_or(0, |at| 1 << at)
    }

    /// Frames, the innermost last: twice the step, plus one when it interrupts.
    pub fn stack(&self, id: u32) -> Rc<[u32]> {
        Rc::clone(&self.stacks[id as usize])
    }

    pub fn facts(&self, id: u32) -> &Facts {
        &self.facts[id as usize]
    }

    pub fn intern_stack(&mut self, frames: &[u32]) -> u32 {
        if let Some(id) = self.stack_ids.get(frames) {
            return *id;
        }
        let id = u32::try_from(self.stacks.len()).unwrap_or(u32::MAX);
        let frames: Rc<[u32]> = frames.into();
        self.stacks.push(Rc::clone(&frames));
        self.stack_ids.insert(frames, id);
        id
    }

    pub fn intern_facts(&mut self, facts: Facts) -> u32 {
        if let Some(id) = self.fact_ids.get(&facts) {
            return *id;
        }
        let id = u32::try_from(self.facts.len()).unwrap_or(u32::MAX);
        self.facts.push(facts.clone());
        self.fact_ids.insert(facts, id);
        id
    }

    /// The step on top, where one is walked.
    pub fn top(&self, state: State) -> Option<At> {
        self.stacks[state.stack as usize]
            .last()
            .map(|frame| frame >> 1)
    }

    pub fn is_complete(&self, state: State) -> bool {
        state.screens == self.all_screens
    }

    /// Whether fewer answered screens stand for more of them: then a move that is
    /// come to is taken to be shown, unless what is looked for is a refusal, and
    /// whoever is taken to be cleared is taken to have answered every screen. A hunt
    /// needs a chat that plays, and assumes nothing.
    pub fn assumes(&self) -> bool {
        !self.hunts && !self.tracked.clearance
    }

    pub fn looks_for_refusal(&self) -> bool {
        matches!(self.goal, Goal::Refused { .. })
    }

    /// Whether every screen may be answered where these are.
    pub fn may_be_complete(&self, state: State) -> bool {
        self.is_complete(state) || (self.assumes() && !self.looks_for_refusal())
    }

    /// Whether a dialog has come in between what is walked.
    pub fn is_between(&self, state: State) -> bool {
        self.stacks[state.stack as usize]
            .iter()
            .any(|frame| frame & 1 == 1)
    }

    pub fn is_cleared(&self, state: State) -> bool {
        state.mode == Mode::Free && state.clear && self.is_complete(state)
    }

    /// Whether a move may still come in one of the dialogs being walked.
    pub fn is_on_the_way(&self, state: State) -> bool {
        self.stacks[state.stack as usize]
            .iter()
            .any(|frame| self.steps[(frame >> 1) as usize].dialog.has_moves)
    }

    /// The same with the top frame at `next`.
    pub fn goto(&mut self, state: State, next: &StepId) -> State {
        let mut frames = self.stack(state.stack).to_vec();
        if let Some(frame) = frames.last_mut() {
            let dialog = &self.steps[(*frame >> 1) as usize].dialog.id;
            if let Some(at) = self.at(dialog, next) {
                *frame = at << 1 | (*frame & 1);
            }
        }
        State {
            stack: self.intern_stack(&frames),
            ..state
        }
    }

    /// The same with `dialog` begun: alone, or on top.
    pub fn enter(&mut self, state: State, dialog: &Dialog, on_top: Option<u32>) -> State {
        let facts = self.without_slots(state.facts, &dialog.own_slots);
        let Some(at) = self.at(&dialog.id, &dialog.start) else {
            return state;
        };
        let mut frames = match on_top {
            Some(_) => self.stack(state.stack).to_vec(),
            None => Vec::new(),
        };
        frames.push(at << 1 | on_top.unwrap_or(0));
        State {
            stack: self.intern_stack(&frames),
            facts,
            ..state
        }
    }

    /// The screening from its start.
    pub fn begin_screening(&mut self, state: State) -> State {
        match self.content.dialogs.get(&self.content.bot.screening) {
            Some(dialog) => self.enter(state, dialog, None),
            None => state,
        }
    }

    /// Answers that are kept for the day, gone with it.
    pub fn without_day_slots(&mut self, facts: u32) -> u32 {
        let content = self.content;
        self.without_slots(facts, &content.day_slots)
    }

    fn without_slots(&mut self, facts: u32, slots: &[SlotId]) -> u32 {
        if self.tracked.slots.is_empty() {
            return facts;
        }
        let mut facts = self.facts(facts).clone();
        for slot in slots {
            if let Some(at) = self.tracked.slot(slot) {
                facts.slots[at] = None;
            }
        }
        self.intern_facts(facts)
    }

    /// Whether what is looked for lies behind a card.
    pub fn looks_behind_card(&self) -> bool {
        matches!(
            self.goal,
            Goal::Refused { behind_card: true } | Goal::Behind(_)
        )
    }

    /// Whether a flag stated so can leave the patient without a card.
    pub fn level_of(&self, flag: &FlagId, form: Form) -> Level {
        self.content.rules.level_of(flag, form)
    }

    pub fn grant(&self, state: &mut State) {
        if state.mode == Mode::Free && !state.locked && self.is_complete(*state) {
            state.clear = true;
        }
    }
}

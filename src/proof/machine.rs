//! The abstract conversation: what of a real one decides whether a step is
//! reached, and nothing else.
//!
//! Where a conversation stands, which screens are answered, whether a card is
//! in force, and the few facts that are tracked. Every other fact is unknown,
//! and a branch on an unknown fact goes every way. `docs/proof.md` says why
//! this never leaves out a real conversation.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::content::{Atom, Change, Condition, Content, Dialog, Step, Verb};
use crate::dialog::STEPS_PER_TURN_MAX;
use crate::ids::{ChoiceId, DialogId, FlagId, MoveId, ScreenId, SlotId, StepId};
use crate::triage::{Form, Level};

/// Screens are bits of a word.
pub(super) const SCREENS_MAX: usize = 64;

/// Tracked flags are bits of a word.
pub(super) const FLAGS_TRACKED_MAX: usize = 32;

/// A step, by its place in [`Machine::steps`].
pub(super) type At = u32;

/// What a card in force, or one that waits, makes of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Mode {
    /// Nothing blocks.
    Free,
    /// A see-professional flag is stated; its card waits for the screens.
    Pending,
    /// The card of this level is in force.
    Stopped(Level),
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

/// What is asked of a slot's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Test {
    Value(ChoiceId),
    Range(i64, i64),
}

/// Which facts are tracked. Each round of refinement adds some.
#[derive(Debug, Clone, Default)]
pub(super) struct Tracked {
    pub slots: Vec<(SlotId, Vec<Test>)>,
    pub flags: Vec<FlagId>,
    /// Clearance is told apart in branches.
    pub clearance: bool,
}

impl Tracked {
    pub fn slot(&self, slot: &SlotId) -> Option<usize> {
        self.slots.iter().position(|(known, _)| known == slot)
    }

    pub fn flag(&self, flag: &FlagId) -> Option<usize> {
        self.flags.iter().position(|known| known == flag)
    }

    /// Adds what a condition reads; says whether anything is new.
    pub fn add(&mut self, condition: &Condition) -> bool {
        match condition {
            Condition::Has(atom) => self.add_atom(atom),
            Condition::Count { of, .. } => {
                of.iter().fold(false, |new, atom| self.add_atom(atom) | new)
            }
            Condition::Number { slot, from, to } => {
                self.add_test(slot, Some(Test::Range(*from, *to)))
            }
            Condition::LevelAtLeast(_) => false,
            Condition::Cleared(_) => !std::mem::replace(&mut self.clearance, true),
            Condition::All(all) | Condition::Any(all) => {
                all.iter().fold(false, |new, one| self.add(one) | new)
            }
            Condition::Not(not) => self.add(not),
        }
    }

    pub fn add_atom(&mut self, atom: &Atom) -> bool {
        match atom {
            Atom::Flag(flag) => self.add_flag(flag),
            Atom::Value(slot, value) => self.add_test(slot, Some(Test::Value(value.clone()))),
            Atom::Set(slot) => self.add_test(slot, None),
        }
    }

    pub fn add_flag(&mut self, flag: &FlagId) -> bool {
        if self.flag(flag).is_some() || self.flags.len() >= FLAGS_TRACKED_MAX {
            return false;
        }
        self.flags.push(flag.clone());
        true
    }

    fn add_test(&mut self, slot: &SlotId, test: Option<Test>) -> bool {
        /// Tests are bits of a word.
        const TESTS_MAX: usize = 32;
        let (at, new) = match self.slot(slot) {
            Some(at) => (at, false),
            None => {
                self.slots.push((slot.clone(), Vec::new()));
                (self.slots.len() - 1, true)
            }
        };
        let tests = &mut self.slots[at].1;
        match test {
            Some(test) if !tests.contains(&test) && tests.len() < TESTS_MAX => {
                tests.push(test);
                true
            }
            Some(_) | None => new,
        }
    }
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
    /// A move is shown while these facts hold.
    Shown {
        /// Which; any, when none.
        exercise: Option<MoveId>,
        /// Tracked facts.
        with: Vec<Atom>,
    },
    /// A move is passed over while these facts hold.
    Passed { exercise: MoveId, with: Vec<Atom> },
    /// Steps run round in a circle, or for too long, and nobody is asked.
    Loop,
    /// Nothing: everything reachable is walked.
    Everything,
}

/// Where a run of steps without a question ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Stop {
    /// A question is open.
    Ask(State),
    /// No dialog is walked any more.
    Rest(State),
    /// What was looked for; at this step.
    Found(State, At),
}

/// A step at which a fact was unknown, and where it was taken to lead. A move
/// that is shown leads to itself.
pub(super) type Guess = (At, At);

/// One end of a run.
#[derive(Debug, Clone)]
pub(super) struct End {
    pub stop: Stop,
    /// What was guessed on the way.
    pub guesses: Rc<[Guess]>,
    /// A dialog that came in between has ended: its way back goes.
    pub left_between: bool,
}

/// A run under way.
#[derive(Debug, Clone)]
struct Runner {
    state: State,
    guesses: Vec<Guess>,
    left_between: bool,
}

impl Runner {
    fn to(&self, state: State) -> Self {
        Self {
            state,
            ..self.clone()
        }
    }

    fn guessing(&self, state: State, guess: Guess) -> Self {
        let mut next = self.to(state);
        next.guesses.push(guess);
        next
    }

    fn end(&self, stop: Stop) -> End {
        End {
            stop,
            guesses: self.guesses[..].into(),
            left_between: self.left_between,
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
    index: HashMap<(&'a DialogId, &'a StepId), At>,
    screen_index: HashMap<&'a ScreenId, usize>,
    pub all_screens: u64,
    pub tracked: Tracked,
    pub goal: Goal,
    stacks: Vec<Rc<[u32]>>,
    stack_ids: HashMap<Rc<[u32]>, u32>,
    facts: Vec<Facts>,
    fact_ids: HashMap<Facts, u32>,
    runs: HashMap<State, Rc<[End]>>,
    /// Guesses that did not play.
    pub banned: HashSet<Guess>,
    /// Lists are tried with few sets of ticks: enough to find, not to prove.
    pub hunts: bool,
    /// A list had too many ticks to try every set of them: that nothing was found
    /// then proves nothing.
    pub is_cut: bool,
    /// Every step any run has gone through or asked.
    pub visited: HashSet<At>,
}

impl<'a> Machine<'a> {
    pub fn new(content: &'a Content, tracked: Tracked, goal: Goal) -> Self {
        let mut steps = Vec::new();
        let mut index = HashMap::new();
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
            tracked,
            goal,
            stacks: Vec::new(),
            stack_ids: HashMap::new(),
            facts: Vec::new(),
            fact_ids: HashMap::new(),
            runs: HashMap::new(),
            banned: HashSet::new(),
            hunts: false,
            is_cut: false,
            visited: HashSet::new(),
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
            facts: 0,
            changing: false,
        }
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

    /// The tests that a value of a tracked slot passes.
    pub fn passes(&self, slot: usize, values: &[ChoiceId], number: Option<i64>) -> u32 {
        let tests = &self.tracked.slots[slot].1;
        tests.iter().enumerate().fold(0, |bits, (at, test)| {
            let passes = match (test, number) {
                (Test::Value(value), None) => {
                    values.contains(value) || (values.is_empty() && value.as_str() == "none")
                }
                (Test::Value(value), Some(number)) => value.as_str().parse() == Ok(number),
                (Test::Range(from, to), Some(number)) => (*from..=*to).contains(&number),
                (Test::Range(..), None) => false,
            };
            bits | u32::from(passes) << at
        })
    }

    /// Whether an atom holds; `None` when it is not known.
    pub fn has(&self, state: State, atom: &Atom) -> Option<bool> {
        let facts = self.facts(state.facts);
        match atom {
            Atom::Flag(flag) => self.tracked.flag(flag).map(|at| facts.flags >> at & 1 == 1),
            Atom::Set(slot) => self.tracked.slot(slot).map(|at| facts.slots[at].is_some()),
            Atom::Value(slot, value) => self.test(facts, slot, &Test::Value(value.clone())),
        }
    }

    fn test(&self, facts: &Facts, slot: &SlotId, test: &Test) -> Option<bool> {
        let at = self.tracked.slot(slot)?;
        let Some(passed) = facts.slots[at] else {
            return Some(false);
        };
        let bit = self.tracked.slots[at]
            .1
            .iter()
            .position(|known| known == test)?;
        Some(passed >> bit & 1 == 1)
    }

    /// Whether an atom counts. A hunt takes it that what it does not test in a list
    /// is not ticked: else it would guess that an empty list has enough of them.
    fn counts(&self, state: State, atom: &Atom) -> Option<bool> {
        let is_untested = |slot| self.hunts && self.tracked.slot(slot).is_some();
        self.has(state, atom).or(match atom {
            Atom::Value(slot, _) if is_untested(slot) => Some(false),
            Atom::Value(..) | Atom::Set(_) | Atom::Flag(_) => None,
        })
    }

    /// Whether a condition holds; `None` when it is not known.
    pub fn holds(&self, state: State, condition: &Condition) -> Option<bool> {
        match condition {
            Condition::Has(atom) => self.has(state, atom),
            Condition::Count { of, from, to } => {
                let known: Vec<Option<bool>> =
                    of.iter().map(|atom| self.counts(state, atom)).collect();
                let least = known.iter().filter(|one| **one == Some(true)).count();
                let most = least + known.iter().filter(|one| one.is_none()).count();
                if least >= *from && most <= *to {
                    Some(true)
                } else if most < *from || least > *to {
                    Some(false)
                } else {
                    None
                }
            }
            Condition::Number { slot, from, to } => {
                self.test(self.facts(state.facts), slot, &Test::Range(*from, *to))
            }
            Condition::LevelAtLeast(level) => match state.mode {
                Mode::Free if *level >= Level::SeeProfessional => Some(false),
                Mode::Free => None,
                Mode::Pending => Some(*level <= Level::SeeProfessional),
                Mode::Stopped(is) => Some(*level <= is),
            },
            Condition::Cleared(wanted) => match state.mode {
                Mode::Pending | Mode::Stopped(_) => Some(!wanted),
                Mode::Free if self.tracked.clearance => Some(self.is_cleared(state) == *wanted),
                Mode::Free => None,
            },
            Condition::All(all) => self.all(state, all),
            Condition::Any(any) => {
                let known: Vec<Option<bool>> =
                    any.iter().map(|one| self.holds(state, one)).collect();
                if known.contains(&Some(true)) {
                    Some(true)
                } else if known.contains(&None) {
                    None
                } else {
                    Some(false)
                }
            }
            Condition::Not(not) => self.holds(state, not).map(|holds| !holds),
        }
    }

    fn all(&self, state: State, all: &[Condition]) -> Option<bool> {
        let known: Vec<Option<bool>> = all.iter().map(|one| self.holds(state, one)).collect();
        if known.contains(&Some(false)) {
            Some(false)
        } else if known.contains(&None) {
            None
        } else {
            Some(true)
        }
    }

    /// Whether a move is passed over.
    pub fn is_dropped(&self, state: State, id: &MoveId) -> Option<bool> {
        let Some(exercise) = self.content.moves.list.get(id) else {
            return Some(false);
        };
        let facts = exercise
            .changes
            .iter()
            .filter(|(_, change)| *change == Change::Drop);
        let mut known: Vec<Option<bool>> = facts.map(|(atom, _)| self.has(state, atom)).collect();
        known.extend(
            self.histories_against(id)
                .map(|flag| self.has(state, &Atom::Flag(flag.clone()))),
        );
        if known.contains(&Some(true)) {
            Some(true)
        } else if known.contains(&None) {
            None
        } else {
            Some(false)
        }
    }

    /// History flags that leave this move out.
    pub fn histories_against(&self, id: &MoveId) -> impl Iterator<Item = &'a FlagId> + use<'a> {
        let id = id.clone();
        self.content
            .flags
            .iter()
            .filter(move |(_, flag)| {
                flag.history
                    .as_ref()
                    .is_some_and(|history| !history.allows.contains(&id))
            })
            .map(|(id, _)| id)
    }

    /// Whether a flag stated so can leave the patient without a card.
    pub fn level_of(&self, flag: &FlagId, form: Form) -> Level {
        self.content.rules.level_of(flag, form)
    }

    /// Whether a history's second question can let go of this flag.
    pub fn lets_go(&self, flag: &FlagId) -> bool {
        self.content
            .flags
            .get(flag)
            .is_some_and(|flag| flag.history.is_some())
            && self.level_of(flag, Form::Sure) <= Level::SeeProfessional
    }

    /// Everything a run from this state can come to.
    pub fn run(&mut self, state: State) -> Rc<[End]> {
        if let Some(run) = self.runs.get(&state) {
            return Rc::clone(run);
        }
        let mut ends = Vec::new();
        let mut seen = HashSet::from([state]);
        let mut queue = std::collections::VecDeque::from([Runner {
            state,
            guesses: Vec::new(),
            left_between: false,
        }]);
        while let Some(here) = queue.pop_front() {
            for next in self.go(here, &mut ends) {
                if seen.insert(next.state) {
                    queue.push_back(next);
                }
            }
        }
        if self.goal == Goal::Loop {
            self.find_loop(state, &mut ends);
        }
        let ends: Rc<[End]> = ends.into();
        self.runs.insert(state, Rc::clone(&ends));
        ends
    }

    /// Whether steps run from here for longer than the engine lets them.
    fn find_loop(&mut self, state: State, ends: &mut Vec<End>) {
        let mut depth: HashMap<State, usize> = HashMap::from([(state, 0)]);
        let mut queue = vec![Runner {
            state,
            guesses: Vec::new(),
            left_between: false,
        }];
        while let Some(here) = queue.pop() {
            let so_far = depth[&here.state];
            if so_far >= STEPS_PER_TURN_MAX {
                if let Some(at) = self.top(here.state) {
                    ends.push(here.end(Stop::Found(here.state, at)));
                }
                return;
            }
            for next in self.go(here, &mut Vec::new()) {
                // Only a longer way tells more.
                if depth.get(&next.state).is_none_or(|known| *known <= so_far) {
                    depth.insert(next.state, so_far + 1);
                    queue.push(next);
                }
            }
        }
    }

    /// One step of a run: where it goes on, or the end it adds to `ends`.
    fn go(&mut self, runner: Runner, ends: &mut Vec<End>) -> Vec<Runner> {
        let mut state = runner.state;
        let Some(at) = self.top(state) else {
            if state.mode != Mode::Pending {
                ends.push(runner.end(Stop::Rest(state)));
            }
            return Vec::new();
        };
        self.visited.insert(at);
        let step = self.step(at);
        if self.goal == Goal::Step(at)
            && !matches!(step.verb, Verb::Move { .. } | Verb::Play { .. })
        {
            ends.push(runner.end(Stop::Found(state, at)));
        }
        let next = match &step.verb {
            Verb::Pass { next } | Verb::Handoff { next, .. } => self.goto(state, next),
            Verb::RequestCall { slot, next } => {
                if let Some(slot) = self.tracked.slot(slot) {
                    let mut facts = self.facts(state.facts).clone();
                    facts.slots[slot] = Some(0);
                    state.facts = self.intern_facts(facts);
                }
                self.goto(state, next)
            }
            Verb::Branch { arms, otherwise } => return self.branch(&runner, at, arms, otherwise),
            Verb::Screen { screen, next } if state.screens & self.screen_bit(screen) != 0 => {
                self.grant(&mut state);
                self.goto(state, next)
            }
            Verb::Move { id, next, .. } => {
                let dropped = self.is_dropped(state, id);
                return self.pass_move(&runner, at, id, dropped, next, ends);
            }
            Verb::Play { moves, next, .. } => {
                let dropped: Vec<Option<bool>> =
                    moves.iter().map(|id| self.is_dropped(state, id)).collect();
                // It is passed over when every move is, and asks when one is not.
                let all = if dropped.contains(&Some(false)) {
                    Some(false)
                } else if dropped.contains(&None) {
                    None
                } else {
                    Some(true)
                };
                let first = dropped.iter().position(|one| *one != Some(true));
                let first = first.and_then(|first| moves.get(first)).or(moves.first());
                return match first {
                    Some(id) => self.pass_move(&runner, at, id, all, next, ends),
                    None => vec![runner.to(self.goto(state, next))],
                };
            }
            Verb::Call { dialog, .. } => match self.content.dialogs.get(dialog) {
                Some(dialog) => self.enter(state, dialog, Some(0)),
                None => return Vec::new(),
            },
            Verb::End => {
                let (next, left_between) = self.leave(state);
                return vec![Runner {
                    left_between: runner.left_between || left_between,
                    ..runner.to(next)
                }];
            }
            Verb::Screen { .. } => {
                ends.push(runner.end(Stop::Ask(state)));
                return Vec::new();
            }
            Verb::Choice { .. }
            | Verb::Many { .. }
            | Verb::YesNo { .. }
            | Verb::Number { .. }
            | Verb::Text { .. }
            | Verb::Summary { .. } => {
                // A card that waits is shown before any other question.
                if state.mode != Mode::Pending {
                    ends.push(runner.end(Stop::Ask(state)));
                }
                return Vec::new();
            }
        };
        vec![runner.to(next)]
    }

    fn branch(
        &mut self,
        runner: &Runner,
        at: At,
        arms: &[(Condition, StepId)],
        otherwise: &StepId,
    ) -> Vec<Runner> {
        let state = runner.state;
        let mut ways = Vec::new();
        let mut is_sure = true;
        let all = arms
            .iter()
            .map(|(condition, go)| (Some(condition), go))
            .chain([(None, otherwise)]);
        for (condition, go) in all {
            let holds = match condition {
                Some(condition) => self.holds(state, condition),
                None => Some(true),
            };
            if holds == Some(false) {
                continue;
            }
            is_sure &= holds == Some(true);
            let next = self.goto(state, go);
            if is_sure {
                ways.push(runner.to(next));
            } else {
                self.guess(runner, at, next, &mut ways);
            }
            if holds == Some(true) {
                break;
            }
        }
        ways
    }

    fn guess(&self, runner: &Runner, at: At, next: State, ways: &mut Vec<Runner>) {
        let guess = (at, self.top(next).unwrap_or(at));
        if !self.banned.contains(&guess) {
            ways.push(runner.guessing(next, guess));
        }
    }

    fn pass_move(
        &mut self,
        runner: &Runner,
        at: At,
        id: &MoveId,
        dropped: Option<bool>,
        next: &StepId,
        ends: &mut Vec<End>,
    ) -> Vec<Runner> {
        let state = runner.state;
        let shown = match dropped {
            Some(true) => None,
            Some(false) => Some(runner.clone()),
            None if self.banned.contains(&(at, at)) => None,
            None => Some(runner.guessing(state, (at, at))),
        };
        if let Some(shown) = shown {
            self.shows(&shown, at, id, ends);
        }
        if dropped == Some(false) {
            return Vec::new();
        }
        let to = self.goto(state, next);
        let mut ways = Vec::new();
        if let Goal::Passed { exercise, with } = &self.goal
            && dropped == Some(true)
            && exercise == id
            && state.mode == Mode::Free
            && self.is_complete(state)
            && self.has_all(state, with)
        {
            ends.push(runner.end(Stop::Found(state, at)));
        }
        if dropped == Some(true) {
            ways.push(runner.to(to));
        } else {
            self.guess(runner, at, to, &mut ways);
        }
        ways
    }

    fn has_all(&self, state: State, facts: &[Atom]) -> bool {
        facts.iter().all(|fact| self.has(state, fact) == Some(true))
    }

    /// A move that is not passed over: shown, refused, or replaced by a card.
    fn shows(&mut self, runner: &Runner, at: At, id: &MoveId, ends: &mut Vec<End>) {
        let mut state = runner.state;
        let is_refused = match state.mode {
            Mode::Pending => return,
            Mode::Free => !self.is_complete(state),
            Mode::Stopped(_) => true,
        };
        let behind_card = state.mode != Mode::Free;
        let is_found = match &self.goal {
            Goal::Refused {
                behind_card: wanted,
            } => is_refused && *wanted == behind_card,
            Goal::Step(step) => !is_refused && *step == at,
            Goal::Shown { exercise, with } => {
                !is_refused
                    && exercise.as_ref().is_none_or(|exercise| exercise == id)
                    && self.has_all(state, with)
            }
            Goal::Passed { .. } | Goal::Loop | Goal::Everything => false,
        };
        if is_found {
            ends.push(runner.end(Stop::Found(state, at)));
        }
        if !is_refused {
            self.grant(&mut state);
            ends.push(runner.end(Stop::Ask(state)));
        }
    }

    pub fn grant(&self, state: &mut State) {
        if state.mode == Mode::Free && self.is_complete(*state) {
            state.clear = true;
        }
    }

    /// The dialog on top is over; says whether it came in between.
    pub fn leave(&mut self, state: State) -> (State, bool) {
        let mut frames = self.stack(state.stack).to_vec();
        let ended = frames.pop();
        let was_between = ended.is_some_and(|frame| frame & 1 == 1);
        if !was_between
            && let Some(frame) = frames.last_mut()
            && let Verb::Call { next, .. } = &self.step(*frame >> 1).verb
        {
            let dialog = &self.steps[(*frame >> 1) as usize].dialog.id;
            if let Some(at) = self.at(dialog, next) {
                *frame = at << 1 | (*frame & 1);
            }
        }
        let stack = self.intern_stack(&frames);
        (State { stack, ..state }, was_between)
    }
}

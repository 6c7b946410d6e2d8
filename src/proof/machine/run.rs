//! Runs steps that ask nobody, to every end they can come to.

use std::collections::VecDeque;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::conditions::all_of;
use super::{At, Behind, Goal, Machine, Mode, State, Wanted};
use crate::content::{Atom, Condition, TextKind, Verb};
use crate::dialog::STEPS_PER_TURN_MAX;
use crate::ids::{MoveId, StepId};
use crate::triage::Level;

/// Where a run of steps without a question ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::proof) enum Stop {
    /// A question is open.
    Ask(State),
    /// No dialog is walked any more.
    Rest(State),
    /// What was looked for; at this step.
    Found(State, At),
}

/// A step at which a fact was unknown, and where it was taken to lead. A move
/// that is shown leads to itself.
pub(in crate::proof) type Guess = (At, At);

/// One end of a run.
#[derive(Debug, Clone)]
pub(in crate::proof) struct End {
    pub stop: Stop,
    /// What was guessed on the way.
    pub guesses: Rc<[Guess]>,
    /// A dialog that came in between has ended: its way back goes.
    pub left_between: bool,
    /// The engine offered a person, and nothing is left of the way back.
    pub begins_anew: bool,
}

/// A run under way.
#[derive(Debug, Clone)]
struct Runner {
    state: State,
    guesses: Vec<Guess>,
    left_between: bool,
    begins_anew: bool,
    /// Steps can run for longer from where it began than the engine lets them.
    may_be_long: bool,
}

impl Runner {
    fn new(state: State) -> Self {
        Self {
            state,
            guesses: Vec::new(),
            left_between: false,
            begins_anew: false,
            may_be_long: false,
        }
    }

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
            begins_anew: self.begins_anew,
        }
    }
}

impl<'a> Machine<'a> {
    /// Everything a run from this state can come to.
    pub fn run(&mut self, state: State) -> Rc<[End]> {
        if let Some(run) = self.runs.get(&state) {
            return Rc::clone(run);
        }
        let mut ends = Vec::new();
        let mut seen = FxHashSet::from_iter([state]);
        let begun = Runner {
            may_be_long: self.may_be_long(state),
            ..Runner::new(state)
        };
        if self.goal == Goal::Loop && begun.may_be_long {
            self.find_loop(state, &mut ends);
        }
        let mut queue = VecDeque::from([begun]);
        while let Some(here) = queue.pop_front() {
            // Which of its steps is the last one that the engine lets run is not known.
            let is_stopped = here.may_be_long && self.top(here.state).is_some();
            let stopped = is_stopped.then(|| self.offer_person(&here)).flatten();
            for next in self.go(here, &mut ends).into_iter().chain(stopped) {
                if seen.insert(next.state) {
                    queue.push_back(next);
                }
            }
        }
        let ends: Rc<[End]> = ends.into();
        self.runs.insert(state, Rc::clone(&ends));
        ends
    }

    /// Whether steps may run from here for longer than the engine lets them.
    fn may_be_long(&mut self, state: State) -> bool {
        !self.all_runs_are_short && self.longest_run(state, 0) >= STEPS_PER_TURN_MAX
    }

    /// What the engine does where steps run for too long, and where it refuses a move.
    fn offer_person(&mut self, runner: &Runner) -> Option<Runner> {
        let content = self.content;
        let person = content.dialogs.get(&content.bot.person)?;
        let state = self.enter(
            State {
                stack: 0,
                ..runner.state
            },
            person,
            None,
        );
        Some(Runner {
            begins_anew: true,
            may_be_long: self.may_be_long(state),
            ..runner.to(state)
        })
    }

    /// How many steps can run from here without a question; [`STEPS_PER_TURN_MAX`] for
    /// all that is more. Each state is looked at once, whatever run it is a part of.
    fn longest_run(&mut self, state: State, so_far: usize) -> usize {
        if let Some(known) = self.run_lengths.get(&state) {
            return *known;
        }
        if self.top(state).is_none() {
            return 0;
        }
        if so_far >= STEPS_PER_TURN_MAX {
            return STEPS_PER_TURN_MAX;
        }
        // Whoever comes to it again meanwhile runs in a circle.
        self.run_lengths.insert(state, STEPS_PER_TURN_MAX);
        let mut longest = 0;
        for next in self.go(Runner::new(state), &mut Vec::new()) {
            longest = longest.max(1 + self.longest_run(next.state, so_far + 1));
        }
        let longest = longest.min(STEPS_PER_TURN_MAX);
        self.run_lengths.insert(state, longest);
        longest
    }

    /// A run that goes on for longer than the engine lets it.
    fn find_loop(&mut self, state: State, ends: &mut Vec<End>) {
        let mut depth: FxHashMap<State, usize> = FxHashMap::from_iter([(state, 0)]);
        let mut queue = vec![Runner::new(state)];
        while let Some(here) = queue.pop() {
            let so_far = depth[&here.state];
            // Where nothing is walked any more no step follows; another way may go on.
            let Some(at) = self.top(here.state) else {
                continue;
            };
            if so_far >= STEPS_PER_TURN_MAX {
                ends.push(here.end(Stop::Found(here.state, at)));
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
            if !state.mode.is_pending() {
                ends.push(runner.end(Stop::Rest(state)));
            }
            return Vec::new();
        };
        self.visited.insert(at);
        let step = self.step(at);
        if self.goal == Goal::Step(at) && !step.needs_clearance() {
            ends.push(runner.end(Stop::Found(state, at)));
        }
        if let Goal::Shown {
            what: Wanted::Position(wanted),
            with,
        } = &self.goal
            && *wanted == at
            && !step.needs_clearance()
            && self.has_all(state, with)
        {
            ends.push(runner.end(Stop::Found(state, at)));
        }
        if let Goal::Behind(what) = &self.goal
            && self.is_out_of_place(*what, state.mode, at)
        {
            ends.push(runner.end(Stop::Found(state, at)));
        }
        if let Some(check) = &step.position_check {
            let left_out = self.has_any(state, &check.left_out_with);
            return self.pass_move(&runner, at, None, left_out, &check.next, ends);
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
            Verb::Screen { screen, next } if self.assumes() && self.goal == Goal::Loop => {
                // It may be answered already: then nobody is asked.
                let mut passed = state;
                passed.screens |= self.screen_bit(screen);
                ends.push(runner.end(Stop::Ask(state)));
                self.goto(passed, next)
            }
            Verb::Move { id, next, .. } => {
                let dropped = self.is_dropped(state, id);
                return self.pass_move(&runner, at, Some(id), dropped, next, ends);
            }
            Verb::Play { moves, next, .. } => {
                let dropped: Vec<Option<bool>> =
                    moves.iter().map(|id| self.is_dropped(state, id)).collect();
                // It is passed over when every move is, and asks when one is not.
                let all = all_of(dropped.iter().copied());
                self.shows_later(&runner, at, moves, &dropped, ends);
                let first = dropped.iter().position(|one| *one != Some(true));
                let first = first.and_then(|first| moves.get(first)).or(moves.first());
                return match first {
                    Some(id) => self.pass_move(&runner, at, Some(id), all, next, ends),
                    None => vec![runner.to(self.goto(state, next))],
                };
            }
            Verb::Call { dialog, .. } => match self.content.dialogs.get(dialog) {
                Some(dialog) => self.enter(state, dialog, Some(0)),
                None => return Vec::new(),
            },
            Verb::End => return vec![self.end_dialog(&runner)],
            // Where nobody would read the number the dialog is over. A hunt needs a chat,
            // and plays it with somebody there.
            Verb::Text {
                kind: TextKind::Phone,
                ..
            } if !self.hunts => {
                self.ask(&runner, ends);
                return vec![self.end_dialog(&runner)];
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
                self.ask(&runner, ends);
                return Vec::new();
            }
        };
        vec![runner.to(next)]
    }

    /// A question. A card that waits is shown before it, but for those of a dialog that
    /// came in between.
    fn ask(&self, runner: &Runner, ends: &mut Vec<End>) {
        let state = runner.state;
        if !state.mode.is_pending() || self.is_between(state) {
            ends.push(runner.end(Stop::Ask(state)));
        }
    }

    fn end_dialog(&mut self, runner: &Runner) -> Runner {
        let (next, left_between) = self.leave(runner.state);
        Runner {
            left_between: runner.left_between || left_between,
            ..runner.to(next)
        }
    }

    fn branch(
        &mut self,
        runner: &Runner,
        at: At,
        arms: &[(Condition, StepId)],
        otherwise: &StepId,
    ) -> Vec<Runner> {
        let mut ways = Vec::new();
        let reads_clearance = || {
            arms.iter()
                .any(|(condition, _)| condition.reads_clearance())
        };
        if runner.state.mode == Mode::Free && self.assumes() && reads_clearance() {
            // Whoever is cleared has answered every screen. Whoever is not may have.
            let cleared = State {
                screens: self.all_screens,
                clear: true,
                ..runner.state
            };
            let uncleared = State {
                clear: false,
                ..runner.state
            };
            for (state, cleared) in [(cleared, true), (uncleared, false)] {
                let runner = runner.to(state);
                self.take_arms(&runner, at, (arms, otherwise), Some(cleared), &mut ways);
            }
        } else {
            let cleared = self.knows_clearance(runner.state);
            self.take_arms(runner, at, (arms, otherwise), cleared, &mut ways);
        }
        ways
    }

    /// The arms that may be taken, where it is known, or assumed, whether the
    /// patient is cleared.
    fn take_arms(
        &mut self,
        runner: &Runner,
        at: At,
        (arms, otherwise): (&[(Condition, StepId)], &StepId),
        cleared: Option<bool>,
        ways: &mut Vec<Runner>,
    ) {
        let state = runner.state;
        let is_assumed = cleared.is_some() && self.knows_clearance(state).is_none();
        let mut is_sure = !is_assumed;
        let all = arms
            .iter()
            .map(|(condition, go)| (Some(condition), go))
            .chain([(None, otherwise)]);
        for (condition, go) in all {
            let holds = match condition {
                Some(condition) => self.holds(state, cleared, condition),
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
                self.guess(runner, at, next, ways);
            }
            if holds == Some(true) {
                break;
            }
        }
    }

    fn guess(&self, runner: &Runner, at: At, next: State, ways: &mut Vec<Runner>) {
        let guess = (at, self.top(next).unwrap_or(at));
        if !self.banned.contains(&guess) {
            ways.push(runner.guessing(next, guess));
        }
    }

    /// A step that needs clearance: it is passed over, or shown with this move, or
    /// with none where it only has the patient take a position.
    fn pass_move(
        &mut self,
        runner: &Runner,
        at: At,
        id: Option<&MoveId>,
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
        let mut ways = Vec::new();
        if let Some(shown) = shown {
            ways.extend(self.shows(&shown, at, id, ends));
        }
        if dropped == Some(false) {
            return ways;
        }
        let to = self.goto(state, next);
        if let Goal::Passed { exercise, with } = &self.goal
            && dropped == Some(true)
            && Some(exercise) == id
            && state.mode == Mode::Free
            && self.may_be_complete(state)
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

    /// Of moves that are played the later ones are shown too, once those before
    /// them are done or skipped.
    fn shows_later(
        &self,
        runner: &Runner,
        at: At,
        moves: &[MoveId],
        dropped: &[Option<bool>],
        ends: &mut Vec<End>,
    ) {
        let state = runner.state;
        let Goal::Shown {
            what: Wanted::Move(exercise),
            with,
        } = &self.goal
        else {
            return;
        };
        if state.mode != Mode::Free || !self.may_be_complete(state) || !self.has_all(state, with) {
            return;
        }
        let kept = moves
            .iter()
            .zip(dropped)
            .skip(1)
            .find(|(id, dropped)| *id == exercise && **dropped != Some(true));
        let found = Stop::Found(state, at);
        match kept {
            None => {}
            Some((_, Some(_))) => ends.push(runner.end(found)),
            Some((_, None)) if self.banned.contains(&(at, at)) => {}
            Some((_, None)) => ends.push(runner.guessing(state, (at, at)).end(found)),
        }
    }

    /// Whether a step has no place behind the card in force.
    fn is_out_of_place(&self, what: Behind, mode: Mode, at: At) -> bool {
        let Mode::Stopped(level) = mode else {
            return false;
        };
        let known = &self.steps[at as usize];
        match what {
            Behind::Handoff => {
                level >= Level::UrgentToday && matches!(known.step.verb, Verb::Handoff { .. })
            }
            Behind::Safety => known
                .dialog
                .steps
                .values()
                .any(|step| step.needs_clearance() || matches!(step.verb, Verb::Screen { .. })),
        }
    }

    fn has_all(&self, state: State, facts: &[Atom]) -> bool {
        let holds = |fact| match self.has(state, fact) {
            // What nobody can tell may hold; a chat has to show it.
            None => !self.hunts,
            Some(holds) => holds,
        };
        facts.iter().all(holds)
    }

    /// What is not passed over: shown, replaced by a card, or refused. Then it goes on
    /// elsewhere.
    fn shows(
        &mut self,
        runner: &Runner,
        at: At,
        id: Option<&MoveId>,
        ends: &mut Vec<End>,
    ) -> Option<Runner> {
        // What words may mean is asked about first; then the move is shown.
        let mut state = self.unlocked(runner.state);
        let is_refused = match state.mode {
            Mode::Pending { .. } => return None,
            Mode::Free => !self.may_be_complete(state),
            Mode::Stopped(_) => true,
        };
        let behind_card = state.mode != Mode::Free;
        let is_found = match &self.goal {
            Goal::Refused {
                behind_card: wanted,
            } => is_refused && *wanted == behind_card,
            Goal::Step(step) => !is_refused && *step == at,
            Goal::Shown { what, with } => {
                let is_wanted = match what {
                    Wanted::AnyMove => id.is_some(),
                    Wanted::Move(exercise) => id == Some(exercise),
                    Wanted::Position(step) => *step == at,
                };
                !is_refused && is_wanted && self.has_all(state, with)
            }
            Goal::Passed { .. } | Goal::Behind(_) | Goal::Loop | Goal::Everything => false,
        };
        if is_found {
            ends.push(runner.end(Stop::Found(state, at)));
        }
        if is_refused {
            return self.offer_person(&runner.to(state));
        }
        state.screens = self.all_screens;
        self.grant(&mut state);
        ends.push(runner.end(Stop::Ask(state)));
        None
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

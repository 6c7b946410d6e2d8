//! What each answer does to an abstract conversation.
//!
//! One [`Way`] an answer that can make a difference. Answers that differ only
//! in facts nobody tracks are one.

mod screens;

use super::machine::{Machine, Mode, State};
use super::tap::{Crumb, Tap, Trail, Way};
use crate::content::{Answer, Choice, Verb};
use crate::ids::{ChoiceId, FlagId, SlotId};
use crate::triage::{Form, Level};

/// More ticks than this on one list are not tried together.
const TICKS_TRACKED_MAX: usize = 10;

/// Flags that staff must have cleared before a way is open.
const CLEARED_COST: u32 = 4;

/// What an answer's flags allow.
enum Raised {
    /// Go on, with what was cleared before the answer unchanged.
    Free { cost: u32 },
    /// Go on behind a second question that let go of a history.
    Settled,
    /// Go on, a card waiting, which may settle.
    Pending { settles: bool },
}

impl Machine<'_> {
    /// Everything an open question can be answered with.
    pub fn answers(&mut self, state: State) -> Vec<Way> {
        let Some(at) = self.top(state) else {
            return Vec::new();
        };
        let step = self.step(at);
        let mut ways = Vec::new();
        match &step.verb {
            Verb::Choice { slot, options } => {
                for option in options {
                    let fills = option
                        .answer
                        .language
                        .is_none()
                        .then_some((slot, std::slice::from_ref(&option.id)));
                    self.answer(
                        state,
                        Tap::Choose(option.id.clone()),
                        fills,
                        &option.answer,
                        true,
                        &mut ways,
                    );
                }
            }
            Verb::Move { answers, .. } => {
                // Of several that lead to the same place the last is shown.
                for option in answers.iter().rev() {
                    self.answer(
                        state,
                        Tap::Choose(option.id.clone()),
                        None,
                        &option.answer,
                        true,
                        &mut ways,
                    );
                }
            }
            // Every beat of a play is guarded like its first: what can be left is
            // left here.
            Verb::Play {
                hurt, numb, next, ..
            } => {
                self.answer(state, Tap::PlayHurts, None, hurt, true, &mut ways);
                self.answer(state, Tap::PlayNumb, None, numb, true, &mut ways);
                let played = Answer {
                    next: Some(next.clone()),
                    ..Answer::default()
                };
                self.answer(state, Tap::PlayOn, None, &played, true, &mut ways);
            }
            Verb::YesNo { slot, answers } => {
                for (given, answer) in answers {
                    let value = [ChoiceId::new(given.word())];
                    self.answer(
                        state,
                        Tap::YesNo(*given),
                        Some((slot, &value)),
                        answer,
                        true,
                        &mut ways,
                    );
                }
            }
            Verb::Many {
                slot,
                options,
                none,
                next,
            } => {
                if let Some((_, next)) = none {
                    let answer = Answer {
                        next: Some(next.clone()),
                        ..Answer::default()
                    };
                    self.answer(
                        state,
                        Tap::NoneOf,
                        Some((slot, &[])),
                        &answer,
                        true,
                        &mut ways,
                    );
                }
                for ticks in self.tick_sets(slot, options) {
                    let mut answer = Answer {
                        next: Some(next.clone()),
                        ..Answer::default()
                    };
                    for option in options.iter().filter(|option| ticks.contains(&option.id)) {
                        let one = &option.answer;
                        answer.set.extend(one.set.iter().cloned());
                        answer.raise.extend(one.raise.iter().cloned());
                        answer.raise_unsure.extend(one.raise_unsure.iter().cloned());
                        answer.ask_again.extend(one.ask_again.iter().cloned());
                        answer.erase |= one.erase;
                    }
                    self.answer(
                        state,
                        Tap::Ticks(ticks.clone()),
                        Some((slot, &ticks)),
                        &answer,
                        true,
                        &mut ways,
                    );
                }
            }
            Verb::Number {
                slot,
                from,
                to,
                next,
                ..
            } => {
                for number in self.numbers(slot, *from, *to) {
                    let crumb = self.crumb(state, Some(slot));
                    let mut to = state;
                    if let Some(at) = self.tracked.slot(slot) {
                        let passed = self.passes(at, &[], Some(number));
                        to.facts = self.with_slot(to.facts, at, Some(passed));
                    }
                    let to = self.goto(to, next);
                    ways.push(Way {
                        tap: Tap::Number(number),
                        to,
                        trail: Trail::Push(crumb),
                        cost: 1,
                    });
                }
            }
            Verb::Text { slot, next, .. } => {
                let crumb = self.crumb(state, Some(slot));
                let mut to = state;
                if let Some(at) = self.tracked.slot(slot) {
                    to.facts = self.with_slot(to.facts, at, Some(0));
                }
                let to = self.goto(to, next);
                ways.push(Way {
                    tap: Tap::Typed,
                    to,
                    trail: Trail::Push(crumb),
                    cost: 1,
                });
            }
            Verb::Screen { screen, .. } => {
                if let Some(screen) = self.content.screen(screen) {
                    self.answer_screen(state, screen, &mut ways);
                }
            }
            Verb::Summary { next } => {
                let to = self.goto(state, next);
                ways.push(Way {
                    tap: Tap::LooksRight,
                    to,
                    trail: Trail::Keep,
                    cost: 1,
                });
            }
            Verb::Pass { .. }
            | Verb::Handoff { .. }
            | Verb::RequestCall { .. }
            | Verb::Call { .. }
            | Verb::Branch { .. }
            | Verb::End => {}
        }
        if let Some(after) = &step.after {
            let to = self.goto(state, &after.go);
            ways.push(Way {
                tap: Tap::Timer(after.minutes),
                to,
                trail: Trail::Keep,
                cost: 1,
            });
        }
        ways
    }

    /// One answer: its slot, what else it does, and where it leads.
    fn answer(
        &mut self,
        state: State,
        tap: Tap,
        fills: Option<(&SlotId, &[ChoiceId])>,
        answer: &Answer,
        leaves_crumb: bool,
        ways: &mut Vec<Way>,
    ) {
        if answer.erase {
            // Without a card nothing is left: that is where every walk begins.
            ways.extend(self.erased(state).map(|to| Way {
                tap,
                to,
                trail: Trail::Gone,
                cost: 2,
            }));
            return;
        }
        for raised in self.raised(state, answer) {
            let mut crumb = self.crumb(state, fills.map(|(slot, _)| slot));
            let mut to = state;
            let mut cost = 1;
            match raised {
                Raised::Free { cost: more } => cost += more,
                Raised::Settled => {
                    cost += 1;
                    crumb.was_cleared = false;
                }
                Raised::Pending { settles } => {
                    crumb.was_cleared = false;
                    let settles = settles && state.mode != Mode::Pending { settles: false };
                    to.mode = Mode::Pending { settles };
                    to.clear = false;
                }
            }
            if let Tap::Ticks(ticks) = &tap {
                cost += u32::try_from(ticks.len()).unwrap_or(u32::MAX);
            }
            if let Some((slot, values)) = fills
                && let Some(at) = self.tracked.slot(slot)
            {
                let passed = self.passes(at, values, None);
                to.facts = self.with_slot(to.facts, at, Some(passed));
            }
            for (slot, value) in &answer.set {
                if let Some(at) = self.tracked.slot(slot) {
                    crumb.undo.push((at, self.facts(to.facts).slots[at]));
                    let passed = self.passes(at, std::slice::from_ref(value), None);
                    to.facts = self.with_slot(to.facts, at, Some(passed));
                }
            }
            let flags = answer.raise.iter().chain(&answer.raise_unsure);
            to.facts = self.with_flags(to.facts, flags);
            for screen in &answer.ask_again {
                to.screens &= !self.screen_bit(screen);
                to.clear = false;
            }
            let trail = if leaves_crumb && answer.language.is_none() {
                Trail::Push(crumb)
            } else {
                Trail::Keep
            };
            let to = match &answer.next {
                Some(next) => self.goto(to, next),
                None => self.leave(to).0,
            };
            let flags = answer.raise.iter().chain(&answer.raise_unsure);
            if self.may_lock_after(to, flags) {
                ways.push(Way {
                    tap: tap.clone(),
                    to: self.locked(to),
                    trail: trail.clone(),
                    cost: cost + 2,
                });
            }
            ways.push(Way {
                tap: tap.clone(),
                to,
                trail,
                cost,
            });
        }
    }

    /// In which ways an answer's flags let the conversation go on.
    fn raised(&self, state: State, answer: &Answer) -> Vec<Raised> {
        let sure = answer.raise.iter().map(|flag| (flag, Form::Sure));
        let unsure = answer.raise_unsure.iter().map(|flag| (flag, Form::Unsure));
        let blocking: Vec<(&FlagId, Level)> = sure
            .chain(unsure)
            .map(|(flag, form)| (flag, self.level_of(flag, form)))
            .filter(|(_, level)| level.blocks())
            .collect();
        if matches!(state.mode, Mode::Stopped(_)) {
            return vec![Raised::Free { cost: 0 }];
        }
        if blocking.is_empty() {
            let mut ways = vec![Raised::Free { cost: 0 }];
            let raised = || answer.raise.iter().chain(&answer.raise_unsure);
            // It may complete a rule, or another sign is said while the engine asks
            // more about it.
            let asks_more = raised().any(|flag| self.asks_more(flag));
            if !self.hunts && (asks_more || self.completes_waiting(raised())) {
                let settles = asks_more && self.can_settle();
                ways.push(Raised::Pending { settles });
            }
            return ways;
        }
        let many = u32::try_from(blocking.len()).unwrap_or(u32::MAX);
        let mut ways = vec![Raised::Free {
            cost: CLEARED_COST * many,
        }];
        let waits = blocking
            .iter()
            .all(|(flag, level)| *level == Level::SeeProfessional && self.waits(flag));
        if waits {
            let lets_go = blocking.iter().all(|(flag, _)| self.lets_go(flag));
            let settles = lets_go && !self.hunts;
            ways.push(Raised::Pending { settles });
            if lets_go {
                ways.push(Raised::Settled);
            }
        }
        ways
    }

    /// Sets of so many ticks, as bits: all of them, or enough to find something.
    fn subsets(&self, ticks: usize) -> Vec<u32> {
        if !self.hunts {
            return (1..1 << ticks).collect();
        }
        let mut some: Vec<u32> = (0..ticks).map(|at| 1 << at).collect();
        some.extend((2..=ticks).map(|first| (1 << first) - 1));
        some
    }

    /// Sets of ticks that can make a difference.
    fn tick_sets(&mut self, slot: &SlotId, options: &[Choice]) -> Vec<Vec<ChoiceId>> {
        let tests = self
            .tracked
            .slot(slot)
            .map(|at| &self.tracked.slots[at].1[..])
            .unwrap_or_default();
        let is_tested =
            |option: &Choice| tests.contains(&super::machine::Test::Value(option.id.clone()));
        let does = |option: &Choice| {
            let answer = &option.answer;
            !answer.set.is_empty()
                || !answer.raise.is_empty()
                || !answer.raise_unsure.is_empty()
                || !answer.ask_again.is_empty()
                || answer.erase
        };
        let plain = options
            .iter()
            .find(|option| !is_tested(option) && !does(option));
        let tested: Vec<&Choice> = options
            .iter()
            .filter(|option| is_tested(option) || does(option))
            .collect();
        let mut sets: Vec<Vec<ChoiceId>> =
            plain.iter().map(|option| vec![option.id.clone()]).collect();
        let is_told_apart = !tests.is_empty()
            || tested.iter().any(|option| {
                let answer = &option.answer;
                let flags = answer.raise.iter().chain(&answer.raise_unsure);
                answer
                    .set
                    .iter()
                    .any(|(slot, _)| self.tracked.slot(slot).is_some())
                    || flags
                        .into_iter()
                        .any(|flag| self.tracked.flag(flag).is_some())
            });
        let is_cut = is_told_apart && tested.len() > TICKS_TRACKED_MAX;
        if is_told_apart && !is_cut {
            for bits in self.subsets(tested.len()) {
                let set = tested
                    .iter()
                    .enumerate()
                    .filter(|(at, _)| bits >> at & 1 == 1);
                sets.push(set.map(|(_, option)| option.id.clone()).collect());
            }
        } else {
            sets.extend(tested.iter().map(|option| vec![option.id.clone()]));
            sets.push(tested.iter().map(|option| option.id.clone()).collect());
        }
        sets.retain(|set| !set.is_empty());
        self.is_cut |= is_cut;
        sets
    }

    /// Numbers of which each passes other tests.
    fn numbers(&self, slot: &SlotId, from: i64, to: i64) -> Vec<i64> {
        let Some(at) = self.tracked.slot(slot) else {
            return vec![from];
        };
        let mut edges = vec![from];
        for test in &self.tracked.slots[at].1 {
            match test {
                super::machine::Test::Range(least, most) => {
                    edges.extend([*least, most.saturating_add(1)])
                }
                super::machine::Test::Value(value) => {
                    if let Ok(value) = value.as_str().parse::<i64>() {
                        edges.extend([value, value.saturating_add(1)]);
                    }
                }
            }
        }
        edges.retain(|number| (from..=to).contains(number));
        edges.sort_unstable();
        edges.dedup();
        edges
    }

    fn crumb(&self, state: State, slot: Option<&SlotId>) -> Crumb {
        let undo = slot
            .and_then(|slot| self.tracked.slot(slot))
            .map(|at| (at, self.facts(state.facts).slots[at]));
        Crumb {
            stack: state.stack,
            was_cleared: self.is_cleared(state),
            undo: undo.into_iter().collect(),
            fills: slot.is_some(),
        }
    }

    pub fn with_slot(&mut self, facts: u32, at: usize, value: Option<u32>) -> u32 {
        let mut facts = self.facts(facts).clone();
        facts.slots[at] = value;
        self.intern_facts(facts)
    }

    /// The tracked ones of these flags are present.
    pub fn with_flags<'f>(&mut self, facts: u32, flags: impl Iterator<Item = &'f FlagId>) -> u32 {
        let bits = flags
            .filter_map(|flag| self.tracked.flag(flag))
            .fold(0_u32, |bits, at| bits | 1 << at);
        if bits & !self.facts(facts).flags == 0 {
            return facts;
        }
        let mut facts = self.facts(facts).clone();
        facts.flags |= bits;
        self.intern_facts(facts)
    }

    /// A flag is no longer there.
    pub fn without_flag(&mut self, facts: u32, flag: &FlagId) -> u32 {
        let bit = self.tracked.flag(flag).map_or(0, |at| 1 << at);
        let mut facts = self.facts(facts).clone();
        facts.flags &= !bit;
        facts.old &= !bit;
        self.intern_facts(facts)
    }

    /// What was stated a day ago goes, where nothing blocks. A sign that blocks by
    /// itself is there only because staff have cleared it, and stays.
    fn without_old(&mut self, facts: u32) -> u32 {
        let is_history = |flag: &FlagId| {
            let flag = self.content.flags.get(flag);
            flag.is_some_and(|flag| flag.history.is_some())
        };
        let blocks = |flag: &FlagId, form| self.level_of(flag, form).blocks();
        let stays = |flag: &FlagId| {
            let blocks = blocks(flag, Form::Sure) && blocks(flag, Form::Unsure);
            blocks && !is_history(flag)
        };
        let flags = self.tracked.flags.iter().enumerate();
        let cleared = flags
            .filter(|(_, flag)| stays(flag))
            .fold(0_u32, |bits, (at, _)| bits | 1 << at);
        let goes = self.facts(facts).old & !cleared;
        if goes == 0 {
            return facts;
        }
        let mut facts = self.facts(facts).clone();
        facts.flags &= !goes;
        facts.old = 0;
        self.intern_facts(facts)
    }

    /// A day has passed.
    pub fn with_all_old(&mut self, facts: u32) -> u32 {
        let mut facts = self.facts(facts).clone();
        facts.old = facts.flags;
        self.intern_facts(facts)
    }

    /// One answer taken back, up to where steps are run again; the way back is
    /// gone when the screening begins anew.
    pub fn take_back(&mut self, state: State, crumb: &Crumb, is_last: bool) -> (State, bool) {
        let mut to = State {
            stack: crumb.stack,
            changing: !is_last,
            ..state
        };
        if !crumb.undo.is_empty() {
            let mut facts = self.facts(state.facts).clone();
            for (slot, before) in crumb.undo.iter().rev() {
                facts.slots[*slot] = *before;
            }
            to.facts = self.intern_facts(facts);
        }
        let asked = self.top(to).map(|at| &self.step(at).verb);
        if let Some(Verb::Screen { screen, .. }) = asked {
            to.screens &= !self.screen_bit(screen);
            to.clear = false;
        } else if is_last && crumb.was_cleared && !self.is_cleared(to) {
            return (self.begin_screening(to), true);
        }
        (to, false)
    }
}

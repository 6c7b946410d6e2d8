//! What is known of a condition: it holds, it does not, or nobody can tell.

use super::{Facts, Machine, Mode, State, Test};
use crate::content::{Atom, Change, Condition};
use crate::ids::{ChoiceId, FlagId, MoveId, SlotId};
use crate::triage::Level;

impl<'a> Machine<'a> {
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

    /// Whether the patient is cleared; `None` when it is not known.
    pub fn knows_clearance(&self, state: State) -> Option<bool> {
        match state.mode {
            Mode::Pending { .. } | Mode::Stopped(_) => Some(false),
            Mode::Free if self.tracked.clearance => Some(self.is_cleared(state)),
            Mode::Free => None,
        }
    }

    /// Whether a condition holds, for somebody who is `cleared` or not; `None` when
    /// it is not known.
    pub fn holds(
        &self,
        state: State,
        cleared: Option<bool>,
        condition: &Condition,
    ) -> Option<bool> {
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
                Mode::Pending { .. } => Some(*level <= Level::SeeProfessional),
                Mode::Stopped(is) => Some(*level <= is),
            },
            Condition::Cleared(wanted) => cleared.map(|cleared| cleared == *wanted),
            Condition::All(all) => all_of(all.iter().map(|one| self.holds(state, cleared, one))),
            Condition::Any(any) => any_of(any.iter().map(|one| self.holds(state, cleared, one))),
            Condition::Not(not) => self.holds(state, cleared, not).map(|holds| !holds),
        }
    }

    /// Whether one of these facts holds; `None` when it is not known.
    pub fn has_any(&self, state: State, facts: &[Atom]) -> Option<bool> {
        any_of(facts.iter().map(|fact| self.has(state, fact)))
    }

    /// Whether a move is passed over.
    pub fn is_dropped(&self, state: State, id: &MoveId) -> Option<bool> {
        let Some(exercise) = self.content.moves.list.get(id) else {
            return Some(false);
        };
        let own = exercise
            .changes
            .iter()
            .filter(|(_, change)| *change == Change::Drop)
            .map(|(atom, _)| self.has(state, atom));
        let histories = self
            .histories_against(id)
            .map(|flag| self.has(state, &Atom::Flag(flag.clone())));
        any_of(own.chain(histories))
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
}

/// Whether one of these holds; `None` when it is not known.
pub(super) fn any_of(known: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut holds = Some(false);
    for one in known {
        match one {
            Some(true) => return Some(true),
            Some(false) => {}
            None => holds = None,
        }
    }
    holds
}

/// Whether each of these holds; `None` when it is not known.
pub(super) fn all_of(known: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    any_of(known.map(|one| one.map(|holds| !holds))).map(|fails| !fails)
}

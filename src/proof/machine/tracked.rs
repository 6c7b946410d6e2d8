//! Which facts are told apart.

use crate::content::{Atom, Condition, Content};
use crate::ids::{ChoiceId, FlagId, SlotId};

/// Tracked flags are bits of a word.
pub(in crate::proof) const FLAGS_TRACKED_MAX: usize = 32;

/// What is asked of a slot's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::proof) enum Test {
    Value(ChoiceId),
    Range(i64, i64),
}

/// Which facts are tracked. Each round of refinement adds some.
#[derive(Debug, Clone, Default)]
pub(in crate::proof) struct Tracked {
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

    /// Without the answers that come back where a dialog is left: a walk does not know
    /// which they were, and so knows nothing of them.
    pub fn without_kept(mut self, content: &Content) -> Self {
        let dialogs = content.dialogs.values();
        let kept: Vec<&SlotId> = dialogs
            .filter(|dialog| dialog.kept_until.is_some())
            .flat_map(|dialog| &dialog.own_slots)
            .collect();
        self.slots.retain(|(slot, _)| !kept.contains(&slot));
        self
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

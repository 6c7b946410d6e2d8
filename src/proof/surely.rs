//! What a step leads to whatever the facts are: every arm of a branch, and some
//! answer of a question.

use super::ticks::targets;
use crate::content::{Condition, Content, Step, Verb};
use crate::ids::{DialogId, StepId};
use crate::triage::Level;

/// A dialog that runs longer than this without a question is looping.
const STEPS_MAX: usize = 100;

/// A step of a dialog.
pub(super) type Place = (DialogId, StepId);

/// Looks for what is sure to come, with a card of this level in force.
pub(super) struct Surely<'a> {
    pub content: &'a Content,
    pub level: Level,
    /// Whether a step is what should come.
    pub is_it: &'a dyn Fn(&Step) -> bool,
    /// Where a branch leads to what may not come to it.
    pub doubtful: Vec<Place>,
    /// The branches on the way here.
    pub branches: Vec<Place>,
}

impl<'a> Surely<'a> {
    /// Whether a dialog comes to it within so many answers.
    pub fn from(&mut self, dialog: &DialogId, answers: usize) -> bool {
        let Some(found) = self.content.dialogs.get(dialog) else {
            return false;
        };
        self.at(&(dialog.clone(), found.start.clone()), &[], answers)
    }

    /// From a step, with the steps that follow the dialogs it was called from.
    fn at(&mut self, place: &Place, below: &[Place], answers: usize) -> bool {
        let mut below = below.to_vec();
        let mut here = place.clone();
        for _ in 0..STEPS_MAX {
            let Some(step) = self.content.step(&here.0, &here.1) else {
                return false;
            };
            if (self.is_it)(step) {
                return true;
            }
            if step.needs_clearance() {
                return false;
            }
            match &step.verb {
                Verb::Pass { next }
                | Verb::Handoff { next, .. }
                | Verb::RequestCall { next, .. } => {
                    here.1 = next.clone();
                }
                Verb::Branch { arms, otherwise } => {
                    // Branches that lead round to themselves come to nothing.
                    if self.branches.contains(&here) {
                        return false;
                    }
                    self.branches.push(here.clone());
                    let is_sure = self.on_each_arm(&here.0, arms, otherwise, &below, answers);
                    self.branches.pop();
                    return is_sure;
                }
                Verb::Call { dialog, next } => {
                    let Some(called) = self.content.dialogs.get(dialog) else {
                        return false;
                    };
                    below.push((here.0, next.clone()));
                    here = (dialog.clone(), called.start.clone());
                }
                Verb::End => match below.pop() {
                    Some(place) => here = place,
                    None => return false,
                },
                Verb::Choice { .. }
                | Verb::YesNo { .. }
                | Verb::Many { .. }
                | Verb::Number { .. }
                | Verb::Text { .. }
                | Verb::Summary { .. } => {
                    return answers > 0
                        && targets(step).any(|next| {
                            // Another answer may be the one: this one leaves no doubt.
                            let doubtful = self.doubtful.len();
                            let is_sure =
                                self.at(&(here.0.clone(), next.clone()), &below, answers - 1);
                            self.doubtful.truncate(doubtful);
                            is_sure
                        });
                }
                Verb::Screen { .. } | Verb::Move { .. } | Verb::Play { .. } => return false,
            }
        }
        false
    }

    fn on_each_arm(
        &mut self,
        dialog: &DialogId,
        arms: &[(Condition, StepId)],
        otherwise: &StepId,
        below: &[Place],
        answers: usize,
    ) -> bool {
        let mut taken: Vec<&StepId> = Vec::new();
        let mut may_be_none = true;
        for (condition, go) in arms {
            match holds_at(self.level, condition) {
                Some(false) => continue,
                Some(true) => may_be_none = false,
                None => {}
            }
            taken.push(go);
            if !may_be_none {
                break;
            }
        }
        if may_be_none {
            taken.push(otherwise);
        }
        let mut all_are_sure = true;
        for go in taken {
            let place = (dialog.clone(), go.clone());
            let doubtful = self.doubtful.len();
            if !self.at(&place, below, answers) {
                all_are_sure = false;
                if self.doubtful.len() == doubtful {
                    self.doubtful.push(place);
                }
            }
        }
        all_are_sure
    }
}

/// What a level alone says of a condition.
fn holds_at(level: Level, condition: &Condition) -> Option<bool> {
    match condition {
        Condition::LevelAtLeast(wanted) if level.blocks() => Some(level >= *wanted),
        // Without a card there may be a caution, and one may wait.
        Condition::LevelAtLeast(wanted) if *wanted > Level::SeeProfessional => Some(false),
        Condition::Cleared(wanted) if level.blocks() => Some(!wanted),
        Condition::Not(not) => holds_at(level, not).map(|holds| !holds),
        Condition::LevelAtLeast(_)
        | Condition::Cleared(_)
        | Condition::Has(_)
        | Condition::Count { .. }
        | Condition::Number { .. }
        | Condition::All(_)
        | Condition::Any(_) => None,
    }
}

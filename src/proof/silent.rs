//! How far steps run when nobody is asked, whatever the facts are.
//!
//! Every branch goes every way here, every screen is answered already and every
//! move is passed over. So no run of a real conversation is longer, and where
//! these runs are short no search for a circle is needed.

use std::collections::HashMap;

use super::ticks::targets;
use crate::content::{Content, Dialog, Verb};
use crate::dialog::STEPS_PER_TURN_MAX;
use crate::ids::{DialogId, StepId};
use crate::triage::Level;

/// How far a run goes from a step.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    /// The most steps in a row, in this dialog and those it calls.
    most: usize,
    /// The most steps up to the end of the dialog, where it comes to that without
    /// a question.
    through: Option<usize>,
}

/// What is known of the runs of one content.
struct Runs<'a> {
    content: &'a Content,
    /// None while a step is looked at: coming to it again is a circle.
    known: HashMap<(&'a DialogId, &'a StepId), Option<Run>>,
}

/// Whether no run can be too long for a turn. Not knowing is a no.
pub(super) fn all_are_short(content: &Content) -> bool {
    if may_resume_in_between(content) {
        return false;
    }
    let mut runs = Runs {
        content,
        known: HashMap::new(),
    };
    let Some(longest) = runs.longest() else {
        return false;
    };
    // A dialog that came in between may end at once, and the screen below it may
    // have been answered meanwhile: then that one's run follows.
    longest.saturating_mul(2) < STEPS_PER_TURN_MAX
}

/// How many steps there are to look at.
pub(super) fn steps(content: &Content) -> usize {
    content
        .dialogs
        .values()
        .map(|dialog| dialog.steps.len())
        .sum()
}

/// Whether a dialog that comes in between can be resumed without a question, when
/// another that came in between it ends: then more than two runs follow each other.
fn may_resume_in_between(content: &Content) -> bool {
    content.dialogs.values().any(|dialog| {
        let comes_between =
            dialog.stays_open == Level::EmergencyNow || dialog.id == content.bot.person;
        comes_between && asks_in_passing(content, dialog, &mut Vec::new())
    })
}

/// Whether a dialog, or one it calls, has a step that asks only at times.
fn asks_in_passing<'a>(
    content: &'a Content,
    dialog: &'a Dialog,
    seen: &mut Vec<&'a DialogId>,
) -> bool {
    if seen.contains(&&dialog.id) {
        return false;
    }
    seen.push(&dialog.id);
    dialog.steps.values().any(|step| match &step.verb {
        Verb::Screen { .. } | Verb::Move { .. } | Verb::Play { .. } => true,
        Verb::Call { dialog, .. } => content
            .dialogs
            .get(dialog)
            .is_some_and(|called| asks_in_passing(content, called, seen)),
        Verb::Choice { .. }
        | Verb::Many { .. }
        | Verb::YesNo { .. }
        | Verb::Number { .. }
        | Verb::Text { .. }
        | Verb::Summary { .. }
        | Verb::Handoff { .. }
        | Verb::RequestCall { .. }
        | Verb::Branch { .. }
        | Verb::Pass { .. }
        | Verb::End => false,
    })
}

impl<'a> Runs<'a> {
    /// The longest run from any step, with what follows in the dialogs that called;
    /// none where one runs in a circle.
    fn longest(&mut self) -> Option<usize> {
        let mut longest = 0;
        for dialog in self.content.dialogs.values() {
            let after = self.after(&dialog.id, &mut Vec::new())?;
            for step in dialog.steps.keys() {
                let run = self.from(&dialog.id, step)?;
                let on = run.through.map_or(0, |through| through + after);
                longest = longest.max(run.most).max(on);
            }
        }
        Some(longest)
    }

    /// The longest run that can follow when a dialog has ended.
    fn after(&mut self, ended: &'a DialogId, inside: &mut Vec<&'a DialogId>) -> Option<usize> {
        if inside.contains(&ended) {
            return None;
        }
        inside.push(ended);
        let mut longest = 0;
        for caller in self.content.dialogs.values() {
            for step in caller.steps.values() {
                let Verb::Call { dialog, next } = &step.verb else {
                    continue;
                };
                if dialog != ended {
                    continue;
                }
                let run = self.from(&caller.id, next)?;
                let on = match run.through {
                    Some(through) => through + self.after(&caller.id, inside)?,
                    None => 0,
                };
                longest = longest.max(run.most).max(on);
            }
        }
        inside.pop();
        Some(longest)
    }

    /// From one step.
    fn from(&mut self, dialog: &'a DialogId, step: &'a StepId) -> Option<Run> {
        if let Some(known) = self.known.get(&(dialog, step)) {
            return *known;
        }
        self.known.insert((dialog, step), None);
        let run = self.look(dialog, step)?;
        self.known.insert((dialog, step), Some(run));
        Some(run)
    }

    fn look(&mut self, dialog: &'a DialogId, step: &'a StepId) -> Option<Run> {
        let content = self.content;
        let mut run = Run {
            most: 1,
            through: None,
        };
        let verb = &content.step(dialog, step)?.verb;
        match verb {
            Verb::Choice { .. }
            | Verb::Many { .. }
            | Verb::YesNo { .. }
            | Verb::Number { .. }
            | Verb::Text { .. }
            | Verb::Summary { .. } => {}
            Verb::End => run.through = Some(1),
            Verb::Call {
                dialog: called,
                next,
            } => {
                let start = &content.dialogs.get(called)?.start;
                let inside = self.from(called, start)?;
                run.most = 1 + inside.most;
                if let Some(through) = inside.through {
                    let on = self.from(dialog, next)?;
                    run.join(1 + through, on);
                }
            }
            // Answers of a move are given, and only `next` is passed on to.
            Verb::Move { next, .. } | Verb::Play { next, .. } => {
                let on = self.from(dialog, next)?;
                run.join(1, on);
            }
            Verb::Screen { .. }
            | Verb::Handoff { .. }
            | Verb::RequestCall { .. }
            | Verb::Branch { .. }
            | Verb::Pass { .. } => {
                for next in targets(verb) {
                    let on = self.from(dialog, next)?;
                    run.join(1, on);
                }
            }
        }
        Some(run)
    }
}

impl Run {
    /// Goes on after so many steps.
    fn join(&mut self, steps: usize, on: Self) {
        self.most = self.most.max(steps + on.most);
        let through = on.through.map(|through| steps + through);
        self.through = self.through.max(through);
    }
}

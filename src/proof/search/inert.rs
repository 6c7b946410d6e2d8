//! Dialogs that a search can leave out where they come in between.

use rustc_hash::FxHashSet;

use crate::content::{Answer, Dialog, Verb};
use crate::ids::DialogId;
use crate::proof::machine::{Behind, Goal, Machine};

/// Dialogs that change nothing a branch, a screen or a move could depend on:
/// coming in between, they lead back to where they came.
pub(super) fn inert_dialogs(machine: &Machine<'_>) -> FxHashSet<DialogId> {
    let content = machine.content;
    let mut loud: FxHashSet<&DialogId> = content
        .dialogs
        .values()
        .filter(|dialog| is_loud(machine, dialog))
        .map(|dialog| &dialog.id)
        .collect();
    loop {
        let callers: Vec<&DialogId> = content
            .dialogs
            .values()
            .filter(|dialog| {
                !loud.contains(&dialog.id)
                    && dialog.steps.values().any(|step| matches!(&step.verb, Verb::Call { dialog, .. } if loud.contains(dialog)))
            })
            .map(|dialog| &dialog.id)
            .collect();
        if callers.is_empty() {
            break;
        }
        loud.extend(callers);
    }
    content
        .dialogs
        .keys()
        .filter(|id| !loud.contains(id))
        .cloned()
        .collect()
}

fn is_loud(machine: &Machine<'_>, dialog: &Dialog) -> bool {
    let is_wanted = match &machine.goal {
        Goal::Step(at) => machine.steps[*at as usize].dialog.id == dialog.id,
        Goal::Everything => true,
        Goal::Behind(Behind::Handoff) => dialog
            .steps
            .values()
            .any(|step| matches!(step.verb, Verb::Handoff { .. })),
        // A circle in it is found where it is opened by itself; screens and moves
        // are loud anyway.
        Goal::Loop | Goal::Behind(Behind::Safety) => false,
        Goal::Refused { .. } | Goal::Shown { .. } | Goal::Passed { .. } => false,
    };
    is_wanted
        || dialog
            .own_slots
            .iter()
            .any(|slot| machine.tracked.slot(slot).is_some())
        || dialog
            .steps
            .values()
            .any(|step| step.needs_clearance() || is_loud_step(machine, &step.verb))
}

fn is_loud_step(machine: &Machine<'_>, verb: &Verb) -> bool {
    let answers: Vec<&Answer> = match verb {
        Verb::Move { .. } | Verb::Play { .. } | Verb::Screen { .. } => return true,
        Verb::Choice { slot, options } | Verb::Many { slot, options, .. } => {
            if machine.tracked.slot(slot).is_some() {
                return true;
            }
            options.iter().map(|option| &option.answer).collect()
        }
        Verb::YesNo { slot, answers } => {
            if machine.tracked.slot(slot).is_some() {
                return true;
            }
            answers.iter().map(|(_, answer)| answer).collect()
        }
        Verb::Number { slot, .. } | Verb::Text { slot, .. } | Verb::RequestCall { slot, .. } => {
            return machine.tracked.slot(slot).is_some();
        }
        Verb::Branch { arms, .. } => {
            return arms
                .iter()
                .any(|(condition, _)| condition.reads_clearance())
                && machine.tracked.clearance;
        }
        Verb::Handoff { .. }
        | Verb::Call { .. }
        | Verb::Summary { .. }
        | Verb::Pass { .. }
        | Verb::End => return false,
    };
    answers.iter().any(|answer| {
        !answer.ask_again.is_empty()
            || answer
                .set
                .iter()
                .any(|(slot, _)| machine.tracked.slot(slot).is_some())
            || answer
                .raise
                .iter()
                .chain(&answer.raise_unsure)
                .any(|flag| machine.tracked.flag(flag).is_some())
    })
}

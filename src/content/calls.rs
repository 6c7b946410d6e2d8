//! Dialogs that call each other: no circle, not too deep.

use std::collections::{BTreeMap, BTreeSet};

use super::build::Builder;
use super::model::{Dialog, Step, Verb};
use crate::ids::DialogId;

/// Dialogs call each other at most this deep, so that a stored conversation
/// stays small and an author can hold the way back in mind.
pub const CALL_DEPTH_MAX: usize = 8;

fn calls(dialog: &Dialog) -> impl Iterator<Item = (&DialogId, &Step)> {
    dialog.steps.values().filter_map(|step| match &step.verb {
        Verb::Call { dialog, .. } => Some((dialog, step)),
        Verb::Choice { .. }
        | Verb::Many { .. }
        | Verb::YesNo { .. }
        | Verb::Number { .. }
        | Verb::Text { .. }
        | Verb::Screen { .. }
        | Verb::Move { .. }
        | Verb::Play { .. }
        | Verb::Handoff { .. }
        | Verb::RequestCall { .. }
        | Verb::Branch { .. }
        | Verb::Summary { .. }
        | Verb::Pass { .. }
        | Verb::End => None,
    })
}

pub(super) fn check(builder: &mut Builder, dialogs: &BTreeMap<DialogId, Dialog>) {
    for id in dialogs.keys() {
        follow(builder, dialogs, &mut vec![id.clone()]);
    }
}

fn follow(builder: &mut Builder, dialogs: &BTreeMap<DialogId, Dialog>, path: &mut Vec<DialogId>) {
    let Some(dialog) = path.last().and_then(|id| dialogs.get(id)) else {
        return;
    };
    for (called, step) in calls(dialog) {
        if path.contains(called) {
            // Report once, from the dialog that closes the circle onto the first.
            if path.first() == Some(called) {
                let way = path
                    .iter()
                    .chain([called])
                    .map(DialogId::as_str)
                    .collect::<Vec<_>>()
                    .join(" → ");
                builder.error(
                    step.place.clone(),
                    format!("dialogs call each other in a circle: {way}"),
                );
            }
            continue;
        }
        if path.len() >= CALL_DEPTH_MAX {
            builder.error(
                step.place.clone(),
                format!("dialogs call each other more than {CALL_DEPTH_MAX} deep"),
            );
            continue;
        }
        path.push(called.clone());
        follow(builder, dialogs, path);
        path.pop();
    }
}

pub(super) fn mark_moves(dialogs: &mut BTreeMap<DialogId, Dialog>) {
    let direct = |dialog: &Dialog| dialog.steps.values().any(Step::needs_clearance);
    let mut with_moves: BTreeSet<DialogId> = dialogs
        .iter()
        .filter(|(_, dialog)| direct(dialog))
        .map(|(id, _)| id.clone())
        .collect();
    // Each round adds the callers of what is known; the depth bounds the rounds.
    for _ in 0..CALL_DEPTH_MAX {
        let callers: Vec<DialogId> = dialogs
            .iter()
            .filter(|(_, dialog)| calls(dialog).any(|(called, _)| with_moves.contains(called)))
            .map(|(id, _)| id.clone())
            .collect();
        with_moves.extend(callers);
    }
    for (id, dialog) in dialogs {
        dialog.has_moves = with_moves.contains(id);
    }
}

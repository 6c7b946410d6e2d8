//! What a branch asks, answered.

use super::conversation::{Conversation, Slot};
use crate::content::{Atom, Change, Condition, Content, Instead, Move, Step, Verb};
use crate::ids::{MoveId, StepId};
use crate::triage::Level;

/// Whether a condition holds in a conversation.
#[must_use]
pub fn holds(content: &Content, conversation: &Conversation, condition: &Condition) -> bool {
    match condition {
        Condition::Has(atom) => has(conversation, atom),
        Condition::Count { of, from, to } => {
            let count = of.iter().filter(|atom| has(conversation, atom)).count();
            (*from..=*to).contains(&count)
        }
        Condition::Number { slot, from, to } => match conversation.slots.get(slot) {
            Some(Slot::Number(value)) => (*from..=*to).contains(value),
            Some(Slot::One(_) | Slot::Many(_) | Slot::Typed | Slot::Phone(_)) | None => false,
        },
        Condition::LevelAtLeast(level) => level_of(content, conversation) >= *level,
        Condition::Cleared(wanted) => conversation.is_cleared(content) == *wanted,
        Condition::All(all) => all.iter().all(|one| holds(content, conversation, one)),
        Condition::Any(any) => any.iter().any(|one| holds(content, conversation, one)),
        Condition::Not(not) => !holds(content, conversation, not),
    }
}

/// The level of what was stated, or of the card in force where that is higher: a
/// history that is let go of behind its card changes nothing until staff clear it.
fn level_of(content: &Content, conversation: &Conversation) -> Level {
    let stated = conversation.level(content);
    conversation
        .stop
        .as_ref()
        .map_or(stated, |stop| stop.level.max(stated))
}

/// Whether a fact holds in a conversation.
#[must_use]
pub fn has(conversation: &Conversation, atom: &Atom) -> bool {
    match atom {
        Atom::Flag(flag) => conversation.flags.contains_key(flag),
        Atom::Set(slot) => conversation.slots.contains_key(slot),
        Atom::Value(slot, value) => match conversation.slots.get(slot) {
            Some(Slot::One(one)) => one == value,
            Some(Slot::Many(many)) => {
                many.contains(value) || (many.is_empty() && value.as_str() == "none")
            }
            Some(Slot::Number(number)) => value.as_str().parse() == Ok(*number),
            Some(Slot::Typed | Slot::Phone(_)) | None => false,
        },
    }
}

/// The way a move is done instead of the usual one: the first that a fact asks for.
#[must_use]
pub fn done_instead<'m>(conversation: &Conversation, exercise: &'m Move) -> Option<&'m Instead> {
    let holds = |atom| has(conversation, atom);
    let mut all = exercise.instead.iter();
    all.find(|instead| instead.with.iter().any(holds))
}

/// Where a step is passed over to: facts take away its one move, or the position it
/// would have the patient take.
#[must_use]
pub fn passed_over<'c>(
    content: &Content,
    conversation: &Conversation,
    step: &'c Step,
) -> Option<&'c StepId> {
    match (&step.verb, &step.position_check) {
        (Verb::Move { id, next, .. }, _) => is_dropped(content, conversation, id).then_some(next),
        (_, Some(check)) => {
            let mut left_out_with = check.left_out_with.iter();
            let is_left_out = left_out_with.any(|fact| has(conversation, fact));
            is_left_out.then_some(&check.next)
        }
        (_, None) => None,
    }
}

/// Whether a fact takes a move away: one that drops it, or a history a clinician
/// has looked at, which leaves only the moves it names.
#[must_use]
pub fn is_dropped(content: &Content, conversation: &Conversation, id: &MoveId) -> bool {
    let history_drops = || {
        conversation.flags.keys().any(|flag| {
            content
                .flags
                .get(flag)
                .and_then(|flag| flag.history.as_ref())
                .is_some_and(|history| !history.allows.contains(id))
        })
    };
    content.moves.list.get(id).is_some_and(|exercise| {
        history_drops()
            || exercise
                .changes
                .iter()
                .any(|(atom, change)| *change == Change::Drop && has(conversation, atom))
    })
}

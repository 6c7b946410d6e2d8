//! Answers an author's questions: is this reached, how, and why not.

use std::collections::BTreeSet;

use super::machine::{Goal, Machine, Tracked};
use super::quest::{Quest, Reached};
use super::rehearse::Rehearsal;
use super::ticks::targets;
use crate::content::{Atom, Change, Content, Verb};
use crate::dialog::has;
use crate::ids::{DialogId, FlagId, MoveId, StepId};
use crate::triage::{Form, Level};

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// Yes, by this chat.
    Chat(String),
    /// No, and why.
    No(Vec<String>),
    /// It could not be told: what was tried.
    Unsure(String),
}

fn answered(reached: Reached<'_>, shows: &str, why_not: impl FnOnce() -> Vec<String>) -> Answered {
    match reached {
        Reached::Shown { chat } => Answered::Chat(chat.chat(&[shows.to_owned()])),
        Reached::Nowhere => Answered::No(why_not()),
        Reached::Unshown { .. } => {
            Answered::Unsure("There may be a way, and none was found that plays.".to_owned())
        }
        Reached::BeyondBudget => Answered::Unsure("This content is too large to tell.".to_owned()),
    }
}

/// Why a move is or is not reached, with a flag stated or without.
#[must_use]
pub fn why(content: &Content, exercise: &MoveId, flag: Option<&FlagId>) -> Answered {
    let facts: Vec<Atom> = flag.cloned().map(Atom::Flag).into_iter().collect();
    let mut quest = Quest::new(
        content,
        Goal::Shown {
            exercise: Some(exercise.clone()),
            with: facts.clone(),
        },
        |chat: &Rehearsal<'_>| {
            chat.shown_move() == Some(exercise) && facts.iter().all(|fact| has(&chat.c, fact))
        },
    );
    let with = flag
        .map(|flag| format!(" with `{flag}`"))
        .unwrap_or_default();
    let shows = format!("The move {exercise} is reached{with}. This is the shortest chat.");
    answered(quest.reach(), &shows, || reasons(content, exercise, flag))
}

/// What keeps a move away.
fn reasons(content: &Content, exercise: &MoveId, flag: Option<&FlagId>) -> Vec<String> {
    let mut reasons = Vec::new();
    let shows = |verb: &Verb| match verb {
        Verb::Move { id, .. } => id == exercise,
        Verb::Play { moves, .. } => moves.contains(exercise),
        _ => false,
    };
    let is_used = content
        .dialogs
        .values()
        .any(|dialog| dialog.steps.values().any(|step| shows(&step.verb)));
    if !is_used {
        reasons.push(format!("No dialog shows or plays {exercise}."));
    }
    let Some(flag) = flag else {
        if is_used {
            reasons.push("No way through the dialogs leads there.".to_owned());
        }
        return reasons;
    };
    let drops = content.moves.list.get(exercise).is_some_and(|exercise| {
        exercise
            .changes
            .contains(&(Atom::Flag(flag.clone()), Change::Drop))
    });
    if drops {
        reasons.push(format!("`{flag}` takes it away: `{flag}: drop` stands below `changes` of {exercise} in moves.yaml."));
    }
    let history = content
        .flags
        .get(flag)
        .and_then(|flag| flag.history.as_ref());
    let level = content.rules.level_of(flag, Form::Sure);
    if let Some(history) = history {
        if !history.allows.contains(exercise) {
            let left: Vec<&str> = history.allows.iter().map(MoveId::as_str).collect();
            reasons.push(format!("`{flag}` is a history: when a doctor has said that exercise is OK it leaves {}, and not {exercise}.", left.join(", ")));
        }
    } else if level.blocks() {
        reasons.push(format!("`{flag}` is {}: it stops the conversation, and every move with it, until staff clear it.", level.word()));
    }
    if reasons.is_empty() {
        let word = if level == Level::Clear {
            "a clue".to_owned()
        } else {
            level.word().to_owned()
        };
        reasons.push(format!(
            "`{flag}` ({word}) leads past it: a branch in the dialogs goes another way."
        ));
    }
    reasons
}

/// A step by its name, `step` or `dialog/step`; or the dialogs that have one.
///
/// # Errors
/// The dialogs in which a step of this name stands: none, or more than one.
pub fn find_step(content: &Content, name: &str) -> Result<(DialogId, StepId), Vec<DialogId>> {
    let (dialog, step) = match name.split_once('/') {
        Some((dialog, step)) => (Some(dialog), step),
        None => (None, name),
    };
    let found: Vec<&DialogId> = content
        .dialogs
        .values()
        .filter(|one| dialog.is_none_or(|wanted| one.id.as_str() == wanted))
        .filter(|one| one.steps.contains_key(step))
        .map(|one| &one.id)
        .collect();
    match found[..] {
        [one] => Ok((one.clone(), StepId::new(step))),
        [..] => Err(found.into_iter().cloned().collect()),
    }
}

/// The shortest chat to a step.
#[must_use]
pub fn reach_step(content: &Content, dialog: &DialogId, step: &StepId) -> Answered {
    let machine = Machine::new(content, Tracked::default(), Goal::Everything);
    let Some(at) = machine.at(dialog, step) else {
        return Answered::No(vec![format!("There is no step `{step}` in {dialog}.yaml.")]);
    };
    let asks = content
        .step(dialog, step)
        .is_some_and(|step| step.verb.is_question());
    let mut quest = Quest::new(content, Goal::Step(at), |chat: &Rehearsal<'_>| {
        if asks {
            chat.asks() == Some((dialog, step))
        } else {
            chat.is_done
        }
    });
    let shows =
        format!("The step `{step}` in {dialog}.yaml is reached. This is the shortest chat.");
    answered(quest.reach(), &shows, || {
        vec!["No way through the dialogs leads there.".to_owned()]
    })
}

/// How many ways lead from the start of a dialog to one of its steps, with no
/// step twice in a way. An answer is a way of its own; a list counts as one.
/// `None` when there are more than can be counted.
#[must_use]
pub fn count_paths(content: &Content, dialog: &DialogId, step: &StepId) -> Option<u128> {
    let dialog = content.dialogs.get(dialog)?;
    let mut budget = PATH_STEPS_MAX;
    let mut on_way = BTreeSet::new();
    count(dialog, &dialog.start, step, &mut on_way, &mut budget)
}

/// Steps walked in counting before it is given up.
const PATH_STEPS_MAX: usize = 20_000_000;

fn count<'d>(
    dialog: &'d crate::content::Dialog,
    here: &'d StepId,
    to: &StepId,
    on_way: &mut BTreeSet<&'d StepId>,
    budget: &mut usize,
) -> Option<u128> {
    if here == to {
        return Some(1);
    }
    *budget = budget.checked_sub(1)?;
    let Some(step) = dialog.steps.get(here) else {
        return Some(0);
    };
    if !on_way.insert(here) {
        return Some(0);
    }
    let mut sum = 0_u128;
    for next in targets(&step.verb) {
        sum = sum.checked_add(count(dialog, next, to, on_way, budget)?)?;
    }
    on_way.remove(here);
    Some(sum)
}

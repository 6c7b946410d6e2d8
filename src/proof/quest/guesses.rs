//! Guesses that a chat contradicts, and the facts they were about.

use crate::content::{Atom, Change, Condition, Verb};
use crate::dialog::{has, holds, passed_over};
use crate::ids::{DialogId, MoveId, StepId};
use crate::proof::machine::{At, Guess, Machine, Tracked};
use crate::proof::rehearse::Rehearsal;
use crate::proof::ticks::collect;

/// A guess that did not play, and the facts that stood against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub guess: Guess,
    pub facts: Vec<Atom>,
}

/// The first guess that the conversation contradicts.
pub(super) fn contradicted(
    machine: &Machine<'_>,
    chat: &Rehearsal<'_>,
    guesses: &[Guess],
) -> Option<Wrong> {
    guesses.iter().find_map(|guess| {
        let (at, to) = *guess;
        let known = &machine.steps[at as usize];
        let facts = match &known.step.verb {
            Verb::Branch { arms, otherwise } => {
                let taken = arms
                    .iter()
                    .find(|(condition, _)| holds(machine.content, &chat.c, condition));
                let go = taken.map_or(otherwise, |(_, go)| go);
                if machine.at(&known.dialog.id, go) == Some(to) {
                    return None;
                }
                against(machine, chat, arms, taken, to, &known.dialog.id)
            }
            verb => {
                let is_one = known.step.position_check.is_some();
                if !is_one && !matches!(verb, Verb::Move { .. }) {
                    return None;
                }
                let is_shown = passed_over(machine.content, &chat.c, known.step).is_none();
                if is_shown == (at == to) {
                    return None;
                }
                let facts = read_by(machine, *guess);
                if at == to {
                    facts
                        .into_iter()
                        .filter(|fact| has(&chat.c, fact))
                        .collect()
                } else {
                    facts.into_iter().take(1).collect()
                }
            }
        };
        Some(Wrong {
            guess: *guess,
            facts,
        })
    })
}

/// What stood against an arm: the facts of the arm that was taken before it, or
/// those that it would have needed itself.
fn against(
    machine: &Machine<'_>,
    chat: &Rehearsal<'_>,
    arms: &[(Condition, StepId)],
    taken: Option<&(Condition, StepId)>,
    to: At,
    dialog: &DialogId,
) -> Vec<Atom> {
    let wanted = arms
        .iter()
        .position(|(_, go)| machine.at(dialog, go) == Some(to));
    let before = taken.and_then(|taken| arms.iter().position(|arm| arm == taken));
    match (before, wanted) {
        (Some(before), wanted) if wanted.is_none_or(|wanted| before < wanted) => {
            let mut facts = Vec::new();
            collect(&arms[before].0, &mut facts);
            facts.retain(|fact| has(&chat.c, fact));
            facts
        }
        (_, Some(wanted)) => first_atoms(&arms[wanted].0),
        (_, None) => Vec::new(),
    }
}

/// Tracks the facts that stood against the newest wrong guess that says any, or
/// all it was about; gives those that are new.
pub(super) fn track_newest(
    machine: &Machine<'_>,
    banned: &[Wrong],
    tracked: &mut Tracked,
) -> Vec<Atom> {
    for wrong in banned.iter().rev() {
        let new: Vec<Atom> = wrong
            .facts
            .iter()
            .filter(|fact| tracked.add_atom(fact))
            .cloned()
            .collect();
        if !new.is_empty() {
            return new;
        }
    }
    for wrong in banned.iter().rev() {
        if track_all(machine, wrong.guess, tracked) {
            return read_by(machine, wrong.guess);
        }
    }
    Vec::new()
}

/// The facts a guess was about.
fn read_by(machine: &Machine<'_>, guess: Guess) -> Vec<Atom> {
    let step = machine.step(guess.0);
    if let Some(check) = &step.position_check {
        return check.left_out_with.clone();
    }
    let mut facts = Vec::new();
    match &step.verb {
        Verb::Branch { arms, .. } => arms
            .iter()
            .for_each(|(condition, _)| collect(condition, &mut facts)),
        Verb::Move { id, .. } => facts = drops_of(machine, id),
        Verb::Play { moves, .. } => {
            facts = moves.iter().flat_map(|id| drops_of(machine, id)).collect();
        }
        _ => {}
    }
    facts
}

pub(super) fn reads_any(machine: &Machine<'_>, guess: Guess, facts: &[Atom]) -> bool {
    read_by(machine, guess)
        .iter()
        .any(|fact| facts.contains(fact))
}

/// The facts that take a move away.
fn drops_of(machine: &Machine<'_>, id: &MoveId) -> Vec<Atom> {
    let own = machine
        .content
        .moves
        .list
        .get(id)
        .into_iter()
        .flat_map(|exercise| {
            exercise
                .changes
                .iter()
                .filter(|(_, change)| *change == Change::Drop)
                .map(|(fact, _)| fact.clone())
        });
    own.chain(machine.histories_against(id).cloned().map(Atom::Flag))
        .collect()
}

/// Facts that make a condition true by themselves.
fn first_atoms(condition: &Condition) -> Vec<Atom> {
    match condition {
        Condition::Has(atom) => vec![atom.clone()],
        Condition::Count { of, from, .. } => of.iter().take(*from).cloned().collect(),
        Condition::Any(any) => any
            .iter()
            .map(first_atoms)
            .find(|atoms| !atoms.is_empty())
            .unwrap_or_default(),
        Condition::All(all) => all.iter().flat_map(first_atoms).collect(),
        Condition::Number { .. }
        | Condition::LevelAtLeast(_)
        | Condition::Cleared(_)
        | Condition::Not(_) => Vec::new(),
    }
}

/// Tracks everything a guess was about.
pub(super) fn track_all(machine: &Machine<'_>, guess: Guess, tracked: &mut Tracked) -> bool {
    match &machine.step(guess.0).verb {
        Verb::Branch { arms, .. } => arms
            .iter()
            .fold(false, |new, (condition, _)| tracked.add(condition) | new),
        _ => read_by(machine, guess)
            .iter()
            .fold(false, |new, fact| tracked.add_atom(fact) | new),
    }
}

//! Answers an author's questions: is this reached, how, and why not.

use std::collections::BTreeSet;

use super::guide::{Next, Ticking, walk};
use super::machine::{Goal, Machine, Tracked, Wanted};
use super::quest::{Quest, Reached};
use super::rehearse::Rehearsal;
use super::tap::Tap;
use crate::content::{Atom, Change, Condition, Content, Verb};
use crate::dialog::{has, holds, is_dropped};
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
    let is_reached = |chat: &Rehearsal<'_>| {
        chat.shown_move() == Some(exercise) && facts.iter().all(|fact| has(&chat.c, fact))
    };
    let with = flag
        .map(|flag| format!(" with `{flag}`"))
        .unwrap_or_default();
    let shows = format!("The move {exercise} is reached{with}. This chat shows it.");
    let plain = |ticks: &[Ticking], conditions: &[&Condition]| {
        walked(content, exercise, flag, is_reached, ticks, conditions)
    };
    // What is asked for most is found in a moment so, before anything is proved.
    let quick = Ticking::ALL.map(|ticks| plain(&[ticks], &[]));
    if let Some(chat) = quick
        .into_iter()
        .flatten()
        .min_by_key(|chat| chat.lines.len())
    {
        return Answered::Chat(chat.chat(&[shows]));
    }
    let goal = Goal::Shown {
        what: Wanted::Move(exercise.clone()),
        with: facts.clone(),
    };
    let mut quest = Quest::new(content, goal, is_reached);
    let reached = quest.reach_or(|| plain(&Ticking::ALL, &conditions_before_moves(content)));
    answered(reached, &shows, || reasons(content, exercise, flag))
}

/// What the branches ask that lie on the way to any move.
fn conditions_before_moves(content: &Content) -> Vec<&Condition> {
    let with_moves = content.dialogs.values().filter(|dialog| dialog.has_moves);
    with_moves
        .flat_map(|dialog| dialog.steps.values())
        .flat_map(|step| match &step.verb {
            Verb::Branch { arms, .. } => &arms[..],
            _ => &[],
        })
        .map(|(condition, _)| condition)
        .collect()
}

/// A chat that a plain walk comes to, with no tick that can be spared. Chats that stand
/// at one place are told apart by the flag, by what stands in the way of moves, and by these conditions. That
/// none is found proves nothing.
fn walked<'a>(
    content: &'a Content,
    exercise: &MoveId,
    flag: Option<&FlagId>,
    is_reached: impl Fn(&Rehearsal<'a>) -> bool,
    ticks: &[Ticking],
    conditions: &[&Condition],
) -> Option<Rehearsal<'a>> {
    let reach = |chat: &Rehearsal<'a>| {
        let mut chat = chat.clone();
        chat.skip_to(exercise);
        is_reached(&chat).then_some(chat)
    };
    let mut known = BTreeSet::new();
    let mut found = None;
    walk(content, ticks, flag, |chat, way| {
        if let Some(chat) = reach(chat) {
            found = Some(spare_ticks(chat, way, reach));
            return Next::Enough;
        }
        let c = &chat.c;
        let place = chat.asks();
        let place = place.map(|(dialog, step)| (dialog.clone(), step.clone()));
        let holds: Vec<bool> = conditions
            .iter()
            .map(|condition| holds(content, c, condition))
            .chain([
                flag.is_some_and(|flag| c.flags.contains_key(flag)),
                c.is_cleared(content),
                c.level(content).blocks(),
                is_dropped(content, c, exercise),
            ])
            .collect();
        let is_new = known.len() < WALKED_MAX && known.insert((place, holds));
        if is_new { Next::GoOn } else { Next::Leave }
    });
    found
}

/// A plain walk goes on from no more chats than this.
const WALKED_MAX: usize = 20_000;

/// The same chat with each tick taken away that it gets there without.
fn spare_ticks<'a>(
    found: Rehearsal<'a>,
    way: &[Tap],
    reach: impl Fn(&Rehearsal<'a>) -> Option<Rehearsal<'a>>,
) -> Rehearsal<'a> {
    let content = found.content;
    let (mut found, mut way) = (found, way.to_vec());
    for at in 0..way.len() {
        while let Some((shorter, chat)) = one_tick_less(&way[at]).into_iter().find_map(|tap| {
            let mut shorter = way.clone();
            shorter[at] = tap;
            let mut chat = Rehearsal::saying_yes_to(content, found.yes_to.as_ref());
            chat.play(&shorter).ok()?;
            Some((shorter, reach(&chat)?))
        }) {
            (way, found) = (shorter, chat);
        }
    }
    found
}

/// The same answer with one tick less.
fn one_tick_less(tap: &Tap) -> Vec<Tap> {
    match tap {
        Tap::Ticks(ids) if ids.len() == 1 => vec![Tap::NoneOf],
        Tap::Ticks(ids) => (0..ids.len())
            .map(|at| {
                let mut fewer = ids.clone();
                fewer.remove(at);
                Tap::Ticks(fewer)
            })
            .collect(),
        _ => Vec::new(),
    }
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

//! Rows `move` and `history`: what a fact does to a move.

use std::collections::BTreeSet;

use super::{Broken, Effect, FLAGS, at_flag, fact_words};
use crate::content::{Atom, Change};
use crate::dialog::has;
use crate::ids::{FlagId, MoveId};
use crate::proof::guide::Guide;
use crate::proof::machine::{Goal, Wanted};
use crate::proof::quest::{Quest, Reached};
use crate::proof::rehearse::Rehearsal;
use crate::proof::{Report, Spot};

/// What became of looking for a move in spite of a fact.
pub(super) enum Sought<'a> {
    /// No way leads there: what was to be shown cannot happen.
    Never,
    /// It happens in this chat; or it may happen, and none was found.
    MayBe(Option<Box<Rehearsal<'a>>>),
}

impl<'a> Sought<'a> {
    pub fn new(reached: Reached<'a>, last_line: impl FnOnce(&Rehearsal<'a>) -> String) -> Self {
        match reached {
            Reached::Nowhere => Self::Never,
            Reached::Shown { mut chat } => {
                let line = last_line(&chat);
                chat.demand(line);
                Self::MayBe(Some(chat))
            }
            Reached::Unshown { .. } | Reached::BeyondBudget => Self::MayBe(None),
        }
    }
}

/// Looks for a chat in which a move is shown in spite of a fact; any move, where
/// none is named. Ends with `last_line`.
pub(super) fn shown_with<'a>(
    guide: &mut Guide<'a>,
    exercise: Option<&MoveId>,
    fact: &Atom,
    last_line: impl FnOnce(&Rehearsal<'a>) -> String,
) -> Sought<'a> {
    let content = guide.content;
    let mut quest = Quest::new(
        content,
        Goal::Shown {
            what: exercise.map_or(Wanted::AnyMove, |id| Wanted::Move(id.clone())),
            with: vec![fact.clone()],
        },
        |chat| {
            let shown = chat.shown_move();
            shown.is_some_and(|id| exercise.is_none_or(|exercise| exercise == id))
                && has(&chat.c, fact)
        },
    );
    let reached = quest.reach();
    guide.turns += quest.states;
    Sought::new(reached, last_line)
}

/// The move that is open must not be there.
pub(super) fn never_this_move(chat: &Rehearsal<'_>) -> String {
    let shown = chat
        .shown_move()
        .and_then(|id| chat.content.moves.list.get(id));
    let name = shown.map(|exercise| chat.plain(&exercise.name));
    format!("never: {}", name.unwrap_or_default())
}

pub(super) fn move_row<'a>(
    guide: &mut Guide<'a>,
    fact: &Atom,
    id: &MoveId,
    effect: Effect,
    report: &mut Report,
) -> Option<Broken<'a>> {
    let content = guide.content;
    let name = fact_words(fact);
    let spots = vec![Spot::Name {
        file: "moves.yaml",
        name: id.to_string(),
    }];
    let Some(exercise) = content.moves.list.get(id) else {
        return Some(Broken {
            what: format!("there is no move {id}"),
            help: format!("Write the move {id} again, in moves.yaml."),
            spots: Vec::new(),
            chat: None,
        });
    };
    let is = exercise
        .changes
        .iter()
        .find(|(known, _)| known == fact)
        .map(|(_, change)| change);
    let (chat, what, help) = match (effect, is) {
        (Effect::Drop, Some(Change::Drop)) | (Effect::Change, Some(_)) | (Effect::Keep, None) => {
            return None;
        }
        // One word more on a move that is shown is beyond the table.
        (Effect::Keep, Some(Change::Adapt(_))) => return None,
        (Effect::Drop, _) => {
            // Where the dialogs show the move to nobody with this fact, it holds.
            let Sought::MayBe(chat) = shown_with(guide, Some(id), fact, never_this_move) else {
                return None;
            };
            (
                chat.map(|chat| *chat),
                format!("`{name}` should take the move {id} away"),
                format!("Write `{name}: drop` below `changes` of {id}."),
            )
        }
        (Effect::Change, None) => {
            let changed =
                |chat: &Rehearsal<'_>| format!("bot: {}", chat.plain(&content.words.move_changed));
            let Sought::MayBe(chat) = shown_with(guide, Some(id), fact, changed) else {
                return None;
            };
            (
                chat.map(|chat| *chat),
                format!("`{name}` should change the move {id}"),
                format!("Write `{name}: {{ change: … }}` below `changes` of {id}."),
            )
        }
        (Effect::Keep, Some(Change::Drop)) => {
            let chat = passed_with(guide, id, fact);
            (
                chat,
                format!("`{name}` should leave the move {id}"),
                format!("Take `{name}: drop` away from {id}."),
            )
        }
    };
    report.states += guide.looked_at();
    Some(Broken {
        what,
        help,
        spots,
        chat,
    })
}

/// Whoever has this fact reads a note in front of the first move: the engine says each
/// that there is.
pub(super) fn note_row<'a>(guide: &mut Guide<'a>, fact: &Atom) -> Option<Broken<'a>> {
    let mut notes = guide.content.moves.notes.iter();
    if notes.any(|note| note.with.contains(fact)) {
        return None;
    }
    let chat = match shown_with(guide, None, fact, never_this_move) {
        Sought::Never => return None,
        Sought::MayBe(chat) => chat,
    };
    let name = fact_words(fact);
    Some(Broken {
        what: format!("`{name}` has no note before the first move"),
        help: format!("Write one below `notes` in moves.yaml, `with: [{name}]`."),
        spots: Vec::new(),
        chat: chat.map(|chat| *chat),
    })
}

/// A chat in which a move is passed over because of a fact.
pub(super) fn passed_with<'a>(
    guide: &mut Guide<'a>,
    id: &MoveId,
    fact: &Atom,
) -> Option<Rehearsal<'a>> {
    let content = guide.content;
    let mut quest = Quest::new(
        content,
        Goal::Passed {
            exercise: id.clone(),
            with: vec![fact.clone()],
        },
        |chat| {
            has(&chat.c, fact)
                && chat.c.is_cleared(content)
                && chat.c.open.is_some()
                && chat.is_done
        },
    );
    let mut chat = quest.reach().into_chat()?;
    let name = content
        .moves
        .list
        .get(id)
        .map(|exercise| chat.plain(&exercise.name))
        .unwrap_or_default();
    chat.demand(format!("bot: {name}"));
    Some(chat)
}

pub(super) fn history_row<'a>(
    guide: &mut Guide<'a>,
    flag: &FlagId,
    wanted: &BTreeSet<MoveId>,
) -> Option<Broken<'a>> {
    let content = guide.content;
    let Some(is) = content
        .flags
        .get(flag)
        .and_then(|flag| flag.history.as_ref())
    else {
        let chat = guide.stating(flag).map(|mut chat| {
            let question = chat.plain(&content.history_question);
            // What it counts from is the flag's own, which is missing.
            let question = question.rsplit('}').next().unwrap_or_default().to_owned();
            chat.demand(format!("bot: {question}"));
            chat
        });
        return Some(Broken {
            what: format!("`{flag}` is asked no second question"),
            help: format!("Give `{flag}` a line `history: {{ allows: … }}` in {FLAGS}."),
            spots: at_flag(flag),
            chat,
        });
    };
    if let Some(more) = is.allows.iter().find(|id| !wanted.contains(*id)) {
        // Where a caution or a branch keeps the move away all the same, it holds.
        let fact = Atom::Flag(flag.clone());
        let Sought::MayBe(chat) = shown_with(guide, Some(more), &fact, never_this_move) else {
            return None;
        };
        return Some(Broken {
            what: format!("`{flag}` leaves the move {more}"),
            help: format!("Take {more} out of `allows` of `{flag}` in {FLAGS}."),
            spots: at_flag(flag),
            chat: chat.map(|chat| *chat),
        });
    }
    let fewer = wanted.iter().find(|id| !is.allows.contains(id))?;
    Some(Broken {
        what: format!("`{flag}` should leave the move {fewer}"),
        help: format!("Add {fewer} to `allows` of `{flag}` in {FLAGS}."),
        spots: at_flag(flag),
        chat: passed_with(guide, fewer, &Atom::Flag(flag.clone())),
    })
}

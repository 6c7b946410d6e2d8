//! `cards.yaml` and `moves.yaml`.

use std::collections::BTreeMap;

use super::build::{Builder, place};
use super::diagnostic::{Diagnostic, Place};
use super::felt::Felt;
use super::model::{
    AskLater, Atom, Card, CardAnswer, Change, Easier, Instead, Move, MoveStep, Moves, Note, Pace,
    Work,
};
use super::raw::{self, Name, Pairs};
use super::readability::Measure;
use super::text::Text;
use crate::ids::{CardId, ChoiceId, MoveId, NoteId};
use crate::triage::Level;

pub(super) fn build_cards(builder: &mut Builder, file: raw::Cards) -> BTreeMap<CardId, Card> {
    const FILE: &str = "cards.yaml";
    let mut cards: BTreeMap<CardId, Card> = BTreeMap::new();
    for (name, card) in file.cards.0 {
        builder.id(FILE, &name);
        let here = place(FILE, &name);
        let texts = [&card.text]
            .into_iter()
            .chain(card.extra.iter().map(|extra| &extra.text))
            .chain(&card.last);
        for text in texts {
            builder.placeholders(&here, text, &["words", "staff_line"]);
            builder.tells_no_position(&here, text, &[]);
        }
        builder.cite(&here, &name.value, &card.source);
        let exempt = card.names_kept.as_deref();
        builder.readable(&here, &card.text, Measure::Card, exempt);
        let more = card.extra.iter().map(|extra| &extra.text);
        let replies = card
            .answers
            .iter()
            .filter_map(|answer| answer.reply.as_ref());
        for text in more.chain(&card.last).chain(replies) {
            builder.readable(&here, text, Measure::Talk, exempt);
        }
        let level = card.level.map(Level::from);
        if let Some(level) = level
            && cards.values().any(|other| other.level == Some(level))
        {
            builder.error(
                here.clone(),
                format!("two cards stand for the level `{}`", level.word()),
            );
        }
        let answers = card
            .answers
            .into_iter()
            .map(|answer| {
                builder.id(FILE, &answer.id);
                for label in [&answer.label].into_iter().chain(&answer.typed_label) {
                    builder.label(place(FILE, &answer.id), label);
                }
                CardAnswer {
                    id: ChoiceId::new(&answer.id.value),
                    label: answer.label,
                    typed_label: answer.typed_label,
                    reply: answer.reply,
                    note: answer.note,
                    opens: answer.opens.as_ref().map(|name| builder.dialog(FILE, name)),
                    asks_call: answer.asks_call,
                }
            })
            .collect();
        let extra = card
            .extra
            .into_iter()
            .map(|extra| (builder.flags(FILE, &extra.with), extra.text))
            .collect();
        cards.insert(
            CardId::new(&name.value),
            Card {
                level,
                text: card.text,
                extra,
                last: card.last,
                answers,
            },
        );
    }
    for level in Level::BLOCKING {
        if !cards.values().any(|card| card.level == Some(level)) {
            builder.error(
                Place {
                    file: FILE.to_owned(),
                    bytes: 0..0,
                },
                format!("no card stands for the level `{}`", level.word()),
            );
        }
    }
    cards
}

/// The file of moves.
pub(super) const MOVES: &str = "moves.yaml";

pub(super) fn build_moves(builder: &mut Builder, file: raw::Moves) -> Moves {
    let everywhere = Place {
        file: MOVES.to_owned(),
        bytes: 0..0,
    };
    for said in [
        &file.warm_up,
        &file.stop_rules,
        &file.every_push,
        &file.every_move,
    ] {
        builder.readable(&everywhere, said, Measure::Talk, None);
    }
    builder.cite(&everywhere, "every move", &file.sources);
    let mut list = BTreeMap::new();
    for (name, exercise) in file.moves.0 {
        builder.id(MOVES, &name);
        if exercise.steps.is_empty() {
            builder.error(
                place(MOVES, &name),
                format!("the move `{}` has no steps", name.value),
            );
        }
        let here = place(MOVES, &name);
        builder.cite(&here, &name.value, &exercise.sources);
        for text in texts_of(&exercise) {
            builder.readable(&here, text, Measure::Talk, None);
        }
        let instead = exercise.instead.into_iter();
        let instead: Vec<Instead> = instead
            .map(|instead| build_instead(builder, &here, instead, &exercise.changes))
            .collect();
        let changes = exercise
            .changes
            .0
            .into_iter()
            .filter_map(|(atom, change)| {
                let atom = builder.atom(MOVES, &atom);
                match change {
                    raw::Change::Keep => None,
                    raw::Change::Drop => Some((atom, Change::Drop)),
                    raw::Change::Adapt(text) => Some((atom, Change::Adapt(text))),
                }
            })
            .collect();
        let pace = exercise
            .pace
            .and_then(|pace| build_pace(builder, place(MOVES, &name), &pace));
        let easier = exercise.easier;
        let easier = easier.map(|easier| build_easier(builder, easier));
        let steps = move_steps(builder, &here, exercise.steps);
        let mut ways = instead.iter().flat_map(|way| &way.steps).chain(&steps);
        if pace.is_none() && ways.any(|step| step.afterwards) {
            builder.error(here, "nothing comes `afterwards` of a move without `pace`");
        }
        list.insert(
            MoveId::new(&name.value),
            Move {
                name: exercise.name,
                push: exercise.push,
                dose: exercise.dose,
                steps,
                instead,
                caveats: exercise.caveats,
                pace,
                easier,
                changes,
            },
        );
    }
    let ask_later = file.ask_later.map(|ask_later| AskLater {
        days: ask_later.days,
        opens: builder.dialog(MOVES, &ask_later.opens),
    });
    Moves {
        ask_later,
        notes: build_notes(builder, file.notes),
        felt: Felt::build(&file.felt),
        warm_up: file.warm_up,
        stop_rules: file.stop_rules,
        every_push: file.every_push,
        every_move: file.every_move,
        list,
    }
}

fn build_notes(builder: &mut Builder, notes: Pairs<raw::Note>) -> Vec<Note> {
    let mut built: Vec<Note> = Vec::new();
    for (name, note) in notes.0 {
        builder.id(MOVES, &name);
        let here = place(MOVES, &name);
        builder.placeholders(&here, &note.say, &[]);
        builder.cite(&here, &name.value, &note.source);
        builder.readable(&here, &note.say, Measure::Talk, None);
        let mut atoms = |names: &[Name]| -> Vec<Atom> {
            let atoms = names.iter().map(|name| builder.atom(MOVES, name));
            atoms.collect()
        };
        let (with, unless) = (atoms(&note.with), atoms(&note.unless));
        // What keeps a note back must say as much itself.
        let is_silent = |fact: &&Atom| !built.iter().any(|note| note.with.contains(fact));
        if let Some(at) = unless.iter().position(|fact| is_silent(&fact)) {
            builder.error_with(
                place(MOVES, &note.unless[at]),
                format!(
                    "`{}` keeps the note `{}` back, and has no note of its own before it",
                    note.unless[at].value, name.value
                ),
                Some("Take it out of `unless`, or write a note for it above this one.".to_owned()),
            );
        }
        built.push(Note {
            id: NoteId::new(&name.value),
            with,
            unless,
            say: note.say,
        });
    }
    built
}

/// Everything that is said of a move.
fn texts_of(exercise: &raw::Move) -> impl Iterator<Item = &Text> {
    fn changes(changes: &Pairs<raw::Change>) -> impl Iterator<Item = &Text> {
        changes.0.iter().filter_map(|(_, change)| match change {
            raw::Change::Adapt(text) => Some(text),
            raw::Change::Keep | raw::Change::Drop => None,
        })
    }
    let instead = exercise.instead.iter().flat_map(|instead| {
        let easier = instead.easier.iter().map(|easier| &easier.say);
        let steps = instead.steps.iter().map(|step| &step.say);
        [&instead.dose, &instead.caveats]
            .into_iter()
            .chain(steps)
            .chain(easier)
            .chain(changes(&instead.changes))
    });
    [&exercise.dose, &exercise.caveats]
        .into_iter()
        .chain(exercise.steps.iter().map(|step| &step.say))
        .chain(exercise.easier.iter().map(|easier| &easier.say))
        .chain(changes(&exercise.changes))
        .chain(instead)
}

/// Another way of a move that `usual` facts change.
fn build_instead(
    builder: &mut Builder,
    here: &Place,
    instead: raw::Instead,
    usual: &Pairs<raw::Change>,
) -> Instead {
    if instead.with.is_empty() || instead.steps.is_empty() {
        builder.error(here.clone(), "`instead` needs facts in `with`, and `steps`");
    }
    let names = |names: &[Name], name: &Name| names.iter().any(|one| one.value == name.value);
    let own: Vec<Name> = instead
        .changes
        .0
        .iter()
        .map(|(name, _)| name.clone())
        .collect();
    for (name, change) in &usual.0 {
        let is_said = matches!(change, raw::Change::Adapt(_));
        if is_said && !names(&instead.with, name) && !names(&own, name) {
            let message = format!("`instead` does not say what `{}` changes there", name.value);
            let help = format!(
                "What it changes in the usual way is said there too. Write `{0}` below the `changes` of `instead`, or `{0}: keep` where nothing changes.",
                name.value
            );
            let found = Diagnostic::warning(place(MOVES, name), message).with_help(help);
            builder.found.push(found);
        }
    }
    let mut changes = Vec::new();
    for (name, change) in instead.changes.0 {
        let atom = builder.atom(MOVES, &name);
        match change {
            raw::Change::Keep => changes.push((atom, None)),
            raw::Change::Adapt(text) => changes.push((atom, Some(text))),
            raw::Change::Drop => builder.error_with(
                place(MOVES, &name),
                "a fact takes the whole move away, not one way of it",
                Some("Write `drop` below the `changes` of the move.".to_owned()),
            ),
        }
    }
    Instead {
        with: instead
            .with
            .iter()
            .map(|atom| builder.atom(MOVES, atom))
            .collect(),
        name: instead.name,
        dose: instead.dose,
        steps: move_steps(builder, here, instead.steps),
        caveats: instead.caveats,
        easier: instead.easier.map(|easier| build_easier(builder, easier)),
        changes,
    }
}

fn build_easier(builder: &mut Builder, easier: raw::Easier) -> Easier {
    Easier {
        say: easier.say,
        hold_seconds: easier.hold_seconds,
        picture: builder.pictures(MOVES, easier.picture.as_slice()).pop(),
    }
}

fn move_steps(builder: &mut Builder, here: &Place, steps: Vec<raw::MoveStep>) -> Vec<MoveStep> {
    let first_after = steps.iter().position(|step| step.afterwards);
    if first_after.is_some_and(|at| at == 0 || steps[at..].iter().any(|step| !step.afterwards)) {
        builder.error_with(
            here.clone(),
            "a step that comes `afterwards` stands in front of another",
            Some("Such steps stand last, behind those that come before the work.".to_owned()),
        );
    }
    steps
        .into_iter()
        .map(|step| MoveStep {
            say: step.say,
            picture: builder.pictures(MOVES, step.picture.as_slice()).pop(),
            afterwards: step.afterwards,
        })
        .collect()
}

fn build_pace(builder: &mut Builder, here: Place, pace: &raw::Pace) -> Option<Pace> {
    /// Longer is a mistake for minutes, not a hold.
    const HOLD_SECONDS_MAX: u32 = 15 * 60;
    /// Nobody is asked for more in one go.
    const TIMES_MAX: u32 = 30;
    const SETS_MAX: u32 = 5;
    let work = match (pace.hold_seconds, pace.times) {
        (Some(seconds @ 1..=HOLD_SECONDS_MAX), None) => Some(Work::Hold { seconds }),
        (None, Some(times @ 1..=TIMES_MAX)) => Some(Work::Times(times)),
        (Some(_) | None, Some(_) | None) => None,
    };
    match work {
        Some(work) if (1..=2).contains(&pace.sides) && (1..=SETS_MAX).contains(&pace.sets) => {
            Some(Pace {
                work,
                sides: pace.sides,
                sets: pace.sets,
            })
        }
        Some(_) | None => {
            builder.error_with(
                here,
                "this pace cannot be played",
                Some(format!(
                    "Say `hold_seconds` (1 to {HOLD_SECONDS_MAX}) or `times` (1 to {TIMES_MAX}), with 1 or 2 `sides` and 1 to {SETS_MAX} `sets`."
                )),
            );
            None
        }
    }
}

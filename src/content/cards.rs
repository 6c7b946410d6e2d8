//! `cards.yaml` and `moves.yaml`.

use std::collections::BTreeMap;

use super::build::{Builder, place};
use super::diagnostic::Place;
use super::model::{Card, CardAnswer, Change, Move, Moves};
use super::raw;
use super::readability::Measure;
use crate::ids::{CardId, ChoiceId, MoveId};
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

pub(super) fn build_moves(builder: &mut Builder, file: raw::Moves) -> Moves {
    const FILE: &str = "moves.yaml";
    let mut list = BTreeMap::new();
    for (name, exercise) in file.moves.0 {
        builder.id(FILE, &name);
        if exercise.steps.is_empty() {
            builder.error(
                place(FILE, &name),
                format!("the move `{}` has no steps", name.value),
            );
        }
        let here = place(FILE, &name);
        builder.cite(&here, &name.value, &exercise.sources);
        let changes = exercise
            .changes
            .0
            .iter()
            .filter_map(|(_, change)| match change {
                raw::Change::Adapt(text) => Some(text),
                raw::Change::Keep | raw::Change::Drop => None,
            });
        for text in exercise
            .steps
            .iter()
            .chain([&exercise.caveats])
            .chain(changes)
        {
            builder.readable(&here, text, Measure::Talk, None);
        }
        let changes = exercise
            .changes
            .0
            .into_iter()
            .filter_map(|(atom, change)| {
                let atom = builder.atom(FILE, &atom);
                match change {
                    raw::Change::Keep => None,
                    raw::Change::Drop => Some((atom, Change::Drop)),
                    raw::Change::Adapt(text) => Some((atom, Change::Adapt(text))),
                }
            })
            .collect();
        list.insert(
            MoveId::new(&name.value),
            Move {
                name: exercise.name,
                push: exercise.push,
                dose: exercise.dose,
                steps: exercise.steps,
                caveats: exercise.caveats,
                changes,
            },
        );
    }
    Moves {
        warm_up: file.warm_up,
        stop_rules: file.stop_rules,
        every_push: file.every_push,
        every_move: file.every_move,
        list,
    }
}

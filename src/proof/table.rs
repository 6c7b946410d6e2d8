//! The clinical table: rows that were written apart from the content, and must
//! hold of it. A row that does not is shown as a chat.
//!
//! One row a line, tab-separated; `docs/proof.md` lists the kinds. It says what
//! the content must at least do. What the content has beyond it is listed.

mod beyond;
mod moves;
mod parse;
mod positions;
mod raises;
mod screens;
mod signs;

use std::collections::{BTreeMap, BTreeSet};

use super::guide::Guide;
use super::rehearse::Rehearsal;
use super::{Finding, Property, Report, Spot};
use crate::content::{Atom, Content};
use crate::ids::{DialogId, FlagId, MoveId, ScreenId, StepId};
use crate::triage::{Form, Level, Rule};
use beyond::beyond;
use moves::{history_row, move_row, note_row};
use positions::position_row;
use raises::{again_row, raises_row};
use screens::{follow_up_row, screen_row};
use signs::{flag_row, rule_row};

const FLAGS: &str = "red-flags.yaml";

/// A table, read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// In the order of the file.
    pub rows: Vec<Row>,
    places: BTreeMap<String, Place>,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its line, from 1.
    pub line: usize,
    /// As it stands in the file.
    pub text: String,
    claim: Claim,
}

/// What a row claims.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Claim {
    /// A flag has this level; none for a clue.
    Flag(FlagId, Level),
    /// A rule with this card, or its level's.
    Rule(Rule),
    /// What a fact does to a move.
    Move(Atom, MoveId, Effect),
    /// Whoever has a fact reads a note before the first move.
    Note(Atom),
    /// Nobody with a fact is asked for the position of this step, nor anybody who is
    /// not cleared.
    Position(Atom, DialogId, StepId),
    /// An answer at a place states flags.
    Raises {
        place: String,
        answer: String,
        flags: Vec<FlagId>,
        form: Form,
    },
    /// After an answer at a place these screens are asked again.
    Again {
        place: String,
        answer: String,
        screens: Vec<ScreenId>,
    },
    /// A screen asks for flags, in this order.
    Screen(ScreenId, Vec<FlagId>),
    /// A flag is asked only of those who have stated the other one.
    OnlyWith(FlagId, FlagId),
    /// Whoever states the first flag is asked for the second one.
    FollowUp(FlagId, FlagId),
    /// The moves that a history's second question leaves.
    History(FlagId, BTreeSet<MoveId>),
}

/// What a fact does to a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Keep,
    Drop,
    Change,
}

/// Where the answer of a row `raises` or `again` is given.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    /// None for every step that shows or plays a move.
    step: Option<(DialogId, StepId)>,
    /// What is answered there first.
    first: Option<String>,
    /// The step that must then ask.
    then: Option<StepId>,
    /// The row's words for answers, and the answers.
    answers: BTreeMap<String, String>,
}

/// A line that is no row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the table: {what}")]
pub struct TableError {
    /// Which, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

/// Holds the rows of a property against the content: moves for P6, all others
/// for P8.
pub(super) fn prove(guide: &mut Guide<'_>, table: &Table, report: &mut Report) {
    for row in &table.rows {
        let is_of_moves = matches!(
            row.claim,
            Claim::Move(..) | Claim::Note(_) | Claim::Position(..)
        );
        if is_of_moves != (report.property == Property::P6) {
            continue;
        }
        report.states += 1;
        let broken = match &row.claim {
            Claim::Flag(flag, level) => flag_row(guide, table, flag, *level),
            Claim::Rule(rule) => rule_row(guide, rule),
            Claim::Move(fact, exercise, effect) => move_row(guide, fact, exercise, *effect, report),
            Claim::Note(fact) => note_row(guide, fact),
            Claim::Position(fact, dialog, step) => position_row(guide, fact, (dialog, step)),
            Claim::Raises {
                place,
                answer,
                flags,
                form,
            } => table
                .places
                .get(place)
                .and_then(|place| raises_row(guide, place, answer, flags, *form)),
            Claim::Again {
                place,
                answer,
                screens,
            } => table
                .places
                .get(place)
                .and_then(|place| again_row(guide, place, answer, screens)),
            Claim::Screen(screen, flags) => screen_row(guide, table, screen, flags),
            // The rows of screens look at these.
            Claim::OnlyWith(..) => None,
            Claim::FollowUp(flag, asked) => follow_up_row(guide, flag, asked),
            Claim::History(flag, moves) => history_row(guide, flag, moves),
        };
        if let Some(broken) = broken {
            report.findings.push(Finding {
                property: report.property,
                what: format!(
                    "the table's row {} does not hold: {}",
                    row.line, broken.what
                ),
                help: broken.help,
                spots: broken.spots,
                chat: broken.chat.map(|chat| {
                    chat.chat(&[
                        format!(
                            "{}: row {} of the table. {}",
                            report.property.id(),
                            row.line,
                            capitalised(&broken.what)
                        ),
                        "Plays up to its last line, which should hold and does not.".to_owned(),
                    ])
                }),
            });
        }
    }
    report.beyond = beyond(guide.content, table, report.property);
}

fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| {
        format!("{}{}.", first.to_uppercase(), letters.as_str())
    })
}

/// A row that does not hold.
struct Broken<'a> {
    what: String,
    help: String,
    spots: Vec<Spot>,
    chat: Option<Rehearsal<'a>>,
}

fn at_flag(flag: &FlagId) -> Vec<Spot> {
    vec![Spot::Name {
        file: FLAGS,
        name: flag.to_string(),
    }]
}

/// What staff read of a level.
fn staff_words(content: &Content, level: Level) -> String {
    content
        .words
        .level(level)
        .render(content.clinic.staff_language, content)
        .text
}

fn fact_words(fact: &Atom) -> String {
    match fact {
        Atom::Flag(flag) => flag.to_string(),
        Atom::Value(slot, value) => format!("{slot}.{value}"),
        Atom::Set(slot) => format!("{slot}.set"),
    }
}

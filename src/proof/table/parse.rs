//! Reads a table, line by line.

use super::{Claim, Effect, Place, Row, Table, TableError};
use crate::content::{Atom, Content, TABLE_FILE};
use crate::ids::{CardId, ChoiceId, DialogId, FlagId, MoveId, RuleId, ScreenId, SlotId, StepId};
use crate::proof::{Finding, Property};
use crate::triage::{AtLeast, Form, Level, Rule};

impl TableError {
    /// What it makes of a content: P8 is not proved.
    #[must_use]
    pub fn finding(&self) -> Finding {
        Finding {
            property: Property::P8,
            what: format!("{TABLE_FILE}: {self}"),
            help: "docs/proof.md lists the rows there are.".to_owned(),
            spots: Vec::new(),
            chat: None,
        }
    }
}

impl Table {
    /// The table that a content brings along, if it does.
    #[must_use]
    pub fn of(content: &Content) -> Option<Result<Self, TableError>> {
        Some(Self::parse(content.table.as_ref()?))
    }

    /// Reads a table.
    ///
    /// # Errors
    /// The first line that is no row.
    pub fn parse(text: &str) -> Result<Self, TableError> {
        let mut table = Self::default();
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let columns: Vec<&str> = line.split('\t').collect();
            let wrong = |what: &str| TableError {
                line: index + 1,
                what: what.to_owned(),
            };
            if let ["place", name, dialog, step, first, then, answers] = columns[..] {
                table
                    .places
                    .insert(name.to_owned(), place(dialog, step, first, then, answers));
                continue;
            }
            let claim = claim(&columns).map_err(|what| wrong(&what))?;
            table.rows.push(Row {
                line: index + 1,
                text: line.to_owned(),
                claim,
            });
        }
        for row in &table.rows {
            if let Claim::Raises { place, .. } | Claim::Again { place, .. } = &row.claim
                && !table.places.contains_key(place)
            {
                return Err(TableError {
                    line: row.line,
                    what: format!("no row `place` says where `{place}` is"),
                });
            }
        }
        Ok(table)
    }
}

fn list(words: &str) -> Vec<&str> {
    words.split(',').filter(|word| !word.is_empty()).collect()
}

fn flags(words: &str) -> Vec<FlagId> {
    list(words).into_iter().map(FlagId::new).collect()
}

fn place(dialog: &str, step: &str, first: &str, then: &str, answers: &str) -> Place {
    let some = |word: &str| (!word.is_empty()).then(|| word.to_owned());
    Place {
        step: (dialog != "*").then(|| (DialogId::new(dialog), StepId::new(step))),
        first: some(first),
        then: some(then).map(|step| StepId::new(&step)),
        answers: list(answers)
            .into_iter()
            .filter_map(|pair| pair.split_once('='))
            .map(|(row, answer)| (row.to_owned(), answer.to_owned()))
            .collect(),
    }
}

fn claim(columns: &[&str]) -> Result<Claim, String> {
    match columns {
        ["flag", flag, level] => Ok(Claim::Flag(FlagId::new(flag), level_of(level)?)),
        ["rule", id, all, any, at_least, level, rest @ ..] => {
            rule(id, all, any, at_least, level, rest)
        }
        ["move", fact, exercise, effect] => {
            let effect = match *effect {
                "keep" => Effect::Keep,
                "drop" => Effect::Drop,
                "change" => Effect::Change,
                other => return Err(format!("`{other}` is neither keep, drop nor change")),
            };
            Ok(Claim::Move(atom(fact), MoveId::new(exercise), effect))
        }
        ["note", fact] => Ok(Claim::Note(atom(fact))),
        ["position", fact, dialog, step] => Ok(Claim::Position(
            atom(fact),
            DialogId::new(dialog),
            StepId::new(step),
        )),
        ["raises", place, answer, named, form] => {
            let form = match *form {
                "sure" => Form::Sure,
                "unsure" => Form::Unsure,
                other => return Err(format!("`{other}` is neither sure nor unsure")),
            };
            Ok(Claim::Raises {
                place: (*place).to_owned(),
                answer: (*answer).to_owned(),
                flags: flags(named),
                form,
            })
        }
        ["again", place, answer, screens] => Ok(Claim::Again {
            place: (*place).to_owned(),
            answer: (*answer).to_owned(),
            screens: list(screens).into_iter().map(ScreenId::new).collect(),
        }),
        ["screen", screen, named] => Ok(Claim::Screen(ScreenId::new(screen), flags(named))),
        ["only_with", flag, other] => Ok(Claim::OnlyWith(FlagId::new(flag), FlagId::new(other))),
        ["follow_up", flag, asked] => Ok(Claim::FollowUp(FlagId::new(flag), FlagId::new(asked))),
        ["history", flag, moves] => {
            let moves = list(moves).into_iter().map(MoveId::new).collect();
            Ok(Claim::History(FlagId::new(flag), moves))
        }
        [kind, ..] => Err(format!(
            "a row `{kind}` with {} columns is not known",
            columns.len()
        )),
        [] => Err("an empty row".to_owned()),
    }
}

fn atom(word: &str) -> Atom {
    match word.split_once('.') {
        None => Atom::Flag(FlagId::new(word)),
        Some((slot, "set")) => Atom::Set(SlotId::new(slot)),
        Some((slot, value)) => Atom::Value(SlotId::new(slot), ChoiceId::new(value)),
    }
}

fn level_of(word: &str) -> Result<Level, String> {
    if word == "clue" {
        return Ok(Level::Clear);
    }
    [Level::Caution]
        .into_iter()
        .chain(Level::BLOCKING)
        .find(|level| level.word() == word)
        .ok_or(format!("`{word}` is no level"))
}

fn rule(
    id: &str,
    all: &str,
    any: &str,
    at_least: &str,
    level: &str,
    rest: &[&str],
) -> Result<Claim, String> {
    let behind = |column: &str, name: &str| {
        column
            .strip_prefix(name)
            .map(str::to_owned)
            .ok_or(format!("`{column}` does not begin with `{name}`"))
    };
    let at_least = behind(at_least, "at_least=")?;
    let at_least = match at_least.split_once(':') {
        None => None,
        Some((count, of)) => Some(AtLeast {
            count: count
                .parse()
                .map_err(|_| format!("`{count}` is no number"))?,
            of: flags(of),
        }),
    };
    let card = match rest {
        [] => None,
        [card] => Some(CardId::new(&behind(card, "card=")?)),
        [..] => return Err("a rule has at most seven columns".to_owned()),
    };
    Ok(Claim::Rule(Rule {
        id: RuleId::new(id),
        all: flags(&behind(all, "all=")?),
        any: flags(&behind(any, "any=")?),
        at_least,
        level: level_of(level)?,
        card,
    }))
}

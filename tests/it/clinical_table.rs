//! The content against `dialogs/clinical_table.tsv`, which was written apart from
//! it: levels, rules, moves, screens and what answers raise.
//!
//! What the content has beyond the table is printed, and no failure.

mod places;

use std::collections::{BTreeMap, BTreeSet};

use psoas_bot::content::{Atom, Change, Content, Verb};
use psoas_bot::dialog::Conversation;
use psoas_bot::ids::{DialogId, FlagId, Lang, StepId, Timestamp};
use psoas_bot::triage::{Form, Level, Rule};

use super::content::real_content;
use places::{answer, around, place, standing, stated};

const TABLE: &str = include_str!("../../dialogs/clinical_table.tsv");

const NOW: Timestamp = Timestamp(1_760_000_000);

/// A row, by its first column.
fn rows(kind: &str) -> impl Iterator<Item = (&str, Vec<&str>)> {
    TABLE
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| (line, line.split('\t').collect::<Vec<_>>()))
        .filter(move |(_, columns)| columns[0] == kind)
        .map(|(line, columns)| (line, columns[1..].to_vec()))
}

fn list(words: &str) -> Vec<&str> {
    words.split(',').filter(|word| !word.is_empty()).collect()
}

/// Checks every row of a kind, and fails with all that do not hold.
#[track_caller]
fn check(kind: &str, holds: impl Fn(&Content, &[&str]) -> Result<(), String>) {
    let content = real_content();
    let mut failed = Vec::new();
    let mut count = 0;
    for (line, columns) in rows(kind) {
        count += 1;
        if let Err(said) = holds(content, &columns) {
            failed.push(format!(
                "{line}
    {said}"
            ));
        }
    }
    assert!(count > 0, "the table has no row `{kind}`");
    assert!(
        failed.is_empty(),
        "\n{} of {count} rows do not hold:\n{}\n",
        failed.len(),
        failed.join("\n")
    );
}

#[test]
fn rows_are_of_known_kinds() {
    let kinds = [
        "flag",
        "rule",
        "move",
        "place",
        "raises",
        "again",
        "note",
        "position",
        "screen",
        "only_with",
        "follow_up",
        "history",
    ];
    let known: usize = kinds.iter().map(|kind| rows(kind).count()).sum();
    let all = TABLE
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .count();
    assert_eq!(known, all);
}

#[test]
fn flags_have_their_levels() {
    check("flag", |content, columns| {
        let rule = content
            .rules
            .flags
            .get(columns[0])
            .ok_or("the content has no such flag")?;
        let is = match rule.level {
            Level::Clear => "clue",
            level => level.word(),
        };
        if is == columns[1] {
            Ok(())
        } else {
            Err(format!("its level is {is}"))
        }
    });
    let known: BTreeSet<&str> = rows("flag").map(|(_, columns)| columns[0]).collect();
    for flag in real_content().flags.keys() {
        if !known.contains(flag.as_str()) {
            println!("beyond the table: the flag {flag}");
        }
    }
}

#[test]
fn what_is_asked_of_some_and_next_is_that_of_the_table() {
    fn is_that(is: Option<&FlagId>, wanted: &str) -> Result<(), String> {
        match is {
            Some(is) if is.as_str() == wanted => Ok(()),
            is => Err(format!("it is {is:?}")),
        }
    }
    let flag = |content: &Content, name: &str| content.flags.get(&FlagId::new(name)).cloned();
    check("only_with", |content, columns| {
        let flag = flag(content, columns[0]);
        is_that(flag.and_then(|flag| flag.only_with).as_ref(), columns[1])
    });
    check("follow_up", |content, columns| {
        let flag = flag(content, columns[0]);
        is_that(flag.and_then(|flag| flag.follow_up).as_ref(), columns[1])
    });
}

#[test]
fn rules_are_those_of_the_table() {
    check("rule", |content, columns| {
        let rule = content
            .rules
            .rules
            .iter()
            .find(|rule| rule.id.as_str() == columns[0])
            .ok_or("the content has no such rule")?;
        let is = rule_columns(rule);
        if is == columns[1..] {
            Ok(())
        } else {
            Err(format!("it is {}", is.join("\t")))
        }
    });
    let known: BTreeSet<&str> = rows("rule").map(|(_, columns)| columns[0]).collect();
    for rule in &real_content().rules.rules {
        if !known.contains(rule.id.as_str()) {
            println!("beyond the table: the rule {}", rule.id);
        }
    }
}

fn rule_columns(rule: &Rule) -> Vec<String> {
    let join = |flags: &[FlagId]| {
        flags
            .iter()
            .map(FlagId::as_str)
            .collect::<Vec<_>>()
            .join(",")
    };
    let at_least = rule.at_least.as_ref().map_or(String::new(), |at_least| {
        format!("{}:{}", at_least.count, join(&at_least.of))
    });
    let mut columns = vec![
        format!("all={}", join(&rule.all)),
        format!("any={}", join(&rule.any)),
        format!("at_least={at_least}"),
        rule.level.word().to_owned(),
    ];
    columns.extend(rule.card.iter().map(|card| format!("card={card}")));
    columns
}

fn atom_words(atom: &Atom) -> String {
    match atom {
        Atom::Flag(flag) => flag.to_string(),
        Atom::Value(slot, value) => format!("{slot}.{value}"),
        Atom::Set(slot) => format!("{slot}.set"),
    }
}

#[test]
fn moves_heed_what_the_table_says() {
    check("move", |content, columns| {
        let [atom, name, wanted] = columns else {
            return Err("a row has three columns".to_owned());
        };
        let exercise = content
            .moves
            .list
            .get(*name)
            .ok_or("the content has no such move")?;
        let change = exercise
            .changes
            .iter()
            .find(|(one, _)| atom_words(one) == *atom);
        let is = match change {
            None => "keep",
            Some((_, Change::Drop)) => "drop",
            Some((_, Change::Adapt(_))) => "change",
        };
        match (*wanted, is) {
            (wanted, is) if wanted == is => Ok(()),
            // A word more on a move that is shown is beyond the table.
            ("keep", "change") => {
                println!("beyond the table: {atom} {name} change");
                Ok(())
            }
            (_, is) => Err(format!("it is {is}")),
        }
    });
    let known: BTreeSet<(&str, &str)> = rows("move")
        .map(|(_, columns)| (columns[0], columns[1]))
        .collect();
    for (id, exercise) in &real_content().moves.list {
        for (atom, change) in &exercise.changes {
            let atom = atom_words(atom);
            if !known.contains(&(atom.as_str(), id.as_str())) {
                let what = match change {
                    Change::Drop => "drop",
                    Change::Adapt(_) => "change",
                };
                println!("beyond the table: {atom} {id} {what}");
            }
        }
    }
}

#[test]
fn screens_ask_in_the_order_of_the_table() {
    check("screen", |content, columns| {
        let screen = content
            .screens
            .iter()
            .find(|screen| screen.id.as_str() == columns[0])
            .ok_or("the content has no such screen")?;
        let is: Vec<&str> = screen.flags.iter().map(FlagId::as_str).collect();
        if is == list(columns[1]) {
            Ok(())
        } else {
            Err(format!("it asks {is:?}"))
        }
    });
    let wanted: Vec<&str> = rows("screen").map(|(_, columns)| columns[0]).collect();
    let is: Vec<&str> = real_content()
        .screens
        .iter()
        .map(|screen| screen.id.as_str())
        .collect();
    assert_eq!(is, wanted, "the screens stand in another order");
}

#[test]
fn histories_leave_the_moves_of_the_table() {
    check("history", |content, columns| {
        let flag = content
            .flags
            .get(columns[0])
            .ok_or("the content has no such flag")?;
        let is: Vec<&str> = flag
            .history
            .as_ref()
            .ok_or("it is no history flag")?
            .allows
            .iter()
            .map(|id| id.as_str())
            .collect();
        if is == list(columns[1]) {
            Ok(())
        } else {
            Err(format!("it leaves {is:?}"))
        }
    });
    let known: BTreeSet<&str> = rows("history").map(|(_, columns)| columns[0]).collect();
    for (flag, one) in &real_content().flags {
        if one.history.is_some() && !known.contains(flag.as_str()) {
            println!("beyond the table: {flag} is a history flag");
        }
    }
}

/// Every step that shows a move.
fn moves(content: &Content) -> impl Iterator<Item = (&DialogId, &StepId)> {
    content.dialogs.values().flat_map(|dialog| {
        let steps = dialog.steps.iter();
        let moves = steps.filter(|(_, step)| matches!(step.verb, Verb::Move { .. }));
        moves.map(|(id, _)| (&dialog.id, id))
    })
}

#[test]
fn what_hurts_or_is_new_is_asked_about_again() {
    check("again", |content, columns| {
        let [name, given, screens] = columns else {
            return Err("a row has three columns".to_owned());
        };
        let after: Vec<Conversation> = if *name == "after-move" {
            let button = if *given == "hurt" { "hurt" } else { "numb" };
            let all = moves(content)
                .map(|(dialog, step)| answer(standing(dialog.as_str(), step.as_str())?, button));
            all.collect::<Result<_, _>>()?
        } else {
            vec![around(place(name)?, given)?.1]
        };
        for screen in list(screens) {
            let is_answered = |c: &Conversation| c.screens.keys().any(|id| id.as_str() == screen);
            if after.iter().any(is_answered) {
                return Err(format!("the screen `{screen}` still counts as answered"));
            }
        }
        Ok(())
    });
}

#[test]
fn notes_are_for_whom_the_table_says() {
    check("note", |content, columns| {
        let fact = Atom::Flag(FlagId::new(columns[0]));
        let mut notes = content.moves.notes.iter();
        match notes.any(|note| note.with.contains(&fact)) {
            true => Ok(()),
            false => Err("no note is for it".to_owned()),
        }
    });
}

#[test]
fn positions_are_left_out_as_the_table_says() {
    check("position", |content, columns| {
        let fact = Atom::Flag(FlagId::new(columns[0]));
        let step = content.step(&DialogId::new(columns[1]), &StepId::new(columns[2]));
        let step = step.ok_or("there is no such step")?;
        let position = step.position_check.as_ref();
        let position = position.ok_or("it needs no clearance")?;
        match position.left_out_with.contains(&fact) {
            true => Ok(()),
            false => Err("it is shown all the same".to_owned()),
        }
    });
}

#[test]
fn answers_raise_what_the_table_says() {
    check("raises", |content, columns| {
        let [name, given, flags, form] = columns else {
            return Err("a row has four columns".to_owned());
        };
        let form = if *form == "sure" {
            Form::Sure
        } else {
            Form::Unsure
        };
        let wanted: BTreeMap<FlagId, Form> = list(flags)
            .into_iter()
            .map(|flag| (FlagId::new(flag), form))
            .collect();
        let compare = |what: &str, is: BTreeMap<FlagId, Form>| {
            if is == wanted {
                Ok(())
            } else {
                Err(format!("{what} raises {is:?}"))
            }
        };
        // After each move stands the same answer.
        if *name == "after-move" {
            for (dialog, id) in moves(content) {
                let c = answer(standing(dialog.as_str(), id.as_str())?, "numb")?;
                let is = c.flags.iter().map(|(flag, note)| (flag.clone(), note.form));
                compare(id.as_str(), is.collect())?;
            }
            return Ok(());
        }
        let found = place(name)?;
        compare(found.step, stated(found, given)?)
    });
}

/// Every answer of the dialogs that raises a flag is in the table.
#[test]
fn what_dialogs_raise_beyond_the_table_is_listed() {
    let content = real_content();
    let known: BTreeSet<&str> = rows("raises")
        .flat_map(|(_, columns)| list(columns[2]))
        .collect();
    for dialog in content.dialogs.values() {
        for (id, step) in &dialog.steps {
            let answers: Vec<_> = match &step.verb {
                Verb::Choice { options, .. }
                | Verb::Many { options, .. }
                | Verb::Move {
                    answers: options, ..
                } => options.iter().map(|option| &option.answer).collect(),
                Verb::YesNo { answers, .. } => answers.iter().map(|(_, answer)| answer).collect(),
                _ => Vec::new(),
            };
            for flag in answers
                .iter()
                .flat_map(|answer| answer.raise.iter().chain(&answer.raise_unsure))
            {
                if !known.contains(flag.as_str()) {
                    println!("beyond the table: {}/{id} raises {flag}", dialog.id);
                }
            }
        }
    }
}

/// On a phone the top of a long card scrolls out of sight; its last line says
/// once more what to do, beside the buttons.
#[test]
fn cards_for_today_and_now_end_with_what_to_do() {
    let content = real_content();
    let now_or_today = |level: Level| level >= Level::UrgentToday;
    let flags = content.rules.flags.values();
    let by_flag = flags
        .filter(|flag| flag.level == Level::EmergencyNow)
        .filter_map(|flag| flag.card.clone());
    let by_rule = content.rules.rules.iter();
    let by_rule = by_rule
        .filter(|rule| now_or_today(rule.level))
        .filter_map(|rule| rule.card.clone());
    let by_level = content.cards.iter();
    let by_level = by_level
        .filter(|(_, card)| card.level.is_some_and(now_or_today))
        .map(|(id, _)| id.clone());
    let ids: BTreeSet<_> = by_level.chain(by_flag).chain(by_rule).collect();
    assert!(ids.len() >= 4, "{ids:?}");
    for id in ids {
        let last = content.cards[&id].last.as_ref();
        for lang in Lang::ALL {
            let last = last.map(|last| last.render(lang, content).text);
            let last = last.unwrap_or_default();
            assert!(
                last.contains(&content.clinic.emergency_number),
                "{id}, {}: {last:?} does not name the emergency number",
                lang.tag()
            );
            let words = last.split_whitespace().count();
            assert!(
                words <= 16,
                "{id}, {}: {words} words are no short line",
                lang.tag()
            );
        }
    }
}

//! The clinical table: rows that were written apart from the content, and must
//! hold of it. A row that does not is shown as a chat.
//!
//! One row a line, tab-separated; `docs/proof.md` lists the kinds. It says what
//! the content must at least do. What the content has beyond it is listed.

use std::collections::{BTreeMap, BTreeSet};

use super::answers::Tap;
use super::guide::Guide;
use super::machine::{Goal, Tracked};
use super::quest::{Quest, Reached};
use super::rehearse::Rehearsal;
use super::rules::completions;
use super::{Finding, Property, Report, Spot};
use crate::content::{Atom, Change, Content, Verb, YesNo};
use crate::dialog::{Act, has};
use crate::ids::{CardId, ChoiceId, DialogId, FlagId, MoveId, RuleId, ScreenId, SlotId, StepId};
use crate::triage::{AtLeast, Form, Level, Rule, Stated};

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
    /// An answer at a place states flags.
    Raises {
        place: String,
        answer: String,
        flags: Vec<FlagId>,
        form: Form,
    },
    /// A screen asks for flags, in this order.
    Screen(ScreenId, Vec<FlagId>),
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

/// Where the answer of a `raises` row is given.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    /// None for every step that shows a move.
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

impl Table {
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
            if let Claim::Raises { place, .. } = &row.claim
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
        ["screen", screen, named] => Ok(Claim::Screen(ScreenId::new(screen), flags(named))),
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

/// Holds the rows of a property against the content: moves for P6, all others
/// for P8.
pub(super) fn prove(guide: &mut Guide<'_>, table: &Table, report: &mut Report) {
    for row in &table.rows {
        let is_of_moves = matches!(row.claim, Claim::Move(..));
        if is_of_moves != (report.property == Property::P6) {
            continue;
        }
        report.states += 1;
        let broken = match &row.claim {
            Claim::Flag(flag, level) => flag_row(guide, table, flag, *level),
            Claim::Rule(rule) => rule_row(guide, rule),
            Claim::Move(fact, exercise, effect) => move_row(guide, fact, exercise, *effect, report),
            Claim::Raises {
                place,
                answer,
                flags,
                form,
            } => table
                .places
                .get(place)
                .and_then(|place| raises_row(guide, place, answer, flags, *form)),
            Claim::Screen(screen, flags) => screen_row(guide, table, screen, flags),
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

/// The first line of a card, as the patient reads it.
fn card_words(
    content: &Content,
    chat: &Rehearsal<'_>,
    card: Option<&CardId>,
    level: Level,
) -> String {
    let card = match card {
        Some(card) => content.cards.get(card),
        None => content.level_card(level),
    };
    card.map(|card| chat.plain(&card.text))
        .unwrap_or_default()
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// What staff read of a level.
fn staff_words(content: &Content, level: Level) -> String {
    content
        .words
        .level(level)
        .render(content.clinic.staff_language, content)
        .text
}

fn flag_row<'a>(
    guide: &mut Guide<'a>,
    table: &Table,
    flag: &FlagId,
    level: Level,
) -> Option<Broken<'a>> {
    let content = guide.content;
    let Some(rule) = content.rules.flags.get(flag) else {
        return Some(Broken {
            what: format!("there is no flag `{flag}`"),
            help: format!("Write the flag `{flag}` again."),
            spots: Vec::new(),
            chat: None,
        });
    };
    if rule.level != level {
        let wanted = if level == Level::Clear {
            "kind: clue".to_owned()
        } else {
            format!("level: {}", level.word())
        };
        let chat = guide.stating(flag).map(|mut chat| {
            chat.answer_items(Act::No);
            if level.blocks() {
                chat.expect(format!("staff sees: {}", staff_words(content, level)));
            } else {
                chat.expect("staff sees: nothing".to_owned());
            }
            chat
        });
        return Some(Broken {
            what: format!(
                "`{flag}` is {} and should be {}",
                rule.level.word(),
                level.word()
            ),
            help: format!("Give `{flag}` the line `{wanted}` in {FLAGS}."),
            spots: at_flag(flag),
            chat,
        });
    }
    let has_history = content
        .flags
        .get(flag)
        .is_some_and(|flag| flag.history.is_some());
    let may_have = table
        .rows
        .iter()
        .any(|row| matches!(&row.claim, Claim::History(known, _) if known == flag));
    if level.blocks() && has_history && !may_have {
        let chat = match shown_with(guide, None, &Atom::Flag(flag.clone()), never_this_move) {
            Sought::MayBe(chat) => chat,
            Sought::Never => None,
        };
        return Some(Broken {
            what: format!("a second question lets go of `{flag}`"),
            help: format!("Take `history` away from `{flag}` in {FLAGS}."),
            spots: at_flag(flag),
            chat: chat.map(|chat| *chat),
        });
    }
    None
}

/// What became of looking for a move in spite of a fact.
enum Sought<'a> {
    /// No way leads there: what was to be shown cannot happen.
    Never,
    /// It happens in this chat; or it may happen, and none was found.
    MayBe(Option<Box<Rehearsal<'a>>>),
}

impl<'a> Sought<'a> {
    fn new(reached: Reached<'a>, last_line: impl FnOnce(&Rehearsal<'a>) -> String) -> Self {
        match reached {
            Reached::Nowhere => Self::Never,
            Reached::Shown { mut chat } => {
                let line = last_line(&chat);
                chat.expect(line);
                Self::MayBe(Some(chat))
            }
            Reached::Unshown { .. } | Reached::BeyondBudget => Self::MayBe(None),
        }
    }
}

/// Looks for a chat in which a move is shown in spite of a fact; any move, where
/// none is named. Ends with `last_line`.
fn shown_with<'a>(
    guide: &mut Guide<'a>,
    exercise: Option<&MoveId>,
    fact: &Atom,
    last_line: impl FnOnce(&Rehearsal<'a>) -> String,
) -> Sought<'a> {
    let content = guide.content;
    let mut tracked = Tracked::default();
    tracked.add_atom(fact);
    let mut quest = Quest {
        content,
        goal: Goal::Shown {
            exercise: exercise.cloned(),
            with: vec![fact.clone()],
        },
        tracked,
        is_reached: &|chat| {
            let shows = match chat.verb() {
                Some(Verb::Move { id, .. }) => exercise.is_none_or(|exercise| exercise == id),
                Some(_) | None => false,
            };
            shows && chat.asks().is_some() && has(&chat.c, fact)
        },
        states: 0,
    };
    let reached = quest.reach();
    guide.turns += quest.states;
    Sought::new(reached, last_line)
}

/// The move that is open must not be there.
fn never_this_move(chat: &Rehearsal<'_>) -> String {
    let name = match chat.verb() {
        Some(Verb::Move { id, .. }) => chat
            .content
            .moves
            .list
            .get(id)
            .map(|exercise| chat.plain(&exercise.name)),
        Some(_) | None => None,
    };
    format!("never: {}", name.unwrap_or_default())
}

fn rule_row<'a>(guide: &mut Guide<'a>, rule: &Rule) -> Option<Broken<'a>> {
    let content = guide.content;
    let spots = vec![Spot::Name {
        file: FLAGS,
        name: rule.id.to_string(),
    }];
    for set in completions(rule) {
        let stated = set
            .iter()
            .map(|flag| {
                (
                    flag.clone(),
                    Stated {
                        form: Form::Sure,
                        cleared: false,
                    },
                )
            })
            .collect();
        let judged = content.rules.judge(&stated);
        // What is higher anyway needs no card of this rule.
        let has_card =
            rule.card.is_none() || judged.level > rule.level || judged.cards.contains(&rule.card);
        if judged.level >= rule.level && has_card {
            continue;
        }
        let mut chat = set.first().and_then(|flag| guide.stating(flag));
        if let Some(chat) = &mut chat {
            chat.answer_items(Act::No);
            for flag in set.iter().skip(1) {
                match content.examples.get(flag) {
                    Some(words) => chat.say(words),
                    None => press_item(chat, flag),
                }
                chat.answer_items(Act::No);
            }
            if judged.level < rule.level {
                chat.expect(format!("staff sees: {}", staff_words(content, rule.level)));
            } else {
                chat.expect(format!(
                    "bot: {}",
                    card_words(content, chat, rule.card.as_ref(), rule.level)
                ));
            }
        }
        let names: Vec<String> = set.iter().map(|flag| format!("`{flag}`")).collect();
        return Some(Broken {
            what: format!(
                "the rule {} should make {} {}",
                rule.id,
                names.join(" and "),
                rule.level.word()
            ),
            help: format!(
                "Write the rule {} as the table has it, in {FLAGS}.",
                rule.id
            ),
            spots,
            chat,
        });
    }
    None
}

/// Answers what the engine asks after a card: yes to this flag alone.
fn press_item(chat: &mut Rehearsal<'_>, flag: &FlagId) {
    /// More questions than this no card asks.
    const ITEMS_MAX: usize = 40;
    for _ in 0..ITEMS_MAX {
        let Some(crate::dialog::Asking::Item(pending)) =
            chat.c.open.as_ref().map(|open| open.asking.clone())
        else {
            return;
        };
        let is_it = pending.flag() == flag;
        if chat.act(if is_it { Act::Yes } else { Act::No }).is_err() || is_it {
            return;
        }
    }
}

fn move_row<'a>(
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

/// A chat in which a move is passed over because of a fact.
fn passed_with<'a>(guide: &mut Guide<'a>, id: &MoveId, fact: &Atom) -> Option<Rehearsal<'a>> {
    let content = guide.content;
    let mut tracked = Tracked::default();
    tracked.add_atom(fact);
    let mut quest = Quest {
        content,
        goal: Goal::Passed {
            exercise: id.clone(),
            with: vec![fact.clone()],
        },
        tracked,
        is_reached: &|chat| {
            has(&chat.c, fact)
                && chat.c.is_cleared(content)
                && chat.c.open.is_some()
                && chat.is_done
        },
        states: 0,
    };
    let Reached::Shown { mut chat } = quest.reach() else {
        return None;
    };
    let name = content
        .moves
        .list
        .get(id)
        .map(|exercise| chat.plain(&exercise.name))
        .unwrap_or_default();
    chat.expect(format!("bot: {name}"));
    Some(*chat)
}

fn raises_row<'a>(
    guide: &mut Guide<'a>,
    place: &Place,
    answer: &str,
    wanted: &[FlagId],
    form: Form,
) -> Option<Broken<'a>> {
    let content = guide.content;
    let mut steps: Vec<(DialogId, StepId)> = place.step.iter().cloned().collect();
    if place.step.is_none() {
        for dialog in content.dialogs.values() {
            let moves = dialog
                .steps
                .iter()
                .filter(|(_, step)| matches!(step.verb, Verb::Move { .. }));
            steps.extend(moves.map(|(id, _)| (dialog.id.clone(), id.clone())));
        }
    }
    let button = place.answers.get(answer).map_or(answer, String::as_str);
    steps.into_iter().find_map(|(dialog, step)| {
        let spots = vec![Spot::Step(dialog.clone(), step.clone())];
        let broken = |what: String, chat| Broken {
            what,
            help: format!(
                "Let the answer `{button}` raise {}.",
                wanted
                    .iter()
                    .map(FlagId::as_str)
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            spots: spots.clone(),
            chat,
        };
        let Some(mut chat) = guide.to(&dialog, &step) else {
            // A move that nobody comes to has no answer that could be missing.
            place.step.as_ref()?;
            return Some(broken(
                format!("nobody comes to `{step}` in {dialog}.yaml"),
                None,
            ));
        };
        if let Some(first) = &place.first {
            let done = answer_with(&mut chat, first);
            let asks_then = place
                .then
                .as_ref()
                .is_none_or(|then| chat.asks().is_some_and(|(_, step)| step == then));
            if !done || !asks_then {
                let then = place.then.as_ref().map(StepId::as_str).unwrap_or_default();
                let question = place
                    .then
                    .as_ref()
                    .and_then(|then| content.step(&dialog, then)?.say.as_ref())
                    .map(|say| chat.plain(say))
                    .unwrap_or_default();
                chat.expect(format!(
                    "bot: {}",
                    question.lines().next().unwrap_or_default()
                ));
                return Some(broken(
                    format!("`{first}` at `{step}` should lead to the question `{then}`"),
                    Some(chat),
                ));
            }
        }
        let before: BTreeSet<FlagId> = chat.c.flags.keys().cloned().collect();
        let done = answer_with(&mut chat, button);
        let is: BTreeMap<&FlagId, Form> = chat
            .c
            .flags
            .iter()
            .filter(|(flag, _)| !before.contains(*flag))
            .map(|(flag, note)| (flag, note.form))
            .collect();
        if done && wanted.iter().all(|flag| is.get(flag) == Some(&form)) && is.len() == wanted.len()
        {
            return None;
        }
        let names: Vec<&str> = wanted.iter().map(FlagId::as_str).collect();
        let how = if form == Form::Sure {
            "surely"
        } else {
            "unsurely"
        };
        let what = format!(
            "`{button}` at `{step}` should raise {} {how}, and raises {:?}",
            names.join(", "),
            is.keys().collect::<Vec<_>>()
        );
        expect_raised(content, &mut chat, wanted, form);
        Some(broken(what, Some(chat)))
    })
}

/// What is seen once these flags are raised.
fn expect_raised(content: &Content, chat: &mut Rehearsal<'_>, flags: &[FlagId], form: Form) {
    let level = flags
        .iter()
        .map(|flag| content.rules.level_of(flag, form))
        .max()
        .unwrap_or_default();
    if level.blocks() {
        return chat.expect(format!("staff sees: {}", staff_words(content, level)));
    }
    // A clue is seen in the rule that it completes alone.
    let completed = flags.iter().find_map(|clue| {
        content.rules.rules.iter().find_map(|rule| {
            let set = completions(rule).into_iter().find(|set| {
                set.contains(clue)
                    && set
                        .iter()
                        .all(|flag| flag == clue || content.examples.contains_key(flag))
            })?;
            Some((
                rule.level,
                set.into_iter()
                    .filter(|flag| flag != clue)
                    .collect::<Vec<_>>(),
            ))
        })
    });
    if let Some((level, others)) = completed {
        for flag in others {
            if let Some(words) = content.examples.get(&flag) {
                chat.say(words);
            }
        }
        chat.expect(format!("staff sees: {}", staff_words(content, level)));
    }
}

/// Gives the open question the answer of this name; a list is ticked and sent.
fn answer_with(chat: &mut Rehearsal<'_>, name: &str) -> bool {
    let id = ChoiceId::new(name);
    let tap = match chat.verb() {
        Some(Verb::Choice { .. } | Verb::Move { .. }) => Tap::Choose(id),
        Some(Verb::Many { .. }) => Tap::Ticks(vec![id]),
        Some(Verb::YesNo { .. }) => match name {
            "yes" => Tap::YesNo(YesNo::Yes),
            "no" => Tap::YesNo(YesNo::No),
            _ => Tap::YesNo(YesNo::NotSure),
        },
        Some(_) | None => return false,
    };
    chat.act_of(&tap).is_ok()
}

fn screen_row<'a>(
    guide: &mut Guide<'a>,
    table: &Table,
    id: &ScreenId,
    wanted: &[FlagId],
) -> Option<Broken<'a>> {
    let content = guide.content;
    let spots = vec![Spot::Name {
        file: FLAGS,
        name: id.to_string(),
    }];
    let order: Vec<&ScreenId> = table
        .rows
        .iter()
        .filter_map(|row| match &row.claim {
            Claim::Screen(screen, _) => Some(screen),
            _ => None,
        })
        .collect();
    let Some(screen) = content.screens.iter().find(|screen| screen.id == *id) else {
        let chat = first_move(guide);
        return Some(Broken {
            what: format!("the screen `{id}` is never asked"),
            help: format!("Write the screen `{id}` again, in {FLAGS}, and a step that asks it."),
            spots: Vec::new(),
            chat,
        });
    };
    if let Some(missing) = wanted.iter().find(|flag| !screen.flags.contains(flag)) {
        let chat = to_screen(guide, id).map(|mut chat| {
            let question = content
                .flags
                .get(missing)
                .map(|flag| chat.plain(&flag.question))
                .unwrap_or_default();
            chat.expect(format!(
                "bot: {}",
                question.lines().next().unwrap_or_default()
            ));
            chat
        });
        return Some(Broken {
            what: format!("the screen `{id}` does not ask for `{missing}`"),
            help: format!("Add `{missing}` to the flags of the screen `{id}` in {FLAGS}."),
            spots,
            chat,
        });
    }
    let asked: Vec<&FlagId> = screen
        .flags
        .iter()
        .filter(|flag| wanted.contains(flag))
        .collect();
    let in_order = asked.iter().zip(wanted).all(|(is, wanted)| *is == wanted);
    let walked = walked_screens(guide);
    let place = |screen: &ScreenId| walked.iter().position(|known| known == screen);
    let comes_early = order
        .iter()
        .take_while(|other| **other != id)
        .all(|other| place(other) <= place(id));
    if in_order && comes_early {
        return None;
    }
    let chat = to_screen(guide, id).map(|mut chat| {
        // The number in front of the item that should come first.
        let first = wanted
            .first()
            .and_then(|flag| content.flags.get(flag))
            .map(|flag| chat.plain(&flag.question));
        let line = if comes_early {
            format!("bot: 1. {}", first.unwrap_or_default())
        } else {
            let earlier = order
                .iter()
                .take_while(|other| **other != id)
                .find(|other| place(other) > place(id));
            let title = earlier
                .and_then(|screen| content.screen(screen)?.title.as_ref())
                .map(|title| chat.plain(title));
            format!("bot: {}", title.unwrap_or_default())
        };
        chat.expect(line);
        chat
    });
    Some(Broken {
        what: format!("the screen `{id}` is not asked in the order of the table"),
        help: "Ask first for what could hurt someone fastest.".to_owned(),
        spots,
        chat,
    })
}

/// The quickest chat in which a step asks this screen: more than one may, and
/// not each is on the way of someone new.
fn to_screen<'a>(guide: &mut Guide<'a>, id: &ScreenId) -> Option<Rehearsal<'a>> {
    let content = guide.content;
    let asks = content.dialogs.values().flat_map(|dialog| {
        let steps = dialog.steps.iter();
        let asks = steps
            .filter(|(_, step)| matches!(&step.verb, Verb::Screen { screen, .. } if screen == id));
        asks.map(|(step, _)| (dialog.id.clone(), step.clone()))
    });
    let (known, other): (Vec<_>, Vec<_>) = asks.partition(|place| guide.knows(place));
    let mut chats: Vec<Rehearsal<'a>> = known
        .iter()
        .filter_map(|(dialog, step)| guide.to(dialog, step))
        .collect();
    chats.sort_by_key(|chat| chat.lines.len());
    let quickest = chats.into_iter().next();
    quickest.or_else(|| {
        other
            .iter()
            .find_map(|(dialog, step)| guide.to(dialog, step))
    })
}

/// The screens as someone healthy is asked them.
fn walked_screens(guide: &mut Guide<'_>) -> Vec<ScreenId> {
    let chat = guide.answering(&[]);
    let content = guide.content;
    let steps = chat.map(|chat| chat.way).unwrap_or_default();
    steps
        .iter()
        .filter_map(|(dialog, step)| match &content.step(dialog, step)?.verb {
            Verb::Screen { screen, .. } => Some(screen.clone()),
            _ => None,
        })
        .collect()
}

/// The quickest chat to any move.
fn first_move<'a>(guide: &mut Guide<'a>) -> Option<Rehearsal<'a>> {
    let content = guide.content;
    let steps: Vec<(DialogId, StepId)> = guide
        .places()
        .filter(|(dialog, step)| {
            content
                .step(dialog, step)
                .is_some_and(|step| matches!(step.verb, Verb::Move { .. }))
        })
        .cloned()
        .collect();
    let mut chats: Vec<Rehearsal<'a>> = steps
        .iter()
        .filter_map(|(dialog, step)| guide.to(dialog, step))
        .collect();
    chats.sort_by_key(|chat| chat.lines.len());
    let mut chat = chats.into_iter().next()?;
    chat.expect(never_this_move(&chat));
    Some(chat)
}

fn history_row<'a>(
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
            chat.expect(format!("bot: {question}"));
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

fn fact_words(fact: &Atom) -> String {
    match fact {
        Atom::Flag(flag) => flag.to_string(),
        Atom::Value(slot, value) => format!("{slot}.{value}"),
        Atom::Set(slot) => format!("{slot}.set"),
    }
}

/// What the content has and no row speaks of.
fn beyond(content: &Content, table: &Table, property: Property) -> Vec<String> {
    let mut beyond = Vec::new();
    let has = |is: &dyn Fn(&Claim) -> bool| table.rows.iter().any(|row| is(&row.claim));
    if property == Property::P6 {
        for (id, exercise) in &content.moves.list {
            for (fact, change) in &exercise.changes {
                if !has(
                    &|claim| matches!(claim, Claim::Move(known, other, effect) if known == fact && other == id && *effect != Effect::Keep),
                ) {
                    let what = if *change == Change::Drop {
                        "takes away"
                    } else {
                        "changes"
                    };
                    beyond.push(format!("`{}` {what} the move {id}", fact_words(fact)));
                }
            }
        }
        return beyond;
    }
    for flag in content.flags.keys() {
        if !has(&|claim| matches!(claim, Claim::Flag(known, _) if known == flag)) {
            beyond.push(format!("the flag `{flag}`"));
        }
    }
    for rule in &content.rules.rules {
        let claimed = table.rows.iter().find_map(|row| match &row.claim {
            Claim::Rule(known) if known.id == rule.id => Some(known),
            _ => None,
        });
        match claimed {
            None => beyond.push(format!("the rule {}", rule.id)),
            Some(known) => {
                let known: BTreeSet<&FlagId> = known.flags().collect();
                let more: BTreeSet<&FlagId> =
                    rule.flags().filter(|flag| !known.contains(flag)).collect();
                beyond.extend(
                    more.iter()
                        .map(|flag| format!("`{flag}` in the rule {}", rule.id)),
                );
            }
        }
    }
    for screen in &content.screens {
        let claimed = table.rows.iter().find_map(|row| match &row.claim {
            Claim::Screen(known, flags) if *known == screen.id => Some(flags),
            _ => None,
        });
        match claimed {
            None => beyond.push(format!("the screen `{}`", screen.id)),
            Some(known) => {
                let more = screen.flags.iter().filter(|flag| !known.contains(flag));
                beyond.extend(more.map(|flag| format!("`{flag}` on the screen `{}`", screen.id)));
            }
        }
    }
    beyond.extend(raised_beyond(content, table));
    beyond
}

fn raised_beyond(content: &Content, table: &Table) -> Vec<String> {
    let known: BTreeSet<&FlagId> = table
        .rows
        .iter()
        .filter_map(|row| match &row.claim {
            Claim::Raises { flags, .. } => Some(flags),
            _ => None,
        })
        .flatten()
        .collect();
    let mut beyond = Vec::new();
    for flag in content.flags.keys().filter(|flag| !known.contains(flag)) {
        for (dialog, step, tap) in super::guide::presses_of(content, flag) {
            if !matches!(tap, Tap::Tick(_)) {
                beyond.push(format!("`{step}` in {dialog}.yaml raises `{flag}`"));
            }
        }
    }
    beyond
}

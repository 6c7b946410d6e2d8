//! P8: each rule fires on some path of presses, and each sign is asked for.

use std::collections::{BTreeSet, VecDeque};

use super::guide::{Guide, openings, presses_of};
use super::rehearse::{Rehearsal, Stuck};
use super::tap::Tap;
use super::{Finding, Report, Spot};
use crate::content::Content;
use crate::dialog::{Act, Press};
use crate::ids::{FlagId, ScreenId};
use crate::triage::{Form, Level, Rule};

/// Ways of completing a rule that are tried.
const WAYS_MAX: usize = 24;

/// Turns of a walk that looks for a rule.
const WALK_TURNS_MAX: usize = 4_000;

/// Presses of Back in a row that it tries.
const BACKS_MAX: usize = 40;

/// Proves P8, but for the table.
pub(super) fn prove(guide: &mut Guide<'_>, report: &mut Report) {
    let rules: Vec<Rule> = guide.content.rules.rules.clone();
    for rule in &rules {
        if !fires(guide, rule) {
            let finding = silent(guide, rule, report);
            report.findings.push(finding);
        }
    }
    prove_asked(guide.content, report);
    report.states += guide.looked_at();
}

/// Somebody is asked for each sign that stops the moves: it is stated by a press, and
/// not by typed words alone.
fn prove_asked(content: &Content, report: &mut Report) {
    for (flag, rule) in &content.rules.flags {
        report.states += 1;
        let is_behind = || {
            let mut flags = content.flags.values();
            flags.any(|other| other.follow_up.as_ref() == Some(flag))
        };
        if !rule.level.blocks() || !presses_of(content, flag).is_empty() || is_behind() {
            continue;
        }
        report.findings.push(Finding {
            property: report.property,
            what: format!("nobody is asked for `{flag}`"),
            help: "Name it on a screen, or in the `follow_up` of another flag.".to_owned(),
            spots: vec![Spot::Name {
                file: "red-flags.yaml",
                name: flag.to_string(),
            }],
            chat: None,
        });
    }
}

/// The smallest sets of flags that complete a rule.
pub(super) fn completions(rule: &Rule) -> Vec<Vec<FlagId>> {
    let mut sets = vec![rule.all.clone()];
    if !rule.any.is_empty() {
        sets = sets
            .iter()
            .flat_map(|set| rule.any.iter().map(|flag| with(set, flag)))
            .collect();
    }
    if let Some(at_least) = &rule.at_least {
        for _ in 0..at_least.count {
            sets = sets
                .iter()
                .flat_map(|set| {
                    at_least
                        .of
                        .iter()
                        .filter(|flag| !set.contains(flag))
                        .map(|flag| with(set, flag))
                })
                .take(WAYS_MAX)
                .collect();
        }
    }
    sets.truncate(WAYS_MAX);
    sets
}

fn with(set: &[FlagId], flag: &FlagId) -> Vec<FlagId> {
    set.iter().cloned().chain([flag.clone()]).collect()
}

fn fires(guide: &mut Guide<'_>, rule: &Rule) -> bool {
    // Words, time and staff may lead there too: that is no path of presses.
    let has_fired = |chat: &Rehearsal<'_>| {
        let mut reports = chat.reports.iter();
        chat.is_of_presses() && reports.any(|report| report.rules.contains(&rule.id))
    };
    let sets = completions(rule);
    if sets
        .iter()
        .any(|set| guide.answering(set).is_some_and(|chat| has_fired(&chat)))
    {
        return true;
    }
    // What no screen asks is pressed where it stands, and the rest is answered
    // when the engine asks what would complete a rule.
    let is_pressed = sets.iter().any(|set| {
        set.iter().any(|flag| {
            guide.pressing(flag).into_iter().any(|mut chat| {
                while guide.answer_on(&mut chat, set) {}
                has_fired(&chat)
            })
        })
    });
    is_pressed || fires_on_a_walk(guide, rule, &has_fired)
}

/// Presses on from everywhere: one of the rule's flags may be stated in one dialog,
/// and another in one that is opened later.
fn fires_on_a_walk<'a>(
    guide: &mut Guide<'a>,
    rule: &Rule,
    has_fired: &dyn Fn(&Rehearsal<'a>) -> bool,
) -> bool {
    let mut known = BTreeSet::new();
    let mut left = BTreeSet::new();
    let mut queue = VecDeque::from([Rehearsal::new(guide.content)]);
    let mut turns = 0;
    while let Some(chat) = queue.pop_front() {
        // What is opened by its name is the same from wherever it is.
        let opens = left.insert((chat.c.open.is_some(), what_stands(&chat, rule)));
        for chat in presses_on(&chat, opens) {
            if turns >= WALK_TURNS_MAX {
                return false;
            }
            turns += 1;
            guide.turns += 1;
            if has_fired(&chat) {
                return true;
            }
            let open = chat.c.open.as_ref();
            let asks = chat.asks();
            let place = (
                asks.map(|(dialog, step)| (dialog.clone(), step.clone())),
                open.map(|open| (format!("{:?}", open.asking), open.draft)),
                what_stands(&chat, rule),
            );
            if known.insert(place) {
                queue.push_back(chat);
            }
        }
    }
    false
}

/// The screens answered, the card in force, and which of the rule's flags are stated.
fn what_stands(
    chat: &Rehearsal<'_>,
    rule: &Rule,
) -> (Vec<ScreenId>, Option<Level>, Vec<(FlagId, Form)>) {
    let stated = rule
        .flags()
        .filter_map(|flag| Some((flag.clone(), chat.c.flags.get(flag)?.form)));
    (
        chat.c.screens.keys().cloned().collect(),
        chat.c.stop.as_ref().map(|stop| stop.level),
        stated.collect(),
    )
}

/// What one press leads to, and so many presses of Back in a row: a place does not
/// tell how far back the questions in front of it lie.
fn presses_on<'a>(chat: &Rehearsal<'a>, opens: bool) -> Vec<Rehearsal<'a>> {
    let after = |press: &dyn Fn(&mut Rehearsal<'a>) -> Result<(), Stuck>| {
        let mut chat = chat.clone();
        press(&mut chat).ok().map(|()| chat)
    };
    let mut buttons = chat.buttons();
    buttons.retain(|press| !matches!(press, Press::Question(_, Act::Untick(_) | Act::Back)));
    let mut found: Vec<_> = buttons
        .iter()
        .filter_map(|button| after(&|chat| chat.press(button)))
        .collect();
    if opens {
        // Behind a card its button opens the menu, and words do not.
        let opens = openings(chat.content).into_iter().chain([Tap::Menu]);
        found.extend(opens.filter_map(|tap| after(&|chat| chat.tap(&tap, &[]))));
    }
    let back = |chat: &Rehearsal<'a>| {
        let mut chat = chat.clone();
        chat.act(Act::Back).ok().map(|()| chat)
    };
    found.extend(std::iter::successors(back(chat), back).take(BACKS_MAX));
    found
}

fn silent(guide: &mut Guide<'_>, rule: &Rule, report: &Report) -> Finding {
    let set = completions(rule).into_iter().next().unwrap_or_default();
    let unasked: Vec<FlagId> = rule
        .flags()
        .filter(|flag| guide.pressing(flag).is_empty())
        .cloned()
        .collect();
    let chat = guide.answering(&set).map(|mut chat| {
        let question = unasked
            .first()
            .or(set.first())
            .and_then(|flag| guide.content.flags.get(flag))
            .map(|flag| chat.plain(&flag.question))
            .unwrap_or_default();
        chat.demand(format!(
            "bot: {}",
            question.lines().next().unwrap_or_default()
        ));
        chat.chat(&[
            format!("P8: nobody can press what the rule {} needs.", rule.id),
            "Plays up to its last line: this question is never asked.".to_owned(),
        ])
    });
    let names: Vec<String> = unasked.iter().map(|flag| format!("`{flag}`")).collect();
    Finding {
        property: report.property,
        what: format!("the rule {} fires on no path of presses", rule.id),
        help: if names.is_empty() {
            "Let its flags be asked before a card ends the screens.".to_owned()
        } else {
            format!(
                "Ask for {} on a screen, or let an answer raise it.",
                names.join(", ")
            )
        },
        spots: vec![Spot::Name {
            file: "red-flags.yaml",
            name: rule.id.to_string(),
        }],
        chat,
    }
}

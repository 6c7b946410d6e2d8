//! P6: what goes with a move is said, and cautions change it.
//!
//! Without a table: the first move comes with warm-up and stop rules, each with
//! its dose and caveats, and the stop rules name the number for emergencies.
//! What each caution must do to each move is the table's to say.

use std::collections::BTreeSet;

use super::guide::Guide;
use super::rehearse::Rehearsal;
use super::{Finding, Report, Spot};
use crate::content::{Content, Instead, Move, Text, Verb};
use crate::dialog::done_instead;
use crate::ids::{DialogId, Lang, MoveId, StepId};

/// Proves P6, but for the table.
///
/// Which words are said with a move is the move's, and how they are put together is
/// the engine's: for a move that is shown, and for one that is played. So one chat to
/// each move and one to any that is played tell it all, and a step that no chat is
/// known to is looked for only where these are missing.
pub(super) fn prove(guide: &mut Guide<'_>, report: &mut Report) {
    let content = guide.content;
    let (known, unknown): (Vec<Shown<'_>>, Vec<Shown<'_>>) = shown_moves(content)
        .into_iter()
        .partition(|shown| guide.knows(&(shown.dialog.clone(), shown.step.clone())));
    let mut seen: BTreeSet<&MoveId> = BTreeSet::new();
    let mut forms: BTreeSet<bool> = BTreeSet::new();
    for shown in known {
        if prove_shown(guide, &shown, report) {
            seen.insert(shown.exercise);
            forms.insert(shown.is_played);
        }
    }
    for shown in unknown {
        let is_told = seen.contains(shown.exercise) && forms.contains(&shown.is_played);
        if !is_told && prove_shown(guide, &shown, report) {
            seen.insert(shown.exercise);
            forms.insert(shown.is_played);
        }
    }
    prove_number(content, report);
    report.states += guide.looked_at();
}

/// A move, and a step that shows it.
struct Shown<'a> {
    dialog: &'a DialogId,
    step: &'a StepId,
    exercise: &'a MoveId,
    is_played: bool,
}

fn shown_moves(content: &Content) -> Vec<Shown<'_>> {
    let mut found = Vec::new();
    for dialog in content.dialogs.values() {
        for (step, is) in &dialog.steps {
            let (moves, is_played) = match &is.verb {
                Verb::Move { id, .. } => (std::slice::from_ref(id), false),
                Verb::Play { moves, .. } => (&moves[..], true),
                _ => continue,
            };
            found.extend(moves.iter().map(|exercise| Shown {
                dialog: &dialog.id,
                step,
                exercise,
                is_played,
            }));
        }
    }
    found
}

/// Looks at one of them; says whether a chat shows it.
fn prove_shown(guide: &mut Guide<'_>, shown: &Shown<'_>, report: &mut Report) -> bool {
    let content = guide.content;
    let Some(mut chat) = guide.to(shown.dialog, shown.step) else {
        return false;
    };
    chat.skip_to(shown.exercise);
    if chat.shown_move() != Some(shown.exercise) {
        return false;
    }
    report.states += 1;
    let spot = Spot::Step(shown.dialog.clone(), shown.step.clone());
    prove_said(content, chat, shown.exercise, spot, report);
    true
}

/// The stop rules name the number for emergencies, whether a chat to a move was
/// found or not.
fn prove_number(content: &Content, report: &mut Report) {
    let names_it = Lang::ALL.iter().all(|lang| {
        let rules = content.moves.stop_rules.render(*lang, content).text;
        rules.contains(&content.clinic.emergency_number)
    });
    if names_it || !report.findings.is_empty() || content.moves.list.is_empty() {
        return;
    }
    report.findings.push(Finding {
        property: report.property,
        what: "the stop rules do not name the number for emergencies".to_owned(),
        help: "Write {emergency} into `stop_rules` in moves.yaml, in both languages.".to_owned(),
        spots: vec![Spot::Name {
            file: "moves.yaml",
            name: "stop_rules".to_owned(),
        }],
        chat: None,
    });
}

/// The message that shows a move, and what was said before it.
fn prove_said(
    content: &Content,
    chat: Rehearsal<'_>,
    id: &MoveId,
    spot: Spot,
    report: &mut Report,
) {
    let Some(exercise) = content.moves.list.get(id) else {
        return;
    };
    let said = chat
        .said
        .iter()
        .map(|said| said.text.as_str())
        .collect::<Vec<_>>()
        .join("\n");
    let told = chat.told.join("\n");
    let names_number = told.contains(&content.clinic.emergency_number);
    let instead = done_instead(&chat.c, exercise);
    for (what, text, place) in parts(content, exercise, instead) {
        let words = chat.plain(text);
        let is_there = if place == "moves" {
            told.contains(&words)
        } else {
            said.contains(&words)
        };
        if !is_there {
            return report
                .findings
                .push(missing(chat, what, &words, id, spot, report));
        }
    }
    let rules = Lang::ALL.map(|lang| content.moves.stop_rules.render(lang, content).text);
    if !names_number
        || rules
            .iter()
            .any(|rules| !rules.contains(&content.clinic.emergency_number))
    {
        let words = "{emergency}".to_owned();
        report.findings.push(missing(
            chat,
            "the number for emergencies in the stop rules",
            &words,
            id,
            spot,
            report,
        ));
    }
}

fn parts<'c>(
    content: &'c Content,
    exercise: &'c Move,
    instead: Option<&'c Instead>,
) -> [(&'static str, &'c Text, &'static str); 5] {
    [
        ("the warm-up", &content.moves.warm_up, "moves"),
        ("the stop rules", &content.moves.stop_rules, "moves"),
        (
            "its dose",
            instead.map_or(&exercise.dose, |instead| &instead.dose),
            "move",
        ),
        (
            "its caveats",
            instead.map_or(&exercise.caveats, |instead| &instead.caveats),
            "move",
        ),
        (
            "what goes with every move",
            &content.moves.every_move,
            "move",
        ),
    ]
}

fn missing(
    mut chat: Rehearsal<'_>,
    what: &str,
    words: &str,
    id: &MoveId,
    spot: Spot,
    report: &Report,
) -> Finding {
    chat.demand(format!("bot: {}", words.lines().next().unwrap_or_default()));
    Finding {
        property: report.property,
        what: format!("the move {id} is shown without {what}"),
        help: "Write it in moves.yaml.".to_owned(),
        spots: vec![
            spot,
            Spot::Name {
                file: "moves.yaml",
                name: id.to_string(),
            },
        ],
        chat: Some(chat.chat(&[
            format!("P6: {what} comes with the first move."),
            "Plays up to its last line, which should hold and does not.".to_owned(),
        ])),
    }
}

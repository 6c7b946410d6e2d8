//! P1 and P2: no move without clearance, and none behind a card.

use super::machine::{Goal, Machine, SCREENS_MAX, Tracked};
use super::quest::{Quest, Reached};
use super::rehearse::Rehearsal;
use super::{Finding, Report, Spot};
use crate::content::Content;
use crate::ids::{DialogId, StepId};

/// Proves P1, or P2 for what is `behind_card`.
pub(super) fn prove(content: &Content, behind_card: bool, report: &mut Report) {
    if content.screens.len() > SCREENS_MAX {
        return report.findings.push(Finding {
            property: report.property,
            what: format!(
                "there are more than {SCREENS_MAX} safety screens: this is too many to prove"
            ),
            help: "Join some of the screens.".to_owned(),
            spots: Vec::new(),
            chat: None,
        });
    }
    let mut quest = Quest::new(content, Goal::Refused { behind_card }, |chat| {
        chat.tripped.is_some() && chat.tripped_behind_card == behind_card
    });
    let reached = quest.reach();
    report.states += quest.states;
    let finding = match reached {
        Reached::Nowhere => return,
        Reached::Shown { chat } => shown(content, behind_card, *chat, report),
        Reached::Unshown { taps, at } => {
            let machine = Machine::new(content, Tracked::default(), Goal::Everything);
            let known = &machine.steps[at as usize];
            Finding {
                property: report.property,
                what: format!(
                    "a move may be reached at `{}` in {}.yaml, and no chat that shows it was found ({} acts)",
                    known.id,
                    known.dialog.id,
                    taps.len()
                ),
                help: "Make the way to this move simpler, so that it can be proved.".to_owned(),
                spots: vec![Spot::Step(known.dialog.id.clone(), known.id.clone())],
                chat: None,
            }
        }
        Reached::BeyondBudget => Finding {
            property: report.property,
            what: "this content is too large or too tangled to be proved".to_owned(),
            help: "Split lists that branches count, or ask less in one dialog.".to_owned(),
            spots: Vec::new(),
            chat: None,
        },
    };
    report.findings.push(finding);
}

fn shown(
    content: &Content,
    behind_card: bool,
    mut chat: Rehearsal<'_>,
    report: &Report,
) -> Finding {
    let (dialog, step) = chat
        .tripped
        .clone()
        .unwrap_or_else(|| (DialogId::new(""), StepId::new("")));
    let mut spots: Vec<Spot> = chat
        .way
        .iter()
        .map(|(dialog, step)| Spot::Step(dialog.clone(), step.clone()))
        .collect();
    spots.retain(|spot| !matches!(spot, Spot::Step(other, _) if *other == content.bot.person));
    spots.push(Spot::Step(dialog.clone(), step.clone()));
    let guard = chat.plain(&content.words.guard);
    chat.demand(format!(
        "never: {}",
        guard.lines().next().unwrap_or_default()
    ));
    let (what, help) = if behind_card {
        let level = chat.c.stop.as_ref().map_or("", |stop| stop.level.word());
        let opened = first_dialog(&chat).unwrap_or_else(|| dialog.clone());
        (
            format!("the move at `{step}` in {dialog}.yaml is reached behind a {level} card"),
            format!(
                "Let {opened}.yaml say `stays_open: caution`, or lead it nowhere near {dialog}.yaml."
            ),
        )
    } else {
        let missing: Vec<String> = content
            .screens
            .iter()
            .filter(|screen| !chat.answered.contains(&screen.id))
            .map(|screen| format!("`{}`", screen.id))
            .collect();
        let before = spots.iter().rev().nth(1).map_or_else(
            || format!("`{step}`"),
            |spot| match spot {
                Spot::Step(_, step) => format!("`{step}`"),
                Spot::Name { name, .. } => format!("`{name}`"),
            },
        );
        let (screens, them) = if missing.len() == 1 {
            ("screen", "it")
        } else {
            ("screens", "them")
        };
        (
            format!(
                "the move at `{step}` in {dialog}.yaml is reached without the safety {screens} {}",
                missing.join(", ")
            ),
            format!(
                "Lead {before} through {them} first: a step `{{ screen: NAME, next: … }}` for each."
            ),
        )
    };
    Finding {
        property: report.property,
        what,
        help,
        spots,
        chat: Some(chat.chat(&[
            format!("{}: {}.", report.property.id(), report.property.promise()),
            "Plays up to its last line, which should hold and does not.".to_owned(),
        ])),
    }
}

/// The dialog that was opened behind the card.
fn first_dialog(chat: &Rehearsal<'_>) -> Option<DialogId> {
    chat.way.iter().map(|(dialog, _)| dialog.clone()).next()
}

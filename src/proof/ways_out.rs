//! P4 and P5: a person and /stop from everywhere, and an end to everything.

use std::collections::BTreeSet;

use super::guide::{Guide, openings};
use super::machine::{Goal, Machine, Tracked};
use super::quest::{Quest, Reached};
use super::rehearse::Rehearsal;
use super::silent;
use super::surely::{Place, Surely};
use super::tap::Tap;
use super::ticks::targets;
use super::{Finding, Report, Spot};
use crate::content::{Content, Deed, Dialog, Step, Verb};
use crate::dialog::{Act, Press};
use crate::ids::{DialogId, Lang, StepId};
use crate::triage::Level;

/// Taps to a person, and to booking.
const TAPS_MAX: usize = 2;

/// Proves P4.
pub(super) fn prove_person(guide: &mut Guide<'_>, report: &mut Report) {
    let content = guide.content;
    prove_stop_command(content, report);
    let places: Vec<(DialogId, StepId)> = guide.places().cloned().collect();
    for (dialog, step) in &places {
        let Some(chat) = guide.to(dialog, step) else {
            continue;
        };
        report.states += 2;
        if !reaches_person(content, &chat) {
            let spots = vec![
                Spot::Step(dialog.clone(), step.clone()),
                Spot::Name {
                    file: "bot.yaml",
                    name: "person".to_owned(),
                },
            ];
            let what = format!(
                "from `{step}` in {dialog}.yaml no person is reached within {TAPS_MAX} taps"
            );
            return report
                .findings
                .push(no_person(content, chat, what, spots, report));
        }
        if !stops(&chat) {
            let mut shown = chat.clone();
            // Whether it can be pressed or not, this is where it should be.
            let _ = shown.press(&Press::Stop);
            let stopped = shown.plain(&content.words.stopped);
            shown.demand(format!("bot: {stopped}"));
            report.findings.push(Finding {
                property: report.property,
                what: format!("Stop does not end the conversation at `{step}` in {dialog}.yaml"),
                help: "This is the program's own; please report it.".to_owned(),
                spots: vec![Spot::Step(dialog.clone(), step.clone())],
                chat: Some(shown.chat(&["P4: Stop is at hand.".to_owned()])),
            });
            return;
        }
    }
    for level in Level::BLOCKING {
        let mut chat = Rehearsal::new(content);
        if chat.tap(&Tap::Alarm(level, Vec::new()), &[]).is_err() {
            continue;
        }
        report.states += 2;
        if !reaches_person(content, &chat) {
            let what = format!(
                "from a {} card no person is reached within {TAPS_MAX} taps",
                level.word()
            );
            let spots = vec![Spot::Name {
                file: "bot.yaml",
                name: "person".to_owned(),
            }];
            return report
                .findings
                .push(no_person(content, chat, what, spots, report));
        }
    }
    for level in [Level::Clear].into_iter().chain(Level::BLOCKING) {
        if let Some(finding) = doubtful_person(content, level, report) {
            return report.findings.push(finding);
        }
    }
    for level in [Level::Clear, Level::SeeProfessional] {
        prove_handoff(guide, level, report);
    }
    report.states += guide.looked_at();
}

/// A fact with which the button that reaches a person does not: the walks above
/// know only some of them.
fn doubtful_person(content: &Content, level: Level, report: &mut Report) -> Option<Finding> {
    let names_phone = |step: &Step| {
        let says = step.say.as_ref().is_some_and(|say| {
            Lang::ALL.iter().all(|lang| {
                let mut names = say.template(*lang).placeholders();
                names.any(|name| name == "phone")
            })
        });
        says || matches!(
            step.verb,
            Verb::Handoff { phone: true, .. } | Verb::RequestCall { .. }
        )
    };
    let mut surely = Surely {
        content,
        level,
        is_it: &names_phone,
        doubtful: Vec::new(),
        branches: Vec::new(),
    };
    if surely.from(&content.bot.person, TAPS_MAX - 1) {
        return None;
    }
    let misses = |chat: &Rehearsal<'_>| {
        chat.is_done
            && !shows_phone(content, chat)
            && !chat.handed_off
            && !one_tap_shows(content, chat)
    };
    let found = reach_doubtful(content, &surely.doubtful, &misses, report)?;
    let (dialog, step, chat) = found;
    let chat = chat.map(|mut chat| {
        chat.demand("bot: {phone}".to_owned());
        chat.chat(&[
            "P4: a person is two taps away.".to_owned(),
            "Plays up to its last line, which should hold and does not.".to_owned(),
        ])
    });
    Some(Finding {
        property: report.property,
        what: format!(
            "whoever comes to `{step}` in {dialog}.yaml reaches no person within {TAPS_MAX} taps"
        ),
        help: format!("Let {dialog}.yaml say {{phone}} before it branches."),
        spots: vec![Spot::Step(dialog, step)],
        chat,
    })
}

/// The first doubtful place that somebody may come to, with a chat where one plays.
fn reach_doubtful<'a>(
    content: &'a Content,
    doubtful: &[Place],
    misses: &dyn Fn(&Rehearsal<'a>) -> bool,
    report: &mut Report,
) -> Option<(DialogId, StepId, Option<Rehearsal<'a>>)> {
    let machine = Machine::new(content, Tracked::default(), Goal::Everything);
    for (dialog, step) in doubtful {
        let Some(at) = machine.at(dialog, step) else {
            continue;
        };
        let mut quest = Quest::new(content, Goal::Step(at), misses);
        let reached = quest.reach();
        report.states += quest.states;
        if !matches!(reached, Reached::Nowhere) {
            return Some((dialog.clone(), step.clone(), reached.into_chat()));
        }
    }
    None
}

fn no_person(
    content: &Content,
    mut chat: Rehearsal<'_>,
    what: String,
    spots: Vec<Spot>,
    report: &Report,
) -> Finding {
    let _ = chat.press(&Press::Person);
    chat.demand("bot: {phone}".to_owned());
    Finding {
        property: report.property,
        what,
        help: format!(
            "Let {}.yaml, which `person:` in bot.yaml names, say {{phone}} in its first step.",
            content.bot.person
        ),
        spots,
        chat: Some(chat.chat(&[
            "P4: a person is two taps away.".to_owned(),
            "Plays up to its last line, which should hold and does not.".to_owned(),
        ])),
    }
}

fn prove_stop_command(content: &Content, report: &mut Report) {
    let has_stop = content
        .bot
        .commands
        .iter()
        .any(|command| command.deed == Deed::Stop && command.name == "stop");
    if has_stop {
        return;
    }
    let mut chat = Rehearsal::new(content);
    if let Some(opening) = openings(content).first() {
        let _ = chat.tap(opening, &[]);
    }
    let _ = chat.tap(&Tap::Command("stop".to_owned()), &[]);
    let stopped = chat.plain(&content.words.stopped);
    chat.demand(format!("bot: {stopped}"));
    report.findings.push(Finding {
        property: report.property,
        what: "there is no command /stop".to_owned(),
        help: "Add `- { name: stop, does: stop, about: … }` to the commands in bot.yaml."
            .to_owned(),
        spots: vec![Spot::Name {
            file: "bot.yaml",
            name: "commands".to_owned(),
        }],
        chat: Some(chat.chat(&["P4: /stop ends every conversation.".to_owned()])),
    });
}

/// The clinic's number is shown, or a call is asked for, within two taps.
fn reaches_person(content: &Content, chat: &Rehearsal<'_>) -> bool {
    let shows = |chat: &Rehearsal<'_>| chat.handed_off || shows_phone(content, chat);
    let inside = chat
        .c
        .stack
        .iter()
        .any(|frame| frame.dialog == content.bot.person);
    let mut first = chat.clone();
    if !inside
        && first
            .press_word(&Press::Person, &content.words.button_person)
            .is_err()
    {
        return false;
    }
    shows(&first) || one_tap_shows(content, &first)
}

/// A button of the newest message, or what is typed, shows the clinic's number.
fn one_tap_shows(content: &Content, chat: &Rehearsal<'_>) -> bool {
    let shows = |chat: &Rehearsal<'_>| chat.handed_off || shows_phone(content, chat);
    let nexts: Vec<Press> = chat.buttons();
    nexts.iter().any(|press| {
        let mut second = chat.clone();
        second.press(press).is_ok() && shows(&second)
    }) || {
        let mut typed = chat.clone();
        typed.tap(&Tap::Typed, &[]).is_ok() && shows(&typed)
    }
}

fn shows_phone(content: &Content, chat: &Rehearsal<'_>) -> bool {
    content
        .clinic
        .phones
        .iter()
        .any(|phone| chat.hears(&phone.e164.value) || chat.hears(&phone.written.value))
}

fn stops(chat: &Rehearsal<'_>) -> bool {
    let mut chat = chat.clone();
    let words = chat.stop_word();
    chat.press_word(&Press::Stop, words).is_ok() && chat.c.stack.is_empty() && chat.c.open.is_none()
}

/// Booking is at hand where the level allows it.
fn prove_handoff(guide: &mut Guide<'_>, level: Level, report: &mut Report) {
    let content = guide.content;
    let has_handoff = content.dialogs.values().any(|dialog| {
        dialog
            .steps
            .values()
            .any(|step| matches!(step.verb, Verb::Handoff { .. }))
    });
    let mut begin = Rehearsal::new(content);
    if level.blocks() && begin.tap(&Tap::Alarm(level, Vec::new()), &[]).is_err() {
        return;
    }
    let mut found = false;
    // A link is not at hand in the chat.
    for opening in openings(content)
        .into_iter()
        .filter(|tap| !matches!(tap, Tap::Link(_)))
    {
        let mut chat = begin.clone();
        report.states += 1;
        if chat.tap(&opening, &[]).is_err() {
            continue;
        }
        found |= chat.has_contact;
        for press in chat.buttons() {
            let mut chat = chat.clone();
            report.states += 1;
            found |= chat.press(&press).is_ok() && chat.has_contact;
        }
    }
    if found {
        if let Some(finding) = doubtful_handoff(content, level, report) {
            report.findings.push(finding);
        }
        return;
    }
    if let Some(opening) = openings(content).first() {
        let _ = begin.tap(opening, &[]);
    }
    begin.demand("bot: contact".to_owned());
    let level = if level.blocks() {
        level.word()
    } else {
        "no level"
    };
    report.findings.push(Finding {
        property: report.property,
        what: format!("with {level} in force no command leads to a `handoff` within {TAPS_MAX} taps"),
        help: if has_handoff {
            "Let a command open the dialog with the `handoff`, and let it say `stays_open: see-professional`.".to_owned()
        } else {
            "Add a dialog with a step `handoff: { phone: true, contact: true }` and a command that opens it.".to_owned()
        },
        spots: vec![Spot::Name { file: "bot.yaml", name: "commands".to_owned() }],
        chat: Some(begin.chat(&["P4: booking is at hand where the level allows it.".to_owned()])),
    });
}

/// Booking is at hand from some command, and with some fact it is not.
fn doubtful_handoff(content: &Content, level: Level, report: &mut Report) -> Option<Finding> {
    let hands_off = |step: &Step| matches!(step.verb, Verb::Handoff { contact: true, .. });
    let mut doubtful: Option<Vec<Place>> = None;
    for command in &content.bot.commands {
        let Deed::Opens(dialog) = &command.deed else {
            continue;
        };
        let is_open = content
            .dialogs
            .get(dialog)
            .is_some_and(|dialog| level <= dialog.stays_open.max(Level::Caution));
        let mut surely = Surely {
            content,
            level,
            is_it: &hands_off,
            doubtful: Vec::new(),
            branches: Vec::new(),
        };
        if !is_open {
            continue;
        }
        if surely.from(dialog, TAPS_MAX - 1) {
            return None;
        }
        if !surely.doubtful.is_empty() && doubtful.is_none() {
            doubtful = Some(surely.doubtful);
        }
    }
    let misses = |chat: &Rehearsal<'_>| {
        let is_level = chat.c.stop.as_ref().map_or(Level::Clear, |stop| stop.level) == level;
        let gives = chat.buttons().iter().any(|press| {
            let mut second = chat.clone();
            second.press(press).is_ok() && second.has_contact
        });
        chat.is_done && is_level && !chat.has_contact && !gives
    };
    let (dialog, step, chat) = reach_doubtful(content, &doubtful?, &misses, report)?;
    let chat = chat.map(|mut chat| {
        chat.demand("bot: contact".to_owned());
        chat.chat(&[
            "P4: booking is at hand where the level allows it.".to_owned(),
            "Plays up to its last line, which should hold and does not.".to_owned(),
        ])
    });
    Some(Finding {
        property: report.property,
        what: format!("whoever comes to `{step}` in {dialog}.yaml is not led to the `handoff`"),
        help: "Let every arm of the branch lead to the `handoff`.".to_owned(),
        spots: vec![Spot::Step(dialog, step)],
        chat,
    })
}

/// Proves P5.
pub(super) fn prove_end(guide: &mut Guide<'_>, report: &mut Report) {
    prove_no_loop(guide.content, report);
    for dialog in guide.content.dialogs.values() {
        let traps = traps(guide.content, dialog);
        let known = traps
            .iter()
            .find(|step| guide.to(&dialog.id, step).is_some());
        let trap = known.or_else(|| traps.iter().find(|step| guide.may_reach(&dialog.id, step)));
        if let Some(step) = trap {
            let finding = trapped(guide, dialog, step, report);
            report.findings.push(finding);
        }
    }
    report.states += guide.looked_at();
}

fn prove_no_loop(content: &Content, report: &mut Report) {
    report.states += silent::steps(content);
    if silent::all_are_short(content) {
        return;
    }
    let gone = content.words.step_gone.render(Lang::En, content).text;
    let mut quest = Quest::new(content, Goal::Loop, |chat| chat.hears(&gone));
    let reached = quest.reach();
    report.states += quest.states;
    let (chat, what) = match reached {
        Reached::Nowhere => return,
        Reached::Shown { mut chat } => {
            chat.demand(format!("never: {gone}"));
            let shows = [
                "P5: steps run round in a circle, and nobody is asked anything.".to_owned(),
                "Plays up to its last line, which should hold and does not.".to_owned(),
            ];
            (
                Some(chat.chat(&shows)),
                "steps run round in a circle, and nobody is asked anything",
            )
        }
        Reached::Unshown { .. } | Reached::BeyondBudget => (
            None,
            "steps may run round in a circle, and no chat that shows it was found",
        ),
    };
    report.findings.push(Finding {
        property: report.property,
        what: what.to_owned(),
        help: "Let one of the steps in the circle ask something, or lead out of it.".to_owned(),
        spots: Vec::new(),
        chat,
    });
}

/// Steps of a dialog from which none of its own answers leads to its end.
fn traps(content: &Content, dialog: &Dialog) -> Vec<StepId> {
    let mut ends: BTreeSet<&StepId> = BTreeSet::new();
    loop {
        let before = ends.len();
        for (id, step) in &dialog.steps {
            let can_end = match &step.verb {
                Verb::End => true,
                Verb::Choice { options, .. }
                | Verb::Move {
                    answers: options, ..
                } if options
                    .iter()
                    .any(|option| option.answer.next.is_none() || option.answer.erase) =>
                {
                    true
                }
                Verb::YesNo { answers, .. }
                    if answers.iter().any(|(_, answer)| answer.next.is_none()) =>
                {
                    true
                }
                verb => {
                    // The menu comes back after each of its dialogs; those end.
                    targets(step)
                        .chain(step.after.as_ref().map(|after| &after.go))
                        .any(|next| ends.contains(next))
                        || (dialog.id == content.bot.menu && matches!(verb, Verb::Call { .. }))
                }
            };
            if can_end {
                ends.insert(id);
            }
        }
        if ends.len() == before {
            break;
        }
    }
    dialog
        .steps
        .keys()
        .filter(|id| !ends.contains(id))
        .cloned()
        .collect()
}

fn trapped(guide: &mut Guide<'_>, dialog: &Dialog, step: &StepId, report: &Report) -> Finding {
    let chat = guide.to(&dialog.id, step).map(|mut chat| {
        walk_round(&mut chat);
        let said = chat
            .said
            .last()
            .map(|said| said.text.clone())
            .unwrap_or_default();
        let stop = chat.plain(&guide.content.words.button_stop);
        chat.demand(format!("bot: {}", said.lines().next().unwrap_or_default()));
        chat.demand(format!("  no [{stop}]"));
        chat.chat(&[
            format!("P5: no answer from `{step}` on leads to an end; the questions go on and on."),
            "Plays up to its last line: at an end there would be nothing left to stop.".to_owned(),
        ])
    });
    Finding {
        property: report.property,
        what: format!(
            "no answer from `{step}` in {}.yaml on leads to an end",
            dialog.id
        ),
        help: "Add an answer that goes to a step with `end: true`.".to_owned(),
        spots: vec![Spot::Step(dialog.id.clone(), step.clone())],
        chat,
    }
}

/// Presses on until a step comes again, and stays in its dialog where it can.
fn walk_round(chat: &mut Rehearsal<'_>) {
    let mut seen = BTreeSet::new();
    while let Some((dialog, step)) = chat.asks() {
        if !seen.insert((dialog.clone(), step.clone())) {
            return;
        }
        // Whoever erases everything has left the circle.
        let next = chat.buttons().into_iter().find_map(|press| {
            let answers = matches!(
                press,
                Press::Question(
                    _,
                    Act::Choose(_)
                        | Act::Yes
                        | Act::No
                        | Act::None(_)
                        | Act::Number(_)
                        | Act::LooksRight
                )
            );
            let mut chat = chat.clone();
            (answers && chat.press(&press).is_ok() && chat.asks().is_some()).then_some(chat)
        });
        match next {
            Some(next) => *chat = next,
            None => return,
        }
    }
}
